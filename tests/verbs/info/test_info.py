"""What a study holds, as records."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import CorruptError, InputError, LinkError, MissingError, UnknownNameError
from repscope.study import SetLink, Skipped, Study
from repscope.verbs.info.info import info


@pytest.fixture
def study(tmp_path: Path) -> Study:
    study = Study(tmp_path / "study")
    study.add(
        "whole", np.ones((3, 2), np.float16), {"id": list("abc"), "label": [1, 2, 3]}, provenance={"m": 1}
    )
    with study.writer("half", recipe="r", resume="repscope extract x") as writer:
        writer.write_shard([[1.0]], {"id": ["p"]}, skipped=[Skipped("q", "broken")])
    return study.configure(
        description="what it is", stages={"s": ["half", "whole"]}, links=[SetLink("half", "whole")]
    )


def test_a_complete_set(study: Study) -> None:
    record = info(study.path, "whole")
    provenance = record.pop("provenance")
    assert provenance["m"] == 1
    assert record == {
        "name": "whole",
        "n": 3,
        "d": 2,
        "dtype": "float16",
        "columns": ["id", "label"],
        "complete": True,
        "fingerprint": study["whole"].fingerprint,
        "verified": False,
        "types": {"id": "string", "label": "int64"},
        "bytes": (study.folder("whole") / "shard-00000.arrow").stat().st_size,
        "shards": 1,
        "skipped": [],
        "resume": "",
        "writer": None,
        "replacement": None,
        "problem": None,
    }
    assert info(str(study.path), "whole", verify=True)["verified"] is True


def test_an_incomplete_set(study: Study) -> None:
    record = info(study.path, "half", verify=True)
    assert (record["complete"], record["fingerprint"], record["n"]) == (False, "", 1)
    assert record["resume"] == "repscope extract x"
    assert record["skipped"] == [{"id": "q", "reason": "broken"}]
    assert record["writer"] is None
    with study.writer("half", recipe="r"):
        assert info(study.path, "half")["writer"]["pid"] == os.getpid()


def test_a_set_that_is_being_replaced(study: Study) -> None:
    before = info(study.path, "whole")
    with study.writer("whole", recipe="r", resume="repscope import x --overwrite", overwrite=True) as writer:
        assert info(study.path, "whole")["writer"]["pid"] == os.getpid()
        writer.write_shard([[1.0], [2.0]], {"id": ["p", "q"]})
    size = (study.folder("whole") / "shard-00000.g1.arrow").stat().st_size
    expected = {"n": 2, "bytes": size, "resume": "repscope import x --overwrite"}
    assert info(study.path, "whole", verify=True) == {
        **before,
        "verified": True,
        "replacement": expected,
    }
    (study.folder("whole") / "manifest.json").write_text("{")
    damaged = info(study.path)["sets"][1]
    assert (damaged["problem"]["error"], damaged["replacement"]) == ("CorruptError", expected)


def test_a_study(study: Study) -> None:
    record = info(study.path)
    assert [one["name"] for one in record["sets"]] == ["half", "whole"]
    assert record["sets"][1] == info(study.path, "whole")
    assert {key: value for key, value in record.items() if key != "sets"} == {
        "name": "study",
        "path": str(study.path),
        "description": "what it is",
        "stages": {"s": ["half", "whole"]},
        "links": [{"left": "half", "right": "whole", "on": "id"}],
        "transforms": [],
        "trainings": [],
    }
    json.dumps(record, allow_nan=False)


def test_harm_is_described_beside_what_is_well(study: Study) -> None:
    path = study.folder("whole") / "shard-00000.arrow"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert info(study.path)["sets"][1]["problem"] is None
    half, whole = info(study.path, verify=True)["sets"]
    assert (half["verified"], half["problem"]) == (True, None)
    assert (whole["verified"], whole["problem"]["error"], whole["n"]) == (False, "CorruptError", 3)
    assert str(path) in whole["problem"]["expected"]
    with pytest.raises(CorruptError, match="SHA-256"):
        info(study.path, "whole", verify=True)


def test_a_manifest_beyond_reading(study: Study) -> None:
    (study.folder("whole") / "manifest.json").write_text("{")
    half, whole = info(study.path)["sets"]
    assert half["problem"] is None
    assert (whole["name"], whole["n"], whole["complete"]) == ("whole", 0, False)
    assert "JSON" in whole["problem"]["expected"]
    with pytest.raises(CorruptError, match="JSON"):
        info(study.path, "whole")


def test_a_set_that_leads_out_of_the_study(study: Study, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text((study.folder("whole") / "manifest.json").read_text())
    (study.path / "sets" / "link").symlink_to(tmp_path / "out")
    sets: dict[str, Any] = {one["name"]: one for one in info(study.path)["sets"]}
    assert sets["link"]["problem"]["error"] == "NameNotAllowedError"
    assert sets["link"]["n"] == 0


def test_what_is_not_there(study: Study, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such set"):
        info(study.path, "nope")
    with pytest.raises(MissingError, match="no such folder"):
        info(tmp_path / "nope")


def test_a_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff"))
    try:
        Study(path).add("s", [[1.0]])
    except OSError:
        pytest.skip("this file system has no such names")
    record = info(path)
    json.dumps(record, ensure_ascii=False).encode()
    assert record["path"].endswith("bad\\udcff")
    assert info(path, "s")["n"] == 1


def test_the_items_of_sets_get_the_columns_of_a_table(tmp_path: Path) -> None:
    study = Study(tmp_path / "s")
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    recipe = {"recipe": "r", "provenance": {"from": "here"}}
    for name in ("before", "after"):
        with study.writer(name, **recipe) as writer:
            writer.write_shard(rows[:4], {"id": list("abcd")}, skipped=[Skipped("x", "broken")])
            writer.write_shard(None, skipped=[Skipped("y", "broken")])
            writer.write_shard(rows[4:], {"id": list("ef")})
            writer.finish()
    before = study.manifest("before")
    table = tmp_path / "split.csv"
    table.write_text("name,seen,more\n" + "".join(f"{one},{one in 'ace'},{one * 2}\n" for one in "fedcbaz"))
    record = info(study, "before,after", items=table, id_column="name")
    assert [one["columns"] for one in record["sets"]] == [["id", "seen", "more"]] * 2
    now = study.manifest("before")
    assert study["before"].column("more").tolist() == ["aa", "bb", "cc", "dd", "ee", "ff"]
    assert (now.fingerprint, now.recipe, now.skipped) == (before.fingerprint, "r", before.skipped)
    assert [shard.rows for shard in now.shards] == [4, 0, 2]
    assert now.provenance["from"] == "here"
    assert now.provenance["added_columns"] == {"seen": str(table), "more": str(table)}
    assert study.verify("before").n == 6


@pytest.mark.parametrize(
    ("text", "options", "error", "says"),
    [
        ("id,seen\na,1\n", {}, LinkError, "1 missing"),
        ("id,seen\na,1\na,2\nb,1\n", {}, LinkError, "repeat"),
        ("id,label\na,1\nb,2\n", {}, InputError, "label, which it has"),
        ("key,seen\na,1\nb,2\n", {}, UnknownNameError, "--id-column"),
        ("id\na\nb\n", {}, UnknownNameError, "and others"),
        ("id,seen\na,1\nb,2\n", {"name": None}, InputError, "name it, or several: one"),
    ],
)
def test_a_table_that_does_not_fit_changes_nothing(
    tmp_path: Path, text: str, options: dict[str, Any], error: type[Exception], says: str
) -> None:
    study = Study(tmp_path / "s")
    for name in ("one", "two"):
        study.add(name, np.eye(2), {"id": ["a", "b"], **({"label": ["p", "q"]} if name == "two" else {})})
    (tmp_path / "t.csv").write_text(text)
    prints = [study.manifest(name) for name in study.sets]
    with pytest.raises(error, match=says):
        info(study, items=tmp_path / "t.csv", **{"name": "one,two", **options})
    assert [study.manifest(name) for name in study.sets] == prints


def test_words_about_a_table_need_one(tmp_path: Path) -> None:
    Study(tmp_path / "s").add("one", np.eye(2))
    with pytest.raises(InputError, match="no --items"):
        info(tmp_path / "s", "one", encoding="cp1252")
