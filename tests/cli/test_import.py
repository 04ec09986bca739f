"""``repscope import`` as a person and a script meet it: exit codes, stdout, stderr, an unchanged study."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from repscope.cli.main import app
from repscope.study import Study

X = np.random.default_rng(0).standard_normal((10, 4)).astype("f4")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study that holds one set, to see that errors leave it alone."""
    Study(tmp_path / "my study é").add("kept", X)
    return tmp_path / "my study é"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, words)])


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refused(result: Result, *says: str) -> None:
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.output
    for word in ("expected", "got", "do"):
        assert f"\n  {word} " in result.stderr
    for text in says:
        assert text in result.stderr, result.stderr


def test_json_is_the_record_and_nothing_else(tmp_path: Path, study: Path) -> None:
    np.savez(tmp_path / "clip.npz", vectors=X, ids=np.arange(10), label=np.arange(10), other=np.ones(3))
    result = run(tmp_path / "clip.npz", "--study", study, "--json")
    assert result.exit_code == 0, result.output
    (record,) = json.loads(result.stdout)
    opened = Study(study)["clip"]
    assert {
        key: record[key] for key in ("name", "n", "d", "dtype", "fingerprint", "columns", "trusted_pickle")
    } == {
        "name": "clip",
        "n": 10,
        "d": 4,
        "dtype": "float32",
        "fingerprint": opened.fingerprint,
        "columns": ["id", "label"],
        "trusted_pickle": False,
    }
    assert "note: clip: not imported: other" in result.stderr


