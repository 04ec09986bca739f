"""Bridges on disk: a folder with ``config.json`` and ``model.safetensors``, and nothing that runs.

The config names the method and the checksum of the weights, so that a file that was cut short, or
comes from another save, is found out. Only names in the catalogue are read.

A bridge that replaces another has weights under a name of their own, ``model-DIGEST.safetensors`` with the
first 12 digits of their checksum, and its config says so (``weights_file``). Both weights lie side by side
until the one step that replaces the config: that is the moment at which the folder holds another bridge.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import ExistsError, FormatError, InputError, MissingError, RepscopeError
from repscope.study.locks import WriterLock, one_at_a_time
from repscope.study.provenance import version
from repscope.study.storage import (
    TEMPORARY,
    make_folder,
    read_bytes,
    storage_errors,
    sync_folder,
    write_bytes,
)
from repscope.transform.catalogue import methods

SCHEMA = "repscope.bridge/1"
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
"""Name of the weights where the config gives none, as in every folder that was written once."""

_NAMES = re.compile(r"model(-[0-9a-f]{12})?\.safetensors")
_UNFINISHED = re.compile(rf"\.(config\.json|\.writer\.lock|{_NAMES.pattern})\.\d+{re.escape(TEMPORARY)}")
_PARAMETER = "parameter:"
_LONGEST_CONFIG = 4 * 2**20


@dataclass(frozen=True, eq=False)
class Saved:
    """A fitted bridge as plain values.

    Attributes:
        method: in the catalogue.
        params: its constructor's arguments: JSON values and arrays (after reading, lists for tuples).
        arrays: what it learnt.
        width_in, width_out: of the rows.
        warnings: why the fit should not be trusted.
        provenance: what it was fitted on, as JSON values.
    """

    method: str
    params: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    width_in: int
    width_out: int
    warnings: tuple[str, ...]
    provenance: dict[str, Any]


def save(saved: Saved, path: Path) -> Path:
    """Write a fitted bridge into the folder ``path``.

    A new folder appears complete or not at all. A folder that holds a bridge already holds the old one or
    the new one, whole, at every moment; other files stay.

    Raises:
        ExistsError: the folder holds another program's config.json.
        InputError: a parameter cannot be written as JSON.
        StudyError: another process is saving into the folder.
        StorageError: the disk refuses; what was there before is there still.
    """
    from safetensors.numpy import save as to_safetensors

    arrays = {name: np.ascontiguousarray(value) for name, value in saved.arrays.items()}
    params = {name: _encode(value, name, arrays) for name, value in saved.params.items()}
    # One entry only: safetensors writes several in no fixed order, and equal bridges would differ.
    weights = to_safetensors(arrays, metadata={"schema": SCHEMA})
    config = {
        "schema": SCHEMA,
        "method": saved.method,
        "params": params,
        "n_features_in": saved.width_in,
        "n_features_out": saved.width_out,
        "version": version(),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "warnings": list(saved.warnings),
        "provenance": saved.provenance,
    }
    text = _as_text(config)
    if not path.exists():
        make_folder(path.parent)
        with one_at_a_time(path.with_name(f".{path.name}.lock")):
            # Another may have saved it while this one waited.
            if not path.exists():
                _create(path, text, weights)
                return path
    _replace(path, config, weights)
    return path


def _create(path: Path, text: bytes, weights: bytes) -> None:
    """Write a bridge into a new folder, which appears whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")
    with storage_errors(path):
        for left in path.parent.glob(f".{glob.escape(path.name)}.*{TEMPORARY}"):
            shutil.rmtree(left, ignore_errors=True)
        try:
            temporary.mkdir()
            write_bytes(temporary / WEIGHTS, weights)
            write_bytes(temporary / CONFIG, text)
            temporary.rename(path)
        except BaseException:
            with contextlib.suppress(OSError):
                shutil.rmtree(temporary)
            raise
        sync_folder(path.parent)


