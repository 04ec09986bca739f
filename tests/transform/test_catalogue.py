"""The registry: light, complete, and true of the classes."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.base import clone

import repscope
from repscope.errors import UnknownNameError
from repscope.transform import bridges
from repscope.transform.bridges import get
from repscope.transform.catalogue import method, methods

NAMES = [
    "normalise",
    "identity",
    "mean-shift",
    "hub-shift",
    "coral",
    "whitening",
    "gaussian-ot",
    "procrustes",
    "ridge",
    "residual-ridge",
    "cca",
    "contrastive",
    "regression-mlp",
    "flow",
    "brownian",
    "ddpm",
    "kmeans",
    "vq",
    "fsq",
    "lfq",
    "rvq",
]


def test_all_methods_are_there() -> None:
    assert [one.name for one in methods()] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_cards_are_true_of_their_classes(name: str) -> None:
    card, cls = method(name), get(name)
    assert cls.__name__ == card.class_name
    assert (cls.name, cls.learns_from, cls.invertible) == (card.name, card.learns_from, card.invertible)
    assert cls().paper == card.paper
    assert card.when.endswith(".")
    assert card.cost
    assert json.loads(json.dumps(card.to_json()))["home"] == card.home


@pytest.mark.parametrize("name", NAMES)
def test_every_class_is_in_the_namespace(name: str) -> None:
    assert getattr(bridges, method(name).class_name) is get(name)
    assert method(name).class_name in dir(bridges)


@pytest.mark.parametrize("name", NAMES)
def test_every_class_keeps_scikit_learns_convention_of_parameters(name: str) -> None:
    """Its arguments are those in the signature, stored as given; a clone has them and no more."""
    bridge = get(name)()
    params = bridge.get_params()
    assert set(params) == set(inspect.signature(type(bridge)).parameters)
    changed = type(bridge)(**{key: params[key] for key in params})
    copy = clone(changed)
    assert type(copy) is type(bridge)
    assert copy.get_params() == params
    assert vars(copy) == params
    assert copy != changed


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="choose one of gaussian-ot"):
        get("gaussian-to")
    with pytest.raises(UnknownNameError, match="repscope bridge methods"):
        method("qqqqqq")
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = bridges.Nothing


def test_the_registry_is_light() -> None:
    script = (
        "import sys, repscope as rs; rs.bridges.methods(); rs.bridges.method('ridge').to_json();"
        "print(sorted({'torch', 'sklearn', 'scipy', 'numpy'} & set(sys.modules)))"
    )
    source = str(Path(repscope.__file__).parents[1])
    ran = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": source}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
