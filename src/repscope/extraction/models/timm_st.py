"""``timm:NAME``, ``open_clip:NAME[@TAG]`` and ``st:NAME_OR_DIR``: models that other packages build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError
from repscope.extraction.models.callables import check_module
from repscope.extraction.models.determinism import repeatable
from repscope.extraction.models.huggingface_text import hf_transform
from repscope.extraction.models.loaded import LoadedModel, ModelRequest, finish_model
from repscope.extraction.models.open_clip import load_open_clip
from repscope.extraction.models.packages import explained, package, refuse
from repscope.extraction.models.preprocess import Preprocessing, Transform
from repscope.extraction.models.text_input import TextTower
from repscope.extraction.models.weights import load_given

if TYPE_CHECKING:
    from torch import Tensor


def load_timm(name: str, asked: ModelRequest) -> LoadedModel:
    """A model of timm with its own resize, crop, mean, std and interpolation.

    Args:
        name: as ``timm.create_model`` takes it; without ``weights`` its pretrained ones are fetched.
        asked: how to load it.

    Raises:
        DependencyError: timm is missing or broken.
        ModelError: it has no such model, or the weights do not fit.
    """
    refuse("text", asked, f"timm:{name}")
    timm = package("timm", "timm")
    with explained(f"timm:{name}"), repeatable("cpu", asked.seed):
        module = check_module(timm.create_model(name, pretrained=asked.weights is None), f"timm:{name}")
        settings = timm.data.resolve_model_data_config(module)
    transform = timm_preprocessing(settings, asked.given)
    record = {"spec": f"timm:{name}", "weights": load_given(module, asked.weights, "timm's pretrained")}
    origin = {"timm": timm.__version__}
    return finish_model(
        module, asked, forward=module, name=name, origin=origin, record=record, transform=transform
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
        share = settings.get("crop_pct", 0.875)
        if mode == "squash":
            resize = (int(height / share), int(width / share))
        elif mode == "center" and height == width:
            resize = int(height / share)
        else:
            raise InputError(
                "a square centre crop of the model's own, or the preprocessing from you",
                f"crop mode {mode!r} of {height}×{width}",
                "give --resize height,width and --crop height,width",
            )
    if own.interpolation is None and interpolation not in ("bilinear", "bicubic"):
        raise InputError(
            "an interpolation among bilinear, bicubic", repr(interpolation), "give --interpolation bicubic"
        )
    return own.filled(resize, (height, width), settings["mean"], settings["std"], interpolation)


def load_st(name: str, asked: ModelRequest) -> LoadedModel:
    """A text model of sentence-transformers; its output is the sentence embedding, as ``encode`` gives it.

    Its default prompt, where it has one, is put before every text.

    Args:
        name: a folder, or a name on the hub.
        asked: how to load it; ``weights`` is refused, since such a folder holds its own.

    Raises:
        DependencyError: sentence-transformers is missing or broken.
        InputError: weights were given.
        ModelError: it cannot load the folder.
    """
    refuse("image", asked, f"st:{name}")
    st = package("sentence_transformers", "sentence-transformers")
    if asked.weights is not None:
        raise InputError(
            "the weights in the folder of an st: model", f"--weights {asked.weights.file}", "leave it out"
        )
    with explained(f"st:{name}"), repeatable("cpu", asked.seed):
        module: Any = check_module(
            st.SentenceTransformer(name, device="cpu", trust_remote_code=False), f"st:{name}"
        )
        context = module.max_seq_length
        prompt = module.prompts.get(module.default_prompt_name) or ""
        transform = hf_transform(module.tokenizer, None if context is None else int(context), prompt=prompt)
    # Some models leave their prompt out of the average.
    length = {"prompt_length": _tokens_before(module.tokenizer, prompt)} if prompt else {}

    def read(ids: Tensor, mask: Tensor) -> Any:
        return module({"input_ids": ids, "attention_mask": mask.long(), **length})["sentence_embedding"]

    origin = {"sentence_transformers": st.__version__}
    record = {"spec": f"st:{name}", "weights": "the folder's own"}
    return finish_model(
        module,
        asked,
        forward=None,
        name=Path(name).name,
        origin=origin,
        record=record,
        transform=asked.given or Preprocessing(),
        text=TextTower(transform, read),
    )


PACKAGES: dict[str, Callable[[str, ModelRequest], LoadedModel]] = {
    "timm": load_timm,
    "open_clip": load_open_clip,
    "st": load_st,
}
"""Loaders by the prefix of the specification."""


def _tokens_before(tokenizer: Any, prompt: str) -> int:
    """Tokens of a prompt that a text follows: without the special one at the end."""
    ids = tokenizer(prompt)["input_ids"]
    return len(ids) - (ids[-1] in tokenizer.all_special_ids)
