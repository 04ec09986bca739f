"""``repscope drift`` on older archives: verdict, files, replay, gates, and every bad input."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.study import Study
from repscope.testing.drifts import KNOWN_MOVES, KNOWN_RATIO, simulate_drift

N = 200
SETS = ("gen_0_image", "gen_4_image", "gen_10_image")
QUICK = ("--method", "none", "--measures", "none", "--figures", "png", "--resamples", "200")


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def refused(result, *words: str) -> None:
    """One error with its three parts, exit code 1, no traceback."""
    assert result.exit_code == 1, result.output + result.stderr
    for part in ("expected", "got", "do", *words):
        assert part in result.stderr, result.stderr
    assert "Traceback" not in result.stderr


def older_archives(folder: Path) -> list[Path]:
    """What the scripts of recursive generation wrote, for generations 0, 4 and 10."""
    world = simulate_drift("known", items=N, seed=0)
    assert world.reference is not None
    text = world.reference.astype(np.float32)
    captions = np.array([f"a picture of thing {row}" for row in range(N)])
    paths = [folder / "coco_caption_embeddings.npz"]
    np.savez(paths[0], text_embeddings=text, captions=captions)
    for generation, rows in zip((0, 4, 10), world.stages, strict=True):
        paths.append(folder / f"gen_{generation}_embeddings.npz")
        np.savez(paths[-1], text_embeddings=text, image_embeddings=rows.astype(np.float32), captions=captions)
    return paths


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("older")
    # The order of the files is that of strings: 0, 10, 4.
    paths = sorted(older_archives(folder), key=str)
    result = run("import", *paths, "--study", folder / "s")
    assert result.exit_code == 0, result.stderr
    return folder / "s"


@pytest.fixture(scope="module")
def saved(study: Path) -> Path:
    """A whole report, figures and all."""
    result = run(
        "drift", study, *SETS, "--reference", "coco_caption_text", "--on", "caption_id",
        "--figures", "png,svg", "--measures", "rank,frechet,modes,paths",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("collapsing: gen_0_image → gen_10_image")
    assert "report.html" in result.stdout
    return study / "results" / "drift" / "gen_0_image - gen_10_image"


def test_older_archives_give_the_known_answers(saved):
    record = json.loads((saved / "metrics.json").read_text())
    assert record["verdict"]["word"] == "collapsing"
    assert [one["position"] for one in record["stages"]] == [0, 4, 10]
    moves = {(one["first"], one["second"]): one["distance"] for one in record["moves"]}
    for pair, truth in zip(((0, 1), (1, 2), (0, 2)), KNOWN_MOVES, strict=True):
        assert moves[pair]["low"] < truth < moves[pair]["high"]
    spread = next(one for one in record["measures"] if one["name"] == "spread.total")
    ratio = next(one for one in spread["pairs"] if (one["first"], one["second"]) == (0, 2))
    assert ratio["low"] < KNOWN_RATIO < ratio["high"]


def test_every_file_is_written(saved):
    names = {str(path.relative_to(saved)) for path in saved.rglob("*") if path.is_file()}
    figures = {
        f"figures/generation_{one}.{end}"
        for one in ("clusters", "metrics", "trajectories")
        for end in ("png", "svg")
    }
    files = {"report.html", "report.txt", "metrics.json", "metrics.csv", "items.parquet"}
    assert names == {*files, *figures, "figures/figures.json"}
    with (saved / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    record = json.loads((saved / "metrics.json").read_text())
    last = next(row for row in rows if row["kind"] == "move" and row["second"] == "gen_10_image")
    assert float(last["value"]) == next(
        one["distance"]["value"] for one in record["moves"] if one["second"] == 2
    )
    assert {row["kind"] for row in rows} >= {"stage", "change", "move", "move.plain", "rate"}
    assert pq.read_table(saved / "items.parquet").num_rows == N


def test_the_replay_command_makes_the_same_record(saved, tmp_path):
    first = (saved / "metrics.json").read_bytes()
    words = shlex.split(json.loads(first)["replay"])
    assert words[:2] == ["repscope", "drift"]
    result = run(*words[1:], "--out", tmp_path / "again", "--figures", "png", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "again" / "metrics.json").read_bytes() == first
    for name in ("metrics.csv", "items.parquet", "figures/generation_clusters.png"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_json_is_alone_on_stdout(study, tmp_path):
    result = run("drift", study, *SETS, "--json", "--out", tmp_path, *QUICK)
    assert json.loads(result.stdout) == json.loads((tmp_path / "metrics.json").read_text())
    assert "following 3 stages" in result.stderr
    silent = run("drift", study, *SETS, "--quiet", "--out", tmp_path, *QUICK)
    assert (silent.stdout, silent.stderr) == ("", "")


def test_a_gate_fails_on_its_words_only(study, tmp_path):
    common = ("drift", study, *SETS, "--out", tmp_path, "--quiet", *QUICK)
    assert run(*common, "--fail-on", "stable,drifting").exit_code == 0
    assert run(*common, "--fail-on", "contracting,collapsing").exit_code == 3
    refused(run(*common, "--fail-on", "collapsed"), "a verdict", "'collapsed'")


def test_a_stage_order_and_groups_by_name(study, tmp_path):
    Study.open(study).configure(stages={"generations": list(SETS)})
    by_order = run("drift", study, "generations", "--json", *QUICK)
    assert by_order.exit_code == 0, by_order.stderr
    assert (study / "results" / "drift" / "generations" / "report.html").is_file()
    record = json.loads(by_order.stdout)
    assert [one["set"] for one in record["stages"]] == list(SETS)
    grouped = run(
        "drift", study, "--group", "recursive=generations", "--group", "still=gen_0_image,gen_0_text",
        "--group", "still=gen_4_text", "--json", "--out", tmp_path, *QUICK,
    )  # fmt: skip
    assert grouped.exit_code == 0, grouped.stderr
    record = json.loads(grouped.stdout)
    assert record["group"] == "recursive"
    assert [one["set"] for one in record["groups"]["still"]["stages"]] == [
        "gen_0_image", "gen_0_text", "gen_4_text",
    ]  # fmt: skip
    assert "--group recursive=gen_0_image,gen_4_image,gen_10_image" in record["replay"]
    again = run(*shlex.split(record["replay"])[1:], "--json", "--out", tmp_path, "--figures", "png")
    assert json.loads(again.stdout) == record


def test_examples_are_drawn_from_paths(tmp_path):
    rng = np.random.default_rng(0)
    world = simulate_drift("contraction", items=40, seed=0)
    study = Study(tmp_path / "s")
    for generation, rows in enumerate(world.stages[:3]):
        paths = []
        for item in range(40):
            path = tmp_path / f"images_gen_{generation}" / f"{item}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8)).save(path)
            paths.append(str(path))
        study.add(f"gen_{generation}", rows, {"path": paths, "text": [f"thing {i}" for i in range(40)]})
    result = run(
        "drift", tmp_path / "s", "gen_0", "gen_1", "gen_2", "--out", tmp_path / "out", *QUICK
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "out" / "figures" / "generation_examples.png").is_file()
    assert "generation examples" in (tmp_path / "out" / "report.html").read_text()
    for path in tmp_path.glob("images_gen_*/*.png"):
        path.unlink()
    result = run("drift", tmp_path / "s", "gen_0", "gen_1", "gen_2", "--out", tmp_path / "out", *QUICK)
    assert not (tmp_path / "out" / "figures" / "generation_examples.png").exists()
    assert "could be read here" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("at least two stages in order", "0")),
        (SETS[:1], ("at least two stages in order", "gen_0_image")),
        ((SETS[0], SETS[1], SETS[0]), ("every stage once", "'gen_0_image' more than once")),
        ((SETS[0], "gen_5_image"), ("a set named 'gen_5_image'", "gen_")),
        ((SETS[0], "narrow"), ("sets of one width", "'narrow' 4")),
        ((*SETS, "--reference", "narrow"), ("sets of one width", "'narrow' 4")),
        (
            (*SETS, "--reference", "some_captions", "--on", "caption_id"),
            ("--drop-unlinked", "20 of 200 rows"),
        ),
        ((*SETS, "--reference", "some_captions", "--on", "key"), ("a column 'key'",)),
        ((*SETS, "--on", "caption_id"), ("a reference to link with",)),
        ((*SETS, "--cluster", "image_id"), ("a column of set", "'image_id'")),
        ((*SETS, "--groups", "model"), ("a column of set", "'model'")),
        ((*SETS, "--groups", "condition"), ("2 to 8 groups", "'recursive'")),
        ((*SETS, "--groups", "condition", "--group", "a=b,c"), ("--groups or --group", "both")),
        (("--group", "a=gen_0_image", "--group", "b"), ("--group NAME=SET,SET", "'b'")),
        ((*SETS, "--positions", "0,4"), ("3 positions that rise", "0, 4")),
        ((*SETS, "--positions", "0,10,4"), ("3 positions that rise", "0, 10, 4")),
        ((*SETS, "--positions", "first"), ("--positions N,N,…", "'first'")),
        ((*SETS, "--method", "mds"), ("a map", "'mds'")),
        ((*SETS, "--palette", "gaudy"), ("a palette", "'gaudy'")),
        ((*SETS, "--measures", "all"), ("families of measures", "all")),
        ((*SETS, "--figures", "gif"), ("a format of figures", "'gif'")),
        ((SETS[0], "elsewhere"), ("at least 2 items in all stages", "--pair")),
        ((*SETS, "--real", "narrow"), ("sets of one width", "'narrow' 4")),
    ],
)
def test_bad_input_is_refused(study, arguments, words):
    opened = Study.open(study)
    if "narrow" not in opened:
        rng = np.random.default_rng(0)
        opened.add("narrow", rng.normal(size=(N, 4)))
        opened.add("some_captions", rng.normal(size=(180, 32)), {"caption_id": np.arange(180)})
        opened.add("elsewhere", rng.normal(size=(N, 32)), {"id": [f"x{row}" for row in range(N)]})
    extra = () if "--measures" in arguments or "--method" in arguments else QUICK[:4]
    refused(run("drift", study, *arguments, *extra, "--quiet"), *words)
    assert not (study / "results" / "drift" / "gen_0_image - elsewhere").exists()


def test_an_unfinished_set_is_refused(study):
    opened = Study.open(study)
    with opened.writer("gen_12_image", recipe="half") as writer:
        writer.write_shard(np.ones((3, 32), np.float32), {"id": ["a", "b", "c"]})
    refused(run("drift", study, "gen_0_image", "gen_12_image"), "gen_12_image")
    opened.remove("gen_12_image")
