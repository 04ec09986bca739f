"""FiftyOne-style JSON in and out: ``{"samples": [{"filepath": …, "ground_truth": …, "embedding": […]}]}``."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from repscope.errors import FormatError, VectorError, first_line, name_some
from repscope.formats.columns import columns_of_records, to_column
from repscope.formats.incoming import Incoming, ReadOptions, choose
from repscope.formats.loose.shapes import as_vectors
from repscope.formats.outgoing import plain_items, row_blocks
from repscope.formats.text_files import read_json
from repscope.study import EmbeddingSet

EMBEDDING, OWN_ID = "embedding", "repscope_id"
_OURS = ("filepath", "tags", "metadata", "ground_truth", EMBEDDING, OWN_ID)
_NAMES = {"filepath": "path", "ground_truth": "label"}
_INTERNAL = ("_media_type", "_rand", "_dataset_id", "created_at", "last_modified_at")


def write_samples(embeddings: EmbeddingSet, path: Path) -> tuple[str, ...]:
    """One sample an item: ``path`` as ``filepath``, ``label`` as the classification ``ground_truth``.

    Raises:
        InputError: item columns with names that samples use themselves.
    """
    items = plain_items(embeddings, "a sample", _OURS)
    about = {"repscope": {"name": embeddings.name, "columns": items.column_names}}
    undefined = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"info": {json.dumps(about, ensure_ascii=False)},\n"samples": [')
        for start, block in row_blocks(embeddings, np.float32):
            records = items.slice(start, len(block)).to_pylist()
            for offset, (record, row) in enumerate(zip(records, block, strict=True)):
                undefined += sum(_is_undefined(value) for value in record.values())
                sample = json.dumps(_sample(record), ensure_ascii=False, allow_nan=False)
                # numpy's text of a float32 is the shortest that gives it back.
                numbers = ", ".join(row.astype("U32").tolist())
                file.write(f'{"," if start + offset else ""}\n{sample[:-1]}, "{EMBEDDING}": [{numbers}]}}')
        file.write("\n]}\n")
    notes = []
    if "path" not in items.column_names:
        notes.append("the set has no column path: filepath is the id")
    if undefined:
        notes.append(
            f"{undefined:,} NaN or infinite values of item columns became null, as JSON has no others"
        )
    return tuple(notes)


def _is_undefined(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _sample(record: dict[str, Any]) -> dict[str, Any]:
    plain = {key: None if _is_undefined(value) else value for key, value in record.items()}
    label = plain.pop("label", None)
    identity = plain.pop("id")
    return {
        "filepath": plain.pop("path", identity),
        "tags": [],
        "metadata": None,
        **({"ground_truth": {"_cls": "Classification", "label": label}} if label is not None else {}),
        OWN_ID: identity,
        **plain,
    }


def read_samples(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The set of a file of samples. The vectors are ``embedding``, or the only list of numbers.

    A classification becomes its label, ``ground_truth`` the column ``label``, ``filepath`` the column
    ``path``.

    Raises:
        FormatError: not JSON, no samples, or no vectors.
        VectorError: samples without a vector, or of other widths.
        UnknownNameError: ``options.vectors`` is no field.
    """
    try:
        whole = read_json(path)
        records = whole["samples"]
    except (KeyError, TypeError) as error:
        raise FormatError(
            f'{{"samples": [...]}} in {path}',
            f"{type(error).__name__}: {first_line(error)}",
            "export the samples again",
        ) from error
    if not isinstance(records, list) or not records:
        raise FormatError(f"samples in {path}", "none", "export the samples again")
    fields = columns_of_records(records, str(path))
    key = _vector_field(fields, path, options)
    values = fields.pop(key)
    if absent := [row for row, value in enumerate(values) if not isinstance(value, list)]:
        raise VectorError(
            f"a list {key!r} in every sample of {path}",
            f"none in {len(absent):,} (rows {name_some(absent)})",
            "export the samples that have one",
        )
    vectors = as_vectors([np.array(_checked(value, path), np.float64) for value in values])
    assert vectors is not None
    ours = whole.get("info")
    ours = ours.get("repscope") if isinstance(ours, dict) else None
    wanted = ours.get("columns") if isinstance(ours, dict) else None
    columns = _columns(fields)
    if isinstance(wanted, list):
        columns = {str(name): columns[str(name)] for name in wanted if str(name) in columns}
    return [Incoming(stem, vectors, columns, key)]


def _checked(value: list[Any], path: Path) -> list[Any]:
    if not all(type(number) in (int, float) for number in value):
        raise VectorError(f"numbers in every vector of {path}", "other values", "export the samples again")
    return value


def _vector_field(fields: dict[str, list[Any]], path: Path, options: ReadOptions) -> str:
    lists = [
        key
        for key, values in fields.items()
        if any(isinstance(value, list) and value and type(value[0]) is float for value in values)
    ]
    if options.vectors:
        return choose(options.vectors, lists, "--vectors", str(path))
    if EMBEDDING in fields:
        return EMBEDDING
    if len(lists) != 1:
        raise FormatError(
            f"one field of vectors in the samples of {path}, or one called {EMBEDDING!r}",
            name_some(lists) or f"fields {name_some(fields, 12)}",
            "choose one with --vectors; embeddings kept as binary must be written as lists",
        )
    return lists[0]


def _columns(fields: dict[str, list[Any]]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    # Our own id first: FiftyOne gives every sample another one.
    for key, values in sorted(fields.items(), key=lambda field: field[0] != OWN_ID):
        if key in _INTERNAL or all(value in (None, []) for value in values):
            continue
        name = "id" if key in (OWN_ID, "_id") else _NAMES.get(key, key)
        if name in columns:
            name = f"{name}_original"
        columns[name] = to_column([_plain(value) for value in values], key)
    return columns


def _plain(value: Any) -> Any:
    """A classification as its label, an object id as its text."""
    if isinstance(value, dict):
        if set(value) == {"$oid"}:
            return value["$oid"]
        if value.get("_cls") == "Classification":
            return value.get("label")
    return value
