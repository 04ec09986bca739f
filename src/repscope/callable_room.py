"""Rooms that share their name with their verb: ``rs.extract`` is the package, and can be called."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class CallableRoom(ModuleType):
    """A package that, called, runs the function of its own name.

    ``import repscope.extract`` binds the package to ``repscope.extract``, over the function of that
    name; with this, both spellings do what a reader expects.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function that the package is named after."""
        return getattr(self, self.__name__.rpartition(".")[2])(*args, **kwargs)


def make_callable(name: str) -> None:
    """Let the imported package ``name`` be called."""
    sys.modules[name].__class__ = CallableRoom
