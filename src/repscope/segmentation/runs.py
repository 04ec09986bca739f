"""A run on disk: what it was asked, the weights that were trained, and its predictions."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from repscope.errors import FormatError, MissingError
from repscope.segmentation.data import Pair, SegmentationData
from repscope.segmentation.features import Backbone, picture_features
from repscope.segmentation.metrics import Labels
from repscope.segmentation.networks import Segmenter
from repscope.study.storage import make_folder, write_bytes

CONFIG, WEIGHTS = "config.json", "model.safetensors"
SCHEMA = "repscope.segmentation-run/1"


@dataclass(frozen=True)
class RunConfig:
    """All that decides a run, and what it says of itself.

    Attributes:
        data, layout: path and kind of the data.
        fingerprint: of ids, splits, classes and masks.
        classes: names.
        ignore: values of masks that do not count.
        backbone, weights, backbone_identity: of the frozen model.
        size: pixels of each side.
        width: of the features.
        quantizer, codebook, bottleneck, quantizers, vq_weight: of the quantiser.
        head, loss: see :mod:`repscope.segmentation.networks`.
        epochs, batch_size, lr, limit_steps, subset_size, seed: of the training.
        losses: of every step.
    """

    data: str
    layout: str
    fingerprint: str
    classes: tuple[str, ...]
    ignore: tuple[int, ...]
    backbone: str
    weights: str | None
    backbone_identity: str
    size: int
    width: int
    quantizer: str
    codebook: int
    bottleneck: int
    quantizers: int
    vq_weight: float
    head: str
    loss: str
    epochs: int
    batch_size: int
    lr: float
    limit_steps: int | None
    subset_size: int | None
    seed: int
    losses: tuple[float, ...] = field(default=(), repr=False)

    def network(self) -> Segmenter:
        """The network, with its initial weights."""
        return Segmenter(
            self.quantizer,
            self.head,
            self.width,
            len(self.classes),
            codebook=self.codebook,
            bottleneck=self.bottleneck,
            quantizers=self.quantizers,
            seed=self.seed,
        )


def save_run(folder: Path, config: RunConfig, network: Segmenter) -> None:
    """Write the weights, then the record that makes the folder a run.

    Raises:
        StorageError: the disk refuses.
    """
    from safetensors.torch import save

    make_folder(folder)
    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    write_bytes(folder / WEIGHTS, save(state))
    record = {"schema": SCHEMA, **asdict(config)}
    write_bytes(folder / CONFIG, json.dumps(record, indent=1, ensure_ascii=False).encode())


def open_run(folder: str | Path) -> tuple[RunConfig, Segmenter]:
    """Read a run. The quantiser is what its record says, never what its path suggests.

    Raises:
        MissingError: no finished run.
        FormatError: a record or weights that are not ours.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    place = Path(folder).expanduser()
    if not (place / CONFIG).is_file() or not (place / WEIGHTS).is_file():
        raise MissingError(
            f"a finished run at {place} ({CONFIG} and {WEIGHTS})",
            "no such files",
            "train one: repscope segment train DATA --backbone … --out RUN",
        )
    try:
        record = json.loads((place / CONFIG).read_text("utf-8"))
        if record.pop("schema") != SCHEMA:
            raise ValueError("another schema")
        for name in ("classes", "ignore", "losses"):
            record[name] = tuple(record[name])
        config = RunConfig(**record)
        network = config.network()
        network.load_state_dict(load((place / WEIGHTS).read_bytes()))
    except (ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        got = f"{type(error).__name__}: {error}"
        raise FormatError(f"a run of ours at {place}", got, "train it again") from error
    return config, network.eval()


@dataclass(frozen=True)
class Predictions:
    """What a run says of some pictures.

    Attributes:
        masks: [H, W] class of each pixel, in the size of the true mask.
        codes: [N, h, w, Q], or None.
        features: [N, C, h, w] as the head took them.
    """

    masks: list[Labels]
    codes: Labels | None
    features: np.ndarray[Any, Any] = field(repr=False)


def predict(
    config: RunConfig,
    network: Segmenter,
    data: SegmentationData,
    pairs: Sequence[Pair],
    *,
    device: str | None = None,
    cache: Path | None = None,
    tell: Callable[[int], None] | None = None,
) -> Predictions:
    """Masks of pictures in the size of their true ones: logits are resized before the class is taken."""
    backbone = Backbone(config.backbone, config.size, weights=config.weights, device=device, seed=config.seed)
    given = picture_features(backbone, pairs, cache, tell)
    masks, codes, moved = [], [], []
    network.eval()
    with torch.no_grad():
        for row, pair in enumerate(pairs):
            features = torch.from_numpy(np.array(given[row : row + 1]))
            taken, code, _ = network.taken(features)
            logits = network.head(taken)
            shape = data.mask(pair).shape
            large = functional.interpolate(logits, shape, mode="bilinear", align_corners=False)
            masks.append(large[0].argmax(0).numpy())
            if code is not None:
                codes.append(code[0].numpy())
            moved.append(taken[0].numpy())
    return Predictions(masks, np.stack(codes) if codes else None, np.stack(moved))
