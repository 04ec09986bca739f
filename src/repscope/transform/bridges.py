"""The bridges by name: ``rs.bridges.Ridge``, ``rs.bridges.get("ridge")``, ``rs.bridges.load(path)``.

Classes are loaded when they are first used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from repscope.transform.catalogue import MethodInfo, method, methods

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

__all__ = ["MethodInfo", "get", "load", "method", "methods"]


def get(name: str) -> type[Bridge]:
    """The class of one bridge.

    Raises:
        UnknownNameError: as :func:`method`.
    """
    return method(name).load()


def load(path: str | Path) -> Bridge:
    """Any saved bridge; its class follows from its file.

    Args:
        path: folder that ``save_pretrained`` wrote.

    Raises:
        MissingError: no such folder or file.
        FormatError: not a bridge, truncated, or of a method that this version does not have.
    """
    from repscope.transform.base import Bridge

    return Bridge.from_pretrained(path)


def __getattr__(name: str) -> object:
    for info in methods():
        if info.class_name == name:
            value = info.load()
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *(info.class_name for info in methods())])
