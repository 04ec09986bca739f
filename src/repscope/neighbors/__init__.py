"""Nearest neighbours: exact by default, one definition for every measure, map and view."""

from repscope.neighbors.exact import Neighbours, exact, k_distances

__all__ = ["Neighbours", "exact", "k_distances"]
