"""Bridges from their name and parameters."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, UnknownNameError
from repscope.transform.bridges import get

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

_ARGUMENT = re.compile(r"    (\w+(?:, \w+)*): (.*)")

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


def with_training(
    method: str, params: Mapping[str, Any] | None, training: Mapping[str, Any]
) -> dict[str, Any]:
    """``params`` with those of the training's options that were given (not None).

    Raises:
        InputError: the method is not trained, or an option is given twice.
    """
    found, chosen = dict(params or {}), {name: value for name, value in training.items() if value is not None}
    if not chosen:
        return found
    flags = ", ".join(f"--{name}" for name in chosen)
    if "options" not in get(method)._get_param_names():
        raise InputError(f"a method that is trained, for {flags}", f"{method}, a closed form", "leave it out")
    options = dict(found.get("options") or {})
    if twice := sorted(set(options) & set(chosen)):
        raise InputError(f"{flags} once", f"{', '.join(twice)} in --param options too", "leave one out")
    return {**found, "options": {**options, **chosen}}


def explanations_of(method: str) -> dict[str, str]:
    """What each parameter of a method means: the ``Args`` of its class and of those it is made from."""
    found: dict[str, str] = {}
    for one in reversed(get(method).__mro__):
        _, _, rest = inspect.cleandoc(one.__doc__ or "").partition("\nArgs:\n")
        names: list[str] = []
        for line in rest.splitlines():
            if line and not line.startswith(" "):
                break
            if entry := _ARGUMENT.match(line):
                names = [name.strip() for name in entry[1].split(",")]
                found |= dict.fromkeys(names, entry[2])
            else:
                found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
    return found


def parameters_of(method: str) -> dict[str, Any]:
    """The parameters of a method with their defaults, as JSON values where they have one."""
    bridge = get(method)()
    defaults: dict[str, Any] = bridge.get_params(deep=False)
    return {name: value if _is_plain(value) else repr(value) for name, value in defaults.items()}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)
