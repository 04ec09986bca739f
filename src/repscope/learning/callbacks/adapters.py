"""A watch as a callback of Lightning and of transformers."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from repscope.errors import DependencyError
from repscope.learning.callbacks.collapse import Collapsed


class Watching(Protocol):
    """What the callbacks need of a watch."""

    every: int
    collapse: Collapsed | None

    def __call__(self, step: int) -> Collapsed | None:
        """Read the model if this step is due."""

    def read(self, step: int, *, gradients: bool = True) -> dict[str, float]:
        """Read the model now."""


def lightning_callback(watch: Watching, *, stop: bool) -> Any:
    """A ``Callback`` that reads before each optimizer's step.

    Raises:
        DependencyError: Lightning is not installed.
    """
    base: Any = _base(
        ("lightning.pytorch", "pytorch_lightning"), "Callback", "pip install 'repscope[training]'"
    )

    class WatchCallback(base):  # type: ignore[misc]  # of a package that may be missing
        """Reads the model as it trains."""

        def on_before_optimizer_step(self, trainer: Any, *_: Any) -> None:
            """Gradients are whole, and unscaled, here."""
            step = trainer.global_step
            if trainer.is_global_zero:
                watch(step)
            if stop and step % watch.every == 0 and _everywhere(watch.collapse is not None):
                trainer.should_stop = True

        def on_train_end(self, trainer: Any, *_: Any) -> None:
            """The last state; its gradients are gone."""
            if trainer.is_global_zero:
                watch.read(trainer.global_step, gradients=False)

    return WatchCallback()


def transformers_callback(watch: Watching, *, stop: bool) -> Any:
    """A ``TrainerCallback`` that reads before each optimizer's step.

    Raises:
        DependencyError: transformers is not installed.
    """
    base: Any = _base(("transformers",), "TrainerCallback", "pip install 'repscope[models]' accelerate")

    class WatchCallback(base):  # type: ignore[misc]  # of a package that may be missing
        """Reads the model as it trains."""

        def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            """Gradients are whole, and clipped, here; the weights are those of ``global_step``."""
            if state.is_world_process_zero:
                watch(state.global_step)
            due = state.global_step % watch.every == 0
            if stop and due and _everywhere(watch.collapse is not None):
                control.should_training_stop = True
            return control

        def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
            """The last state; its gradients are gone."""
            if state.is_world_process_zero:
                watch.read(state.global_step, gradients=False)
            return control

    return WatchCallback()


def _base(modules: tuple[str, ...], name: str, install: str) -> Any:
    for module in modules:
        try:
            return getattr(importlib.import_module(module), name)
        except ImportError as error:
            missing = error
    raise DependencyError(f"{modules[0]} for this callback", str(missing), install) from missing


def _everywhere(flag: bool) -> bool:
    """What process 0 says, which alone reads the model: all stop together, or none does."""
    from torch import distributed

    if not (distributed.is_available() and distributed.is_initialized()):
        return flag
    told = [flag]
    distributed.broadcast_object_list(told, src=0)
    return told[0]
