"""Decoding ahead of the model: threads, in order, never further than asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from repscope.extraction.models.preprocess import Transform
from repscope.extraction.models.text_input import TextTransform
from repscope.extraction.sources.base import Item, Source
from repscope.extraction.sources.decode import LARGEST, STACK, UnreadableError


@dataclass(frozen=True)
class Decoded:
    """An item ready for the model, or the reason why it is not.

    Attributes:
        item: which one.
        array: [3, H, W] of an image, token ids [T] of a text, or None.
        reason: why ``array`` is None.
        largest: value of an image of 16 bits; None of other images and of texts.
        stack: whether only the first of several frames was taken.
    """

    item: Item
    array: NDArray[Any] | None
    reason: str = ""
    largest: int | None = None
    stack: bool = False


def decode(source: Source, transform: Transform | TextTransform, item: Item) -> Decoded:
    """Open and preprocess one item."""
    try:
        if isinstance(transform, TextTransform):
            if item.text is None:
                return Decoded(item, None, "no text")
            return Decoded(item, transform.encode(item.text))
        image = source.open(item)
        # Read before the transform, which may make a new image.
        largest, stack = image.info.get(LARGEST), STACK in image.info
        return Decoded(item, transform(image), largest=largest, stack=stack)
    except UnreadableError as error:
        return Decoded(item, None, str(error))


def decode_all(
    source: Source,
    transform: Transform | TextTransform,
    items: Sequence[Item],
    *,
    workers: int,
    ahead: int,
) -> Generator[Decoded, None, None]:
    """Decode items in their order, by ``workers`` threads (Pillow decodes outside Python's lock).

    Args:
        source: opens the items.
        transform: preprocesses them.
        items: which, in order.
        workers: threads; 0 decodes in the caller's own.
        ahead: items that may wait decoded, which bounds memory.
    """
    if not workers:
        yield from (decode(source, transform, item) for item in items)
        return
    waiting: deque[Future[Decoded]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="repscope-decode")
    try:
        for item in items:
            waiting.append(pool.submit(decode, source, transform, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
