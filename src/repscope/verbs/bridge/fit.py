"""``bridge fit`` and ``bridge apply``: a bridge into a study, and a set through a bridge."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from repscope.errors import InputError, LinkError, VectorError
from repscope.study import EmbeddingSet, Study
from repscope.study.provenance import derived, describe_environment
from repscope.study.storage import json_hash
from repscope.study.vectors import block_rows
from repscope.text.json_record import JsonRecord
from repscope.text.progress import OnProgress, Progress
from repscope.transform.catalogue import method as method_info
from repscope.transform.inputs import Rows, unpaired
from repscope.transform.store import SavedBridge, keep, refuse_taken, stored
from repscope.verbs.bridge.checkpoints import checkpoints, together, watch
from repscope.verbs.bridge.options import ApplyOptions, FitOptions
from repscope.verbs.bridge.params import make_bridge, with_training
from repscope.verbs.common.holdout import (
    CLUSTER_RULE,
    By,
    HoldOut,
    LinkedSets,
    Split,
    held_digest,
    link_sets,
    split_rows,
)
from repscope.verbs.common.threads import thrifty
from repscope.verbs.common.unseen import fits_behind

if TYPE_CHECKING:
    from repscope.transform.base import Bridge


@dataclass(frozen=True)
class FittedBridge(JsonRecord, keys="rows pairs held_out unseen seconds parameters flops_per_row notes"):
    """What ``bridge fit`` made.

    Attributes:
        stored: the bridge in its study.
        rows, pairs: source rows and pairs that the fit saw; ``pairs`` is None without a link.
        held_out, unseen: source rows that it did not see, and how many of them are of unseen classes.
        seconds: of the fit.
        parameters: numbers learnt.
        flops_per_row: to move one row.
        notes: what a reader should know.
    """

    stored: SavedBridge
    rows: int
    pairs: int | None
    held_out: int
    unseen: int
    seconds: float
    parameters: int
    flops_per_row: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The record of ``--json``."""
        return {"schema": "repscope.bridge-fit/1", **self.stored.to_json(), **super().to_json()}

    def __str__(self) -> str:
        pairs = "" if self.pairs is None else f", {self.pairs:,} pairs"
        unseen = f" ({self.unseen:,} of unseen classes)" if self.unseen else ""
        return (
            f"{self.stored.name}: {self.stored.method} on {self.rows:,} rows{pairs} in {self.seconds:.2f} s; "
            f"{self.held_out:,} rows held out{unseen}; {self.parameters:,} parameters, "
            f"{self.flops_per_row:,} FLOPs a row"
        )


