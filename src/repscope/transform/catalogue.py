"""Every bridge's card: where its class is, what it learns from, what it costs, when to choose it."""

from __future__ import annotations

import difflib
import importlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from repscope.errors import UnknownNameError

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

LearnsFrom = Literal["nothing", "source", "target", "unpaired", "paired"]
"""The rows that a method needs: none, those moved, those moved towards, both, or pairs of them."""


@dataclass(frozen=True)
class Method:
    """What a bridge is, apart from its code.

    Attributes:
        name: on the command line and in files, such as "gaussian-ot".
        home: "module:Class"; loaded when first used.
        learns_from: the rows that it needs.
        by_class: works when the reference has one row for each class instead of one for each item.
        invertible: rows can be moved back.
        cost: of the fit and of one row, in words (N rows, width D).
        when: one sentence on when to choose it.
        paper: citation, or "" for textbook methods.
    """

    name: str
    home: str
    learns_from: LearnsFrom
    by_class: bool
    invertible: bool
    cost: str
    when: str
    paper: str = ""

    @property
    def class_name(self) -> str:
        """Name of the class in :mod:`repscope.transform.bridges`."""
        return self.home.partition(":")[2]

    def load(self) -> type[Bridge]:
        """The class itself; its module is imported now."""
        module, _, name = self.home.partition(":")
        found: type[Bridge] = getattr(importlib.import_module(module), name)
        return found

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def methods() -> tuple[Method, ...]:
    """All bridges, the cheap and exact ones first."""
    from repscope.transform.methods import METHODS

    return METHODS


def method(name: str) -> Method:
    """The card of one bridge.

    Raises:
        UnknownNameError: no bridge has this name; the nearest names are listed.
    """
    cards = {one.name: one for one in methods()}
    if name not in cards:
        near = difflib.get_close_matches(str(name), cards, n=3, cutoff=0.3)
        raise UnknownNameError(
            "the name of a bridge",
            repr(name),
            f"choose one of {', '.join(near)}" if near else "list them with: repscope bridge methods",
        )
    return cards[name]


def get(name: str) -> type[Bridge]:
    """The class of one bridge.

    Raises:
        UnknownNameError: as :func:`method`.
    """
    return method(name).load()
