"""Weights: read as tensors and nothing else, matched to the model key by key, or refused with the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import FormatError, InputError, ModelError, UnknownNameError, name_some
from repscope.extraction.models.weights_files import find_weights, read_state
from repscope.extraction.models.weights_states import USUAL, Fit, State, fits, rank, states_of
from repscope.formats.pickles.machine import Foreign

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class GivenWeights:
    """A file of weights, and what the caller says of it.

    Attributes:
        file: of the weights; the index of shards, or a folder with either.
        key: that leads to them, such as "state_dict_ema" or "a.b"; the likeliest that fits if None.
        prefix: of their names, such as "backbone."; what is outside it is left out.
    """

    file: str | Path
    key: str | None = None
    prefix: str | None = None


@dataclass(frozen=True)
class Loaded:
    """What was loaded into a model, for the provenance.

    Attributes:
        file: the weights file.
        sha256: of the file; of the hashes of all files where there are several.
        nested: keys that led to the state, such as "state_dict"; "" for a flat file.
        stripped: prefix taken off every key, such as "module."; parts taken out of names stand behind "…".
        notes: what a reader of the numbers should know.
    """

    file: str
    sha256: str
    nested: str
    stripped: str
    notes: tuple[str, ...] = ()


def given_weights(
    file: str | Path | None, key: str | None = None, prefix: str | None = None
) -> GivenWeights | None:
    """The weights that a caller gives, if any.

    Raises:
        InputError: a key or prefix without a file.
    """
    if file is not None:
        return GivenWeights(file, key, prefix)
    if key is not None or prefix is not None:
        raise InputError("--weights with --weights-key or --weights-prefix", "no --weights", "give the file")
    return None


def load_given(model: nn.Module, given: GivenWeights | None, own: Any) -> Any:
    """What the provenance says of a model's weights: those that are given, which are loaded, or its own.

    Raises:
        MissingError, UnsafePickleError, FormatError, ModelError: see :func:`load_weights`.
    """
    return own if given is None else vars(load_weights(model, given.file, given.key, given.prefix))


def load_weights(
    model: nn.Module, file: str | Path, key: str | None = None, prefix: str | None = None
) -> Loaded:
    """Fill a model from a file of weights.

    fp16 weights take the model's dtype. Of all dictionaries of tensors in the file, under usual keys such
    as ``state_dict``, ``model`` or ``ema``, the likeliest that fits is taken, and the others are named.
    Prefixes are stripped (``module.``, ``backbone.`` …), and what wrappers put inside names
    (``_orig_mod.``), when that makes every key match. What belongs to training (``criterion.``) is left
    out, and named.

    Args:
        model: to fill.
        file: safetensors, a torch file of tensors, the index of shards, or a folder with either.
        key, prefix: see :class:`GivenWeights`.

    Raises:
        MissingError: there is no such file.
        UnsafePickleError: the file needs more than tensors and containers.
        FormatError: it is no weights file.
        UnknownNameError: the key is not in it.
        ModelError: keys are missing or unexpected, or shapes differ; they are listed.
    """
    path = find_weights(file)
    raw, sha256 = read_state(path)
    states = _under(raw, key, path) if key is not None else list(states_of(raw))
    if not states:
        raise _no_tensors(raw, path)
    own = model.state_dict()
    ways = [fit for state in states for fit in fits(state, own, prefix)]
    whole = _different([fit for fit in ways if fit.whole])
    if not whole:
        raise _unlike(ways, own, path, prefix)
    best = min(whole, key=lambda fit: (rank(fit.trail), rank(fit.stripped)))
    model.load_state_dict(best.tensors, strict=False)
    others = [fit for fit in whole if fit is not best]
    return Loaded(str(path), sha256, best.trail, best.stripped, tuple(_notes(best, others)))


def _under(raw: Mapping[str, Any], key: str, path: Path) -> list[State]:
    """The state under the key that the caller insists on."""
    import torch

    inner: Any = raw
    if key in raw:
        inner = raw[key]
    else:
        for part in key.split("."):
            inner = inner.get(part) if isinstance(inner, Mapping) else None
    if isinstance(inner, Mapping):
        tensors = {str(name): value for name, value in inner.items() if isinstance(value, torch.Tensor)}
        if tensors:
            return [State(key, tensors)]
    have = [state.trail for state in states_of(raw) if state.trail]
    raise UnknownNameError(
        f"tensors under the key {key!r} in {path}",
        f"tensors under {name_some(have)}" if have else "none under any key",
        "choose one with --weights-key" if have else "leave out --weights-key",
    )


def _different(whole: Sequence[Fit]) -> list[Fit]:
    """One fit for each set of tensors: a name may be shortened in more than one way."""
    seen: set[tuple[int, ...]] = set()
    kept = []
    for fit in whole:
        places = tuple(sorted(id(tensor) for tensor in fit.tensors.values()))
        if places not in seen:
            seen.add(places)
            kept.append(fit)
    return kept


def _notes(best: Fit, others: Sequence[Fit]) -> list[str]:
    notes = []
    if others:
        where = f"under {best.name!r}" if best.name else "at the top"
        notes.append(
            f"weights {where} were taken; the file also holds such weights under "
            f"{name_some([fit.name for fit in others])}: choose with --weights-key or --weights-prefix"
        )
    if best.beside:
        notes.append(
            f"{len(best.beside):,} tensors of the weights file belong to training and were left out "
            f"({name_some(best.beside, 3)})"
        )
    return notes


def _no_tensors(raw: Mapping[str, Any], path: Path) -> FormatError:
    objects = [
        f"{key} is an object of {value.name}" for key, value in raw.items() if isinstance(value, Foreign)
    ]
    got = f"keys {name_some(raw, 10)}" if raw else "nothing"
    return FormatError(
        f"tensors in {path}, at the top or under a key such as {', '.join(USUAL[:4])}",
        f"{got} ({name_some(objects, 2)})" if objects else got,
        "save the model's state_dict() alone",
    )


def _unlike(ways: Sequence[Fit], own: Mapping[str, Tensor], path: Path, prefix: str | None) -> ModelError:
    def apart(fit: Fit) -> tuple[bool, bool, int, int, int]:
        lacks = len(fit.missing) + len(fit.shapes)
        unlike = bool(lacks or fit.unexpected)
        return unlike, bool(fit.others), lacks, len(fit.unexpected) + len(fit.others), rank(fit.trail)

    best = min(ways, key=apart)
    after = f", under {best.trail!r}" if best.trail else ""
    after += f", after stripping {best.stripped!r}" if best.stripped else ""
    if best.shapes and not (best.missing or best.unexpected or best.others):
        shapes = [
            f"{key} is {list(best.tensors[key].shape)}, the model's {list(own[key].shape)}"
            for key in best.shapes
        ]
        return ModelError(
            f"weights of the model's shapes in {path}",
            f"{len(shapes)} of other shapes ({name_some(shapes)})",
            "give the weights of this architecture, or build the model with their sizes",
        )
    parts = []
    unexpected = best.unexpected + best.others
    if best.missing:
        parts.append(f"{len(best.missing):,} keys missing ({name_some(best.missing)})")
    if unexpected:
        parts.append(f"{len(unexpected):,} unexpected ({name_some(unexpected)})")
    do = "give the weights of this architecture, or change the model's names to theirs"
    if best.stripped and prefix is None and not (best.missing or best.unexpected or best.shapes):
        do = f"if only those belong to the model, add --weights-prefix {best.stripped}"
    return ModelError(f"exactly the model's {len(own):,} keys in {path}{after}", " and ".join(parts), do)


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
