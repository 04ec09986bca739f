"""Figures of masks."""
