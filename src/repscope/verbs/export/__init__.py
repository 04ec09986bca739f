"""``repscope export``: a set into a file of another format."""
