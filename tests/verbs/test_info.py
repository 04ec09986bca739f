"""What a study holds, as records."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import CorruptError, MissingError
from repscope.study import SetLink, Skipped, Study
from repscope.verbs.info import info


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
