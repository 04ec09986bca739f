"""One shard: what is written is read, mapped into memory, and nothing else is believed."""

from __future__ import annotations

import datetime
import decimal
import errno
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from repscope.errors import CorruptError, NameNotAllowedError, StorageError
from repscope.study.manifest import Shard, shard_name
from repscope.study.shards import read_schema, read_shard, verify_shard, write_shard
from repscope.study.storage import file_hash

text = st.text(st.characters(codec="utf-8"), max_size=4)
COLUMNS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), text),
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint8(), st.integers(0, 255)),
    (pa.float64(), st.floats(allow_nan=False)),
    (pa.bool_(), st.booleans()),
    (pa.binary(), st.binary(max_size=4)),
    (pa.timestamp("us"), st.datetimes()),
    (pa.timestamp("us", "UTC"), st.datetimes(timezones=st.just(datetime.UTC))),
    (pa.date32(), st.dates()),
    (pa.decimal128(10, 2), st.decimals(-1000, 1000, places=2)),
    (pa.list_(pa.string()), st.lists(text | st.none(), max_size=3)),
    (pa.list_(pa.list_(pa.int32())), st.lists(st.lists(st.integers(0, 9), max_size=2), max_size=2)),
    (
        pa.struct([("x", pa.int32()), ("y", pa.string())]),
        st.fixed_dictionaries({"x": st.integers(0, 9), "y": text}),
    ),
    (pa.list_(pa.float32(), 2), st.lists(st.floats(width=32, allow_nan=False), min_size=2, max_size=2)),
    (pa.null(), st.none()),
]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_round_trip(tmp_path: Path, data: st.DataObject) -> None:
    n, d = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 4))
    dtype = data.draw(st.sampled_from([np.float16, np.float32]))
    vectors = data.draw(
        npst.arrays(dtype, (n, d), elements=npst.from_dtype(np.dtype(dtype), allow_nan=False))
    )
    columns = {"id": pa.array([f"é{k}" for k in range(n)])}
    for index, (kind, one) in enumerate(data.draw(st.lists(st.sampled_from(COLUMNS), max_size=4))):
        columns[f"c {index}"] = pa.array(data.draw(st.lists(one | st.none(), min_size=n, max_size=n)), kind)
    items = pa.table(columns)
    start = data.draw(st.integers(0, n - 1))
    items, vectors = items.slice(start), vectors[start:]

    path = tmp_path / shard_name(0)
    shard = write_shard(path, vectors, items)
    verify_shard(path, shard)
    chunks, found = read_shard(path, shard, d, np.dtype(dtype).name)
    assert len(chunks) == 1
    assert chunks[0].tobytes() == vectors.tobytes()
    assert found.equals(items)
    assert read_schema(path) == items.schema
    assert shard.rows == n - start


ITEMS = pa.table({"id": ["a", "b", "c"], "s": ["x", None, "日本"], "l": [[1], [], [2, 3]]})
VECTORS = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, Shard]:
    path = tmp_path / shard_name(0)
    return path, write_shard(path, VECTORS, ITEMS)


def test_the_entry_in_the_manifest(written: tuple[Path, Shard]) -> None:
    path, shard = written
    content = path.read_bytes()
    assert shard == Shard("shard-00000.arrow", 3, len(content), hashlib.sha256(content).hexdigest())


def test_vectors_are_mapped_not_copied(written: tuple[Path, Shard]) -> None:
    path, shard = written
    before = pa.total_allocated_bytes()
    chunks, _ = read_shard(path, shard, 4, "float32")
    assert pa.total_allocated_bytes() == before
    assert not chunks[0].flags.owndata
    assert not chunks[0].flags.writeable


def test_items_in_pieces_make_one_block(tmp_path: Path) -> None:
    pieces = pa.concat_tables([ITEMS.slice(k, 1) for k in range(3)])
    shard = write_shard(tmp_path / "s.arrow", VECTORS, pieces)
    chunks, items = read_shard(tmp_path / "s.arrow", shard, 4, "float32")
    assert [len(chunk) for chunk in chunks] == [3]
    assert items.to_pydict() == ITEMS.to_pydict()


def test_vectors_of_any_layout(tmp_path: Path) -> None:
    for index, layout in enumerate((np.asfortranarray(VECTORS), VECTORS[::-1], VECTORS[:, ::2])):
        path = tmp_path / f"{index}.arrow"
        shard = write_shard(path, layout, ITEMS)
        assert np.array_equal(read_shard(path, shard, layout.shape[1], "float32")[0][0], layout)


def test_many_shards_hold_no_files_open(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to count open files")
    path = tmp_path / "s.arrow"
    shard = write_shard(path, VECTORS, ITEMS)
    before = len(list(Path("/proc/self/fd").iterdir()))
    held = [read_shard(path, shard, 4, "float32") for _ in range(50)]
    assert len(list(Path("/proc/self/fd").iterdir())) < before + 5
    assert len(held) == 50


def test_a_flipped_byte_is_found(written: tuple[Path, Shard]) -> None:
    path, shard = written
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptError, match="SHA-256"):
        verify_shard(path, shard)


def test_another_size_or_no_file(written: tuple[Path, Shard]) -> None:
    path, shard = written
    content = path.read_bytes()
    for wrong in (content[:-1], content + b"x", b""):
        path.write_bytes(wrong)
        for look in (verify_shard, lambda path, shard: read_shard(path, shard, 4, "float32")):
            with pytest.raises(
                CorruptError, match=f"expected {len(content):,} bytes in .* got {len(wrong):,} bytes"
            ):
                look(path, shard)
    path.unlink()
    with pytest.raises(CorruptError, match="no such file"):
        verify_shard(path, shard)
    path.mkdir()
    with pytest.raises(CorruptError, match="no such file"):
        verify_shard(path, shard)


