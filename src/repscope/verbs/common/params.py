"""``--param NAME=VALUE``: parameters of a method, as they are typed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from repscope.errors import InputError

_WORDS = {"none": None, "null": None, "true": True, "false": False}


def parse_params(texts: Sequence[str]) -> dict[str, Any]:
    """``name=value`` texts as parameters; ``options.patience=5`` sets one key of a parameter.

    A value is a number, ``true``, ``false``, ``none``, a list in brackets, or else text.

    Raises:
        InputError: there is no "=", or a name twice.
    """
    found: dict[str, Any] = {}
    for text in texts:
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


def params_texts(params: Mapping[str, Any], above: str = "") -> list[str]:
    """Parameters as they are typed: what :func:`parse_params` reads."""
    texts = []
    for name, value in params.items():
        if isinstance(value, Mapping):
            texts += params_texts(value, f"{above}{name}.")
        else:
            written = value if isinstance(value, str) else json.dumps(value)
            texts.append(f"{above}{name}={written}")
    return texts


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
