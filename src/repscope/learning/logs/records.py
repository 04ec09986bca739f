"""Logs as records: rows of a csv, lines of JSON, lists of numbers."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from repscope.errors import FormatError
from repscope.formats.text_files import load_json, read_text
from repscope.learning.logs.series import Series

STEPS = (
    *("step", "global_step", "_step", "trainer/global_step", "steps", "iteration", "iter", "it", "batch_idx"),
    *("update", "num_updates", "epoch", "_epoch"),
)
"""What steps are called, the first that is there; without case."""

TIMES = {"wall time", "wall_time", "time", "timestamp", "_timestamp", "_runtime", "relative", "elapsed"}
"""Columns that are no quantities of a training."""

_BOUNDS = re.compile(r"__(MIN|MAX)$")
"""Weights & Biases exports each column with the least and largest of its bin."""


def read_csv_log(path: Path, run: str) -> tuple[list[Series], list[str]]:
    """The columns of a csv or tsv. A header within it begins a new part, also one with other columns.

    Raises:
        FormatError: no header, or no column of numbers.
    """
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    if not lines:
        raise FormatError(f"a log in {path}", "nothing", "give a log that was written to")
    delimiter = max(",;\t", key=lines[0].count)
    rows = list(csv.reader(lines, delimiter=delimiter))
    head = [cell.strip() for cell in rows[0]]
    if any(number_of(cell) is not None for cell in head):
        raise FormatError(
            f"names of columns in the first line of {path}", lines[0][:80], "write a header: step,loss,…"
        )
    records: list[Mapping[str, Any]] = []
    parts: list[int] = []
    ragged = 0
    for row in rows[1:]:
        cells = [cell.strip() for cell in row]
        if _is_header(cells, head):
            head = cells
            parts.append(len(records))
            continue
        ragged += len(cells) != len(head)
        records.append(dict(zip(head, cells, strict=False)))
    notes = [f"{path.name}: {ragged:,} lines have more or fewer cells than the header"] if ragged else []
    return _from_records(records, path, run, parts), notes


def read_json_log(path: Path, run: str) -> tuple[list[Series], list[str]]:
    """Records, or lists of numbers by name; also the state of transformers' Trainer, and TensorBoard's JSON.

    Raises:
        FormatError: nothing of these.
    """
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        records, notes = _json_lines(path)
        return _from_records(records, path, run, []), notes
    value = load_json(path)
    if isinstance(value, Mapping) and isinstance(value.get("log_history"), list):
        value = value["log_history"]
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return _from_records([_flat(one) for one in value], path, run, []), []
    lists: Mapping[str, Any]
    if isinstance(value, list):
        lists = {path.stem: value}
    elif isinstance(value, Mapping):
        lists = _flat(value)
    else:
        lists = {}
    found = [one for name, entry in lists.items() if (one := _from_list(name, entry, run)) is not None]
    single = [name for name, entry in lists.items() if isinstance(entry, int | float)]
    if not found:
        raise FormatError(
            f"records, or lists of numbers, in {path}",
            f"a {type(value).__name__}"
            + (f" of {len(value):,}" if isinstance(value, list | Mapping) else ""),
            'write {"loss": [2.1, 1.9]}, or a list of {"step": 0, "loss": 2.1}',
        )
    notes = (
        [f"{path.name}: {', '.join(single[:3])} hold one number each, and are no series"] if single else []
    )
    return found, notes


def from_array(name: str, values: np.ndarray[Any, Any], run: str, steps: Any = None) -> list[Series]:
    """[N] as one series, [N, K] as K; steps from 0 where there are none."""
    at = np.arange(len(values)) if steps is None else np.asarray(steps)
    if values.ndim == 1:
        return [Series(run, name, at.astype(np.float64), values.astype(np.float64))]
    return [
        Series(run, f"{name}/{k}", at.astype(np.float64), values[:, k].astype(np.float64))
        for k in range(values.shape[1])
    ]


def _json_lines(path: Path) -> tuple[list[Mapping[str, Any]], list[str]]:
    """The records of the lines that can be read; a log that is being written may end within one."""
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    records: list[Mapping[str, Any]] = []
    broken: list[int] = []
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            broken.append(number)
            continue
        if isinstance(value, Mapping):
            records.append(_flat(value))
        else:
            broken.append(number)
    if not records:
        raise FormatError(f"a record in each line of {path}", "none", 'write {"step": 0, "loss": 2.1}')
    if broken == [len(lines)]:
        return records, [f"{path.name}: the last line is cut, and was left out"]
    if broken:
        where = f"{broken[0]:,}" if len(broken) == 1 else f"{broken[0]:,} and {len(broken) - 1:,} more"
        return records, [f"{path.name}: line {where} could not be read, and was left out"]
    return records, []


def _from_records(
    records: Sequence[Mapping[str, Any]], path: Path, run: str, parts: Sequence[int]
) -> list[Series]:
    names = list(dict.fromkeys(name for record in records for name in record if name))
    key = next((name for wanted in STEPS for name in names if name.lower() == wanted), None)
    columns: dict[str, tuple[list[float], list[float], list[int]]] = {}
    last: float | None = None
    for row, record in enumerate(records):
        step = number_of(record.get(key)) if key else float(row)
        if step is None:
            # Rows without one, such as a summary at the end, belong to the last step.
            step = last
        if step is None:
            continue
        last = step
        for name, cell in record.items():
            if name == key or not name or name.lower() in TIMES or _BOUNDS.search(name):
                continue
            value = number_of(cell)
            if value is None:
                continue
            steps, values, rows = columns.setdefault(name, ([], [], []))
            steps.append(step)
            values.append(value)
            rows.append(row)
    found = []
    for name, (steps, values, rows) in columns.items():
        if name.lower() in STEPS and key and name.lower() != key.lower():
            continue
        starts = {int(np.searchsorted(rows, part)) for part in parts}
        whose, what = _split_run(name, run, path)
        found.append(
            Series(
                whose,
                what,
                np.array(steps),
                np.array(values),
                tuple(sorted(start for start in starts if 0 < start < len(rows))),
            )
        )
    if not found:
        raise FormatError(
            f"a column of numbers beside the steps in {path}", ", ".join(names[:8]) or "nothing", "give a log"
        )
    return found


def _split_run(name: str, run: str, path: Path) -> tuple[str, str]:
    """Weights & Biases writes ``run - quantity``; TensorBoard's csv names its quantity in the file name."""
    whose, dash, what = name.partition(" - ")
    if dash and what:
        return whose, what
    return (run, path.stem) if name == "Value" else (run, name)


