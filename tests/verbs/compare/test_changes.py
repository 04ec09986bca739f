"""The items that changed most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from repscope.verbs.compare.changes import item_tables, largest_changes


def table(**columns: Any) -> pa.Table:
    n = len(next(iter(columns.values())))
    return pa.table({"id": [f"i{row}" for row in range(n)], **columns})


def shown(items: pa.Table, *, label: str | None = None, cluster: str | None = None) -> dict[str, Any]:
    """The cells of the first row, by column."""
    (one,) = item_tables(items, {"Some": (0,), "None": ()}, label=label, cluster=cluster)
    return dict(zip((column.title for column in one.columns), one.rows[0], strict=True))


def test_order_is_reciprocal_rank_then_displacement_then_row() -> None:
    items = table(
        rank_before=[2.0, 10.0, 2.0, 2.0, 1.0, 1.0, 3.0, None],
        rank_after=[1.0, 9.0, 1.0, 1.0, 4.0, 2.0, 3.0, 1.0],
        displacement=[0.1, 5.0, 0.3, 0.3, 1.0, 1.0, 9.0, 9.0],
    )
    found = largest_changes(items)
    assert found.improved == (2, 3, 0, 1)
    assert found.worsened == (4, 5)
    assert (found.better, found.worse, found.same) == (4, 2, 1)
    assert found.moved == ()


def test_against_a_naive_sort() -> None:
    rng = np.random.default_rng(3)
    before, after = rng.integers(1, 9, (2, 200)).astype(float)
    moved = rng.integers(0, 5, 200).astype(float)
    items = table(rank_before=before, rank_after=after, displacement=moved)
    order = sorted(range(200), key=lambda i: (-(1 / after[i] - 1 / before[i]), -moved[i], i))
    assert list(largest_changes(items, 7).improved) == order[:7]


def test_values_as_they_are_read() -> None:
    items = table(
        rank_before=[3.0],
        rank_after=[1.5],
        true_before=[0.2],
        true_after=[None],
        predicted_before=["cat"],
        predicted_after=["dog"],
        displacement=[0.5],
        angle=[29.66],
        neighbours_kept=[0.4],
        kind=["tabby"],
        scene=["kitchen"],
        path=["a/b.jpg"],
    )
    row = shown(items, label="kind", cluster="scene")
    assert row.pop("picture").picture == "a/b.jpg"
    assert row == {
        "item": "i0",
        "cluster": "kitchen",
        "label": "tabby",
        "rank of the truth": "3 → 1.5",
        "cosine to the truth": "0.200 → –",
        "nearest reference row": "cat → dog",
        "moved": "0.500",
        "angle": "29.7°",
        "neighbours kept": "0.40",
    }


def test_a_label_column_is_preferred_to_the_key() -> None:
    items = table(rank_before=[2.0], rank_after=[1.0], label=["cat"], kind=["x"])
    assert shown(items, label="kind")["label"] == "cat"


def test_a_prediction_that_stayed_is_said_once() -> None:
    items = table(rank_before=[2.0], rank_after=[1.0], predicted_before=["cat"], predicted_after=["cat"])
    assert shown(items)["nearest reference row"] == "cat"


@pytest.mark.parametrize(
    "columns",
    [
        {"displacement": [0.0, 2.0, 1.0]},
        {"displacement": [0.0, 2.0, 1.0], "rank_before": ["a", "b", "c"], "rank_after": [1.0, 1.0, 1.0]},
    ],
)
def test_without_ranks_the_farthest_are_shown(columns: dict[str, Any]) -> None:
    found = largest_changes(table(**columns))
    assert found.moved == (1, 2)
    assert found.better is None


def test_equal_ranks_show_the_farthest_and_count_them() -> None:
    found = largest_changes(table(rank_before=[1.0, 2.0], rank_after=[1.0, 2.0], displacement=[0.0, 1.0]))
    assert (found.better, found.worse, found.same) == (0, 0, 2)
    assert found.moved == (1,)


def test_nothing_at_all() -> None:
    assert largest_changes(pa.table({"id": pa.array([], pa.string())})).moved == ()
    assert largest_changes(table(other=[1, 2])).improved == ()
