"""What all quantisers share: rows in, rows and codes out, and how many codes are in use."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from repscope.errors import DependencyError
from repscope.transform.base import Bridge, LearnsFrom
from repscope.transform.inputs import Floats, Rows, Source

_QUANTISER = "quantiser."


def code_columns(stages: int) -> tuple[str, ...]:
    """Columns of a quantised set: ``code``, or ``code.0``, ``code.1`` … of several stages."""
    return ("code",) if stages == 1 else tuple(f"code.{stage}" for stage in range(stages))


class Quantiser(Bridge):
    """Base of the quantisers.

    Attributes:
        usage_: share of the codes that source rows used, one number a stage.
        perplexity_: exp of the entropy of the codes, one number a stage: how many codes are in even use.
    """

    learns_from: ClassVar[LearnsFrom] = "source"
    usage_: tuple[float, ...]
    perplexity_: tuple[float, ...]
    _network: Any

    def codes(self, rows: Source) -> NDArray[np.int64]:
        """[N] code of each row; [N, Q] for a quantiser of Q stages.

        Raises:
            StudyError: not fitted.
            VectorError: rows of another width.
        """
        blocks = self._checked(rows, "n_features_in_").blocks()
        return np.concatenate([self._quantised(block)[1] for block in blocks])

    @property
    def item_columns(self) -> tuple[str, ...]:
        """``code``, or ``code.0``, ``code.1`` … of several stages."""
        self._check_fitted()
        return code_columns(len(self.usage_))

    def transform_items(self, source: Source) -> tuple[Floats, dict[str, NDArray[np.int64]]]:
        """The rows moved, and their codes by column."""
        rows = self._checked(source, "n_features_in_")
        parts = [(moved.astype(rows.dtype), codes) for moved, codes in map(self._quantised, rows.blocks())]
        codes = np.concatenate([one for _, one in parts])
        named = zip(self.item_columns, codes.reshape(len(codes), -1).T, strict=True)
        return np.concatenate([moved for moved, _ in parts]), dict(named)

    @property
    @abstractmethod
    def n_codes(self) -> int:
        """Codes of one stage."""

    @property
    def n_parameters(self) -> int:
        """Numbers of the codebooks and the projections, there and back."""
        self._check_fitted()
        return sum(int(value.numel()) for value in self._network.parameters_of_decoder())

    def _count(self, rows: Rows) -> None:
        """Usage and perplexity over the rows of the fit."""
        counts: dict[int, dict[int, int]] = {}
        for block in rows.blocks():
            codes = self._quantised(block)[1].reshape(len(block), -1)
            for stage in range(codes.shape[1]):
                here = counts.setdefault(stage, {})
                for code, count in zip(*np.unique(codes[:, stage], return_counts=True), strict=True):
                    here[int(code)] = here.get(int(code), 0) + int(count)
        usage, perplexity = [], []
        for stage in sorted(counts):
            shares = np.array(list(counts[stage].values())) / rows.n
            usage.append(len(shares) / self.n_codes)
            perplexity.append(float(np.exp(-(shares * np.log(shares)).sum())))
        self.usage_, self.perplexity_ = tuple(usage), tuple(perplexity)

    def _apply(self, rows: Floats) -> Floats:
        return self._quantised(rows)[0].astype(rows.dtype, copy=False)

    def _quantised(self, rows: Floats) -> tuple[Floats, NDArray[np.int64]]:
        with torch.no_grad():
            given = torch.from_numpy(np.ascontiguousarray(rows, np.float32).copy())
            moved, codes = self._network.quantise(given)
        found: NDArray[np.int64] = codes.numpy().astype(np.int64)
        return moved.numpy(), found

    def _state(self) -> dict[str, NDArray[Any]]:
        weights = {f"{_QUANTISER}{name}": one.numpy() for name, one in self._network.state_dict().items()}
        return {**weights, "usage": np.array(self.usage_), "perplexity": np.array(self.perplexity_)}

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        self._network = self._build(self.n_features_in_).eval()
        weights = {
            name.removeprefix(_QUANTISER): torch.from_numpy(one.copy())
            for name, one in state.items()
            if name.startswith(_QUANTISER)
        }
        self._network.load_state_dict(weights)
        self.usage_ = tuple(state["usage"].tolist())
        self.perplexity_ = tuple(state["perplexity"].tolist())

    def _module(self) -> nn.Module:
        import copy

        # A model that is trained must not move the codebook.
        found: nn.Module = copy.deepcopy(self._network).freeze()
        return found

    @abstractmethod
    def _build(self, d: int) -> Any:
        """An unfitted :mod:`repscope.transform.quantise.modules` module for rows of width ``d``."""


def library() -> Any:
    """:mod:`repscope.transform.quantise.vector_quantize`, whose package is optional.

    Raises:
        DependencyError: it is not installed.
    """
    try:
        from repscope.transform.quantise import vector_quantize
    except ImportError as error:
        raise DependencyError(
            "vector-quantize-pytorch for vq, fsq, lfq and rvq",
            str(error),
            'install it: pip install "repscope[quantise]"',
        ) from error
    return vector_quantize
