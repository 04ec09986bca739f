"""Weights: read as tensors and nothing else, matched to the model key by key, or refused with the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, MissingError, ModelError, first_line, name_some
from repscope.formats.torch_files import read_torch_weights_only
from repscope.study.storage import file_hash

if TYPE_CHECKING:
    from torch import Tensor, nn

NESTED = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts keep the model's own state, tried in this order."""

COUNTER = "num_batches_tracked"
"""Batch counters of normalisation layers: unused in evaluation, so they may be absent on either side."""


@dataclass(frozen=True)
class Loaded:
    """What was loaded into a model, for the provenance.

    Attributes:
        file: the weights file.
        sha256: of the file.
        nested: keys that led to the state, such as "state_dict"; "" for a flat file.
        stripped: prefix taken off every key, such as "module.".
    """

    file: str
    sha256: str
    nested: str
    stripped: str


def load_given(model: nn.Module, file: str | Path | None, own: Any) -> Any:
    """What the provenance says of a model's weights: those of ``file``, which are loaded, or its own.

    Raises:
        MissingError, UnsafePickleError, FormatError, ModelError: see :func:`load_weights`.
    """
    return own if file is None else vars(load_weights(model, file))


def load_weights(model: nn.Module, file: str | Path) -> Loaded:
    """Fill a model from a safetensors file or a weights-only state dict.

    fp16 weights take the model's dtype. A state under ``state_dict``, ``model_state_dict`` or ``model``
    is found; prefixes that all keys share (``module.``, ``_orig_mod.``, ``backbone.`` …) are stripped
    when that makes every key match.

    Raises:
        MissingError: there is no such file.
        UnsafePickleError: the file needs more than tensors and containers.
        FormatError: it is no weights file.
        ModelError: keys are missing or unexpected, or shapes differ; they are listed.
    """
    path = Path(file).expanduser()
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise MissingError(f"a weights file at {path}", got, "give a .safetensors, .pt, .pth or .ckpt file")
    state, nested = _unwrap(read_state(path), path)
    state, stripped = _match(state, model, path)
    model.load_state_dict(state, strict=False)
    return Loaded(str(path), file_hash(path), nested, stripped)


def read_state(path: Path) -> Mapping[str, Any]:
    """Read a weights file on the CPU without executing anything.

    Raises:
        UnsafePickleError, FormatError: see :func:`load_weights`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix == ".safetensors":
        try:
            state: dict[str, Any] = load_file(path)
        except (SafetensorError, OSError, ValueError) as error:
            raise FormatError(
                f"a safetensors file at {path}", first_line(error), "fetch the file again"
            ) from error
        return state
    raw = read_torch_weights_only(path)
    if not isinstance(raw, Mapping):
        raise FormatError(
            f"a state dict in {path}",
            f"an object of type {type(raw).__name__}",
            "save model.state_dict(), and give that file",
        )
    return raw


def _unwrap(state: Mapping[str, Any], path: Path) -> tuple[dict[str, Tensor], str]:
    import torch

    trail: list[str] = []
    while not any(isinstance(value, torch.Tensor) for value in state.values()):
        inner = next((key for key in NESTED if isinstance(state.get(key), Mapping)), None)
        if inner is None:
            raise FormatError(
                f"tensors in {path}, at the top or under {', '.join(NESTED)}",
                f"keys {name_some(state, 10)}" if state else "nothing",
                "save the model's state_dict() alone",
            )
        trail.append(inner)
        state = state[inner]
    return {str(key): value for key, value in state.items() if isinstance(value, torch.Tensor)}, ".".join(
        trail
    )


def _match(state: dict[str, Tensor], model: nn.Module, path: Path) -> tuple[dict[str, Tensor], str]:
    """The state under the model's own keys, and the prefix that was taken off."""
    own = model.state_dict()
    stripped = ""
    best, best_stripped = state, ""
    while True:
        missing, unexpected = _difference(state, own)
        if not missing and not unexpected:
            break
        if len(set(state) & set(own)) > len(set(best) & set(own)):
            best, best_stripped = state, stripped
        prefix = next(iter(state)).partition(".")[0] + "."
        if not all(key.startswith(prefix) and len(key) > len(prefix) for key in state):
            raise _unlike(best, own, path, best_stripped)
        state = {key.removeprefix(prefix): value for key, value in state.items()}
        stripped += prefix
    shapes = [
        f"{key} is {list(value.shape)}, the model's {list(own[key].shape)}"
        for key, value in state.items()
        if key in own and value.shape != own[key].shape
    ]
    if shapes:
        raise ModelError(
            f"weights of the model's shapes in {path}",
            f"{len(shapes)} of other shapes ({name_some(shapes)})",
            "give the weights of this architecture, or build the model with their sizes",
        )
    return state, stripped


def _difference(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
    """Keys that the file lacks, and keys that the model lacks."""
    # Of tied parameters only one need be in the file.
    held = {(own[key].data_ptr(), own[key].shape) for key in state if key in own}
    missing = [key for key in own if key not in state and (own[key].data_ptr(), own[key].shape) not in held]
    unexpected = [key for key in state if key not in own]
    return _without_counters(missing), _without_counters(unexpected)


def _without_counters(keys: list[str]) -> list[str]:
    return [key for key in keys if not key.endswith(COUNTER)]


def _unlike(state: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path, stripped: str) -> ModelError:
    missing, unexpected = _difference(state, own)
    parts = []
    if missing:
        parts.append(f"{len(missing):,} keys missing ({name_some(missing)})")
    if unexpected:
        parts.append(f"{len(unexpected):,} unexpected ({name_some(unexpected)})")
    after = f", after stripping {stripped!r}" if stripped else ""
    return ModelError(
        f"exactly the model's {len(own):,} keys in {path}{after}",
        " and ".join(parts),
        "give the weights of this architecture, or change the model's names to theirs",
    )


def state_hash(model: nn.Module) -> str:
    """SHA-256 of all parameters and buffers with their names: what the model really computes with."""
    import hashlib
    from itertools import chain

    import torch

    hasher = hashlib.sha256()
    for name, tensor in chain(model.named_parameters(), model.named_buffers()):
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        hasher.update(f"{name}:{flat.dtype}:{list(tensor.shape)};".encode())
        if flat.numel():
            hasher.update(flat.view(torch.uint8).numpy().data)
    return hasher.hexdigest()
