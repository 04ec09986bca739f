"""What every record says about where it was made."""

from __future__ import annotations

import datetime
import math
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from repscope.errors import InputError

ENVIRONMENT = ("versions", "platform", "time", "command")
"""Keys that say where and when a record was made; a set made from another has its own."""


def describe_environment(*packages: str) -> dict[str, Any]:
    """Versions, platform, time and command, as JSON values.

    Args:
        packages: further distributions whose versions matter (for example "torch").
    """
    versions = {"python": platform.python_version(), "repscope": version()}
    for package in ("numpy", "pyarrow", *packages):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "versions": versions,
        "platform": f"{platform.system()} {platform.machine()}",
        "time": now(),
        "command": command(),
    }


def version() -> str:
    """Version of repscope that runs."""
    # Not an import statement: the package's front page stands above all rooms.
    return str(sys.modules["repscope"].__version__)


def now() -> str:
    """The time in UTC, to the second; ``SOURCE_DATE_EPOCH`` fixes it for reproducible output.

    Raises:
        InputError: ``SOURCE_DATE_EPOCH`` is not a number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = (
            datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
            if epoch
            else datetime.datetime.now(datetime.UTC)
        )
    except (ValueError, OverflowError, OSError) as error:
        raise InputError("seconds since 1970 in SOURCE_DATE_EPOCH", repr(epoch), "unset it") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def command() -> str:
    """The command line that runs, as a shell would take it."""
    called = Path(sys.argv[0]) if sys.argv else Path()
    name = called.name or "python"
    if name == "__main__.py":
        name = f"python -m {called.parent.name}"
        return " ".join([name, *map(shlex.quote, sys.argv[1:])])
    return shlex.join([name, *sys.argv[1:]])


def as_json(value: Any, where: str) -> Any:
    """``value`` as JSON values: paths and numpy scalars become plain ones, undefined numbers null.

    Characters that UTF-8 cannot hold (file names of another encoding) are escaped.

    Raises:
        InputError: something in it has no JSON form; ``where`` and its key are named.
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    plain = _plain(value)
    if plain is not None or value is None or isinstance(value, float):
        return plain
    if isinstance(value, Mapping):
        return {_plain(str(key)): as_json(inner, f"{where}, {key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(inner, where) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted((as_json(inner, where) for inner in value), key=repr)
    raise InputError(
        f"JSON values in the {where}", f"a {type(value).__name__}", "describe it with strings and numbers"
    )


def _plain(value: Any) -> str | bool | int | float | None:
    if isinstance(value, datetime.date | datetime.time):
        value = value.isoformat()
    if isinstance(value, str | PurePath):
        return str(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float) else None


def derived(provenance: Mapping[str, Any], name: str, fingerprint: str) -> dict[str, Any]:
    """Provenance of a set made from the one given: what it says of the origin, and the parent."""
    kept = {key: value for key, value in provenance.items() if key not in ENVIRONMENT}
    return {**kept, "parents": [{"name": name, "fingerprint": fingerprint}]}
