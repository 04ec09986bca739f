"""Figures of one stage."""
