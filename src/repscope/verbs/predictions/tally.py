"""Running a model batch by batch, and what is kept of its predictions."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, ModelError, RepscopeError
from repscope.extraction.capture.decode_ahead import Decoded
from repscope.extraction.capture.engine import prepare
from repscope.extraction.capture.memory import ran_out_of_memory, too_large
from repscope.extraction.capture.pooling import describe, patch_size, to_numpy, token_layout
from repscope.extraction.capture.trial import tolerance_of
from repscope.extraction.models.callables import load_from_file
from repscope.extraction.models.determinism import set_seed
from repscope.extraction.models.loaded import LoadedModel
from repscope.extraction.models.user_code import blame, blaming
from repscope.extraction.sources.base import Item
from repscope.internals.masking.mask import Mask, check_mask
from repscope.internals.masking.own import own_sampler
from repscope.internals.masking.samplers import SAMPLERS, Sampler
from repscope.internals.prediction.decoding import decode, fill_in, fill_in_mean, in_pixels, pixel_error
from repscope.internals.prediction.parts import MOST_LEVELS, WRAPPER, Parts
from repscope.internals.prediction.predict import predict_hidden, predict_targets
from repscope.internals.prediction.scores import Scores, score
from repscope.verbs.common.model_run import picture_of
from repscope.verbs.predictions.record import ShownPrediction

if TYPE_CHECKING:
    from torch import Tensor

PATCHES = 10_000
"""Rows of single patches that are kept for the distribution of the features, a seeded sample of more."""

Rows = NDArray[np.float32]


def choose_sampler(name: str | None, parts: Parts) -> tuple[str, Sampler]:
    """The sampler of the masks, with its name: what is asked for, the model's own, or I-JEPA's.

    Raises:
        InputError, MissingError, ModelError: it cannot be used.
    """
    if name is None and parts.masks is not None:
        return "the model's own", own_sampler(parts.masks, "masks of the model")
    if name is None or name in SAMPLERS:
        return name or "multiblock", SAMPLERS[name or "multiblock"]()
    if ":" not in name:
        raise InputError(
            f"--sampler among {', '.join(SAMPLERS)}, or FILE.py:callable", repr(name), "choose one"
        )
    return name, own_sampler(load_from_file(name, "the sampler"), name)


@dataclass
class PatchSample:
    """Features of some patches of every image, with the place of each; one array an image."""

    rows: list[Rows] = field(default_factory=list)
    places: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, rows: Rows, places: NDArray[np.int64]) -> None:
        """Add those of one image."""
        self.rows.append(rows)
        self.places.append(places)

    def whole(self) -> tuple[Rows, NDArray[np.int64], NDArray[np.int64]]:
        """[N, D] rows, and [N] their images and places."""
        images = np.repeat(np.arange(len(self.rows)), [len(one) for one in self.rows])
        return np.concatenate(self.rows), images, np.concatenate(self.places)


class Tally:
    """Runs the batches, and keeps the scores of every image.

    Args:
        model: with its parts.
        parts: of it.
        sampler: of the masks, with its name.
        levels: asked for, or None.
        items: how many there are.
        show: ids of the images whose maps are kept.
        seed: of masks, samples and models that draw.

    Attributes:
        items: images that were read,: the same, as the source has them.
        scores: by level, one an image.
        targets: [D] mean target feature of each image.
        patches: samples of "target.patches" and "predicted.patches".
        pixels: errors of the decoder's pixels, from predictions and from the mean visible feature.
        shown: those of ``show``, by id.
        leaks: the predictions change with the pixels that they are about.
    """

    def __init__(
        self,
        model: LoadedModel,
        parts: Parts,
        *,
        sampler: tuple[str, Sampler],
        levels: int | None,
        items: int,
        show: Collection[str],
        seed: int,
    ) -> None:
        self._model, self._parts, self._show, self._seed = model, parts, {*show}, seed
        self.sampler, self._draw = sampler
        self._levels = levels or parts.levels
        self._each = max(1, PATCHES // max(items, 1))
        self._spare: Tensor | None = None
        self.grid: tuple[int, int] | None = parts.grid
        self.items: list[Item] = []
        self.skipped: dict[str, str] = {}
        self.scores: list[list[Scores]] = []
        self.targets: list[Rows] = []
        self.patches = {"target.patches": PatchSample(), "predicted.patches": PatchSample()}
        self.pixels: list[tuple[float, float]] = []
        self.shown: dict[str, ShownPrediction] = {}
        self.leaks = False

    def sort(self, ids: Sequence[str]) -> None:
        """Bring what is kept into the order of all ids."""
        place = {name: at for at, name in enumerate(ids)}
        order = sorted(range(self.done), key=lambda at: place[self.items[at].id])
        lists: list[list[Any]] = [self.items, self.scores, self.targets, self.pixels]
        for sample in self.patches.values():
            lists += [sample.rows, sample.places]
        for one in lists:
            one[:] = [one[at] for at in order[: len(one)]]
        self.shown = {name: self.shown[name] for name in ids if name in self.shown}

    @property
    def done(self) -> int:
        """Images that were read."""
        return len(self.items)

    def add(self, batch: Sequence[Decoded]) -> None:
        """Run one batch.

        Raises:
            InputError: images of several sizes, or masks that cannot be.
            ModelError: a part raised, or gave what cannot be.
        """
        given: Any = None
        try:
            ready = prepare(self._model, "image", batch)
            given = ready.given
            set_seed(self._model.device, self._seed, self.done)
            self._add(batch, ready.given)
        except (RepscopeError, KeyboardInterrupt):
            raise
        except Exception as error:
            if ran_out_of_memory(error):
                raise too_large("image", len(batch), self._model.device, error) from error
            made = blame(error, f"the parts of the model to run on {describe(given)}", "correct the model")
            made.add_note(WRAPPER)
            raise made from error

    def _add(self, batch: Sequence[Decoded], pixels: Tensor) -> None:
        names = [one.item.id for one in batch]
        targets = predict_targets(self._parts, pixels, names)
        self._find_grid(int(targets.shape[1]), (int(pixels.shape[2]), int(pixels.shape[3])))
        width = int(targets.shape[2])
        masks = [self._masks(name) for name in names]
        self._settle_levels(masks, names)
        other = self._others(pixels)
        if not self.done:
            self.leaks = self._changes_with_hidden(pixels, [each[0] for each in masks], width, names)
        predicted, shuffled = [], []
        for at in range(len(masks[0])):
            own = [each[at] for each in masks]
            predicted.append(predict_hidden(self._parts, pixels, own, width, names))
            shuffled.append(None if other is None else predict_hidden(self._parts, other, own, width, names))
        assert self._levels is not None
        for row, one in enumerate(batch):
            each = []
            for level in range(self._levels):
                at = min(level, len(masks[row]) - 1)
                mask, wrong = masks[row][at], shuffled[at]
                each.append(
                    score(
                        [self._projected(block, level) for block in predicted[at][row]],
                        self._projected(targets[row], level),
                        mask.targets,
                        mask.context,
                        level=level,
                        shuffled=None
                        if wrong is None
                        else [self._projected(block, level) for block in wrong[row]],
                    )
                )
            self.scores.append(each)
            self._keep(one, masks[row], to_numpy(targets[row]), [to_numpy(b) for b in predicted[0][row]])
        self._reconstruct(pixels, targets, [each[0] for each in masks], predicted[0])
        self._spare = pixels[:1].clone()

    def _projected(self, features: Tensor, level: int) -> NDArray[Any]:
        """Features [M, D] in the space of a level."""
        project = self._parts.level_features
        return to_numpy(features if project is None else project(features[None], level)[0])

    def _find_grid(self, tokens: int, pixels: tuple[int, int]) -> None:
        if self.grid is None:
            layout = token_layout(tokens, pixels, patch_size(self._model.module))
            self.grid = layout.grid if layout.prefix == 0 else None
        if self.grid is None or self.grid[0] * self.grid[1] != tokens:
            known = "" if self.grid is None else f" of {self.grid[0]}×{self.grid[1]}"
            error = ModelError(
                f"target features of a grid of patches{known} alone",
                f"{tokens} tokens of images of {pixels[0]}×{pixels[1]} pixels",
                "drop class and register tokens in target_encoder; set grid = (rows, columns) on the "
                "module where the patches cannot be told from the size of the image",
            )
            error.add_note(WRAPPER)
            raise error

    def _masks(self, name: str) -> tuple[Mask, ...]:
        assert self.grid is not None
        rng = np.random.default_rng(self._seed_of(name))
        with blaming(Path(self.sampler), f"{self.sampler} sampler to give a mask of {name}"):
            drawn = self._draw(self.grid, rng)
        for mask in drawn:
            check_mask(mask, self.grid, f"the mask of {name}", overlap=True)
            both = int((mask.context & mask.masked).sum())
            if both:
                raise InputError(
                    f"targets that the context does not show in the mask of {name}",
                    f"{both} patches that are in both",
                    "correct the sampler: what is seen is not predicted",
                )
        return drawn

    def _seed_of(self, name: str) -> list[int]:
        """An image has the same mask whatever else is read, so that checkpoints can be compared."""
        return [self._seed, zlib.crc32(name.encode("utf-8", "surrogatepass"))]

    def _settle_levels(self, masks: Sequence[tuple[Mask, ...]], names: Sequence[str]) -> None:
        """Levels from the first masks, where neither the options nor the model say them."""
        if self._levels is None:
            self._levels = min(len(masks[0]), MOST_LEVELS)
        for each, name in zip(masks, names, strict=True):
            if len(each) not in (1, self._levels):
                raise InputError(
                    f"one mask, or one for each of {self._levels} levels, of {name}",
                    f"{len(each)}",
                    "give --levels as many as the sampler has",
                )

    def _others(self, pixels: Tensor) -> Tensor | None:
        """For each image another one, of this batch or of the last."""
        import torch

        count = len(pixels)
        if count == 1:
            return self._spare
        shift = int(np.random.default_rng([self._seed, self.done, 1]).integers(1, count))
        return torch.roll(pixels, shift, dims=0)

    def _changes_with_hidden(
        self, pixels: Tensor, masks: Sequence[Mask], width: int, names: Sequence[str]
    ) -> bool:
        """Whether the predictions of the first images change with the pixels that are hidden from them."""
        import torch

        some = pixels[:2]
        hidden = np.stack(
            [in_pixels(mask.masked, (some.shape[2], some.shape[3])) for mask in masks[: len(some)]]
        )
        cells = torch.from_numpy(hidden).to(some.device)[:, None]
        changed = torch.where(cells, some.mean() - some, some)
        runs = [
            predict_hidden(self._parts, one, masks[: len(some)], width, names[: len(some)])
            for one in (some, changed)
        ]
        before, after = (torch.cat([block for each in run for block in each]).float() for run in runs)
        tolerance = tolerance_of(self._model.dtype) * float(before.square().mean().sqrt())
        return float((after - before).square().mean().sqrt()) > tolerance

    def _keep(self, item: Decoded, masks: tuple[Mask, ...], target: Rows, predicted: list[Rows]) -> None:
        """What an image adds besides its scores."""
        rng = np.random.default_rng([*self._seed_of(item.item.id), 2])
        self.items.append(item.item)
        self.targets.append(target.mean(axis=0, dtype=np.float32))
        chosen = rng.permutation(len(target))[: self._each]
        self.patches["target.patches"].add(target[chosen], chosen)
        rows = np.concatenate(predicted)
        places = np.concatenate([np.flatnonzero(cells) for cells in masks[0].targets])
        chosen = rng.permutation(len(rows))[: self._each]
        self.patches["predicted.patches"].add(rows[chosen], places[chosen])
        if item.item.id in self._show and item.array is not None:
            each = self.scores[-1]
            self.shown[item.item.id] = ShownPrediction(
                item.item.id,
                picture_of(item.array),
                tuple(masks[min(level, len(masks) - 1)] for level in range(len(each))),
                tuple(one.cosines for one in each),
                tuple(one.errors for one in each),
            )

    def _reconstruct(
        self,
        pixels: Tensor,
        targets: Tensor,
        masks: Sequence[Mask],
        predicted: Sequence[Sequence[Tensor]],
    ) -> None:
        """The decoder's picture of what was predicted, and its error on the hidden pixels."""
        if self._parts.decoder is None:
            return
        features = fill_in(targets, masks, predicted)
        made = decode(self._parts, features, pixels)
        trivial = decode(self._parts, fill_in_mean(targets, masks), pixels)
        for row, mask in enumerate(masks):
            true, drawn = to_numpy(pixels[row]), to_numpy(made[row])
            self.pixels.append(
                (pixel_error(drawn, true, mask), pixel_error(to_numpy(trivial[row]), true, mask))
            )
            name = self.items[self.done - len(masks) + row].id
            if name in self.shown:
                low, high = float(true.min()), float(true.max())
                picture = np.clip((np.moveaxis(drawn, 0, -1) - low) / (high - low or 1.0), 0, 1)
                self.shown[name] = replace(self.shown[name], reconstruction=picture.astype(np.float32))
