"""Which function gives which measure of one set, or of two sets without a link."""

from __future__ import annotations

from repscope.measure.comparison.stage import PerItem, Provider, Samples, Stage, Undefined
from repscope.measure.core.estimate import FIXED
from repscope.measure.core.tables import ReplicateTable
from repscope.measure.distribution.frechet import frechet_replicates
from repscope.measure.distribution.frechet_limit import frechet_bias, frechet_infinity_replicates
from repscope.measure.distribution.kernels import kernel_replicates
from repscope.measure.distribution.manifold import manifold_replicates
from repscope.measure.distribution.sliced import sliced_wasserstein_replicates
from repscope.measure.distribution.vendi import vendi_replicates
from repscope.measure.geometry.dimension import two_nn_replicates
from repscope.measure.geometry.lidar import lidar_replicates
from repscope.measure.geometry.one_set import geometry_replicates, norms


def _norm(stage: Stage, _: bool, names: list[str]) -> Samples:
    yield names[0], PerItem(norms(stage.rows), stage.frame.clusters)


def _geometry(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield from _tabled(geometry_replicates(stage.unit, items, n, names), names)


def _raw_geometry(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield from _tabled(geometry_replicates(stage.rows, items, n, names), names)


def _tabled(table: ReplicateTable, names: list[str]) -> Samples:
    for name in names:
        yield name, table[name] if name in table else Undefined(table.why[name])


def _lidar(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    if stage.frame.views is None:
        yield names[0], Undefined("expected several views of each item; got none named, see --views")
        return
    yield names[0], lidar_replicates(stage.unit, stage.frame.views, items, n)


def _two_nn(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    rows = stage.sampled_rows
    yield names[0], two_nn_replicates(stage.unit[rows], items[rows], n)


def _frechet(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    frame = stage.frame
    distance = frechet_replicates(stage.unit, frame.reference, *stage.groups(intervals))
    if "frechet" in names:
        yield "frechet", distance
    if "frechet.infinity" in names:
        # Linked pairs go into one half together; otherwise clusters do, and reference rows stand alone.
        item_units, reference_units = (
            (frame.item_keys, frame.reference_keys)
            if (frame.reference_groups != FIXED).any()
            else (frame.clusters, None)
        )
        bias = frechet_bias(
            stage.unit,
            frame.reference,
            item_units=item_units,
            reference_units=reference_units,
            seed=frame.seed,
        )
        yield "frechet.infinity", frechet_infinity_replicates(distance, bias)


def _kernels(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    frame = stage.frame
    yield from kernel_replicates(
        stage.unit,
        frame.reference,
        *stage.groups(intervals),
        names=names,
        bandwidth=frame.bandwidth,
        seed=frame.seed,
    ).items()


def _sliced(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    frame = stage.frame
    yield (
        names[0],
        sliced_wasserstein_replicates(stage.unit, frame.reference, *stage.groups(intervals), seed=frame.seed),
    )


def _manifold(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    frame = stage.frame
    found = manifold_replicates(stage.unit, frame.reference, *stage.groups(intervals), seed=frame.seed)
    for name in names:
        yield name, found[name]


def _vendi(stage: Stage, intervals: bool, names: list[str]) -> Samples:
    items, _, n = stage.groups(intervals)
    yield names[0], vendi_replicates(stage.unit, items, n)


DISTRIBUTION: tuple[tuple[tuple[str, ...], Provider], ...] = (
    (("frechet", "frechet.infinity"), _frechet),
    (("mmd", "kid", "energy"), _kernels),
    (("wasserstein.sliced",), _sliced),
    (("precision", "recall", "density", "coverage"), _manifold),
    (("vendi",), _vendi),
)

GEOMETRY: tuple[tuple[tuple[str, ...], Provider], ...] = (
    (("norm.mean",), _norm),
    (("norm.sd", "spread.total"), _raw_geometry),
    (
        (
            "spread.cosine",
            "cosine.mean",
            "rank.entropy",
            "rank.rankme",
            "rank.participation",
            "rank.stable",
            "isotropy",
            "std.min",
        ),
        _geometry,
    ),
    (("dimension.twonn",), _two_nn),
    (("lidar",), _lidar),
)
"""Names that are computed together, and how."""
