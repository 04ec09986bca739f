"""One stage: the numbers of a comparison, classes by hand, the record, the report, and every bad input."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

import repscope as rs
from repscope.cli.main import app
from repscope.errors import InputError, LinkError, UnknownNameError, VectorError
from repscope.testing import simulate

QUICK = {"method": "none", "resamples": 200}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> rs.Study:
    world = simulate("improved", images=40, rows_per_image=2, classes=8, d=16, seed=0)
    study = rs.Study(tmp_path_factory.mktemp("describe") / "s")
    items = {"label": world.item_keys, "image_id": world.clusters}
    for name, rows in (("before", world.before), ("after", world.after)):
        study.add(name, rows.astype(np.float32), items)
    seen = {"label": np.arange(8), "seen": np.arange(8) < 6}
    study.add("text", world.reference.astype(np.float32), seen)
    return study


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_values_and_intervals_are_those_of_a_comparison(study):
    linked = {"on": "label", "cluster": "image_id", **QUICK}
    compared = rs.compare(study["before"], study["after"], study["text"], **linked)
    for part in ("before", "after"):
        described = rs.describe(study[part], study["text"], **linked)
        assert {row.name for row in described.measures} == {row.name for row in compared.measures}
        for row in described.measures:
            # The kernel's bandwidth is chosen once for both stages, from the first.
            if (part, row.name) != ("after", "mmd"):
                assert row.value == getattr(compared[row.name], part), row.name


def plain_study(folder) -> rs.Study:
    """Three classes on the axes: five of five are found, three of five, one of two."""
    axes = np.eye(3, 4, dtype=np.float32)
    labels = np.repeat([0, 1, 2], [5, 5, 2])
    nearest = np.array([0, 0, 0, 0, 0, 1, 1, 1, 0, 2, 2, 0])
    study = rs.Study(folder / "plain")
    study.add("items", axes[nearest] + 0.5 * axes[labels], {"label": labels, "kind": labels % 2})
    study.add("text", axes, {"label": np.arange(3), "rare": np.arange(3) > 1})
    return study


def test_classes_of_a_set_made_by_hand(tmp_path):
    study = plain_study(tmp_path)
    # Rows made by hand repeat, and copies would be one item.
    found = rs.describe(study["items"], study["text"], on="label", cluster="id", by=["rare", "kind"], **QUICK)
    rows = {row.label: row for row in found.classes}
    assert {label: (row.n, row.value.value) for label, row in rows.items()} == {
        "0": (5, 1.0), "1": (5, 0.6), "2": (2, 0.5),
    }  # fmt: skip
    # Wilson's interval of 3 of 5, and of 5 of 5 (Newcombe 1998).
    assert rows["1"].value.low == pytest.approx(0.2307, abs=1e-4)
    assert rows["1"].value.high == pytest.approx(0.8824, abs=1e-4)
    assert rows["0"].value.low == pytest.approx(0.5655, abs=1e-4)
    assert rows["0"].value.high == 1.0
    assert rows["2"].value.low is None
    assert "fewer than 5" in rows["2"].value.why
    hit, missed = 1.0, 0.5 / np.sqrt(1.25)
    assert rows["1"].cosine.value == pytest.approx((3 * hit + 2 * missed) / 5)
    groups = {(row.column, row.label): row for row in found.class_groups}
    assert groups["rare", "False"].n == 10
    assert groups["rare", "False"].value.value == pytest.approx(0.8)
    assert groups["rare", "False"].classes == 2
    assert groups["rare", "False"].over_classes.value == pytest.approx(0.8)
    assert groups["kind", "0"].value.value == pytest.approx(6 / 7)
    assert groups["kind", "0"].over_classes.value == pytest.approx(0.75)


def test_pairs_of_one_item_have_no_classes_unless_a_label_says_so(tmp_path):
    rng = np.random.default_rng(0)
    study = rs.Study(tmp_path / "s")
    study.add("image", rng.normal(size=(20, 8)), {"kind": np.arange(20) % 2})
    study.add("text", rng.normal(size=(20, 8)))
    assert rs.describe(study["image"], study["text"], on="id", **QUICK).classes == ()
    named = rs.describe(study["image"], study["text"], on="id", classes="kind", **QUICK)
    assert [(row.label, row.n) for row in named.classes] == [("0", 10), ("1", 10)]


def test_the_record_and_the_files(study, tmp_path):
    out = tmp_path / "out"
    arguments = ["describe", study.path, "before", "--reference", "text", "--on", "label", "--by", "seen"]
    arguments += ["--method", "pca", "--resamples", "200", "--out", out, "--json"]
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record == json.loads((out / "metrics.json").read_text())
    assert record["schema"] == "repscope.description/1"
    assert set(record["fingerprints"]) == {"before", "text"}
    top1 = next(one for one in record["measures"] if one["name"] == "top1.true")
    assert {"value", "low", "high", "n"} <= set(top1["value"])
    assert {"collapse", "shuffled"} == set(top1["controls"])
    assert [row["label"] for row in record["class_groups"]] == ["True", "False"]
    with (out / "classes.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["label"] for line in lines[:8]] == [row["label"] for row in record["classes"]]
    assert float(lines[0]["value"]) == record["classes"][0]["value"]["value"]
    report = (out / "report.txt").read_text()
    assert "shuffled" in report
    assert "By seen" in report
    # The command that it names gives the same again.
    again = run(*record["replay"].split()[1:], "--json", "--out", tmp_path / "again")
    assert json.loads(again.stdout) == record


def test_alone_and_unlinked(study):
    alone = rs.describe(study["before"], measures=["rank.entropy", "gap.l2", "mrr.true"], **QUICK)
    assert [row.name for row in alone.measures] == ["rank.entropy"]
    assert set(alone.undefined) == {"gap.l2", "mrr.true"}
    assert "--reference" in alone.undefined["gap.l2"]
    beside = rs.describe(study["before"], study["text"], **QUICK)
    assert "gap.l2" in {row.name for row in beside.measures}
    assert beside.classes == ()
    assert beside["energy"].controls["floor"] < beside["energy"].value.value
    with pytest.raises(UnknownNameError, match="top1"):
        _ = beside["top1.true"]


def test_shuffled_truths_are_found_as_often_as_chance_has_it(study):
    row = rs.describe(study["after"], study["text"], on="label", **QUICK)["top1.true"]
    assert row.value.value > 0.5
    assert abs(row.controls["shuffled"] - 1 / 8) < 0.12
    assert row.controls["collapse"] < 0.4


@pytest.mark.parametrize(
    ("error", "words", "options"),
    [
        (LinkError, "no reference", {"on": "label"}),
        (LinkError, "no link", {"by": ["seen"]}),
        (UnknownNameError, "group by", {"reference": "text", "on": "label", "by": ["nothing"]}),
        (UnknownNameError, "nothing", {"reference": "text", "on": "label", "classes": "nothing"}),
        (UnknownNameError, "a map", {"method": "tnse"}),
        (InputError, "another set", {"reference": "before"}),
        (VectorError, "one width", {"reference": "wide"}),
    ],
)
def test_errors_say_what_to_do(study, error, words, options):
    if "wide" not in study.sets:
        study.add("wide", np.eye(3, 20))
    reference = options.get("reference")
    rest = {name: value for name, value in options.items() if name != "reference"}
    with pytest.raises(error, match=words):
        rs.describe(study["before"], study[reference] if reference else None, **(QUICK | rest))


def test_an_error_on_the_command_line_has_three_parts(study):
    result = run("describe", study.path, "before", "--on", "label")
    assert result.exit_code == 1
    assert all(part in result.stderr for part in ("expected", "got", "do", "--reference"))
    assert "Traceback" not in result.stderr


def test_a_map_of_some_rows_says_which_and_takes_a_colour(study, tmp_path):
    found = rs.describe(
        study["before"], study["text"], on="label", method="pca", map_rows=30, colour="label", resamples=200
    )
    assert "30 of the 80 rows of before" in found.captions["map"]
    assert "Coloured by label" in found.captions["map"]
    assert found.items.column("map_x").null_count == 50
    assert "--map-rows 30 --colour label" in found.replay
    points = next(one for one in found.figures["map"].axes[0].collections if one.get_gid() == "before")
    assert len({tuple(colour) for colour in points.get_facecolors()}) > 3
    with pytest.raises(UnknownNameError, match="colour by"):
        rs.describe(study["before"], colour="nothing", **QUICK)
