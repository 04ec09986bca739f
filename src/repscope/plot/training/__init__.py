"""Figures of training logs."""
