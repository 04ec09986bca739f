"""The mean files of the older systems, read without running their code, and written so that they load there.

==========================================  =====================================================
``hoi_text_mean_*.pkl``                     {text_mean [D], num_classes, scale_factor, clip_model, source, …}
``hoi_text_mean_*.pkl``, ``*.pt``           a bare [1, D] or [D] array or tensor
``normalized_{text,image}_embed_mean.pkl``  a bare [1, D] array
``*.safetensors``, ``*.json``               ours: one array ``mean``
==========================================  =====================================================
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from repscope.errors import FormatError, InputError, MissingError, VectorError
from repscope.formats.pickles.load import load_pickle
from repscope.formats.plain import as_json
from repscope.formats.torch_files import read_torch_weights_only
from repscope.measure.core.arrays import Float64
from repscope.study.storage import storage_errors, write_bytes

SUFFIXES = (".pkl", ".pt", ".safetensors", ".json")
_KEYS = ("text_mean", "image_mean", "mean")


@dataclass(frozen=True)
class MeanFile:
    """A mean, and what its file says about it.

    Attributes:
        mean: [D] float64, as it was stored.
        scale: the length that z had, or None where the file does not say.
        about: whatever else the file says, as JSON values.
    """

    mean: Float64
    scale: float | None = None
    about: dict[str, Any] = field(default_factory=dict)


def read_mean(path: str | Path) -> MeanFile:
    """A mean out of any of the files above.

    Raises:
        MissingError: no such file.
        UnsafePickleError: the pickle asks for something other than arrays; nothing was executed.
        FormatError: damaged, of another suffix, or without a mean.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise FormatError(f"a mean file ({', '.join(SUFFIXES)})", path.name, "give one of these")
    if not path.is_file():
        raise MissingError(f"the mean file {path}", "no such file", "check the path")
    with storage_errors(path, "read"):
        value = _READERS[path.suffix](path)
    if not isinstance(value, Mapping):
        return MeanFile(_vector(value, path))
    about = {str(key): one for key, one in value.items()}
    key = next((key for key in _KEYS if key in about), None)
    if key is None:
        raise FormatError(f"one of {', '.join(_KEYS)} in {path}", f"keys {sorted(about)}", "give a mean file")
    mean = _vector(about.pop(key), path)
    scale = about.pop("scale_factor", None)
    return MeanFile(mean, None if scale is None else float(scale), as_json(about))


def write_mean(path: str | Path, mean: ArrayLike, *, scale: float | None = None, **about: Any) -> Path:
    """Write a mean; the suffix says how.

    ``.pkl`` is what EZ-HOI pickles when ``scale`` is given ({text_mean, scale_factor, …}) and a bare [1, D]
    array, as upstream has it, when not; ``.pt`` the same with tensors; ``.safetensors`` and ``.json`` are
    ours. None of them holds code.

    Args:
        path: file to write or replace.
        mean: [D] or [1, D].
        scale: length of z.
        about: num_classes, clip_model, source and the like; numbers and text.

    Raises:
        InputError: another suffix, or ``about`` without ``scale`` in a bare file.
        VectorError: not one finite row.
        StorageError: the disk refuses.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise InputError(f"a suffix of {', '.join(SUFFIXES)}", repr(path.suffix), "choose one of these")
    row = _row(mean)
    bare = scale is None and path.suffix in (".pkl", ".pt")
    if bare and about:
        raise InputError("a scale beside what is said about a mean", "none", "give scale=…")
    notes = {**about, **({} if scale is None else {"scale_factor": float(scale)})}
    write_bytes(path, _WRITERS[path.suffix](row, notes, bare))
    return path


def _row(mean: Any) -> Float64:
    try:
        found = np.asarray(mean.detach().cpu() if hasattr(mean, "detach") else mean, np.float64)
    except (TypeError, ValueError) as error:
        raise VectorError("a mean of numbers", str(error)[:100], "give one row") from error
    if found.ndim == 2 and len(found) == 1:
        found = found[0]
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise VectorError("one finite row [D] or [1, D] as mean", f"shape {found.shape}", "give one row")
    return found


def _vector(value: Any, path: Path) -> Float64:
    try:
        return _row(value)
    except VectorError as error:
        raise FormatError(f"a mean [D] or [1, D] in {path}", error.got, "give a mean file") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FormatError(f"whole JSON in {path}", str(error)[:100], "write it again") from error


def _read_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # not a mapping
            notes = json.loads((file.metadata() or {}).get("about", "{}"))
    except (SafetensorError, ValueError, TypeError, OSError) as error:
        raise FormatError(f"whole safetensors in {path}", str(error)[:100], "write it again") from error
    return {**notes, **arrays}


_READERS = {
    ".pkl": load_pickle,
    ".pt": read_torch_weights_only,
    ".json": _read_json,
    ".safetensors": _read_safetensors,
}


def _pickled(row: Float64, notes: dict[str, Any], bare: bool) -> bytes:
    single = row.astype(np.float32)
    return pickle.dumps(single[None] if bare else {"text_mean": single, **notes}, protocol=4)


def _torch_bytes(row: Float64, notes: dict[str, Any], bare: bool) -> bytes:
    import torch

    single = torch.as_tensor(row, dtype=torch.float32)
    file = io.BytesIO()
    torch.save(single[None] if bare else {"text_mean": single, **notes}, file)
    return file.getvalue()


def _json_bytes(row: Float64, notes: dict[str, Any], bare: bool) -> bytes:
    return json.dumps({"mean": row.tolist(), **notes}, indent=1).encode()


def _safetensors_bytes(row: Float64, notes: dict[str, Any], bare: bool) -> bytes:
    from safetensors.numpy import save

    return save({"mean": row}, metadata={"about": json.dumps(notes)})


_WRITERS = {
    ".pkl": _pickled,
    ".pt": _torch_bytes,
    ".json": _json_bytes,
    ".safetensors": _safetensors_bytes,
}