def _from_list(name: str, entry: Any, run: str) -> Series | None:
    if not isinstance(entry, list) or not entry:
        return None
    numbers = [number_of(one) for one in entry]
    if all(one is not None for one in numbers):
        return Series(run, name, np.arange(float(len(numbers))), np.array(numbers, np.float64))
    # Pairs (step, value), or TensorBoard's (time, step, value).
    widths = {len(one) if isinstance(one, list) else 0 for one in entry}
    if widths <= {2} or widths <= {3}:
        cells = [[number_of(cell) for cell in one[-2:]] for one in entry]
        if all(cell is not None for one in cells for cell in one):
            table = np.array(cells, np.float64)
            return Series(run, name, table[:, 0], table[:, 1])
    return None


def _flat(record: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{above}{name}/")
        else:
            found[f"{above}{name}"] = value
    return found


def _is_header(cells: Sequence[str], head: Sequence[str]) -> bool:
    """The header again, or another one: names, some of them known, and no number."""
    return bool(set(cells) & set(head) - {""}) and all(number_of(cell) is None for cell in cells)


def number_of(cell: Any) -> float | None:
    """A cell as a number, NaN and infinities among them; None for anything else, an empty one too."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return float(cell)
    if isinstance(cell, str):
        try:
            return float(cell) if cell and not cell.startswith("_") and "_" not in cell else None
        except ValueError:
            return None
    return None
