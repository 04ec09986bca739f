"""``repscope import``: files of any origin into a study."""
