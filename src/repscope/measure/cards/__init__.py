"""The cards of all measures, in the order of the documentation."""

from repscope.measure.cards import alignment, change, distribution, drift, geometry, similarity

CARDS = (
    *alignment.CARDS,
    *distribution.CARDS,
    *geometry.CARDS,
    *similarity.CARDS,
    *change.CARDS,
    *drift.CARDS,
)
