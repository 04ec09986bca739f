"""The main job through the command line: older files in, verdicts out, and every bad input refused."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.study import Study
from repscope.testing import simulate

QUICK = ["--method", "none", "--measures", "mrr.true", "--figures", "png"]


def run(*arguments: object):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def refused(result, *words: str) -> None:
    """One error with its three parts, exit code 1, no traceback."""
    assert result.exit_code == 1, result.output + result.stderr
    for part in ("expected", "got", "do", *words):
        assert part in result.stderr, result.stderr
    assert "Traceback" not in result.stderr
    assert not isinstance(result.exception, (ValueError, OSError, RuntimeError)), result.exception


def older_pickle(
    folder: Path, condition: str, *, images: int = 150, rows: int = 2, **changes: object
) -> Path:
    """What the script of the older pipeline wrote."""
    study = simulate(condition, images=images, rows_per_image=rows)
    pairs = zip(study.clusters, study.item_keys, strict=True)
    content = {
        "visual_before": study.before.astype(np.float32),
        "visual_after": (study.after / np.linalg.norm(study.after, axis=1, keepdims=True)).astype(np.float32),
        "text_adapted": study.reference.astype(np.float32),
        "metadata": [
            {"image_id": int(image), "batch_idx": 0, "pair_idx": row, "gt_hoi": int(label)}
            for row, (image, label) in enumerate(pairs)
        ],
        "config": {"num_samples": images},
    } | changes
    path = folder / "embeddings_for_viz.pkl"
    path.write_bytes(pickle.dumps(content))
    return path


def judged(folder: Path, condition: str, **options: object) -> dict:
    path = older_pickle(folder, condition, **options)
    assert run("import", path, "--study", folder / "s").exit_code == 0
    result = run(
        "compare", folder / "s", "visual_before", "visual_after", "--reference", "text_adapted",
        "--on", "label", "--cluster", "image_id", "--json", *QUICK,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("identity", {"unchanged"}),
        ("collapse-text", {"collapsed", "hub-captured"}),
        ("bridged", {"aligned"}),
        ("noisier", {"damaged"}),
        ("mean-shift", {"closer"}),
    ],
)
def test_the_older_pickle_gets_the_verdict_that_is_true(tmp_path, condition, words):
    record = judged(tmp_path, condition)
    assert record["verdict"]["word"] in words
    assert record["clusters"] == 150
    assert record["n"] == 300


def test_pairs_of_one_image_are_one_cluster_unless_said_otherwise(tmp_path):
    path = older_pickle(tmp_path, "bridged", images=60, rows=2)
    run("import", path, "--study", tmp_path / "s")
    command = [
        "compare",
        tmp_path / "s",
        "visual_before",
        "visual_after",
        "-r",
        "text_adapted",
        "--on",
        "label",
    ]
    by_default = json.loads(run(*command, "--json", *QUICK).stdout)
    assert (by_default["cluster"], by_default["clusters"]) == ("image_id", 60)
    assert "--cluster" not in by_default["replay"]
    assert "image_id" in " ".join(by_default["notes"])
    alone = json.loads(run(*command, "--cluster", "id", "--json", *QUICK).stdout)
    assert alone["clusters"] == 120


def test_a_collapse_is_seen_although_max_cosine_rises(tmp_path):
    record = judged(tmp_path, "collapse-text")
    rows = {row["name"]: row for row in record["measures"]}
    assert rows["cosine.max"]["difference"]["low"] > 0.3
    assert rows["top1.true"]["difference"]["high"] < -0.3
    assert "max-cosine-misleads" in record["verdict"]["flags"]


def test_fifteen_rows_are_inconclusive_and_say_how_many_would_do(tmp_path):
    record = judged(tmp_path, "bridged", images=15, rows=1)
    assert record["verdict"]["word"] == "inconclusive"
    assert record["verdict"]["needed"] >= 30
    assert str(record["verdict"]["needed"]) in " ".join(record["verdict"]["because"])


def test_everything_is_written_and_agrees(tmp_path):
    older_pickle(tmp_path, "bridged", images=60, rows=2)
    assert run("import", tmp_path / "embeddings_for_viz.pkl", "--study", tmp_path / "s").exit_code == 0
    out = tmp_path / "out folder é"
    result = run(
        "compare", tmp_path / "s", "visual_before", "visual_after", "--reference", "text_adapted",
        "--on", "label", "--cluster", "image_id", "--out", out, "--seed", 3,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert "aligned" in result.stdout
    assert str(out / "report.html") in result.stdout.replace("\n", "")
    record = json.loads((out / "metrics.json").read_text())
    assert record["schema"] == "repscope.comparison/1"
    assert record["seed"] == 3
    assert set(record["fingerprints"]) == {"visual_before", "visual_after", "text_adapted"}
    assert record["fingerprints"]["visual_before"] == Study(tmp_path / "s")["visual_before"].fingerprint
    with (out / "metrics.csv").open(newline="") as file:
        names = {row["name"] for row in csv.DictReader(file)}
    assert {row["name"] for row in record["measures"]} <= names
    items = pq.read_table(out / "items.parquet")
    assert items.num_rows == 120
    assert {
        "id",
        "label",
        "true_before",
        "rank_after",
        "predicted_after",
        "displacement",
        "map_before_x",
    } <= set(items.column_names)
    ranks = items.column("rank_after").to_numpy()
    mrr = next(row for row in record["measures"] if row["name"] == "mrr.true")
    assert np.mean(1 / ranks) == pytest.approx(mrr["after"]["value"])
    for name in ("map", "distributions", "differences", "confidence", "classes_before", "classes_after"):
        for suffix in ("png", "svg"):
            assert (out / "figures" / f"{name}.{suffix}").stat().st_size > 1000
    replay = record["replay"].split()
    assert replay[:2] == ["repscope", "compare"]
    assert "--seed" in replay


def test_the_replay_command_repeats_every_number(tmp_path):
    import shlex

    record = judged(tmp_path, "bridged", images=40, rows=1)
    words = shlex.split(record["replay"])[1:]
    again = json.loads(run(*words, "--json", "--figures", "png").stdout)
    assert again == record


def test_views_add_lidar_and_are_clusters_and_are_replayed(tmp_path):
    import shlex

    world = simulate("bridged", images=40, rows_per_image=3)
    items = {
        "id": np.arange(120),
        "label": world.item_keys,
        "photo": world.clusters,
        "single": np.arange(120),
    }
    for name, vectors in (("before", world.before), ("after", world.after)):
        np.savez(tmp_path / f"{name}.npz", vectors=vectors, **items)
    np.savez(tmp_path / "text.npz", vectors=world.reference, label=np.arange(len(world.reference)))
    files = [tmp_path / f"{name}.npz" for name in ("before", "after", "text")]
    assert run("import", *files, "--study", tmp_path / "s").exit_code == 0
    command = ["compare", tmp_path / "s", "before", "after", "-r", "text", "--on", "label", "--json"]
    command += ["--method", "none", "--measures", "lidar", "--figures", "png"]
    record = json.loads(run(*command, "--views", "photo").stdout)
    assert (record["views"], record["cluster"], record["clusters"]) == ("photo", "photo", 40)
    row = next(row for row in record["measures"] if row["name"] == "lidar")
    assert 1 < row["after"]["low"] < row["after"]["value"] < row["after"]["high"]
    assert "--views photo" in record["replay"]
    again = run(*shlex.split(record["replay"])[1:], "--json", "--figures", "png")
    assert json.loads(again.stdout) == record
    single = json.loads(run(*command, "--views", "single").stdout)
    assert "items with one view" in single["undefined"]["lidar"]
    without = json.loads(run(*command).stdout)
    assert without["views"] is None
    assert "--views" in without["undefined"]["lidar"]
    refused(run(*command, "--views", "nowhere"), "nowhere")


def test_a_gate_fails_with_3(tmp_path):
    older_pickle(tmp_path, "collapse-text")
    run("import", tmp_path / "embeddings_for_viz.pkl", "--study", tmp_path / "s")
    command = [
        "compare",
        tmp_path / "s",
        "visual_before",
        "visual_after",
        "-r",
        "text_adapted",
        "--on",
        "label",
        *QUICK,
    ]
    assert run(*command, "--fail-on", "collapsed,damaged").exit_code == 3
    assert run(*command, "--fail-on", "damaged").exit_code == 0
    refused(run(*command, "--fail-on", "colapsed"), "colapsed")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A study with sets that fit, and sets that do not."""
    folder = tmp_path_factory.mktemp("bad") / "s"
    made = simulate("bridged", images=40, classes=6, d=16)
    study = Study(folder)
    labels = [f"class {key}" for key in made.item_keys]
    ids = [f"item {row}" for row in range(40)]
    study.add("before", made.before, {"id": ids, "label": labels, "half": ["a", "b"] * 20})
    study.add("after", made.after, {"id": ids, "label": labels})
    study.add("text", made.reference, {"label": [f"class {key}" for key in range(6)]})
    study.add("text short", made.reference[:4], {"label": [f"class {key}" for key in range(4)]})
    study.add("others", made.after, {"id": [f"other {row}" for row in range(40)]})
    study.add("wide", np.hstack([made.after, made.after]), {"id": ids})
    study.add("zero", np.where(np.arange(40)[:, None] == 3, 0.0, made.after), {"id": ids})
    study.add("one", made.before[:1], {"id": ids[:1], "label": labels[:1]})
    study.add("no label", made.before, {"id": ids})
    study.add("some labels", made.before, {"id": ids, "label": [None, *labels[1:]]})
    return folder


