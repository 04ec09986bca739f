"""Figures of ordered stages."""
