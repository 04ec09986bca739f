"""``repscope project``: a joint map, and how far to trust it."""
