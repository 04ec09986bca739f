"""In which formats a figure is written where nobody says."""

FIGURE_FORMATS: tuple[str, ...] = ("png", "svg")
"""A pdf costs as much as all else that is drawn, for its fonts: ask for it."""
