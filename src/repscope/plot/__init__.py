"""Figures: records and arrays in, matplotlib axes out. Nothing is shown, nothing is saved unasked."""
