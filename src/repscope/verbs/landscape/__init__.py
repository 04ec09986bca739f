"""``repscope landscape``: the loss around trained weights."""
