"""hub-shift and residual-ridge: against loops, scikit-learn, and worlds whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge as ReferenceRidge

from repscope.errors import InputError, VectorError
from repscope.transform.inputs import gather
from repscope.transform.linear import hub_shift
from repscope.transform.linear.hub_shift import HubShift, hub_directions
from repscope.transform.linear.residual_ridge import ResidualRidge
from repscope.transform.linear.truth_folds import truth_sample


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def pairs(n: int, d: int, seed: int = 0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    return x + 0.3, x + noise * rng.standard_normal((n, d))


def with_hub(n: int, d: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images lean to one direction, in which texts differ by chance: those that lean too are hubs."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, d))
    x, t = shared + 0.7 * rng.standard_normal((n, d)), shared + 0.7 * rng.standard_normal((n, d))
    x[:, 0], t[:, 0] = 6, 2 * rng.standard_normal(n)
    return x, t


def mrr(moved: np.ndarray, texts: np.ndarray) -> float:
    scores = moved @ unit(texts).T
    return float((1 / (1 + (scores > np.diag(scores)[:, None]).sum(axis=1))).mean())


@pytest.mark.parametrize("neighbours", [1, 3, 20])
def test_moved_rows_score_as_the_published_correction(
    neighbours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, t = pairs(20, 30)
    monkeypatch.setattr(hub_shift, "SHRINKAGE", 1e-12)
    moved = HubShift(strength=0.6, neighbours=neighbours).fit(x, t).transform(x)
    cosines = unit(x) @ unit(t).T
    hubness = np.array([np.mean(sorted(column)[-neighbours:]) for column in cosines.T])
    wanted = cosines - 0.6 * hubness
    scores = moved @ unit(t).T
    # A constant on a whole row of scores changes no ranking.
    np.testing.assert_allclose(
        scores - scores.mean(axis=1, keepdims=True), wanted - wanted.mean(axis=1, keepdims=True), atol=1e-9
    )


@pytest.mark.parametrize("texts", [9, 700])
def test_primal_and_dual_directions_are_one_regression(texts: int) -> None:
    x, t = (unit(side) for side in pairs(texts, 12))
    found = hub_directions(x, t, (2, 5))
    centred = t - t.mean(0)
    alpha = hub_shift.SHRINKAGE * np.square(centred).sum() / len(t)
    for row, count in zip(found, (2, 5), strict=True):
        hubness = np.sort(t @ x.T, axis=1)[:, -count:].mean(axis=1)
        np.testing.assert_allclose(row, ReferenceRidge(alpha=alpha).fit(t, hubness).coef_, atol=1e-9)


def test_own_rows_make_no_hub() -> None:
    x, t = (unit(side) for side in pairs(11, 6))
    own = np.zeros((11, 11), bool)
    own[:9, :9] = np.eye(9)
    # Ten of eleven rows belong to one text, and all of them to another.
    own[:10, 9], own[:, 10] = True, True
    hubness = []
    for text, mine in zip(t, own.T, strict=True):
        others = x if mine.all() else x[~mine]
        hubness.append(np.mean(sorted(others @ text)[-3:]))
    centred = t - t.mean(0)
    alpha = hub_shift.SHRINKAGE * np.square(centred).sum() / len(t)
    known = ReferenceRidge(alpha=alpha).fit(t, hubness).coef_
    np.testing.assert_allclose(hub_directions(x, t, (3,), own)[0], known, atol=1e-9)


def test_a_hub_is_taken_down_on_rows_and_texts_that_the_fit_has_not_seen() -> None:
    x, t = with_hub(400)
    bridge = HubShift().fit(x[:200], t[:200], on="row")
    assert bridge.strength_ > 0
    assert bridge.warnings_ == ()
    assert mrr(bridge.transform(x[200:]), t[200:]) > mrr(unit(x[200:]), t[200:]) + 0.1


def test_without_pairs_the_usual_strength_is_taken_and_said() -> None:
    x, t = with_hub(60)
    bridge = HubShift().fit(x, t)
    assert (bridge.strength_, bridge.neighbours_) == (0.75, 16)
    assert "not chosen from the data" in bridge.warnings_[0]
    assert (HubShift(neighbours=3).fit(x, t).strength_, HubShift(neighbours=3).fit(x, t).neighbours_) == (
        0.75,
        3,
    )
    assert HubShift(strength=0.2, neighbours=3).fit(x, t).warnings_ == ()


def test_nothing_is_moved_where_nothing_helps() -> None:
    rng = np.random.default_rng(3)
    t = np.concatenate([np.eye(20), -np.eye(20)])
    bridge = HubShift().fit(t + 0.01 * rng.standard_normal(t.shape), t, on="row")
    assert bridge.strength_ == 0
    assert "nothing is moved" in bridge.warnings_[0]


@pytest.mark.parametrize(("n", "d"), [(15, 40), (200, 6)])
def test_residual_ridge_is_that_of_scikit_learn(n: int, d: int) -> None:
    x, t = pairs(n, d)
    bridge = ResidualRidge(penalty=2.0, centring=1.0).fit(x, t, on="row")
    ux, ut = unit(x), unit(t)
    scale = np.square(ux - ux.mean(0)).sum() / n
    known = ReferenceRidge(alpha=2.0 * scale).fit(ux, ut - ux)
    np.testing.assert_allclose(bridge.matrix_, np.eye(d) + known.coef_.T, atol=1e-9)
    np.testing.assert_allclose(bridge.transform(x), (ux - ux.mean(0)) @ bridge.matrix_, atol=1e-12)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), n=st.integers(2, 30))
def test_a_large_penalty_leaves_directions_alone(seed: int, n: int) -> None:
    x, t = pairs(n, 12, seed)
    moved = ResidualRidge(penalty=1e12, centring=0.0).fit(x, t, on="row").transform(x)
    np.testing.assert_allclose(moved, unit(x), atol=1e-9)


def test_residual_ridge_learns_a_turn_and_finds_the_way_back() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 10))
    turn = np.linalg.qr(rng.standard_normal((10, 10)))[0]
    bridge = ResidualRidge().fit(x, x @ turn, on="row")
    assert bridge.penalty_ == 3
    fresh = rng.standard_normal((80, 10))
    assert mrr(fresh, fresh @ turn) < 0.3
    assert mrr(bridge.transform(fresh), fresh @ turn) > 0.95
    np.testing.assert_allclose(bridge.inverse_transform(bridge.transform(fresh)), unit(fresh), atol=1e-9)


def test_folds_hold_out_texts_that_belong_to_held_out_rows_alone() -> None:
    x, t = pairs(24, 5)
    codes = np.arange(24) // 2
    # Text 0 belongs to rows of several clusters, the others to one row each.
    right = np.where(np.arange(24) % 2, np.arange(24), 0)
    sample = truth_sample(gather(x, t, pairs=(np.arange(24), right), clusters=codes), 0)
    folds = list(sample.folds(4, 0))
    assert sorted(np.concatenate([fold.held for fold in folds])) == list(range(24))
    for fold in folds:
        assert not set(codes[fold.rest]) & set(codes[fold.held])
        only_held = set(right[fold.held]) - set(right[fold.rest])
        assert only_held
        assert set(fold.seen) == set(range(24)) - only_held


def test_reciprocal_ranks_by_hand() -> None:
    x, t = pairs(3, 4)
    sample = truth_sample(gather(x, t, pairs=([0, 0, 1, 2], [0, 1, 1, 2])), 0)
    scores = np.array([[0.1, 0.5, 0.9], [0.2, 0.2, 0.2], [0.3, 0.2, 0.9]])
    np.testing.assert_allclose(sample.reciprocal_ranks(scores, np.arange(3)), [1 / 2, 1 / 2, 1])


def test_many_rows_are_drawn_with_their_truths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repscope.transform.linear.truth_folds.MOST_SOURCE", 30)
    monkeypatch.setattr("repscope.transform.linear.truth_folds.MOST_TARGET", 40)
    x, t = pairs(100, 4)
    sample = truth_sample(gather(x, t, on="row"), 0)
    assert sample.source.shape == (30, 4)
    assert sample.target.shape == (40, 4)
    assert sample.truth is not None
    rows, texts = np.nonzero(sample.truth)
    assert len(rows) == 30
    for row, text in zip(rows, texts, strict=True):
        number = int(np.argmin(np.abs(unit(x) - sample.source[row]).sum(axis=1)))
        np.testing.assert_allclose(sample.target[text], unit(t)[number])


@pytest.mark.parametrize(
    ("bridge", "match"),
    [
        (HubShift(strength=-1), "strength: a number"),
        (HubShift(neighbours=2.5), "neighbours: a whole number"),
        (HubShift(neighbours="few"), "neighbours: a number"),  # type: ignore[arg-type]
        (ResidualRidge(penalty=float("nan")), "penalty: a number"),
        (ResidualRidge(centring=True), "centring: a number"),
    ],
)
def test_strengths_that_are_none(bridge: HubShift | ResidualRidge, match: str) -> None:
    x, t = pairs(30, 4)
    with pytest.raises(InputError, match=match):
        bridge.fit(x, t, on="row")


def test_rows_of_zeros_are_refused_by_number() -> None:
    x, t = pairs(30, 4)
    t[7] = 0
    for bridge in (HubShift(), ResidualRidge()):
        with pytest.raises(VectorError, match="row 7"):
            bridge.fit(x, t, on="row")
