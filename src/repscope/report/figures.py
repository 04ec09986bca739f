"""Figures on their way into a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass
class Drawn:
    """Figures and what belongs to them.

    Attributes:
        figures, captions: by file name.
        notes: what a reader should know, such as why a figure is absent.
    """

    figures: dict[str, Figure] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, drawn: Axes | Figure, caption: str) -> None:
        """Keep a figure, or that of an axes, under its file name."""
        figure = getattr(drawn, "figure", None) or drawn
        self.figures[name] = figure  # type: ignore[assignment]
        self.captions[name] = caption
