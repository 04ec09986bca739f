"""Telling a model's weights from embeddings, so that nobody measures a convolution by mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from repscope.errors import FormatError, name_some

_PARTS = (
    "weight", "bias", "running_mean", "running_var", "num_batches_tracked", "weight_g", "weight_v",
    "in_proj_weight", "in_proj_bias", "alphas_cumprod", "betas", "codebook", "embed_avg",
)  # fmt: skip
_DIFFUSION = "a diffusion trainer's checkpoint"
_HOLDERS = ("state_dict", "model_state_dict", "optimizer_state_dict", "pytorch-lightning_version")


def refuse_checkpoint(value: object, source: str) -> None:
    """Raise if ``value`` is a checkpoint or a state dict.

    Raises:
        FormatError: it says which kind, and what to do with it.
    """
    if isinstance(value, Mapping) and (kind := checkpoint_kind(value)):
        if kind.startswith(_DIFFUSION):
            raise FormatError(
                f"embeddings (an N×D array) in {source}",
                kind,
                f"repscope bridge import-diffusion STUDY {source} --as NAME --target-mean MEAN",
            )
        raise FormatError(
            f"embeddings (an N×D array) in {source}",
            kind,
            "compute embeddings with these weights: repscope extract IMAGES --study S --model … --weights "
            f"{source}; to import one weight matrix as rows, name it with --vectors",
        )


def checkpoint_kind(value: Mapping[Any, Any]) -> str:
    """What kind of checkpoint a dictionary is, in words; "" when it is none."""
    keys = [str(key) for key in value]
    if {"model", "step"} <= set(keys) and {"ema", "opt"} & set(keys):
        return f"{_DIFFUSION} (lucidrains Trainer1D: {name_some(keys, 8)})"
    if holders := [key for key in _HOLDERS if key in value]:
        return f"a training checkpoint ({name_some(holders)})"
    weights = [key for key in keys if key.rsplit(".", 1)[-1] in _PARTS]
    nested = [key for key in keys if "." in key]
    if weights and 2 * len(weights) >= len(keys) and (nested or len(weights) == len(keys)):
        return f"a model's state dict of {len(keys):,} tensors ({name_some(weights, 3)})"
    return ""
