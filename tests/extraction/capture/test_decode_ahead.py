from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from repscope.extraction.capture.decode_ahead import decode_all
from repscope.extraction.models.preprocess import Preprocessing
from repscope.extraction.sources.base import Item
from repscope.extraction.sources.decode import UnreadableError


class Slow:
    """A source whose items take the longer the earlier they come."""

    columns: Sequence[str] = ()

    def __init__(self, n: int) -> None:
        self.items = [Item(str(index), 0, {}, "") for index in range(n)]
        self.opened = 0
        self.lock = threading.Lock()

    def open(self, item: Item) -> Image.Image:
        with self.lock:
            self.opened += 1
        index = int(item.id)
        time.sleep(0.004 * (5 - index % 5))
        if index % 4 == 3:
            raise UnreadableError("broken")
        return Image.new("RGB", (1, 1), (index, 0, 0))

    def to_json(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_order_is_kept_and_reasons_stay_with_their_items(workers: int) -> None:
    source = Slow(20)
    decoded = list(decode_all(source, Preprocessing(), source.items, workers=workers, ahead=6))
    assert [one.item.id for one in decoded] == [str(index) for index in range(20)]
    for index, one in enumerate(decoded):
        if index % 4 == 3:
            assert one.array is None
            assert one.reason == "broken"
        else:
            assert one.array is not None
            assert np.isclose(one.array[0, 0, 0], index / 255)


def test_no_further_ahead_than_asked_and_threads_end() -> None:
    source = Slow(40)
    stream = decode_all(source, Preprocessing(), source.items, workers=3, ahead=5)
    for _ in range(4):
        next(stream)
    assert source.opened <= 4 + 5 + 1
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert not [one for one in threading.enumerate() if one.name.startswith("repscope-decode")]


def test_unexpected_errors_are_not_swallowed() -> None:
    source = Slow(3)
    source.open = lambda item: 1 / 0  # type: ignore[assignment, return-value, method-assign]  # a bug of the source
    with pytest.raises(ZeroDivisionError):
        list(decode_all(source, Preprocessing(), source.items, workers=2, ahead=2))
