"""Batches and noise are functions of the seed and the step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from repscope.errors import InputError, VectorError
from repscope.transform.fitting import Batch, Draws, TrainingRows, TrainOptions
from repscope.transform.fitting.draws import Order, derived_seed
from repscope.transform.fitting.rows import Prepared, Split
from repscope.transform.inputs import Rows


def test_an_endless_order_is_one_permutation_after_another() -> None:
    rows = np.asarray([3, 5, 7, 11, 13])
    order = Order(rows, seed=4)
    whole = order.at(0, 25)
    for number in range(5):
        assert sorted(whole[5 * number : 5 * number + 5]) == rows.tolist()
    assert len({tuple(whole[5 * number : 5 * number + 5]) for number in range(5)}) > 1
    # Asked for anywhere, in any order, the places hold the same rows.
    assert Order(rows, seed=4).at(12, 9).tolist() == whole[12:21].tolist()
    assert Order(rows, seed=5).at(0, 25).tolist() != whole.tolist()
    assert Order(rows, seed=4, side=1).at(0, 25).tolist() != whole.tolist()


def test_processes_share_what_one_would_draw() -> None:
    whole = Draws(9, 6)
    parts = [Draws(9, 3, rank=rank, processes=2) for rank in range(2)]
    for draw in (
        lambda d: d.normal(4),
        lambda d: d.uniform(),
        lambda d: d.integers(0, 1000, 2),
    ):
        assert torch.equal(draw(whole), torch.cat([draw(part) for part in parts]))


def test_seeds_for_different_purposes_differ() -> None:
    seeds = {derived_seed(0, purpose, step) for purpose in range(5) for step in range(100)}
    assert len(seeds) == 500
    assert all(0 <= seed < 2**63 for seed in seeds)


def rows(n: int, d: int = 3, start: float = 0) -> Rows:
    return Rows((start + np.arange(n * d)).reshape(n, d).astype(np.float32), "r")


def first_column(side: torch.Tensor | None) -> list[float]:
    assert side is not None
    return side[:, 0].tolist()


def test_pairs_stay_together() -> None:
    pairs = (np.asarray([0, 1, 2, 2]), np.asarray([5, 4, 3, 0]))
    made = TrainingRows(rows(3), rows(6, start=100), pairs=pairs, columns={"code": np.arange(4)})
    batch = Split(made, TrainOptions(batch_size=8)).batch(0, "cpu")
    assert batch.size == 8
    for source, target, code in zip(
        first_column(batch.source), first_column(batch.target), batch.extra["code"].tolist(), strict=True
    ):
        assert source == 3 * pairs[0][code]
        assert target == 100 + 3 * pairs[1][code]


def test_sides_without_pairs_are_drawn_by_themselves() -> None:
    made = TrainingRows(rows(20), rows(30, start=1000))
    split = Split(made, TrainOptions(batch_size=4, validation=0.2))
    seen: tuple[set[float], set[float]] = (set(), set())
    for start in range(0, 400, 4):
        batch = split.batch(start, "cpu")
        seen[0].update(first_column(batch.source))
        seen[1].update(first_column(batch.target))
    held: tuple[set[float], set[float]] = (set(), set())
    for batch in split.validation("cpu"):
        held[0].update(first_column(batch.source))
        held[1].update(first_column(batch.target))
    assert (len(seen[0]), len(seen[1])) == (16, 24)
    assert (len(held[0]), len(held[1])) == (4, 4)
    assert not seen[0] & held[0]
    assert not seen[1] & held[1]


def test_one_side_alone() -> None:
    made = TrainingRows(None, Prepared(rows(5), lambda block: -block))
    batch = Split(made, TrainOptions(batch_size=2)).batch(0, "cpu")
    assert batch.source is None
    assert isinstance(batch, Batch)
    assert all(value <= 0 for value in first_column(batch.target))


def test_whole_clusters_or_classes_are_held_out() -> None:
    pairs = (np.arange(12), np.arange(12) % 4)
    clusters = np.arange(12) // 3
    made = TrainingRows(rows(12), rows(4), pairs=pairs, clusters=clusters)
    split = Split(made, TrainOptions(validation=0.25))
    assert len(set(clusters[split.held])) == 1
    assert len(split.held) == 3
    split = Split(made, TrainOptions(validation=0.25, validation_by="class"))
    assert len(set(pairs[1][split.held])) == 1
    assert len(split.held) == 3
    with pytest.raises(InputError, match="classes to hold out"):
        TrainingRows(rows(3)).groups("class")


def test_rows_that_do_not_fit() -> None:
    with pytest.raises(InputError, match="rows to train on"):
        TrainingRows(None)
    with pytest.raises(InputError, match="both sides for pairs"):
        TrainingRows(rows(2), pairs=(np.arange(2), np.arange(2)))
    with pytest.raises(VectorError, match="expected 3 code; got 2"):
        TrainingRows(rows(3), columns={"code": np.arange(2)})
    with pytest.raises(VectorError, match="expected 3 clusters; got 2"):
        TrainingRows(rows(3), clusters=np.arange(2))


def test_the_fingerprint_sees_everything() -> None:
    index = np.arange(3)
    base = TrainingRows(rows(3), rows(3), pairs=(index, index))
    others = [
        TrainingRows(rows(3, start=1), rows(3), pairs=(index, index)),
        TrainingRows(rows(3), rows(3, start=1), pairs=(index, index)),
        TrainingRows(rows(3), rows(3), pairs=(index, index[::-1].copy())),
        TrainingRows(rows(3), rows(3)),
        TrainingRows(rows(3), rows(3), pairs=(index, index), clusters=index),
        TrainingRows(rows(3), rows(3), pairs=(index, index), columns={"a": index}),
        TrainingRows(rows(3), rows(3), pairs=(index, index), columns={"b": index}),
    ]
    assert len({made.fingerprint() for made in [base, *others]}) == 8
    assert base.fingerprint() == TrainingRows(rows(3), rows(3), pairs=(index, index)).fingerprint()
