"""Figures of bridges: effect, entry time, methods side by side."""
