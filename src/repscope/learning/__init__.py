"""A training: its logs, its loss landscape, and callbacks that watch it."""
