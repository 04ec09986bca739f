"""Classes and one stage as figures: every value where it should be, and nothing outside the page."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from repscope.errors import InputError
from repscope.measure.comparison.classes import Classes, Found, class_changes, class_values
from repscope.measure.comparison.describe_arrays import describe_arrays
from repscope.plot.classes import plot_classes
from repscope.plot.describe.stage import plot_stage

Whole = Callable[[Figure], None]


def sample(classes: int) -> tuple[Found, Found, Classes]:
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(classes), 12)
    before, after = rng.integers(0, 2, (2, len(codes))).astype(float)
    names = [f"a photograph of thing number {code}" for code in range(classes)]
    return Found(before, before), Found(after, after), Classes(codes, names, np.arange(len(codes)))


@pytest.mark.parametrize("classes", [1, 24])
def test_classes_of_two_stages(classes: int, whole: Whole) -> None:
    rows = class_changes(*sample(classes))
    figure = plot_classes(rows, split=classes // 2 or None)
    shares, changes = figure.axes
    drawn = [line.get_xdata()[0] for line in changes.lines if line.get_marker() == "o"]
    assert drawn == pytest.approx([row.difference.value for row in rows])
    assert len(shares.get_yticklabels()) == classes
    assert shares.get_yticklabels()[0].get_text().endswith("(12)")
    whole(figure)


def test_classes_of_one_stage(whole: Whole) -> None:
    _, found, classes = sample(6)
    figure = plot_classes(class_values(found, classes))
    assert len(figure.axes) == 1
    whole(figure)


def test_too_many_classes_are_refused() -> None:
    with pytest.raises(InputError, match="1 to 40 classes"):
        plot_classes(class_changes(*sample(41)))


@pytest.mark.parametrize("linked", [True, False])
def test_one_stage_with_its_numbers(linked: bool, whole: Whole) -> None:
    rng = np.random.default_rng(0)
    rows, reference = rng.normal(size=(40, 8)), rng.normal(size=(5, 8))
    keys = np.arange(40) % 5 if linked else None
    found = describe_arrays(rows, reference, item_keys=keys, resamples=200)
    table = list(found.table.values())
    figure = plot_stage(
        table, cosine_max=found.stage.matched.max, norm=np.ones(40), norm_reference=np.ones(5)
    )
    titles = [ax.get_title(loc="left")[3:] for ax in figure.axes]
    assert titles == [
        "Cosines",
        "Length of the vectors",
        "Finding the truth" if linked else "Overlap with the reference",
    ]
    assert [text.get_text() for text in figure.axes[1].texts] == ["items, reference: every row 1.00"]
    values = [text.get_text() for text in figure.axes[2].texts if text.get_gid() == "value"]
    assert len(values) == len(figure.axes[2].get_yticklabels())
    whole(figure)


def test_a_stage_without_anything_to_show_is_refused() -> None:
    with pytest.raises(InputError, match="to show"):
        plot_stage([])
