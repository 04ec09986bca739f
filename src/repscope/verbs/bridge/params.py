"""Parameters of a bridge as a person types them: ``--param alpha=0.1``."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, UnknownNameError
from repscope.transform.bridges import get
from repscope.transform.catalogue import method as find_method
from repscope.transform.catalogue import methods

if TYPE_CHECKING:
    from repscope.transform.base import Bridge

SEED = "random_state"
"""The parameter of scikit-learn's convention that a seed goes to."""

_WORDS = {"none": None, "null": None, "true": True, "false": False}


def parse_params(texts: Sequence[str] | None) -> dict[str, Any]:
    """``name=value`` texts as parameters; ``options.patience=5`` sets one key of a parameter.

    A value is a number, ``true``, ``false``, ``none``, a list in brackets, or else text.

    Raises:
        InputError: there is no "=", or a name twice.
    """
    found: dict[str, Any] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        *above, last = name.strip().replace("-", "_").split(".")
        if not equals or not all((*above, last)):
            raise InputError("--param NAME=VALUE", repr(text), "write --param penalty=0.1")
        place = found
        for one in above:
            place = place.setdefault(one, {})
            if not isinstance(place, dict):
                raise InputError(f"one value for {one!r}", repr(text), "give its keys, or the whole of it")
        if last in place:
            raise InputError("--param NAME=VALUE, each name once", f"{name.strip()!r} twice", "leave one out")
        place[last] = _value(value.strip())
    return found


def params_by_method(texts: Sequence[str] | None, methods: Sequence[str]) -> dict[str, dict[str, Any]]:
    """``METHOD.NAME=VALUE`` texts as parameters of several methods.

    Raises:
        InputError: a text that does not begin with one of ``methods``.
    """
    found: dict[str, list[str]] = {}
    for text in texts or ():
        name, dot, rest = text.partition(".")
        if not dot or name not in methods or "=" not in rest:
            raise InputError(
                "--param METHOD.NAME=VALUE, of a method in --methods",
                repr(text),
                f"begin it with one of {', '.join(methods)}" if methods else "name methods with --methods",
            )
        found.setdefault(name, []).append(rest)
    return {name: parse_params(rest) for name, rest in found.items()}


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


def chosen_methods(text: str | None) -> tuple[tuple[str, ...], bool]:
    """Names of ``--methods``, and whether they are simply all of them.

    Raises:
        UnknownNameError: one of them is not in the catalogue.
    """
    if text is None:
        return (), False
    if text.strip() == "all":
        return tuple(one.name for one in methods()), True
    names = [name.strip() for name in text.split(",") if name.strip()]
    return tuple(dict.fromkeys(find_method(name).name for name in names)), False


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        # Forms that JSON lacks and people write: .5, 1_000, 1e-3.
        return float(text)
    except ValueError:
        return text


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)
