"""Bridges in closed form."""
