"""The record of a quantisation: what the codes cost, and what they keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from repscope.measure.codes.compression import Compression
from repscope.measure.codes.information import Information
from repscope.measure.codes.usage import Usage
from repscope.measure.core.estimate import Estimate
from repscope.text.json_record import JsonRecord
from repscope.verbs.common.unseen import HeldOut

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

SCHEMA = "repscope.quantisation/1"

_KEYS = (
    "set=name result bridge applied_to method params codebook bottleneck quantizers n d clusters cluster "
    "seed fingerprints replay version codes used dead perplexity bits_per_item entropy_bits compression "
    "distortion distortion_relative variance bound estimates stages information classes held_out curve notes"
)


@dataclass(frozen=True)
class Bound(JsonRecord):
    """The least distortion of a Gaussian with the spectrum of the set.

    Attributes:
        rate_bits: log₂ of the number of codes, of all codebooks: what the codes could say of a row.
        distortion: D(R) at that rate.
        entropy_distortion: at the entropy of the codes, what they do say at most.
        ratio: the distortion over ``distortion``; below 1 only where rows are not Gaussian, or were fitted.
            None where the bound is 0.
    """

    rate_bits: float
    distortion: float
    entropy_distortion: float
    ratio: float | None


@dataclass(frozen=True)
class CurvePoint(JsonRecord):
    """One quantiser of the rate–distortion curve.

    Attributes:
        codebook, bottleneck: its sizes; ``bottleneck`` None for rows as they are.
        rate_bits: log₂ of the number of its codes.
        relative: mean squared distance over the variance of the rows, on the rows judged.
        bound: of the Gaussian at that rate, over the same variance.
    """

    codebook: int
    bottleneck: int | None
    rate_bits: float
    relative: Estimate
    bound: float


@dataclass(frozen=True)
class QuantisationRecord(JsonRecord, schema=SCHEMA, keys=_KEYS):
    """One set as codes.

    Attributes:
        name: the set that was fitted on.
        applied_to: the set that was quantised; the same, unless another was named.
        result: the quantised set.
        bridge: name of the quantiser in the study.
        method, params: of the quantiser.
        codebook, bottleneck, quantizers: its sizes.
        n, d: items and width of the set that was quantised.
        clusters, cluster: independent units, and the column that says them.
        seed, fingerprints, replay, version: how to have it again.
        codes, used, dead: codes of all codebooks together, and how many have an item; see ``stages``.
        perplexity: over the whole set; of several codebooks, exp of their mean entropy.
        bits_per_item: of codes of a fixed length.
        entropy_bits: sum of the entropies of the codebooks.
        compression: against the rows as they are stored.
        distortion: mean squared distance of a row to its reconstruction, over the whole set.
        distortion_relative: over ``variance``, the mean squared distance of a row to the mean.
        bound: of a Gaussian with the same spectrum.
        estimates: ``distortion`` and ``distortion_relative`` of all items, and with ``.unseen`` of those that
            no fit has seen, with intervals.
        stages: usage of each codebook.
        information: of each codebook about the classes; () without classes.
        classes: their column, or None.
        held_out: which items no fit has seen.
        curve: the rate–distortion curve, if one was asked for.
        notes: facts a reader should know.
        items: one row an item: codes, distance, whether a fit has seen it.
        figures, captions: by name.
        provenance: of each set, by name.
    """

    name: str
    applied_to: str
    result: str
    bridge: str
    method: str
    params: Mapping[str, Any]
    codebook: int
    bottleneck: int | None
    quantizers: int
    n: int
    d: int
    clusters: int
    cluster: str | None
    seed: int
    fingerprints: Mapping[str, str]
    replay: str
    version: str
    bits_per_item: int
    compression: Compression
    distortion: float
    variance: float
    bound: Bound
    estimates: Mapping[str, Estimate]
    stages: tuple[Usage, ...]
    information: tuple[Information, ...]
    classes: str | None
    held_out: HeldOut
    curve: tuple[CurvePoint, ...]
    notes: tuple[str, ...]
    items: pa.Table = field(repr=False)
    figures: Mapping[str, Figure] = field(default_factory=dict, repr=False)
    captions: Mapping[str, str] = field(default_factory=dict, repr=False)
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def codes(self) -> int:
        """Codes of all codebooks."""
        return sum(one.codes for one in self.stages)

    @property
    def used(self) -> int:
        """Codes with an item."""
        return sum(one.used for one in self.stages)

    @property
    def dead(self) -> int:
        """Codes without one."""
        return sum(one.dead for one in self.stages)

    @property
    def perplexity(self) -> float:
        """exp of the mean entropy of the codebooks."""
        return float(2.0 ** (self.entropy_bits / len(self.stages)))

    @property
    def entropy_bits(self) -> float:
        """Sum over the codebooks."""
        return sum(one.entropy_bits for one in self.stages)

    @property
    def distortion_relative(self) -> float:
        """Distortion over variance."""
        return self.distortion / self.variance
