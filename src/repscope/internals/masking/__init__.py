"""Masks of masked-prediction training: samplers, the user's own among them, and their statistics."""