def compare(study: Path, before="before", after="after", reference="text", *more: object):
    return run(
        "compare", study, before, after, "--reference", reference, *(more or ("--on", "label")), *QUICK
    )


def test_no_study_no_set(study, tmp_path):
    refused(compare(tmp_path / "nowhere"), "nowhere", "repscope import")
    refused(compare(study, "befor"), "befor", "before")
    (tmp_path / "file").write_text("x")
    refused(compare(tmp_path / "file"), "a file")


@pytest.mark.parametrize("name", ["../before", "a/b", "..", ".hidden", "", "x" * 300, "a\nb"])
def test_names_that_climb_out_are_refused(study, name):
    refused(compare(study, name))


def test_widths_that_differ(study):
    refused(compare(study, "before", "wide"), "width", "16", "32")


def test_ids_that_do_not_link(study):
    refused(compare(study, "before", "others"), "same id", "other 0")


def test_a_label_missing_in_the_reference(study):
    refused(compare(study, "before", "after", "text short"), "class", "--drop-unlinked")
    result = compare(study, "before", "after", "text short", "--on", "label", "--drop-unlinked", "--json")
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert 0 < record["without_truth"] < 40


def test_items_without_a_label_are_counted_and_left_out(study):
    record = json.loads(compare(study, "some labels", "after", "text", "--on", "label", "--json").stdout)
    assert record["without_truth"] == 1
    assert "1 of 40" in " ".join(record["notes"])


