"""A standardised set is told from one that is not, by itself and against its reference."""

import numpy as np

from repscope.measure.comparison.scales import standardised_against


def sets(seed: int, n: int = 400, m: int = 300, d: int = 24) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.02, 0.3, d)
    return rng.standard_t(4, (n, d)) * scale + 0.1, rng.standard_normal((m, d)) * scale - 0.2


def standard(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def test_standardised_rows_against_a_raw_reference() -> None:
    for seed in range(20):
        before, reference = sets(seed)
        assert standardised_against(standard(before), reference)
        assert not standardised_against(before, reference)
        assert not standardised_against(standard(before), standard(reference))


def test_some_rows_of_a_standardised_set_are_known_too() -> None:
    before, reference = sets(1, n=2000)
    assert standardised_against(standard(before)[:200], reference)
    assert not standardised_against(standard(before)[:50], reference)


def test_rows_that_are_only_centred_or_only_scaled_are_not() -> None:
    before, reference = sets(2)
    assert not standardised_against(before - before.mean(axis=0), reference)
    assert not standardised_against(before / before.std(axis=0), reference)
    assert not standardised_against(before[:2], reference)
