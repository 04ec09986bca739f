"""Bridges of the older systems, read from their files."""
