"""Logs as records: rows of a csv, lines of JSON, lists of numbers."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from repscope.errors import FormatError, first_line, name_some
from repscope.formats.text_files import LINES, load_json, read_text
from repscope.learning.logs.series import Series

STEPS = (
    *("step", "global_step", "_step", "trainer/global_step", "steps", "iteration", "iter", "itr", "it"),
    *("update", "num_updates", "batch_idx", "epoch", "_epoch", "epochs", "iterations"),
)
"""What steps are called, the first that is there; without case."""

TIMES = {"wall time", "wall_time", "time", "timestamp", "_timestamp", "_runtime", "relative", "elapsed"}
"""Columns that are no quantities of a training."""

_BOUNDS = re.compile(r"__(MIN|MAX)$| - _step$")
"""Weights & Biases exports each column with the least and largest of its bin, and its steps again."""

_TAG = re.compile(r"(?:run-)?(?P<run>.+?)-tag-(?P<tag>.+)")
"""What TensorBoard calls the csv and JSON of one quantity."""

MOST_COLUMNS = 64
"""Of [steps, K]; wider arrays are embeddings rather than logs."""

Found = tuple[list[Series], list[str]]


def read_csv_log(path: Path, run: str) -> Found:
    """The columns of a csv or tsv. A header within it begins a new part, also one with other columns.

    Raises:
        FormatError: no header, or no column of numbers.
    """
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    if not lines:
        raise FormatError(f"a log in {path}", "nothing", "give a log that was written to")
    lines[0] = lines[0].lstrip("# ")
    try:
        rows = list(csv.reader(lines, delimiter=max(",;\t", key=lines[0].count)))
    except csv.Error as error:
        raise FormatError(f"a table in {path}", first_line(error), "write the file again") from error
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
    found, notes = _from_records(records, path, run, parts)
    if ragged:
        notes.append(f"{path.name}: lines with more or fewer cells than the header: {ragged:,}")
    return found, notes


def read_json_log(path: Path, run: str) -> Found:
    """Records, or lists of numbers by name; also the state of transformers' Trainer, and TensorBoard's JSON.

    Raises:
        FormatError: nothing of these.
    """
    if path.suffix.lower() in LINES or holds_lines(path):
        records, notes = _json_lines(path)
        found, more = _from_records(records, path, run, [])
        return found, notes + more
    value = load_json(path)
    if isinstance(value, Mapping) and isinstance(value.get("log_history"), list):
        value = value["log_history"]
    if isinstance(value, Mapping) and value and all(isinstance(one, Mapping) for one in value.values()):
        if all(map(_counts, value)):  # {step: {name: value}}
            value = [{"step": step, **one} for step, one in value.items()]
        elif all(one and all(map(_counts, one)) for one in value.values()):  # pandas: {name: {row: value}}
            value = {name: list(one.values()) for name, one in value.items()}
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return _from_records([_flat(one) for one in value], path, run, [])
    if isinstance(value, list):
        whose, what = _tagged(path, run)
        return _from_lists({what: value}, path, whose)
    return _from_lists(_flat(value) if isinstance(value, Mapping) else {}, path, run)


def values_of_runs(values: Mapping[str, Any]) -> Found:
    """What is in memory: lists or arrays by name, or these by run; one called as steps are holds the steps.

    Raises:
        FormatError: no list of numbers.
    """
    runs = values if all(isinstance(one, Mapping) for one in values.values()) else {"run": values}
    found: list[Series] = []
    notes: list[str] = []
    for run, own in runs.items():
        lists = {str(name): one.tolist() if hasattr(one, "tolist") else one for name, one in own.items()}
        series, said = _from_lists(_flat(lists), Path(str(run)), str(run))
        found += series
        notes += said
    return found, notes


def holds_lines(path: Path) -> bool:
    """Whether a file is lines of JSON whatever its name, as Detectron's metrics.json and DINO's log.txt."""
    with path.open("rb") as file:
        head = file.readline(1 << 20).strip()
        rest = file.readline(1 << 20).strip()
    try:
        return isinstance(json.loads(head), dict) and (bool(rest) or path.suffix.lower() != ".json")
    except (ValueError, RecursionError):
        return False


def from_array(
    name: str, values: np.ndarray[Any, Any], run: str, steps: Any = None, unit: str = "step"
) -> list[Series]:
    """[N] as one series, [N, K] as K; rows from 0 where there are no steps."""
    at = np.arange(len(values)) if steps is None else np.asarray(steps)
    columns = {name: values} if values.ndim == 1 else {f"{name}/{k}": one for k, one in enumerate(values.T)}
    return [
        Series(
            run,
            each,
            at.astype(np.float64),
            one.astype(np.float64),
            unit="row" if steps is None else unit,
        )
        for each, one in columns.items()
    ]


def unit_of(steps: str) -> str:
    """What a column of steps counts."""
    return "epoch" if "epoch" in steps.lower() else "step"


def number_of(cell: Any) -> float | None:
    """A cell as a number, NaN and infinities among them; None for anything else, an empty one too."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    if isinstance(cell, str) and "_" in cell:
        return None
    try:
        return float(cell)
    except (ValueError, OverflowError):
        return None