def test_a_missing_column(study):
    refused(compare(study, "no label"), "label")
    refused(compare(study, "before", "after", "text", "--on", "label", "--cluster", "image"), "image")
    refused(compare(study, "before", "after", "text", "--on", "label", "--split", "half=c"), "'c'", "a, b")
    refused(compare(study, "before", "after", "text", "--on", "label", "--split", "half"), "COL=VALUE")
    refused(compare(study, "before", "after", "text", "--on", "label", "--seen", "seen"), "seen")


def test_a_split_measures_its_rows_only(study):
    record = json.loads(
        compare(study, "before", "after", "text", "--on", "label", "--split", "half=a", "--json").stdout
    )
    assert record["n"] == 20
    assert "half=a" in record["replay"]


def test_zero_vectors_are_named(study):
    refused(compare(study, "before", "zero"), "zero", "item 3")


def test_one_row(study):
    refused(compare(study, "one", "after"), "at least 2 items")


def test_unknown_words(study):
    refused(run("compare", study, "before", "after", "-r", "text", "--method", "tsme"), "tsme", "tsne")
    refused(run("compare", study, "before", "after", "-r", "text", "--measures", "mrr.tru"), "mrr.true")
    refused(run("compare", study, "before", "after", "-r", "text", "--figures", "gif"), "gif")
    refused(run("compare", study, "before", "after", "-r", "text", "--palette", "pink", *QUICK), "pink")


