"""What all trained bridges share: from pairs to a trained module, and its record."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from repscope.errors import InputError
from repscope.text.progress import OnProgress
from repscope.transform.base import Bridge
from repscope.transform.fitting.loop import train
from repscope.transform.fitting.options import TrainOptions
from repscope.transform.fitting.records import Objective, Trained
from repscope.transform.fitting.rows import Prepared, TrainingRows
from repscope.transform.inputs import FitData, Floats, require_counts
from repscope.transform.trained.frame import Frame, sides, unit

INDEPENDENT_PER_DIMENSION = 2
"""Independent rows for each dimension below which a trained map is reported as not to be trusted. Least
squares needs one to be determined at all, and is at its worst there; a network is not more frugal."""

VALIDATIONS = 20
"""Validations in a training, unless ``validate_every`` is given."""

_WEIGHTS, _RECORD = "module.", "record."


class BridgeModule(nn.Module):
    """A module of raw rows [B, D] → raw target rows [B, E] around a network that works in a frame.

    It computes in the dtype of its weights and answers in the dtype of what it was given.
    """

    frame: Frame


class FramedModule(BridgeModule, ABC):
    """Into the frame, moved there, and out of it."""

    def forward(self, rows: Tensor) -> Tensor:
        """[B, D] → [B, E]."""
        given = rows.to(self.frame.source_mean.dtype)
        return self.frame.leave(self.moved(self.frame.enter(given), rows)).to(rows.dtype)

    @abstractmethod
    def moved(self, rows: Tensor, given: Tensor) -> Tensor:
        """[B, D] → [B, E] inside the frame; ``given`` are the raw rows."""


@dataclass(kw_only=True, eq=False, repr=False)
class TrainedBridge(Bridge):
    """A bridge that is learnt by gradient descent.

    A subclass is such a dataclass too: its fields are its constructor's arguments, as scikit-learn's
    ``clone`` wants them. It writes ``_build`` and ``_objective``.

    Args:
        hidden: width inside the network's blocks. Larger for many pairs.
        depth: blocks.
        steps: of training.
        batch_size: pairs, or rows, of a batch.
        learning_rate: of Adam, after a short warm-up and along a cosine.
        validation: share of the clusters held out, whose loss chooses the weights; 0 for none.
        options: other options of the training by name, see :class:`repscope.transform.fitting.TrainOptions`.
        random_state: seed of everything drawn.

    Attributes:
        losses_: [steps] training loss of each step.
        validation_: loss of the rows held out, by step; step 0 is the untrained bridge. Empty without.
        best_step_: step whose weights are kept.
        training_seconds_: of the fit.
    """

    hidden: int = 256
    depth: int = 2
    steps: int = 500
    batch_size: int = 256
    learning_rate: float = 3e-3
    validation: float = 0.1
    options: Mapping[str, Any] | None = None
    random_state: int = 0

    losses_: NDArray[np.float64] = field(init=False)
    validation_: dict[int, float] = field(init=False)
    best_step_: int = field(init=False)
    training_seconds_: float = field(init=False)

    def watch(self, progress: OnProgress | None) -> Self:
        """Tell a function a :class:`repscope.text.progress.Progress` after each step of the next fits."""
        self._progress = progress
        return self

    def train_options(self) -> TrainOptions:
        """The options of the training that the parameters amount to.

        Raises:
            InputError: a value out of range, or one that is given twice.
            UnknownNameError: an unknown name in ``options``.
        """
        more = dict(self.options or {})
        own = {
            "steps": self.steps,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "validation": self.validation,
            "seed": self.random_state,
        }
        twice = sorted(set(own) & set(more))
        if twice:
            raise InputError(
                "options that are no parameters", f"{', '.join(twice)} in options", "set the parameter"
            )
        checked = TrainOptions.of(own)
        usual = {
            "schedule": "cosine",
            "warmup": min(20, checked.steps // 10),
            "validate_every": max(1, checked.steps // VALIDATIONS),
        }
        return TrainOptions.of({**usual, **own, **more})

    @abstractmethod
    def _build(self, frame: Frame) -> BridgeModule:
        """The untrained module."""

    @abstractmethod
    def _objective(self, data: FitData) -> Objective:
        """The loss."""

    def _columns(self, data: FitData) -> dict[str, NDArray[Any]]:
        """What the loss needs to know of each example."""
        return {}

    def _start(self, module: BridgeModule, data: FitData) -> None:
        """Give an untrained module its first weights where they come from the rows."""

    def _fit(self, data: FitData) -> None:
        assert data.target is not None
        require_counts(self, "hidden", "depth")
        options = self.train_options()
        frame = Frame(*sides(data))
        with torch.random.fork_rng([]):
            torch.manual_seed(options.seed)
            module = self._build(frame)
        self._start(module, data)
        rows = TrainingRows(
            Prepared(data.source, _entry(frame, "source")),
            Prepared(data.target, _entry(frame, "target")),
            pairs=data.pairs,
            clusters=data.clusters,
            columns=self._columns(data),
        )
        params = self.get_params(deep=False).items()
        settings = {"method": self.name, **{name: value for name, value in params if name not in _LOOSE}}
        trained = train(
            module,
            self._objective(data),
            rows,
            options,
            settings=settings,
            progress=getattr(self, "_progress", None),
        )
        self._keep(trained)
        self._doubt(data)

    def _keep(self, trained: Trained) -> None:
        module = trained.averaged.cpu().eval().requires_grad_(True)
        assert isinstance(module, BridgeModule)
        self._trained = module
        self.losses_, self.validation_ = trained.losses, trained.validation
        self.best_step_, self.training_seconds_ = trained.best_step, trained.seconds
        self.provenance_ = {**self.provenance_, _SECONDS: trained.seconds}

    def _doubt(self, data: FitData) -> None:
        d = data.source.d
        if data.pairs is None:
            assert data.target is not None
            n, what = min(len(np.unique(data.clusters)), data.target.n), "rows"
        else:
            n, what = len(np.unique(data.clusters[data.pairs[0]])), "pairs"
        if n < INDEPENDENT_PER_DIMENSION * d:
            self._warn(
                f"{n:,} independent {what} for {d} dimensions, fewer than {INDEPENDENT_PER_DIMENSION} for "
                f"each: what {self.name} learnt cannot be trusted beyond them"
            )
        if self.validation_ and self.best_step_ == 0:
            self._warn(
                f"{self.name} gained nothing on the rows held out: the weights before training were kept"
            )

    def _apply(self, rows: Floats) -> Floats:
        return self._run(rows, "forward")

    def _run(self, rows: Floats, name: str) -> Floats:
        unit(rows, "source")
        module: nn.Module = self._trained
        if rows.dtype == np.float64:
            module = copy.deepcopy(module).double()
        with torch.no_grad():
            moved: Tensor = getattr(module, name)(torch.from_numpy(np.require(rows, requirements=["C", "W"])))
        result: Floats = moved.numpy()
        return result

    def _module(self) -> nn.Module:
        return copy.deepcopy(self._trained)

    @property
    def n_parameters(self) -> int:
        """Numbers that were learnt, means and scale included."""
        self._check_fitted()
        return sum(tensor.numel() for tensor in self._trained.state_dict().values())

    def _state(self) -> dict[str, NDArray[Any]]:
        state: dict[str, NDArray[Any]] = {
            f"{_WEIGHTS}{name}": tensor.numpy().copy() for name, tensor in self._trained.state_dict().items()
        }
        state[f"{_RECORD}losses"] = self.losses_
        state[f"{_RECORD}validation"] = np.asarray([*self.validation_.items()], np.float64).reshape(-1, 2)
        state[f"{_RECORD}summary"] = np.asarray([self.best_step_], np.float64)
        return state

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        module = self._build(Frame.empty(self.n_features_in_, self.n_features_out_))
        weights = {
            name.removeprefix(_WEIGHTS): torch.from_numpy(np.array(value))
            for name, value in state.items()
            if name.startswith(_WEIGHTS)
        }
        module.load_state_dict(weights)
        self._trained = module.eval()
        self.losses_ = state[f"{_RECORD}losses"]
        self.validation_ = {int(step): float(loss) for step, loss in state[f"{_RECORD}validation"]}
        # Bridges of earlier versions have their seconds here, which made the hashes of equal ones differ.
        best, *seconds = state[f"{_RECORD}summary"].tolist()
        self.best_step_ = int(best)
        self.training_seconds_ = float(self.provenance_.get(_SECONDS, seconds[0] if seconds else 0.0))


_SECONDS = "training_seconds"
"""Of the provenance: what the clock says is no weight."""

_LOOSE = ("steps", "batch_size", "learning_rate", "validation", "options", "random_state")
"""Parameters that the trainer's own options hold already."""


def _entry(frame: Frame, side: str) -> Callable[[Floats], Floats]:
    """Raw rows → frame, in numpy, for the rows of one side."""
    mean = getattr(frame, f"{side}_mean").double().numpy()
    scale = float(frame.scale)

    def enter(rows: Floats) -> Floats:
        entered: Floats = ((unit(rows.astype(np.float64), side) - mean) / scale).astype(np.float32)
        return entered

    return enter
