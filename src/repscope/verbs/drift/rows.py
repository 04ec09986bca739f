"""Which rows enter a drift analysis: the same items in every stage, in one order, linked and numbered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, LinkError, name_some
from repscope.study import EmbeddingSet, Link, link
from repscope.study.links import key_codes
from repscope.verbs.common.clusters import Clusters, find_clusters
from repscope.verbs.common.rows import keep_rows, one_width, paired_by_number
from repscope.verbs.common.unseen import HeldOut, held_out_note, unseen_items

FEWEST_ITEMS = 2
_EXAMPLES = 5
_LAST_NUMBER = re.compile(r"(\d+)(?!.*\d)")


@dataclass(frozen=True)
class AlignedStages:
    """Stages of one group, row i the same item in each.

    Attributes:
        stages: sets of the same n items in the same order.
        names: of the sets that they were taken from.
        link: items with reference rows, or None.
        units: which items are not independent, as the first stage tells.
        held_out: which items a fit behind the stages has not seen.
    """

    stages: tuple[EmbeddingSet, ...]
    names: tuple[str, ...]
    link: Link | None
    units: Clusters
    held_out: HeldOut

    @property
    def clusters(self) -> NDArray[np.int64]:
        """[n] independent units."""
        return self.units.codes

    @property
    def n(self) -> int:
        """Items."""
        return self.stages[0].n


@dataclass(frozen=True)
class PairingOptions:
    """How rows are paired and linked.

    Attributes:
        pair: "id", or a key column that says which rows of the stages are one item.
        on: column that links items with reference rows, or None.
        cluster: column of the independent units, or None.
        drop_unlinked: leave out items whose key the reference lacks, instead of refusing.
    """

    pair: str = "id"
    on: str | None = None
    cluster: str | None = None
    drop_unlinked: bool = False
    held_out: tuple[str, str] | None = None


def align_stages(
    groups: Mapping[str, Sequence[EmbeddingSet]], reference: EmbeddingSet | None, pairing: PairingOptions
) -> tuple[dict[str, AlignedStages], bool, list[str]]:
    """Stages of every group with the same items in the same order.

    Groups that share items are paired: only items in every stage of every group are kept. Groups that
    share none are independent.

    Returns:
        Groups by name; whether they are paired; notes on what was left out.

    Raises:
        LinkError: fewer than two items are in all stages, or keys do not link.
        InputError: a pairing key that repeats or is missing, or items without a cluster.
        UnknownNameError: no such column.
    """
    notes: list[str] = []
    if pairing.pair == "id":
        for stages in groups.values():
            notes += paired_by_number(stages)
    keys = {name: [_keys(rows, pairing.pair) for rows in stages] for name, stages in groups.items()}
    common = {name: set.intersection(*(set(keys) for keys in of)) for name, of in keys.items()}
    everywhere = set.intersection(*common.values())
    paired = bool(everywhere)
    if paired:
        common = dict.fromkeys(common, everywhere)
    judged: dict[str, HeldOut] = {}
    for name, stages in groups.items():
        common[name], judged[name] = _unseen(stages, keys[name][0], common[name], reference, pairing)
        if 0 < judged[name].items < judged[name].of:
            notes.append(held_out_note(judged[name]))
    if paired:
        common = dict.fromkeys(common, set.intersection(*common.values()))
    aligned: dict[str, AlignedStages] = {}
    unit_of: dict[str, int] = {}
    for name, stages in groups.items():
        of, kept = keys[name], common[name]
        if len(kept) < FEWEST_ITEMS:
            raise LinkError(
                f"at least {FEWEST_ITEMS} items in all stages ({', '.join(rows.name for rows in stages)})",
                f"{len(kept)} with a common {pairing.pair!r} (for example "
                + " against ".join(name_some(map(repr, keys), 2) or "none" for keys in of[:3])
                + ")",
                "give the stages the ids of their items, or name the key column that they share with --pair",
            )
        notes += _missing(stages, of, kept, pairing.pair)
        order = [key for key in of[0] if key in kept]
        taken = tuple(
            keep_rows(rows, np.array([places[key] for key in order], np.int64))
            for rows, places in zip(stages, of, strict=True)
        )
        taken, linked, dropped = _linked(taken, reference, pairing)
        notes += dropped
        units = find_clusters(taken[0], pairing.cluster, on=pairing.on)
        taken_keys = list(_keys(taken[0], pairing.pair))
        if paired and aligned and unit_of.keys() >= set(taken_keys):
            # One item is in one unit, whatever its group: contrasts leave out the same units of each.
            first = next(iter(aligned.values())).units
            units = replace(first, codes=np.array([unit_of[key] for key in taken_keys], np.int64), notes=())
        unit_of = dict(zip(taken_keys, units.codes.tolist(), strict=True))
        aligned[name] = AlignedStages(taken, tuple(rows.name for rows in stages), linked, units, judged[name])
    if len(aligned) > 1 and not paired:
        notes.append("the groups share no item, so they are compared as independent")
    return aligned, paired, notes


def _unseen(
    stages: Sequence[EmbeddingSet],
    places: Mapping[str, int],
    common: set[str],
    reference: EmbeddingSet | None,
    pairing: PairingOptions,
) -> tuple[set[str], HeldOut]:
    """The keys of the items that no fit behind the stages has seen; all where that is none of them."""
    ordered = [key for key in places if key in common]
    rows = np.array([places[key] for key in ordered], np.int64)
    fresh, judged = unseen_items(
        stages[0],
        rows,
        stages,
        pairing.held_out,
        units=lambda of: find_clusters(of, pairing.cluster, on=pairing.on),
        reference=reference,
        on=pairing.on,
    )
    return {key for key, kept in zip(ordered, fresh.tolist(), strict=True) if kept}, judged


def check_sets(
    stages: Sequence[EmbeddingSet], reference: EmbeddingSet | None, real: EmbeddingSet | None
) -> list[str]:
    """Refuse one stage, a stage given twice, and widths that differ; note sets that hold the same rows.

    Raises:
        InputError: fewer than two stages, or one of them twice.
        VectorError: widths that differ.
    """
    if len(stages) < 2:
        raise InputError(
            "at least two stages in order",
            f"{len(stages)}" + "".join(f" ({rows.name!r})" for rows in stages),
            "name the first stage and later ones, from first to last",
        )
    counts = Counter(rows.name for rows in stages)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise InputError(
            "every stage once",
            f"{name_some(map(repr, twice))} more than once",
            "name each set once, in order",
        )
    others = [rows for rows in (reference, real) if rows is not None]
    one_width((*stages, *others), "capture all of them in one space: the same model, the same capture point")
    same: dict[str, list[str]] = {}
    for rows in stages:
        same.setdefault(rows.fingerprint, []).append(rows.name)
    return [
        f"the stages {', '.join(map(repr, names))} hold the same rows (fingerprint {fingerprint[:12]}): is "
        "one of them a copy by mistake?"
        for fingerprint, names in same.items()
        if len(names) > 1
    ]


def positions_of(names: Sequence[str], given: Sequence[float] | None) -> tuple[tuple[float, ...], list[str]]:
    """Where the stages stand: as given, else the numbers in their names where these rise, else 0, 1, 2, ….

    The order is always the one given; a name is never a reason to sort.

    Raises:
        InputError: not one rising number a stage.
    """
    if given is not None:
        places = tuple(float(at) for at in given)
        if len(places) != len(names) or not all(low < high for low, high in pairwise(places)):
            raise InputError(
                f"{len(names)} positions that rise, one for each stage in its order",
                ", ".join(f"{at:g}" for at in places) or "none",
                "give --positions 0,4,10 in the order of the sets",
            )
        return places, []
    numbers = _numbers(names)
    counted = tuple(float(at) for at in range(len(names)))
    if numbers is None:
        return counted, []
    shown = ", ".join(str(at) for at in numbers)
    if all(low < high for low, high in pairwise(numbers)):
        return tuple(map(float, numbers)), [f"positions {shown} are the numbers in the names of the stages"]
    return counted, [
        f"warning: the numbers in the names ({shown}) do not rise in the order given "
        f"({', '.join(names)}); the order given was kept, with positions 0 to {len(names) - 1}"
    ]


def _numbers(names: Sequence[str]) -> list[int] | None:
    """The number at the end of every name, or the last number of names that are otherwise the same."""
    ends_in = [_LAST_NUMBER.search(name) for name in names]
    numbers = [int(match[1]) for match in ends_in if match]
    if len(numbers) < len(names):
        return None
    ends = all(match and match.end() == len(name) for match, name in zip(ends_in, names, strict=True))
    rests = {_LAST_NUMBER.sub("#", name) for name in names}
    return numbers if ends or len(rests) == 1 else None


def _keys(rows: EmbeddingSet, column: str) -> dict[str, int]:
    """Row by key, in the order of the rows.

    Raises:
        InputError: a key that occurs twice, or none at all.
    """
    if column == "id":
        return {str(key): row for row, key in enumerate(rows.ids)}
    codes, names = key_codes(rows.column(column))
    present = codes[codes >= 0]
    if len(np.unique(present)) < len(present):
        repeated = [names[code] for code in np.flatnonzero(np.bincount(present) > 1)]
        raise InputError(
            f"a {column!r} that no two rows of {rows.name!r} share, to pair the stages by",
            f"{len(repeated):,} that repeat ({name_some(repeated)})",
            "pair by a column that is unique in each stage",
        )
    return {names[code]: row for row, code in enumerate(codes.tolist()) if code >= 0}


def _missing(
    stages: Sequence[EmbeddingSet], keys: Sequence[Mapping[str, int]], kept: set[str], pair: str
) -> list[str]:
    """What is not in every stage, per stage, with examples."""
    every = dict.fromkeys(key for of in keys for key in of)
    if len(every) == len(kept) and all(rows.n == len(kept) for rows in stages):
        return []
    parts = []
    for rows, of in zip(stages, keys, strict=True):
        missing = [key for key in every if key not in of]
        if missing:
            parts.append(f"{len(missing):,} missing from {rows.name!r} ({name_some(missing, _EXAMPLES)})")
        if rows.n > len(of):
            parts.append(f"{rows.n - len(of):,} rows of {rows.name!r} have no {pair!r}")
    left_out = len(every) - len(kept)
    notes = f"{len(kept):,} items are in all stages; {left_out:,} are not, and are left out of every stage"
    return [f"{notes}: {'; '.join(parts)}" if parts else f"{notes}, since other groups lack them"]


def _linked(
    stages: tuple[EmbeddingSet, ...], reference: EmbeddingSet | None, pairing: PairingOptions
) -> tuple[tuple[EmbeddingSet, ...], Link | None, list[str]]:
    if reference is None or pairing.on is None:
        return stages, None, []
    first = stages[0]
    linked = link(first, reference, pairing.on, drop_unlinked=pairing.drop_unlinked)
    if not pairing.drop_unlinked or (linked.left >= 0).all():
        missing = int((linked.left < 0).sum())
        why = f"{missing:,} of {first.n:,} items have no {pairing.on!r}: matched measures leave them out"
        return stages, linked, [why] if missing else []
    rows = np.flatnonzero(linked.left >= 0)
    if len(rows) < FEWEST_ITEMS:
        raise LinkError(
            f"at least {FEWEST_ITEMS} items with a {pairing.on!r} in {reference.name!r}",
            f"{len(rows)} of {first.n:,}",
            "choose another key with --on",
        )
    lost = [str(first.ids[row]) for row in np.flatnonzero(linked.left < 0)]
    kept = tuple(stage.take(rows) for stage in stages)
    note = (
        f"{len(lost):,} of {first.n:,} items have no {pairing.on!r} in {reference.name!r} and were left out "
        f"of every stage ({name_some(lost, _EXAMPLES)})"
    )
    return kept, Link(linked.on, linked.left[rows], linked.right, linked.names), [note]
