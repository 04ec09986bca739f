"""The bridges by name: ``rs.bridges.Ridge``, ``rs.bridges.get("ridge")``, ``rs.bridges.load(path)``.

Classes are loaded when they are first used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repscope.transform.catalogue import Method, get, method, methods

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

__all__ = ["Method", "get", "load", "method", "methods"]


def load(path: str | Path) -> Bridge:
    """Any saved bridge; its class follows from its file.

    Args:
        path: folder that ``save_pretrained`` wrote.

    Raises:
        MissingError: no such folder or file.
        FormatError: not a bridge, truncated, or of a method that this version does not have.
    """
    from repscope.transform.files import load as load_bridge

    return load_bridge(Path(path))


def __getattr__(name: str) -> object:
    for one in methods():
        if one.class_name == name:
            value = one.load()
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *(one.class_name for one in methods())])
