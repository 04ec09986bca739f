"""Predictions of hidden patches: the parts of a model that makes them, and how good they are."""
