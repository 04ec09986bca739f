"""``attention``: the weights of every head over the items of a source, and what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, ModelError, UnknownNameError, name_some
from repscope.extraction.capture.decode_ahead import Decoded
from repscope.extraction.capture.engine import Ready, blame_model, prepare
from repscope.extraction.capture.memory import ran_out_of_memory, too_large
from repscope.extraction.capture.pooling import Layout, patch_size, token_layout
from repscope.extraction.models.determinism import set_seed
from repscope.extraction.models.loaded import LoadedModel
from repscope.extraction.run.parts import Part, notes_on
from repscope.extraction.sources.base import Source
from repscope.internals.attention.measures import attention_distance, attention_entropy, special_share
from repscope.internals.attention.observe import observe_attention
from repscope.internals.attention.rollout import FUSIONS, Fusion, rollout
from repscope.measure.core.estimate import Estimate
from repscope.measure.core.resample import cluster_sums, estimate_means
from repscope.text.progress import OnProgress, Progress
from repscope.verbs.attention.options import AttentionOptions
from repscope.verbs.attention.record import AttentionLayer, ShownItem
from repscope.verbs.attention.result import Attention
from repscope.verbs.common.model_run import computing, picture_of, prepared_run, readable_batches, settings_of

if TYPE_CHECKING:
    from torch import nn

LARGEST_BYTES = 4 << 30
"""Weights that are kept in memory for a file at most."""


def attention(
    source: str | Path | Source,
    model: str | nn.Module,
    *,
    layers: Sequence[int] | None = None,
    source_kind: str | None = None,
    path_column: str | None = None,
    id_column: str | None = None,
    id_rule: str | None = None,
    items: str | Path | None = None,
    encoding: str | None = None,
    text_column: str | Sequence[str] = (),
    images: str | Path | None = None,
    regions: Sequence[str] | None = None,
    templates: Sequence[str] = (),
    array: str | None = None,
    weights: str | Path | None = None,
    weights_key: str | None = None,
    weights_prefix: str | None = None,
    resize: str | int | None = None,
    crop: str | int | None = None,
    mean: str | None = None,
    std: str | None = None,
    interpolation: str | None = None,
    batch_size: int = AttentionOptions.batch_size,
    device: str | None = None,
    dtype: str | None = None,
    autocast: str | None = None,
    workers: int = AttentionOptions.workers,
    limit: int | None = None,
    strict: bool = False,
    fusion: Fusion = AttentionOptions.fusion,
    discard: float = AttentionOptions.discard,
    show: int = AttentionOptions.show,
    seed: int = AttentionOptions.seed,
    keep_weights: bool = False,
    progress: OnProgress | None = None,
) -> Attention:
    """What every head of a model attends to, over the items of a source.

    One forward pass a batch; the model is not edited, and its output is what it was. The weights are those
    that the model computed (see :func:`repscope.internals.attention.observe.observe_attention`).

    Args:
        source, model: as for :func:`repscope.verbs.extract.extract.extract`.
        layers: indices in the order of computation; all by default.
        source_kind, path_column, id_column, id_rule, items, text_column, images, regions, templates, array:
            what is said of the source, as for ``extract``.
        encoding: as for ``extract``.
        weights, weights_key, weights_prefix, resize, crop, mean, std, interpolation: of model and pixels.
        batch_size, device, dtype, autocast, workers, limit, strict, seed: of the run.
        fusion: of the heads in the rollout, "mean", "max" or "min".
        discard: share of the smallest weights left out of the rollout.
        show: items whose maps are kept for figures, the first ones.
        keep_weights: keep the weights of all items, in ``arrays``.
        progress: called after every batch.

    Raises:
        MissingError, InputError: no such source, nothing readable, bad options, weights larger than 4 GiB.
        ModelError: the model cannot be used, computes no attention, or some that cannot be seen.
        UnknownNameError: no such layer.
    """
    options = AttentionOptions.of(locals())
    if fusion not in FUSIONS:
        raise InputError(f"--fusion among {', '.join(FUSIONS)}", repr(fusion), "choose one of them")
    settings = settings_of(options, shard_rows=options.batch_size)
    begun = prepared_run(source, options, settings)
    part, loaded = begun.parts[0], begun.model
    tally = _Tally(loaded, part, layers, show, keep_weights)
    with computing(loaded, settings):
        for batch in readable_batches(part, loaded, settings, tally.skipped):
            tally.add(batch, settings.seed)
            if progress is not None:
                progress(Progress("attention", tally.done, len(part.items), skipped=len(tally.skipped)))
        if not tally.done:
            reasons = name_some([f"{name}: {why}" for name, why in tally.skipped.items()], 3)
            raise InputError(f"at least one readable {part.kind}", f"none ({reasons})", "give readable ones")
        shown = tally.finish_shown(fusion, discard, settings.seed)
    return Attention(
        model=model if isinstance(model, str) else type(model).__name__,
        ids=tuple(tally.ids),
        layers=tuple(one.finish(settings.seed) for one in tally.layers.values()),
        shown=shown,
        arrays=tally.arrays(),
        skipped=tally.skipped,
        notes=tuple(notes_on(loaded, begun.parts)),
        replay=options.to_command("attention", source) if isinstance(source, str | Path) else "",
    )


@dataclass
class _LayerTally:
    """What is known of one layer so far."""

    index: int
    name: str
    heads: int
    layout: Layout | None
    longest: tuple[int, int] = (0, 0)
    values: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    kept: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, weights: NDArray[np.float32], mask: NDArray[np.bool_] | None) -> None:
        queries, keys = weights.shape[2:]
        self.longest = max(self.longest[0], queries), max(self.longest[1], keys)
        real = mask if mask is not None and mask.shape[1] == queries else None
        found = {"entropy": attention_entropy(weights, real)}
        if self.layout is not None and self.layout.grid is not None:
            found["distance"] = attention_distance(weights, self.layout.grid, self.layout.prefix)
            if self.layout.prefix:
                found["special"] = special_share(weights, self.layout.prefix)
        for name, values in found.items():
            self.values.setdefault(name, []).append(values)

    def finish(self, seed: int) -> AttentionLayer:
        layout = self.layout
        return AttentionLayer(
            self.index,
            self.name,
            self.heads,
            *self.longest,
            special=layout.prefix if layout and layout.grid else None,
            grid=layout.grid if layout else None,
            measures={name: _estimates(np.concatenate(parts), seed) for name, parts in self.values.items()},
        )


def _estimates(values: NDArray[np.float64], seed: int) -> tuple[Estimate, ...]:
    """One a head of [N, heads], over the items."""
    sums = cluster_sums(values, np.arange(len(values)), np.isfinite(values))
    return tuple(each[0] for each in estimate_means(sums, sums, seed=seed, exact=range(values.shape[1])))


@dataclass
class _Shown:
    item: Decoded
    weights: dict[int, NDArray[np.float32]] = field(default_factory=dict)


class _Tally:
    """Runs the batches, and adds up what their attention says."""

    def __init__(
        self, model: LoadedModel, part: Part, wanted: Sequence[int] | None, show: int, keep: bool
    ) -> None:
        self._model, self._part, self._keep, self._show = model, part, keep, show
        self._wanted = None if wanted is None else set(wanted)
        self._patch = patch_size(model.module)
        self.layers: dict[int, _LayerTally] = {}
        self.ids: list[str] = []
        self.skipped: dict[str, str] = {}
        self._shown: list[_Shown] = []
        self._masks: list[NDArray[np.bool_]] = []

    @property
    def done(self) -> int:
        """Items that were read."""
        return len(self.ids)

    def add(self, batch: Sequence[Decoded], seed: int) -> None:
        """Run one batch."""
        weights, ready = self._run(batch, seed, self.done)
        mask = None if ready.mask is None else ready.mask.cpu().numpy()
        room = self._show - len(self._shown)
        shown = [_Shown(item) for item in batch[: max(0, room)]]
        names = list(weights)
        if self._wanted is not None and (missing := sorted(self._wanted - set(range(len(names))))):
            raise UnknownNameError(
                f"layers among 0 to {len(names) - 1}",
                ", ".join(map(str, missing)),
                f"choose of {name_some([f'{i} ({name})' for i, name in enumerate(names)], 12)}",
            )
        for index, name in enumerate(names):
            one = weights[name]
            for row, item in enumerate(shown):
                item.weights[index] = one[row]
            if self._wanted is not None and index not in self._wanted:
                continue
            if index not in self.layers:
                layout = None
                if ready.pixels is not None and one.shape[2] == one.shape[3]:
                    layout = token_layout(one.shape[2], ready.pixels, self._patch)
                self.layers[index] = _LayerTally(index, name, one.shape[1], layout)
            self.layers[index].add(one, mask)
            if self._keep:
                self._refuse_large(one, len(names))
                self.layers[index].kept.append(one)
        self._shown += shown
        self.ids += [one.item.id for one in batch]
        if mask is not None:
            self._masks.append(mask)

    def _refuse_large(self, one: NDArray[np.float32], layers: int) -> None:
        wanted = layers if self._wanted is None else len(self._wanted)
        size = one.nbytes // len(one) * len(self._part.items) * wanted
        if size > LARGEST_BYTES:
            raise InputError(
                f"weights of at most {LARGEST_BYTES >> 30} GiB",
                f"about {size / 2**30:.1f} GiB for {len(self._part.items):,} items and {wanted} layers",
                "choose fewer with --limit or --layers; the measures need no file of weights",
            )

    def _run(
        self, batch: Sequence[Decoded], seed: int, number: int
    ) -> tuple[dict[str, NDArray[np.float32]], Ready]:
        model = self._model
        found: dict[str, NDArray[np.float32]] = {}

        def keep(name: str, weights: Any) -> None:
            if len(weights) != len(batch):
                raise ModelError(
                    f"one attention an item of the batch ({len(batch)}) in {name!r}",
                    f"{len(weights)}, as of windows",
                    "windowed attention has no map of the whole image; choose another model",
                )
            found[name] = weights.cpu().numpy()

        given: Any = None
        try:
            ready = prepare(model, self._part.kind, batch)
            given = ready.given
            set_seed(model.device, seed, number)
            with observe_attention(model.module, keep) as seen:
                ready.run()
        except (InputError, ModelError):
            raise
        except Exception as error:
            if ran_out_of_memory(error):
                raise too_large(self._part.kind, len(batch), model.device, error) from error
            raise blame_model(error, self._part.kind, given) from error
        seen.layers()
        return found, ready

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The weights of all items by ``layer.K``; texts of several lengths are filled with zeros."""
        if not self._keep:
            return {}
        made: dict[str, NDArray[Any]] = {
            f"layer.{index}": _stack(one.kept, one.longest) for index, one in self.layers.items()
        }
        if self._masks:
            width = max(mask.shape[1] for mask in self._masks)
            made["mask"] = np.concatenate(
                [np.pad(mask, ((0, 0), (0, width - mask.shape[1]))) for mask in self._masks]
            )
        return made

    def finish_shown(self, fusion: Fusion, discard: float, seed: int) -> tuple[ShownItem, ...]:
        """The shown items, with the rollout of the model and of itself with shuffled weights."""
        if not self._shown:
            return ()
        items = [one.item for one in self._shown]
        squares = {one.shape for one in self._shown[0].weights.values()}
        control: dict[int, Mapping[int, NDArray[np.float32]]] = {}
        whole = self._part.kind == "image" and len(squares) == 1 and len({*next(iter(squares))[1:]}) == 1
        if whole:
            with _shuffled(self._model.module, seed):
                weights, _ = self._run(items, seed, 0)
            control = {
                row: {index: one[row] for index, one in enumerate(weights.values())}
                for row in range(len(items))
            }
        shown = []
        for row, one in enumerate(self._shown):
            array = one.item.array
            assert array is not None
            text = self._model.text if self._part.kind == "text" else None
            shown.append(
                ShownItem(
                    one.item.item.id,
                    picture_of(array) if text is None else None,
                    () if text is None else tuple(text.transform.spell(array.tolist())),
                    {index: one.weights[index] for index in self.layers},
                    _flow(one.weights, fusion, discard) if whole else None,
                    _flow(control[row], fusion, discard) if whole else None,
                )
            )
        return tuple(shown)


