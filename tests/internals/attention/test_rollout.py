"""Rollout and the measures of heads: closed forms, and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from repscope.errors import InputError
from repscope.internals.attention.measures import attention_distance, attention_entropy, special_share
from repscope.internals.attention.rollout import FUSIONS, rollout


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


WEIGHTS = arrays(np.float64, (3, 2, 2, 5, 5), elements=st.floats(-4, 4)).map(softmax)


def test_identity_attention_flows_nowhere() -> None:
    eye = np.broadcast_to(np.eye(4), (1, 3, 4, 4))
    np.testing.assert_allclose(rollout([eye, eye])[0], np.eye(4))


def test_one_layer_is_half_attention_half_residual() -> None:
    weights = softmax(np.random.default_rng(0).normal(size=(1, 2, 4, 4)))
    np.testing.assert_allclose(rollout([weights])[0], 0.5 * weights[0].mean(axis=0) + 0.5 * np.eye(4))


def test_uniform_attention_halves_what_stays_with_each_layer() -> None:
    uniform = np.full((1, 1, 4, 4), 0.25)
    # (½ I + ½ J/4)^L = 2^-L I + (1 − 2^-L) J/4.
    np.testing.assert_allclose(rollout([uniform] * 3)[0], np.eye(4) / 8 + 7 / 8 / 4)


def test_the_order_of_layers_is_that_of_the_model() -> None:
    """Layer 1 moves token 1 into 0, layer 2 moves 0 into 2: token 2 has of 1, token 1 nothing of 2."""
    first, second = np.eye(3), np.eye(3)
    first[0], second[2] = (0, 1, 0), (1, 0, 0)
    flow = rollout([first[None, None], second[None, None]])[0]
    assert flow[2, 1] == pytest.approx(0.25)
    assert flow[1, 2] == 0


@given(WEIGHTS, st.sampled_from(FUSIONS), st.floats(0, 0.9))
def test_rows_are_shares(layers, fusion, discard) -> None:
    flow = rollout(list(layers), fusion=fusion, discard=discard)
    np.testing.assert_allclose(flow.sum(axis=-1), 1)
    assert (flow >= 0).all()


@given(WEIGHTS, st.permutations(range(2)))
def test_heads_have_no_order(layers, order) -> None:
    np.testing.assert_allclose(rollout(list(layers)), rollout(list(layers[:, :, order])))


def test_discarding_keeps_the_largest() -> None:
    weights = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
    flow = rollout([weights[None, None]], discard=6 / 9)[0]
    np.testing.assert_allclose(flow, np.eye(3))


@pytest.mark.parametrize(
    ("layers", "options", "match"),
    [
        ([], {}, "one shape"),
        ([np.ones((1, 1, 3, 4))], {}, "one shape"),
        ([np.ones((1, 1, 3, 3)), np.ones((1, 1, 4, 4))], {}, "one shape"),
        ([np.ones((1, 1, 3, 3))], {"fusion": "median"}, "mean, max, min"),
        ([np.ones((1, 1, 3, 3))], {"discard": 1.0}, r"\[0, 1\)"),
    ],
)
def test_refused(layers, options, match) -> None:
    with pytest.raises(InputError, match=match):
        rollout(layers, **options)


def test_entropy_of_one_key_and_of_all() -> None:
    one, uniform = np.eye(5)[None, None], np.full((1, 1, 5, 5), 0.2)
    assert attention_entropy(one)[0, 0] == 0
    assert attention_entropy(uniform)[0, 0] == pytest.approx(np.log(5))
    both = np.concatenate([one[:, :, :2], uniform[:, :, :3]], axis=2)
    counted = np.array([[False, False, True, True, True]])
    assert attention_entropy(both, counted)[0, 0] == pytest.approx(np.log(5))


@given(WEIGHTS)
def test_entropy_is_scipys_and_within_bounds(layers) -> None:
    from scipy.stats import entropy

    found = attention_entropy(layers[0])
    np.testing.assert_allclose(found, entropy(layers[0], axis=-1).mean(axis=-1), atol=1e-12)
    assert (found >= 0).all()
    assert (found <= np.log(5) + 1e-12).all()


def test_distance_of_itself_of_the_neighbour_and_of_special_tokens() -> None:
    tokens = 1 + 2 * 3
    own = np.eye(tokens)[None, None]
    assert attention_distance(own, (2, 3), 1)[0, 0] == 0
    right = np.eye(tokens)
    # Patch (r, c) looks at (r, c + 1), the last column at the first: 1, 1 and 2 patches away.
    for row in range(2):
        for column in range(3):
            query = 1 + 3 * row + column
            right[query] = 0
            right[query, 1 + 3 * row + (column + 1) % 3] = 0.5
            right[query, 0] = 0.5
    assert attention_distance(right[None, None], (2, 3), 1)[0, 0] == pytest.approx(4 / 3)
    assert special_share(right[None, None], 1)[0, 0] == pytest.approx(0.5)
    class_only = np.zeros((1, 1, tokens, tokens))
    class_only[..., 0] = 1
    assert np.isnan(attention_distance(class_only, (2, 3), 1)[0, 0])


def test_a_grid_that_does_not_fit() -> None:
    with pytest.raises(InputError, match="2 × 2 tokens"):
        attention_distance(np.full((1, 1, 6, 6), 1 / 6), (2, 2), 1)
    with pytest.raises(InputError, match="items, heads, queries, keys"):
        attention_entropy(np.ones((3, 3)))
