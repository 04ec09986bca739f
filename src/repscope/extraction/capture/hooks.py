"""Hooks that read a model while it runs and leave it as it was found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from repscope.errors import ModelError, RepscopeError
from repscope.extraction.capture.points import CapturePoint, Pool, Side
from repscope.extraction.capture.pooling import (
    ONE_ROW,
    Layout,
    items_first,
    patch_size,
    pool_rows,
    tensor_of,
    tensors_in,
)

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass
class _Slot:
    """What one capture point saw in the forward pass that runs."""

    point: CapturePoint
    pool: Pool | None
    calls: int = 0
    rows: Tensor | None = None
    layout: Layout = ONE_ROW


class Recorder:
    """Forward hooks for several capture points at once; a context manager.

    Rows are taken inside the hook, so that a later in-place operation (``ReLU(inplace=True)``,
    ``x += shortcut``) cannot change what was captured. Nothing the model computes is altered.

    Args:
        model: any module; untouched but for its hooks, which are removed on exit.
        points: resolved capture points (see :func:`repscope.extraction.capture.points.resolve_points`).
        pool: for points that do not say their own.
        outside: called as ``outside(name, rows, layout)`` for a module that runs while no pass is under
            way (between :meth:`begin` and :meth:`end`); with it the whole model is hooked as well.
            Without it the caller gives what went through the model to :meth:`observe`, which also
            works for calls other than ``model(...)``.
    """

    def __init__(
        self,
        model: nn.Module,
        points: Sequence[CapturePoint],
        pool: Pool | None = None,
        *,
        outside: Callable[[str, Tensor, Layout], None] | None = None,
    ) -> None:
        self._model = model
        self._slots = [_Slot(point, point.pool or pool) for point in points]
        self._outside = outside
        self._running = False
        self._patch = patch_size(model)
        self._handles: list[Any] = []
        self._error: RepscopeError | None = None
        self._batch: Collection[int] = ()
        self._pixels: tuple[int, int] | None = None
        self._mask: Tensor | None = None

    def __enter__(self) -> Recorder:
        modules = dict(self._model.named_modules(remove_duplicate=False))
        for slot in self._slots:
            module = modules[slot.point.module]
            if not slot.point.module and not self._outside:
                continue
            if slot.point.side == "input":
                handle = module.register_forward_pre_hook(partial(self._before, slot), with_kwargs=True)
            else:
                handle = module.register_forward_hook(partial(self._after, slot), with_kwargs=True)
            self._handles.append(handle)
        return self

    def __exit__(self, *_: object) -> None:
        while self._handles:
            self._handles.pop().remove()

    def begin(
        self,
        batch: Collection[int] = (),
        pixels: tuple[int, int] | None = None,
        mask: Tensor | None = None,
    ) -> None:
        """Start a forward pass; what an unfinished one saw is forgotten.

        Args:
            batch: sizes that a batch axis may have; empty when unknown.
            pixels: height and width of the input, for the places of tokens.
            mask: [B, T], true for tokens and false for padding, of a batch of texts.
        """
        self._running, self._batch, self._pixels, self._error = True, batch, pixels, None
        self._mask = mask
        for slot in self._slots:
            slot.calls, slot.rows = 0, None

    def abandon(self) -> None:
        """The forward pass is over, whether or not it was finished."""
        self._running, self._mask = False, None

    def end(self) -> dict[str, tuple[Tensor, Layout]]:
        """Rows and layout by set name, of the forward pass that just ran.

        Raises:
            ModelError: a point's module did not run, ran more than once, or gave no usable tensor.
        """
        self._running = False
        if self._error:
            raise self._error
        captured = {}
        for slot in self._slots:
            if slot.rows is None or (slot.point.call is None and slot.calls > 1):
                raise _wrong_calls(slot.point, slot.calls)
            captured[slot.point.name] = (slot.rows, slot.layout)
        return captured

    def observe(self, value: Any, side: Side) -> None:
        """Give what went into, or came out of, the whole model."""
        for slot in self._slots:
            if not slot.point.module and slot.point.side == side:
                self._take(slot, value)

    def _before(self, slot: _Slot, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        key = slot.point.key
        if key:
            given: Any = kwargs if key in kwargs else args
        else:
            given = next(tensors_in((args, kwargs)), (args, kwargs))
        self._read(slot, given, (args, kwargs))

    def _after(self, slot: _Slot, _: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
        self._read(slot, output, (args, kwargs))

    def _read(self, slot: _Slot, value: Any, inputs: Any) -> None:
        if self._running or not self._outside:
            self._take(slot, value)
            return
        if slot.point.call is not None:
            raise ModelError(
                f"calls of {slot.point.module!r} inside a forward pass of the whole model",
                "a call of its own",
                f"leave out @{slot.point.call}: each of your calls is recorded",
            )
        sizes = batch_sizes(inputs, slot.point.batch)
        self._outside(slot.point.name, *self._pool(slot, value, sizes))

    def _take(self, slot: _Slot, value: Any) -> None:
        # Errors are kept for end(): the model's own code must not be able to swallow them.
        wanted = slot.point.call is None or slot.point.call == slot.calls
        slot.calls += 1
        if not wanted or slot.rows is not None:
            return
        try:
            slot.rows, slot.layout = self._pool(slot, value, self._batch)
        except RepscopeError as error:
            self._error = self._error or error

    def _pool(self, slot: _Slot, value: Any, batch: Collection[int]) -> tuple[Tensor, Layout]:
        where = str(slot.point)
        tensor = items_first(tensor_of(value, slot.point.key, where), slot.point.batch, where)
        return pool_rows(
            tensor,
            slot.pool,
            where,
            batch=batch,
            pixels=self._pixels,
            patch=self._patch,
            mask=self._mask,
        )


def batch_sizes(inputs: Any, axis: int = 0) -> set[int]:
    """Lengths of the axes of all tensors in some arguments that may be their batch."""
    return {int(tensor.shape[axis]) for tensor in tensors_in(inputs) if tensor.ndim > axis}


def _wrong_calls(point: CapturePoint, calls: int) -> ModelError:
    if not calls:
        return ModelError(
            f"module {point.module!r} to run in a forward pass",
            "it was never called",
            "capture a module that runs; a parent may use its weights without calling it",
        )
    if point.call is None:
        return ModelError(
            f"module {point.module!r} to run once in a forward pass",
            f"{calls} calls",
            f"say which, from {point.module}@0:{point.side} to {point.module}@{calls - 1}:{point.side}",
        )
    return ModelError(
        f"call {point.call} (counted from 0) of module {point.module!r}",
        f"{calls} call{'' if calls == 1 else 's'} in a forward pass",
        f"choose 0 to {calls - 1}",
    )
