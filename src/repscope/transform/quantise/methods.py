"""Quantised rows: each replaced by what a codebook says of it.

``KMeans`` needs scikit-learn only; the others go through ``vector-quantize-pytorch``. ``VQ`` and ``RVQ``
learn their codebooks from the source rows (k-means first, then running means). ``FSQ`` and ``LFQ`` have fixed
grids; here the grid lies on the leading principal axes, and the way back is the least-squares decoder, so
that nothing is trained by gradients.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar

import numpy as np
import torch

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.moments import moments
from repscope.transform.inputs import FitData, Floats, Rows, require_counts
from repscope.transform.linear.statistics import merged, row_moments, split
from repscope.transform.quantise.base import Quantiser, library
from repscope.transform.quantise.modules import CodebookModule, NearestCode

_LARGEST = 2**24
"""Codes of a grid: beyond this, codes are not counted exactly by float32 arithmetic."""

_SEEDING = 32
"""Rows a code that k-means++ draws its seeds from."""


@dataclass(kw_only=True, eq=False, repr=False)
class _Codebook(Quantiser):
    """A codebook that is learnt from rows, or from their leading principal axes."""

    codebook_size: int = field(default=512, kw_only=False)
    bottleneck: int | None = None
    random_state: int = 0

    @property
    def n_codes(self) -> int:
        """Codes of one stage."""
        return self.codebook_size

    @property
    def flops_per_row(self) -> int:
        """A product with each code, and the projection there and back."""
        self._check_fitted()
        d = self.n_features_in_
        return 2 * self._stages * self.codebook_size * (self.bottleneck or d) + 4 * (self.bottleneck or 0) * d

    @property
    def _stages(self) -> int:
        return 1

    def _projection(self, d: int) -> tuple[int, int] | None:
        return None if self.bottleneck is None else (d, self.bottleneck)

    def _fit(self, data: FitData) -> None:
        rows, k = data.source, self.bottleneck
        require_counts(self, "codebook_size", *(() if k is None else ("bottleneck",)))
        if k is not None and k > rows.d:
            raise InputError(
                f"a bottleneck of at most {rows.d}, the width of the rows", f"{k}", "choose a smaller one"
            )
        if rows.n < self.codebook_size:
            raise VectorError(
                f"at least {self.codebook_size:,} rows for as many codes",
                f"{rows.n:,}",
                "give more rows, or a smaller codebook_size",
            )
        # The library draws from torch's global generator; it is put back afterwards.
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(self.random_state)
            network = self._build(rows.d)
            if k is not None:
                mean, axes, _ = leading_axes(rows, k, "bottleneck")
                network.project_with(mean, axes)
            self._learn(network, rows)
        self._network = network.eval()
        self._count(rows)

    @abstractmethod
    def _learn(self, network: Any, rows: Rows) -> None:
        """Set the codebook."""


@dataclass(kw_only=True, eq=False, repr=False)
class KMeans(_Codebook):
    """Each row becomes the nearest of K means.

    Paper:
        Lloyd, "Least squares quantization in PCM", 1982; Arthur & Vassilvitskii, "k-means++", SODA 2007.

    Args:
        codebook_size: K.
        bottleneck: leading principal axes that are quantised; the rows as they are without.
        iterations: at most.
        rows_per_code: rows that are used for each code, a seeded sample of more.
        random_state: seed of everything.
    """

    name: ClassVar[str] = "kmeans"

    iterations: int = 25
    rows_per_code: int = 256

    def _build(self, d: int) -> Any:
        return CodebookModule(NearestCode(self.codebook_size, self.bottleneck or d), self._projection(d))

    def _learn(self, network: Any, rows: Rows) -> None:
        from sklearn.cluster import KMeans as Lloyd
        from sklearn.cluster import kmeans_plusplus
        from sklearn.exceptions import ConvergenceWarning

        require_counts(self, "iterations", "rows_per_code")
        k, generator = self.codebook_size, np.random.default_rng(self.random_state)
        wanted = min(rows.n, k * self.rows_per_code)
        chosen = np.sort(generator.choice(rows.n, wanted, replace=False))
        points = network.project(torch.from_numpy(rows.take(chosen).astype(np.float32))).numpy()
        # Seeds of a few rows a code: Lloyd moves them over all rows anyway.
        few = points[generator.permutation(wanted)[: k * _SEEDING]]
        with warnings.catch_warnings(action="error", category=ConvergenceWarning):
            try:
                seeds, _ = kmeans_plusplus(few, k, random_state=self.random_state, n_local_trials=1)
                model = Lloyd(k, init=seeds, n_init=1, max_iter=self.iterations, tol=0.0).fit(points)
            except ConvergenceWarning as error:
                raise VectorError(
                    f"at least {k:,} different rows for as many codes",
                    "fewer",
                    "choose a smaller codebook_size",
                ) from error
        network.quantiser.centres.copy_(torch.from_numpy(model.cluster_centers_))


@dataclass(kw_only=True, eq=False, repr=False)
class _Learnt(_Codebook):
    """A codebook of the library: k-means of a first batch, then running means."""

    epochs: int = 5
    batch_size: int = 4096
    decay: float = 0.8
    threshold_dead: int = 0
    init: str = "data"

    def _options(self) -> dict[str, Any]:
        if self.init not in ("data", "random"):
            raise InputError("init data or random", repr(self.init), "choose one of them")
        return {
            "codebook_size": self.codebook_size,
            "kmeans_init": self.init == "data",
            "decay": self.decay,
            "threshold_ema_dead_code": self.threshold_dead,
        }

    def _learn(self, network: Any, rows: Rows) -> None:
        require_counts(self, "epochs", "batch_size")
        generator = np.random.default_rng(self.random_state)
        size = max(self.batch_size, self.codebook_size)
        network.train()
        for _ in range(self.epochs):
            order = generator.permutation(rows.n)
            for start in range(0, rows.n, size):
                batch = rows.take(np.sort(order[start : start + size])).astype(np.float32)
                network.quantise(torch.from_numpy(batch))


class VQ(_Learnt):
    """Each row becomes the nearest of K vectors.

    Paper:
        van den Oord, Vinyals & Kavukcuoglu, "Neural Discrete Representation Learning", NeurIPS 2017.

    Args:
        codebook_size: K.
        bottleneck: leading principal axes that are quantised; the rows as they are without.
        epochs: passes over the rows, after k-means on the first batch.
        batch_size: rows that the running means take in at a time; at least K are taken.
        decay: of the running means.
        threshold_dead: codes in use by fewer rows of a batch than this are replaced by rows.
        init: "data", k-means of the first batch; or "random", to see what that is worth.
        random_state: seed of everything.
    """

    name: ClassVar[str] = "vq"

    def _build(self, d: int) -> Any:
        return library().vq_module(self.bottleneck or d, self._options(), self._projection(d))


@dataclass(kw_only=True, eq=False, repr=False)
class RVQ(_Learnt):
    """Each row becomes a sum of Q vectors: each stage quantises what the stage before left.

    Paper:
        Zeghidour et al., "SoundStream: An End-to-End Neural Audio Codec", IEEE/ACM TASLP, 2021.

    Args:
        codebook_size: K of each stage.
        stages: Q.
        bottleneck, epochs, batch_size, decay, threshold_dead, init, random_state: as in :class:`VQ`.
    """

    name: ClassVar[str] = "rvq"

    codebook_size: int = field(default=256, kw_only=False)
    stages: int = field(default=4, kw_only=False)

    @property
    def _stages(self) -> int:
        return self.stages

    def _build(self, d: int) -> Any:
        require_counts(self, "stages")
        return library().rvq_module(self.bottleneck or d, self.stages, self._options(), self._projection(d))


def leading_axes(rows: Rows, k: int, what: str) -> tuple[Float64, Float64, Float64]:
    """[D] mean, [D, k] leading principal axes with signs of their own, and [k] variances along them.

    Raises:
        VectorError: rows that vary in fewer directions.
    """
    found = row_moments(rows)
    values, axes = np.linalg.eigh(found.scatter / found.n)
    values, axes = values[::-1][:k], axes[:, ::-1][:, :k]
    if values[-1] <= rows.d * np.finfo(np.float64).eps * max(values[0], 0.0):
        raise VectorError(
            f"rows that vary in at least {k} dimensions", "fewer", f"give more rows, or a smaller {what}"
        )
    # Eigenvectors have no sign of their own.
    return found.mean, axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(k)] < 0, -1.0, 1.0), values


class _Grid(Quantiser):
    """A fixed grid on the leading principal axes, and the least-squares way back."""

    @property
    @abstractmethod
    def _axes(self) -> int:
        """Principal axes that the grid needs."""

    @property
    def flops_per_row(self) -> int:
        """To the axes and back."""
        self._check_fitted()
        return 4 * self._axes * self.n_features_in_

    def _fit(self, data: FitData) -> None:
        rows, k = data.source, self._axes
        if not 1 <= k <= rows.d or self.n_codes > _LARGEST:
            raise InputError(
                f"a grid of 1 to {rows.d} axes and at most {_LARGEST:,} codes",
                f"{k} axes, {self.n_codes:,} codes",
                "choose a smaller grid",
            )
        network = self._build(rows.d).eval()
        mean, axes, values = leading_axes(rows, k, "grid")
        network.encode_with(mean, axes / np.sqrt(values))
        with torch.no_grad():
            joined = split(merged(moments(self._grid_and_rows(network, block)) for block in rows.blocks()), k)
        decoder = np.linalg.pinv(joined.xx, hermitian=True) @ joined.xy
        network.decode_with(joined.source_mean, decoder, joined.target_mean)
        self._network = network
        self._count(rows)

    @staticmethod
    def _grid_and_rows(network: Any, rows: Floats) -> Float64:
        points = network.grid(torch.from_numpy(np.array(rows, np.float32)))[0]
        return np.concatenate([points.numpy(), rows], axis=1, dtype=np.float64)


class FSQ(_Grid):
    """The leading principal axes, each rounded to a few levels.

    Paper:
        Mentzer et al., "Finite Scalar Quantization: VQ-VAE Made Simple", ICLR 2024.

    Args:
        levels: of each axis, the strongest first; at least 3 each.
    """

    name: ClassVar[str] = "fsq"

    def __init__(self, levels: tuple[int, ...] = (8, 5, 5, 5)) -> None:
        self.levels = levels

    @property
    def n_codes(self) -> int:
        """The product of the levels."""
        return prod(self.levels)

    @property
    def _axes(self) -> int:
        return len(self.levels)

    def _build(self, d: int) -> Any:
        if not self.levels or min(self.levels) < 3:
            raise InputError("axes of at least 3 levels", f"{self.levels}", "for two levels use lfq")
        return library().fsq_module(d, list(self.levels))


class LFQ(_Grid):
    """The leading principal axes, each only by its sign: B bits a row.

    Paper:
        Yu et al., "Language Model Beats Diffusion: Tokenizer is Key to Visual Generation", ICLR 2024.

    Args:
        bits: B.
    """

    name: ClassVar[str] = "lfq"

    def __init__(self, bits: int = 10) -> None:
        self.bits = bits

    @property
    def n_codes(self) -> int:
        """2 to the number of bits."""
        return int(2**self.bits)

    @property
    def _axes(self) -> int:
        return self.bits

    def _build(self, d: int) -> Any:
        require_counts(self, "bits")
        return library().lfq_module(d, self.bits)
