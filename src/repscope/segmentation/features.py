"""Features of a frozen backbone, computed once: [C, h, w] for each picture."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from repscope.errors import ModelError
from repscope.extraction.capture.pooling import describe, patch_size, tensor_of, token_layout
from repscope.extraction.models.determinism import inference
from repscope.extraction.models.load import load_model
from repscope.extraction.models.loaded import LoadedModel
from repscope.extraction.models.preprocess import Preprocessing
from repscope.extraction.models.user_code import blame
from repscope.segmentation.data import Pair, open_picture
from repscope.study.storage import make_folder, write_atomically

BATCH = 16


class Backbone:
    """A frozen model that gives features of pictures. It is in evaluation, and has no gradients.

    Args:
        spec: as of ``repscope extract --model``.
        size: pixels of each side that pictures are resized to.
        weights: of the model.
        device: to compute on.
        seed: of weights that are drawn at random.
    """

    def __init__(
        self, spec: str, size: int, *, weights: str | Path | None, device: str | None, seed: int
    ) -> None:
        given = Preprocessing(resize=(size, size), crop=(size, size))
        self.model: LoadedModel = load_model(spec, weights=weights, device=device, seed=seed, given=given)
        self.size = size
        for weight in self.model.module.parameters():
            weight.requires_grad_(False)
        self.model.module.eval()
        self._patch = patch_size(self.model.module)

    def features(self, pictures: NDArray[np.float32]) -> Tensor:
        """[B, C, h, w] float32 of pixels [B, 3, H, W].

        Raises:
            ModelError: the model raised, or gives no map and no grid of tokens.
        """
        with inference(self.model.module, self.model.device, 0, borrowed=False):
            try:
                given = torch.from_numpy(pictures).to(self.model.device)
                module = self.model.module
                tower = getattr(module, "vision_model", None)
                run: Callable[[Any], Any] = tower if isinstance(tower, nn.Module) else module
                output = run(given)
            except Exception as error:
                raise blame(error, "the backbone to run on pictures", "give another --size") from error
        return self._maps(output).float().cpu()

    def _maps(self, output: Any) -> Tensor:
        tensor = tensor_of(output, "", "the backbone")
        if tensor.ndim == 3:
            layout = token_layout(tensor.shape[1], (self.size, self.size), self._patch)
            if layout.grid is not None:
                rows, columns = layout.grid
                patches = tensor[:, layout.prefix :].transpose(1, 2)
                return patches.reshape(len(tensor), -1, rows, columns)
        if tensor.ndim == 4:
            return tensor
        raise ModelError(
            "a map [B, C, h, w], or tokens [B, T, C] of a grid of patches, from the backbone",
            describe(output),
            "give a model without its pooling, or a file whose callable returns the map",
        )

    @property
    def identity(self) -> str:
        """Of model, weights and preprocessing."""
        text = repr((self.model.identity, self.model.transform.to_json()))
        return hashlib.sha256(text.encode()).hexdigest()[:24]


def picture_features(
    backbone: Backbone, pairs: Sequence[Pair], cache: Path | None, tell: Callable[[int], None] | None = None
) -> NDArray[np.float32]:
    """[N, C, h, w] of pictures; read from ``cache`` where they were kept.

    Args:
        backbone: frozen.
        pairs: the pictures.
        cache: folder that keeps them for other runs; None for none.
        tell: called with how many are done.
    """
    digest = hashlib.sha256(backbone.identity.encode())
    for pair in pairs:
        digest.update(hashlib.sha256(pair.image.read_bytes()).digest())
    file = None if cache is None else make_folder(cache) / f"features-{digest.hexdigest()[:24]}.npy"
    if file is not None and file.is_file():
        kept: NDArray[np.float32] = np.load(file, mmap_mode="r", allow_pickle=False)
        return kept
    parts = []
    for start in range(0, len(pairs), BATCH):
        some = pairs[start : start + BATCH]
        pixels = np.stack([backbone.model.transform(Image.fromarray(open_picture(one))) for one in some])
        parts.append(backbone.features(pixels).numpy())
        if tell is not None:
            tell(start + len(some))
    made = np.concatenate(parts)
    if file is not None:
        write_atomically(file, lambda out: np.save(out, made))
    return made
