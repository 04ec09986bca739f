"""Approximate k-nearest neighbours, with the recall that was measured on them.

For sets whose exact search costs minutes. NN-descent (Dong, Moses & Li 2011, "Efficient k-nearest
neighbor graph construction for generic similarity measures"), as in ``pynndescent``, proposes candidates;
they are scored again in float64 and ranked as :func:`repscope.knn.exact` ranks, so that a pair has
one score whoever found it. At equal recall on low-rank and on hubby rows it costs fewer CPU seconds than
inverted lists and navigable graphs do (``python -m benchmarks neighbors``); its first use in a process
compiles for some 25 seconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import DependencyError, InputError
from repscope.knn.candidates import BLOCK_ROWS, Found
from repscope.knn.copies import search_distinct
from repscope.knn.exact import Neighbours, checked_pair
from repscope.knn.searching import Search

GOAL = 0.95
"""Recall that effort is raised for."""

_SPARE = 8
_WIDTHS = (1, 2, 4)
_EPSILONS = (0.1, 0.2, 0.35, 0.5)
_FEWEST = 30
_SMALLEST = 500
_ROWS = 16_384
_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Approximation:
    """Neighbours that may miss some, and how many they miss.

    Attributes:
        neighbours: as of :func:`repscope.knn.exact`; scores are exact for the rows listed.
        recall: share of the true k nearest found, mean over the sample; a row as near as the k-th counts.
        error: standard error of that mean over the sampled queries.
        sample: queries that recall was measured on; none of them had a part in choosing the effort.
        software: package and version that proposed the candidates.
        parameters: its settings.
    """

    neighbours: Neighbours
    recall: float
    error: float
    sample: int
    software: str
    parameters: Mapping[str, float]

    def __str__(self) -> str:
        return (
            f"approximate ({self.software}): recall {self.recall:.3f} ± {1.96 * self.error:.3f} "
            f"on {self.sample:,} sampled queries"
        )


def approximate(
    queries: ArrayLike,
    base: ArrayLike | None = None,
    *,
    k: int,
    metric: str = "cosine",
    seed: int = 0,
    recall_sample: int = 500,
    goal: float = GOAL,
    workers: int = 1,
) -> Approximation:
    """The k nearest rows of ``base`` for every query, nearly, and the recall measured on a sample.

    The index tries harder, in a few steps, until the recall on one sample of queries reaches ``goal``; what
    is reported was measured on another sample. A recall below the goal after the last step is
    reported as it is. Sets under 500 rows are searched exactly.

    Args:
        queries: [N, D]; see :func:`repscope.knn.exact`.
        base: [M, D]; None searches the queries among themselves, where a row never finds itself.
        k: neighbours a query.
        metric: "cosine", "inner" (largest inner product) or "l2".
        seed: of the index and of the samples.
        recall_sample: queries whose true neighbours are searched to measure recall.
        goal: recall to try for, in (0, 1].
        workers: threads. The result repeats exactly for the same seed and the same number of them.

    Raises:
        InputError: a sample, goal or number of workers out of range; k as in ``exact``.
        VectorError, UnknownNameError: as in ``exact``.
        DependencyError: pynndescent is not installed.
    """
    if recall_sample < 1 or not 0 < goal <= 1 or workers < 1:
        raise InputError(
            "a sample and workers of at least 1, and a goal in (0, 1]",
            f"{recall_sample}, {workers} and {goal}",
            "change them",
        )
    x, y = checked_pair(queries, base, k, metric)
    software = index_library()
    plan = _Plan(seed, recall_sample, goal, workers)

    make = partial(_Descent, metric=metric, plan=plan)
    found = Neighbours.of(search_distinct(x, y, k, make), metric)
    hits = plan.hits
    error = float(hits.std(ddof=1) / np.sqrt(len(hits))) if len(hits) > 1 else 0.0
    return Approximation(found, float(hits.mean()), error, len(hits), software, plan.parameters)


def index_library() -> str:
    """Package and version that proposes candidates.

    Raises:
        DependencyError: it is not installed.
    """
    try:
        import pynndescent
    except ImportError as error:
        raise DependencyError(
            "pynndescent, for approximate neighbours",
            f"{error}",
            "pip install 'repscope[ann]', or ask for an exact search",
        ) from error
    from importlib.metadata import version

    return f"{pynndescent.__name__} {version('pynndescent')}"


_Propose: TypeAlias = Callable[[NDArray[np.int64]], NDArray[np.integer]]


@dataclass
class _Plan:
    """What was asked for, and what a search leaves to be reported."""

    seed: int
    sample: int
    goal: float
    workers: int
    hits: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    parameters: dict[str, float] = field(default_factory=dict)


class _Descent(Search):
    """A search whose candidates come from NN-descent."""

    def __init__(
        self, x: NDArray[np.floating], y: NDArray[np.floating] | None, metric: str, plan: _Plan
    ) -> None:
        super().__init__(x, y, metric, BLOCK_ROWS)
        self._plan = plan

    def run(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """As of :class:`Search`; the plan gets recall and parameters."""
        n, plan = len(self.x), self._plan
        indices, scores = np.empty((n, k), dtype=np.int64), np.empty((n, k), dtype=np.float64)
        chosen = np.random.default_rng(plan.seed).permutation(n)[: 2 * plan.sample].astype(np.int64)
        half = (len(chosen) + 1) // 2
        tuned, tested = np.sort(chosen[:half]), np.sort(chosen[len(chosen) - half :])
        if len(self.x if self.y is None else self.y) < max(_SMALLEST, 4 * k):
            self.fill(k, indices, scores)
            plan.hits = np.ones(len(tested))
            plan.parameters = {}
            return indices, scores
        self.fill(k, indices, scores, np.sort(chosen))
        # A row as near as the true k-th is a hit: which of equally near rows is listed makes no difference.
        bars = scores[:, -1:].copy()
        propose: _Propose
        for plan.parameters, propose in self._attempts(k):
            self._rank(tuned, propose(tuned), k, indices, scores)
            if np.mean(scores[tuned] >= bars[tuned]) >= plan.goal:
                break
        everyone = np.arange(n, dtype=np.int64)
        for at in range(0, n, _ROWS):
            rows = everyone[at : at + _ROWS]
            self._rank(rows, propose(rows), k, indices, scores)
        plan.hits = np.mean(scores[tested] >= bars[tested], axis=1)
        return indices, scores

    def _attempts(self, k: int) -> Iterator[tuple[dict[str, float], _Propose]]:
        """Ways to propose candidates, each with more effort than the last."""
        left, right = self._points()
        wanted = k + 1 + _SPARE
        if right is None:
            for times in _WIDTHS:
                width = min(max(_FEWEST, k + 1 + k // 2) * times, len(left) - 1)
                yield (
                    {"n_neighbors": width},
                    self._index(left, width).neighbor_graph[0][:, :wanted].__getitem__,
                )
            return
        width = min(max(_FEWEST, k), len(right) - 1)
        index = self._index(right, width)
        index.prepare()
        for epsilon in _EPSILONS:

            def propose(rows: NDArray[np.int64], epsilon: float = epsilon) -> NDArray[np.integer]:
                found: NDArray[np.integer] = index.query(left[rows], min(wanted, len(right)), epsilon)[0]
                return found

            yield {"n_neighbors": width, "epsilon": epsilon}, propose

    def _index(self, points: NDArray[np.float32], width: int) -> Any:
        from pynndescent import NNDescent

        with warnings.catch_warnings(action="ignore"):
            # It warns of rows it found too few neighbours for; they are searched exactly below.
            return NNDescent(
                points,
                metric="euclidean",
                n_neighbors=width,
                random_state=self._plan.seed,
                n_jobs=self._plan.workers,
            )

    def _points(self) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Points whose Euclidean distances rank as the metric does; no second ones where rows are alone.

        Largest inner products become nearest points by one more coordinate, √(R² − ‖y‖²) of the base and 0 of
        the queries (Bachrach et al. 2014), so that rows alone are then two sets too.
        """
        left, right = self._operands(np.float32)
        width = self.x.shape[1]
        if self.metric != "inner":
            return (
                np.ascontiguousarray(left.rows[:, :width], np.float32),
                None if right is None else np.ascontiguousarray(right.rows[:, :width], np.float32),
            )
        base = left if right is None else right
        lifted = np.sqrt(np.maximum(base.norms.max() ** 2 - base.norms**2, 0))
        return (
            np.pad(left.rows, ((0, 0), (0, 1))).astype(np.float32, copy=False),
            np.column_stack([base.rows, lifted]).astype(np.float32),
        )

    def _rank(
        self,
        rows: NDArray[np.int64],
        columns: NDArray[np.integer],
        k: int,
        indices: NDArray[np.int64],
        scores: NDArray[np.float64],
    ) -> None:
        """Score candidates [len(rows), c], keep the k best; rows with fewer than k are searched exactly."""
        ordered = np.sort(columns.astype(np.int64), axis=1)
        known = ordered >= 0
        known[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
        if self.y is None:
            known &= ordered != rows[:, None]
        enough = known.sum(axis=1) >= k
        known &= enough[:, None]
        where, place = np.nonzero(known)
        self.settle(Found(rows[where], ordered[where, place], _NONE), k, indices, scores)
        if not enough.all():
            self.fill(k, indices, scores, rows[~enough])
