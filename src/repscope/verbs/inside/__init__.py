"""``repscope inside``: attention, masks, predictions, training and landscape of one model, as one report."""
