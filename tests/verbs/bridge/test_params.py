"""Parameters as they are typed."""

from __future__ import annotations

import pytest

from repscope.errors import (
    InputError,
)
from repscope.verbs.bridge.options import parse_method_params, parse_params


def test_parameters_as_they_are_typed():
    assert parse_params(["a=1", "b=.5", "c=none", "d=[1,2]", "e-f=word", "g=true", "options.patience=5"]) == {
        "a": 1, "b": 0.5, "c": None, "d": [1, 2], "e_f": "word", "g": True, "options": {"patience": 5},
    }  # fmt: skip
    assert parse_method_params(["ridge.penalty=2"]) == {"ridge": {"penalty": 2}}
    for text in ("penalty", "=1", "a.=1"):
        with pytest.raises(InputError, match="NAME=VALUE"):
            parse_params([text])
    with pytest.raises(InputError, match="twice"):
        parse_params(["a=1", "a=2"])
    with pytest.raises(InputError, match=r"METHOD\.NAME"):
        parse_method_params(["penalty=2"])
