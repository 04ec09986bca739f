"""``training``: what the logs of trainings say: curves, restarts, breaks, momentum, gradients."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from repscope.errors import UnknownNameError, name_some
from repscope.learning.logs.changes import LEAST, find_change
from repscope.learning.logs.read import read_logs
from repscope.learning.logs.roles import gradients_of, is_collapse, momentum_of
from repscope.learning.logs.series import Series, restarts_of
from repscope.verbs.training.options import TrainingOptions
from repscope.verbs.training.result import Training


def training(
    logs: str | Path | Sequence[str | Path],
    *,
    series: Sequence[str] = TrainingOptions.series,
    smooth: float = TrainingOptions.smooth,
    watch: Sequence[str] = TrainingOptions.watch,
    seed: int = TrainingOptions.seed,
) -> Training:
    """Read training logs of any usual kind, and say what they hold.

    Values are kept as they were written. Where a log goes back to an earlier step, what a later part wrote
    again replaces the earlier values in smooth curves and tests.

    Args:
        logs: files or folders: csv, json, jsonl, npy, npz, event files of TensorBoard, and what Lightning,
            transformers and Weights & Biases write.
        series: only quantities whose names match one of these globs.
        smooth: weight of the past in the smooth curves.
        watch: quantities that are searched for a break, besides those that tell of collapse.
        seed: of the tests of breaks.

    Raises:
        MissingError: no such file.
        FormatError: a file that is no log, or a damaged one.
        InputError: no log in a folder.
        UnknownNameError: no quantity matches.
        DependencyError: event files without TensorBoard.
    """
    paths = [logs] if isinstance(logs, str | Path) else list(logs)
    found, notes = read_logs(paths)
    names = list(dict.fromkeys(one.name for one in found))
    chosen = [one for one in found if not series or _matches(one.name, series)]
    for asked in (*series, *watch):
        if not any(fnmatchcase(name, asked) for name in names):
            raise UnknownNameError(
                "a quantity of the logs", repr(asked), f"choose among {name_some(names, 12)}"
            )
    searched = [one for one in chosen if is_collapse(one.name) or _matches(one.name, watch)]
    changes = [change for one in searched if (change := find_change(one, seed=seed)) is not None]
    short = [one.name for one in searched if len(one.curve[1]) < LEAST]
    if short:
        notes.append(f"fewer than {LEAST} values, too few to search for a break: {name_some(short, 3)}")
    bad = [one.name for one in chosen if len(one.curve[1]) < int(one.kept.sum())]
    if bad:
        notes.append(f"NaN or Inf among the values of {name_some(dict.fromkeys(bad), 5)}; they are gaps")
    own = TrainingOptions(series=tuple(series), smooth=smooth, watch=tuple(watch), seed=seed)
    made = Training(
        series=tuple(chosen),
        smooth=smooth,
        restarts=tuple(restarts_of(chosen)),
        changes=tuple(changes),
        momentum=tuple(one for each in chosen if (one := momentum_of(each)) is not None),
        gradients=tuple(gradients_of(chosen)),
        notes=tuple(notes),
        replay=own.to_command("training", *paths),
    )
    _check_weight(chosen[0], smooth)
    return made


def _check_weight(one: Series, weight: float) -> None:
    one.smoothed(weight)


def _matches(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
