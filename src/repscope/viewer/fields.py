"""Item columns as the page has them: categories, numbers, texts. Values are text there, never markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST = 2000
"""Characters of a text that the page keeps."""

MOST_VALUES = 200
"""Different strings of a column up to which it is a category."""

NO_VALUE = 65_535


def packed_fields(
    items: pa.Table, prefix: str = "field"
) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]], list[str]]:
    """Every column that can be shown.

    Args:
        items: N rows; ``id`` is a text in any case.
        prefix: of the names of the packed columns.

    Returns:
        What the manifest says of each field; the packed columns by name; notes on what was left out or cut.
    """
    import pyarrow as pa

    described, columns, notes = [], {}, []
    for number, name in enumerate(items.column_names):
        values = items.column(name).combine_chunks()
        kind, key = values.type, f"{prefix}/{number}"
        if pa.types.is_boolean(kind):
            values, kind = values.cast(pa.string()), pa.string()
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            columns[key] = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype("f4")
            described.append({"name": name, "kind": "number", "column": key})
            continue
        try:
            texts = values if pa.types.is_string(kind) else values.cast(pa.string())
        except pa.ArrowException:
            notes.append(f"column {name!r} holds {kind}, which the page does not show")
            continue
        texts, cut = _cut(texts)
        if cut:
            notes.append(f"{cut:,} texts of column {name!r} are cut after {LONGEST:,} characters")
        encoded = texts.dictionary_encode()
        if name != "id" and len(encoded.dictionary) <= min(MOST_VALUES, max(2, len(texts) // 2)):
            codes = encoded.indices.fill_null(NO_VALUE).to_numpy(zero_copy_only=False)
            columns[key] = codes.astype("u2")
            values = encoded.dictionary.to_pylist()
            described.append({"name": name, "kind": "category", "column": key, "values": values})
        else:
            columns |= packed_texts(texts, key)
            described.append({"name": name, "kind": "text", "column": key})
    return described, columns, notes


def packed_texts(texts: pa.Array, key: str) -> dict[str, NDArray[Any]]:
    """UTF-8 of all texts in a row, and [N + 1] where each begins; a missing one is empty."""
    import pyarrow as pa

    filled = texts.fill_null("").cast(pa.large_binary())
    return packed_blobs([one.as_py() for one in filled], key)


def packed_blobs(blobs: list[bytes], key: str) -> dict[str, NDArray[Any]]:
    """Bytes of all in a row (``KEY/bytes``), and [N + 1] where each begins (``KEY/starts``)."""
    starts = np.cumsum([0, *map(len, blobs)], dtype=np.uint32)
    return {f"{key}/bytes": np.frombuffer(b"".join(blobs), np.uint8), f"{key}/starts": starts}


def _cut(texts: pa.Array) -> tuple[pa.Array, int]:
    import pyarrow.compute as pc

    long = pc.sum(pc.greater(pc.utf8_length(texts), LONGEST)).as_py() or 0
    return (pc.utf8_slice_codeunits(texts, 0, LONGEST) if long else texts), int(long)