def _flow(weights: Mapping[int, NDArray[np.float32]], fusion: Fusion, discard: float) -> NDArray[np.float64]:
    """[T] the rollout of the first token: the class token, where there is one."""
    flow: NDArray[np.float64] = rollout(
        [one[None] for one in weights.values()], fusion=fusion, discard=discard
    )
    first: NDArray[np.float64] = flow[0, 0]
    return first


@contextmanager
def _shuffled(module: nn.Module, seed: int) -> Iterator[None]:
    """The entries of every weight matrix in random order: the same sizes, nothing learnt. Put back after."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    before = {name: one.detach().clone() for name, one in module.named_parameters() if one.ndim > 1}
    with torch.no_grad():
        try:
            for name, one in module.named_parameters():
                if name in before:
                    order = torch.randperm(one.numel(), generator=generator).to(one.device)
                    one.copy_(one.flatten()[order].reshape(one.shape))
            yield
        finally:
            for name, one in module.named_parameters():
                if name in before:
                    one.copy_(before[name])


def _stack(parts: Sequence[NDArray[np.float32]], longest: tuple[int, int]) -> NDArray[np.float32]:
    n, heads = sum(map(len, parts)), parts[0].shape[1]
    whole = np.zeros((n, heads, *longest), np.float32)
    start = 0
    for one in parts:
        whole[start : start + len(one), :, : one.shape[2], : one.shape[3]] = one
        start += len(one)
    return whole
