"""What every bridge is: an estimator that is fitted towards a reference and moves rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from repscope.errors import FormatError, InputError, RepscopeError, StudyError, VectorError, name_some
from repscope.study.embeddings import EmbeddingSet
from repscope.transform.catalogue import LearnsFrom, method, methods
from repscope.transform.files import Saved, not_ours, read, save
from repscope.transform.inputs import FitData, Floats, Rows, Source, gather, unpaired

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Bridge", "LearnsFrom"]


class Bridge(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A transform fitted towards a reference, in scikit-learn's conventions.

    A subclass stores its constructor's arguments under their own names (so that ``clone`` works),
    puts what it learnt in attributes that end in an underscore, and writes ``_fit``, ``_apply``,
    ``_state`` and ``_restore``.

    Attributes:
        name: in the catalogue.
        learns_from: the rows it needs.
        invertible: ``inverse_transform`` exists.
        same_width: source and target must be equally wide.
        tunable: parameters that may change after the fit; see :meth:`tune`.
        n_features_in_: width of the rows that go in.
        n_features_out_: width of the rows that come out.
        warnings_: why the fit should not be trusted, one sentence each.
        provenance_: names and fingerprints of the sets that it was fitted on.
    """

    name: ClassVar[str]
    learns_from: ClassVar[LearnsFrom]
    invertible: ClassVar[bool] = False
    same_width: ClassVar[bool] = True
    tunable: ClassVar[tuple[str, ...]] = ()

    n_features_in_: int
    n_features_out_: int
    warnings_: tuple[str, ...]
    provenance_: dict[str, Any]

    def fit(
        self,
        source: Source,
        target: Source | None = None,
        *,
        on: str | None = None,
        pairs: tuple[ArrayLike, ArrayLike] | None = None,
        clusters: ArrayLike | None = None,
    ) -> Self:
        """Learn from rows.

        Args:
            source: [N, D] rows to be moved: an embedding set or an array.
            target: [M, E] rows to move towards; needed unless the method learns from nothing or the
                source alone.
            on: how sets link: ``"id"`` or a key column. For arrays ``"row"``: row i with row i.
            pairs: ([P], [P]) row numbers of source and target, instead of ``on``.
            clusters: [N] codes of source rows that are not independent (crops of one image).

        Raises:
            VectorError: NaN, Inf, fewer rows than the method needs, widths it cannot use.
            LinkError: a paired method without pairs, or keys that do not link.
            InputError: no target, or a parameter out of range.
        """
        if target is None and self.learns_from in ("target", "unpaired", "paired"):
            raise InputError(
                f"a target for {self.name}", "none", "give the set to move towards: --target SET"
            )
        data = gather(source, target, on=on, pairs=pairs, clusters=clusters)
        if self.learns_from == "paired" and data.pairs is None:
            raise unpaired(self.name)
        width = data.source.d if data.target is None else data.target.d
        if self.same_width and width != data.source.d:
            raise VectorError(
                f"source and target of one width for {self.name}",
                f"{data.source.d} and {width}",
                "choose a method that maps between widths: ridge or cca",
            )
        self.warnings_ = ()
        self.provenance_ = _provenance(source, target, on, data)
        self.n_features_in_, self.n_features_out_ = data.source.d, width
        try:
            self._fit(data)
        except BaseException:
            # A fit that failed leaves nothing that looks fitted.
            del self.n_features_in_
            raise
        return self

    def transform(self, source: Source) -> NDArray[np.floating[Any]]:
        """[N, E] the rows moved, in the raw space of the target; float64 in, float64 out, else float32.

        Rows do not influence each other: any batch gives the same result.

        Raises:
            StudyError: not fitted.
            VectorError: rows of another width, NaN or Inf.
        """
        return self._collected(source, "n_features_in_", self._apply)

    @property
    def item_columns(self) -> tuple[str, ...]:
        """Columns that :meth:`transform_items` gives besides the rows."""
        return ()

    def transform_items(
        self, source: Source
    ) -> tuple[NDArray[np.floating[Any]], dict[str, NDArray[np.int64]]]:
        """:meth:`transform`, and what else the method says of each row, by column: a quantiser, its codes."""
        return self.transform(source), {}

    def transform_blocks(self, source: Source, rows: int | None = None) -> Iterator[Floats]:
        """:meth:`transform`, at most ``rows`` rows at a time, for results too large for memory."""
        return self._mapped(self._checked(source, "n_features_in_"), self._apply, rows)

    def inverse_transform(self, source: Source) -> NDArray[np.floating[Any]]:
        """[N, D] the rows moved back.

        Raises:
            InputError: the method cannot be inverted.
            StudyError, VectorError: as in :meth:`transform`.
        """
        if not self.invertible:
            raise self.one_way()
        return self._collected(source, "n_features_out_", self._unapply)

    def tune(self, params: Mapping[str, Any]) -> Self:
        """Change how a fitted bridge moves rows, without another fit.

        Args:
            params: those of :attr:`tunable` that change.

        Raises:
            StudyError: not fitted.
            InputError: a parameter that is part of the fit.
        """
        self._check_fitted()
        if fixed := [name for name in params if name not in self.tunable]:
            raise InputError(
                f"parameters of {self.name} that may change after the fit: "
                f"{name_some(self.tunable, 12) if self.tunable else 'it has none'}",
                name_some(fixed),
                "leave them out, or fit again with them",
            )
        self.set_params(**params)
        return self

    @property
    def paper(self) -> str:
        """Citation, or "" for textbook methods."""
        return method(self.name).paper

    @property
    def n_parameters(self) -> int:
        """Numbers that were learnt."""
        self._check_fitted()
        return sum(int(np.asarray(value).size) for value in self._state().values())

    @property
    @abstractmethod
    def flops_per_row(self) -> int:
        """Floating-point operations to move one row (a multiply and an add are two)."""

    def save_pretrained(self, path: str | Path) -> Path:
        """Write ``config.json`` and ``model.safetensors`` into a folder, never a pickle.

        A folder that holds a bridge holds the old one or the new one, whole, at every moment.

        Raises:
            StudyError: not fitted, or another process is saving into the folder.
            StorageError: the disk refuses.
        """
        self._check_fitted()
        saved = Saved(
            self.name,
            self.get_params(deep=False),
            self._state(),
            self.n_features_in_,
            self.n_features_out_,
            self.warnings_,
            self.provenance_,
        )
        return save(saved, Path(path))

    @classmethod
    def from_pretrained(cls, path: str | Path) -> Self:
        """Read what :meth:`save_pretrained` wrote.

        Raises:
            MissingError: no such folder or file.
            FormatError: not a bridge, or one of another class.
        """
        folder = Path(path)
        saved = read(folder)
        found = method(saved.method).load()
        if not issubclass(found, cls):
            raise FormatError(
                f"a bridge of class {cls.__name__} in {folder}",
                f"{saved.method} ({found.__name__})",
                f"read it with {found.__name__}.from_pretrained, or repscope.bridges.load",
            )
        try:
            bridge = found._from_params(dict(saved.params))
            bridge.n_features_in_, bridge.n_features_out_ = saved.width_in, saved.width_out
            bridge.warnings_, bridge.provenance_ = saved.warnings, saved.provenance
            bridge._restore(dict(saved.arrays))
        except RepscopeError as error:
            raise not_ours(folder, str(error)) from error
        except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise not_ours(folder, f"{type(error).__name__}: {str(error)[:200]}") from error
        return bridge

    def as_module(self) -> nn.Module:
        """The bridge as a ``torch.nn.Module`` [B, D] → [B, E], for use inside a model's forward.

        Weights are buffers (or parameters of trained networks); it follows ``.to(device, dtype)`` and
        needs no scripting.
        """
        self._check_fitted()
        return self._module()

    @abstractmethod
    def _fit(self, data: FitData) -> None:
        """Learn."""

    @abstractmethod
    def _apply(self, rows: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Move a block of rows; the dtype stays."""

    def _unapply(self, rows: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Move a block of rows back, where the method can."""
        raise self.one_way()

    def one_way(self) -> InputError:
        """What is said where there is no inverse."""
        there = name_some([info.name for info in methods() if info.invertible], 20)
        return InputError(
            f"an invertible method, not {self.name}",
            f"{self.name}, which has no way back",
            f"fit one that has: {there}",
        )

    @abstractmethod
    def _state(self) -> dict[str, NDArray[Any]]:
        """What was learnt, as arrays."""

    @abstractmethod
    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Take back what :meth:`_state` gave."""

    @abstractmethod
    def _module(self) -> nn.Module:
        """The fitted bridge as a module."""

    @classmethod
    def _from_params(cls, params: dict[str, Any]) -> Self:
        """An unfitted bridge from the arguments that a file holds (lists in place of tuples)."""
        return cls(**params)

    def _warn(self, text: str) -> None:
        """Record why the fit should not be trusted."""
        self.warnings_ = (*self.warnings_, text)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def _check_fitted(self) -> None:
        if not hasattr(self, "n_features_in_"):
            raise StudyError(f"a fitted {self.name}", "one that was not fitted", "call fit first")

    def _checked(self, source: Source, width: str) -> Rows:
        self._check_fitted()
        expected = getattr(self, width)
        rows = Rows(source, "source")
        if rows.d != expected:
            raise VectorError(
                f"rows of width {expected} for {self.name}", f"width {rows.d}", "give rows as in the fit"
            )
        return rows

    @staticmethod
    def _mapped(
        rows: Rows, function: Callable[[Floats], Floats], size: int | None = None
    ) -> Iterator[Floats]:
        for block in rows.blocks(size):
            yield function(block).astype(rows.dtype, copy=False)

    def _collected(self, source: Source, width: str, function: Callable[[Floats], Floats]) -> Floats:
        rows = self._checked(source, width)
        other = "n_features_out_" if width == "n_features_in_" else "n_features_in_"
        whole = np.empty((rows.n, getattr(self, other)), rows.dtype)
        start = 0
        for block in self._mapped(rows, function):
            whole[start : start + len(block)] = block
            start += len(block)
        return whole


def _provenance(source: Source, target: Source | None, on: str | None, data: FitData) -> dict[str, Any]:
    """What the fit saw, as JSON values."""
    about: dict[str, Any] = {"on": on, "pairs": None if data.pairs is None else len(data.pairs[0])}
    for name, given, rows in (("source", source, data.source), ("target", target, data.target)):
        if rows is not None:
            about[name] = {"rows": rows.n, "width": rows.d}
        if isinstance(given, EmbeddingSet):
            about[name] |= {"name": given.name, "fingerprint": given.fingerprint}
    return about
