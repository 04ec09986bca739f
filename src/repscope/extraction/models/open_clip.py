"""``open_clip:NAME[@TAG]``: dual encoders of open_clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError
from repscope.extraction.models.callables import check_module
from repscope.extraction.models.determinism import repeatable
from repscope.extraction.models.loaded import LoadedModel, ModelRequest, finish_model
from repscope.extraction.models.packages import Pipeline, explained, package
from repscope.extraction.models.preprocess import Preprocessing, Transform
from repscope.extraction.models.text_input import TextTower, TextTransform
from repscope.extraction.models.weights import load_given

if TYPE_CHECKING:
    from torch import Tensor

_OWN_WEIGHTS = ("local-dir:", "hf-hub:")
"""Names of folders that hold a configuration and its weights."""


def load_open_clip(name: str, asked: ModelRequest) -> LoadedModel:
    """A dual encoder of open_clip; its outputs are the image and the text features.

    Args:
        name: ``ARCHITECTURE@TAG``; the tag names pretrained weights, and is left out with ``weights``.
            Or ``local-dir:FOLDER`` or ``hf-hub:NAME``, which hold their own.
        asked: how to load it.

    Raises:
        DependencyError: open_clip is missing or broken.
        InputError: neither weights nor a tag.
        ModelError: it has no such model, or the weights do not fit.
    """
    open_clip = package("open_clip", "open_clip_torch")
    owns = name.startswith(_OWN_WEIGHTS)
    architecture, _, tag = (name, "", "") if owns else name.partition("@")
    if not owns and (asked.weights is None) == (not tag):
        raise InputError(
            "weights of an open_clip model: either a tag or --weights",
            "neither" if asked.weights is None else "both",
            f"write open_clip:{architecture}@TAG, or give --weights (open_clip.list_pretrained() lists tags)",
        )
    with explained(f"open_clip:{name}"), repeatable("cpu", asked.seed):
        if asked.weights is None:
            # Of a folder that lacks its weights, the other maker gives a random model and a warning.
            made, pipeline = open_clip.create_model_from_pretrained(architecture, pretrained=tag or None)
        else:
            skip = {"load_weights": False} if owns else {}
            made, _, pipeline = open_clip.create_model_and_transforms(architecture, **skip)
        module: Any = check_module(made, f"open_clip:{name}")
        tokenizer = open_clip.get_tokenizer(architecture)
        settings = open_clip.get_model_preprocess_cfg(module)

    def read(ids: Tensor, _: Tensor) -> Any:
        return module.encode_text(ids)

    text = TextTower(text_transform(tokenizer, module, open_clip.__version__), read, _of_text)
    origin = f"tag {tag}" if tag else "the folder's own"
    return finish_model(
        module,
        asked,
        forward=module.encode_image,
        name=Path(architecture).name,
        origin={"open_clip": open_clip.__version__},
        record={"spec": f"open_clip:{name}", "weights": load_given(module, asked.weights, origin)},
        transform=Pipeline(pipeline)
        if asked.given is None or asked.given == Preprocessing()
        else open_clip_preprocessing(settings, asked.given),
        text=text if asked.wants("text") else None,
    )


def open_clip_preprocessing(settings: dict[str, Any], given: Transform) -> Transform:
    """Steps from the caller, filled up with those of open_clip's configuration.

    Args:
        settings: ``size``, ``mean``, ``std``, ``interpolation`` and ``resize_mode``.
        given: from the caller.

    Raises:
        InputError: a step has no equal here, and the caller gave none.
    """
    if not isinstance(given, Preprocessing):
        return given
    size = settings["size"]
    height, width = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
    mode = settings.get("resize_mode", "shortest")
    resize = given.resize
    if resize is None:
        if mode == "longest" or (mode == "shortest" and height != width):
            raise InputError(
                "a model that resizes the shorter side or both, or --resize from you",
                f"resize mode {mode!r} to {height}×{width}",
                "give --resize height,width and --crop height,width",
            )
        resize = (height, width) if mode == "squash" else height
    interpolation = settings.get("interpolation", "bicubic")
    return given.filled(resize, (height, width), settings["mean"], settings["std"], interpolation)


def text_transform(tokenizer: Any, module: Any, version: str) -> TextTransform:
    """open_clip's tokenizers, its own and those it takes from transformers.

    Args:
        tokenizer: of ``open_clip.get_tokenizer``.
        module: its model.
        version: of open_clip.
    """
    within = getattr(tokenizer, "tokenizer", None)
    pad = getattr(within, "pad_token_id", None) or 0
    context = int(getattr(tokenizer, "context_length", None) or module.context_length)

    def tokenize(texts: Sequence[str], cut: int | None) -> list[list[int]]:
        if cut is None:
            return _whole(tokenizer, within)(texts)
        rows = [list(map(int, row)) for row in tokenizer(list(texts), context_length=cut)]
        # Without the padding, which comes back when a batch is made.
        return [
            row[: max((end for end, token in enumerate(row, 1) if token != pad), default=0)] for row in rows
        ]

    record = {"class": type(tokenizer).__name__, "open_clip": version}
    return TextTransform(tokenize, context=context, pad_id=pad, width=context, record=record)


def _whole(tokenizer: Any, within: Any) -> Callable[[Sequence[str]], list[list[int]]]:
    """Token ids that are not cut; of open_clip's own with zeros for the start and the end."""
    if within is None:
        return lambda texts: [[0, *tokenizer.encode(text), 0] for text in texts]

    def listed(texts: Sequence[str]) -> list[list[int]]:
        ids: list[list[int]] = within([tokenizer.clean_fn(text) for text in texts], verbose=False).input_ids
        return ids

    return listed


def _of_text(path: str) -> bool:
    """Whether a module path lies in the text part."""
    first = path.partition(".")[0]
    return first.startswith("text") or first in ("transformer", "token_embedding", "ln_final")
