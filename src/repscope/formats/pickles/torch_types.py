"""What a pickle may say about torch: plain tensors, which become numpy arrays."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import VectorError
from repscope.formats.pickles.machine import Constructor

MOST_DENSE = 1 << 30
"""Numbers that a sparse tensor may have when it is written out in full."""

EXPANDED = 1 << 20
"""Elements that an expanded (stride 0) tensor may have beyond its storage."""

_DTYPES = (
    "float16", "bfloat16", "float32", "float64", "half", "float", "double", "int8", "int16", "int32",
    "int64", "uint8", "short", "int", "long", "bool", "complex64", "complex128",
)  # fmt: skip


class Storage:
    """The flat data of a tensor."""

    __slots__ = ("flat",)

    def __init__(self, flat: NDArray[Any]) -> None:
        self.flat = flat


def to_numpy(tensor: Any) -> NDArray[Any]:
    """A torch tensor (any device, any float type) as a numpy array; bfloat16 and float8 as float32."""
    import torch

    tensor = tensor.detach().cpu()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout != torch.strided:
        if math.prod(tensor.shape) > MOST_DENSE:
            raise VectorError(
                f"a sparse tensor of at most {MOST_DENSE:,} numbers",
                f"shape {tuple(tensor.shape)}",
                "reduce it first, or save its rows as dense vectors",
            )
        tensor = tensor.to_dense()
    if tensor.is_floating_point() and tensor.dtype not in (torch.float16, torch.float32, torch.float64):
        tensor = tensor.float()
    array: NDArray[Any] = tensor.resolve_conj().resolve_neg().numpy()
    return array


def _load_from_bytes(raw: object) -> Storage:
    import torch

    if not isinstance(raw, bytes | memoryview):
        raise TypeError("a tensor without bytes")
    with warnings.catch_warnings(action="ignore"):
        # Reading legacy storages makes torch announce their deprecation to us.
        try:
            storage = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
            untyped = storage._untyped_storage
            return Storage(to_numpy(torch.empty(0, dtype=storage.dtype).set_(untyped)))
        except Exception as error:
            # torch raises many kinds here; all mean that these bytes are no plain storage.
            raise ValueError(f"a tensor's data that torch refuses ({str(error).splitlines()[0]})") from error


def _rebuild_tensor(
    storage: object, offset: object, size: object, stride: object, *_: object
) -> NDArray[Any]:
    if not isinstance(storage, Storage) or not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise TypeError("a tensor without storage, size and stride")
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or len(size) > 32 or not all(type(n) is int and n >= 0 for n in numbers):
        raise ValueError("a tensor of impossible shape")
    assert isinstance(offset, int)
    flat = storage.flat
    if 0 in size:
        return np.empty(size, flat.dtype)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    elements = int(np.prod([float(n) for n in size]))
    if last >= len(flat) or elements > max(len(flat), EXPANDED):
        raise ValueError("a tensor that reaches beyond its storage")
    steps = tuple(step * flat.itemsize for step in stride)
    return np.lib.stride_tricks.as_strided(flat[offset:], size, steps, writeable=False).copy()


def _rebuild_parameter(data: object, *_: object) -> object:
    return data


def _size(values: object = ()) -> tuple[int, ...]:
    if not isinstance(values, tuple | list) or not all(type(n) is int for n in values):
        raise TypeError("a torch.Size of something other than integers")
    return tuple(values)


def _device(kind: object, index: object = None) -> str:
    if not isinstance(kind, str) or not isinstance(index, int | None):
        raise TypeError("a torch.device of something other than a name and a number")
    return kind if index is None else f"{kind}:{index}"


def torch_names() -> dict[tuple[str, str], object]:
    """Allowed globals of torch, by exact (module, name)."""
    calls: dict[tuple[str, str], Callable[..., object]] = {
        ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        ("torch.storage", "_load_from_bytes"): _load_from_bytes,
        ("torch", "Size"): _size,
        ("torch", "device"): _device,
    }
    names: dict[tuple[str, str], object] = {key: Constructor(*key, call) for key, call in calls.items()}
    names.update({("torch", name): f"torch.{name}" for name in _DTYPES})
    return names
