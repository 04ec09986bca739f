"""Whatever a file held, as JSON values of bounded size: for provenance and for nested item columns."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from repscope.errors import FormatError

DEEPEST = 16
MOST_VALUES = 1_000_000
LONGEST_ARRAY = 64
"""Elements up to which an array is spelled out; longer ones are described."""


def as_json(value: object, *, describe_arrays: bool = True) -> Any:
    """``value`` as JSON values; what has no JSON form is described by its type.

    Args:
        value: containers, scalars, arrays.
        describe_arrays: say "float32 array of shape (200, 512)" for arrays of more than
            ``LONGEST_ARRAY`` elements instead of listing them.

    Raises:
        FormatError: it is nested deeper than ``DEEPEST`` or holds more than ``MOST_VALUES`` values.
    """
    return _Walk(describe_arrays).convert(value, 0)


def json_text(value: object) -> str:
    """A nested cell as one line of JSON. See :func:`as_json`."""
    return json.dumps(as_json(value, describe_arrays=False), ensure_ascii=False)


class _Walk:
    """Counts what it visits, since a few bytes of shared references can unfold to terabytes."""

    def __init__(self, describe_arrays: bool) -> None:
        self.describe_arrays = describe_arrays
        self.visited = 0

    def convert(self, value: Any, depth: int) -> Any:
        self.visited += 1
        if depth > DEEPEST or self.visited > MOST_VALUES:
            raise FormatError(
                f"values nested at most {DEEPEST} deep, {MOST_VALUES:,} at most",
                "more than that",
                "keep one plain value for each item and key",
            )
        value = self._bare(value)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, Mapping):
            return {str(key): self.convert(one, depth + 1) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.convert(one, depth + 1) for one in value]
        if isinstance(value, set | frozenset):
            return sorted((self.convert(one, depth + 1) for one in value), key=str)
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
