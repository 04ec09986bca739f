from __future__ import annotations

import gzip
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

from repscope.errors import FormatError, InputError, MissingError
from repscope.extraction.sources.open import READERS, SourceOptions, detect_kind, open_source
from repscope.study import Study
from repscope.verbs.extract.extract import extract

COCO = {
    "images": [{"id": 1, "file_name": "a.png"}],
    "annotations": [{"id": 1, "image_id": 1, "caption": "x"}],
}
PARTS: dict[str, Any] = {
    "coco-captions": COCO,
    "coco-instances": {**COCO, "annotations": [{"id": 1, "image_id": 1, "bbox": []}], "categories": []},
    "coco-panoptic": {**COCO, "annotations": [{"image_id": 1, "segments_info": []}], "categories": []},
    "hicodet": {"annotation": [], "filenames": []},
    "vcoco": {"images": [1], "annotations": [{"boxes_h": []}]},
    "text": ["cat", "dog"],
    "table": [{"path": "a.png"}],
}


@pytest.mark.parametrize("kind", sorted(PARTS))
def test_json_is_told_by_what_is_in_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.data"
    path.write_text(json.dumps(PARTS[kind]))
    assert detect_kind(path) == kind


def test_binary_files_are_told_by_their_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    with path.open("wb") as file:
        np.savez(file, x=np.zeros(1))
    assert detect_kind(path) == "npz"
    head = bytes([0, 0, 8, 3]) + bytes(12)
    path.write_bytes(head)
    assert detect_kind(path) == "idx"
    path.write_bytes(gzip.compress(head))
    assert detect_kind(path) == "idx"
    path.write_bytes(b"PAR1....")
    assert detect_kind(path) == "table"
    assert detect_kind(tmp_path) == "folder"


def test_text_files_are_told_by_suffix_and_options(tmp_path: Path) -> None:
    for name, kind in [("x.csv", "table"), ("x.jsonl", "table"), ("x.txt", "text")]:
        (tmp_path / name).write_text("path,label\n")
        assert detect_kind(tmp_path / name) == kind
    assert detect_kind(tmp_path / "x.txt", SourceOptions(templates=("a {}",))) == "classes"


def test_what_cannot_be_told(tmp_path: Path) -> None:
    cases: list[tuple[str, bytes, type[Exception], str]] = [
        ("x.odd", b"path,label\n", FormatError, "--source-kind"),
        ("x.json", b"{", FormatError, "JSON in"),
        ("x.json", b"[" * 100_000, FormatError, "JSON in"),
        ("x.json", b'{"a": 1}', FormatError, "a dictionary of a"),
        ("x.json", b"3", FormatError, "got 3"),
        ("x.json", b"[1]", FormatError, "a list of other things"),
        ("x.csv", b"", InputError, "an empty file"),
        ("x.png", b"x", InputError, f"give its folder: {tmp_path}"),
        ("x.gz", b"\x1f\x8b\x08broken", FormatError, "gzip"),
    ]
    for name, content, error, words in cases:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(error, match=words):
            open_source(tmp_path / name)
    with pytest.raises(MissingError, match="no such folder or file"):
        open_source(tmp_path / "none.csv")
    with pytest.raises(InputError, match="--source-kind among"):
        open_source(tmp_path, SourceOptions(kind="video"))


def test_the_kind_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "list.odd"
    path.write_text("a dog\na cat\n")
    assert [item.text for item in open_source(path, SourceOptions(kind="text")).items] == ["a dog", "a cat"]
    assert open_source(path, SourceOptions(kind="classes")).items[1].columns["label"] == "a cat"
    path.write_text(json.dumps(COCO))
    texts = open_source(path, SourceOptions(kind="coco-captions-text"))
    assert [item.text for item in texts.items] == ["x"]


def test_an_option_that_would_be_ignored_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "x.png")
    with pytest.raises(InputError, match=r"--regions, which it does not take.*hicodet, vcoco"):
        open_source(tmp_path, SourceOptions(regions=("human",)))
    taken = {option for _, options in READERS.values() for option in options}
    assert taken == {field.name for field in fields(SourceOptions)} - {"kind"}
    path = tmp_path / "x.json"
    path.write_text(json.dumps(COCO))
    with pytest.raises(InputError, match="--text-column caption"):
        open_source(path, SourceOptions(text_column="words"))


def test_columns_keep_their_types_across_shards(tmp_path: Path) -> None:
    class Colour(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.mean((2, 3))

    rows = []
    for number in range(6):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(tmp_path / f"{number}.png")
        rows.append(
            {
                "path": f"{number}.png",
                "count": number,
                # The first shard holds whole numbers only, or nothing at all.
                "share": number if number < 3 else 0.5,
                "late": None if number < 3 else "x",
                "flag": number % 2 == 0,
                "mixed": number if number < 3 else "x",
                "big": 2**70,
            }
        )
    rows.insert(2, {"path": "gone.png", "count": 9})
    path = tmp_path / "list.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    done = extract(path, Colour(), study=tmp_path / "s", name="x", shard_rows=3)
    assert [one.reason for one in done.sets[0].skipped] == ["No such file or directory"]
    found = Study.open(tmp_path / "s")["x"]
    assert list(found.ids) == [f"{number}.png" for number in range(6)]
    assert list(found.column("count")) == list(range(6))
    assert list(found.column("share")) == [0.0, 1.0, 2.0, 0.5, 0.5, 0.5]
    assert list(found.column("flag")) == [True, False] * 3
    assert list(found.column("mixed")) == ["0", "1", "2", "x", "x", "x"]
    assert list(found.column("big")) == [str(2**70)] * 6
    assert np.allclose(found.vectors[:, 0], np.arange(6) / 255)
    with pytest.raises(InputError, match=r"gone\.png"):
        extract(path, Colour(), study=tmp_path / "t", name="x", strict=True)
    rows[0]["flag"] = False
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(FileExistsError):
        extract(path, Colour(), study=tmp_path / "s", name="x", shard_rows=3)
