"""``repscope quantise``: a set as codes, and what that costs."""