def fit_bridge(
    study: str | Path | Study,
    source: str,
    target: str,
    method: str,
    *,
    name: str,
    on: str | None = None,
    unpaired: bool = False,
    cluster: str | None = None,
    hold_out: str = FitOptions.hold_out,
    share: float = FitOptions.share,
    unseen: tuple[tuple[str, str], ...] = (),
    params: Mapping[str, Any] | None = None,
    amp: str | None = None,
    accumulate: int | None = None,
    patience: int | None = None,
    device: str | None = None,
    drop_unlinked: bool = False,
    overwrite: bool = False,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> FittedBridge:
    """Fit a bridge on the rows that are not held out, and keep it in the study.

    Args:
        study: folder of the study, or the study.
        source: set of the rows to be moved.
        target: set to move towards.
        method: name in the catalogue.
        name: of the bridge in the study.
        on: "id" or a key column that says which rows belong together.
        unpaired: fit without a link, though nothing is wrong with that only for methods that need none.
        cluster: column of rows of the source that are not independent; see
            :func:`repscope.verbs.common.holdout.link_sets`.
        hold_out: what the fit must not see: "clusters", "classes" or "none".
        share: of the clusters or classes that are held out.
        unseen: (column, value) of rows that are never fitted on, and are judged as unseen.
        params: of the method.
        amp, accumulate, patience, device: options of a method that is trained; see
            :class:`repscope.transform.fitting.TrainOptions`.
        drop_unlinked: leave out source rows whose key the target lacks.
        overwrite: replace a bridge of this name.
        seed: of the method and of the held-out rows.
        progress: told about the steps of a method that is trained.

    Raises:
        UnknownNameError: no such method, parameter or column.
        LinkError: a paired method without a link, or keys that do not link.
        InputError: both ``on`` and ``unpaired``, or neither for a method that needs to know.
        VectorError: widths or numbers of rows that the method cannot use.
        ExistsError: the name is taken.
        MissingError, IncompleteSetError, CorruptError: a set cannot be used.
        StorageError: the disk refuses.
    """
    opened = Study.open(study)
    # Everything that can be refused is refused before the work.
    rule = HoldOut(cast(By, hold_out), share, unseen, seed)
    training = {"amp": amp, "accumulate": accumulate, "patience": patience, "device": device}
    bridge = make_bridge(method, with_training(method, params, training), seed=seed)
    refuse_taken(opened, name, overwrite)
    check_link(method, on, unpaired)
    opened_sets = opened.open_sets([source, target])
    sets = link_sets(
        opened_sets[source], opened_sets[target], on=on, cluster=cluster, drop_unlinked=drop_unlinked
    )
    split = split_rows(sets, rule)
    about: dict[str, Any] = {
        "source": _named(sets.source),
        "target": _named(sets.target),
        "on": sets.on,
        "cluster": sets.units.column,
        "cluster_rule": CLUSTER_RULE,
        "drop_unlinked": drop_unlinked,
        "hold_out": {**rule.to_json(), "rows": len(split.held), "digest": held_digest(sets, split.held)},
        "seed": seed,
    }
    watch(bridge, f"fit {method}", progress)
    recipe = {**about, "method": method, "params": bridge.get_params(deep=False)}
    with together(device or "cpu") as save_once:
        with checkpoints(bridge, opened.path / "transforms", name, recipe):
            seconds = fit_rows(bridge, sets, split)
        record = {
            **about,
            "rows": len(split.source),
            "pairs": None if split.pairs is None else len(split.pairs[0]),
            "cost": {
                "parameters": bridge.n_parameters,
                "flops_per_row": bridge.flops_per_row,
                "seconds": round(seconds, 4),
            },
            "environment": describe_environment("torch", "scikit-learn"),
        }
        save_once(lambda: keep(bridge, opened, name, record, overwrite=overwrite))
    kept = stored(opened, name)
    return FittedBridge(
        stored=kept,
        rows=len(split.source),
        pairs=record["pairs"],
        held_out=len(split.held),
        unseen=int(split.unseen.sum()),
        seconds=seconds,
        parameters=bridge.n_parameters,
        flops_per_row=bridge.flops_per_row,
        notes=sets.notes,
    )


def check_link(method: str, on: str | None, no_link: bool) -> None:
    """Refuse what cannot be meant: a link and none, or a paired method without one.

    Raises:
        InputError, LinkError: see :func:`fit_bridge`.
    """
    if on is not None and no_link:
        raise InputError("--on or --unpaired", "both", "leave one out")
    if on is None and method_info(method).learns_from == "paired":
        raise unpaired(method)
    if on is None and not no_link and method_info(method).learns_from in ("unpaired", "target"):
        raise LinkError(
            "how rows of source and target belong together",
            "neither --on nor --unpaired",
            "name the key with --on, so that texts of held-out rows stay out of the fit; or say --unpaired",
        )


@thrifty
def fit_rows(bridge: Bridge, sets: LinkedSets, split: Split) -> float:
    """Fit a bridge on the rows of a split only; the seconds that it took."""
    source = Rows(sets.source, sets.source.name, split.source)
    target = Rows(sets.target, sets.target.name, split.target)
    begun = time.perf_counter()
    # Rows, not sets: a large set is read in blocks and never copied.
    bridge.fit(cast(Any, source), cast(Any, target), pairs=split.pairs, clusters=sets.clusters[split.source])
    return time.perf_counter() - begun


def apply_bridge(
    study: str | Path | Study,
    name: str,
    to: str,
    as_: str,
    *,
    params: Mapping[str, Any] | None = None,
    inverse: bool = False,
    overwrite: bool = False,
    shard_rows: int | None = None,
    progress: OnProgress | None = None,
) -> EmbeddingSet:
    """Move every row of a set through a bridge of the study, into a new set of the same items.

    A quantiser also gives every item its ``code`` (``code.0``, ``code.1`` … of several stages). Rows are
    read, moved and written a shard at a time; the same call continues after a kill.

    Args:
        study: folder of the study, or the study.
        name: of the bridge.
        to: set whose rows are moved.
        as_: name of the new set.
        params: that may change without another fit; see :meth:`repscope.transform.base.Bridge.tune`.
        inverse: move rows of the target's space back.
        overwrite: replace a set of that name.
        shard_rows: rows committed at a time; as many as fit 32 MiB by default.
        progress: told about the rows that are done.

    Raises:
        MissingError, IncompleteSetError: no such bridge or set, or one that is not finished.
        CorruptError: the bytes of the set are not what was written.
        VectorError: the set has another width than the bridge was fitted on.
        InputError: a parameter that only a fit can change, or a method without an inverse.
        ExistsError: the name is taken.
        StorageError: the disk refuses.
    """
    opened = Study.open(study)
    kept, before = stored(opened, name), opened.open_sets([to])[to]
    bridge, width = kept.load().tune(params or {}), kept.width_out if inverse else kept.width_in
    if inverse and not bridge.invertible:
        raise bridge.one_way()
    if before.d != width:
        raise VectorError(
            f"rows of width {width} for the bridge {name!r}",
            f"set {to!r} of width {before.d}",
            "apply it to a set of the space that it was fitted on",
        )
    size = shard_rows or block_rows(max(kept.width_in, kept.width_out))
    recipe = {"bridge": kept.fingerprint, "parent": before.fingerprint, "rows": size}
    changed = {**({"params": dict(params)} if params else {}), **({"inverse": True} if inverse else {})}
    earlier = [name for name in _said_by_bridges(before) if name in before.columns]
    columns = () if inverse else bridge.item_columns
    if taken := sorted(set(columns) & set(before.columns) - set(earlier)):
        raise InputError(
            f"a set whose items have no {', '.join(columns)} yet",
            f"{before.name!r} with {', '.join(taken)}, which no bridge wrote",
            "import it with that column under another name",
        )
    with opened.writer(
        as_,
        recipe=json_hash({**recipe, **changed}),
        resume=ApplyOptions(to=to, as_=as_, params=params, inverse=inverse).to_command(
            "bridge", "apply", opened.path, name
        ),
        provenance={
            **describe_environment("torch"),
            **derived(before.provenance, before.name, before.fingerprint),
            "transform": {
                "name": kept.name,
                "method": kept.method,
                "fingerprint": kept.fingerprint,
                **changed,
                **({"columns": said} if (said := list(columns) or earlier) else {}),
            },
            **fits_behind(before, kept),
        },
        overwrite=overwrite,
    ) as writer:
        done = writer.rows_committed
        while done < before.n:
            rows = range(done, min(done + size, before.n))
            part = before.take(list(rows))
            if inverse:
                writer.write_shard(bridge.inverse_transform(part), part.items)
            else:
                moved, codes = bridge.transform_items(part)
                # Codes of an earlier quantiser are not those of these rows any more.
                items = part.items.drop_columns(earlier) if codes else part.items
                for column, values in codes.items():
                    items = items.append_column(column, [values])
                writer.write_shard(moved, items)
            done = rows.stop
            if progress is not None:
                progress(Progress(f"apply {name}", done, before.n))
        writer.finish()
    return opened[as_]


def _said_by_bridges(rows: EmbeddingSet) -> list[str]:
    """Columns that a bridge behind a set gave its items."""
    made = rows.provenance.get("transform")
    return list(made.get("columns", ())) if isinstance(made, Mapping) else []


def _named(rows: EmbeddingSet) -> dict[str, Any]:
    return {"name": rows.name, "fingerprint": rows.fingerprint, "n": rows.n, "d": rows.d}
