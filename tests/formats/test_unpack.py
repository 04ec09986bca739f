"""Compressed files and other encodings: the same sets as of the plain file, whatever the format."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repscope.errors import FormatError, InputError, UnknownNameError
from repscope.formats import ReadOptions, read_sets
from repscope.formats.remote import name_of
from repscope.formats.tables.load import load_columns

ROWS = np.random.default_rng(0).standard_normal((5, 3)).astype("f4")
IDS = [f"ü{at}" for at in range(5)]


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    file = io.BytesIO()
    save(file)
    return file.getvalue()


RECORDS = [{"id": own, "emb": row.tolist()} for own, row in zip(IDS, ROWS, strict=True)]
LINES = [f"{own},{','.join(f'{x:.9g}' for x in row)}" for own, row in zip(IDS, ROWS, strict=True)]
TEXTS = {
    ".csv": "id,x0,x1,x2\n" + "\n".join(LINES) + "\n",
    ".tsv": ("id,x0,x1,x2\n" + "\n".join(LINES) + "\n").replace(",", "\t"),
    ".json": json.dumps(RECORDS, ensure_ascii=False),
    ".jsonl": "\n".join(json.dumps(record, ensure_ascii=False) for record in RECORDS),
    ".txt": "\n".join(LINES).replace(",", " ") + "\n",
    ".vec": f"5 3\n{chr(10).join(LINES).replace(',', ' ')}\n",
}
FILES = {
    **{suffix: text.encode() for suffix, text in TEXTS.items()},
    ".npy": _saved(lambda file: np.save(file, ROWS)),
    ".npz": _saved(lambda file: np.savez(file, vectors=ROWS, id=np.array(IDS))),
    ".pkl": pickle.dumps({"id": IDS, "vectors": ROWS}),
    ".pt": _saved(lambda file: torch.save({"id": IDS, "vectors": torch.tensor(ROWS)}, file)),
    ".parquet": _saved(lambda file: pq.write_table(pa.table({"id": IDS, "emb": list(ROWS)}), file)),
}
PACKS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda raw: pa.compress(raw, "zstd", asbytes=True),
}


@pytest.mark.parametrize("suffix", FILES)
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(packs=st.lists(st.sampled_from(sorted(PACKS)), min_size=1, max_size=2), named=st.booleans())
def test_every_format_in_every_compression(
    tmp_path: Path, suffix: str, packs: list[str], named: bool
) -> None:
    raw = FILES[suffix]
    for pack in packs:
        raw = PACKS[pack](raw)
    path = tmp_path / (f"a{suffix}{''.join(packs)}" if named else f"a{suffix}")
    path.write_bytes(raw)
    (one,) = read_sets(path, "a").sets
    np.testing.assert_array_equal(np.asarray(one.vectors, "f4"), ROWS)
    if suffix != ".npy":
        assert one.columns["id"].to_pylist() == IDS
    words = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
    assert one.provenance["compression"] == ", ".join(words[pack] for pack in reversed(packs))
    assert name_of(f"somewhere/a{suffix}{''.join(packs)}") == "a"


@pytest.mark.parametrize("pack", PACKS)
def test_a_truncated_file_is_named(tmp_path: Path, pack: str) -> None:
    raw = PACKS[pack](np.random.default_rng(0).bytes(10_000))
    (tmp_path / "a.csv").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(FormatError, match=r"a whole .*-compressed file in .*a\.csv"):
        read_sets(tmp_path / "a.csv", "a")


def test_an_error_names_the_file_that_was_given(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"id,label\na,b\n"))
    with pytest.raises(FormatError) as caught:
        read_sets(path, "a")
    assert str(path) in str(caught.value)
    assert "repscope-" not in str(caught.value).replace(str(tmp_path), "")


def test_a_small_file_that_unpacks_to_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repscope.formats.unpack.BOMB_BYTES", 1 << 20)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bytes(1 << 22)))
    with pytest.raises(FormatError, match="unpacks to at most 200 times"):
        read_sets(tmp_path / "a.csv.gz", "a")


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_text_with_a_mark(tmp_path: Path, suffix: str, encoding: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(TEXTS[suffix].encode(encoding))
    (one,) = read_sets(tmp_path / f"a{suffix}", "a").sets
    assert one.columns["id"].to_pylist() == IDS


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "utf-16-be", "cp437"])
def test_text_in_a_named_encoding(tmp_path: Path, suffix: str, encoding: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(TEXTS[suffix].encode(encoding))
    with pytest.raises(FormatError, match=f"--encoding {encoding if 'utf' in encoding else 'cp1252'}"):
        read_sets(path, "a")
    (one,) = read_sets(path, "a", ReadOptions(encoding=encoding)).sets
    assert one.columns["id"].to_pylist() == IDS
    assert one.provenance["encoding"] == encoding


def test_encodings_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXTS[".csv"], encoding="utf-8")
    with pytest.raises(UnknownNameError, match="klingon"):
        read_sets(tmp_path / "a.csv", "a", ReadOptions(encoding="klingon"))
    with pytest.raises(FormatError, match="text in ascii"):
        read_sets(tmp_path / "a.csv", "a", ReadOptions(encoding="ascii"))
    np.save(tmp_path / "a.npy", ROWS)
    with pytest.raises(InputError, match="leave --encoding out"):
        read_sets(tmp_path / "a.npy", "a", ReadOptions(encoding="latin-1"))


def test_tables_of_items_may_be_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress("id,label\nü,1.10\n".encode("utf-16")))
    assert load_columns(tmp_path / "a.csv.gz")["label"].to_pylist() == ["1.10"]
