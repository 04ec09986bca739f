"""``repscope compare``: two stages against a reference."""
