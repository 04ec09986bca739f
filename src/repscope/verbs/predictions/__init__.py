"""``predictions``: what a model predicts of hidden patches, beside what needs no model."""
