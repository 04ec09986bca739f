"""From paths to series: files by their content, folders searched, runs named by where they lie."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from repscope.errors import FormatError, InputError, MissingError, first_line
from repscope.formats.text_files import JSON_SUFFIXES
from repscope.learning.logs.arrays import read_array_log
from repscope.learning.logs.events import read_events
from repscope.learning.logs.records import Found, holds_lines, read_csv_log, read_json_log
from repscope.learning.logs.series import Series

SUFFIXES = (".csv", ".tsv", *JSON_SUFFIXES, ".npy", ".npz")
TEXTS = (".txt", ".log")
"""Read where their lines are JSON."""

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
_SETTINGS = re.compile(r"config|hparams|(^|[_.-])(args|params|settings|vocab|tokenizer)$", re.IGNORECASE)
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_EVENT_NAME = re.compile(r"[._-]*events\.out\.tfevents\.?")


def read_logs(paths: Iterable[str | Path]) -> tuple[list[Series], list[str]]:
    """Every series of some files and folders, and what should be said of them.

    A run is a file. The parts of an event log in one folder are joined in the order of their names; arrays
    without names of their own (npy, lists in JSON) in one folder are one run.

    Args:
        paths: files, or folders that are searched for logs.

    Raises:
        MissingError: no such file.
        InputError: no log in a folder.
        FormatError: a file that is no log, or a damaged one.
        DependencyError: event files without TensorBoard.
    """
    notes: list[str] = []
    files = _files_of(paths, notes)
    named = _run_names(list(files))
    series: dict[tuple[str, str], Series] = {}
    for path, asked in files.items():
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
            known = series.get((one.run, one.name))
            if known is not None and EVENTS in path.name:
                series[one.run, one.name] = _joined(known, one)
            elif known is None:
                series[one.run, one.name] = one
            elif not np.array_equal(known.values, one.values, equal_nan=True):
                # Another file of the same name is another run, not its continuation.
                other = replace(one, run=f"{one.run} ({path.name})")
                series[other.run, other.name] = other
    if not series:
        raise InputError("at least one log", "; ".join(notes[:3]), f"give files: {KINDS}")
    return list(series.values()), notes


def _files_of(paths: Iterable[str | Path], notes: list[str]) -> dict[Path, bool]:
    """Every file, and whether it was named itself."""
    files: dict[Path, bool] = {}
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            inside = _logs_in(path, notes)
            if not inside:
                raise InputError(f"logs in {path}", "; ".join(notes[:3]) or "none", f"give files: {KINDS}")
            files = files | {one: files.get(one, False) for one in inside}
        elif path.is_file():
            files[path] = True
        else:
            raise MissingError(f"a log at {path}", "no such file or folder", "check the path")
    # A file that was named twice, or lies in a folder beside it, is read once.
    return {path: files[path] for path in {one.resolve(): one for one in files}.values()}


def read_log(path: Path, run: str) -> Found:
    """The series of one file.

    Raises:
        FormatError: it is no log that can be read.
    """
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise FormatError(f"a log in {path}", "an empty file", "give a log that was written to")
    except OSError as error:
        raise FormatError(f"a file that may be read at {path}", first_line(error), "check it") from error
    suffix = path.suffix.lower()
    reader: Callable[[Path, str], Found] | None = None
    if EVENTS in path.name:
        reader = read_events
    elif suffix in (".csv", ".tsv"):
        reader = read_csv_log
    elif suffix in (".npy", ".npz"):
        reader = read_array_log
    elif suffix in JSON_SUFFIXES or holds_lines(path):
        reader = read_json_log
    if reader is None:
        raise FormatError(f"a log at {path}", f"a file that ends with {suffix or 'nothing'}", f"give {KINDS}")
    try:
        return reader(path, run)
    except RecursionError as error:
        raise FormatError(f"a log in {path}", "values nested too deeply", "write a record a line") from error


def group_of(run: str, seeds: str | None = None) -> str:
    """The run's name without the number of its seed: runs of one group differ in it alone.

    Args:
        run: its name.
        seeds: regular expression of what is left out; by default ``seed3``, ``version_3``, ``run-3``, ``s3``.

    Raises:
        InputError: no regular expression.
    """
    try:
        pattern = _SEED if seeds is None else re.compile(seeds)
    except re.error as error:
        raise InputError(
            "a regular expression for --group", f"{seeds!r} ({error})", "such as 'seed\\d+'"
        ) from error
    return pattern.sub("", run).strip("_-./= ") or run


def _logs_in(folder: Path, notes: list[str]) -> list[Path]:
    """Logs in a folder and below; of a Trainer's checkpoints only the last, whose log holds the others'."""
    found = []
    last: dict[Path, tuple[int, Path]] = {}
    for path in sorted(folder.rglob("*")):
        if not _is_log(path):
            continue
        if _SETTINGS.search(path.stem):
            notes.append(f"{path.name} was passed over: settings, by its name")
            continue
        checkpoint = _CHECKPOINT.fullmatch(path.parent.name)
        if checkpoint and path.name == "trainer_state.json":
            one = (int(checkpoint[1]), path)
            last[path.parent.parent] = max(last.get(path.parent.parent, one), one)
        else:
            found.append(path)
    return sorted([*found, *(path for _, path in last.values())])


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
        first.unit,
    )


def _is_log(path: Path) -> bool:
    suffix = path.suffix.lower()
    return path.is_file() and (
        EVENTS in path.name or suffix in SUFFIXES or (suffix in TEXTS and holds_lines(path))
    )


def _run_names(paths: Sequence[Path]) -> dict[Path, str]:
    """What tells the files apart: their places below what all have in common; event files by their folder."""
    places = {path: path.resolve() for path in paths}
    beside = Counter(path.parent for path in paths)
    alike = Counter(path.name for path in paths)
    bare = Counter(path.parent for path in paths if _is_bare(path))
    whole = {
        path: place.parent
        if bare[path.parent] > 1 and _is_bare(path)
        else _place(place, beside[path.parent], alike[path.name])
        for path, place in places.items()
    }
    parts = [place.parts for place in whole.values()]
    common = 0
    while len({one[: common + 1] for one in parts}) == 1 and all(len(one) > common + 1 for one in parts):
        common += 1
    return {path: _EVENT_NAME.sub(".", "/".join(place.parts[common:])) for path, place in whole.items()}


def _is_bare(path: Path) -> bool:
    """Whether a file holds one quantity that only its own name tells."""
    if path.suffix.lower() not in (".json", ".csv"):
        return path.suffix.lower() == ".npy"
    try:
        with path.open("rb") as file:
            head = b"".join(file.read(64).split())
    except OSError:
        return False
    return (head.startswith(b"[") and head[1:2] != b"{") or head.startswith(b"Walltime,Step,Value")


def _place(path: Path, beside: int, alike: int) -> Path:
    """What names the run: the file, or its folder for files of one name and the parts of an event log."""
    if alike > 1:
        return path.parent
    if EVENTS in path.name:
        # TensorBoard's own names tell nothing of the run; people who collect logs give them better ones.
        own = path.name.startswith("events.out")
        return path.parent if own and (beside == 1 or path.name.count(".") > 3) else path
    return path.with_suffix("") if path.suffix.lower() in (*SUFFIXES, *TEXTS) else path
