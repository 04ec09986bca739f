"""Figures: records and arrays in, matplotlib axes out. Nothing is shown, nothing is saved unasked."""

from repscope.plot.base.save import save_figure
from repscope.plot.base.style import PALETTES, Palette, palette
from repscope.plot.compare.class_map import plot_class_map
from repscope.plot.compare.confidence import plot_confidence
from repscope.plot.compare.controls import plot_controls
from repscope.plot.compare.distributions import plot_distributions
from repscope.plot.compare.geometry import plot_change_shares, plot_spectrum
from repscope.plot.maps import plot_map
from repscope.plot.neighbour_grid import plot_neighbours

__all__ = [
    "PALETTES",
    "Palette",
    "palette",
    "plot_change_shares",
    "plot_class_map",
    "plot_confidence",
    "plot_controls",
    "plot_distributions",
    "plot_map",
    "plot_neighbours",
    "plot_spectrum",
    "save_figure",
]
