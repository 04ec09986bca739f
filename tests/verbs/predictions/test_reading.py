"""What the numbers of a level say, for every case that there is."""

from __future__ import annotations

import pytest

from repscope.measure.core.estimate import Estimate
from repscope.measure.geometry.collapse import Collapse
from repscope.verbs.predictions.reading import read_level

HEALTHY = Collapse("none", 0.4, 20.0, 47.0)
POINT = Collapse("point", 0.001, None, 47.0)


def estimate(value: float, half: float | None = 0.02) -> Estimate:
    if half is None:
        return Estimate(value, why="one cluster has no spread to resample")
    return Estimate(value, value - half, value + half, n=100)


@pytest.mark.parametrize(
    "case",
    [
        (0.6, 0.2, HEALTHY, False, True, "predicts what is hidden: its error is 60 % [58, 62] below that of"),
        (0.6, -0.2, HEALTHY, False, False, "predicts the place and not the image"),
        (0.6, 0.01, HEALTHY, False, None, "whether the image, more may tell"),
        (-0.5, 0.2, HEALTHY, False, False, "does not predict: its error is 50 % [48, 52] above that of"),
        (0.01, 0.2, HEALTHY, False, None, "open, more images may tell: its error is 1.0 % [−1.0, 3.0] below"),
        (
            0.6,
            0.2,
            POINT,
            False,
            False,
            "since the target features have collapsed",
        ),
        (0.6, 0.2, HEALTHY, True, None, "no prediction"),
        (0.6, 0.2, None, False, True, "predicts what is hidden"),
    ],
)
def test_reading(case: tuple[float, float, Collapse | None, bool, bool | None, str]) -> None:
    skill, own, collapse, leaks, predicts, words = case
    measures = {"skill": estimate(skill), "skill.shuffled": estimate(own)}
    found, text = read_level(measures, collapse, leaks=leaks)
    assert found is predicts
    assert words in text


def test_without_intervals_it_is_open() -> None:
    measures = {"skill": estimate(0.6, None), "skill.shuffled": Estimate(None, why="no other image")}
    found, text = read_level(measures, None, leaks=False)
    assert found is None
    assert "one cluster has no spread" in text
    measures["skill"] = estimate(0.6)
    assert read_level(measures, None, leaks=False) == (
        None,
        "open, since there is no other image: its error is 60 % [58, 62] below that of the mean of the "
        "visible patches",
    )
