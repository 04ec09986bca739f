"""Parameters as they are typed."""

from __future__ import annotations

import pytest

from repscope.errors import InputError
from repscope.transform.catalogue import methods
from repscope.verbs.bridge.options import parse_method_params
from repscope.verbs.bridge.params import explanations_of, make_bridge, parameters_of, with_training
from repscope.verbs.common.params import params_texts, parse_params


def test_parameters_as_they_are_typed():
    assert parse_params(["a=1", "b=.5", "c=none", "d=[1,2]", "e-f=word", "g=true", "options.patience=5"]) == {
        "a": 1, "b": 0.5, "c": None, "d": [1, 2], "e_f": "word", "g": True, "options": {"patience": 5},
    }  # fmt: skip
    assert parse_method_params(["ridge.penalty=2"]) == {"ridge": {"penalty": 2}}
    given = {"a": 1, "b": 0.5, "c": None, "d": [1, 2], "e": "word", "options": {"patience": 5, "amp": "no"}}
    assert parse_params(params_texts(given)) == given
    for text in ("penalty", "=1", "a.=1"):
        with pytest.raises(InputError, match="NAME=VALUE"):
            parse_params([text])
    with pytest.raises(InputError, match="twice"):
        parse_params(["a=1", "a=2"])
    with pytest.raises(InputError, match=r"METHOD\.NAME"):
        parse_method_params(["penalty=2"])


def test_options_of_a_training_go_where_the_trainer_reads_them():
    given = with_training(
        "contrastive", {"steps": 5, "options": {"keep": 2}}, {"amp": "bf16", "device": None}
    )
    assert given == {"steps": 5, "options": {"keep": 2, "amp": "bf16"}}
    assert make_bridge("contrastive", given).train_options().amp == "bf16"
    assert with_training("ridge", {"penalty": 1.0}, {"amp": None}) == {"penalty": 1.0}
    with pytest.raises(InputError, match="a method that is trained, for --patience"):
        with_training("ridge", None, {"patience": 3})
    with pytest.raises(InputError, match="once"):
        with_training("flow", {"options": {"amp": "no"}}, {"amp": "bf16"})


@pytest.mark.parametrize("method", [info.name for info in methods()])
def test_every_parameter_is_explained(method):
    explained = explanations_of(method)
    assert set(parameters_of(method)) <= set(explained)
    assert all(explained.values())
    if method == "ddpm":
        assert explained["attn_heads"] == explained["attn_dim_head"]
        assert explained["entry_time"].startswith("t*, from 1 to T.")
