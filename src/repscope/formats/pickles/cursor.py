"""Reading a buffer piece by piece, never past its end and never allocating more than it holds."""

from __future__ import annotations

import mmap

Buffer = bytes | mmap.mmap
VIEW_BYTES = 1 << 16
"""Byte strings longer than this stay views of the buffer instead of copies."""


class Cursor:
    """A position in a buffer; every read moves it.

    Args:
        data: the bytes; a memory map is read in place.
        start: first position.
    """

    def __init__(self, data: Buffer, start: int = 0) -> None:
        self.data, self.view = data, memoryview(data)
        self.size = len(data)
        self.at = start

    def skip(self, count: int) -> int:
        """Move past ``count`` bytes; returns where they begin.

        Raises:
            EOFError: there are fewer.
        """
        start = self.at
        if start + count > self.size:
            raise EOFError
        self.at = start + count
        return start

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        start = self.skip(count)
        return self.data[start : self.at]

    def payload(self, count: int) -> bytes | memoryview:
        """The next ``count`` bytes; a view when they are many."""
        start = self.skip(count)
        return self.data[start : self.at] if count <= VIEW_BYTES else self.view[start : self.at]

    def unsigned(self, count: int) -> int:
        """An unsigned little-endian number of ``count`` bytes."""
        return int.from_bytes(self.take(count), "little")

    def signed(self, count: int) -> int:
        """A signed little-endian number of ``count`` bytes."""
        return int.from_bytes(self.take(count), "little", signed=True)

    def text(self, count: int) -> str:
        """UTF-8 of ``count`` bytes, lone surrogates allowed as pickle writes them."""
        start = self.skip(count)
        return str(self.view[start : self.at], "utf-8", "surrogatepass")

    def line(self) -> bytes:
        """Bytes up to the next line feed, which is passed over."""
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise EOFError
        line = self.data[self.at : end]
        self.at = end + 1
        return line
