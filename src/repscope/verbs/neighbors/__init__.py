"""``repscope neighbors``: whose rows lie nearest."""
