"""The map of classes: texts and prototypes joined, seen filled, unseen hollow, absent ones listed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from repscope.errors import InputError
from repscope.maps import ClassMap, project_classes
from repscope.plot import palette, plot_class_map

Whole = Callable[[Figure], None]


def make(n_classes: int = 12, present: int = 9) -> ClassMap:
    rng = np.random.default_rng(n_classes)
    texts = rng.standard_normal((n_classes, 10))
    keys = np.repeat(np.arange(present), 3)
    return project_classes(
        texts, texts[keys] + 0.3 * rng.standard_normal((len(keys), 10)), keys, method="pca"
    )


def drawn(ax: Axes, gid: str) -> PathCollection:
    (found,) = [one for one in ax.collections if one.get_gid() == gid]
    assert isinstance(found, PathCollection)
    return found


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def note(ax: Axes) -> str:
    (found,) = [one for one in ax.texts if one.get_gid() == "note"]
    return " ".join(found.get_text().split())


def test_texts_and_prototypes_of_one_class_are_joined(whole: Whole) -> None:
    shown = make()
    seen = np.arange(12) < 5
    names = [f"name {i}" for i in range(12)]
    ax = plot_class_map(shown, names=names, seen=seen)
    texts = shown.projection.coordinates["text"]
    prototypes = shown.projection.coordinates["prototype"]
    assert np.array_equal(drawn(ax, "text-seen").get_offsets(), texts[:5])
    assert np.array_equal(drawn(ax, "text-unseen").get_offsets(), texts[5:])
    assert np.array_equal(drawn(ax, "prototype-seen").get_offsets(), prototypes[:5])
    assert np.array_equal(drawn(ax, "prototype-unseen").get_offsets(), prototypes[5:])
    (links,) = [one for one in ax.collections if isinstance(one, LineCollection)]
    assert np.array_equal(np.array(links.get_segments()), np.stack([texts[:9], prototypes], axis=1))
    filled, hollow = drawn(ax, "text-seen").get_facecolor()[0], drawn(ax, "text-unseen").get_facecolor()[0]
    assert tuple(filled[:3]) == pytest.approx(to_rgb(palette("default").reference.colour))
    assert tuple(hollow[:3]) == (1, 1, 1)
    assert [one.get_text() for one in ax.texts if one.get_gid() == "label"] == names
    whole(figure_of(ax))


def test_classes_without_items_are_listed_and_have_no_point() -> None:
    ax = plot_class_map(make(), names=[f"name {i}" for i in range(12)])
    assert "Without items, so without a mean, 3 of 12 classes: name 9, name 10, name 11." in note(ax)
    assert len(drawn(ax, "prototype-seen").get_offsets()) == 9
    assert "3 of 12 classes: 9, 10, 11." in note(plot_class_map(make()))
    assert "Without items" not in note(plot_class_map(make(9, 9)))
    assert "Distances on this map" in note(ax)


def test_every_class_may_be_seen_or_unseen() -> None:
    for seen, suffix in ((np.ones(12, bool), "seen"), (np.zeros(12, bool), "unseen")):
        ax = plot_class_map(make(), seen=seen)
        assert len(drawn(ax, f"text-{suffix}").get_offsets()) == 12
    legend = plot_class_map(make()).get_legend()
    assert legend is not None
    assert not any("unseen" in text.get_text() for text in legend.get_texts())


def test_prototypes_take_the_mark_of_their_stage() -> None:
    after = drawn(plot_class_map(make(), stage="after"), "prototype-seen")
    assert tuple(after.get_facecolor()[0][:3]) == pytest.approx(to_rgb(palette("default").after.colour))


@pytest.mark.parametrize(("n_classes", "present"), [(1, 1), (2, 1), (200, 150)])
def test_few_and_many_classes(n_classes: int, present: int, whole: Whole) -> None:
    ax = plot_class_map(
        make(n_classes, present), names=[f"猫 a long name of class {i}" for i in range(n_classes)]
    )
    assert len([one for one in ax.texts if one.get_gid() == "label"]) == (n_classes if n_classes < 25 else 0)
    whole(figure_of(ax))


def test_bad_input() -> None:
    with pytest.raises(InputError, match="one of names for each of 12 classes"):
        plot_class_map(make(), names=["a"])
    with pytest.raises(InputError, match="one of seen"):
        plot_class_map(make(), seen=np.ones(3, bool))
