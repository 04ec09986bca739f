"""The cards of all measures, in the order of the documentation."""

from repscope.measure.alignment import cards as alignment
from repscope.measure.change import cards as change
from repscope.measure.distribution import cards as distribution
from repscope.measure.drift import cards as drift
from repscope.measure.geometry import cards as geometry
from repscope.measure.similarity import cards as similarity

CARDS = (
    *alignment.CARDS,
    *distribution.CARDS,
    *geometry.CARDS,
    *similarity.CARDS,
    *change.CARDS,
    *drift.CARDS,
)
