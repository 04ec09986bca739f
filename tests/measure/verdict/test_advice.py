"""A number of clusters is advice only where it is more than there are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from repscope.measure.drift import drift_arrays
from repscope.measure.verdict.advice import more_clusters, open_question
from repscope.testing.drifts import simulate_drift


def test_261_of_260_is_no_advice() -> None:
    assert more_clusters(261, 260) is None
    assert "not one of more clusters alone" in open_question(261, 260)
    assert more_clusters(400, 260) == 400
    assert open_question(1400, 260) == "about 1,400 clusters would decide every margin"


@given(count=st.none() | st.integers(1, 10**6), clusters=st.integers(1, 10**6))
def test_what_is_named_is_a_tenth_more_than_there_is(count: int | None, clusters: int) -> None:
    named = more_clusters(count, clusters)
    assert named is None or (named == count and named > 1.1 * clusters)
    if count is not None:
        assert ("would decide" in open_question(count, clusters)) == (named is not None)


def test_a_drift_names_no_number_that_it_has() -> None:
    """Of many sizes, none advises as many items as it has, in its record or in its sentence."""
    named = 0
    for items in (40, 60, 90, 130):
        made = simulate_drift("nothing", items=items, seed=0)
        verdict = drift_arrays(made.stages, measures=(), resamples=100).verdict
        if verdict.word != "inconclusive":
            continue
        assert verdict.needed is None or verdict.needed > 1.1 * items
        assert (verdict.needed is not None) == ("would decide" in verdict.because[-1])
        named += 1
    assert named
