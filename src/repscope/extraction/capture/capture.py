"""``with capture(model, {"before": "adapter:input"}) as cap:`` for people who own their loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, ModelError, check_known
from repscope.extraction.capture.hooks import Recorder, batch_sizes
from repscope.extraction.capture.points import POOLS, CapturePoint, Pool, as_points, resolve_points
from repscope.extraction.capture.pooling import Layout, to_numpy

if TYPE_CHECKING:
    from torch import Tensor, nn


class capture:  # noqa: N801  # a context manager reads as a verb
    """Record modules' inputs and outputs while your own code runs the model.

    Rows of each capture point are collected in the order of your forward passes, on the CPU, in the
    model's dtype (bfloat16 as float32). The model's mode, gradients and results are not touched; call
    ``model.eval()`` yourself where you want evaluation. A forward pass that raises adds no rows.

    Args:
        model: any module that your loop calls as ``model(...)``. Modules that you call directly are
            recorded too.
        points: set name to capture point, such as ``{"before": "adapter:input"}``, or a list of points
            in the command line's form.
        pool: "cls", "mean", "max", "last" or "tokens" where outputs are [B, T, D]; a point may say its
            own. Padding is left out where your call gives a 2-D ``attention_mask``.

    Raises:
        ModelError: a point names no module.
        InputError: a point is not of the form, or two would fill one set.

    Example:
        >>> with capture(model, {"before": "adapter:input", "after": "adapter:output"}) as cap:
        ...     evaluate(model, loader)
        >>> study.add("before", cap["before"], {"id": ids})
    """

    def __init__(
        self,
        model: nn.Module,
        points: Mapping[str, str] | Sequence[str | CapturePoint] | str,
        pool: Pool | None = None,
    ) -> None:
        if pool is not None and pool not in POOLS:
            raise InputError(f"a pooling among {', '.join(POOLS)}", repr(pool), "choose one of them")
        modules = [name for name, _ in model.named_modules(remove_duplicate=False)]
        resolved = resolve_points(as_points(points), modules)
        self._model = model
        self._recorder = Recorder(model, resolved, pool, outside=self._add)
        self._chunks: dict[str, list[NDArray[Any]]] = {point.name: [] for point in resolved}
        self._layouts: dict[str, list[Layout]] = {point.name: [] for point in resolved}
        self._handles: list[Any] = []

    def __enter__(self) -> capture:
        # The pass begins before the recorder's own pre-hooks and is committed after its hooks.
        model = self._model
        self._handles = [model.register_forward_pre_hook(self._begin, with_kwargs=True, prepend=True)]
        self._recorder.__enter__()
        self._handles.append(model.register_forward_hook(self._commit))
        self._handles.append(model.register_forward_hook(self._finish, always_call=True))
        return self

    def __exit__(self, *_: object) -> None:
        self._recorder.__exit__()
        while self._handles:
            self._handles.pop().remove()

    def _begin(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # Text models of transformers are called with a mask. Where images go in too, it is not theirs.
        mask = kwargs.get("attention_mask")
        alone = "pixel_values" not in kwargs and "input_features" not in kwargs
        known = mask if alone and getattr(mask, "ndim", 0) == 2 else None
        self._recorder.begin(batch_sizes((args, kwargs)), mask=known)

    def _commit(self, *_: Any) -> None:
        for name, (rows, layout) in self._recorder.end().items():
            self._add(name, rows, layout)

    def _finish(self, *_: Any) -> None:
        self._recorder.abandon()

    def _add(self, name: str, rows: Tensor, layout: Layout) -> None:
        array, chunks = to_numpy(rows), self._chunks[name]
        if chunks and chunks[0].shape[1] != array.shape[1]:
            raise ModelError(
                f"{chunks[0].shape[1]}-wide rows for {name!r}, as in the first batch",
                f"{array.shape[1]}-wide ones",
                "give items of one size, or capture a module whose width does not depend on it",
            )
        chunks.append(array)
        self._layouts[name].append(layout)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """[N, D] rows captured so far, in the order of the forward passes.

        Raises:
            UnknownNameError: no point fills this set.
            ModelError: the model has not run yet.
        """
        check_known(name, self._chunks, "a set that is captured")
        if not self._chunks[name]:
            raise ModelError(
                f"rows for {name!r}",
                "no forward pass of the model yet",
                "call the model inside the with block",
            )
        return np.concatenate(self._chunks[name])

    def columns(self, name: str) -> dict[str, NDArray[np.int32]]:
        """For a set of tokens: ``parent`` (the item's position), ``token``, ``row`` and ``col`` of each row
        (−1 where a token has no place); empty for a set with one row an item."""
        self[name]
        if not self._layouts[name][0].tokens:
            return {}
        parts: list[NDArray[np.int32]] = []
        seen = 0
        for chunk, layout in zip(self._chunks[name], self._layouts[name], strict=True):
            items = len(chunk) // layout.rows
            parent = np.arange(seen, seen + items, dtype=np.int32)
            seen += items
            parts.append(
                np.stack(
                    [np.repeat(parent, layout.rows), *(np.tile(places, items) for places in layout.columns())]
                )
            )
        return dict(zip(("parent", "token", "row", "col"), np.concatenate(parts, axis=1), strict=True))

    def __iter__(self) -> Iterator[str]:
        return iter(self._chunks)

    def __len__(self) -> int:
        return len(self._chunks)

    def __repr__(self) -> str:
        counts = {name: sum(len(chunk) for chunk in chunks) for name, chunks in self._chunks.items()}
        return f"capture({counts})"
