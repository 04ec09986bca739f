"""``segment compare``: two runs on the same pictures, with a paired difference and a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import ceil, log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.measure.core.estimate import Difference
from repscope.measure.core.resample import cluster_sums, estimate_means
from repscope.segmentation.data import Pair, SegmentationData, open_data, open_picture
from repscope.segmentation.metrics import agreement, confusion
from repscope.text.progress import OnProgress, Progress
from repscope.verbs.segment.options import SegmentCompareOptions
from repscope.verbs.segment.record import MEASURES, ComparedImage, RunSummary
from repscope.verbs.segment.result import SegmentComparison

if TYPE_CHECKING:
    from repscope.segmentation.networks import Segmenter
    from repscope.segmentation.runs import Predictions, RunConfig

SHOWN = 400
"""Pictures whose pixels are kept for the figures, at most."""

PLACES = 2000
"""Places of the features that similarities take, a seeded sample of more."""


def compare(
    first: str | Path,
    second: str | Path,
    *,
    data: str | Path | None = None,
    split: str = SegmentCompareOptions.split,
    margin: float = SegmentCompareOptions.margin,
    n_best: int = SegmentCompareOptions.n_best,
    n_worst: int = SegmentCompareOptions.n_worst,
    cache: str | Path | None = None,
    device: str | None = None,
    seed: int = SegmentCompareOptions.seed,
    progress: OnProgress | None = None,
) -> SegmentComparison:
    """Compare two runs picture by picture.

    IoU and Dice are means over the classes that are in a picture's truth or prediction. The verdict is of the
    second run beside the first: ``equal`` where the interval of the difference in mean IoU lies within the
    margin, else ``better`` or ``worse`` where it excludes 0, else ``inconclusive``.

    Args:
        first, second: folders of runs, a baseline and one with a quantiser for instance.
        data: where the data is now; by default where the runs found it.
        split: that is compared.
        margin: of mean IoU.
        n_best, n_worst: rows of the grids, for ``save``.
        cache: folder that keeps features.
        device: of the backbones.
        seed: of intervals and samples.
        progress: called now and then.

    Raises:
        MissingError, FormatError: no run of ours, or no data.
        InputError: runs of two data sets, or a split without pictures.
    """
    from repscope.segmentation.runs import open_run, predict

    options = SegmentCompareOptions.of({**locals(), "data": None if data is None else Path(data)})
    runs = [open_run(one) for one in (first, second)]
    (one, _), (two, _) = runs
    if (one.fingerprint, one.classes) != (two.fingerprint, two.classes):
        raise InputError(
            "two runs on the same data",
            f"{one.data} with {len(one.classes)} classes and {two.data} with {len(two.classes)}, whose masks "
            "or splits differ",
            "train both on one data set, with the same --subset-size and --seed",
        )
    opened = _data(one, data)
    pairs = opened.splits.get(split, ())
    if not pairs:
        raise InputError(f"pictures in split {split!r} of {opened.path}", "none", "choose another --split")

    def seen(done: int) -> None:
        if progress is not None:
            progress(Progress("predict", done, len(pairs)))

    kept = None if cache is None else Path(cache)
    said = [
        predict(config, network, opened, pairs, device=device, cache=kept, tell=seen)
        for config, network in runs
    ]
    images = _images(opened, pairs, said)
    values = [_values(images, at) for at in range(2)]
    counted = np.arange(len(images))
    sums = [cluster_sums(each, counted, np.isfinite(each)) for each in values]
    found = estimate_means(*sums, seed=seed, bounds=[(0.0, 1.0)] * len(MEASURES))
    same = _same_weights(runs[0][1], runs[1][1]) and one.backbone_identity == two.backbone_identity
    # Two runs of the same weights differ nowhere, and not only in the pictures that were drawn.
    difference = replace(found[0][2], value=0.0, low=0.0, high=0.0) if same else found[0][2]
    summaries = [
        RunSummary(
            str(folder),
            config.quantizer,
            dict(zip(MEASURES, (each[:2][at] for each in found), strict=True)),
            *_codes(config, network, predictions),
        )
        for at, (folder, (config, network), predictions) in enumerate(
            zip((first, second), runs, said, strict=True)
        )
    ]
    return SegmentComparison(
        runs=(summaries[0], summaries[1]),
        split=split,
        margin=margin,
        images=images,
        classes=_classes(opened, images),
        difference=difference,
        verdict=verdict_of(difference, margin),
        similarity=_similarity(said, seed),
        notes=(*opened.notes, *(["both runs have the same weights"] if same else [])),
        replay=options.to_command("segment", "compare", first, second),
        pictures={pair.id: open_picture(pair) for pair in pairs[:SHOWN]},
        codes={} if said[1].codes is None else dict(zip([p.id for p in pairs], said[1].codes, strict=True)),
    )


def verdict_of(difference: Difference, margin: float) -> str:
    """equal, better, worse or inconclusive, by the interval of a difference and a margin of equality."""
    low, high = difference.low, difference.high
    if low is None or high is None:
        return "inconclusive"
    if -margin <= low and high <= margin:
        return "equal"
    return "better" if low > 0 else "worse" if high < 0 else "inconclusive"


def _same_weights(one: Segmenter, two: Segmenter) -> bool:
    import torch

    first, second = one.state_dict(), two.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def _data(config: RunConfig, place: str | Path | None) -> SegmentationData:
    opened = open_data(
        config.data if place is None else place,
        classes=config.classes if config.layout in ("folder", "table") else (),
        ignore=config.ignore,
        seed=config.seed,
        limit=config.subset_size,
    )
    if opened.fingerprint() != config.fingerprint:
        raise InputError(
            f"the data that the runs were trained on at {opened.path}",
            "other masks, classes or splits",
            "name the right folder with --data",
        )
    return opened


def _images(
    data: SegmentationData, pairs: Sequence[Pair], said: Sequence[Predictions]
) -> tuple[ComparedImage, ...]:
    images = []
    count = len(data.classes)
    for at, pair in enumerate(pairs):
        truth = data.mask(pair)
        own = said[0].masks[at], said[1].masks[at]
        found = [agreement(truth, mask, count) for mask in own]
        images.append(ComparedImage(pair.id, found[0], found[1], truth, own))
    return tuple(images)


def _values(images: Sequence[ComparedImage], at: int) -> NDArray[np.float64]:
    rows = [(one.first, one.second)[at].to_json() for one in images]
    return np.array([[row[name] for name in MEASURES] for row in rows], np.float64)


def _classes(data: SegmentationData, images: Sequence[ComparedImage]) -> tuple[Mapping[str, Any], ...]:
    count = len(data.classes)
    totals = [
        np.sum([confusion(one.truth, one.masks[at], count) for one in images], axis=0) for at in range(2)
    ]
    rows = []
    for index, label in enumerate(data.classes):
        ious: list[float | None] = []
        for total in totals:
            union = total[index].sum() + total[:, index].sum() - total[index, index]
            ious.append(float(total[index, index] / union) if union else None)
        rows.append({"label": label, "pixels": int(totals[0][index].sum()), "iou": ious})
    return tuple(rows)


def _codes(
    config: RunConfig, network: Segmenter, predictions: Predictions
) -> tuple[dict[str, float], dict[str, float | None]]:
    """Of the codes over the whole split, and what they compress, alone and with what decodes them."""
    quantised = network.quantised
    if quantised is None or predictions.codes is None:
        return {}, {}
    flat = predictions.codes.reshape(-1, predictions.codes.shape[-1])
    entropies, used = [], 0
    for stage in range(flat.shape[1]):
        _, counts = np.unique(flat[:, stage], return_counts=True)
        shares = counts / counts.sum()
        entropies.append(float(-(shares * np.log(shares)).sum()))
        used += len(counts)
    bits = quantised.stages * ceil(log2(quantised.codebook))
    places = predictions.codes.shape[1] * predictions.codes.shape[2]
    raw, coded = 32.0 * config.width * places, float(bits * places)
    fixed = 32.0 * sum(quantised.counts().values())
    count = len(predictions.codes)
    about: dict[str, float] = {
        "codes": quantised.codebook * quantised.stages,
        "used": used,
        "perplexity": float(np.exp(np.mean(entropies))),
        "bits_per_place": bits,
        "bits_per_pixel": coded / config.size**2,
    }
    return about, {
        "codes": raw / coded,
        "with_codebook": raw * count / (coded * count + fixed),
        "break_even_items": float(ceil(fixed / (raw - coded))) if raw > coded else None,
    }


def _similarity(said: Sequence[Predictions], seed: int) -> dict[str, float]:
    """Debiased CKA between what both heads took, place by place; nothing where their grids differ."""
    from repscope.measure.similarity.cka import cka_debiased

    shapes = {each.features.shape[2:] for each in said}
    if len(shapes) > 1:
        return {}
    rows = [each.features.transpose(0, 2, 3, 1).reshape(-1, each.features.shape[1]) for each in said]
    chosen = np.random.default_rng(seed).permutation(len(rows[0]))[:PLACES]
    one, two = (np.asarray(each[np.sort(chosen)], np.float64) for each in rows)
    if len(one) < 12 or not (np.ptp(one, axis=0).any() and np.ptp(two, axis=0).any()):
        return {}
    return {"cka": cka_debiased(one, two)}
