"""Tensors on disk: safetensors, and torch's .pt/.pth, of which nothing is executed."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from repscope.errors import FormatError, first_line
from repscope.formats.arrays.null_masks import own_columns
from repscope.formats.arrays.write import METADATA
from repscope.formats.checkpoints import refuse_checkpoint
from repscope.formats.incoming import Incoming, ReadOptions, choose
from repscope.formats.objects import from_arrays, sets_from
from repscope.formats.pickles.torch_archive import load_torch
from repscope.formats.trust import read_or_trust
from repscope.study.storage import storage_errors

_LONG_HEADER = 1 << 22
"""A header may be larger than its tensors up to so many bytes; a million empty tensors take minutes."""


def check_safetensors(path: Path) -> None:
    """Refuse a safetensors file whose header does not fit to its size, at once.

    Raises:
        FormatError: it does not, or is no header.
    """
    try:
        _safetensors_header(path)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, error) from error


def read_safetensors(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """One set for each floating 2-D tensor, under its own name when there are several.

    Raises:
        FormatError: the file is damaged, or holds a model's weights.
    """
    from safetensors import SafetensorError, safe_open

    try:
        ranks, metadata, numpy_knows = _safetensors_header(path)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, error) from error
    if not options.vectors and METADATA not in metadata:
        refuse_checkpoint(ranks, str(path))
    chosen = [choose(key, ranks, "--vectors", str(path)) for key in options.vector_keys]
    wanted = [name for name, rank in ranks.items() if not chosen or name in chosen or rank == 1]
    try:
        with safe_open(path, framework="numpy" if numpy_knows else "pt") as file:
            tensors = {name: file.get_tensor(name) for name in wanted}
    except (SafetensorError, ValueError, OSError) as error:
        raise _damaged(path, error) from error
    columns = own_columns(metadata, tensors, str(path))
    metadata.pop(METADATA, None)
    sets = from_arrays({**metadata, **tensors}, stem, str(path), options, several=True)
    return [replace(incoming, columns={**columns, **incoming.columns}) for incoming in sets]


def _safetensors_header(path: Path) -> tuple[dict[str, int], dict[str, str], bool]:
    """Dimensions of each tensor by name, the file's own metadata, and whether numpy knows every type."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        data = path.stat().st_size - 8 - length
        if data < 0:
            raise ValueError(f"a header of {length:,} bytes, more than there are")
        if length > max(_LONG_HEADER, data):
            raise ValueError(f"a header of {length:,} bytes for {data:,} bytes of tensors")
        header: dict[str, Any] = json.loads(file.read(length))
    metadata = header.pop("__metadata__", None) or {}
    types = {entry["dtype"] for entry in header.values()}
    known = {"F16", "F32", "F64", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL"}
    ranks = {name: len(entry["shape"]) for name, entry in header.items()}
    # bfloat16 and float8 are read through torch.
    return ranks, {key: str(value) for key, value in metadata.items() if key not in header}, types <= known


def _damaged(path: Path, error: Exception) -> FormatError:
    return FormatError(f"whole safetensors in {path}", first_line(error), "copy or write the file again")


def read_torch(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """The sets of a .pt file: a tensor, or a dictionary of tensors and lists.

    Raises:
        UnsafePickleError: it asks for code or for a class.
        FormatError: it is damaged, a TorchScript program, or a checkpoint.
    """
    source = str(path)
    value = read_or_trust(lambda: read_torch_weights_only(path), lambda: _load_trusted(path), source, options)
    return sets_from(value, stem, source, options)


def read_torch_weights_only(path: Path, *, inert: bool = False) -> Any:
    """What a torch file holds, on the CPU: tensors, arrays and plain containers. Nothing is executed.

    Args:
        path: of the file.
        inert: objects of unknown classes beside the tensors become
            :class:`repscope.formats.pickles.machine.Foreign` instead of a refusal.

    Raises:
        UnsafePickleError: it asks for code, or, unless ``inert``, for a class.
        FormatError: it is damaged, a TorchScript program, or no torch file.
        StorageError: it may not be read.
    """
    with storage_errors(path, "read"):
        path.open("rb").close()
    return load_torch(path, inert=inert)


def _load_trusted(path: Path) -> Any:
    import torch

    with warnings.catch_warnings():
        # On strange pickles torch speaks to its own developers.
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=False)
