"""Codes against values worked out by hand, scikit-learn, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, mutual_info_score

from repscope.errors import InputError, VectorError
from repscope.measure.codes.compression import code_bits, compression
from repscope.measure.codes.gaussian_bound import gaussian_distortion
from repscope.measure.codes.information import code_information
from repscope.measure.codes.usage import entropy, miller_madow, usage

CODES = np.repeat([0, 1, 3], [4, 2, 2])


def test_usage_by_hand() -> None:
    # Shares 1/2, 1/4, 1/4: an entropy of 1.5 bits.
    found = usage(CODES, 5)
    assert (found.codes, found.used, found.dead) == (5, 3, 2)
    assert found.entropy_bits == pytest.approx(1.5)
    assert found.perplexity == pytest.approx(2**1.5)
    # Two more cells than one, over twice eight items.
    assert found.corrected.value == pytest.approx(2**1.5 * np.exp(2 / 16))
    assert found.unseen == 0
    assert usage(np.array([0, 0, 1, 2]), 4).unseen == 0.5


def test_even_use_is_every_code_and_one_code_is_one() -> None:
    assert usage(np.arange(8), 8).perplexity == pytest.approx(8)
    assert usage(np.zeros(8, int), 8).perplexity == 1


def test_the_correction_takes_most_of_the_bias_away() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(30))
    truth = -(shares * np.log(shares)).sum()
    counts = rng.multinomial(100, shares, size=400)
    plain = np.mean([entropy(one) for one in counts]) - truth
    corrected = np.mean([miller_madow(one) for one in counts]) - truth
    assert plain < -0.08
    assert abs(corrected) < abs(plain) / 3


def test_the_interval_of_perplexity_holds_the_truth() -> None:
    rng = np.random.default_rng(1)
    shares = np.arange(1, 9) / 36
    truth = np.exp(-(shares * np.log(shares)).sum())
    inside = 0
    for seed in range(60):
        found = usage(rng.choice(8, 400, p=shares), 8, seed=seed).corrected
        inside += found.low <= truth <= found.high
    assert inside >= 51


@pytest.mark.parametrize("codes", [[], [0.5], [-1], [4], [[0, 1]]])
def test_bad_codes(codes: list[object]) -> None:
    with pytest.raises(VectorError):
        usage(np.array(codes), 4)


def test_information_against_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    classes = rng.integers(0, 4, 300)
    codes = np.where(rng.random(300) < 0.6, classes, rng.integers(0, 6, 300))
    found = code_information(codes, classes)
    assert found.bits == pytest.approx(mutual_info_score(classes, codes) / np.log(2))
    assert found.adjusted == pytest.approx(adjusted_mutual_info_score(classes, codes))
    assert found.p == 1 / 200
    assert found.excess.low > 0
    assert found.excess.value == pytest.approx(found.bits - found.null)
    assert found.bits <= found.class_bits


def test_codes_that_say_nothing_have_no_excess() -> None:
    rng = np.random.default_rng(3)
    codes, classes = rng.integers(0, 50, 200), rng.integers(0, 5, 200)
    found = code_information(codes, classes)
    assert found.bits > 0.4
    assert abs(found.excess.value) < 0.15
    assert found.p > 0.05
    # Items without a class are left out.
    assert code_information(codes, np.where(np.arange(200) < 100, classes, -1)).items == 100


def test_copies_are_no_evidence() -> None:
    rng = np.random.default_rng(4)
    images = np.repeat(np.arange(8), 25)
    classes, codes = rng.integers(0, 2, 8)[images], rng.integers(0, 3, 8)[images]
    assert code_information(codes, classes, images).p > 0.05
    assert code_information(codes, classes).p == 1 / 200


def test_information_needs_classes() -> None:
    with pytest.raises(VectorError, match="two classes"):
        code_information(np.arange(4), np.zeros(4, int))
    with pytest.raises(VectorError, match="one length"):
        code_information(np.arange(4), np.zeros(3, int))


def test_compression_by_hand() -> None:
    # 64 floats are 2048 bits; a code of 512 is 9; a codebook of 512 × 64 floats 1,048,576 bits.
    assert code_bits(512) == 9
    assert code_bits(500) == 9
    assert code_bits(256, 4) == 32
    found = compression(1000, 2048, 9, 512 * 64)
    assert found.codes == pytest.approx(2048 / 9)
    assert found.with_codebook == pytest.approx(2_048_000 / (9_000 + 1_048_576))
    # 514 items: 514 × 2039 = 1,048,046 is still less than the codebook; 515 × 2039 is more.
    assert found.break_even_items == 515
    assert compression(10, 8, 8, 1).break_even_items is None
    with pytest.raises(InputError):
        code_bits(1)


@given(st.integers(1, 4096), st.integers(1, 64), st.integers(0, 10**6))
def test_codes_break_even_where_they_say(raw: int, bits: int, parameters: int) -> None:
    at = compression(1, raw, bits, parameters).break_even_items
    if at is None:
        assert bits >= raw
        return
    assert compression(at, raw, bits, parameters).with_codebook >= 1
    if at > 1:
        assert compression(at - 1, raw, bits, parameters).with_codebook < 1


def test_the_bound_in_closed_form() -> None:
    # Equal axes share the rate: D σ² 2^(−2R/D).
    assert gaussian_distortion([2.0] * 4, 6) == pytest.approx(8 * 2**-3)
    # One bit goes to the strong axis alone (4 → 1); below that level the weak one is not described.
    assert gaussian_distortion([4.0, 0.5], 1) == pytest.approx(1.5)
    # Three bits: 2 log₂ θ = log₂ 4 + log₂ ½ − 6.
    assert gaussian_distortion([4.0, 0.5], 3) == pytest.approx(2 * 2 ** ((2 - 1 - 6) / 2))
    assert gaussian_distortion([3.0, 1.0, 0.0], 0) == pytest.approx(4)
    assert gaussian_distortion([0.0], 3) == 0
    with pytest.raises(VectorError):
        gaussian_distortion([-1.0], 1)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 100), min_size=1, max_size=12),
    st.floats(0, 60),
    st.floats(0, 10),
)
def test_water_filling_against_bisection(variances: list[float], bits: float, more: float) -> None:
    found = gaussian_distortion(variances, bits)
    values = np.array(variances)
    assert -1e-12 <= gaussian_distortion(variances, bits + more) <= found * (1 + 1e-9)
    assert found <= values.sum() * (1 + 1e-9)
    low, high = -400.0, float(np.log2(max(values.max(), 1e-100)))
    positive = np.log2(values[values > 1e-90])
    if not len(positive) or (values[values <= 1e-90] > 0).any():
        return
    for _ in range(200):
        level = (low + high) / 2
        low, high = (level, high) if np.maximum(0, positive - level).sum() / 2 > bits else (low, level)
    assert found == pytest.approx(np.minimum(2.0**high, values).sum(), rel=1e-6, abs=1e-80)
