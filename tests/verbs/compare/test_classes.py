"""Classes of a comparison: the record, the file, the sentence, and the numbers of each stage alone."""

from __future__ import annotations

import csv
import json
from itertools import starmap

import numpy as np
import pytest

import repscope as rs
from repscope.errors import LinkError
from repscope.measure.comparison.classes import Classes, Found, class_changes
from repscope.testing import simulate
from repscope.verbs.common.class_tables import (
    SHOWN,
    both_ends,
    changes_section,
    changes_sentence,
    sorted_changes,
)

QUICK = {"method": "none", "resamples": 200}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> rs.Study:
    world = simulate("bridged", images=80, rows_per_image=2, classes=6, d=16, seed=0)
    study = rs.Study(tmp_path_factory.mktemp("classes") / "s")
    items = {"label": world.item_keys, "image_id": world.clusters}
    for name, rows in (("before", world.before), ("after", world.after)):
        study.add(name, rows.astype(np.float32), items)
    study.add("text", world.reference.astype(np.float32), {"label": np.arange(6), "seen": np.arange(6) < 4})
    return study


@pytest.fixture(scope="module")
def compared(study: rs.Study) -> rs.Comparison:
    sets = (study[name] for name in ("before", "after", "text"))
    return rs.compare(*sets, on="label", cluster="image_id", seen="seen", **QUICK)


def test_before_and_after_are_those_of_each_stage_alone(study, compared):
    for part in ("before", "after"):
        alone = rs.describe(study[part], study["text"], on="label", cluster="image_id", by=["seen"], **QUICK)
        for rows, own in ((compared.classes, alone.classes), (compared.class_groups, alone.class_groups)):
            assert [(row.label, row.n) for row in rows] == [(row.label, row.n) for row in own]
            assert [getattr(row, part) for row in rows] == [row.value for row in own]
            assert [getattr(row.cosine, part) for row in rows] == [row.cosine for row in own]


def test_all_items_of_the_classes_are_the_whole(compared):
    total = sum(row.n for row in compared.classes)
    assert total == compared.n
    for part in ("before", "after", "difference"):
        mean = sum(row.n * getattr(row, part).value for row in compared.classes) / total
        assert mean == pytest.approx(getattr(compared["top1.true"], part).value)


def test_the_record_and_the_file(compared, tmp_path):
    compared.save(tmp_path, formats=("png",))
    record = json.loads((tmp_path / "metrics.json").read_text())
    assert {"label", "n", "before", "after", "difference"} <= set(record["classes"][0])
    assert set(record["classes"][0]["difference"]) >= set(record["measures"][0]["difference"]) - {"why"}
    with (tmp_path / "classes.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(record["classes"]) + len(record["class_groups"])
    for line, row in zip(lines, record["classes"], strict=False):
        assert float(line["difference"]) == row["difference"]["value"]
        assert line["q"] == ("" if row["difference"]["q"] is None else repr(row["difference"]["q"]))
    assert (tmp_path / "figures" / "classes.png").exists()


def test_who_gained_is_said_only_where_it_is_shown():
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(3), 40)
    before = np.r_[np.zeros(40), np.ones(40), rng.integers(0, 2, 40)]
    after = np.r_[np.ones(40), np.zeros(40), before[80:]]
    rows = class_changes(
        *starmap(Found, [(before, before), (after, after)]),
        Classes(codes, ["up", "down", "same"], np.arange(120)),
    )
    assert [row.label for row in sorted_changes(rows)] == ["up", "same", "down"]
    assert "1 gained (up) and 1 lost (down)" in changes_sentence(rows)
    few = class_changes(
        Found(before[38:42], before[38:42]), Found(after[38:42], after[38:42]),
        Classes(codes[38:42], ["up", "down", "same"], np.arange(4)),
    )  # fmt: skip
    assert "none is shown to have gained or lost" in changes_sentence(few)


def test_a_long_table_shows_both_ends_and_says_so():
    codes = np.repeat(np.arange(1000), 5)
    hits = np.random.default_rng(0).integers(0, 2, (2, 5000)).astype(float)
    rows = class_changes(
        Found(hits[0], hits[0]),
        Found(hits[1], hits[1]),
        Classes(codes, [*map(str, range(1000))], np.arange(5000)),
    )
    assert len(rows) == 1000
    (section,) = changes_section(rows, ())
    table = section.blocks[-1]
    assert len(table.rows) == SHOWN
    assert "30 of 1,000 classes" in table.about
    assert [row.label for row in both_ends(rows, 4)] == ["0", "1", "998", "999"]


def test_classes_without_a_link_are_an_error(study):
    with pytest.raises(LinkError, match="no link"):
        rs.compare(study["before"], study["after"], study["text"], classes="label", **QUICK)
