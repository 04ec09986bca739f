"""The study: a directory of sets, by name."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from repscope.errors import (
    ExistsError,
    InputError,
    MissingError,
    NameNotAllowedError,
    RepscopeError,
    StorageError,
    StudyError,
    VectorError,
)
from repscope.study import EmbeddingSet, Study


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path / "my study é")


text = st.text(st.characters(codec="utf-8"), max_size=5)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_is_added_is_read(study: Study, data: st.DataObject) -> None:
    ids = data.draw(st.lists(text.filter(bool), min_size=1, max_size=7, unique=True))
    dtype = data.draw(st.sampled_from([np.float16, np.float32, np.float64]))
    finite = st.floats(-1000, 1000, width=16)
    vectors = data.draw(npst.arrays(dtype, (len(ids), data.draw(st.integers(1, 4))), elements=finite))
    labels = data.draw(st.lists(text | st.none(), min_size=len(ids), max_size=len(ids)))
    numbers = data.draw(st.lists(st.integers(0, 9) | st.none(), min_size=len(ids), max_size=len(ids)))
    items = {"id": ids, "label": pa.array(labels, pa.string()), "l": [[n] for n in numbers]}
    rows = data.draw(st.integers(1, 8))
    added = study.add("s", vectors, items, shard_rows=rows, overwrite=True)
    stored = vectors.astype(np.float32 if dtype == np.float64 else dtype)
    for found in (added, study["s"], study.verify("s"), Study.open(study.path)["s"]):
        assert np.concatenate(list(found.blocks(dtype=stored.dtype))).tobytes() == stored.tobytes()
        assert found.dtype == stored.dtype
        assert found.items.to_pydict() == {"id": ids, "label": labels, "l": [[n] for n in numbers]}
        assert found.fingerprint == EmbeddingSet("x", vectors, {"id": ids}).fingerprint
    assert len(study.manifest("s").shards) == -(-len(ids) // rows)


def test_a_new_study_is_made_on_first_write(study: Study) -> None:
    assert not study.path.exists()
    assert (study.sets, list(study), len(study), study.name, study.description) == (
        [],
        [],
        0,
        "my study é",
        "",
    )
    assert not study.path.exists()
    study.add("b", [[1.0]])
    study.add("a", [[1.0]])
    again = Study.open(study.path)
    assert (again.sets, list(again), len(again)) == (["a", "b"], ["a", "b"], 2)
    assert repr(again) == f"Study({str(study.path)!r}, sets=['a', 'b'])"


def test_reading_writes_nothing(study: Study) -> None:
    study.add("s", [[1.0, 2.0]])

    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in study.path.rglob("*")}

    before = state()
    again = Study.open(study.path)
    again["s"].take([0])
    again.verify("s")
    assert "s" in again
    assert state() == before


def test_a_study_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such folder"):
        Study.open(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingError, match="an empty folder"):
        Study.open(tmp_path / "empty")
    assert Study(tmp_path / "empty").sets == []


def test_folders_that_are_no_study(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(StudyError, match=r"a folder with other things \(photo.jpg\)"):
        Study(tmp_path)
    with pytest.raises(StudyError, match="got a file"):
        Study(tmp_path / "photo.jpg")
    with pytest.raises(StorageError):
        Study(tmp_path / "photo.jpg" / "study").add("s", [[1.0]])


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "y/" * 3000])
def test_paths_that_cannot_be(path: str) -> None:
    with pytest.raises((NameNotAllowedError, StorageError)):
        Study("/tmp/" + path).add("s", [[1.0]])


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/b", "", "..", "CON", "a\0", "x" * 500, ".hidden", "-x"]
)
def test_names_that_climb_out(study: Study, name: str) -> None:
    study.add("s", [[1.0]])
    for act in (study.__getitem__, study.manifest, study.verify, study.remove, study.folder, study.writer):
        with pytest.raises(NameNotAllowedError):
            act(name)
    with pytest.raises(NameNotAllowedError):
        study.add(name, [[1.0]])
    with pytest.raises(NameNotAllowedError):
        study.results("compare", name)
    with pytest.raises(NameNotAllowedError):
        study.results(name, "x")
    assert name not in study
    assert listing(study.path) == ["sets", "study.toml"]
    assert listing(study.path / "sets") == ["s"]


def test_unicode_names_in_either_form(study: Study) -> None:
    study.add("cafe\u0301 日本", [[1.0]])
    assert study.sets == ["caf\u00e9 日本"]
    assert "cafe\u0301 日本" in study
    assert "caf\u00e9 日本" in study
    assert study["caf\u00e9 日本"].fingerprint == study["cafe\u0301 日本"].fingerprint
    with pytest.raises(ExistsError):
        study.add("caf\u00e9 日本", [[1.0]])


def test_names_that_differ_in_case_only(study: Study) -> None:
    study.add("Visual", [[1.0]])
    with pytest.raises(NameNotAllowedError, match="differs from 'Visual' in more than case"):
        study.add("visual", [[1.0]])
    assert study.sets == ["Visual"]
    study.add("Visual", [[2.0]], overwrite=True)


def test_near_names_are_offered(study: Study) -> None:
    with pytest.raises(MissingError, match="add one: repscope import"):
        study["x"]
    for name in ("visual_before", "visual_after", "text"):
        study.add(name, [[1.0]])
    with pytest.raises(MissingError, match=r"choose one of: visual_before, visual_after$"):
        study["visual_befor"]
    with pytest.raises(MissingError, match="choose one of: text, visual_after, visual_before"):
        study["something else"]
    for other in (3, None, ("a",)):
        assert other not in study


def test_strangers_in_the_folder_of_sets(study: Study, tmp_path: Path) -> None:
    study.add("s", [[1.0]])
    folder = study.path / "sets"
    (folder / ".DS_Store").write_text("")
    (folder / "._s").mkdir()
    (folder / "._s" / "manifest.json").write_text("{}")
    (folder / "empty").mkdir()
    (folder / "file").write_text("")
    assert study.sets == ["s"]


def test_sets_on_another_disk_are_refused(study: Study, tmp_path: Path) -> None:
    study.add("s", [[1.0]])
    shutil.move(study.path / "sets", tmp_path / "elsewhere")
    (study.path / "sets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NameNotAllowedError, match="symbolic link"):
        study["s"]


def test_taken_names(study: Study) -> None:
    study.add("s", [[1.0]])
    with pytest.raises(ExistsError, match="--overwrite"):
        study.add("s", [[2.0]])
    assert study["s"].vectors.tolist() == [[1.0]]
    study.add("s", [[2.0, 3.0]], overwrite=True)
    assert study["s"].vectors.tolist() == [[2.0, 3.0]]


def test_a_set_may_replace_itself(study: Study) -> None:
    study.add("s", np.arange(12.0).reshape(6, 2), shard_rows=2)
    study.add("s", study["s"], overwrite=True, shard_rows=4)
    assert study.verify("s").vectors[:, 0].tolist() == [0, 2, 4, 6, 8, 10]
    study.add("s", study["s"].take([5, 1]), overwrite=True)
    assert study.verify("s").ids.tolist() == ["5", "1"]


def test_bad_vectors_replace_nothing(study: Study) -> None:
    study.add("s", [[1.0]])
    for vectors in ([[np.nan]], [[1]], [1.0]):
        with pytest.raises(VectorError):
            study.add("s", vectors, overwrite=True)
    with pytest.raises(InputError, match="provenance of set 's'"):
        study.add("s", [[2.0]], provenance={"x": object()}, overwrite=True)
    assert study.verify("s").vectors.tolist() == [[1.0]]


def test_an_interrupted_add_is_repeated_an_interrupted_extraction_is_not(study: Study) -> None:
    with study.writer("added") as writer:
        writer.write_shard([[1.0]])
    assert study.add("added", [[2.0]]).vectors.tolist() == [[2.0]]
    with study.writer("extracted", recipe="r", resume="repscope extract …") as writer:
        writer.write_shard([[1.0]])
    with pytest.raises(ExistsError, match="repscope extract …"):
        study.add("extracted", [[2.0]])
    assert study.manifest("extracted").n == 1
    study.add("extracted", [[2.0]], overwrite=True)


def test_where_a_set_comes_from(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/bin/repscope", "import", "my file.npz"])
    first = study.add("first", [[1.0], [2.0]], provenance={"model": "clip"})
    assert first.provenance["model"] == "clip"
    assert first.provenance["command"] == "repscope import 'my file.npz'"
    assert first.provenance["versions"]["numpy"] == np.__version__
    assert "parents" not in first.provenance

    monkeypatch.setattr(sys, "argv", ["/bin/repscope", "bridge"])
    copy = study.add("copy", first)
    assert copy.name == "copy"
    assert copy.fingerprint == first.fingerprint
    assert copy.provenance["parents"] == [{"name": "first", "fingerprint": first.fingerprint}]
    assert copy.provenance["model"] == "clip"
    assert copy.provenance["command"] == "repscope bridge"

    part = study.add("part", first.take([1]))
    assert part.provenance["parents"] == [{"name": "first", "fingerprint": first.fingerprint}]

    both = study.add("both", [[3.0]], parents=[first, part], provenance={"transform": "mean"})
    assert [one["name"] for one in both.provenance["parents"]] == ["first", "part"]
    assert both.provenance["transform"] == "mean"

    made = EmbeddingSet("first", [[1.0]], provenance={"model": "m", "versions": {"torch": "2"}})
    again = study.add("first", made, overwrite=True)
    assert "parents" not in again.provenance
    assert again.provenance["versions"] == {"torch": "2"}


def test_items_beside_a_set(study: Study) -> None:
    with pytest.raises(InputError, match="other items beside it"):
        study.add("s", EmbeddingSet("s", [[1.0]]), {"id": ["a"]})


def test_remove(study: Study) -> None:
    study.add("s", [[1.0]])
    study.add("t", [[1.0]])
    old = study["s"]
    study.remove("s")
    assert study.sets == ["t"]
    assert not study.folder("s").exists()
    assert old.vectors.tolist() == [[1.0]]
    with pytest.raises(MissingError):
        study.remove("s")
    (study.folder("t") / "manifest.json").write_text("{")
    study.remove("t")
    assert study.sets == []


def test_results_live_beside_the_sets(study: Study, tmp_path: Path) -> None:
    assert study.results("compare", "a–b") == study.path / "results" / "compare" / "a–b"
    study.create()
    (study.path / "results").symlink_to(tmp_path)
    with pytest.raises(NameNotAllowedError, match="symbolic link"):
        study.results("compare", "x")


def test_every_refusal_is_one_of_ours(study: Study) -> None:
    """Whatever is thrown at add, only errors of the tree come out."""
    things: list[Any] = [
        None,
        3,
        "x",
        [],
        [[]],
        {},
        object(),
        b"",
        [["a"]],
        np.array(None),
        [[1.0], [1.0, 2.0]],
    ]
    for thing in things:
        with pytest.raises(RepscopeError):
            study.add("s", thing)
    for thing in things[1:]:
        if thing != {}:
            with pytest.raises(RepscopeError):
                study.add("s", [[1.0]], thing)
    assert "s" not in study
