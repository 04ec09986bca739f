"""What a reader hands over: vectors and columns, before they have a place in a study."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import UnknownNameError, VectorError, name_some

if TYPE_CHECKING:
    import pyarrow as pa

MOST_STACKED = 16
"""Sets that one K×N×D array may become without being named."""

Notify = Callable[[str], None]


@dataclass(frozen=True)
class ReadOptions:
    """What the caller knows about a file.

    Attributes:
        vectors: key of the vectors (several, comma-separated, for several sets), or None.
        ids: key of the ids, or None.
        labels: key of the labels, or None.
        trust_pickle: run the code of a pickle that the restricted reader refuses.
        warn: takes one line that somebody must see.
    """

    vectors: str | None = None
    ids: str | None = None
    labels: str | None = None
    trust_pickle: bool = False
    warn: Notify = print

    @property
    def vector_keys(self) -> list[str]:
        """The keys in ``vectors``."""
        return [key.strip() for key in (self.vectors or "").split(",") if key.strip()]


@dataclass(frozen=True)
class Incoming:
    """One set as it came out of a file.

    Attributes:
        name: proposed name; from the file's name unless the file itself names its sets.
        vectors: [N, D], or [K, N, D] for K sets of the same items; not checked yet.
        columns: item columns, N values each.
        key: where the vectors were inside the file.
        left_out: keys that could not become columns, and what they hold.
        provenance: what the file says about itself, as JSON values.
        notes: what the person who imports should know.
    """

    name: str
    vectors: NDArray[Any]
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    key: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Items, or 0 while the vectors are no table."""
        return int(self.vectors.shape[-2]) if self.vectors.ndim in (2, 3) else 0


@dataclass(frozen=True)
class Reading:
    """All sets of one file.

    Attributes:
        format: what the content is ("npz", "pickle", …).
        sets: in the file's order.
        trusted_pickle: the file is or holds a pickle and was read with ``--trust-pickle``.
    """

    format: str
    sets: tuple[Incoming, ...]
    trusted_pickle: bool = False


def split_stacked(one: Incoming, names: int) -> list[Incoming]:
    """A K×N×D array as K sets NAME_0, NAME_1, … of the same items; anything else as it is.

    Args:
        one: a set.
        names: how many names the caller gave; a large K is only split when all are named.

    Raises:
        VectorError: K is so large that the array is more likely items × tokens.
    """
    if one.vectors.ndim != 3:
        return [one]
    count = one.vectors.shape[0]
    if count > MOST_STACKED and names != count:
        raise VectorError(
            f"an N×D array, or K×N×D with K ≤ {MOST_STACKED} for K sets of the same N items, in {one.name!r}",
            f"shape {one.vectors.shape}",
            "pool or reshape tokens to rows first; or name all K sets with --as a,b,…",
        )
    return [
        replace(one, name=f"{one.name}_{index}", vectors=one.vectors[index], key=f"{one.key}[{index}]")
        for index in range(count)
    ]


def name_columns(one: Incoming, ids: str | None, labels: str | None) -> Incoming:
    """Rename the columns that hold ids and labels to ``id`` and ``label``.

    Raises:
        UnknownNameError: no column has the name that was asked for; near ones are offered.
        VectorError: ids or labels are there but their number differs from the vectors'.
    """
    columns = dict(one.columns)
    for target, wanted, usual in (("id", ids, ("id", "ids")), ("label", labels, ("label", "labels"))):
        source = wanted or next((key for key in usual if key in columns or key in one.left_out), None)
        if source is None:
            continue
        if source in one.left_out:
            raise VectorError(
                f"one value of {source!r} for each of the {one.n:,} vectors of {one.name!r}",
                one.left_out[source],
                "write ids, labels and vectors of the same items",
            )
        if source not in columns:
            raise UnknownNameError(
                f"a column {source!r} for {target}s of {one.name!r}", *_offer(source, columns, f"--{target}s")
            )
        if source != target:
            if target in columns:
                columns[f"{target}_original"] = columns.pop(target)
            columns = {target if key == source else key: values for key, values in columns.items()}
    return replace(one, columns=columns)


def choose(key: str, keys: Iterable[str], option: str, where: str) -> str:
    """``key`` if it is one of ``keys``.

    Raises:
        UnknownNameError: it is not; near ones are offered.
    """
    keys = list(keys)
    if key not in keys:
        raise UnknownNameError(f"{key!r} in {where}", *_offer(key, keys, option))
    return key


def _offer(key: str, keys: Iterable[str], option: str) -> tuple[str, str]:
    keys = list(keys)
    near = difflib.get_close_matches(key, keys, n=3)
    do = f"did you mean {option} {near[0]}?" if near else f"choose another with {option}"
    return f"only {name_some(keys, 12) or 'unnamed ones'}", do


def as_vectors(value: object) -> NDArray[Any] | None:
    """``value`` as an array if it is one, or a list of vectors of one width; else None.

    Raises:
        VectorError: it is a list of vectors whose widths differ.
    """
    if hasattr(value, "detach"):
        from repscope.formats.unpickle_torch import to_numpy

        return to_numpy(value)
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return as_vectors(value.item())
    if isinstance(value, np.ndarray) and value.ndim > 1 and _all_numbers(value.ravel().tolist()):
        return value.astype(np.float64)
    if not isinstance(value, list | tuple | np.ndarray) or not len(value):
        return None
    first = value[0]
    if isinstance(first, list | tuple) and first and all(type(number) is float for number in first):
        rows = [np.asarray(row, np.float64) if isinstance(row, list | tuple) and _all_numbers(row) else None for row in value]
    elif hasattr(first, "detach") or (isinstance(first, np.ndarray) and first.dtype.kind != "O"):
        rows = [as_vectors(row) if hasattr(row, "detach") or isinstance(row, np.ndarray) else None for row in value]
    else:
        return None
    shapes = {None if row is None else row.shape for row in rows}
    if len(shapes) != 1 or None in shapes:
        odd = next(index for index, row in enumerate(rows) if row is None or rows[0] is None or row.shape != rows[0].shape)
        raise VectorError(
            "vectors of one width",
            f"{_shape(rows[0])} in row 0 and {_shape(rows[odd])} in row {odd:,}",
            "pool or pad the rows to one width where they are made",
        )
    stacked = np.stack([row for row in rows if row is not None])
    # Rows that each keep a leading axis of one ([1, D] tensors in a list) are still rows.
    return stacked[:, 0] if stacked.ndim == 3 and stacked.shape[1] == 1 else stacked


def _all_numbers(row: Sequence[Any]) -> bool:
    return all(type(number) in (int, float) for number in row)


def _shape(row: NDArray[Any] | None) -> str:
    return "no vector" if row is None else f"shape {row.shape}"
