"""Diffusion checkpoints of the older systems, into a study and out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError, UnknownNameError, VectorError
from repscope.study import EmbeddingSet, Study
from repscope.study.provenance import describe_environment
from repscope.study.storage import file_hash
from repscope.transform.store import SavedBridge, keep, refuse_taken, stored
from repscope.verbs.bridge.options import ImportDiffusionOptions

if TYPE_CHECKING:
    from repscope.transform.diffusion.bridge import DiffusionBridge

TEXT_MEAN_FROM_BOTH = (
    "rows are centred with the target's mean on the way in too, as the older systems did with the mean of "
    "the texts; give --source-mean where the training centred them with their own"
)

Weights = Literal["ema", "raw"]


def import_diffusion(
    study: str | Path | Study,
    file: str | Path,
    *,
    name: str,
    source_mean: str | None = None,
    target_mean: str | None = None,
    width: int | None = None,
    weights: str = ImportDiffusionOptions.weights,
    params: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> SavedBridge:
    """Keep a trainer's checkpoint ``model-N.pt`` as a bridge of the study.

    Args:
        study: folder of the study.
        file: of lucidrains' ``Trainer1D``.
        name: of the bridge.
        source_mean, target_mean: a set of the study, whose unit rows are averaged, or a mean file of the
            older systems; what the rows were centred with in the training. The target's alone is subtracted
            from both, as the older systems did.
        width: of the rows, where no mean tells it.
        weights: "ema", or "raw" as EZ-HOI used them.
        params: of the sampling, such as ``entry_time``; ``objective`` where the file cannot tell.
        overwrite: replace a bridge of this name.

    Raises:
        MissingError, FormatError, UnsafePickleError: the file cannot be used; nothing of it was executed.
        VectorError, InputError: means of other widths, or no width.
        ExistsError: the name is taken.
    """
    from repscope.transform.older.lucidrains import from_lucidrains

    opened = Study.open(study)
    refuse_taken(opened, name, overwrite)
    path = Path(file).expanduser()
    both = source_mean is None and target_mean is not None
    own = target_mean if both else source_mean
    bridge = from_lucidrains(
        path,
        source_mean=None if own is None else _mean(opened, own),
        target_mean=None if target_mean is None else _mean(opened, target_mean),
        width=width,
        weights=_weights(weights),
        **dict(params or {}),
    )
    if both:
        bridge.warnings_ = (*bridge.warnings_, TEXT_MEAN_FROM_BOTH)
    record = {
        "imported": {"file": path.name, "sha256": file_hash(path)},
        "source_mean": own,
        "target_mean": target_mean,
        "environment": describe_environment("torch"),
    }
    return keep(bridge, opened, name, record, overwrite=overwrite)


def export_diffusion(study: str | Path | Study, name: str, to: str | Path) -> Path:
    """Write a diffusion bridge with the older denoiser as a checkpoint that lucidrains' trainer loads.

    Raises:
        MissingError: no such bridge.
        InputError: the bridge is of another method, or its denoiser is not ``unet1d``.
        StorageError: the disk refuses.
    """
    from repscope.transform.older.lucidrains import to_lucidrains

    return to_lucidrains(_diffusion(stored(Study.open(study), name)), Path(to).expanduser())


def _diffusion(kept: SavedBridge) -> DiffusionBridge:
    from repscope.transform.diffusion.bridge import DiffusionBridge

    bridge = kept.load()
    if not isinstance(bridge, DiffusionBridge):
        raise InputError(
            f"a diffusion bridge as {kept.name!r}",
            kept.method,
            "export one of: --method ddpm --param denoiser=unet1d",
        )
    return bridge


def _weights(text: str) -> Weights:
    if text == "ema":
        return "ema"
    if text == "raw":
        return "raw"
    raise UnknownNameError("weights: ema or raw", repr(text), "choose one of them")


def _mean(study: Study, given: str) -> NDArray[np.float64]:
    """[D] the mean of a set's unit rows, or what a mean file holds."""
    from repscope.transform.older.means import read_mean

    return mean_of_units(study.open_sets([given])[given]) if given in study else read_mean(given).mean


def mean_of_units(one: EmbeddingSet) -> NDArray[np.float64]:
    """[D] mean of the unit rows of a set.

    Raises:
        VectorError: zero rows.
    """
    total = np.zeros(one.d)
    for block in one.blocks():
        lengths = np.linalg.norm(block.astype(np.float64), axis=1, keepdims=True)
        if not lengths.all():
            raise VectorError(
                f"rows with a direction in set {one.name!r}",
                "zero rows",
                "import without them: --drop-invalid",
            )
        total += (block / lengths).sum(axis=0)
    mean: NDArray[np.float64] = total / one.n
    return mean
