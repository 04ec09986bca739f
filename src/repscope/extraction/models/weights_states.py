"""The states in a checkpoint, and which of them is a model's: by key, by prefix, by shape."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

COUNTER = "num_batches_tracked"
"""Batch counters of normalisation layers: unused in evaluation, so they may be absent on either side."""

USUAL = (
    "state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params", "encoder",
    "backbone", "encoder_q",
)  # fmt: skip
"""Keys of a model's state, the likeliest first."""
AVERAGES = (
    "teacher", "student", "ema", "model_ema", "ema_model", "state_dict_ema", "ema_state_dict", "params_ema",
    "model_ema_state_dict", "ema_model_state_dict", "target", "target_encoder", "encoder_k",
    "momentum_encoder",
)  # fmt: skip
"""Keys of its moving averages and of the two networks of self-distillation, taken where no other fits."""
_OF_TRAINING = re.compile(
    r"(optim|opt$|optimizers?|(lr_)?sched|scaler|amp$|criterion|loss|.*_loss|metric|.*_metrics?$|.*_acc$"
    r"|.*accuracy|(train|val|test)_|rng|hooks?$)"
)
_PROGRESS = re.compile(r"best|acc|epoch|step|iter|prec|seed|lr$|updates|time|version")
"""In names of single numbers that tell how far a training came."""
_WRAPPERS = ("_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
"""Parts of names that wrappers of torch put in, wherever they stand."""
_DEEPEST = 3


@dataclass(frozen=True)
class State:
    """Tensors of a checkpoint by name, and the keys that lead to them ("" for the top)."""

    trail: str
    tensors: dict[str, Tensor]


@dataclass(frozen=True)
class Fit:
    """A state under the model's own names.

    Attributes:
        trail: keys that lead to it.
        stripped: prefix that was taken off; parts taken out of names stand behind "…".
        tensors: by the model's names.
        missing, unexpected: names on one side only, but for counters.
        beside: names outside the prefix that belong to training.
        others: names outside the prefix that do not.
        shapes: names whose shapes differ.
    """

    trail: str
    stripped: str
    tensors: dict[str, Tensor]
    missing: list[str]
    unexpected: list[str]
    beside: list[str]
    others: list[str]
    shapes: list[str]

    @property
    def whole(self) -> bool:
        """Whether it is all of the model's weights, and nothing else."""
        return not (self.missing or self.unexpected or self.others or self.shapes)

    @property
    def name(self) -> str:
        """Where it is, for a reader."""
        return (
            f"{self.trail}: {self.stripped}*" if self.trail and self.stripped else self.trail or self.stripped
        )


def states_of(raw: Mapping[Any, Any], trail: str = "", depth: int = 0) -> Iterator[State]:
    """Every dictionary of tensors in a checkpoint, but for those of optimisers, the likeliest first."""
    import torch

    tensors = {str(key): value for key, value in raw.items() if isinstance(value, torch.Tensor)}
    inner = {str(key): value for key, value in raw.items() if isinstance(value, Mapping)}
    if tensors:
        yield State(trail, tensors)
    if depth < _DEEPEST:
        for key in sorted(inner, key=rank):
            if not _OF_TRAINING.match(key):
                yield from states_of(inner[key], f"{trail}.{key}" if trail else key, depth + 1)


def rank(name: str) -> int:
    """How likely a key or prefix leads to the model's weights; smaller is likelier."""
    parts = [part for part in re.split(r"[.: *…]+", name) if part]
    if any(part in AVERAGES or "ema" in part.split("_") for part in parts):
        first = next((part for part in parts if part in AVERAGES), "")
        return 100 + (AVERAGES.index(first) if first else 50)
    return USUAL.index(parts[0]) if parts and parts[0] in USUAL else 0 if not parts else 50


def fits(state: State, own: Mapping[str, Tensor], prefix: str | None) -> Iterator[Fit]:
    """The ways in which a state could be the model's, the likeliest first.

    Args:
        state: from the file.
        own: the model's.
        prefix: insisted on by the caller; what is outside it is left out.
    """
    for out in ((), _WRAPPERS, (*_WRAPPERS, "model")):
        names = {_without(key, out): key for key in own}
        there = {_without(key, out): value for key, value in state.tensors.items()}
        if len(names) != len(own) or len(there) != len(state.tensors):
            continue
        if out and list(there) == list(state.tensors) and list(names) == list(own):
            continue
        taken = [part for part in out if any(part in key.split(".")[:-1] for key in state.tensors)]
        inside = "".join(f"…{part}." for part in taken)
        found = prefixes(there, names) if prefix is None else {_without(prefix, out) if out else prefix: 0}
        for start, count in found.items():
            # Another copy of the whole model, such as its moving average, is another choice.
            rivals = tuple(name for name, others in found.items() if name != start and others == count > 0)
            under = {key[len(start) :]: value for key, value in there.items() if key.startswith(start)}
            outside = [key for key in there if not key.startswith((start, *rivals))]
            place = State(state.trail, under)
            yield _fit(place, (start, inside), [] if prefix is not None else outside, names, own)


def _fit(
    state: State,
    stripped: tuple[str, str],
    outside: list[str],
    names: Mapping[str, str],
    own: Mapping[str, Tensor],
) -> Fit:
    """A state whose names have lost ``stripped``: a prefix, and parts inside them."""
    start, inside = stripped
    training = [
        key
        for key, value in state.tensors.items()
        if key not in names and (_is_training(key) or (value.ndim == 0 and _PROGRESS.search(key)))
    ]
    renamed = {names.get(key, key): value for key, value in state.tensors.items() if key not in training}
    missing, unexpected = difference(renamed, own)
    return Fit(
        state.trail,
        start + inside,
        renamed,
        missing,
        unexpected,
        without_counters([start + key for key in training] + [key for key in outside if _is_training(key)]),
        [key for key in outside if not _is_training(key)],
        [key for key, value in renamed.items() if key in own and value.shape != own[key].shape],
    )


def _is_training(key: str) -> bool:
    return any(_OF_TRAINING.match(part) for part in key.split(".")[:2])


def _without(key: str, parts: tuple[str, ...]) -> str:
    return ".".join(part for part in key.split(".") if part not in parts) if parts else key


def prefixes(there: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, int]:
    """Beginnings of the file's names and how many names of the model follow them, the likeliest first."""
    counts: Counter[str] = Counter()
    for key in there:
        parts = key.split(".")
        for at in range(len(parts)):
            if ".".join(parts[at:]) in own:
                counts[".".join((*parts[:at], ""))] += 1
    most = max(counts.values(), default=0)
    found = {name: counts[name] for name in sorted(counts, key=rank) if 2 * counts[name] > most}
    # What all names share explains best what is wrong with a file that does not fit.
    first = next(iter(there)).split(".")
    shared = [".".join((*first[:at], "")) if at else "" for at in range(len(first))]
    common = [name for name in shared if all(key.startswith(name) for key in there)]
    return found | {name: counts[name] for name in common if name not in found}


def difference(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
    """Keys that the file lacks, and keys that the model lacks."""
    # Of tied parameters only one need be in the file.
    held = {(own[key].data_ptr(), own[key].shape) for key in state if key in own}
    missing = [key for key in own if key not in state and (own[key].data_ptr(), own[key].shape) not in held]
    return without_counters(missing), without_counters([key for key in state if key not in own])


def without_counters(keys: list[str]) -> list[str]:
    """Names, but for batch counters."""
    return [key for key in keys if not key.endswith(COUNTER)]
