"""Running a model on the same items at any moment of its training, and leaving no trace in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, ModelError
from repscope.extraction.capture.capture import capture
from repscope.extraction.models.determinism import evaluating, repeatable, seeded, stand_in_buffers

if TYPE_CHECKING:
    from torch import nn

FORM = "a tensor [N, …], a tuple of them, a mapping of them by keyword, or a callable probe(model)"


class Probe:
    """Rows of some capture points for fixed items.

    Args:
        model: that trains; of a compiled or a distributed one, the module underneath.
        given: see :data:`FORM`.
        points: as of :class:`repscope.extraction.capture.capture.capture`.
        pool: of outputs with tokens.
        batch_size: items in a forward pass.
        seed: of what the model draws; the training's own generators are put back.

    Attributes:
        model: that is run.
        names: of the points.

    Raises:
        ModelError: TorchScript, or a point that names no module.
        InputError: a probe of another form.
    """

    def __init__(
        self, model: nn.Module, given: Any, points: Any, *, pool: Any, batch_size: int, seed: int
    ) -> None:
        self.model = _underneath(model)
        self._run = given if callable(given) and not hasattr(given, "shape") else _batches(given, batch_size)
        self._points, self._pool, self._seed = points, pool, seed
        self.names = list(capture(self.model, points, pool))

    def rows(self) -> dict[str, NDArray[Any]]:
        """[N, D] of each point, in evaluation mode and the model's own dtype."""
        with self._undisturbed(), capture(self.model, self._points, self._pool) as cap:
            self._run(self.model)
        return {name: cap[name] for name in self.names}

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """Modes, buffers, random states and autocast's cache are as before afterwards."""
        import torch

        device = _device(self.model)
        # The rows are those of the model's own dtype; and before torch 2.13 autocast keeps the weights that
        # it casts here, without their gradients, for the training.
        with (
            seeded(self._seed),
            evaluating(self.model),
            repeatable(str(device), self._seed),
            torch.no_grad(),
            torch.autocast(device.type, enabled=False),
            stand_in_buffers(self.model),
        ):
            yield


def _underneath(model: nn.Module) -> nn.Module:
    import torch

    inner: Any = model
    while isinstance(inner, torch.nn.parallel.DistributedDataParallel) or hasattr(inner, "_orig_mod"):
        inner = getattr(inner, "_orig_mod", None) or inner.module
    if isinstance(inner, torch.jit.ScriptModule):
        raise ModelError("a model that runs in Python", "TorchScript", "watch the module that was scripted")
    if not isinstance(inner, torch.nn.Module):
        raise ModelError("a torch.nn.Module to watch", f"an object of type {type(inner).__name__}", "give it")
    return inner


def _device(model: nn.Module) -> Any:
    import torch

    return next((tensor.device for tensor in model.parameters()), torch.device("cpu"))


def _batches(given: Any, size: int) -> Callable[[nn.Module], None]:
    import torch

    keyed = isinstance(given, Mapping)
    parts = dict(given) if keyed else dict(enumerate(given if isinstance(given, tuple | list) else (given,)))
    tensors = {
        key: torch.as_tensor(one) if isinstance(one, np.ndarray) else one for key, one in parts.items()
    }
    wrong = [one for one in tensors.values() if not isinstance(one, torch.Tensor) or one.ndim == 0]
    lengths = {len(one) for one in tensors.values() if isinstance(one, torch.Tensor) and one.ndim}
    if wrong or len(lengths) != 1:
        got = (
            f"an object of type {type(wrong[0]).__name__}" if wrong else f"tensors of {sorted(lengths)} items"
        )
        raise InputError(f"{FORM}, for the probe", got if parts else "nothing", "give fixed items")
    count = lengths.pop()
    # What the training changes in place must not change the probe.
    kept = {key: one.detach().clone() for key, one in tensors.items()}

    def run(model: nn.Module) -> None:
        device = _device(model)
        for start in range(0, count, size):
            batch = {key: one[start : start + size].to(device) for key, one in kept.items()}
            if keyed:
                model(**{str(key): one for key, one in batch.items()})
            else:
                model(*batch.values())

    return run
