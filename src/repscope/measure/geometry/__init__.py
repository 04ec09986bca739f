"""Geometry: what one set looks like from inside."""
