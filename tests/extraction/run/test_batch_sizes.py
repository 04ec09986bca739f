"""Sizes of batches, as they shrink and as a set records them."""

from __future__ import annotations

from typing import Any

import pytest

from repscope.errors import CorruptError
from repscope.extraction.run.batch_sizes import KEY, BatchSizes


def test_sizes_only_shrink() -> None:
    sizes = BatchSizes(32)
    assert [sizes.at(shard) for shard in range(3)] == [32, 32, 32]
    sizes.limit(2, 16)
    sizes.limit(4, 4)
    assert [sizes.at(shard) for shard in range(6)] == [32, 32, 16, 16, 4, 4]
    sizes.limit(1, 8)
    assert [sizes.at(shard) for shard in range(6)] == [32, 8, 8, 8, 4, 4]
    assert sizes.to_json() == [{"from_shard": 1, "batch_size": 8}, {"from_shard": 4, "batch_size": 4}]
    assert BatchSizes.of(32, {KEY: sizes.to_json()}, "s") == sizes
    other = BatchSizes(32, {0: 16, 5: 2})
    other.take(sizes)
    assert other.halved == {0: 16, 1: 8, 4: 4, 5: 2}


@pytest.mark.parametrize(
    "listed",
    [3, "x", [1], [{}], [{"from_shard": 0}], [{"from_shard": 0, "batch_size": 0}],
     [{"from_shard": -1, "batch_size": 1}], [{"from_shard": 0, "batch_size": 1.5}],
     [{"from_shard": True, "batch_size": 1}], None],
)  # fmt: skip
def test_a_record_of_another_form(listed: Any) -> None:
    with pytest.raises(CorruptError, match=r"halved_batches of set 's'.*--overwrite"):
        BatchSizes.of(32, {KEY: listed}, "s")
