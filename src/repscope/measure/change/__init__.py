"""Change: how the items of one stage became those of the next."""