def test_a_file_that_may_not_be_read(written: tuple[Path, Shard], monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the file's fault, so not corrupt."""
    path, shard = written

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    for look in (verify_shard, lambda path, shard: read_shard(path, shard, 4, "float32")):
        with pytest.raises(StorageError, match="permission denied; do: make it readable"):
            look(path, shard)


def test_a_link_that_leads_out(written: tuple[Path, Shard], tmp_path: Path) -> None:
    path, shard = written
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / path.name).symlink_to(path)
    with pytest.raises(NameNotAllowedError, match="symbolic link"):
        read_shard(folder / path.name, shard, 4, "float32")


def _write(path: Path, table: pa.Table, compression: str | None = None) -> None:
    with pa.ipc.new_file(
        path, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)
    ) as writer:
        writer.write_table(table)


def _vectors(kind: pa.DataType, values: list[Any]) -> pa.Table:
    return ITEMS.append_column("vector", pa.array(values, kind))


def _lead_out(path: Path) -> None:
    _write(path, _vectors(pa.list_(pa.float32(), 4), [[0.0] * 4] * 3))
    honest, lie = (np.array(offsets, np.int32).tobytes() for offsets in ([0, 1, 2, 3], [0, 2**30, 2, 3]))
    content = path.read_bytes()
    assert honest in content
    path.write_bytes(content.replace(honest, lie))


HOSTILE: dict[str, Callable[[Path], Any]] = {
    "not Arrow": lambda path: path.write_bytes(b"not Arrow at all" * 10),
    "empty": lambda path: path.write_bytes(b""),
    "only the magic": lambda path: path.write_bytes(b"ARROW1\0\0" + b"\xff" * 64 + b"ARROW1"),
    "a huge footer": lambda path: path.write_bytes(b"ARROW1\0\0" + b"\xff\xff\xff\x7fARROW1"),
    "no vectors": lambda path: _write(path, ITEMS),
    "vectors twice": lambda path: _write(
        path,
        pa.table(
            [*_vectors(pa.list_(pa.float32(), 4), [[0.0] * 4] * 3).columns, ITEMS["id"]],
            ["id", "s", "l", "vector", "vector"],
        ),
    ),
    "wider vectors": lambda path: _write(path, _vectors(pa.list_(pa.float32(), 5), [[0.0] * 5] * 3)),
    "lists of any size": lambda path: _write(path, _vectors(pa.list_(pa.float32()), [[0.0] * 4, [0.0], []])),
    "float64": lambda path: _write(path, _vectors(pa.list_(pa.float64(), 4), [[0.0] * 4] * 3)),
    "integers": lambda path: _write(path, _vectors(pa.list_(pa.int32(), 4), [[0] * 4] * 3)),
    "text": lambda path: _write(path, _vectors(pa.string(), ["a", "b", "c"])),
    "a missing vector": lambda path: _write(
        path, _vectors(pa.list_(pa.float32(), 4), [[0.0] * 4, None, [0.0] * 4])
    ),
    "a missing number": lambda path: _write(
        path, _vectors(pa.list_(pa.float32(), 4), [[0.0] * 4, [0.0, None, 0.0, 0.0], [0.0] * 4])
    ),
    "fewer rows": lambda path: _write(path, _vectors(pa.list_(pa.float32(), 4), [[0.0] * 4] * 3).slice(0, 2)),
    "more rows": lambda path: _write(
        path, pa.concat_tables([_vectors(pa.list_(pa.float32(), 4), [[0.0] * 4] * 3)] * 2)
    ),
    "compressed": lambda path: _write(
        path,
        _vectors(pa.list_(pa.float32(), 4), [[0.0] * 4] * 3).append_column(
            "z", pa.array(["0" * 100_000] * 3)
        ),
        "zstd",
    ),
    "text that is not UTF-8": lambda path: _write(
        path,
        _vectors(pa.list_(pa.float32(), 4), [[0.0] * 4] * 3).set_column(
            1,
            "s",
            pa.Array.from_buffers(pa.string(), 3, [None, *pa.array([b"\xff", b"a", b"b"]).buffers()[1:]]),
        ),
    ),
    "offsets that lead out of the file": _lead_out,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / shard_name(0)
    HOSTILE[name](path)
    shard = Shard(path.name, 3, path.stat().st_size, file_hash(path))
    with pytest.raises(CorruptError, match=r"shard-00000\.arrow"):
        read_shard(path, shard, 4, "float32")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), length=st.sampled_from([1, 4, 8]))
def test_any_damage_is_an_error_or_readable(
    written: tuple[Path, Shard], place: int, value: int, length: int
) -> None:
    """The same size and other bytes: never a crash, never an error of another kind."""
    path, shard = written
    good = path.read_bytes()
    place %= len(good)
    bad = (good[:place] + bytes([value]) * length + good[place + length :])[: len(good)]
    try:
        path.write_bytes(bad)
        try:
            chunks, items = read_shard(path, replace(shard), 4, "float32")
        except CorruptError:
            return
        assert sum(map(len, chunks)) == items.num_rows == 3
        items.to_pydict()
    finally:
        path.write_bytes(good)


def test_decimals_and_empty_lists_keep_their_type(tmp_path: Path) -> None:
    items = pa.table({"id": ["a"], "d": [decimal.Decimal("1.10")], "e": pa.array([[]], pa.list_(pa.int8()))})
    shard = write_shard(tmp_path / "s.arrow", VECTORS[:1], items)
    assert read_shard(tmp_path / "s.arrow", shard, 4, "float32")[1].equals(items)
