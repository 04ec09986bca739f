"""Success on the rows that a transform was fitted on is not success: which items no fit has seen."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, RepscopeError
from repscope.measure.verdict.base import Judgement
from repscope.study import EmbeddingSet, Study
from repscope.text.json_record import JsonRecord
from repscope.transform.catalogue import METHODS
from repscope.transform.store import SavedBridge, stored
from repscope.verbs.common.clusters import Clusters
from repscope.verbs.common.holdout import HoldOut, Split, held_digest, link_again, split_rows
from repscope.verbs.common.rows import keep_rows, rows_with

J = TypeVar("J", bound=Judgement)

FLAG = "fitted-on-these-items"
FITS = "fits"
"""Key of a set's provenance: the fits that made it and what it was made from, first to last."""

FEWEST = 2
"""Fewer items than this have no distribution."""


@dataclass(frozen=True)
class HeldOut(JsonRecord, keys="items of why"):
    """Which items are judged.

    Attributes:
        items, of: judged, and there.
        why: which they are, or why it is not known.
        seen_by: the bridge that has seen every item, with its study, or "".
        answer: the command that judges each item by a fit without it, where one is known.
    """

    items: int
    of: int
    why: str = ""
    seen_by: str = ""
    answer: str = ""

    @property
    def sentence(self) -> str:
        """Why nothing can be said, and what would say it."""
        answer = self.answer or "repscope bridge report"
        return (
            f"{self.why}: success on the rows of a fit is no success; "
            f"{answer} judges each item by a fit that has not seen it"
        )


def unseen_items(
    origin: EmbeddingSet,
    rows: NDArray[np.int64],
    sets: Sequence[EmbeddingSet],
    told: tuple[str, str] | None,
    *,
    units: Callable[[EmbeddingSet], Clusters],
    reference: EmbeddingSet | None = None,
    on: str | None = None,
) -> tuple[NDArray[np.bool_], HeldOut]:
    """[len(rows)] items that no fit behind the sets has seen; all where that is fewer than two of them.

    A fit has seen every row of its source but those that it held out; rows that share a cluster with a held
    out one are neither fitted nor judged, nor are items that share one with an item that was seen. Items are
    the same where their ids are, in sets of one origin.

    Args:
        origin: the set that the items are of.
        rows: of it, the items of the comparison.
        sets: its stages, whose provenance knows the bridges that made them.
        told: (column, value) of the items that a fit has not seen, where the user knows.
        units: which of the items are not independent.
        reference: which a bridge may have moved; its fit has seen the items that it was fitted towards.
        on: key column that links items and reference.

    Raises:
        UnknownNameError: no such column or value.
    """
    n, wanted = len(rows), np.ones(len(rows), bool)
    said: dict[str, None] = {}
    if told is not None:
        wanted = rows_with(origin, *told)[rows]
        said[f"{told[0]} = {told[1]}, as told"] = None
    fits = [(one, fit) for one in sets for fit in _fits(one)]
    moved = [] if reference is None else list(_fits(reference))
    if not fits and not moved and told is None:
        return wanted, HeldOut(n, n, "no set here was made by a bridge of a study")
    ids = origin.ids[rows].tolist()
    seen: set[str] = set()
    last = ("", "")
    for one, fit in fits:
        found, why = _seen(fit, one, origin, ids)
        said[why] = None
        # What nobody can tell counts as seen, unless the user says otherwise.
        seen |= set(ids) if found is None and told is None else found or set()
        if found is None or found:
            last = str(fit["bridge"]), _answer(fit, one)
    for fit in moved:
        assert reference is not None
        found, why = _seen_as_target(fit, reference, origin, ids, on)
        said[why] = None
        seen |= set(ids) if found is None and told is None else found or set()
        if found is None or found:
            last = str(fit["bridge"]), _answer(fit, reference)
    judged = wanted & np.array([one not in seen for one in ids], bool)
    if FEWEST <= judged.sum() < n:
        codes = units(keep_rows(origin, rows)).codes
        shared = judged & np.isin(codes, codes[~judged])
        if shared.any():
            judged &= ~shared
            said[f"{int(shared.sum()):,} more share a cluster with others and are left out too"] = None
            last = last if last[0] else ("a fit from elsewhere", "")
    why = "; ".join(said)
    if judged.sum() >= FEWEST:
        return judged, HeldOut(int(judged.sum()), n, why)
    return (wanted if wanted.sum() >= FEWEST else wanted | True), HeldOut(0, n, why, *last)


