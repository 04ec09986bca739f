"""Nearest neighbours: exact by default, one definition for every measure, map and view."""

from repscope.knn.approximate import Approximation, approximate
from repscope.knn.exact import Neighbours, among, exact, k_distances
from repscope.knn.graph import Graph, find_graph
from repscope.knn.repeated import NearCopies, near_copies

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
