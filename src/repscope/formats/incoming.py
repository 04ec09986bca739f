"""What a reader hands over: vectors and columns, before they have a place in a study."""

from __future__ import annotations

import difflib
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from repscope.errors import UnknownNameError, VectorError, name_some

if TYPE_CHECKING:
    import pyarrow as pa

MOST_STACKED = 16
"""Sets that one K×N×D array may become without being named."""

_CALLED = re.compile(
    r"(?:.*[_.\-/ ])?(?:vec|vector|emb|embed|embedding|feat|feature|latent|representation|"
    r"encoding|activation)s?",
    re.IGNORECASE,
)

Notify = Callable[[str], None]


def warn_user(text: str) -> None:
    """Say one line as a Python warning."""
    warnings.warn(text, stacklevel=3)


@dataclass(frozen=True)
class ReadOptions:
    """What the caller knows about a file.

    Attributes:
        vectors: key of the vectors (several, comma-separated, for several sets), or None.
        ids: key of the ids, or None.
        labels: key of the labels, or None.
        trust_pickle: run the code of a pickle that the restricted reader refuses.
        vectors_dtype: type of the numbers in a column of bytes ("float32", …), or None.
        encoding: of a text file, or None for UTF-8, and UTF-16 and UTF-32 by their marks.
        decentre: "text" to add the mean of the texts to an older pipeline's rows again, or None.
        warn: takes one line that somebody must see.
        trusted: filled with the sources that were read as trusted pickles.
    """

    vectors: str | None = None
    ids: str | None = None
    labels: str | None = None
    trust_pickle: bool = False
    warn: Notify = warn_user
    trusted: list[str] = field(default_factory=list)
    vectors_dtype: str | None = None
    encoding: str | None = None
    decentre: str | None = None

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


def split_stacked(incoming: Incoming, names: int) -> list[Incoming]:
    """A K×N×D array as K sets NAME_0, NAME_1, … of the same items; anything else as it is.

    Args:
        incoming: a set.
        names: how many names the caller gave; a large K is only split when all are named.

    Raises:
        VectorError: K is so large that the array is more likely items × tokens.
    """
    if incoming.vectors.ndim != 3:
        return [incoming]
    count = incoming.vectors.shape[0]
    if count > MOST_STACKED and names != count:
        raise VectorError(
            f"an N×D array, or K×N×D with K ≤ {MOST_STACKED} for K sets of the same N items, in "
            f"{incoming.name!r}",
            f"shape {incoming.vectors.shape}",
            "pool or reshape tokens to rows first; or name all K sets with --as a,b,…",
        )
    return [
        replace(
            incoming,
            name=f"{incoming.name}_{index}",
            vectors=incoming.vectors[index],
            key=f"{incoming.key}[{index}]",
        )
        for index in range(count)
    ]


USUAL_NAMES = {"id": ("id", "ids"), "label": ("label", "labels")}


def name_columns(columns: Mapping[str, Any], ids: str | None, labels: str | None) -> dict[str, Any]:
    """The columns, with the one that holds ids named ``id`` and the one that holds labels ``label``.

    A column that was called so before is kept as ``id_original`` or ``label_original``.

    Args:
        columns: by name.
        ids: which one holds the ids; by default ``id`` or ``ids``, if there is one.
        labels: which one holds the labels; by default ``label`` or ``labels``.
    """
    named = dict(columns)
    for target, wanted in (("id", ids), ("label", labels)):
        source = next((key for key in ((wanted,) if wanted else USUAL_NAMES[target]) if key in named), target)
        if source != target:
            if target in named:
                named[f"{target}_original"] = named.pop(target)
            named = {target if key == source else key: values for key, values in named.items()}
    return named


USUAL_IDS = re.compile(
    r"(?:image|img|file|item|sample|row)?[_ ]?(?:name|filename|file|path|key|uid|uuid|guid)s?|"
    r"words?|tokens?|arr_\d+|__index_level_0__|row|index",
    re.IGNORECASE,
)
"""Columns that name the items where none is called id; they must be texts that do not repeat."""


def with_usual_ids(columns: Mapping[str, pa.Array]) -> tuple[dict[str, pa.Array], str]:
    """Item columns with ids, where none are called so but one column of texts names each item; and which.

    A column that only ever was an index (of pandas, or without a name) becomes the ids; any other stays too.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    named = dict(columns)
    if any(name in named for name in USUAL_NAMES["id"]):
        return named, ""
    for name, values in named.items():
        texts = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
        if not texts or not USUAL_IDS.fullmatch(name) or values.null_count:
            continue
        if pc.count_distinct(values).as_py() == len(values) and not pc.any(pc.equal(values, "")).as_py():
            kept = {} if re.fullmatch(r"arr_\d+|__index_level_0__|row|index|key", name) else {name: values}
            rest = {other: cells for other, cells in named.items() if other != name}
            return {"id": values, **kept, **rest}, name
    return named, ""


def check_keys(incoming: Incoming, items: Iterable[str], options: ReadOptions) -> None:
    """Refuse ids and labels that were asked for, or are there, but cannot be used.

    Raises:
        UnknownNameError: neither the set nor ``items`` has the column; near ones are offered.
        VectorError: their number differs from the vectors'.
    """
    columns = [*incoming.columns, *items]
    for target, wanted in (("id", options.ids), ("label", options.labels)):
        for key in (wanted,) if wanted else USUAL_NAMES[target]:
            if key in incoming.left_out and key not in columns:
                raise VectorError(
                    f"one value of {key!r} for each of the {incoming.n:,} vectors of {incoming.name!r}",
                    incoming.left_out[key],
                    "write ids, labels and vectors of the same items",
                )
        if wanted and wanted not in columns:
            choose(wanted, columns, f"--{target}s", f"the columns of {incoming.name!r}")


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


def called_like_vectors(name: str) -> bool:
    """Whether a name says that it stands for vectors: ``emb``, ``image_features``, ``vectors``, …"""
    return bool(_CALLED.fullmatch(name))