def _answer(fit: Mapping[str, Any], one: EmbeddingSet) -> str:
    """The command that fits again without each part of the items, and judges that part."""
    if "source" not in fit:
        return ""
    words = ["repscope", "bridge", "report", str(one.home or "STUDY"), "--methods", str(fit["method"])]
    words += ["--source", str(fit["source"]["name"]), "--target", str(fit["target"]["name"])]
    for name in ("on", "cluster"):
        words += [f"--{name}", str(fit[name])] if fit.get(name) else []
    return shlex.join(words)


def without_credit(verdict: J, held_out: HeldOut) -> J:
    """The verdict, but inconclusive where a fit has seen every item."""
    if held_out.items or not held_out.seen_by:
        return verdict
    return replace(
        verdict,
        word="inconclusive",
        flags=(FLAG, *verdict.flags),
        because=(held_out.sentence,),
        needed=None,
    )


def held_out_note(held_out: HeldOut) -> str:
    """Which items are judged."""
    return f"{held_out.items:,} of {held_out.of:,} items are judged: {held_out.why}"


def report_notes(notes: Sequence[str], held_out: HeldOut | None) -> tuple[str, ...]:
    """Notes of a report, which also says where nothing is known of what a fit has seen."""
    if held_out is None or held_out.items < held_out.of:
        return tuple(notes)
    asked = "whether a model was trained on these items, only you know (--held-out COL=VALUE)"
    return (*notes, f"held-out rows: {held_out.why}; {asked}")


def fits_behind(before: EmbeddingSet, bridge: SavedBridge) -> dict[str, list[Mapping[str, Any]]]:
    """Of the provenance of a set that a bridge makes from another: the fits behind it, the newest last."""
    names = ("source", "target", "on", "cluster", "cluster_rule", "drop_unlinked", "hold_out")
    newest = {name: bridge.fit[name] for name in names if name in bridge.fit}
    return {FITS: [*_fits(before), {"bridge": bridge.name, "method": bridge.method, **newest}]}


def _fits(one: EmbeddingSet) -> Iterator[Mapping[str, Any]]:
    """The fits behind a set."""
    known = one.provenance.get(FITS)
    if known:
        yield from known
        return
    # Sets of the version before name the bridge alone, and their parent.
    made = one.provenance.get("transform")
    if not isinstance(made, Mapping) or one.home is None:
        return
    study = Study(one.home)
    for parent in one.provenance.get("parents", ()):
        if parent["name"] in study and study[parent["name"]].fingerprint == parent["fingerprint"]:
            yield from _fits(study[parent["name"]])
    about = {"bridge": made.get("name", "?"), "method": made.get("method", "?")}
    try:
        bridge = stored(study, str(made.get("name")))
    except RepscopeError:
        yield about
        return
    yield {**about, **(bridge.fit if bridge.fingerprint == made.get("fingerprint") else {})}


