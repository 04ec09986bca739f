"""Which held-out rows a report judges bridges on, and which fits predict them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from repscope.errors import StudyError
from repscope.transform.store import SavedBridge
from repscope.verbs.bridge.holdout import (
    Ground,
    HoldOut,
    Index,
    Split,
    fold_splits,
    held_digest,
    split_at,
    split_rows,
)


@dataclass(frozen=True)
class Trial:
    """A choice of held-out rows: the part's name, what it means, and the fits that predict them."""

    name: str
    about: str
    splits: tuple[Split, ...]

    @property
    def rows(self) -> Index:
        """All rows that are predicted, in order."""
        return np.sort(np.concatenate([split.held for split in self.splits]))


def kept_trials(ground: Ground, kept: Sequence[SavedBridge]) -> tuple[Trial, ...]:
    """Rows that all bridges of the study held out; seen and unseen classes apart."""
    held = np.ones(ground.source.n, bool)
    fitted = np.zeros(ground.source.n, bool)
    for one in kept:
        record = one.fit.get("hold_out") or {}
        rule = HoldOut.from_json(record)
        split = split_rows(ground, rule)
        if held_digest(ground, split.held) != record.get("digest"):
            raise StudyError(
                f"the rows that the bridge {one.name!r} held out",
                "others: their clusters or links have changed since",
                "fit it again with --overwrite",
            )
        mask = np.zeros(ground.source.n, bool)
        mask[split.held] = True
        held &= mask
        fitted[split.source] = True
    if not held.any():
        raise StudyError(
            "rows that none of the bridges has seen",
            "none: each row was in the fit of one of them",
            "fit them with the same --hold-out, --held-out and --seed",
        )
    whole = split_at(ground, held)
    # A method that is fitted here sees what the bridges saw, no more.
    if ground.by_class and ground.link is not None:
        keys = np.unique(ground.link.left[fitted])
        whole = replace(whole, unseen=~np.isin(ground.link.left[whole.held], keys[keys >= 0]))
    several = "that none of the bridges saw" if len(kept) > 1 else "that the bridge did not see"
    if not whole.unseen.any():
        return (Trial("held-out", f"rows {several}", (whole,)),)
    return tuple(
        Trial(name, f"rows {several}, of classes that {word}", (_only(whole, mask),))
        for name, word, mask in (
            ("seen", "were in the fit", ~whole.unseen),
            ("unseen", "were not in the fit", whole.unseen),
        )
        if mask.any()
    )


def fold_trials(
    ground: Ground, unseen: tuple[tuple[str, str], ...], folds: int, seed: int
) -> tuple[Trial, ...]:
    """Every row, predicted by the fit of the fold that had not seen it; classes held out besides."""
    if unseen:
        whole = split_rows(ground, HoldOut("clusters", 1 / folds, unseen, seed))
        values = ", ".join(f"{column} = {value}" for column, value in unseen)
        trials = []
        for name, mask in (("seen", ~whole.unseen), ("unseen", whole.unseen)):
            if mask.any():
                trials.append(
                    Trial(name, f"one fit without {values} and a share of the others", (_only(whole, mask),))
                )
        return tuple(trials)
    by_cluster = tuple(fold_splits(ground, "clusters", folds, seed))
    text = f"{len(by_cluster)}-fold cross-validation over {ground.cluster or 'rows'}"
    if not ground.by_class:
        return (Trial("held-out", text, by_cluster),)
    by_class = tuple(fold_splits(ground, "classes", folds, seed))
    return (
        Trial("seen", f"{text}; almost every class has other items in the fit", by_cluster),
        Trial(
            "unseen", f"{len(by_class)}-fold cross-validation over classes; no fit saw the class", by_class
        ),
    )


def _only(split: Split, mask: NDArray[np.bool_]) -> Split:
    return replace(split, held=split.held[mask], unseen=split.unseen[mask])
