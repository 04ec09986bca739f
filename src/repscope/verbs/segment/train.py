"""``segment train``: a head on frozen features, with or without a quantiser before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from repscope.segmentation.data import IGNORED, SegmentationData, open_data
from repscope.text.json_record import JsonRecord
from repscope.text.numbers import significant
from repscope.text.progress import OnProgress, Progress
from repscope.verbs.segment.options import TrainOptions

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class TrainedRun(JsonRecord, schema="repscope.segmentation-run/1"):
    """A run that was trained.

    Attributes:
        run: its folder.
        quantizer, head, seed: as asked.
        images: of the training split.
        steps: that were made.
        first_loss, last_loss: of the task, without the quantiser's own.
        trained: numbers that were trained; the backbone's are frozen.
        notes: what a reader should know.
        replay: the command that repeats it.
    """

    run: str
    quantizer: str
    head: str
    seed: int
    images: int
    steps: int
    first_loss: float
    last_loss: float
    trained: int
    notes: tuple[str, ...] = ()
    replay: str = ""

    def lines(self) -> list[str]:
        """For a person."""
        return [
            f"run {self.run}: {self.quantizer} quantiser, {self.head} head, {self.images:,} pictures, "
            f"{self.steps:,} steps, {self.trained:,} numbers trained",
            f"loss {significant(self.first_loss)} → {significant(self.last_loss)}",
        ]


def train(
    data: str | Path,
    *,
    backbone: str,
    out: str | Path,
    weights: str | Path | None = None,
    quantizer: str = TrainOptions.quantizer,
    codebook: int = TrainOptions.codebook,
    bottleneck: int = TrainOptions.bottleneck,
    quantizers: int = TrainOptions.quantizers,
    vq_weight: float = TrainOptions.vq_weight,
    head: str = TrainOptions.head,
    loss: str = TrainOptions.loss,
    epochs: int = TrainOptions.epochs,
    batch_size: int = TrainOptions.batch_size,
    lr: float = TrainOptions.lr,
    limit_steps: int | None = None,
    subset_size: int | None = None,
    size: int = TrainOptions.size,
    classes: Sequence[str] = TrainOptions.classes,
    ignore: Sequence[int] = TrainOptions.ignore,
    cache: str | Path | None = None,
    device: str | None = None,
    overwrite: bool = TrainOptions.overwrite,
    seed: int = TrainOptions.seed,
    progress: OnProgress | None = None,
) -> TrainedRun:
    """Train a segmentation head on the features of a frozen backbone.

    Runs that differ in the quantiser alone share data, order, the head's initial weights, optimiser and seed.

    Args:
        data: Oxford-IIIT Pet, VOC, ADE, a folder with ``images`` and ``masks``, or a csv.
        backbone: as of ``repscope extract --model``; it gives a map or a grid of tokens.
        out: folder of the run; a killed training goes on there.
        weights: of the backbone.
        quantizer: none, vq, fsq, lfq, rvq; identity changes nothing.
        codebook, bottleneck, quantizers, vq_weight: of the quantiser.
        head: linear or conv.
        loss: ce, dice, focal or combined.
        epochs, batch_size, lr, limit_steps: of the training, by AdamW.
        subset_size: pictures of each split at most.
        size: pixels of each side that pictures are resized to.
        classes: names, where the data does not say.
        ignore: values of masks that do not count.
        cache: folder that keeps features for other runs of the same backbone.
        device: of the backbone.
        overwrite: begin anew where ``out`` holds another run.
        seed: of initial weights and order.
        progress: called after every step.

    Raises:
        InputError: data that does not fit, all problems at once.
        ModelError: a backbone that gives no map.
        ExistsError: ``out`` holds another run.
        DependencyError: Lightning or vector-quantize-pytorch is not there.
    """
    from repscope.segmentation.features import Backbone, picture_features
    from repscope.segmentation.runs import RunConfig, save_run
    from repscope.segmentation.training import train_run

    own = {**locals(), "ignore": tuple(ignore), "classes": tuple(classes), "out": Path(out)}
    options = TrainOptions.of(own)
    opened = open_data(data, classes=classes, ignore=ignore, seed=seed, limit=subset_size)
    pairs = opened.splits["train"]
    frozen = Backbone(backbone, size, weights=weights, device=device, seed=seed)

    def seen(done: int) -> None:
        if progress is not None:
            progress(Progress("features", done, len(pairs)))

    def told(step: int, total: int, now: float) -> None:
        if progress is not None:
            progress(Progress("train", step, max(total, step), note=f"loss {significant(now)}"))

    features = picture_features(frozen, pairs, None if cache is None else Path(cache), seen)
    config = RunConfig(
        data=str(Path(data).expanduser().resolve()),
        layout=opened.layout,
        fingerprint=opened.fingerprint(),
        classes=opened.classes,
        ignore=tuple(ignore),
        backbone=backbone,
        weights=None if weights is None else str(weights),
        backbone_identity=frozen.identity,
        size=size,
        width=int(features.shape[1]),
        quantizer=quantizer,
        codebook=codebook,
        bottleneck=bottleneck,
        quantizers=quantizers,
        vq_weight=vq_weight,
        head=head,
        loss=loss,
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        limit_steps=limit_steps,
        subset_size=subset_size,
        seed=seed,
    )
    folder = Path(out).expanduser()
    finished, network = train_run(
        config, features, _masks(opened, size), folder, overwrite=overwrite, tell=told
    )
    save_run(folder, finished, network)
    return TrainedRun(
        run=str(out),
        quantizer=quantizer,
        head=head,
        seed=seed,
        images=len(pairs),
        steps=len(finished.losses),
        first_loss=finished.losses[0],
        last_loss=finished.losses[-1],
        trained=sum(one.numel() for one in network.parameters()),
        notes=opened.notes,
        replay=options.to_command("segment", "train", data, "--out", out),
    )


def _masks(data: SegmentationData, size: int) -> Tensor:
    """[N, size, size] classes of the training masks, each pixel that of the nearest one."""
    import torch
    from PIL import Image

    rows: list[Any] = []
    for pair in data.splits["train"]:
        labels = data.mask(pair).astype(np.int32)
        small = Image.fromarray(labels).resize((size, size), Image.Resampling.NEAREST)
        rows.append(np.asarray(small, np.int64))
    assert IGNORED == -1
    return torch.from_numpy(np.stack(rows))
