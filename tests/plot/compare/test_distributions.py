"""The figure of four panels: which are there, and what they hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from repscope.errors import InputError
from repscope.measure.core.results import MeasureResult
from repscope.plot import plot_distributions

Whole = Callable[[Figure], None]
Table = Callable[..., list[MeasureResult]]
Odd = dict[str, MeasureResult]
UNLINKED = ("cosine.max", "hub.share", "frechet", "precision", "recall", "coverage")
RNG = np.random.default_rng(0)
TRUE = RNG.uniform(0.1, 0.5, 200), RNG.uniform(0.3, 0.7, 200)
NEAREST = TRUE[0] + 0.05, TRUE[1] + 0.05
NORM = RNG.uniform(8, 12, 200), np.ones(200)


def titles(figure: Figure) -> list[str]:
    return [ax.get_title(loc="left") for ax in figure.axes]


def rows(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def test_four_panels(whole: Whole, table: Table) -> None:
    figure = plot_distributions(
        table(), cosine_true=TRUE, cosine_max=NEAREST, norm=NORM, norm_reference=np.ones(20)
    )
    assert titles(figure) == [
        "a  Cosine to the true reference",
        "b  Length of the vectors",
        "c  Finding the true reference",
        "d  Change, after − before",
    ]
    assert rows(figure.axes[2]) == ["top1.true", "top5.true", "mrr.true", "recall@1", "hub.share"]
    assert rows(figure.axes[3])[-2:] == ["cosine.true", "cosine.max"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "before", "after", "reference", "control: noise", "control: collapse", "control: snap",
    ]  # fmt: skip
    assert len(figure.axes[0].lines) == 4
    assert len(figure.axes[0].collections) == 2
    # The rows after and those of the reference all have length 1, and one line.
    assert len(figure.axes[1].lines) == 2
    whole(figure)


def test_curves_hold_the_values(table: Table) -> None:
    figure = plot_distributions(table(), cosine_true=TRUE)
    before, after = figure.axes[0].lines
    assert before.get_xdata()[1:] == pytest.approx(np.sort(TRUE[0]))
    assert after.get_xdata()[1:] == pytest.approx(np.sort(TRUE[1]))


def test_intervals_and_differences_are_where_they_should_be(table: Table) -> None:
    figure = plot_distributions(table(("top1.true", "top5.true")))
    shares, changes = figure.axes
    intervals = [line.get_xdata().tolist() for line in shares.lines if len(line.get_xdata()) == 2]
    assert np.array(intervals) == pytest.approx(np.array([[0.27, 0.33]] * 3 + [[0.29, 0.35]]))
    drawn = [line.get_xdata()[0] for line in changes.lines if line.get_marker() == "o"]
    assert drawn == pytest.approx([0.0, 0.02])


def test_without_a_link_panels_adapt(whole: Whole, table: Table) -> None:
    figure = plot_distributions(table(UNLINKED), cosine_max=NEAREST, norm=NORM)
    assert titles(figure)[0] == "a  Cosine to the nearest reference"
    assert titles(figure)[2] == "c  Overlap with the reference"
    assert rows(figure.axes[2]) == ["precision", "recall", "coverage", "hub.share"]
    whole(figure)


@pytest.mark.parametrize(
    ("names", "items", "panels"),
    [
        ((), ("norm",), 1),
        ((), ("norm", "cosine_max"), 2),
        (("top1.true",), ("norm",), 3),
        (("gap.l2",), ("norm",), 1),
    ],
)
def test_no_panel_is_empty(
    names: tuple[str, ...], items: tuple[str, ...], panels: int, whole: Whole, table: Table
) -> None:
    given = {"norm": NORM, "cosine_max": NEAREST}
    figure = plot_distributions(table(names), **{name: given[name] for name in items})  # type: ignore[arg-type]
    assert len(figure.axes) == panels
    assert all(ax.has_data() for ax in figure.axes)
    whole(figure)


def test_undefined_values_and_missing_intervals(odd: Odd, whole: Whole) -> None:
    figure = plot_distributions([odd["bare"], odd["undefined"]])
    assert len(figure.axes) == 2
    texts = [[text.get_text() for text in ax.texts] for ax in figure.axes]
    assert texts == [["undefined", "0.400 → 0.600", "– → 0.500"], ["undefined", "+0.200", "–"]]
    whole(figure)


@pytest.mark.parametrize("n", [1, 15, 20_000])
def test_sizes_and_constant_values(n: int, whole: Whole, odd: Odd) -> None:
    still = np.full(n, 0.3), np.full(n, 0.3 + 1e-9)
    figure = plot_distributions(
        [odd["still"], odd["bare"]], cosine_true=still, norm=(np.ones(n), np.ones(n) + 1e-9)
    )
    low, high = figure.axes[1].get_xlim()
    assert high - low > 0.5
    whole(figure)


def test_lines_of_one_length_do_not_hide_one_another(whole: Whole) -> None:
    figure = plot_distributions([], norm=(np.ones(9), np.ones(8)), norm_reference=np.full(7, 2.0))
    (ax,) = figure.axes
    # One line for the two that are alike, and one for the reference.
    assert len(ax.lines) == 2
    assert [text.get_text() for text in ax.texts] == ["before, after: every row 1.00"]
    whole(figure)


def test_lengths_of_very_different_size_are_on_a_logarithmic_axis() -> None:
    assert (
        plot_distributions([], norm=(RNG.uniform(0.01, 0.1, 50), RNG.uniform(5, 50, 50))).axes[0].get_xscale()
        == "log"
    )
    assert plot_distributions([], norm=NORM).axes[0].get_xscale() == "linear"


def test_the_band_is_for_independent_units(table: Table) -> None:
    """Results know how many clusters there are; the band of the curves widens accordingly."""

    def height(units: int | None) -> float:
        figure = plot_distributions(table(), cosine_true=TRUE, units=units)
        corners = figure.axes[0].collections[0].get_paths()[0].vertices
        at_first_value = corners[corners[:, 0] == corners[:, 0].min(), 1].max()
        return float(at_first_value - 1 / len(TRUE[0]))

    assert height(None) == pytest.approx(np.sqrt(np.log(40) / 500), abs=1e-9)
    assert height(20) == pytest.approx(np.sqrt(np.log(40) / 40), abs=1e-9)


def test_long_names_fit(whole: Whole, table: Table) -> None:
    figure = plot_distributions(
        table(), norm=NORM, norm_reference=np.ones(3), names=("視覚 " * 9, "b" * 60, "c$")
    )
    whole(figure)


def test_bad_input(table: Table) -> None:
    with pytest.raises(InputError, match="none of them"):
        plot_distributions(table(("gap.l2",)))
    with pytest.raises(InputError, match="finite values in norm"):
        plot_distributions([], norm=(np.array([np.nan]), np.ones(1)))
    with pytest.raises(InputError, match="finite values in cosine_true"):
        plot_distributions([], cosine_true=(np.empty(0), np.empty(0)))
