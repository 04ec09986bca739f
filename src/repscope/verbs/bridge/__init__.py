"""``repscope bridge``: fit, apply, judge."""
