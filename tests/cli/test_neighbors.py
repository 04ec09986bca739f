"""``repscope neighbors``: terminal, JSON, files, pictures; and real features of real images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.knn import exact
from repscope.study import Study

MODEL = Path(__file__).resolve().parents[2] / "examples" / "models" / "mobilenet_v2.py"


@pytest.fixture
def study(tmp_path):
    rng = np.random.default_rng(0)
    images = tmp_path / "images"
    images.mkdir()
    paths = []
    for i in range(12):
        Image.fromarray(rng.integers(0, 255, (20, 30, 3), dtype=np.uint8)).save(images / f"{i}.png")
        paths.append(str(images / f"{i}.png"))
    made = Study(tmp_path / "s")
    items = {"id": [f"i{i}" for i in range(12)], "path": paths, "label": ["cat", "dog", "emu"] * 4}
    made.add("seen", rng.normal(size=(12, 5)), items)
    made.add("read", rng.normal(size=(9, 5)), {"id": [f"t{i}" for i in range(9)], "text": ["words"] * 9})
    return made


def run(*arguments: object):
    return CliRunner().invoke(app, ["neighbors", *(str(one) for one in arguments)])


def test_all_items_are_written_as_a_table(study):
    result = run(study.path, "seen", "--k", 3, "--json")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["schema"] == "repscope.neighbors/1"
    assert (record["n"], record["k"], record["metric"]) == (12, 3, "cosine")
    assert record["search"] == {"method": "exact"}
    assert "neighbors" not in record
    table = pq.read_table(Path(record["out"]) / "neighbors.parquet").to_pydict()
    true = exact(study["seen"].vectors, k=3)
    assert table["neighbor"] == [f"i{row}" for row in true.indices.ravel()]
    assert table["score"] == true.scores.ravel().tolist()
    assert json.loads(run(study.path, "seen", "--k", 3, "--json").stdout)["kept"] is True
    assert json.loads(run(study.path, "seen", "--k", 3, "--json", "--no-cache").stdout)["kept"] is False


def test_some_items_are_answered_on_the_terminal_and_nothing_is_written(study):
    result = run(study.path, "seen", "--query", "i4", "--query", "i2", "-k", 2, "--metric", "l2")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["i4", "i2"]
    true = exact(study["seen"].vectors, k=2, metric="l2")
    assert lines[0] == "i4: " + ", ".join(
        f"i{row} ({score:.3f})" for row, score in zip(true.indices[4], true.scores[4], strict=True)
    )
    assert "by l2, exact" in result.stderr
    assert not (study.path / "results").exists()


def test_set_against_set_and_pictures(study, tmp_path):
    out = tmp_path / "out"
    result = run(
        study.path, "seen", "--query-set", "read", "--query", "t3", "-k", 4, "--grid", "-o", out, "--json"
    )
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert (record["set"], record["query_set"]) == ("seen", "read")
    assert [one["id"] for one in record["neighbors"]] == ["t3"]
    assert sorted(path.name for path in out.iterdir()) == [
        "grid.png", "grid.svg", "neighbors.json", "neighbors.parquet",
    ]  # fmt: skip
    both = run(study.path, "seen", "--query-set", "read", "-k", 4, "--grid", "--figures", "png", "--json")
    assert Path(json.loads(both.stdout)["out"]).name == "read - seen"


def test_a_device_gives_the_same_table(study, tmp_path):
    for out, more in (("plain", []), ("device", ["--device", "cpu"])):
        done = run(study.path, "seen", "--k", 3, "--no-cache", "--out", tmp_path / out, *more)
        assert done.exit_code == 0, done.output
    tables = [pq.read_table(tmp_path / out / "neighbors.parquet") for out in ("plain", "device")]
    assert tables[0].equals(tables[1])


@pytest.mark.parametrize("more", [["--approximate"], ["--query", "i1"]])
def test_a_device_is_for_exact_searches_of_all_items(study, more):
    done = run(study.path, "seen", "--k", 3, "--device", "cpu", *more)
    assert done.exit_code == 1
    assert "leave" in done.stderr


def test_refusals(study):
    for words, message in (
        (["--query", "i99"], "i99"),
        (["--metric", "angle"], "cosine, inner, l2"),
        (["--k", 12], "k between 1"),
        (["--exact", "--approximate"], "leave one out"),
        (["--grid", "--figures", "gif"], "gif"),
        (["--query-set", "raed"], "read"),
    ):
        result = run(study.path, "seen", *words)
        assert result.exit_code == 1, words
        assert message in result.stderr


def test_features_of_real_images_find_images_of_the_same_kind(shared_data, tmp_path):
    """Winter sport beside winter sport, baseball beside baseball, street beside street."""
    weights = shared_data / "weights" / "mobilenet" / "mobilenet_v2.torchvision.fp16.safetensors"
    folder = shared_data / "captions" / "coco_val_open" / "images"
    arguments = [
        "extract", folder, "--study", tmp_path / "s", "--model", f"{MODEL}:mobilenet_v2",
        "--weights", weights, "--resize", 256, "--crop", 224, "--mean", "0.485,0.456,0.406",
        "--std", "0.229,0.224,0.225", "--capture", "features=features", "--workers", 0, "--quiet",
    ]  # fmt: skip
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == 0, done.stderr
    result = run(tmp_path / "s", "features", "-k", 4, "--grid", "--figures", "png", "--json")
    record = json.loads(result.stdout)
    assert record["n"] == len(list(folder.iterdir())) == 36
    table = pq.read_table(Path(record["out"]) / "neighbors.parquet").to_pydict()
    near = {query: set() for query in table["query"]}
    for query, found in zip(table["query"], table["neighbor"], strict=True):
        near[query].add(found)
    for one, other in SAME_KIND:
        assert f"{other:012d}.jpg" in near[f"{one:012d}.jpg"]
    with Image.open(Path(record["out"]) / "grid.png") as picture:
        assert np.asarray(picture.convert("RGB")).std() > 30


SAME_KIND = (
    (785, 2473),  # skier, snowboarder
    (872, 2153),  # baseball, baseball
    (8762, 6723),  # street at night, street by day
    (7511, 7281),  # beach, beach
)
