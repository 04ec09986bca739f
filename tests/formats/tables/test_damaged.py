"""Tables whose texts or lists are not what their type says: an error, no traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from repscope.errors import FormatError
from repscope.formats import read_sets


def test_texts_that_are_not_utf8(tmp_path: Path) -> None:
    raw = pa.py_buffer(b"ok\xff\xfe")
    texts = pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 2, 4], "i4").tobytes()), raw)
    table = pa.table({"id": texts, "v": [[0.5, 1.5], [2.5, 3.5]]})
    with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(FormatError, match="texts in UTF-8"):
        read_sets(tmp_path / "a.arrow", "a")


def test_a_header_longer_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes((1 << 62).to_bytes(8, "little") + b'{"a": 1}')
    with pytest.raises(FormatError, match="more than there are"):
        read_sets(tmp_path / "a.safetensors", "a")
