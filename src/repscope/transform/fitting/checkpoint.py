"""Checkpoints: a safetensors file each, written whole or not at all, from which training goes on exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from repscope.errors import FormatError, StudyError
from repscope.study.storage import make_folder, remove_leftovers, storage_errors, write_bytes

CONFIG = "config.json"
"""The file beside the checkpoints that says how they were made."""

_HEADER = "repscope"
_VERSION = 1
_FILE = re.compile(r"step-(\d{8,})\.safetensors")


@dataclass
class Checkpoint:
    """A training after some step.

    There is no state of a random generator in it because there is none to keep: all that is drawn is a
    function of the seed and the step.

    Attributes:
        step: updates made.
        tensors: weights, moving average, best weights, optimiser and losses, by name.
        config: options, settings and fingerprint of the data: what a resumed training must share.
        record: numbers: the validations, the best step, the seconds, the loss scale.
    """

    step: int
    tensors: dict[str, Tensor]
    config: dict[str, Any]
    record: dict[str, Any] = field(default_factory=dict)

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors under a prefix, without it."""
        start = f"{prefix}."
        return {name[len(start) :]: t for name, t in self.tensors.items() if name.startswith(start)}


class Checkpoints:
    """The checkpoints of one training in a folder.

    Args:
        folder: made where it is absent.
        keep: how many of the newest stay.

    Raises:
        StorageError: the folder cannot be made or written to.
    """

    def __init__(self, folder: str | Path, keep: int) -> None:
        self.folder = make_folder(Path(folder))
        self._keep = keep

    def start(self, config: Mapping[str, Any]) -> None:
        """Write the one file that says how the training is done, and clear what a killed writer left.

        Raises:
            StorageError: the disk refuses.
        """
        remove_leftovers(self.folder)
        write_bytes(self.folder / CONFIG, json.dumps(config, indent=2).encode() + b"\n")

    def steps(self) -> list[int]:
        """Steps of the checkpoints that are there, ascending."""
        with storage_errors(self.folder, "read"):
            found = (_FILE.fullmatch(path.name) for path in self.folder.iterdir())
            return sorted(int(match[1]) for match in found if match)

    def path(self, step: int) -> Path:
        """File of a step's checkpoint."""
        return self.folder / f"step-{step:08d}.safetensors"

    def write(self, checkpoint: Checkpoint) -> Path:
        """Write a checkpoint, then remove the oldest beyond those to keep.

        Raises:
            StorageError: the disk refuses; the checkpoints before are untouched.
        """
        from safetensors.torch import save

        about = {
            "version": _VERSION,
            "step": checkpoint.step,
            "config": checkpoint.config,
            "record": checkpoint.record,
        }
        # Clones: safetensors refuses tensors that share memory, as tied weights do.
        tensors = {name: t.detach().cpu().contiguous().clone() for name, t in checkpoint.tensors.items()}
        path = self.path(checkpoint.step)
        write_bytes(path, save(tensors, {_HEADER: json.dumps(about)}))
        for step in self.steps()[: -self._keep]:
            with storage_errors(path):
                self.path(step).unlink(missing_ok=True)
        return path

    def read(self, step: int) -> Checkpoint:
        """Read the checkpoint of a step.

        Raises:
            FormatError: it is damaged, or no checkpoint of a training.
        """
        from safetensors import SafetensorError, safe_open

        path = self.path(step)
        do = "remove the file to resume from the checkpoint before it"
        with storage_errors(path, "read"):
            try:
                with safe_open(path, "pt") as file:
                    about = json.loads((file.metadata() or {})[_HEADER])
                    tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                return Checkpoint(about["step"], tensors, about["config"], about["record"])
            except (SafetensorError, KeyError, TypeError, ValueError) as error:
                raise FormatError(f"a checkpoint of a training at {path}", str(error), do) from error

    def check(self, found: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Refuse to resume what was not made in the same way.

        Args:
            found: config of the checkpoint.
            now: config of the training to resume.

        Raises:
            StudyError: options, settings, network or data differ; each is named.
        """
        old, new = _flat(found), _flat(json.loads(json.dumps(now)))
        absent = object()
        differ = [
            f"{name} {_shown(new.get(name))} instead of {_shown(old.get(name))}"
            for name in sorted(set(old) | set(new))
            if old.get(name, absent) != new.get(name, absent)
        ]
        if differ:
            raise StudyError(
                f"the training that the checkpoints in {self.folder} are of",
                "; ".join(differ[:5]),
                "train as before to resume, or choose another folder for the checkpoints",
            )


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in config.items():
        flat.update(
            {f"{name}.{inner}": v for inner, v in value.items()} if isinstance(value, dict) else {name: value}
        )
    return flat


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
