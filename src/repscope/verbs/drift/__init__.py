"""``repscope drift``: ordered stages of the same items."""
