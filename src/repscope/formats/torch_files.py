"""Tensors on disk: safetensors, and torch's .pt/.pth with ``weights_only``."""

from __future__ import annotations

import json
import pickle
import re
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from repscope.errors import FormatError, UnsafePickleError, first_line
from repscope.formats.arrays.null_masks import own_columns
from repscope.formats.arrays.write import METADATA
from repscope.formats.checkpoints import refuse_checkpoint
from repscope.formats.incoming import Incoming, ReadOptions, choose
from repscope.formats.objects import from_arrays, sets_from
from repscope.formats.trust import read_or_trust
from repscope.study.storage import storage_errors

_NAMED = re.compile(r"GLOBAL ([\w.]+)")


def read_safetensors(path: Path, stem: str, options: ReadOptions) -> list[Incoming]:
    """One set for each floating 2-D tensor, under its own name when there are several.

    Raises:
        FormatError: the file is damaged, or holds a model's weights.
    """
    from safetensors import SafetensorError, safe_open

    try:
        ranks, metadata, numpy_knows = _safetensors_header(path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
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
        if length > path.stat().st_size - 8:
            raise ValueError(f"a header of {length:,} bytes, more than there are")
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
        UnsafePickleError: it needs a class that ``weights_only`` refuses.
        FormatError: it is damaged, a TorchScript program, or a checkpoint.
    """
    source = str(path)
    value = read_or_trust(
        lambda: read_torch_weights_only(path), lambda: _load(path, weights_only=False), source, options
    )
    return sets_from(value, stem, source, options)


def read_torch_weights_only(path: Path) -> Any:
    """What a torch file holds, on the CPU: tensors, arrays and plain containers. Nothing is executed.

    Raises:
        UnsafePickleError: it needs a class that ``weights_only`` refuses.
        FormatError: it is damaged, a TorchScript program, or no torch file.
        StorageError: it may not be read.
    """
    with storage_errors(path, "read"):
        path.open("rb").close()
    try:
        return _load(path, weights_only=True)
    except pickle.UnpicklingError as error:
        if named := _NAMED.search(str(error)):
            raise UnsafePickleError(
                f"only tensors and plain containers in {path}",
                f"a request for {named[1]} (refused, nothing was executed)",
                "in the code that made it, save the tensors alone (model.state_dict() of a model) with "
                "torch.save or safetensors",
            ) from None
        raise FormatError(
            f"a torch file of tensors in {path}",
            _reason(str(error)),
            "check what the file is, or write it again with torch.save",
        ) from None
    except Exception as error:
        # torch raises RuntimeError, ValueError, EOFError, KeyError, AssertionError, … for damaged files.
        raise FormatError(
            f"a whole torch file in {path}", first_line(error), "check what the file is, or copy it again"
        ) from error


def _load(path: Path, *, weights_only: bool) -> Any:
    import torch

    # Only zip files can be mapped; legacy ones are read.
    mapped = zipfile.is_zipfile(path)
    with warnings.catch_warnings(), torch.serialization.safe_globals(_numpy_globals()):
        # On strange pickles torch speaks to its own developers.
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=weights_only, mmap=mapped)


def _numpy_globals() -> list[Any]:
    """What torch must additionally allow for arrays beside tensors: numpy's own, and latin-1."""
    from numpy._core import multiarray

    from repscope.formats.pickles.load import encode_latin1

    names: list[Any] = [np.ndarray, np.dtype, (encode_latin1, "_codecs.encode")]
    names += [type(np.dtype(kind)) for kind in "?bBhHiIlLqQefdSUO"]
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        names += [
            (multiarray._reconstruct, f"{module}._reconstruct"),
            (multiarray.scalar, f"{module}.scalar"),
        ]
    return names


def _reason(message: str) -> str:
    """The line of torch's long advice that says what it met."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("Unsupported", "Trying", "Invalid"))), lines[0])[
        :200
    ]
