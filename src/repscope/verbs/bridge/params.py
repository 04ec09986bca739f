"""Bridges from their name and parameters."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from repscope.errors import UnknownNameError
from repscope.transform.bridges import get

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

SEED = "random_state"
"""The parameter of scikit-learn's convention that a seed goes to."""


def make_bridge(method: str, params: Mapping[str, Any] | None = None, *, seed: int = 0) -> Bridge:
    """An unfitted bridge.

    Args:
        method: name in the catalogue.
        params: its parameters; others keep their defaults.
        seed: of a method that draws at random, unless ``params`` says otherwise.

    Raises:
        UnknownNameError: no such method or parameter.
        DependencyError: the method needs a package that is not installed.
        InputError: a value that the method refuses at once.
    """
    found = get(method)
    known = found._get_param_names()
    given = dict(params or {})
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known
            raise UnknownNameError(
                f"a parameter of {method}",
                repr(name),
                f"choose one of {', '.join(near)}" if near else f"leave it out; {method} has none",
            )
    if SEED in known:
        given.setdefault(SEED, seed)
    return found(**given)


def parameters_of(method: str) -> dict[str, Any]:
    """The parameters of a method with their defaults, as JSON values where they have one."""
    bridge = get(method)()
    defaults: dict[str, Any] = bridge.get_params(deep=False)
    return {name: value if _is_plain(value) else repr(value) for name, value in defaults.items()}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)
