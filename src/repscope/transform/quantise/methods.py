"""Quantised rows: each replaced by what a codebook says of it, through ``vector-quantize-pytorch``.

``VQ`` and ``RVQ`` learn their codebooks from the source rows (k-means first, then running means). ``FSQ`` and
``LFQ`` have fixed grids; here the grid lies on the leading principal axes, and the way back is the
least-squares decoder, so that nothing is trained by gradients.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar

import numpy as np
import torch

from repscope.errors import InputError, VectorError
from repscope.measure.core.arrays import Float64
from repscope.measure.core.moments import moments
from repscope.transform.inputs import FitData, Floats, require_counts
from repscope.transform.linear.statistics import merged, row_moments, split
from repscope.transform.quantise.base import Quantiser, library

_LARGEST = 2**24
"""Codes of a grid: beyond this, codes are not counted exactly by float32 arithmetic."""


@dataclass(kw_only=True, eq=False, repr=False)
class _Learnt(Quantiser):
    """A codebook that is learnt from rows."""

    codebook_size: int = field(default=512, kw_only=False)
    epochs: int = 5
    batch_size: int = 4096
    decay: float = 0.8
    threshold_dead: int = 0
    random_state: int = 0

    @property
    def n_codes(self) -> int:
        """Codes of one stage."""
        return self.codebook_size

    def _options(self) -> dict[str, Any]:
        return {
            "codebook_size": self.codebook_size,
            "kmeans_init": True,
            "decay": self.decay,
            "threshold_ema_dead_code": self.threshold_dead,
        }

    def _fit(self, data: FitData) -> None:
        rows = data.source
        require_counts(self, "codebook_size", "epochs", "batch_size")
        if rows.n < self.codebook_size:
            raise VectorError(
                f"at least {self.codebook_size:,} rows for as many codes",
                f"{rows.n:,}",
                "give more rows, or a smaller codebook_size",
            )
        generator = np.random.default_rng(self.random_state)
        size = max(self.batch_size, self.codebook_size)
        # The library draws from torch's global generator; it is put back afterwards.
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(self.random_state)
            network = self._build(rows.d).train()
            for _ in range(self.epochs):
                order = generator.permutation(rows.n)
                for start in range(0, rows.n, size):
                    batch = rows.take(np.sort(order[start : start + size])).astype(np.float32)
                    network.quantise(torch.from_numpy(batch))
        self._network = network.eval()
        self._count(rows)

    @property
    def flops_per_row(self) -> int:
        """A product with each code of each stage."""
        self._check_fitted()
        return 2 * self.codebook_size * self.n_features_in_


class VQ(_Learnt):
    """Each row becomes the nearest of K vectors.

    Paper:
        van den Oord, Vinyals & Kavukcuoglu, "Neural Discrete Representation Learning", NeurIPS 2017.

    Args:
        codebook_size: K.
        epochs: passes over the rows, after k-means on the first batch.
        batch_size: rows that the running means take in at a time; at least K are taken.
        decay: of the running means.
        threshold_dead: codes in use by fewer rows of a batch than this are replaced by rows.
        random_state: seed of everything.
    """

    name: ClassVar[str] = "vq"

    def _build(self, d: int) -> Any:
        return library().vq_module(d, self._options())


@dataclass(kw_only=True, eq=False, repr=False)
class RVQ(_Learnt):
    """Each row becomes a sum of Q vectors: each stage quantises what the stage before left.

    Paper:
        Zeghidour et al., "SoundStream: An End-to-End Neural Audio Codec", IEEE/ACM TASLP, 2021.

    Args:
        codebook_size: K of each stage.
        stages: Q.
        epochs, batch_size, decay, threshold_dead, random_state: as in :class:`VQ`.
    """

    name: ClassVar[str] = "rvq"

    codebook_size: int = field(default=256, kw_only=False)
    stages: int = field(default=4, kw_only=False)

    @property
    def flops_per_row(self) -> int:
        """A product with each code of each stage."""
        return self.stages * super().flops_per_row

    def _build(self, d: int) -> Any:
        require_counts(self, "stages")
        return library().rvq_module(d, self.stages, self._options())


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
        found = row_moments(rows)
        values, axes = np.linalg.eigh(found.scatter / found.n)
        values, axes = values[::-1][:k], axes[:, ::-1][:, :k]
        if values[-1] <= rows.d * np.finfo(np.float64).eps * max(values[0], 0.0):
            raise VectorError(
                f"rows that vary in at least {k} dimensions", "fewer", "give more rows, or a smaller grid"
            )
        # Eigenvectors have no sign of their own.
        axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(k)] < 0, -1.0, 1.0)
        network.encode_with(found.mean, axes / np.sqrt(values))
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
