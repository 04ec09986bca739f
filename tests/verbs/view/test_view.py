"""``repscope view``: which stages, which map, and that every number on the page is that of the space."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import repscope as rs
from repscope.cli.main import app
from repscope.errors import DependencyError, InputError, LinkError, VectorError
from repscope.study import Study
from repscope.testing import simulate
from repscope.viewer.bundle import Bundle, Frame


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    world = simulate("bridged", images=40, d=8, classes=4, seed=0)
    made = Study(tmp_path_factory.mktemp("view") / "s")
    n = len(world.before)
    items = {
        "id": [f"a/{row}" for row in range(n)],
        "label": [f"class {key}" for key in world.item_keys],
        "caption": [f"<script>alert({row})</script>" for row in range(n)],
        "path": ["nowhere.png"] * n,
    }
    made.add("before", world.before, items)
    made.add("middle", (world.before + world.after) / 2, items)
    made.add("after", world.after, items)
    made.add("text", world.reference, {"id": ["0", "1", "2", "3"], "label": [f"class {k}" for k in range(4)]})
    return made


@pytest.fixture(scope="module")
def three(study: Study) -> rs.View:
    return rs.view(study, ["before", "middle", "after"], reference="text", on="label", method="pca")


def run(*words: object):
    return CliRunner().invoke(app, ["view", *map(str, words)])


def data_of(page: bytes) -> Bundle:
    found = re.search(rb'id="bundle">([^<]*)<', page)
    assert found is not None
    return Bundle.from_bytes(gzip.decompress(base64.b64decode(found[1])))


def test_positions_are_those_of_one_joint_map(study: Study, three: rs.View) -> None:
    bundle = three.content.bundle()
    frame = Frame(**bundle.manifest["frame"])
    found = rs.project(study, ["before", "middle", "after", "text"], method="pca").projection
    for number, name in enumerate(("before", "middle", "after")):
        again = frame.unpack(bundle.columns[f"position/{number}"])
        np.testing.assert_allclose(again, found.coordinates[name], atol=frame.side / 65_535)
        np.testing.assert_allclose(bundle.columns[f"kept/{number}"], found.point_scores[name], rtol=1e-6)


def test_neighbours_and_movements_are_those_of_the_space(study: Study, three: rs.View) -> None:
    bundle = three.content.bundle()
    near = rs.neighbors(study, "middle", k=10).found.indices
    np.testing.assert_array_equal(bundle.columns["near/1"], near)
    rows = {name: study[name].vectors.astype(np.float64) for name in ("before", "middle", "after")}
    unit = {name: one / np.linalg.norm(one, axis=1, keepdims=True) for name, one in rows.items()}
    assert bundle.manifest["steps"] == [
        {"from": 0, "to": 1}, {"from": 1, "to": 2}, {"from": 0, "to": 2},
    ]  # fmt: skip
    for number, (one, other) in enumerate((("before", "middle"), ("middle", "after"), ("before", "after"))):
        moved = np.linalg.norm(unit[other] - unit[one], axis=1)
        np.testing.assert_allclose(bundle.columns[f"space/{number}"], moved, rtol=1e-5)
        apart = np.linalg.norm(unit[one][:, None] - unit[one][None], axis=2)
        radius = np.sort(apart, axis=1)[:, 10]
        in_space = np.isin(bundle.columns[f"moved/{number}"], (1, 3))
        np.testing.assert_array_equal(in_space, moved > radius)


def test_every_item_is_linked_with_its_own_star(study: Study, three: rs.View) -> None:
    bundle = three.content.bundle()
    labels = study["text"].column("label")[bundle.columns["reference/of"]]
    assert labels.tolist() == study["before"].column("label").tolist()


def test_a_kept_map_is_used_and_a_changed_set_needs_another(study: Study, three: rs.View) -> None:
    assert three.map_made
    again = rs.view(study, ["before", "middle", "after"], reference="text", method="tsne")
    assert not again.map_made
    assert again.content.layout.record["method"] == "pca"
    other = study["middle"].vectors * np.linspace(1, 2, 8, dtype=np.float32)
    study.add("shifted", other, study["middle"].items)
    assert rs.view(study, ["before", "shifted"], method="pca").map_made


def test_the_export_and_its_verdict(study: Study, tmp_path: Path) -> None:
    compared = rs.compare(
        study["before"],
        study["after"],
        reference=study["text"],
        on="label",
        measures=["top1.true"],
        method="none",
    )
    compared.save(study.results("compare", "before - after - text"), formats=())
    file = tmp_path / "study.html"
    done = run(study.path, "--method", "pca", "--export", file, "--json")
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["shown"], record["bytes"]) == (40, file.stat().st_size)
    manifest = data_of(file.read_bytes()).manifest
    assert [stage["name"] for stage in manifest["stages"]] == ["before", "after"]
    assert manifest["reference"]["name"] == "text"
    assert manifest["verdict"]["word"] == compared.verdict.word
    assert b"<script>alert(" not in file.read_bytes()


def test_a_small_page_says_what_it_leaves_out(study: Study) -> None:
    rng = np.random.default_rng(0)
    ids = {"id": [f"{row} {'x' * 20} {rng.integers(10**12)}" for row in range(3000)], "a": rng.random(3000)}
    study.add("large", rng.normal(size=(3000, 3)), ids)
    found = rs.view(study, ["large"], method="pca")
    whole = len(found.page()[0]) / 1e6
    limit = whole * 0.9
    page, shown, notes = found.page(limit)
    assert len(page) <= limit * 1e6
    assert 1000 < shown < 3000
    assert any(f"{shown:,} of the 3,000" in note for note in notes)
    bundle = data_of(page)
    assert bundle.manifest["n"] == shown
    assert bundle.columns["near/0"].max() < shown
    with pytest.raises(InputError, match="MB"):
        found.page(0.01)


def test_items_that_a_stage_lacks_are_named(tmp_path: Path) -> None:
    study = Study(tmp_path / "s")
    rng = np.random.default_rng(0)
    study.add("a", rng.normal(size=(30, 4)), {"id": [str(row) for row in range(30)]})
    study.add("b", rng.normal(size=(25, 4)), {"id": [str(row) for row in range(29, 4, -1)]})
    manifest = rs.view(study, ["a", "b"], method="pca").content.bundle().manifest
    assert manifest["n"] == 25
    assert manifest["unmatched"] == [{"set": "a", "count": 5, "ids": ["0", "1", "2", "3", "4"]}]
    study.add("c", rng.normal(size=(30, 4)), {"id": [f"c{row}" for row in range(30)]})
    with pytest.raises(LinkError, match="same id"):
        rs.view(study, ["a", "c"], method="pca")


def test_hostile_sets(tmp_path: Path) -> None:
    study = Study(tmp_path / "s")
    items = {
        "id": ["../../etc", "b", "c"],
        "caption": ["z" * 100_000, "\u202e", None],
        "image": [b"no", b"", None],
    }
    study.add("equal", np.ones((3, 4)), items)
    bundle = rs.view(study, ["equal"], method="pca").content.bundle()
    assert np.ptp(bundle.columns["position/0"].astype(int), axis=0).max() <= 1
    assert bundle.manifest["pictures"] is None
    assert any("cut" in note for note in bundle.manifest["notes"])
    study.add("one", np.ones((1, 4)))
    single = rs.view(study, ["one"], method="pca").content.bundle()
    assert (single.manifest["n"], single.manifest["k"]) == (1, 0)
    study.add("zero", np.zeros((3, 4)), items)
    with pytest.raises(VectorError, match="zero"):
        rs.view(study, ["equal", "zero"], method="pca")
    study.add("wide", np.ones((3, 5)), items)
    with pytest.raises(VectorError, match="width"):
        rs.view(study, ["equal", "wide"], method="pca")


def test_refusals(tmp_path: Path, study: Study) -> None:
    empty = Study(tmp_path / "e")
    for name in ("a", "b"):
        empty.add(name, np.eye(3))
    for words, message in (
        ([empty.path], "sets to view"),
        ([empty.path, "a", "a"], "each set once"),
        ([empty.path, "a", "nowhere"], "no such set"),
        ([tmp_path / "nothing"], "no such folder"),
        ([study.path, "before", "--port", "99999", "--method", "pca", "--no-browser"], "port"),
    ):
        done = run(*words)
        assert done.exit_code == 1, words
        assert message in done.stderr
        assert "Traceback" not in done.stderr


def test_compare_and_drift_link_a_page_with_their_verdict(study: Study, tmp_path: Path) -> None:
    common = [
        "--reference",
        "text",
        "--on",
        "label",
        "--method",
        "none",
        "--figures",
        "",
        "--view",
        "--quiet",
    ]
    for verb, more in (("compare", ["--measures", "top1.true"]), ("drift", ["--measures", "none"])):
        out = tmp_path / verb
        words = [
            verb,
            str(study.path),
            "before",
            "after",
            *common,
            *more,
            "--resamples",
            "100",
            "--out",
            str(out),
        ]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.stderr
        assert '<a href="view.html">See it move</a>' in (out / "report.html").read_text("utf-8")
        word = json.loads((out / "metrics.json").read_text("utf-8"))["verdict"]["word"]
        manifest = data_of((out / "view.html").read_bytes()).manifest
        assert (manifest["verdict"]["verb"], manifest["verdict"]["word"]) == (verb, word)


def test_in_a_notebook_it_is_a_widget_that_gives_the_selection_back(three: rs.View) -> None:
    shown = three._repr_mimebundle_()
    data = shown[0] if isinstance(shown, tuple) else shown
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data_of(three.widget.page.encode()).manifest["n"] == 40
    assert three.selection == ()
    # What the front end sends when the reader selects.
    three.widget.set_state({"selection": ["a/1", "a/7"]})
    assert three.selection == ("a/1", "a/7")


def test_without_widgets_the_page_stands_in_a_frame(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    found = rs.view(study, ["before", "after"], method="pca")
    text = found._repr_mimebundle_()["text/html"]
    assert text.startswith("<iframe sandbox=")
    assert data_of(html.unescape(text).encode()).manifest["n"] == 40
    with pytest.raises(DependencyError, match="notebook"):
        _ = found.widget
