"""From paths to series: files by their content, folders searched, runs named by where they lie."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from repscope.errors import FormatError, InputError, MissingError
from repscope.learning.logs.events import read_events
from repscope.learning.logs.records import from_array, read_csv_log, read_json_log
from repscope.learning.logs.series import Series

SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".npy", ".npz")
EVENTS = "tfevents"
"""In the name of every event file of TensorBoard."""

KINDS = (
    "csv, tsv, json, jsonl, npy, npz (no pickles), and event files of TensorBoard; Lightning's metrics.csv, "
    "transformers' trainer_state.json and Weights & Biases' exported csv among them"
)
"""What can be read."""

_SEED = re.compile(
    r"[_\-./= ]*(?<![A-Za-z])(?:seed|version|run)[_\-= ]*\d+|[_\-./ ]+s\d+(?=$|[_\-./ ])", re.IGNORECASE
)
_EVENT_NAME = re.compile(r"[._-]*events\.out\.tfevents\.?")
_STEP_NAMES = ("steps", "step", "iterations", "epochs")


def read_logs(paths: Iterable[str | Path]) -> tuple[list[Series], list[str]]:
    """Every series of some files and folders, and what should be said of them.

    A run is a file; of several files in one folder, such as the parts of an event log, those of one kind are
    read in the order of their names and joined.

    Args:
        paths: files, or folders that are searched for logs.

    Raises:
        MissingError: no such file.
        InputError: no log in a folder.
        FormatError: a file that is no log, or a damaged one.
        DependencyError: event files without TensorBoard.
    """
    files: list[tuple[Path, bool]] = []
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            inside = [one for one in sorted(path.rglob("*")) if _is_log(one)]
            if not inside:
                raise InputError(f"logs in {path}", "none", f"give files: {KINDS}")
            files += [(one, False) for one in inside]
        elif path.is_file():
            files.append((path, True))
        else:
            raise MissingError(f"a log at {path}", "no such file or folder", "check the path")
    named = _run_names([path for path, _ in files])
    series: dict[tuple[str, str], Series] = {}
    notes: list[str] = []
    for path, asked in files:
        try:
            found, said = read_log(path, named[path])
        except FormatError as error:
            # A folder holds other tables too; a file that was named has to be a log.
            if asked:
                raise
            notes.append(f"{path.name} was passed over: {error.got}")
            continue
        notes += said
        for one in found:
            key = (one.run, one.name)
            series[key] = _joined(series[key], one) if key in series else one
    if not series:
        raise InputError("at least one log", "; ".join(notes[:3]), f"give files: {KINDS}")
    return list(series.values()), notes


def read_log(path: Path, run: str) -> tuple[list[Series], list[str]]:
    """The series of one file.

    Raises:
        FormatError: it is no log that can be read.
    """
    if not path.stat().st_size:
        raise FormatError(f"a log in {path}", "an empty file", "give a log that was written to")
    suffix = path.suffix.lower()
    if EVENTS in path.name:
        return read_events(path, run)
    reader: Callable[[Path, str], tuple[list[Series], list[str]]] | None = None
    if suffix in (".csv", ".tsv"):
        reader = read_csv_log
    elif suffix in (".json", ".jsonl", ".ndjson"):
        reader = read_json_log
    elif suffix in (".npy", ".npz"):
        reader = _read_arrays
    if reader is None:
        raise FormatError(f"a log at {path}", f"a file that ends with {suffix or 'nothing'}", f"give {KINDS}")
    return reader(path, run)


def group_of(run: str) -> str:
    """The run's name without the number of its seed: runs of one group differ in it alone."""
    return _SEED.sub("", run).strip("_-./= ") or run


def _read_arrays(path: Path, run: str) -> tuple[list[Series], list[str]]:
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = {path.stem: loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    except (ValueError, OSError, EOFError, KeyError) as error:
        pickled = "pickle" in str(error)
        raise FormatError(
            f"arrays of numbers in {path}",
            "pickled objects, which are not read" if pickled else str(error),
            "save the lists with np.savez(file, loss=…), or as JSON",
        ) from error
    steps = next((arrays.pop(name) for name in _STEP_NAMES if name in arrays and len(arrays) > 1), None)
    found: list[Series] = []
    notes = []
    for name, array in arrays.items():
        if array.dtype.names:
            table = {one: array[one] for one in array.dtype.names}
            at = next((table.pop(one) for one in _STEP_NAMES if one in table), steps)
            for one, values in table.items():
                found += from_array(one, values, run, at)
        elif array.ndim in (1, 2) and array.size and array.dtype.kind in "fiub":
            own = steps if steps is not None and len(steps) == len(array) else None
            found += from_array(name, array, run, own)
        else:
            notes.append(f"{path.name}: {name} is {array.dtype} of shape {list(array.shape)}, and no series")
    if not found:
        raise FormatError(f"series in {path}", "; ".join(notes) or "nothing", "give [steps] or [steps, K]")
    return found, notes


def _joined(first: Series, then: Series) -> Series:
    """Two parts of one series, in the order of writing; a later part that begins anew is a restart."""
    begins = (len(first.steps),)
    starts = (*first.starts, *begins, *(len(first.steps) + at for at in then.starts))
    return Series(
        first.run,
        first.name,
        np.concatenate([first.steps, then.steps]),
        np.concatenate([first.values, then.values]),
        starts,
    )


def _is_log(path: Path) -> bool:
    return path.is_file() and (EVENTS in path.name or path.suffix.lower() in SUFFIXES)


def _run_names(paths: Sequence[Path]) -> dict[Path, str]:
    """What tells the files apart: their places below what all have in common; event files by their folder."""
    places = {path: path.resolve() for path in paths}
    beside = Counter(path.parent for path in paths)
    alike = Counter(path.name for path in paths)
    whole = {path: _place(place, beside[path.parent], alike[path.name]) for path, place in places.items()}
    parts = [place.parts for place in whole.values()]
    common = 0
    while len({one[: common + 1] for one in parts}) == 1 and all(len(one) > common + 1 for one in parts):
        common += 1
    return {path: _EVENT_NAME.sub(".", "/".join(place.parts[common:])) for path, place in whole.items()}


def _place(path: Path, beside: int, alike: int) -> Path:
    """What names the run: the file, or its folder for files of one name and the parts of an event log."""
    if alike > 1:
        return path.parent
    if EVENTS in path.name:
        # TensorBoard's own names tell nothing of the run; people who collect logs give them better ones.
        own = path.name.startswith("events.out")
        return path.parent if own and (beside == 1 or path.name.count(".") > 3) else path
    return path.with_suffix("") if path.suffix.lower() in SUFFIXES else path
