"""``flow``: a velocity that carries the rows of one modality along straight lines into the other's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from repscope.errors import InputError, LinkError, ModelError
from repscope.transform.catalogue import LearnsFrom
from repscope.transform.fitting.draws import Draws
from repscope.transform.fitting.rows import Batch
from repscope.transform.inputs import FitData, Floats, require_counts
from repscope.transform.trained.base import BridgeModule, FramedModule, TrainedBridge
from repscope.transform.trained.frame import Frame
from repscope.transform.trained.networks import TIME_FEATURES, ResidualMLP, matmul_flops, time_features

Coupling = Literal["auto", "paired", "ot", "independent"]
Solver = Literal["euler", "heun"]

_ROUNDS = 200
"""Rounds in which a step must be undone."""

_PACES = (1.0, 0.5, 0.2)
"""Shares of a round's correction that are tried in turn: whole ones are fastest, and overshoot where a step
stretches rows to more than twice their distance."""


class FlowModule(FramedModule):
    """Integrates the velocity from time 0 (source) to 1 (target), and back.

    Args:
        frame: of the rows.
        sampling_steps: of the integration.
        solver: of each step.
    """

    def __init__(self, frame: Frame, hidden: int, depth: int, *, sampling_steps: int, solver: Solver) -> None:
        super().__init__()
        self.frame = frame
        self.network = ResidualMLP(len(frame.source_mean), hidden, depth, TIME_FEATURES)
        self.sampling_steps, self.solver = sampling_steps, solver

    def velocity(self, rows: Tensor, time: Tensor) -> Tensor:
        """[B, D] velocity of rows [B, D] at times [B]."""
        found: Tensor = self.network(rows, time_features(time))
        return found

    def moved(self, rows: Tensor, given: Tensor) -> Tensor:
        """[B, D] → [B, D] inside the frame."""
        for number in range(self.sampling_steps):
            rows = rows + self._step(rows, number)
        return rows

    def inverse(self, rows: Tensor) -> Tensor:
        """[B, D] raw target rows → raw source rows of the mean length.

        Each step x → x + s(x) is undone exactly, not by a step back: y − s(x) is iterated to its fixed
        point.

        Raises:
            ModelError: the velocity changes too fast for its steps, and there is no fixed point.
        """
        here = self.frame.back(rows.to(self.frame.source_mean.dtype))
        for number in reversed(range(self.sampling_steps)):
            here = self._undone(here, number)
        return self.frame.leave_source(here).to(rows.dtype)

    def _step(self, rows: Tensor, number: int) -> Tensor:
        size = 1 / self.sampling_steps
        time = torch.full((len(rows),), number * size, dtype=rows.dtype, device=rows.device)
        first = self.velocity(rows, time)
        if self.solver == "euler":
            return size * first
        return 0.5 * size * (first + self.velocity(rows + size * first, time + size))

    def _undone(self, rows: Tensor, number: int) -> Tensor:
        enough = 32 * torch.finfo(rows.dtype).eps
        for pace in _PACES:
            here = rows
            for _ in range(_ROUNDS):
                missed = rows - self._step(here, number) - here
                here = here + pace * missed
                if bool((missed.abs() <= enough * (1 + here.abs())).all()):
                    return here
        raise ModelError(
            f"a flow whose steps can be undone in {_ROUNDS} rounds",
            f"none at step {number + 1} of {self.sampling_steps}, which folds rows onto each other",
            "fit with more sampling_steps, or solver='heun'",
        )


class StraightLines:
    """Mean square error of the velocity of straight lines between coupled rows.

    Args:
        coupled: the rows of a batch belong together; otherwise they are matched, within the batch, so that
            the lines are short in total (optimal transport), unless ``match`` is off.
        match: by optimal transport.
    """

    def __init__(self, coupled: bool, match: bool) -> None:
        self._match = match and not coupled

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        """The mean over the rows of a batch."""
        assert isinstance(network, FlowModule)
        assert batch.source is not None
        assert batch.target is not None
        start, end = batch.source, batch.target
        if self._match:
            end = end[_cheapest(start, end)]
        time = draws.uniform()
        here = torch.lerp(start, end, time[:, None])
        return (network.velocity(here, time) - (end - start)).float().square().mean()


def _cheapest(start: Tensor, end: Tensor) -> Tensor:
    """[B] row of ``end`` for each of ``start``: the permutation of the least total squared distance."""
    from scipy.optimize import linear_sum_assignment

    # The squared lengths are the same in every permutation; only the products differ.
    _, columns = linear_sum_assignment((-(start @ end.T)).cpu().double().numpy())
    return torch.as_tensor(columns, device=end.device)


@dataclass(kw_only=True, eq=False, repr=False)
class RectifiedFlow(TrainedBridge):
    """A learnt velocity that carries one distribution into another.

    Without pairs it learns from two heaps of rows; rows of a batch are then matched by optimal transport, so
    that lines cross less and few steps suffice. That a row arrives at *its* partner is not asked for, only
    that rows together arrive where targets are. Starts as the mean shift of unit rows.

    Paper:
        Liu, Gong & Liu, "Flow Straight and Fast", ICLR 2023; Tong et al., "Improving and generalizing
        flow-based generative models with minibatch optimal transport", TMLR 2024.

    Args:
        coupling: ``"paired"``, ``"ot"`` (pairs, if given, are not used), ``"independent"`` (no matching);
            ``"auto"`` is paired where pairs are given and optimal transport elsewhere.
        sampling_steps: of the integration. More where ``inverse_transform`` finds no way back.
        solver: ``"heun"``, or ``"euler"`` at half the cost, which may fold rows so that there is no way back.
        batch_size: rows of a batch. Larger makes the matching better and slower (cubic).
    """

    name: ClassVar[str] = "flow"
    learns_from: ClassVar[LearnsFrom] = "unpaired"
    invertible: ClassVar[bool] = True

    coupling: Coupling = "auto"
    sampling_steps: int = 10
    solver: Solver = "heun"

    @property
    def flops_per_row(self) -> int:
        """Matrix products of the network, once (Euler) or twice (Heun) for each step."""
        self._check_fitted()
        passes = self.sampling_steps * (2 if self.solver == "heun" else 1)
        return passes * matmul_flops(self._trained)

    def _build(self, frame: Frame) -> BridgeModule:
        for name, value, choices in (
            ("coupling", self.coupling, ("auto", "paired", "ot", "independent")),
            ("solver", self.solver, ("euler", "heun")),
        ):
            if value not in choices:
                raise InputError(f"{name}: {' or '.join(choices)}", repr(value), f"correct {name}")
        require_counts(self, "sampling_steps")
        return FlowModule(
            frame, self.hidden, self.depth, sampling_steps=self.sampling_steps, solver=self.solver
        )

    def _objective(self, data: FitData) -> StraightLines:
        if self.coupling == "paired" and data.pairs is None:
            raise LinkError(
                "rows of source and target that belong together, for coupling='paired'",
                "sets without a link",
                "say how they link, or use coupling='ot'",
            )
        coupled = data.pairs is not None and self.coupling in ("auto", "paired")
        return StraightLines(coupled, self.coupling != "independent")

    def _unapply(self, rows: Floats) -> Floats:
        return self._run(rows, "inverse")