def test_usage_errors_exit_with_2(study):
    assert run("compare", study, "before").exit_code == 2
    assert run("compare", study, "before", "after").exit_code == 2


def test_an_incomplete_set_is_refused_with_the_command_that_completes_it(study):
    opened = Study(study)
    with opened.writer("half done", recipe="r", resume="repscope extract photos --study s") as writer:
        writer.write_shard(np.ones((3, 16), np.float32), {"id": ["a", "b", "c"]})
    refused(compare(study, "half done"), "repscope extract photos")


def test_a_corrupt_shard_is_found_before_anything_is_measured(study):
    opened = Study(study)
    opened.add("rotten", opened["before"])
    shard = next((study / "sets" / "rotten").glob("*.arrow"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    refused(compare(study, "rotten"), "shard-00000.arrow", "SHA-256")


def test_an_output_that_cannot_be_written(study, tmp_path):
    (tmp_path / "file").write_text("x")
    refused(
        compare(study, "before", "after", "text", "--on", "label", "--out", tmp_path / "file" / "out"), "file"
    )


def test_fewer_rows_than_dimensions_is_measured_and_said(tmp_path):
    made = simulate("bridged", images=40, classes=6, d=64)
    study = Study(tmp_path / "s")
    for name, rows in (("before", made.before), ("after", made.after)):
        study.add(name, rows, {"label": [str(key) for key in made.item_keys]})
    study.add("text", made.reference, {"label": [str(key) for key in range(6)]})
    result = run(
        "compare", tmp_path / "s", "before", "after", "-r", "text", "--on", "label", "--json",
        "--method", "none", "--measures", "frechet,rank.entropy", "--figures", "png",
    )  # fmt: skip
    rows = {row["name"]: row for row in json.loads(result.stdout)["measures"]}
    assert "64" in rows["frechet"]["before"]["method"]
    assert rows["rank.entropy"]["before"]["value"] < 39
    assert rows["rank.entropy"]["gaussian"]["low"] < 40


def test_without_a_link_only_distributions_are_compared(study):
    result = run(
        "compare", study, "before", "after", "-r", "text", "--json", "--method", "pca", "--figures", "png"
    )
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["on"] is None
    assert not any(row["name"].endswith(".true") for row in record["measures"])
    assert record["verdict"]["word"] in ("collapsed", "closer", "farther", "unchanged", "inconclusive")


def test_the_same_set_twice_is_unchanged(study):
    record = json.loads(compare(study, "before", "before", "text", "--on", "label", "--json").stdout)
    assert record["verdict"]["word"] == "unchanged"


def test_unicode_and_spaces_in_names(study):
    opened = Study(study)
    opened.add("nach der Brücke 橋", opened["after"])
    result = compare(study, "before", "nach der Brücke 橋", "text", "--on", "label", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["after"] == "nach der Brücke 橋"


def test_seen_and_unseen_classes_are_mapped_and_empty_ones_listed(tmp_path):
    made = simulate("bridged", images=60, classes=8, d=16)
    study = Study(tmp_path / "s")
    labels = [str(key) for key in made.item_keys]
    for name, rows in (("before", made.before), ("after", made.after)):
        study.add(name, rows, {"label": labels})
    texts = np.vstack([made.reference, np.eye(16)[:2]])
    study.add(
        "text", texts, {"label": [*map(str, range(8)), "nobody", "nothing"], "seen": [True] * 5 + [False] * 5}
    )
    out = tmp_path / "out"
    result = run(
        "compare", tmp_path / "s", "before", "after", "-r", "text", "--on", "label", "--seen", "seen",
        "--method", "pca", "--measures", "mrr.true", "--figures", "svg", "--out", out, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["classes_without_items"] == ["nobody", "nothing"]
    drawn = (out / "figures" / "classes_after.svg").read_text()
    assert "nobody" in drawn
    assert "unseen" in drawn
