"""The measures of change."""

from __future__ import annotations

from repscope.measure.change.infos import INFOS
from repscope.measure.change.parts import PARTS


def test_names_are_those_of_the_design() -> None:
    parts = {f"change.{part}" for part in PARTS}
    assert {info.name for info in INFOS} == {
        "displacement.norm",
        "displacement.angle",
        "neighbours.kept",
        *parts,
    }
