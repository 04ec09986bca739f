"""The rows that a training sees: one side, two sides, or pairs of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from repscope.errors import InputError, VectorError
from repscope.study.vectors import block_rows
from repscope.transform.fitting.draws import Order
from repscope.transform.fitting.options import TrainOptions
from repscope.transform.fitting.split import hold_out

Index = NDArray[np.int64]


class TakesRows(Protocol):
    """Rows that are read by number, such as :class:`repscope.transform.inputs.Rows`."""

    @property
    def n(self) -> int:
        """Rows."""

    @property
    def d(self) -> int:
        """Width."""

    def take(self, rows: Index) -> NDArray[Any]:
        """[n, D] the given rows; they may repeat."""


class Prepared:
    """Rows that pass through a function of each row alone as they are read.

    Args:
        rows: read by number.
        prepare: [n, D] → [n, D].
    """

    def __init__(self, rows: TakesRows, prepare: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
        self._rows, self._prepare = rows, prepare

    @property
    def n(self) -> int:
        """Rows."""
        return self._rows.n

    @property
    def d(self) -> int:
        """Width."""
        return self._rows.d

    def take(self, rows: Index) -> NDArray[Any]:
        """[n, D] the given rows, prepared."""
        return self._prepare(self._rows.take(rows))


@dataclass(frozen=True)
class Batch:
    """What one forward pass sees.

    Attributes:
        source: [B, D] float32, or None.
        target: [B, E] float32, or None. Belongs to the source row by row only if the rows are paired.
        extra: columns of the examples, [B, …] each.
    """

    source: Tensor | None
    target: Tensor | None
    extra: dict[str, Tensor]

    @property
    def size(self) -> int:
        """Rows."""
        some = self.source if self.source is not None else self.target
        assert some is not None
        return len(some)


@dataclass(frozen=True)
class TrainingRows:
    """The examples of a training.

    With ``pairs`` an example is a pair. With one side it is a row. With both sides and no pairs each side
    is drawn by itself, and ``clusters``, ``classes`` and ``columns`` belong to the source.

    Attributes:
        source: rows to be moved, or None.
        target: rows to move towards, or None.
        pairs: ([P], [P]) row numbers of source and target that belong together.
        clusters: codes of the rows of the first side there is; by default each row is its own.
        classes: [examples] codes for a validation by class; for pairs the target rows by default.
        columns: [examples, …] arrays that come along as ``Batch.extra``.

    Raises:
        InputError: no side, or pairs with one side.
        VectorError: columns of another length.
    """

    source: TakesRows | None
    target: TakesRows | None = None
    pairs: tuple[Index, Index] | None = None
    clusters: Index | None = None
    classes: Index | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.source is None and self.target is None) or (
            self.pairs is not None and (self.source is None or self.target is None)
        ):
            raise InputError("rows to train on, both sides for pairs", "none", "give source and target")
        lengths = {"clusters": (self.clusters, self.first.n), "classes": (self.classes, self.n)} | {
            name: (column, self.n) for name, column in self.columns.items()
        }
        for name, (column, n) in lengths.items():
            if column is not None and len(column) != n:
                raise VectorError(f"{n:,} {name}", f"{len(column):,}", "give one for each example")

    @property
    def first(self) -> TakesRows:
        """The source, or the target where there is no source."""
        side = self.source if self.source is not None else self.target
        assert side is not None
        return side

    @property
    def n(self) -> int:
        """Examples: pairs, or rows of the first side."""
        return len(self.pairs[0]) if self.pairs is not None else self.first.n

    @property
    def two_sided(self) -> bool:
        """Both sides are there and nothing says which rows belong together."""
        return self.pairs is None and self.source is not None and self.target is not None

    def groups(self, by: str) -> Index:
        """[examples] codes that a split keeps together.

        Raises:
            InputError: by class, and there are no classes.
        """
        if by == "class":
            if self.classes is not None:
                return self.classes
            if self.pairs is not None:
                return self.pairs[1]
            raise InputError("classes to hold out", "none", "give classes, or validation_by='cluster'")
        codes = np.arange(self.first.n) if self.clusters is None else self.clusters
        return codes if self.pairs is None else codes[self.pairs[0]]

    def batch(self, examples: Index, targets: Index | None, device: str | torch.device) -> Batch:
        """The given examples; ``targets`` are the rows of the second side of two-sided rows."""
        left = right = examples
        if self.pairs is not None:
            left, right = self.pairs[0][examples], self.pairs[1][examples]
        elif targets is not None:
            right = targets

        def tensor(array: NDArray[Any]) -> Tensor:
            return torch.from_numpy(np.require(array, requirements=["C", "W"])).to(device)

        def side(rows: TakesRows | None, index: Index) -> Tensor | None:
            return None if rows is None else tensor(np.asarray(rows.take(index), np.float32))

        extra = {name: tensor(np.asarray(column)[examples]) for name, column in self.columns.items()}
        return Batch(side(self.source, left), side(self.target, right), extra)

    def fingerprint(self) -> str:
        """A hash of everything that an example is made of."""
        digest = hashlib.sha256()
        for rows in (self.source, self.target):
            digest.update(b"side")
            if rows is not None:
                digest.update(f"{rows.n}x{rows.d}".encode())
                size = block_rows(rows.d)
                for start in range(0, rows.n, size):
                    block = rows.take(np.arange(start, min(start + size, rows.n)))
                    digest.update(np.ascontiguousarray(block, np.float32).tobytes())
        pairs = () if self.pairs is None else self.pairs
        named = {"clusters": self.clusters, "classes": self.classes, **self.columns}
        for name, column in [*(("pairs", side) for side in pairs), *sorted(named.items())]:
            if column is not None:
                array = np.ascontiguousarray(column)
                digest.update(f"{name}{array.dtype.str}{array.shape}".encode() + array.tobytes())
        return digest.hexdigest()


class Split:
    """Examples to train on and examples held out, and the batches of each.

    Args:
        rows: all of them.
        options: the split, the batch size and the seed.
    """

    def __init__(self, rows: TrainingRows, options: TrainOptions) -> None:
        by = options.validation_by
        groups = rows.groups(by) if options.validation else rows.groups("cluster")
        self.train, self.held = hold_out(groups, options.validation, options.seed, what=by)
        self._rows, self._size = rows, options.batch_size
        self._order = Order(self.train, options.seed)
        self._targets: Order | None = None
        if rows.two_sided and rows.target is not None:
            train, self._held_targets = hold_out(
                np.arange(rows.target.n), options.validation, options.seed, what="target row"
            )
            self._targets = Order(train, options.seed, side=1)

    def batch(self, start: int, device: str | torch.device) -> Batch:
        """The batch at a place of the endless order of training examples."""
        targets = None if self._targets is None else self._targets.at(start, self._size)
        return self._rows.batch(self._order.at(start, self._size), targets, device)

    def validation(self, device: str | torch.device) -> Iterator[Batch]:
        """All that is held out, in order."""
        for start in range(0, len(self.held), self._size):
            examples = self.held[start : start + self._size]
            targets = None
            if self._targets is not None:
                places = np.arange(start, start + len(examples)) % len(self._held_targets)
                targets = self._held_targets[places]
            yield self._rows.batch(examples, targets, device)
