"""Whatever a file held, as JSON values of bounded size: for provenance and for nested item columns."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from repscope.errors import FormatError

DEEPEST = 16
MOST_VALUES = 1_000_000
VALUES_PER_CELL = 1_000
"""Values that the cells of a nested column may hold on average, beyond ``MOST_VALUES``."""
LONGEST_ARRAY = 64
"""Elements up to which an array is spelled out; longer ones are described."""


def as_json(value: object) -> Any:
    """``value`` as JSON values; what has no JSON form is described by its type.

    Arrays of more than ``LONGEST_ARRAY`` elements are described ("float32 array of shape (200, 512)").

    Raises:
        FormatError: it is nested deeper than ``DEEPEST`` or holds more than ``MOST_VALUES`` values.
    """
    return _Walk(True, MOST_VALUES).convert(value, 0)


def json_lines(cells: Sequence[object]) -> list[str | None]:
    """Each nested cell of a column as one line of JSON, None as None. See :func:`as_json`."""
    walk = _Walk(False, MOST_VALUES + VALUES_PER_CELL * len(cells))
    return [None if cell is None else json.dumps(walk.convert(cell, 0), ensure_ascii=False) for cell in cells]


class _Walk:
    """Counts what it visits, since a few bytes of shared references can unfold to terabytes."""

    def __init__(self, describe_arrays: bool, most: int) -> None:
        self.describe_arrays, self.most = describe_arrays, most
        self.visited = 0

    def convert(self, value: Any, depth: int) -> Any:
        self.visited += 1
        if depth > DEEPEST or self.visited > self.most:
            raise FormatError(
                f"values nested at most {DEEPEST} deep, {self.most:,} at most",
                "more than that",
                "keep one plain value for each item and key",
            )
        value = self._bare(value)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, Mapping):
            return {str(key): self.convert(part, depth + 1) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.convert(part, depth + 1) for part in value]
        if isinstance(value, set | frozenset):
            return sorted((self.convert(part, depth + 1) for part in value), key=str)
        return f"a {type(value).__name__}"

    def _bare(self, value: Any) -> Any:
        """Tensors and arrays as lists, scalars as Python's, numbers without a JSON form as text."""
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        if isinstance(value, np.ndarray):
            if self.describe_arrays and value.size > LONGEST_ARRAY:
                return f"{value.dtype} array of shape {value.shape}"
            value = value.tolist()
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def scalar(value: Any) -> Any:
    """A number as a number, so that 3, 3.0 and np.int64(3) name one class."""
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        value = value.item()
    if not isinstance(value, str | bytes | int | float | None):
        raise FormatError(
            "a name or number for each class, image and pair in the metadata",
            f"a nested {type(value).__name__}",
            "keep one value, or one flat list of classes, for each pair",
        )
    return int(value) if isinstance(value, float) and value.is_integer() else value
