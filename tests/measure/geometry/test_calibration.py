"""Gaussian references: theory, the two ways of drawing, seeds, and real sets read against them."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import InputError, VectorError
from repscope.measure.geometry import calibration
from repscope.measure.geometry.calibration import Band, gaussian_reference, line_reference
from repscope.measure.geometry.one_set import NAMES, geometry_replicates
from repscope.measure.geometry.spectrum import rank_entropy, rank_participation, spectrum_rows


def test_a_band_for_every_measure() -> None:
    bands = gaussian_reference(60, 8, seed=1)
    assert set(bands) == {*NAMES, "norm.mean", "dimension.twonn"}
    for name, band in bands.items():
        assert band.low <= band.mean <= band.high, name


def test_isotropic_gaussian_against_theory() -> None:
    n, d = 400, 100
    bands = gaussian_reference(n, d)
    # Marchenko-Pastur: E Σλ² / (E Σλ)² makes the participation ratio D / (1 + D/N).
    assert bands["rank.participation"].mean == pytest.approx(d / (1 + d / n), rel=0.01)
    assert bands["rank.stable"].mean == pytest.approx(d / (1 + np.sqrt(d / n)) ** 2, rel=0.05)
    assert bands["spread.total"].mean == pytest.approx(1, rel=0.02)
    assert bands["norm.mean"].mean == pytest.approx(1, rel=0.01)
    assert bands["norm.sd"].mean == pytest.approx(np.sqrt(1 / (2 * d)), rel=0.1)
    assert bands["cosine.mean"].mean == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("d", [5, 60])
def test_drawn_moments_are_those_of_drawn_rows(monkeypatch: pytest.MonkeyPatch, d: int) -> None:
    by_rows = gaussian_reference(50, d, repeats=100, covariance=np.linspace(0.1, 2, d))
    monkeypatch.setattr(calibration, "SAMPLE_ROWS", 20)
    by_moments = gaussian_reference(50, d, repeats=100, covariance=np.linspace(0.1, 2, d))
    for name in ("rank.entropy", "rank.rankme", "rank.participation", "spread.total", "std.min"):
        assert by_moments[name].mean == pytest.approx(by_rows[name].mean, rel=0.05), name
        assert by_moments[name].low < by_rows[name].mean < by_moments[name].high, name


@pytest.mark.parametrize("d", [3, 12])
def test_drawn_scatters_have_the_right_degrees_of_freedom(monkeypatch: pytest.MonkeyPatch, d: int) -> None:
    monkeypatch.setattr(calibration, "SAMPLE_ROWS", 4)
    assert gaussian_reference(8, d, repeats=500)["spread.total"].mean == pytest.approx(1, rel=0.05)


def test_covariance_as_variances_or_as_a_matrix() -> None:
    variances = np.array([3.0, 1.0, 0.2])
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    along = gaussian_reference(3000, 3, covariance=variances)
    turned = gaussian_reference(3000, 3, covariance=(turn * variances) @ turn.T)
    for name in ("spread.total", "rank.entropy", "rank.participation", "norm.mean"):
        assert turned[name].mean == pytest.approx(along[name].mean, rel=0.03), name
    assert along["spread.total"].mean == pytest.approx(4.2, rel=0.05)


def test_the_line_is_the_floor() -> None:
    bands = line_reference(200, 30)
    for name in ("rank.entropy", "rank.participation", "rank.stable"):
        assert bands[name].mean == pytest.approx(1), name
    assert bands["dimension.twonn"].mean == pytest.approx(1, rel=0.1)


def test_seeds() -> None:
    assert gaussian_reference(30, 4, seed=3) == gaussian_reference(30, 4, seed=3)
    assert gaussian_reference(30, 4, seed=3) != gaussian_reference(30, 4, seed=4)


def test_small_noise_is_not_taken_for_collapse() -> None:
    """The older tool called randn · .01 healthy or collapsed by its scale; ranks and their band do not."""
    x = 0.01 * np.random.default_rng(5).standard_normal((300, 20))
    band = gaussian_reference(300, 20, repeats=8)["rank.entropy"]
    assert rank_entropy(spectrum_rows(x)) == pytest.approx(band.mean, rel=0.02)
    collapsed = x * np.geomspace(1, 1e-3, 20)
    assert (
        rank_participation(spectrum_rows(collapsed))
        < 0.5 * gaussian_reference(300, 20)["rank.participation"].low
    )


def test_two_rows_are_enough_for_what_two_rows_define() -> None:
    bands = gaussian_reference(2, 3)
    assert "dimension.twonn" not in bands
    assert bands["rank.entropy"] == pytest.approx(Band(1, 1, 1))


def test_refusals() -> None:
    with pytest.raises(InputError, match="at least 2 rows"):
        gaussian_reference(1, 4)
    with pytest.raises(VectorError, match="shape"):
        gaussian_reference(10, 4, covariance=np.ones(3))
    with pytest.raises(VectorError, match="semidefinite"):
        gaussian_reference(10, 2, covariance=np.array([1.0, -1.0]))
    with pytest.raises(VectorError, match="semidefinite"):
        gaussian_reference(10, 2, covariance=np.zeros((2, 2)))


def test_a_reference_reads_as_a_set_of_its_kind() -> None:
    x = np.random.default_rng(11).standard_normal((500, 40)) / np.sqrt(40)
    bands = gaussian_reference(500, 40, repeats=20)
    for name, one in geometry_replicates(x, np.full(500, -1), 0).items():
        width = bands[name].high - bands[name].low
        assert bands[name].low - width <= one.value <= bands[name].high + width, name
