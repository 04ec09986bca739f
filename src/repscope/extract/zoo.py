"""``timm:NAME``, ``open_clip:NAME[@TAG]`` and ``st:NAME_OR_DIR``: models that other packages build."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import DependencyError, InputError, ModelError, RepscopeError
from repscope.extract.build import check_module
from repscope.extract.conditions import repeatable
from repscope.extract.huggingface_text import hf_transform
from repscope.extract.models import Kind, LoadedModel, describe_model, finish_model
from repscope.extract.preprocess import Preprocessing, Transform
from repscope.extract.texts import TextTower, TextTransform
from repscope.extract.weights import load_weights

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor


def load_timm(
    name: str,
    *,
    takes: Collection[Kind] | None,
    weights: str | Path | None,
    device: str,
    dtype: str,
    seed: int,
    given: Transform | None,
) -> LoadedModel:
    """A model of timm with its own resize, crop, mean, std and interpolation.

    Args:
        name: as ``timm.create_model`` takes it; without ``weights`` its pretrained ones are fetched.
        takes, weights, device, dtype, seed, given: see :func:`repscope.extract.models.load_model`.

    Raises:
        DependencyError: timm is missing or broken.
        ModelError: it has no such model, or the weights do not fit.
    """
    _refuse("text", takes, f"timm:{name}")
    timm = _package("timm", "timm")
    with _explained(f"timm:{name}"), repeatable("cpu", seed):
        module = check_module(timm.create_model(name, pretrained=weights is None), f"timm:{name}")
        settings = timm.data.resolve_model_data_config(module)
    filled = load_weights(module, weights) if weights is not None else None
    transform = timm_preprocessing(settings, given)
    finish_model(module, device, dtype)
    return LoadedModel(
        module,
        module,
        name,
        device,
        dtype,
        {"timm": timm.__version__, **describe_model(module)},
        {"spec": f"timm:{name}", "weights": "timm's pretrained" if filled is None else vars(filled)},
        transform,
    )


def timm_preprocessing(settings: dict[str, Any], given: Transform | None) -> Transform:
    """timm's data configuration as steps of ours; steps that the caller gave come first.

    Args:
        settings: ``input_size``, ``crop_pct``, ``mean``, ``std``, ``interpolation`` and ``crop_mode``.
        given: from the caller.

    Raises:
        InputError: a step has no equal here, and the caller gave none.
    """
    if given is not None and not isinstance(given, Preprocessing):
        return given
    own = given or Preprocessing()
    _, height, width = settings["input_size"]
    mode, interpolation = settings.get("crop_mode", "center"), settings.get("interpolation", "bicubic")
    resize = own.resize
    if resize is None:
        if mode != "center" or height != width:
            raise InputError(
                "a square centre crop of the model's own, or the preprocessing from you",
                f"crop mode {mode!r} of {height}×{width}",
                "give --resize height,width and --crop height,width",
            )
        resize = int(height / settings.get("crop_pct", 0.875))
    if own.interpolation is None and interpolation not in ("bilinear", "bicubic"):
        raise InputError(
            "an interpolation among bilinear, bicubic", repr(interpolation), "give --interpolation bicubic"
        )
    return Preprocessing(
        resize=resize,
        crop=own.crop or (height, width),
        mean=own.mean or _three(settings["mean"]),
        std=own.std or _three(settings["std"]),
        interpolation=own.interpolation or interpolation,
    )


def load_open_clip(
    name: str,
    *,
    takes: Collection[Kind] | None,
    weights: str | Path | None,
    device: str,
    dtype: str,
    seed: int,
    given: Transform | None,
) -> LoadedModel:
    """A dual encoder of open_clip; its outputs are the image and the text features.

    Args:
        name: ``ARCHITECTURE@TAG``; the tag names pretrained weights, and is left out with ``weights``.
        takes, weights, device, dtype, seed, given: see :func:`repscope.extract.models.load_model`.

    Raises:
        DependencyError: open_clip is missing or broken.
        InputError: neither weights nor a tag.
        ModelError: it has no such model, or the weights do not fit.
    """
    open_clip = _package("open_clip", "open_clip_torch")
    architecture, _, tag = name.partition("@")
    if (weights is None) == (not tag):
        raise InputError(
            "weights of an open_clip model: either a tag or --weights",
            "neither" if weights is None else "both",
            f"write open_clip:{architecture}@TAG, or give --weights (open_clip.list_pretrained() lists tags)",
        )
    with _explained(f"open_clip:{name}"), repeatable("cpu", seed):
        made, _, pipeline = open_clip.create_model_and_transforms(architecture, pretrained=tag or None)
        module: Any = check_module(made, f"open_clip:{name}")
        tokenizer = open_clip.get_tokenizer(architecture)
    filled = load_weights(module, weights) if weights is not None else None
    finish_model(module, device, dtype)

    def tokenize(texts: Sequence[str], cut: int | None) -> list[list[int]]:
        if cut is None:
            return [[0, 0, *tokenizer.encode(text)] for text in texts] if hasattr(tokenizer, "encode") else []
        rows = [list(map(int, row)) for row in tokenizer(list(texts), context_length=cut)]
        # Without the padding, which comes back when a batch is made.
        return [list(np.trim_zeros(row, "b")) for row in rows]

    def read(ids: Tensor, _: Tensor) -> Any:
        return module.encode_text(ids)

    context = int(getattr(tokenizer, "context_length", None) or module.context_length)
    record = {"class": type(tokenizer).__name__, "open_clip": open_clip.__version__}
    text = TextTower(
        TextTransform(tokenize, context=context, pad_id=0, width=context, record=record), read, _of_text
    )
    chosen = given if given is not None and given != Preprocessing() else Pipeline(pipeline)
    return LoadedModel(
        module,
        module.encode_image,
        architecture,
        device,
        dtype,
        {"open_clip": open_clip.__version__, **describe_model(module)},
        {"spec": f"open_clip:{name}", "weights": f"tag {tag}" if filled is None else vars(filled)},
        chosen,
        text=text if takes is None or "text" in takes else None,
    )


def load_st(
    name: str,
    *,
    takes: Collection[Kind] | None,
    weights: str | Path | None,
    device: str,
    dtype: str,
    seed: int,
    given: Transform | None,
) -> LoadedModel:
    """A text model of sentence-transformers; its output is the sentence embedding.

    Args:
        name: a folder, or a name on the hub.
        takes, weights, device, dtype, seed, given: see :func:`repscope.extract.models.load_model`;
            ``weights`` is refused, since such a folder holds its own.

    Raises:
        DependencyError: sentence-transformers is missing or broken.
        InputError: weights were given.
        ModelError: it cannot load the folder.
    """
    _refuse("image", takes, f"st:{name}")
    package = _package("sentence_transformers", "sentence-transformers")
    if weights is not None:
        raise InputError("the weights in the folder of an st: model", f"--weights {weights}", "leave it out")
    with _explained(f"st:{name}"), repeatable("cpu", seed):
        module: Any = check_module(
            package.SentenceTransformer(name, device="cpu", trust_remote_code=False), f"st:{name}"
        )
        context = module.max_seq_length
        transform = hf_transform(module.tokenizer, None if context is None else int(context))
    finish_model(module, device, dtype)

    def read(ids: Tensor, mask: Tensor) -> Any:
        return module({"input_ids": ids, "attention_mask": mask.long()})["sentence_embedding"]

    return LoadedModel(
        module,
        None,
        Path(name).name,
        device,
        dtype,
        {"sentence_transformers": package.__version__, **describe_model(module)},
        {"spec": f"st:{name}", "weights": "the folder's own"},
        given or Preprocessing(),
        text=TextTower(transform, read),
    )


ZOO: dict[str, Callable[..., LoadedModel]] = {
    "timm": load_timm,
    "open_clip": load_open_clip,
    "st": load_st,
}
"""Loaders by the prefix of the specification."""


class Pipeline:
    """A preprocessing pipeline of another package, taken as it is.

    Args:
        steps: gives a tensor [3, H, W] of an RGB image.
    """

    def __init__(self, steps: Any) -> None:
        self._steps = steps

    def __call__(self, image: Image) -> NDArray[np.float32]:
        """[3, H, W] as the model takes it."""
        return np.ascontiguousarray(self._steps(image).numpy(), dtype=np.float32)

    def to_json(self) -> dict[str, Any]:
        """What the package prints of it."""
        return {"kind": "pipeline", "steps": str(self._steps).splitlines()}


def _of_text(path: str) -> bool:
    """Whether a module path of an open_clip model lies in its text part."""
    first = path.partition(".")[0]
    return first.startswith("text") or first in ("transformer", "token_embedding", "ln_final")


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _refuse(kind: Kind, takes: Collection[Kind] | None, what: str) -> None:
    if takes is not None and kind in takes:
        raise InputError(
            f"a model that takes {kind}s", f"{what}, which takes none", "give a model made for this source"
        )


def _package(module: str, install: str) -> Any:
    try:
        return importlib.import_module(module)
    except (ImportError, RuntimeError, OSError) as error:
        reason = str(error).strip().partition("\n")[0][:200]
        raise DependencyError(
            f"the package {install}, for {module if module != 'sentence_transformers' else 'st'}: models",
            reason,
            f"pip install {install} (with the torchvision of your torch, where it asks for one)",
        ) from error


@contextmanager
def _explained(spec: str) -> Iterator[None]:
    try:
        yield
    except RepscopeError:
        raise
    except Exception as error:  # anything, since these packages raise what their dependencies raise
        reason = str(error).strip().partition("\n")[0][:200]
        raise ModelError(
            f"a model that can be built as {spec}",
            f"{type(error).__name__}: {reason}",
            "check the name, or give --weights of a file that you have",
        ) from error
