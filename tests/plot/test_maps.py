"""The map: what is drawn is what was projected, arrows follow their rule, and the notes say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from repscope.errors import InputError, LinkError, UnknownNameError
from repscope.maps import Projection, project
from repscope.plot import palette, plot_map

Whole = Callable[[Figure], None]


def make(n: int = 80, m: int = 6, **options: Any) -> Projection:
    rng = np.random.default_rng(n)
    x = rng.standard_normal((n, 8))
    sets = {"before": x, "after": x + 0.5, "text": rng.standard_normal((m, 8))}
    return project(sets, method="pca", **options)


def points(ax: Axes, name: str) -> PathCollection:
    (found,) = [one for one in ax.collections if one.get_gid() == name]
    assert isinstance(found, PathCollection)
    return found


def arrows(ax: Axes) -> Quiver | None:
    found = [one for one in ax.collections if isinstance(one, Quiver)]
    assert len(found) <= 1
    return found[0] if found else None


def note(ax: Axes) -> str:
    (found,) = [one for one in ax.texts if one.get_gid() == "note"]
    return " ".join(found.get_text().split())


def legend(ax: Axes) -> list[str]:
    box = ax.get_legend()
    assert box is not None
    return [text.get_text() for text in box.get_texts()]


def figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


@pytest.mark.parametrize("colours", ["default", "classic"])
def test_points_are_the_coordinates(colours: str, whole: Whole) -> None:
    shown = make()
    ax = plot_map(shown, before="before", after="after", reference="text", colours=colours)
    marks = palette(colours)
    for name, mark in (("before", marks.before), ("after", marks.after), ("text", marks.reference)):
        drawn = points(ax, name)
        assert np.array_equal(drawn.get_offsets(), shown.coordinates[name])
        assert tuple(drawn.get_facecolor()[0][:3]) == pytest.approx(to_rgb(mark.colour))
        assert drawn.get_rasterized() in (None, False)
    assert legend(ax) == ["before (80)", "after (80)", "text (6)", "before → after"]
    assert ax.get_aspect() == 1.0
    assert len(ax.get_xticks()) == len(ax.get_yticks()) == 0
    assert figure_of(ax).get_figwidth() == 3.5
    whole(figure_of(ax))


def test_faithfulness_is_on_the_figure() -> None:
    shown = make()
    text = note(plot_map(shown, before="before"))
    assert text.startswith("PCA, ")
    assert f"trustworthiness .{round(100 * (shown.faithfulness.trustworthiness or 0))}" in text
    assert "neighbours kept" in text
    assert "Distances on this map are not distances in space." in text


def test_arrows_join_the_same_item_and_are_at_most_fifty() -> None:
    shown = make(300)
    ax = plot_map(shown, before="before", after="after", reference="text")
    drawn = arrows(ax)
    assert drawn is not None
    assert drawn.N == 50
    start, end = shown.coordinates["before"], shown.coordinates["after"]
    rows = [int(np.flatnonzero((start == place).all(axis=1))[0]) for place in drawn.get_offsets()]
    assert np.column_stack([drawn.U, drawn.V]) == pytest.approx((end - start)[rows])
    assert rows == np.linspace(0, 299, 50).round().astype(int).tolist()
    assert "Arrows: 50 of 300 items, evenly spaced rows." in note(ax)


def test_arrows_are_spread_over_the_displacement() -> None:
    shown = make(300)
    moved = np.random.default_rng(0).permutation(300).astype(float)
    ax = plot_map(shown, before="before", after="after", displacement=moved, arrows=4)
    drawn = arrows(ax)
    assert drawn is not None
    start = shown.coordinates["before"]
    rows = [int(np.flatnonzero((start == place).all(axis=1))[0]) for place in drawn.get_offsets()]
    assert moved[rows].tolist() == [0, 100, 199, 299]
    assert "Arrows: 4 of 300 items, evenly spaced by how far they moved in space." in note(ax)


def test_few_items_all_have_arrows() -> None:
    ax = plot_map(make(15), before="before", after="after")
    drawn = arrows(ax)
    assert drawn is not None
    assert drawn.N == 15
    assert "Arrows: every item." in note(ax)
    for ax in (
        plot_map(make(15), before="before", after="after", arrows=0),
        plot_map(make(15), before="before"),
    ):
        assert arrows(ax) is None
        assert "Arrows" not in note(ax)
        assert "same item" not in legend(ax)


def test_a_sample_is_drawn_of_large_sets_and_said() -> None:
    shown = make(400)
    ax = plot_map(shown, before="before", after="after", reference="text", max_points=100)
    before, after = points(ax, "before").get_offsets(), points(ax, "after").get_offsets()
    rows = [int(np.flatnonzero((shown.coordinates["before"] == place).all(axis=1))[0]) for place in before]
    assert len(set(rows)) == 100
    assert np.array_equal(shown.coordinates["after"][rows], after)
    assert "Drawn: a random 100 of 400 points of before, 100 of 400 points of after." in note(ax)
    drawn = arrows(ax)
    assert drawn is not None
    shown_places = {tuple(place) for place in before}
    assert all(tuple(place) in shown_places for place in drawn.get_offsets())


def test_many_points_are_rasterised(whole: Whole) -> None:
    sizes = {"before": 20_000, "after": 20_000, "text": 200}
    rng = np.random.default_rng(0)
    shown = replace(
        make(),
        coordinates={name: rng.standard_normal((n, 2)) for name, n in sizes.items()},
        rows={name: np.arange(n) for name, n in sizes.items()},
    )
    ax = plot_map(shown, before="before", after="after", reference="text")
    assert points(ax, "before").get_rasterized()
    assert len(points(ax, "before").get_offsets()) == 10_000
    assert not points(ax, "text").get_rasterized()
    whole(figure_of(ax))


def test_names_stand_beside_a_few_references(whole: Whole) -> None:
    shown = make(50, 25)
    names = [f"class {i}" for i in range(25)]
    ax = plot_map(shown, before="before", reference="text", labels=names)
    assert sorted(one.get_text() for one in ax.texts if one.get_gid() == "label") == sorted(names)
    whole(figure_of(ax))
    ax = plot_map(make(50, 26), before="before", reference="text", labels=[f"class {i}" for i in range(26)])
    assert not [one for one in ax.texts if one.get_gid() == "label"]


def test_labels_follow_the_rows_of_a_sampled_set() -> None:
    shown = make(50, 40, max_rows=10)
    ax = plot_map(shown, before="before", reference="text", labels=[str(i) for i in range(40)])
    drawn = [one.get_text() for one in ax.texts if one.get_gid() == "label"]
    assert drawn == [str(row) for row in shown.rows["text"]]


def test_other_sets_are_drawn_too() -> None:
    rng = np.random.default_rng(0)
    shown = project({name: rng.standard_normal((9, 4)) for name in "abcde"}, method="pca")
    ax = plot_map(shown, before="a")
    assert sorted(legend(ax)) == [f"{name} (9)" for name in "abcde"]
    shown = project({name: rng.standard_normal((9, 4)) for name in "abcdef"}, method="pca")
    with pytest.raises(InputError, match="at most 4 sets besides"):
        plot_map(shown, before="a")


@pytest.mark.parametrize("n", [1, 2, 15])
def test_few_rows(n: int, whole: Whole) -> None:
    ax = plot_map(make(n, 1), before="before", after="after", reference="text", labels=["a"])
    whole(figure_of(ax))


def test_points_in_one_place(whole: Whole) -> None:
    shown = project({"before": np.ones((30, 3)), "after": np.ones((30, 3))}, method="pca")
    whole(figure_of(plot_map(shown, before="before", after="after")))


def test_awkward_names(whole: Whole) -> None:
    rng = np.random.default_rng(0)
    names = ("_hidden $x$", "視覚 after " * 8, "кошка 🐈")
    shown = project({name: rng.standard_normal((9, 4)) for name in names}, method="pca")
    ax = plot_map(
        shown, before=names[0], after=names[1], reference=names[2], labels=["猫 $y$\n_a"] * 9, max_points=5
    )
    assert legend(ax)[0] == r"_hidden \$x\$ (9)"
    whole(figure_of(ax))


def test_drawing_on_the_readers_axes() -> None:
    figure = Figure((8, 4))
    left, right = figure.subplots(1, 2)
    assert plot_map(make(), before="before", after="after", ax=left) is left
    assert right.has_data() is False
    assert figure.get_size_inches().tolist() == [8, 4]


def test_bad_input() -> None:
    shown = make(60)
    with pytest.raises(UnknownNameError, match="'nope'; do: choose among before, after, text"):
        plot_map(shown, before="nope")
    with pytest.raises(LinkError, match="the same items"):
        plot_map(shown, before="before", after="text")
    with pytest.raises(InputError, match="0 to 50 arrows"):
        plot_map(shown, before="before", after="after", arrows=51)
    with pytest.raises(InputError, match="a displacement for each row"):
        plot_map(shown, before="before", after="after", displacement=np.ones(59))
    with pytest.raises(InputError, match="a label for each row"):
        plot_map(shown, before="before", reference="text", labels=["a"])


def test_arrows_too_short_to_see_are_counted(whole: Whole) -> None:
    still = make()
    moved = still.coordinates["before"].copy()
    moved[:10] += 5 * np.ptp(moved)
    shown = replace(still, coordinates={**still.coordinates, "after": moved})
    ax = plot_map(shown, before="before", after="after", reference="text")
    drawn = len(next(one for one in ax.collections if one.get_gid() == "arrows").get_offsets())
    note = next(text.get_text() for text in ax.texts if text.get_gid() == "note")
    long = np.linalg.norm(moved - still.coordinates["before"], axis=1) > 0
    assert 0 < long.sum() < drawn
    counted = int(note.split(" of these arrows")[0].split()[-1])
    assert drawn - long.sum() <= counted < drawn
    whole(figure_of(ax))


def test_a_long_name_takes_two_lines(whole: Whole) -> None:
    name = "visual_before_the_adapter_of_the_last_layer_768"
    shown = make()
    shown = replace(
        shown,
        coordinates={name: shown.coordinates["before"], "text": shown.coordinates["text"]},
        rows={name: shown.rows["before"], "text": shown.rows["text"]},
    )
    ax = plot_map(shown, before=name, reference="text")
    first = legend(ax)[0]
    assert first.replace("\n", "") == f"{name} (80)"
    assert first.count("\n") == 1
    whole(figure_of(ax))
