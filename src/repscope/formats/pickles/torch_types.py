"""What a pickle may say about torch: plain tensors, each checked against the data that is there."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import FormatError, VectorError
from repscope.formats.pickles.machine import Constructor, Foreign
from repscope.formats.pickles.torch_storages import Storage, read_legacy, storage_names

if TYPE_CHECKING:
    from torch import Tensor

MOST_DENSE = 1 << 30
"""Numbers that a sparse tensor may have when it is written out in full."""

EXPANDED = 1 << 20
"""Elements that an expanded (stride 0) tensor may have beyond its storage."""

_DTYPES = (
    "float16", "bfloat16", "float32", "float64", "half", "float", "double", "int8", "int16", "int32",
    "int64", "uint8", "short", "int", "long", "bool", "complex64", "complex128", "uint16", "uint32", "uint64",
    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz",
)  # fmt: skip
_WORDS = (
    "strided", "contiguous_format", "preserve_format", "channels_last", "per_tensor_affine",
    "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric",
    "per_channel_affine_float_qparams", "Tensor",
)  # fmt: skip
_LAYOUTS = ("sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc")


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
    if not isinstance(raw, bytes | memoryview):
        raise TypeError("a tensor without bytes")
    names = storage_names()
    try:
        storage = read_legacy(bytes(raw), "a tensor's data", names, {})
    except FormatError as error:
        raise ValueError(f"a tensor's data with {error.got}") from None
    if not isinstance(storage, Storage):
        raise TypeError("a tensor's data that is no storage")
    return storage


def _rebuild_tensor(storage: object, offset: object, size: object, stride: object, *more: object) -> Tensor:
    import torch

    if not isinstance(storage, Storage) or not isinstance(size, tuple) or not isinstance(stride, tuple):
        raise TypeError("a tensor without storage, size and stride")
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or len(size) > 32 or not all(type(n) is int and n >= 0 for n in numbers):
        raise ValueError("a tensor of impossible shape")
    assert isinstance(offset, int)
    assert storage.flat is not None
    flat = storage.flat
    if 0 in size:
        return flat.new_empty(size)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if last >= len(flat) or math.prod(size) > max(len(flat), EXPANDED):
        raise ValueError("a tensor that reaches beyond its storage")
    made = flat.as_strided(size, stride, offset)
    about = more[2] if len(more) > 2 and isinstance(more[2], dict) else {}
    made = made.conj() if about.get("conj") else made
    return torch._neg_view(made) if about.get("neg") else made


def _rebuild_typed(
    storage: object, offset: object, size: object, stride: object, _: object, __: object, dtype: object,
    *___: object,
) -> Tensor:  # fmt: skip
    """A tensor of a dtype that has no class of storages: the storage holds bytes."""
    import torch

    kind = getattr(torch, str(dtype).removeprefix("torch."), None)
    if not isinstance(storage, Storage) or not isinstance(kind, torch.dtype) or storage.flat is None:
        raise TypeError("a tensor without storage and dtype")
    flat = storage.flat.view(torch.uint8)
    whole = flat[: len(flat) // kind.itemsize * kind.itemsize]
    if whole.data_ptr() % kind.itemsize:
        whole = whole.clone()
    return _rebuild_tensor(Storage(whole.view(kind)), offset, size, stride)


def _rebuild_quantised(
    storage: object, offset: object, size: object, stride: object, params: object, *_: object
) -> Tensor:
    """A quantised tensor as the float32 numbers that it stands for."""
    import torch

    codes = _rebuild_tensor(storage, offset, size, stride)
    scale: Any
    zero: Any
    match params:
        case (str(), float(scale), int(zero)):
            whole: Tensor = (codes.int() - zero).float() * scale
            return whole
        case (str(), scale, zero, int(axis)) if 0 <= axis < codes.ndim:
            scale, zero = (torch.as_tensor(part, dtype=torch.float64).reshape(-1) for part in (scale, zero))
            if len(scale) == len(zero) == codes.shape[axis]:
                shape = [-1 if place == axis else 1 for place in range(codes.ndim)]
                each: Tensor = ((codes.double() - zero.reshape(shape)) * scale.reshape(shape)).float()
                return each
    raise ValueError("a quantised tensor without scale and zero point")


def _rebuild_sparse(layout: object, data: object) -> Tensor:
    import torch

    kind = str(layout).removeprefix("torch.")
    if not isinstance(data, tuple) or len(data) < 3:
        raise TypeError("a sparse tensor without indices, values and size")
    try:
        if kind == "sparse_coo":
            indices, values, size = data[:3]
            return torch.sparse_coo_tensor(indices, values, _size(size), check_invariants=True)
        if kind in _LAYOUTS:
            outer, inner, values, size = data[:4]
            return torch.sparse_compressed_tensor(
                outer, inner, values, _size(size), layout=getattr(torch, kind), check_invariants=True
            )
    except RuntimeError as error:
        raise ValueError(f"a sparse tensor that contradicts itself ({str(error).splitlines()[0]})") from error
    raise ValueError(f"a tensor of layout {kind[:40]!r}")


def _rebuild_parameter(data: object, *_: object) -> object:
    return data


def _rebuild_from_array(data: object, *_: object) -> Tensor:
    import torch

    if not isinstance(data, np.ndarray) or data.dtype.kind not in "biufc":
        raise TypeError("a tensor of something other than an array of numbers")
    return torch.from_numpy(data.copy())


def _rebuild_subclass(rebuild: object, _: object, arguments: object, *__: object) -> object:
    """A tensor with attributes of its own, or of a subclass: as the plain tensor that it holds."""
    if (
        not isinstance(rebuild, Constructor)
        or rebuild.call is None
        or not rebuild.name.startswith("_rebuild")
    ):
        raise TypeError("a tensor that is made by something other than torch")
    if not isinstance(arguments, tuple):
        raise TypeError("a tensor without storage, size and stride")
    return rebuild.call(*arguments)


def _size(values: object = ()) -> tuple[int, ...]:
    if not isinstance(values, tuple | list) or not all(type(n) is int and n >= 0 for n in values):
        raise TypeError("a torch.Size of something other than counts")
    return tuple(values)


def _layout(name: object) -> str:
    return str(name)


def _device(kind: object, index: object = None) -> str:
    if not isinstance(kind, str) or not isinstance(index, int | None):
        raise TypeError("a torch.device of something other than a name and a number")
    return kind if index is None else f"{kind}:{index}"


_TENSORS: dict[str, Callable[..., object]] = {
    "_rebuild_tensor": _rebuild_tensor,
    "_rebuild_tensor_v2": _rebuild_tensor,
    "_rebuild_tensor_v3": _rebuild_typed,
    "_rebuild_qtensor": _rebuild_quantised,
    "_rebuild_sparse_tensor": _rebuild_sparse,
    "_rebuild_device_tensor_from_numpy": _rebuild_from_array,
}
"""Functions of torch._utils that give a tensor."""


def torch_names(*, tensors: bool = False) -> dict[tuple[str, str], object]:
    """Allowed globals of torch, by exact (module, name).

    Args:
        tensors: keep tensors, which may be views of the file; they become numpy arrays of their own without.
    """
    finish = (lambda call: call) if tensors else _as_array
    calls: dict[tuple[str, str], Callable[..., object]] = {
        **{("torch._utils", name): finish(call) for name, call in _TENSORS.items()},
        ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        ("torch._utils", "_rebuild_parameter_with_state"): _rebuild_parameter,
        ("torch._tensor", "_rebuild_from_type_v2"): _rebuild_subclass,
        ("torch.storage", "_load_from_bytes"): _load_from_bytes,
        ("torch.serialization", "_get_layout"): _layout,
        ("torch", "Size"): _size,
        ("torch", "device"): _device,
    }
    names: dict[tuple[str, str], object] = {key: Constructor(*key, call) for key, call in calls.items()}
    names.update({("torch", name): f"torch.{name}" for name in (*_DTYPES, *_WORDS)})
    names.update({("torch.nn.parameter", name): f"torch.nn.{name}" for name in ("Parameter", "Buffer")})
    names["torch._tensor", "Tensor"] = "torch.Tensor"
    return names


def blank_names() -> dict[tuple[str, str], object]:
    """The constructors of tensors, each of which gives nothing: for finding the end of a pickle."""

    def blank(*_: object) -> Foreign:
        return Foreign("torch.Tensor")

    modules = {**dict.fromkeys(_TENSORS, "torch._utils"), "_rebuild_from_type_v2": "torch._tensor"}
    return {(module, name): Constructor(module, name, blank) for name, module in modules.items()}


def _as_array(call: Callable[..., object]) -> Callable[..., object]:
    @wraps(call)
    def as_array(*arguments: object) -> NDArray[Any]:
        return to_numpy(call(*arguments)).copy()

    return as_array
