"""Fits that are trained: their progress, and checkpoints in the study so that a killed fit continues."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import RepscopeError
from repscope.text.progress import OnProgress

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

EVERY = 500
"""Steps between checkpoints where nothing else is asked for; a shorter training keeps none."""


def watch(bridge: Bridge, what: str, report: OnProgress | None) -> None:
    """Let a method that is trained tell how far it is; the others are done before one could ask."""
    tells = getattr(bridge, "watch", None)
    if report is not None and callable(tells):
        tells(lambda progress: report(replace(progress, what=what)))


@contextlib.contextmanager
def together(device: str) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Several processes of ``torchrun`` fit one bridge, which the first of them saves.

    Args:
        device: of the training.

    Yields:
        What saves: it calls its argument in the first process, and raises in all of them what goes wrong.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield _at_once
        return
    from repscope.transform.fitting.distributed import processes

    with processes(device) as group:

        def save_once(save: Callable[[], object]) -> None:
            error: RepscopeError | None = None
            try:
                if group.rank == 0:
                    save()
            except RepscopeError as found:
                error = found
            group.all_or_none(error)

        yield save_once


def _at_once(save: Callable[[], object]) -> None:
    save()


@contextlib.contextmanager
def checkpoints(bridge: Bridge, folder: Path, name: str, recipe: Mapping[str, Any]) -> Iterator[None]:
    """Have a long training write checkpoints beside the bridges, and remove them when it is done.

    The same fit finds its own checkpoints again; another one (other sets, rows or parameters) does not.

    Args:
        bridge: about to be fitted; left alone unless it is trained, and was not given a folder.
        folder: of the study's bridges.
        name: of the bridge.
        recipe: what decides the fit, as JSON values.
    """
    params = bridge.get_params(deep=False)
    given = dict(params.get("options") or {})
    steps = params.get("steps")
    if "options" not in params or "checkpoints" in given or not isinstance(steps, int) or steps <= EVERY:
        yield
        return
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True, default=str).encode()).hexdigest()[:16]
    place = folder / f".{name}.{digest}.training"
    bridge.set_params(options={"checkpoint_every": EVERY, **given, "checkpoints": str(place)})
    try:
        yield
    finally:
        # The folder is no part of what the bridge is; it is kept for the next try if this one failed.
        bridge.set_params(options=params["options"])
    for old in folder.glob(f".{name}.*.training"):
        shutil.rmtree(old, ignore_errors=True)
