"""Running the parts of a model: what it predicts of hidden patches, each output checked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from repscope.errors import ModelError, name_some
from repscope.internals.masking.mask import Mask
from repscope.internals.prediction.parts import WRAPPER, Parts

if TYPE_CHECKING:
    from torch import Tensor


def predict_targets(parts: Parts, pixels: Tensor, ids: Sequence[str]) -> Tensor:
    """[B, T, D] the features that are to be predicted, of all patches.

    Args:
        parts: of the model.
        pixels: [B, 3, H, W].
        ids: [B] names of the images, for messages.

    Raises:
        ModelError: another shape, NaN or Inf.
    """
    return _checked(parts.target_encoder(pixels), "target_encoder", (len(pixels), None, None), ids)


def predict_hidden(
    parts: Parts, pixels: Tensor, masks: Sequence[Mask], width: int, ids: Sequence[str]
) -> list[list[Tensor]]:
    """What is predicted of the targets of each image's mask: for each image, [M, D] a target.

    Images whose masks are of one size run together. The context encoder gets the places that an image's
    mask shows, and drops the rest; nothing is zeroed, but by a model that was trained so.

    Args:
        parts: of the model.
        pixels: [B, 3, H, W].
        masks: [B] of the patches of each image, checked.
        width: D of the targets.
        ids: [B] names of the images, for messages.

    Raises:
        ModelError: an output of another shape, NaN or Inf.
    """
    import torch

    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for row, mask in enumerate(masks):
        alike[int(mask.context.sum()), *(int(one.sum()) for one in mask.targets)].append(row)
    predicted: list[list[Tensor]] = [[] for _ in masks]

    def places(cells: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]) -> Tensor:
        return torch.from_numpy(np.stack([np.flatnonzero(one) for one in cells])).to(pixels.device)

    for (shown, *sizes), rows in alike.items():
        names = [ids[row] for row in rows]
        kept = places([masks[row].context for row in rows])
        context = _checked(
            parts.context_encoder(pixels[rows], kept),
            "context_encoder",
            (
                len(rows),
                (masks[rows[0]].context.size if parts.keeps_places else shown) + parts.special_tokens,
                None,
            ),
            names,
            ("all places" if parts.keeps_places else f"the {shown} patches that are not hidden")
            + (f" and {parts.special_tokens} special tokens" if parts.special_tokens else ""),
        )
        for at, size in enumerate(sizes):
            hidden = places([masks[row].targets[at] for row in rows])
            made = _checked(
                parts.predictor(context, kept, hidden),
                "predictor",
                (len(rows), size, width),
                names,
                f"the {size} patches asked for, {width} wide as the targets",
            )
            for row, one in zip(rows, made, strict=True):
                predicted[row].append(one)
    return predicted


def _checked(
    made: object, part: str, shape: tuple[int | None, ...], ids: Sequence[str], what: str = ""
) -> Tensor:
    import torch

    form = "×".join("any" if size is None else str(size) for size in shape)
    expected = f"a tensor of shape {form} from {part}" + (f": {what}" if what else "")
    if not isinstance(made, torch.Tensor):
        raise _wrong(expected, f"an object of type {type(made).__name__}")
    if made.ndim != 3 or any(
        size is not None and size != own for size, own in zip(shape, made.shape, strict=True)
    ):
        raise _wrong(expected, f"shape {'×'.join(map(str, made.shape))}")
    finite = torch.isfinite(made).flatten(1).all(dim=1).tolist()
    if not all(finite):
        bad = [name for name, fine in zip(ids, finite, strict=True) if not fine]
        raise ModelError(
            f"finite features from {part}",
            f"NaN or Inf for {len(bad)} of {len(ids)} images of a batch ({name_some(bad)})",
            "look at these images and at the weights; 16-bit numbers overflow above 65,504",
        )
    return made


def _wrong(expected: str, got: str) -> ModelError:
    error = ModelError(expected, got, "correct the part, or the mask that it makes of it")
    error.add_note(WRAPPER)
    return error
