"""The verb ``layers``: a model's module tree, with what can be captured of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repscope.extraction.models.load import load_model
from repscope.extraction.models.preprocess import Preprocessing, preprocessing

if TYPE_CHECKING:
    from repscope.extraction.capture.layers import Layers

SIDE = 224
"""Pixels of the trial image of a model that has no preprocessing of its own."""


def layers(
    model: str,
    *,
    weights: str | Path | None = None,
    weights_key: str | None = None,
    weights_prefix: str | None = None,
    resize: str | None = None,
    crop: str | None = None,
    device: str | None = None,
    seed: int = 0,
) -> Layers:
    """Load a model, run it once on a trial image (and trial texts), and list its modules.

    Args:
        model: a form of :data:`repscope.extraction.models.load.FORMS`.
        weights, weights_key, weights_prefix: see :func:`repscope.extraction.models.load.load_model`.
        resize, crop: as for ``extract``; without them the model's own, or a crop of 224.
        device: None for CUDA where there is one.
        seed: of weights and models that draw at random.

    Raises:
        RepscopeError: see :func:`repscope.extraction.models.load.load_model`, or the model does not run.
    """
    from PIL import Image

    from repscope.extraction.capture.layers import list_layers

    given = preprocessing(resize, crop)
    about = {"weights_key": weights_key, "weights_prefix": weights_prefix}
    loaded = load_model(model, takes=None, weights=weights, **about, device=device, seed=seed, given=given)
    side = SIDE if loaded.transform == Preprocessing() else 2 * SIDE
    # A grey picture goes through any preprocessing; what is in it does not matter here.
    return list_layers(loaded, Image.new("RGB", (side, side), (128, 128, 128)), seed)
