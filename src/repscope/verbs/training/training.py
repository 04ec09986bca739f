"""``training``: what the logs of trainings say: curves, restarts, breaks, momentum, gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from repscope.errors import UnknownNameError, name_some
from repscope.learning.logs.changes import LEAST, find_change
from repscope.learning.logs.gradients import gradients_of
from repscope.learning.logs.momentum import momentum_of
from repscope.learning.logs.read import group_of, read_logs
from repscope.learning.logs.records import values_of_runs
from repscope.learning.logs.roles import collapse_kind
from repscope.learning.logs.series import Series, check_weight, restarts_of
from repscope.verbs.training.options import TrainingOptions
from repscope.verbs.training.record import NO_GROUPS
from repscope.verbs.training.result import Training


def training(
    logs: str | Path | Sequence[str | Path] | Mapping[str, Any],
    *,
    series: Sequence[str] = TrainingOptions.series,
    smooth: float = TrainingOptions.smooth,
    centred: bool = TrainingOptions.centred,
    group: str | None = TrainingOptions.group,
    watch: Sequence[str] = TrainingOptions.watch,
    seed: int = TrainingOptions.seed,
) -> Training:
    """Read training logs of any usual kind, and say what they hold.

    Values are kept as they were written. Where a log goes back to an earlier step, what a later part wrote
    again replaces the earlier values in smooth curves and tests.

    Args:
        logs: files or folders: csv, json, jsonl, npy, npz, event files of TensorBoard, and what Lightning,
            transformers and Weights & Biases write. Or what is in memory: lists by name, or these by run.
        series: only quantities whose names match one of these globs, or hold the text where none matches.
        smooth: weight of the past in the smooth curves.
        centred: smooth over as many values after as before.
        group: what tells seeds apart in the names of runs, a regular expression; "none" for no groups.
        watch: quantities that are searched for a break, besides those that tell of collapse.
        seed: of the tests of breaks.

    Raises:
        MissingError: no such file.
        FormatError: a file that is no log, or a damaged one.
        InputError: no log in a folder, a weight outside [0, 1), no regular expression.
        UnknownNameError: no quantity matches.
        DependencyError: event files without TensorBoard.
    """
    check_weight(smooth)
    group_of("", None if group == NO_GROUPS else group)
    paths: Sequence[str | Path] = ()
    if isinstance(logs, Mapping):
        found, notes = values_of_runs(logs)
    else:
        paths = [logs] if isinstance(logs, str | Path) else list(logs)
        found, notes = read_logs(paths)
    names = list(dict.fromkeys(one.name for one in found))
    wanted = _named(series, names) if series else names
    watched = _named(watch, names)
    chosen = [one for one in found if one.name in wanted]
    searched = [one for one in chosen if collapse_kind(one.name) or one.name in watched]
    changes = [change for one in searched if (change := find_change(one, seed=seed)) is not None]
    short = [one.name for one in searched if len(one.curve[1]) < LEAST]
    if short:
        notes.append(f"fewer than {LEAST} values, too few to search for a break: {name_some(short, 3)}")
    notes += _notes_on(chosen)
    own = TrainingOptions(
        series=tuple(series), smooth=smooth, centred=centred, group=group, watch=tuple(watch), seed=seed
    )
    return Training(
        series=tuple(chosen),
        smooth=smooth,
        centred=centred,
        group=group,
        watched=tuple(watched),
        restarts=tuple(restarts_of(chosen)),
        changes=tuple(changes),
        momentum=tuple(one for each in chosen if (one := momentum_of(each)) is not None),
        gradients=tuple(gradients_of(chosen)),
        notes=tuple(notes),
        seed=seed,
        replay=own.to_command("training", *paths) if paths else "",
    )


def _notes_on(series: Sequence[Series]) -> Iterator[str]:
    bad = [one.name for one in series if len(one.curve[1]) < int(one.kept.sum())]
    if bad:
        yield f"NaN or Inf among the values of {name_some(dict.fromkeys(bad), 5)}; they are gaps"
    torn = {one.run: len(one.starts) for one in series if len(one.starts) > max(10, len(one.steps) // 10)}
    for run, times in torn.items():
        yield f"{run}: steps go back {times:,} times, as where several processes write one log"
    units: dict[str, set[str]] = {}
    for one in series:
        units.setdefault(one.name, set()).add(one.unit)
    mixed = [f"{name} ({', '.join(sorted(each))})" for name, each in units.items() if len(each) > 1]
    if mixed:
        yield f"steps count different things, so that these are not overlaid: {name_some(mixed, 3)}"


def _named(asked: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names that match any of some globs; a text that matches none is looked for within names.

    Raises:
        UnknownNameError: it is not there either.
    """
    found: set[str] = set()
    for one in asked:
        own = [name for name in names if fnmatchcase(name, one)] or [name for name in names if one in name]
        if not own:
            raise UnknownNameError(
                "a quantity of the logs", repr(one), f"choose among {name_some(names, 12)}"
            )
        found.update(own)
    return [name for name in names if name in found]
