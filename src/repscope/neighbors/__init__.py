"""Nearest neighbours: exact by default, one definition for every measure, map and view."""

from repscope.neighbors.approximate import Approximation, approximate
from repscope.neighbors.exact import Neighbours, among, exact, k_distances

__all__ = ["Approximation", "Neighbours", "among", "approximate", "exact", "k_distances"]
