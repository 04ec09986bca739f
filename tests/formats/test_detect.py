"""Formats by content, and files that are none."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from repscope.errors import FormatError, InputError, MissingError
from repscope.formats.detect import check_file, detect
from repscope.formats.remote import is_url, name_of
from repscope.study.names import is_name


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


@pytest.mark.parametrize("protocol", range(6))
def test_pickles_of_every_protocol(tmp_path: Path, protocol: int) -> None:
    raw = pickle.dumps({"a": 1}, protocol)
    assert detect(written(tmp_path, "a.pkl", raw)) == "pickle"
    if protocol > 1:
        assert detect(written(tmp_path, "a.whatever", raw)) == "pickle"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a,b\n1,2\n", "csv"),
        (b"a\tb,c\td\n", "tsv"),
        (b"a;b\n1;2\n", "csv"),
        ("é,b\n".encode() * 3000, "csv"),
    ],
)
def test_text_tables(tmp_path: Path, content: bytes, kind: str) -> None:
    assert detect(written(tmp_path, "table", content)) == kind


@pytest.mark.parametrize(
    ("name", "content", "got"),
    [
        ("a.csv.gz", gzip.compress(b"a,b\n", mtime=0), "a gzip-compressed file"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "a PNG image"),
        ("a.npy", b"junk\x00junk", "does not begin like npy"),
        ("a.pt", b"junk\x00junk", "does not begin like pt"),
        ("a", b"junk\x00junk", "content of no known format"),
        ("a.npz", b"PK\x03\x04junk", "truncated or damaged"),
    ],
)
def test_what_is_none_of_them(tmp_path: Path, name: str, content: bytes, got: str) -> None:
    with pytest.raises(FormatError) as caught:
        detect(written(tmp_path, name, content))
    assert got in caught.value.got


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        check_file(tmp_path / "nothing")
    with pytest.raises(InputError, match="folder"):
        check_file(tmp_path)
    with pytest.raises(FormatError, match="empty"):
        check_file(written(tmp_path, "empty.npy", b""))
    with pytest.raises(MissingError):
        check_file(written(tmp_path, "file", b"x") / "below")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="regular file"):
        check_file(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("/data/a b.npy", "a b"),
        ("s3://bucket/x/é.npz?version=2", "é"),
        ("memory://a:b.npy", "a_b"),
        ("../x/..npy", "set"),
        ("./.npy", "npy"),
    ],
)
def test_default_names_are_allowed_names(location: str, name: str) -> None:
    assert name_of(location) == name


@pytest.mark.parametrize(
    "location", ["con.npy", "a\tb.npy", "-x.npy", " .npy", "x" * 300 + ".npy", "https://host/"]
)
def test_odd_file_names_give_allowed_names(location: str) -> None:
    assert is_name(name_of(location))


def test_urls() -> None:
    assert [is_url(one) for one in ("memory://a", "s3://b/c", "/a/b://c", "C:\\a", "a.npy")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_safetensors_header_is_recognised_by_its_length(tmp_path: Path) -> None:
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    raw = len(header).to_bytes(8, "little") + header + np.zeros(1, "f4").tobytes()
    assert detect(written(tmp_path, "a.bin", raw)) == "safetensors"
