"""The bundle that the page reads: a manifest, and typed columns as they lie in memory.

``RSVIEW1\\0``, the manifest's length (uint32, little-endian) and four zero bytes, the manifest as JSON, then
the columns, everything padded to eight bytes. ``manifest["columns"]`` has for each its type, shape and offset
from the first column. The page makes typed arrays of them without reading a single value.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import CorruptError, InputError, VectorError

SCHEMA = "repscope.view/1"
_MAGIC = b"RSVIEW1\0"
_EDGE = 0.03
_STEPS = 65_535
TYPES = ("u1", "u2", "u4", "f4")


@dataclass(frozen=True)
class Bundle:
    """What a page shows.

    Attributes:
        manifest: JSON values: names, kinds, notes; nothing for each point.
        columns: arrays by name, of unsigned integers or float32.
    """

    manifest: Mapping[str, Any]
    columns: Mapping[str, NDArray[Any]]

    def to_bytes(self) -> bytes:
        """The whole bundle; the same content gives the same bytes.

        Raises:
            InputError: a column of another type, or a manifest that JSON cannot hold.
        """
        listed, parts, offset = {}, [], 0
        for name, column in self.columns.items():
            kind = f"{column.dtype.kind}{column.dtype.itemsize}"
            if kind not in TYPES:
                raise InputError(
                    f"columns of {', '.join(TYPES)}", f"{name!r} of {column.dtype}", "convert it"
                )
            data = np.ascontiguousarray(column, column.dtype.newbyteorder("<")).tobytes()
            listed[name] = {"type": kind, "shape": list(column.shape), "offset": offset}
            parts.append(_padded(data))
            offset += len(parts[-1])
        try:
            text = json.dumps({**self.manifest, "columns": listed}, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InputError("JSON values in the manifest", str(error), "report this as a bug") from error
        # A lone surrogate, which UTF-8 does not have, becomes its escape.
        manifest = text.encode("utf-8", "backslashreplace")
        head = _MAGIC + struct.pack("<II", len(manifest), 0)
        return b"".join([head, _padded(manifest), *parts])

    @classmethod
    def from_bytes(cls, data: bytes) -> Bundle:
        """Read a bundle again.

        Raises:
            CorruptError: it is none, or ends early.
        """
        try:
            if data[:8] != _MAGIC:
                raise ValueError("no bundle")
            (length,) = struct.unpack_from("<I", data, 8)
            manifest = json.loads(data[16 : 16 + length])
            start = 16 + length + -length % 8
            columns = {
                name: np.frombuffer(
                    data, np.dtype(f"<{one['type']}"), int(np.prod(one["shape"])), start + one["offset"]
                ).reshape(one["shape"])
                for name, one in manifest.pop("columns").items()
            }
        except (ValueError, KeyError, TypeError, struct.error) as error:
            raise CorruptError("a bundle of the page", str(error), "make it again: repscope view") from error
        return cls(manifest, columns)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 8)


@dataclass(frozen=True)
class Frame:
    """The square of the map that the page shows; positions in it are uint16.

    Attributes:
        x, y: of its lower left corner.
        side: its length.
    """

    x: float
    y: float
    side: float

    @classmethod
    def around(cls, *points: NDArray[np.float64]) -> Frame:
        """The smallest with a margin around all of them; of side 1 where all are equal.

        Raises:
            VectorError: a coordinate that is not finite.
        """
        everything = np.concatenate(points)
        if bad := int((~np.isfinite(everything)).any(axis=1).sum()):
            raise VectorError(
                "finite coordinates of every point on the map",
                f"{bad:,} of {len(everything):,} points with NaN or Inf",
                "make the map again: repscope project",
            )
        low, high = everything.min(axis=0), everything.max(axis=0)
        extent = float((high - low).max())
        # What rounding alone sets apart is equal.
        apart = extent > max(1e-7 * float(np.abs(everything).max()), 1e-300)
        side = extent * (1 + 2 * _EDGE) if apart else 1.0
        x, y = ((low + high) / 2 - side / 2).tolist()
        return cls(x, y, side)

    def pack(self, points: NDArray[np.float64]) -> NDArray[np.uint16]:
        """[N, 2] uint16, within half a 65,535th of the side."""
        scaled = (points - [self.x, self.y]) / self.side * _STEPS
        return np.rint(scaled).astype(np.uint16)

    def unpack(self, packed: NDArray[np.uint16]) -> NDArray[np.float64]:
        """[N, 2] coordinates on the map again."""
        return np.asarray(packed / _STEPS * self.side + np.array([self.x, self.y]))
