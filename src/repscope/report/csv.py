"""Tables for other programs: one row a value, in full precision."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence

from repscope.measure.core.estimate import Difference, Estimate

Value = str | float | None


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Value]]) -> str:
    """The content of a CSV file with ``columns``, always all of them and in this order.

    Numbers are written so that reading them back gives the same; None, NaN and infinity are empty
    fields; a text is one line, with characters that UTF-8 has.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _field(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def estimate_fields(one: Estimate | Difference) -> dict[str, Value]:
    """Value, ends, level, n, method and reason of an estimate; p and q of a difference."""
    names = ("value", "low", "high", "level", "n", "method", "why")
    found: dict[str, Value] = {name: getattr(one, name) for name in names}
    if isinstance(one, Difference):
        found |= {"p": one.p, "q": one.q}
    return found


def _field(value: Value) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, str):
        return " ".join(value.encode("utf-8", "backslashreplace").decode().split())
    return repr(float(value)) if isinstance(value, float) else str(value)
