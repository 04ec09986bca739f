"""What a bridge did to its items: the numbers drawn are those of the records."""

from __future__ import annotations

import numpy as np
import pytest

from repscope.errors import UnknownNameError
from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.plot.bridge.effect import plot_bridge_effect

MEASURES = ("top1.true", "mrr.true", "cosine.max")


@pytest.fixture(scope="module")
def arrays():
    """Sixty items of six classes: after the step ten truths are lost, and some are won."""
    rng = np.random.default_rng(0)
    texts = np.eye(8, dtype=np.float32)[:6]
    keys = np.repeat(np.arange(6), 10)
    before = texts[keys] + rng.normal(0, 0.45, (60, 8)).astype(np.float32)
    after = texts[keys] + rng.normal(0, 0.3, (60, 8)).astype(np.float32)
    after[:10] = texts[3]
    return {
        linked: compare_arrays(
            before,
            after,
            texts,
            item_keys=keys if linked else None,
            measures=MEASURES,
            controls=False,
            resamples=100,
        )
        for linked in (True, False)
    }


def test_the_effect_counts_flips_both_ways(arrays, whole):
    figure = plot_bridge_effect(arrays[True], names=("image", "image, moved"))
    whole(figure)
    one = arrays[True]
    right = [(s.matched.rank == 1) & (s.matched.ties == 0) for s in (one.before, one.after)]
    counts = [
        int((right[0] & ~right[1]).sum()),
        int((~right[0] & right[1]).sum()),
        int((one.after.matched.rank > one.before.matched.rank).sum()),
        int((one.after.matched.rank < one.before.matched.rank).sum()),
    ]
    assert counts[0] > 0
    bars = [round(bar.get_width()) for bar in figure.axes[5].patches]
    assert bars == counts
    said = " ".join(text.get_text() for text in figure.axes[5].texts)
    assert f"stayed right {int((right[0] & right[1]).sum())}" in said


def test_the_scatters_hold_every_item_once_on_y_equals_x(arrays):
    figure = plot_bridge_effect(arrays[True])
    for ax, name in ((figure.axes[3], "max"), (figure.axes[4], "true")):
        drawn = np.concatenate([points.get_offsets() for points in ax.collections])
        expected = np.stack(
            [getattr(arrays[True].before.matched, name), getattr(arrays[True].after.matched, name)], 1
        )
        np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(expected, axis=0), atol=1e-12)
        assert ax.get_xlim() == ax.get_ylim()
        worse = next(points for points in ax.collections if points.get_gid() == "worse")
        fell = arrays[True].after.matched.rank > arrays[True].before.matched.rank
        assert len(worse.get_offsets()) == int(fell.sum())


def test_without_a_link_there_is_no_truth_to_draw(arrays, whole):
    figure = plot_bridge_effect(arrays[False], colours="classic")
    whole(figure)
    assert len(figure.axes) == 3
    titles = " ".join(ax.get_title("left") for ax in figure.axes)
    assert "Max-cosine" in titles
    assert "True" not in titles


def test_an_unknown_palette(arrays):
    with pytest.raises(UnknownNameError, match="classic"):
        plot_bridge_effect(arrays[True], colours="neon")