def _seen(
    fit: Mapping[str, Any], one: EmbeddingSet, origin: EmbeddingSet, ids: Sequence[str]
) -> tuple[set[str] | None, str]:
    """Ids of rows that a fit has seen, None where it cannot be told, and what to say of it."""
    name = f"bridge {fit['bridge']}"
    if any(info.name == fit.get("method") and info.learns_from == "nothing" for info in METHODS):
        return set(), f"{name} learns from no row"
    if "source" not in fit or "hold_out" not in fit:
        return set(), f"which rows {name} was fitted on is not recorded; --held-out COL=VALUE says it"
    if one.home is None:
        return None, f"{name} was fitted in a study that is not at hand; --held-out COL=VALUE says its rows"
    try:
        source, _, split = _again(Study(one.home), fit)
    except RepscopeError as error:
        return None, f"which rows {name} has seen cannot be told ({error.got}); --held-out COL=VALUE says it"
    if not _same_origin(source, origin, one):
        return set(), f"{name} was fitted on {source.name!r}, other items"
    held = np.zeros(source.n, bool)
    held[split.held] = True
    seen = set(source.ids[~held].tolist())
    for earlier in _fits(source):
        # Its source may itself have been made by a bridge, which has seen rows that this one held out.
        inner, _ = _seen(earlier, source, origin, ids)
        seen |= set(ids) if inner is None else inner
    among = sum(each in seen for each in ids)
    said = f"the fit of {name} has seen {among:,} of {len(ids):,} items"
    if among < len(ids) and split.unseen.any():
        said += f"; {int(split.unseen.sum()):,} rows held out are of classes that it has not seen"
    return seen, said


def _seen_as_target(
    fit: Mapping[str, Any],
    reference: EmbeddingSet,
    origin: EmbeddingSet,
    ids: Sequence[str],
    on: str | None,
) -> tuple[set[str] | None, str]:
    """Ids of items that the fit of a bridge that moved the reference has seen, on either of its sides."""
    name = f"bridge {fit['bridge']}, which moved the reference {reference.name!r},"
    if any(info.name == fit.get("method") and info.learns_from == "nothing" for info in METHODS):
        return set(), f"{name} learns from no row"
    if "source" not in fit or "hold_out" not in fit:
        return set(), f"which items {name} was fitted on is not recorded; --held-out COL=VALUE says it"
    if reference.home is None:
        return None, f"{name} was fitted in a study that is not at hand; --held-out COL=VALUE says its items"
    try:
        source, target, split = _again(Study(reference.home), fit)
    except RepscopeError as error:
        return None, f"which items {name} has seen cannot be told ({error.got}); --held-out COL=VALUE says it"
    held = np.isin(np.arange(source.n), split.held)
    seen: set[str] = set()
    if on == "id" or _same_origin(source, origin, origin):
        seen |= set(source.ids[~held].tolist())
    if _same_origin(target, origin, origin):
        seen |= set(target.ids[split.target].tolist())
    return seen, f"the fit of {name} has seen {sum(each in seen for each in ids):,} of {len(ids):,} items"


def _again(study: Study, fit: Mapping[str, Any]) -> tuple[EmbeddingSet, EmbeddingSet, Split]:
    """Source and target of a fit, and its split.

    Raises:
        RepscopeError: a set is not what it was.
    """
    sides = [study[fit[part]["name"]] for part in ("source", "target")]
    for side, part in zip(sides, ("source", "target"), strict=True):
        if side.fingerprint != fit[part]["fingerprint"]:
            raise InputError(
                f"set {side.name!r} as it was fitted on", "another set of that name", "fit again"
            )
    sets = link_again(sides[0], sides[1], fit)
    split = split_rows(sets, HoldOut.from_json(dict(fit["hold_out"])))
    if held_digest(sets, split.held) != fit["hold_out"]["digest"]:
        raise InputError("the held-out rows of a fit", "others, by the same rule", "fit again")
    return sides[0], sides[1], split


def _same_origin(source: EmbeddingSet, origin: EmbeddingSet, one: EmbeddingSet) -> bool:
    """Whether equal ids mean equal items: one set made from the other, or ids that are no row numbers."""
    parents = {parent.get("fingerprint") for parent in one.provenance.get("parents", ())}
    if source.fingerprint in {origin.fingerprint, one.fingerprint, *parents}:
        return True
    return [str(each) for each in origin.ids[:1000].tolist()] != [str(i) for i in range(min(origin.n, 1000))]