def test_the_summary_and_quiet(tmp_path: Path, study: Path) -> None:
    np.save(tmp_path / "a b é.npy", X)
    result = run(tmp_path / "a b é.npy", "--study", study)
    assert result.exit_code == 0
    assert "a b é" in result.stdout
    assert "10 × 4" in result.stdout
    result = run(tmp_path / "a b é.npy", "--study", study, "--as", "zwei 二", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert Study(study).sets == ["a b é", "kept", "zwei 二"]


def test_items_names_and_ids(tmp_path: Path, study: Path) -> None:
    np.save(tmp_path / "clip.npy", np.stack([X, X]))
    (tmp_path / "rows.csv").write_text("coco,caption\n" + "".join(f"{row:03},c{row}\n" for row in range(10)))
    result = run(
        tmp_path / "clip.npy",
        "--study",
        study,
        "--as",
        "image,text",
        "--items",
        tmp_path / "rows.csv",
        "--ids",
        "coco",
    )
    assert result.exit_code == 0, result.output
    assert Study(study)["text"].ids[7] == "007"


def test_real_clip_features_with_their_captions(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "embeddings" / "modality_gap"
    result = run(
        folder / "features_clip.npy",
        "--study",
        tmp_path / "s",
        "--as",
        "image,text",
        "--items",
        folder / "features_clip_rows.csv",
    )
    assert result.exit_code == 0, result.output
    opened = Study(tmp_path / "s")
    image, text = opened["image"].vectors, opened["text"].vectors
    image = image / np.linalg.norm(image, axis=1, keepdims=True)
    text = text / np.linalg.norm(text, axis=1, keepdims=True)
    assert np.linalg.norm(image.mean(0) - text.mean(0)) == pytest.approx(0.851, abs=5e-4)
    assert ((image @ text.T).argmax(1) == np.arange(500)).mean() == pytest.approx(0.552)
    assert "skateboard" in " ".join(opened["text"].column("caption"))


def test_class_texts_with_their_names(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "embeddings" / "clip_class_text"
    result = run(
        folder / "coco_clip_a+cname.npy",
        "-s",
        tmp_path / "s",
        "--as",
        "coco",
        "--items",
        folder / "coco80_names.json",
    )
    assert result.exit_code == 0, result.output
    opened = Study(tmp_path / "s")["coco"]
    assert (opened.column("label")[0], opened.dtype) == ("person", np.float16)


def missing(tmp_path: Path) -> Path:
    return tmp_path / "none.npy"


def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder.npy").mkdir()
    return tmp_path / "folder.npy"


def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty.npz").touch()
    return tmp_path / "empty.npz"


def truncated_npz(tmp_path: Path) -> Path:
    np.savez(tmp_path / "cut.npz", vectors=X)
    raw = (tmp_path / "cut.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(raw[: len(raw) // 2])
    return tmp_path / "cut.npz"


def truncated_pickle(tmp_path: Path) -> Path:
    (tmp_path / "cut.pkl").write_bytes(pickle.dumps({"vectors": X})[:-40])
    return tmp_path / "cut.pkl"


def corrupt_parquet(tmp_path: Path) -> Path:
    pq.write_table(pa.table({"x0": X[:, 0], "x1": X[:, 1]}), tmp_path / "a.parquet")
    raw = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(raw[:20] + raw[40:])
    return tmp_path / "a.parquet"


def corrupt_csv(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("id,x0,x1\na,1.5,2\nb,3\n")
    return tmp_path / "a.csv"


def saved(tmp_path: Path, array: Any) -> Path:
    np.save(tmp_path / "a.npy", array)
    return tmp_path / "a.npy"


def with_value(value: float) -> Any:
    array = X.copy()
    array[3, 1] = value
    return array


def table(tmp_path: Path, **arrays: Any) -> Path:
    np.savez(tmp_path / "a.npz", **arrays)
    return tmp_path / "a.npz"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (missing, ["none.npy", "no such file"]),
        (folder, ["the folder"]),
        (empty, ["an empty file"]),
        (truncated_npz, ["cut.npz", "truncated"]),
        (truncated_pickle, ["cut.pkl", "breaks off"]),
        (corrupt_parquet, ["a.parquet"]),
        (corrupt_csv, ["a.csv", "Expected 3 columns, got 2"]),
        (lambda t: saved(t, with_value(np.nan)), ["NaN", "rows 3", "--drop-invalid"]),
        (lambda t: saved(t, with_value(np.inf)), ["Inf", "rows 3", "--drop-invalid"]),
        (lambda t: saved(t, X[0]), ["shape (4,)"]),
        (lambda t: saved(t, np.zeros((0, 4), "f4")), ["shape (0, 4)"]),
        (lambda t: saved(t, np.zeros((3, 0), "f4")), ["shape (3, 0)"]),
        (lambda t: saved(t, np.float32(3)), ["shape ()"]),
        (lambda t: saved(t, np.ones((2, 2, 2, 2))), ["shape (2, 2, 2, 2)"]),
        (lambda t: saved(t, np.ones((3, 4), int)), ["dtype int64"]),
        (lambda t: saved(t, np.ones((3, 4), complex)), ["dtype complex128"]),
        (lambda t: saved(t, np.array([["a", "b"]])), ["dtype <U1"]),
        (lambda t: table(t, vectors=X, ids=np.array(["a"] * 10)), ["unique ids", "(a)"]),
        (lambda t: table(t, vectors=X, ids=np.array([""] + ["a"] * 9)), ["1 rows without"]),
        (lambda t: table(t, vectors=X, ids=np.arange(9)), ["'ids' for each of the 10 vectors", "(9,)"]),
        (lambda t: table(t, vectors=X, labels=np.arange(11)), ["'labels' for each of the 10 vectors"]),
        (lambda t: table(t, vectors=X[0]), ["shape (4,)"]),
        (lambda t: table(t, a=X, b=X), ["--vectors a"]),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, list) else "file",
)
def test_bad_files(tmp_path: Path, study: Path, make: Any, says: list[str]) -> None:
    path, before = make(tmp_path), snapshot(study)
    refused(run(path, "--study", study), *says)
    assert snapshot(study) == before


def test_a_malicious_pickle(tmp_path: Path, study: Path) -> None:
    canary, before = tmp_path / "canary", snapshot(study)
    path = tmp_path / "evil.pkl"
    path.write_bytes(
        b"cos\nsystem\n(X"
        + len(f"touch '{canary}'").to_bytes(4, "little")
        + f"touch '{canary}'".encode()
        + b"tR."
    )
    refused(run(path, "--study", study), "os.system", "nothing was executed", "evil.pkl")
    assert not canary.exists()
    assert snapshot(study) == before


def test_trusting_a_pickle_is_loud_and_recorded(tmp_path: Path, study: Path) -> None:
    path = tmp_path / "held.pkl"
    path.write_bytes(pickle.dumps({"vectors": X, "extra": Path("/x")}))
    refused(run(path, "--study", study), "pathlib", "--trust-pickle")
    result = run(path, "--study", study, "--trust-pickle", "--quiet", "--json")
    assert result.exit_code == 0, result.output
    assert "TRUSTED PICKLE" in result.stderr
    assert json.loads(result.stdout)[0]["trusted_pickle"] is True
    origin = Study(study).manifest("held").provenance
    assert origin["trusted_pickle"] is True
    assert len(origin["source_sha256"]) == 64


def test_unknown_keys_offer_near_ones(tmp_path: Path, study: Path) -> None:
    path, before = table(tmp_path, image_embeddings=X, names=np.arange(10)), snapshot(study)
    refused(run(path, "-s", study, "--vectors", "image_embedding"), "did you mean --vectors image_embeddings")
    refused(run(path, "-s", study, "--ids", "name"), "did you mean --ids names")
    refused(run(path, "-s", study, "--labels", "zzz"), "names")
    assert snapshot(study) == before


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/b", ".x", "..", "x\x00y", " "])
def test_names_that_climb_out(tmp_path: Path, study: Path, name: str) -> None:
    path, before = saved(tmp_path, X), snapshot(tmp_path)
    refused(run(path, "-s", study, "--as", name), "plain name")
    assert snapshot(tmp_path) == before


def test_a_set_that_exists(tmp_path: Path, study: Path) -> None:
    path, before = saved(tmp_path, 2 * X), snapshot(study)
    refused(run(path, "-s", study, "--as", "kept"), "complete set of 10 rows", "--overwrite")
    assert snapshot(study) == before
    assert run(path, "-s", study, "--as", "kept", "--overwrite").exit_code == 0
    np.testing.assert_array_equal(Study(study)["kept"].vectors, 2 * X)


def test_studies_that_cannot_be_written(tmp_path: Path) -> None:
    path = saved(tmp_path, X)
    refused(run(path, "-s", path / "below"), "below")
    refused(run(path, "-s", path), "a.npy")
    refused(run(path, "-s", "/proc/repscope/study"), "/proc/repscope")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    refused(run(path, "-s", tmp_path / "other"), "no study.toml")


def test_one_bad_file_of_three_writes_nothing(tmp_path: Path, study: Path) -> None:
    before = snapshot(study)
    np.save(tmp_path / "one.npy", X)
    np.save(tmp_path / "three.npy", X)
    refused(run(tmp_path / "one.npy", missing(tmp_path), tmp_path / "three.npy", "-s", study), "none.npy")
    refused(run(tmp_path / "one.npy", empty(tmp_path), "-s", study), "empty.npz")
    assert snapshot(study) == before


def test_usage_errors(tmp_path: Path) -> None:
    assert run("--study", tmp_path / "s").exit_code == 2
    assert run(saved(tmp_path, X)).exit_code == 2


def test_help_has_an_example_and_imports_little() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "Example: repscope import" in result.stdout
    code = (
        "import sys, repscope.cli.import_\n"
        "heavy = {'numpy', 'pyarrow', 'torch', 'scipy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    )
