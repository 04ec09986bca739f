"""What the numbers of a level say: whether a model predicts, in a sentence."""

from __future__ import annotations

from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.geometry.collapse import Collapse
from repscope.text.numbers import interval, number
from repscope.verbs.predictions.record import Measures


def read_level(measures: Measures, collapse: Collapse | None, *, leaks: bool) -> tuple[bool | None, str]:
    """Whether the predictions tell what is hidden (None where that is open), and why.

    Args:
        measures: of the level.
        collapse: of the target features.
        leaks: the predictions change with the pixels that they are about.
    """
    if leaks:
        return None, "no prediction: the output changes with the pixels of the patches that are hidden"
    if collapse is not None and collapse.kind != "none":
        return False, f"says nothing of the images, since the target features have {collapse}"
    skill = measures["skill"]
    trivial = f"its error is {_share(skill)} that of the mean of the visible patches"
    if skill.low is None or skill.high is None:
        return None, f"open: {trivial}; {skill.why or 'there is no interval'}"
    if skill.low > 0:
        return _beyond_the_place(measures["skill.shuffled"], trivial)
    if skill.high <= 0:
        return False, f"does not predict: {trivial}"
    return None, f"open, more images may tell: {trivial}"


def _beyond_the_place(own: Estimate | Difference, trivial: str) -> tuple[bool | None, str]:
    """Of predictions that beat the trivial ones: whether they depend on the image."""
    if own.low is None or own.high is None:
        return None, f"open, since there is no other image: {trivial}"
    shuffled = f"{_share(own)} its own with another image's context"
    if own.low > 0:
        return True, f"predicts what is hidden: {trivial}, and {shuffled}"
    if own.high <= 0:
        return False, f"predicts the place and not the image: {trivial}, but {shuffled}"
    return None, f"predicts the place; whether the image, more may tell: {trivial}, but {shuffled}"


def _share(skill: Estimate | Difference) -> str:
    """``59 % [57, 61] below``."""
    value = skill.value or 0.0
    places = 0 if abs(value) >= 0.1 else 1
    ends = [None if end is None else 100 * abs(end) for end in (skill.low, skill.high)]
    crossing = skill.low is not None and skill.high is not None and skill.low < 0 < skill.high
    if crossing:
        ends = [None if end is None else 100 * end for end in (skill.low, skill.high)]
    low, high = ends if value >= 0 or crossing else ends[::-1]
    share = f"{number(100 * (value if crossing else abs(value)), places)} % {interval(low, high, places)}"
    return f"{share.strip()} {'below' if value >= 0 or crossing else 'above'}"
