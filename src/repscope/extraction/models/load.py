"""Models: a callable in a file, a Hugging Face folder, or a module you already have."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, first_line
from repscope.extraction.models.callables import build_in_package, build_module, check_module
from repscope.extraction.models.determinism import repeatable
from repscope.extraction.models.huggingface import load_folder
from repscope.extraction.models.loaded import Kind, LoadedModel, ModelRequest, describe_model, finish_model
from repscope.extraction.models.own_text import WRAPPER, own_text_tower
from repscope.extraction.models.preprocess import Preprocessing, Transform
from repscope.extraction.models.text_input import TextTower
from repscope.extraction.models.timm_st import PACKAGES
from repscope.extraction.models.weights import given_weights, load_given

if TYPE_CHECKING:
    from torch import Tensor, nn

IMAGES: tuple[Kind, ...] = ("image",)

FORMS = (
    "hf:DIR_OR_NAME, timm:NAME, open_clip:NAME, st:NAME_OR_DIR, FILE.py:callable or package.module:callable"
)
"""How a model is written."""

DTYPES = ("float32", "float16", "bfloat16")


def load_model(
    spec: str | nn.Module,
    *,
    takes: Collection[Kind] | None = IMAGES,
    weights: str | Path | None = None,
    weights_key: str | None = None,
    weights_prefix: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    seed: int = 0,
    given: Transform | None = None,
) -> LoadedModel:
    """Load a model from its specification.

    Args:
        spec: one of the forms in :data:`FORMS`, or a module (used where and as it is).
        takes: what will be given to it; None for all that it has the preprocessing of.
        weights, weights_key, weights_prefix: for :func:`repscope.extraction.models.weights.load_weights`.
        device: "cpu", "cuda", "cuda:1"; None for CUDA where there is one.
        dtype: "float32" (the default), "float16" or "bfloat16".
        seed: of weights that the callable draws at random.
        given: preprocessing from the caller; steps that it leaves out are the model's own.

    Raises:
        InputError: the specification, device or dtype is not one of those.
        MissingError: no such file or folder.
        ModelError: the user's code raised, or gave no module; or the weights do not fit.
        DependencyError: a package that it needs is not there.
    """
    from torch import nn

    if isinstance(spec, nn.Module):
        return _borrow(spec, weights, device, dtype, given or Preprocessing(), takes=takes)
    place = resolve_device(device)
    own = given_weights(weights, weights_key, weights_prefix)
    if dtype is not None and dtype not in DTYPES:
        raise InputError(f"a dtype among {', '.join(DTYPES)}", repr(dtype), "choose one of them")
    asked = ModelRequest(takes, own, place, dtype or "float32", seed, given)
    kind, colon, rest = spec.partition(":")
    if kind == "hf" and colon:
        return load_folder(rest, asked)
    if kind in PACKAGES and colon and rest:
        return PACKAGES[kind](rest, asked)
    file, colon, name = spec.rpartition(":")
    in_package = bool(re.fullmatch(r"\w+(\.\w+)*", file)) and not file.endswith(".py")
    if not colon or not name or not (file.endswith(".py") or in_package):
        raise InputError(f"a model as {FORMS}", repr(spec), "write for example --model model.py:build")
    with repeatable(place, seed):
        module, origin = build_in_package(file, name) if in_package else build_module(Path(file), name)
    text = _own_text(module, takes, Path(file), spec)
    record = {"spec": spec, "weights": load_given(module, own, None)}
    return finish_model(
        module,
        asked,
        forward=_image_side(module, text),
        name=name,
        origin={**origin, "callable": name},
        record=record,
        transform=given or Preprocessing(),
        text=text,
    )


def _own_text(module: nn.Module, takes: Collection[Kind] | None, file: Path, what: str) -> TextTower | None:
    text = own_text_tower(module, file)
    if text is None and takes is not None and "text" in takes:
        error = InputError(
            "a model with a tokenizer, since the source has texts",
            f"{what}, which has no method tokenize",
            "give it one, give hf:DIR or st:DIR, or call the model in your own loop inside rs.capture",
        )
        error.add_note(WRAPPER)
        raise error
    return text


def _image_side(module: nn.Module, text: TextTower | None) -> Callable[[Tensor], Any]:
    """What takes images: the module, or of a dual encoder with a tokenizer its ``encode_image``."""
    encode = getattr(module, "encode_image", None) if text is not None else None
    return encode if callable(encode) else module


def resolve_device(device: str | None) -> str:
    """The device to compute on; None takes CUDA where there is one.

    Raises:
        InputError: no such device on this machine.
    """
    import torch

    if device is None or device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        have = f"cpu, cuda:0 to cuda:{torch.cuda.device_count() - 1}" if torch.cuda.is_available() else "cpu"
        raise InputError(
            f"a device of this machine ({have})",
            f"{device!r}: {first_line(error, 160)}",
            "choose one with --device",
        ) from error
    return device


def _borrow(
    module: nn.Module,
    weights: str | Path | None,
    device: str | None,
    dtype: str | None,
    transform: Transform,
    *,
    takes: Collection[Kind] | None,
) -> LoadedModel:
    check_module(module, "the given model")
    text = _own_text(module, takes, Path(type(module).__module__), "a module of yours")
    first = next(module.parameters(), None)
    place = "cpu" if first is None else str(first.device)
    number = "float32" if first is None else str(first.dtype).removeprefix("torch.")
    for what, wanted, own in (("device", device, place), ("dtype", dtype, number)):
        if wanted not in (None, own, own.partition(":")[0]):
            raise InputError(
                f"the model's own {what} ({own}), since a module that you give is not changed",
                repr(wanted),
                f"move it first with model.to({wanted!r})",
            )
    if weights is not None:
        raise InputError(
            "weights already in the model that you give", f"weights={str(weights)!r}", "load them first"
        )
    return LoadedModel(
        module,
        _image_side(module, text),
        type(module).__name__,
        place,
        number,
        describe_model(module),
        {"spec": "a module in memory"},
        transform,
        borrowed=True,
        text=text,
    )
