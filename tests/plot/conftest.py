"""What holds for every figure: settings stay as they were, pyplot knows nothing, nothing is cut off."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import matplotlib
import pytest
from matplotlib.figure import Figure

from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult


@pytest.fixture(autouse=True)
def nothing_global_changes() -> Iterator[None]:
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


@pytest.fixture
def whole() -> Callable[[Figure], None]:
    """Fails when anything that is drawn reaches beyond the figure."""

    def check(figure: Figure) -> None:
        figure.draw_without_rendering()
        box = figure.get_tightbbox()
        width, height = figure.get_size_inches()
        assert box.x0 > -0.01
        assert box.y0 > -0.01
        assert box.x1 < width + 0.01
        assert box.y1 < height + 0.01

    return check


@pytest.fixture
def result() -> Callable[..., MeasureResult]:
    """Makes one row: before, after, half-width of the intervals, and controls by name."""
    return _result


@pytest.fixture
def table() -> Callable[..., list[MeasureResult]]:
    """Makes rows of the given measures."""
    return _table


@pytest.fixture
def odd() -> dict[str, MeasureResult]:
    """Rows that are undefined, without intervals, huge, or without any change."""
    return {"undefined": UNDEFINED, "bare": BARE, "huge": HUGE, "still": STILL}


LINKED = (
    "cosine.true", "cosine.max", "top1.true", "top5.true", "mrr.true", "recall@1", "gap.l2", "hub.share",
    "frechet", "energy", "rank.entropy", "spread.cosine",
)  # fmt: skip


def _result(
    name: str, before: float = 0.4, after: float = 0.6, reach: float = 0.03, **controls: float
) -> MeasureResult:
    def around(value: float) -> Estimate:
        return Estimate(value, value - reach, value + reach, n=250, method="bootstrap")

    change = after - before
    difference = Difference(change, change - reach, change + reach, n=250, p=0.001, q=0.002)
    return MeasureResult(measure_info(name), around(before), around(after), difference, controls)


def _table(names: tuple[str, ...] = LINKED) -> list[MeasureResult]:
    return [
        _result(name, 0.3, 0.3 + 0.02 * i, identity=0.0, noise=-0.05, collapse=0.4, snap=0.1)
        for i, name in enumerate(names)
    ]


UNDEFINED = MeasureResult(
    measure_info("mrr.true"),
    Estimate(None, why="no truth"),
    Estimate(0.5),
    Difference(None, why="no truth before"),
)
BARE = MeasureResult(measure_info("top1.true"), Estimate(0.4), Estimate(0.6), Difference(0.2))
HUGE = MeasureResult(
    measure_info("frechet"),
    Estimate(123_456.0, 1e5, 2e5),
    Estimate(1.2e-9, 0.0, 1.0),
    Difference(-123_456.0, -2e5, -1e5, p=0.001, q=0.004),
    {"collapse": 1e9, "noise": -1e9, "snap": None},
)
STILL = MeasureResult(
    measure_info("gap.l2"),
    Estimate(0.5, 0.5, 0.5),
    Estimate(0.5, 0.5, 0.5),
    Difference(0.0, 0.0, 0.0, p=1.0, q=1.0),
    {"noise": 0.2},
)
