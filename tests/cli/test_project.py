"""``repscope project``: coordinates, faithfulness, figure; and the missing package."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.study import Study


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps") / "s"
    rng = np.random.default_rng(0)
    made = Study(folder)
    made.add("before", rng.normal(size=(40, 6)))
    made.add("after", rng.normal(size=(40, 6)))
    made.add("wide", rng.normal(size=(40, 7)))
    return folder


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_a_joint_map_is_written_with_its_faithfulness(study, tmp_path, method):
    result = run("project", study, "before", "after", "--method", method, "--out", tmp_path, "--json")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["method"] == method
    assert 0 <= record["faithfulness"]["trustworthiness"] <= 1
    assert record["fingerprints"]["after"] == Study(study)["after"].fingerprint
    table = pq.read_table(tmp_path / "coordinates.parquet")
    assert table.num_rows == 80
    assert set(table.column("set").to_pylist()) == {"before", "after"}
    assert {path.suffix for path in tmp_path.glob("map.*")} == {".json", ".png", ".svg"}


def test_refusals(study):
    for words, message in (
        (["before", "wide"], "width"),
        (["before", "before"], "each set once"),
        (["before", "befor"], "befor"),
    ):
        result = run("project", study, *words, "--method", "pca")
        assert result.exit_code == 1
        assert message in result.stderr
    assert "tsne" in run("project", study, "before", "--method", "none").stderr


@pytest.mark.parametrize(("method", "package"), [("umap", "umap"), ("tsne", "openTSNE")])
def test_a_missing_package_is_an_error_with_its_install_line(study, method, package):
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from repscope.cli.main import app\n"
        f"app(['project', {str(study)!r}, 'before', 'after', '--method', {method!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'repscope[maps]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_second_map_reads_the_neighbours_of_the_first(study, tmp_path):
    words = ["project", study, "after", "before", "--method", "pca", "--out", tmp_path, "--figures", "png"]
    for kept, option in ((False, "--no-cache"), (False, "--json"), (True, "--json"), (False, "--no-cache")):
        record = json.loads(run(*words, "--json", option).stdout)
        assert record["kept"] is kept
        assert record["search"] == {"method": "exact"}
    again = run(*words)
    assert "neighbours: read from" in again.stderr
    assert json.loads((tmp_path / "map.json").read_text()) == {**record, "kept": True}
