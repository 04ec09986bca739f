"""Frames of pandas in pickles, read without pandas: the same columns, with gaps, categories and index."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import UnsafePickleError
from repscope.formats import Incoming, ReadOptions, read_sets

pd = pytest.importorskip("pandas", reason="an optional package")

ROWS = np.random.default_rng(0).standard_normal((3, 4)).astype("f4")
IDS = ["a", "b", "c"]
FRAMES: dict[str, tuple[Any, dict[str, list[Any]]]] = {
    "numbers": (pd.DataFrame(ROWS), {}),
    "with an index": (pd.DataFrame(ROWS, index=IDS), {"__index_level_0__": IDS}),
    "with a named index": (pd.DataFrame(ROWS, index=pd.Index(IDS, name="path")), {"path": IDS}),
    "two levels": (
        pd.DataFrame(ROWS, index=pd.MultiIndex.from_tuples([("u", 1), ("u", 2), ("v", 1)], names=["p", "q"])),
        {"p": ["u", "u", "v"], "q": [1, 2, 1]},
    ),
    "a vector a cell": (pd.DataFrame({"id": IDS, "emb": list(ROWS)}), {"id": IDS}),
    "a list a cell": (pd.DataFrame({"id": IDS, "emb": ROWS.astype("f8").tolist()}), {"id": IDS}),
    "a series": (pd.Series(list(ROWS), index=IDS, name="emb"), {"__index_level_0__": IDS}),
    "many types": (
        pd.DataFrame(
            {
                "label": pd.Categorical(["x", None, "y"]),
                "text": pd.array(["u", None, "w"], dtype="string"),
                "count": pd.array([1, None, 3], dtype="Int64"),
                "truth": pd.array([True, None, False], dtype="boolean"),
                "lat": [0.5, 1.5, 2.5],
                "lon": [0.5, 1.5, 2.5],
                **{f"x{at:02d}": ROWS[:, at] for at in range(4)},
            }
        ),
        {
            "label": ["x", None, "y"],
            "text": ["u", None, "w"],
            "count": [1, None, 3],
            "truth": [True, None, False],
            "lat": [0.5, 1.5, 2.5],
            "lon": [0.5, 1.5, 2.5],
        },
    ),
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", FRAMES)
def test_frames(tmp_path: Path, name: str, protocol: int) -> None:
    frame, columns = FRAMES[name]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(frame, protocol))
    one = read(tmp_path / "a.pkl")
    np.testing.assert_array_equal(np.asarray(one.vectors, "f4"), ROWS)
    assert {key: column.to_pylist() for key, column in one.columns.items()} == columns


def test_a_frame_that_pandas_itself_reads(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"emb": list(ROWS), "when": pd.to_datetime(["2020", "2021", "2022"]).tz_localize("UTC")}
    )
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(frame))
    with pytest.raises(UnsafePickleError, match="refused, nothing was executed"):
        read(tmp_path / "a.pkl")
    one = read(tmp_path / "a.pkl", trust_pickle=True, warn=lambda _: None)
    np.testing.assert_array_equal(np.asarray(one.vectors, "f4"), ROWS)


def test_a_frame_whose_blocks_do_not_fit() -> None:
    from repscope.formats.pickles.machine import Constructor
    from repscope.formats.pickles.pandas_types import _block, _frame, _manager, _new_index

    kind = Constructor("pandas.core.indexes.range", "RangeIndex")
    axes = [_new_index(kind, {"start": 0, "stop": n, "step": 1}) for n in (2, 3)]
    for places, shape in ((slice(0, 1), (1, 3)), (slice(0, 2), (2, 4)), (slice(0, 3), (3, 3))):
        with pytest.raises(ValueError, match=r"frame|column"):
            _frame({"_mgr": _manager((_block(np.zeros(shape), places, 2),), axes)})


def read(path: Path, **options: Any) -> Incoming:
    (one,) = read_sets(path, "a", ReadOptions(**options)).sets
    return one
