"""The figures of ``masks``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from repscope.internals.masking.mask import Mask
from repscope.plot.masks.grids import MaskPanel, hide, plane, plot_mask_statistics, plot_masks
from repscope.text.numbers import number
from repscope.verbs.masks.record import MasksRecord, SampledMasks

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(found: MasksRecord) -> Iterator[tuple[str, Figure]]:
    """Names and figures: one mask, its parts, the picture, many samples, statistics, strategies."""
    first = found.samplers[0]
    masks = first.shown[0]
    yield (
        "mask",
        plot_masks([MaskPanel(_said(mask, level, len(masks)), mask) for level, mask in enumerate(masks)]),
    )
    yield "parts", plot_masks(_parts(masks[-1]), columns=5, note=_level_note(first))
    if found.picture is not None:
        yield "picture", _picture(found, masks[0])
    yield (
        "samples",
        plot_masks(
            [
                MaskPanel(f"{np.mean(each[level].masked):.0%} masked", each[level])
                for each in first.shown[: 12 if len(masks) == 1 else 4]
                for level in range(len(masks))
            ],
            columns=6 if len(masks) == 1 else len(masks),
            note="" if len(masks) == 1 else "A row is one sample, from the finest level to the coarsest.",
        ),
    )
    yield from _statistics(first)
    if len(found.samplers) > 1:
        yield (
            "strategies",
            plot_masks(
                [
                    MaskPanel(f"{one.name}\n{number(_ratio(one), 2)} masked" if at == 0 else " \n ", each[0])
                    for one in found.samplers
                    for at, each in enumerate(one.shown[:4])
                ],
                columns=min(4, *(len(one.shown) for one in found.samplers)),
                note="A row is one strategy, with some of its samples (of levels, the finest); the share "
                f"masked is the mean over {found.samples:,} samples.",
            ),
        )


def _said(mask: Mask, level: int, levels: int) -> str:
    several = int((mask.depth > 1).sum())
    head = f"level {level}: " if levels > 1 else ""
    return (
        f"{head}{mask.masked.mean():.0%} masked, {mask.context.mean():.0%} seen\n"
        f"{len(mask.targets)} target{'s' if len(mask.targets) > 1 else ''}, {several} tokens in several"
    )


def _parts(mask: Mask) -> list[MaskPanel]:
    nothing = np.zeros_like(mask.context)
    parts = [MaskPanel(f"context: {int(mask.context.sum())} tokens", Mask(mask.context, (nothing,)))]
    for number_, target in enumerate(mask.targets[:9]):
        parts.append(MaskPanel(f"target {number_ + 1}: {int(target.sum())} tokens", Mask(nothing, (target,))))
    return parts


def _level_note(one: SampledMasks) -> str:
    return "Context and targets of the coarsest level." if len(one.levels) > 1 else ""


def _picture(found: MasksRecord, mask: Mask) -> Figure:
    picture = found.picture
    assert picture is not None
    return plot_masks(
        [
            MaskPanel("original", picture=picture),
            MaskPanel("mask", mask, ratio=picture.shape[0] / picture.shape[1]),
            MaskPanel("what the context shows", picture=hide(picture, mask.context)),
            MaskPanel("what is to be predicted", picture=hide(picture, mask.masked)),
        ]
    )


def _ratio(one: SampledMasks) -> float:
    value = one.levels[0].measures["masked.ratio"].value
    assert value is not None
    return value


def _statistics(one: SampledMasks) -> Iterator[tuple[str, Figure]]:
    for level, stats in enumerate(one.levels):
        overlap = stats.measures["target.overlapping"].value
        yield (
            "statistics" if len(one.levels) == 1 else f"statistics.{level}",
            plot_mask_statistics(
                [("masked", plane(stats.probability)), ("context", plane(stats.context))],
                stats.ratios,
                stats.sizes,
                note=f"Share of {stats.samples:,} samples in which a position is masked or seen; share of "
                f"the tokens masked in a sample, and tokens in a target (line: mean). Targets overlap in "
                f"{overlap:.0%} of the samples; {stats.coverage:.0%} of the positions were masked at least "
                "once.",
            ),
        )
