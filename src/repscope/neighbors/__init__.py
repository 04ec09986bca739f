"""Nearest neighbours: exact by default, one definition for every measure, map and view."""

from repscope.neighbors.approximate import Approximation, approximate
from repscope.neighbors.exact import Neighbours, among, exact, k_distances
from repscope.neighbors.graph import Graph, find_graph
from repscope.neighbors.repeated import NearCopies, near_copies

__all__ = [
    "Approximation",
    "Graph",
    "NearCopies",
    "Neighbours",
    "among",
    "approximate",
    "exact",
    "find_graph",
    "k_distances",
    "near_copies",
]