def _as_text(config: dict[str, Any]) -> bytes:
    return json.dumps(config, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _replace(path: Path, config: dict[str, Any], weights: bytes) -> None:
    """Write a bridge into a folder that is there, beside the one that it may hold."""
    _refuse_foreign(path)
    lock = WriterLock(path)
    try:
        old = _refuse_foreign(path)
        digest = config["weights_sha256"]
        name = WEIGHTS if old is None else f"model-{digest[:12]}.safetensors"
        if old is not None and old.get("weights_sha256") == digest:
            # The same weights; writing them again harms nobody, and mends a file that was damaged.
            name = _weights_of(old)
        text = _as_text(config if name == WEIGHTS else {**config, "weights_file": name})
        write_bytes(path / name, weights)
        with lock.held():
            write_bytes(path / CONFIG, text)
    finally:
        # After a failure as well: whichever bridge the folder now holds, the other's weights go.
        with contextlib.suppress(OSError, RepscopeError), lock.held():
            _tidy(path)
        lock.release()


def _tidy(path: Path) -> None:
    """Remove weights that the config does not name, and files that a killed writer left half written."""
    kept = _weights_of(read_config(path))
    for file in path.iterdir():
        other = _NAMES.fullmatch(file.name) and file.name != kept
        if other or _UNFINISHED.fullmatch(file.name):
            # Where a file that somebody reads cannot be removed (Windows), a later save removes it.
            with contextlib.suppress(PermissionError):
                file.unlink()


def read(path: Path) -> Saved:
    """Read what :func:`save` wrote.

    Raises:
        MissingError: no such folder, or a file of it is missing.
        FormatError: another program's file, truncated or altered.
    """
    config, arrays = _read_settled(path)
    names = [name for name in arrays if name.startswith(_PARAMETER)]
    parameters = {name.removeprefix(_PARAMETER): arrays.pop(name) for name in names}
    return Saved(
        method=config["method"],
        params={**config["params"], **parameters},
        arrays=arrays,
        width_in=config["n_features_in"],
        width_out=config["n_features_out"],
        warnings=tuple(str(text) for text in config.get("warnings", ())),
        provenance=dict(config.get("provenance") or {}),
    )


def read_config(path: Path) -> dict[str, Any]:
    """The checked config of a saved bridge; its class is not loaded.

    Raises:
        MissingError, FormatError: as :func:`read`.
    """
    content = _read(path, CONFIG)
    if len(content) > _LONGEST_CONFIG:
        raise not_ours(path, f"a {CONFIG} of {len(content):,} bytes")
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise not_ours(path, f"a {CONFIG} that is not whole JSON ({str(error)[:100]})") from error
    if not isinstance(config, dict) or config.get("schema") != SCHEMA:
        schema = config.get("schema") if isinstance(config, dict) else type(config).__name__
        raise not_ours(path, f"a {CONFIG} of another program or version (schema {schema!r})")
    known = [info.name for info in methods()]
    if config.get("method") not in known:
        raise not_ours(path, f"the method {config.get('method')!r}, which this version does not have")
    widths = [config.get("n_features_in"), config.get("n_features_out")]
    if not isinstance(config.get("params"), dict) or not all(type(d) is int and d > 0 for d in widths):
        raise not_ours(path, f"a {CONFIG} without parameters or widths")
    if not isinstance(_weights_of(config), str) or not _NAMES.fullmatch(_weights_of(config)):
        raise not_ours(path, f"weights in a file {str(_weights_of(config))[:100]!r}")
    return config


def _weights_of(config: dict[str, Any]) -> str:
    """Name of the file of weights that a checked config goes with."""
    name: str = config.get("weights_file", WEIGHTS)
    return name


def _read_settled(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Config and weights of one save: where the bridge was replaced between the two, of the new one."""
    config = read_config(path)
    while True:
        try:
            return config, _read_weights(path, config)
        except (MissingError, FormatError):
            again = read_config(path)
            if again == config:
                raise
            config = again


def _read_weights(path: Path, config: dict[str, Any]) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_safetensors

    name = _weights_of(config)
    content = _read(path, name)
    if hashlib.sha256(content).hexdigest() != config.get("weights_sha256"):
        raise FormatError(
            f"the weights in {path} that its {CONFIG} was written with",
            f"{len(content):,} other bytes in {name}",
            "copy the whole folder again, or fit again",
        )
    try:
        arrays: dict[str, NDArray[Any]] = from_safetensors(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise not_ours(path, f"{name} that is damaged ({str(error)[:100]})") from error
    return arrays


def _read(path: Path, name: str) -> bytes:
    content = read_bytes(path / name) if path.is_dir() else None
    if content is None:
        raise MissingError(
            f"a saved bridge in {path} ({CONFIG} and {WEIGHTS})",
            f"no {name}" if path.is_dir() else "no such folder",
            "give the folder that save_pretrained or repscope bridge fit wrote",
        )
    return content


def _refuse_foreign(path: Path) -> dict[str, Any] | None:
    """The config of the bridge that a folder holds; None where it holds no config at all."""
    content = read_bytes(path / CONFIG) if path.is_dir() else b""
    if content is None:
        return None
    if path.is_dir():
        with contextlib.suppress(FormatError):
            return read_config(path)
    raise ExistsError(
        f"a new folder, or one that holds a bridge, as {path}",
        f"a folder with another program's {CONFIG}" if path.is_dir() else "a file",
        "choose another folder",
    )


def _encode(value: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """A parameter as JSON; an array goes to the weights, under a name that :func:`read` knows."""
    if isinstance(value, np.ndarray) and "." not in name:
        arrays[f"{_PARAMETER}{name}"] = np.ascontiguousarray(value)
        return None
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, list | tuple):
        return [_encode(part, f"{name}.{number}", arrays) for number, part in enumerate(value)]
    if isinstance(value, dict):
        return {str(key): _encode(part, f"{name}.{key}", arrays) for key, part in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise InputError(
        f"a parameter {name!r} that can be written as JSON",
        type(value).__name__,
        "give numbers, text or lists",
    )


def not_ours(path: Path, got: str) -> FormatError:
    """The refusal of a folder that holds something else than a whole bridge."""
    return FormatError(
        f"a bridge that Repscope saved in {path}", got, "fit it again, or give the folder of a saved bridge"
    )
