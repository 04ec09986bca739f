"""``repscope info``: what a study holds, and columns that its items get later."""
