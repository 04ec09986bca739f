"""``bridge info``: one bridge of a study, how its training went, and trainings that were not finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repscope.errors import InputError, MissingError
from repscope.report.csv import csv_text
from repscope.study import Study
from repscope.study.storage import make_folder, write_bytes
from repscope.text.display import wrap
from repscope.text.tables import WIDTH
from repscope.transform.store import SavedBridge, stored, unfinished_trainings


@dataclass(frozen=True)
class Training:
    """How a training went.

    Attributes:
        losses: of each step.
        validation: loss on the rows held out, by step; {} without such rows.
        best_step: whose weights were kept: that of the lowest validation loss, the last one without.
        seconds: that it took.
    """

    losses: tuple[float, ...]
    validation: Mapping[int, float]
    best_step: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "steps": len(self.losses),
            "best_step": self.best_step,
            "seconds": self.seconds,
            "losses": list(self.losses),
            "validation": [{"step": step, "loss": loss} for step, loss in self.validation.items()],
        }

    def csv(self) -> str:
        """``losses.csv``: step, training loss, validation loss where there is one."""
        steps = sorted({*range(1, len(self.losses) + 1), *self.validation})
        return csv_text(
            ("step", "loss", "validation"),
            (
                {
                    "step": step,
                    "loss": self.losses[step - 1] if step else None,
                    "validation": self.validation.get(step),
                }
                for step in steps
            ),
        )


@dataclass(frozen=True)
class BridgeInfo:
    """One bridge of a study.

    Attributes:
        stored: the bridge; None where only unfinished trainings are there.
        name: of the bridge.
        training: None for a method that is not trained, and for an imported checkpoint.
        unfinished: newest step of each training of this name that was killed, or that runs now.
    """

    stored: SavedBridge | None
    name: str
    training: Training | None
    unfinished: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        """The record of ``--json``."""
        return {
            "schema": "repscope.bridge-info/1",
            "name": self.name,
            "bridge": None if self.stored is None else self.stored.to_json(),
            "training": None if self.training is None else self.training.to_json(),
            "unfinished": list(self.unfinished),
        }


def bridge_info(study: str | Path | Study, name: str) -> BridgeInfo:
    """What one bridge is, how its training went, and which trainings of its name were not finished.

    Args:
        study: folder of the study, or the study.
        name: of the bridge.

    Raises:
        MissingError: neither a bridge nor a training of this name.
        FormatError: its files are damaged.
    """
    opened = Study.open(study)
    unfinished = tuple(step for found, step in unfinished_trainings(opened) if found == name)
    try:
        kept = stored(opened, name)
    except MissingError:
        if not unfinished:
            raise
        return BridgeInfo(None, name, None, unfinished)
    bridge = kept.load()
    losses = getattr(bridge, "losses_", None)
    training = None
    if losses is not None and len(losses):
        seconds, best = float(bridge.training_seconds_), int(bridge.best_step_)
        training = Training(tuple(map(float, losses)), dict(bridge.validation_), best, seconds)
    return BridgeInfo(kept, name, training, unfinished)


def info_lines(found: BridgeInfo) -> list[str]:
    """What a terminal shows."""
    lines = []
    if (kept := found.stored) is not None:
        sets = [str((kept.fit.get(role) or {}).get("name", "?")) for role in ("source", "target")]
        given = ", ".join(f"{name}={value}" for name, value in kept.params.items())
        lines = [
            f"{kept.name}: {kept.method}, {' → '.join(sets)}, width {kept.width_in} → {kept.width_out}, "
            f"{kept.fingerprint[:12]}",
            *_under("parameters", given or "none"),
            *(line for text in kept.warnings for line in _under("warning", text)),
        ]
    if (training := found.training) is not None:
        held = training.validation.get(training.best_step)
        loss = "" if held is None else f", loss {held:.4g} on the rows held out"
        lines.append(
            f"  training    {len(training.losses):,} steps in {training.seconds:.1f} s; kept: step "
            f"{training.best_step:,}{loss}"
        )
    lines += [
        f"  unfinished  a training that was killed, or runs now, at step {step:,}; the same bridge fit "
        "continues it"
        for step in found.unfinished
    ]
    return lines


def _under(name: str, text: str) -> list[str]:
    return wrap(text, WIDTH, first=f"  {name:<12}", rest=" " * 14)


def save_losses(found: BridgeInfo, out: Path) -> Path:
    """Write ``losses.csv`` and ``losses.png`` of a training; the path of the first.

    Raises:
        InputError: the bridge was not trained here.
        StorageError: the disk refuses.
    """
    from repscope.plot.base.save import save_figure
    from repscope.plot.bridge.losses import plot_losses

    training = found.training
    if training is None:
        raise InputError(
            "a bridge that was trained in this study, to have losses",
            f"{found.name!r}, which has none",
            "leave --out away",
        )
    figure = plot_losses(training.losses, training.validation, training.best_step)
    save_figure(figure, make_folder(out), "losses", formats=("png",))
    write_bytes(out / "losses.csv", training.csv().encode())
    return out / "losses.csv"
