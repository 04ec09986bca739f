"""The measures of drift, and what else a drift reads."""

from __future__ import annotations

from repscope.measure.drift.infos import INFOS, READ


def test_names() -> None:
    assert [info.name for info in INFOS] == [
        "drift.centre", "drift.persistence", "spread.along", "spread.across", "spread.axes", "tail.share",
        "tail.ratio",
    ]  # fmt: skip
    assert all(info.group == "drift" and info.needs == "stages" for info in INFOS)


def test_its_own_come_after_those_of_single_stages() -> None:
    assert list(READ)[-len(INFOS) :] == [info.name for info in INFOS]
    assert {"cosine.true", "gap.rmg", "precision", "rank.entropy"} <= READ.keys()