def _counts(key: str) -> bool:
    return key.isdecimal()


def _json_lines(path: Path) -> tuple[list[Mapping[str, Any]], list[str]]:
    """The records of the lines that can be read; a log that is being written may end within one."""
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    records: list[Mapping[str, Any]] = []
    broken: list[int] = []
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
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


@dataclass
class _Column:
    """What is known of one quantity."""

    steps: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    others: int = 0
    other: str = ""


def _from_records(records: Sequence[Mapping[str, Any]], path: Path, run: str, parts: Sequence[int]) -> Found:
    names = list(dict.fromkeys(name for record in records for name in record if name))
    key = next((name for wanted in STEPS for name in names if name.lower() == wanted), None)
    at, unit, notes = _steps_of(records, key, names, path)
    columns = {
        name: _Column()
        for name in names
        if name.lower() not in STEPS and name.lower() not in TIMES and not _BOUNDS.search(name)
    }
    for row, (step, record) in enumerate(zip(at, records, strict=True)):
        if step is None:
            continue
        for name, cell in record.items():
            column = columns.get(name)
            if column is None:
                continue
            value = number_of(cell)
            if value is not None:
                column.steps.append(step)
                column.values.append(value)
                column.rows.append(row)
            elif cell not in ("", None) and not isinstance(cell, bool):
                column.others += 1
                column.other = column.other or str(cell)[:20]
    found = []
    for name, column in columns.items():
        if not column.rows:
            continue
        starts = {int(np.searchsorted(column.rows, part)) for part in parts}
        whose, what = _split_run(name, run, path)
        found.append(
            Series(
                whose,
                what,
                np.array(column.steps),
                np.array(column.values),
                tuple(sorted(start for start in starts if 0 < start < len(column.rows))),
                unit,
            )
        )
    wordy = {name: column for name, column in columns.items() if column.others}
    if not found:
        such = "".join(f"; {name} holds such as {one.other!r}" for name, one in [*wordy.items()][:1])
        raise FormatError(
            f"a column of numbers beside the steps in {path}",
            (", ".join(names[:8]) or "nothing") + such,
            "give a log, decimals with a point",
        )
    for name, column in wordy.items():
        if column.rows:
            such = f"{column.others:,}, such as {column.other!r}"
            notes.append(f"{path.name}: cells of {name} that are no numbers: {such}")
    if words := [name for name, column in wordy.items() if not column.rows]:
        notes.append(f"{path.name}: no numbers in {name_some(words, 5)}")
    return found, notes


def _steps_of(
    records: Sequence[Mapping[str, Any]], key: str | None, names: Sequence[str], path: Path
) -> tuple[list[float | None], str, list[str]]:
    """The step of each record, what it counts, and what should be said."""
    if key is None:
        return [float(row) for row in range(len(records))], "row", []
    written = [_finite(number_of(record.get(key))) for record in records]
    if not any(step is not None for step in written):
        cell = next((record[key] for record in records if key in record), "")
        raise FormatError(
            f"numbers in the column {key!r} of {path}, which should hold the steps",
            repr(cell)[:40],
            "write the steps as numbers, or rename the column",
        )
    unit = unit_of(key)
    epoch = next((name for name in names if name.lower() == "epoch"), None)
    if epoch is not None and unit == "step":
        epochs = [_finite(number_of(record.get(epoch))) for record in records]
        if _counts_within(written, epochs):
            most = 1 + max(step for step in written if step is not None)
            pairs = zip(written, epochs, strict=True)
            written = [None if step is None or n is None else n + step / most for step, n in pairs]
            unit = "epoch"
    steps: list[float | None] = []
    for step in written:
        # Rows without one, such as a summary at the end, belong to the last step.
        steps.append(step if step is not None else steps[-1] if steps else None)
    notes = []
    without = sum(step is None for step in written)
    if before := sum(step is None for step in steps):
        notes.append(f"{path.name}: records before the first {key}, left out: {before:,}")
    if without > before:
        notes.append(
            f"{path.name}: records with the {key} of the one before, having none: {without - before:,}"
        )
    return steps, unit, notes


