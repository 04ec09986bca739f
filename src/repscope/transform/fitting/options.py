"""The options of a training, under the names that the field uses, and the one file that keeps them."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self, TypeGuard

from repscope.errors import FormatError, InputError, MissingError, UnknownNameError, name_some
from repscope.study.storage import read_bytes, write_bytes

Amp = Literal["no", "bf16", "fp16"]

_CHOICES: dict[str, tuple[str, ...]] = {
    "amp": ("no", "bf16", "fp16"),
    "schedule": ("constant", "cosine"),
    "validation_by": ("cluster", "class"),
}
_AT_LEAST: dict[str, int] = {
    "steps": 1,
    "batch_size": 1,
    "warmup": 0,
    "accumulate": 1,
    "ema_every": 1,
    "validate_every": 1,
    "patience": 1,
    "checkpoint_every": 1,
    "keep": 1,
    "seed": 0,
}

FREE = ("checkpoint_every", "checkpoints", "keep", "device")
"""Options that may differ when a training is resumed: none of them changes what a step computes."""


@dataclass(frozen=True)
class TrainOptions:
    """How a network is trained.

    Attributes:
        steps: updates of the weights.
        batch_size: rows of one forward pass, in each process.
        learning_rate: of Adam.
        betas: of Adam.
        weight_decay: decoupled from the gradient (AdamW).
        warmup: steps over which the learning rate rises from 0.
        schedule: after the warm-up, ``"constant"`` or ``"cosine"`` (to 0 at the last step).
        accumulate: forward passes whose gradients are averaged into one update.
        clip_norm: longest gradient, or None.
        ema: decay of the moving average of the weights, or None for no average.
        ema_every: steps between updates of the average.
        amp: ``"bf16"`` or ``"fp16"`` for automatic mixed precision.
        validation: share of the clusters (or classes) that is held out, 0 for none.
        validation_by: what is held out whole: ``"cluster"`` or ``"class"``.
        validate_every: steps between validations.
        patience: validations without a gain after which the training stops, or None.
        checkpoint_every: steps between checkpoints, or None for the last step only.
        checkpoints: folder of the checkpoints, or None for none. One that holds some is resumed.
        keep: how many of the newest checkpoints stay.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.
        seed: of the batches, the noise and the split.

    Raises:
        InputError: a value out of its range.
    """

    steps: int = 1000
    batch_size: int = 128
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    warmup: int = 0
    schedule: Literal["constant", "cosine"] = "constant"
    accumulate: int = 1
    clip_norm: float | None = 1.0
    ema: float | None = None
    ema_every: int = 1
    amp: Amp = "no"
    validation: float = 0.0
    validation_by: Literal["cluster", "class"] = "cluster"
    validate_every: int = 100
    patience: int | None = None
    checkpoint_every: int | None = None
    checkpoints: str | Path | None = None
    keep: int = 3
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        # A file gives a list; equality and hashing want one form.
        object.__setattr__(self, "betas", tuple(self.betas))
        self._check_counts_and_choices()
        self._check_numbers()
        if self.patience is not None and not self.validation:
            raise InputError(
                "a validation share for early stopping", "patience without it", "set validation=0.1"
            )
        if self.checkpoint_every is not None and self.checkpoints is None:
            raise InputError(
                "a folder for the checkpoints", "checkpoint_every without it", "set checkpoints=FOLDER"
            )

    def _check_counts_and_choices(self) -> None:
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            optional = name in ("patience", "checkpoint_every")
            if not (optional and value is None) and not (_is_integer(value) and value >= least):
                raise _refused(name, f"a whole number of at least {least}", value)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise _refused(name, " or ".join(choices), getattr(self, name))

    def _check_numbers(self) -> None:
        for name, value in (("learning_rate", self.learning_rate), ("clip_norm", self.clip_norm)):
            unset = name == "clip_norm" and value is None
            if not unset and not (_is_number(value) and value > 0):
                raise _refused(name, "a finite number above 0", value)
        if not (_is_number(self.weight_decay) and self.weight_decay >= 0):
            raise _refused("weight_decay", "a finite number of at least 0", self.weight_decay)
        if len(self.betas) != 2:
            raise _refused("betas", "two numbers", self.betas)
        for name, share in (
            ("betas", self.betas[0]),
            ("betas", self.betas[1]),
            ("validation", self.validation),
            ("ema", 0.0 if self.ema is None else self.ema),
        ):
            if not (_is_number(share) and 0 <= share < 1):
                raise _refused(name, "from 0 to below 1", getattr(self, name))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Options from names and values; those that are absent keep their defaults.

        Raises:
            UnknownNameError: a name that is no option.
            InputError: a value out of its range.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise UnknownNameError(
                f"options of a training ({', '.join(known)})", name_some(unknown), "correct the names"
            )
        return cls(**values)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Options from a JSON or TOML file; a table ``options`` in it is preferred to the top level.

        Raises:
            MissingError: no such file.
            FormatError: not JSON or TOML.
            UnknownNameError, InputError: see :meth:`of`.
        """
        file = Path(path)
        content = read_bytes(file)
        if content is None:
            raise MissingError(f"a file of options at {file}", "no such file", "give a .json or .toml file")
        try:
            text = content.decode()
            found: Any = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
        except ValueError as error:
            raise FormatError(f"JSON or TOML in {file}", str(error), "correct the file") from error
        if not isinstance(found, dict) or not isinstance(found.get("options", {}), dict):
            raise FormatError(f"names and values in {file}", type(found).__name__, "correct the file")
        return cls.of(found.get("options", found))

    def as_dict(self) -> dict[str, Any]:
        """Names and values as JSON has them."""
        values = asdict(self) | {"betas": list(self.betas)}
        if self.checkpoints is not None:
            values["checkpoints"] = str(self.checkpoints)
        return values

    def to_file(self, path: str | Path) -> None:
        """Write the options as JSON, atomically.

        Raises:
            StorageError: the disk refuses.
        """
        write_bytes(Path(path), json.dumps({"options": self.as_dict()}, indent=2).encode() + b"\n")

    def fixed(self) -> dict[str, Any]:
        """The options that a resumed training must share with its checkpoint.

        ``steps`` is among them only where the learning rate depends on it: with a constant one, a
        training may be made longer.
        """
        free = FREE + (("steps",) if self.schedule == "constant" else ())
        return {name: value for name, value in self.as_dict().items() if name not in free}

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        if self.schedule == "constant":
            return self.learning_rate
        share = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))


def _is_integer(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refused(name: str, expected: str, got: object) -> InputError:
    return InputError(f"{name}: {expected}", repr(got), f"correct {name}")
