"""Quantisers as bridges."""