def _counts_within(steps: Sequence[float | None], epochs: Sequence[float | None]) -> bool:
    """Whether steps begin again in every epoch, as I-JEPA's do: they go back where the epoch goes on."""
    pairs = [(n, step) for step, n in zip(steps, epochs, strict=True) if step is not None and n is not None]
    back = [(a, b) for a, b in pairwise(pairs) if b[1] < a[1]]
    return bool(back) and all(after[0] > before[0] for before, after in back)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _split_run(name: str, run: str, path: Path) -> tuple[str, str]:
    """Weights & Biases writes ``run - quantity``; TensorBoard's csv names its quantity in the file name."""
    whose, dash, what = name.rpartition(" - ")
    if dash and whose and what:
        return whose, what
    return _tagged(path, run) if name == "Value" else (run, name)


def _tagged(path: Path, run: str) -> tuple[str, str]:
    named = _TAG.fullmatch(path.stem)
    return (named["run"], named["tag"]) if named else (run, path.stem)


def _from_lists(lists: Mapping[str, Any], path: Path, run: str) -> Found:
    """Lists of numbers by name, with the list of steps beside them where there is one."""
    found: list[Series] = []
    notes: list[str] = []
    steps = dict(_lists_of_steps(lists))
    for name, entry in lists.items():
        if name in steps or not isinstance(entry, list):
            continue
        beside = [one for one in steps if one.rpartition("/")[0] in (name.rpartition("/")[0], "")]
        key = next((one for one in beside if len(steps[one]) == len(entry)), None)
        if beside and key is None:
            counts = f"{len(entry):,} values for {len(steps[beside[0]]):,} of {beside[0]}"
            notes.append(f"{path.name}: {name} has {counts}; it is counted by row")
        found += _from_list(name, entry, run, steps[key] if key else None, unit_of(key or ""))
    if not found:
        kind = f"no list of numbers in {name_some(lists, 5)}" if lists else "nothing of the kind"
        raise FormatError(
            f"records, or lists of numbers, in {path}",
            kind,
            'write {"loss": [2.1, 1.9]}, or a list of {"step": 0, "loss": 2.1}',
        )
    single = [name for name, entry in lists.items() if isinstance(entry, int | float)]
    if single:
        notes.append(f"{path.name}: {', '.join(single[:3])} hold one number each, and are no series")
    return found, notes


def _lists_of_steps(lists: Mapping[str, Any]) -> Iterator[tuple[str, list[float]]]:
    for wanted in STEPS:
        for name, entry in lists.items():
            if name.rpartition("/")[2].lower() == wanted and isinstance(entry, list) and len(lists) > 1:
                numbers = [one for cell in entry if (one := _finite(number_of(cell))) is not None]
                if entry and len(numbers) == len(entry):
                    yield name, numbers


def _from_list(
    name: str, entry: Sequence[Any], run: str, steps: list[float] | None, unit: str
) -> list[Series]:
    if all(one is None or number_of(one) is not None for one in entry):
        values = np.array([math.nan if one is None else number_of(one) for one in entry], np.float64)
        return [] if np.isnan(values).all() else from_array(name, values, run, steps, unit)
    widths = {len(one) if isinstance(one, list) else 0 for one in entry}
    if len(widths) > 1 or not 0 < max(widths) <= MOST_COLUMNS:
        return []
    cells = [[number_of(cell) for cell in one] for one in entry]
    if any(cell is None for one in cells for cell in one):
        return []
    table = np.array(cells, np.float64)
    counts = table[:, -2] if table.shape[1] in (2, 3) else np.array([0.5])
    whole = bool(np.isfinite(counts).all() and (counts == counts.round()).all())
    # Pairs (step, value), or TensorBoard's (time, step, value).
    if whole and (table.shape[1] == 2 or table[0, 0] > 1e8):
        return [Series(run, name, counts, table[:, -1])]
    return from_array(name, table, run, steps, unit)


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
