"""From what a module gave to rows: which tensor it is, and how tokens or maps become vectors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.errors import ModelError
from repscope.extraction.capture.points import Pool

if TYPE_CHECKING:
    from torch import Tensor, nn

PREFERRED = "last_hidden_state"
PREFIX_TOKENS = (0, 1, 2, 5)
"""Tokens before the patches when the patch size is not known: none, class, class + distillation,
class + four registers."""


@dataclass(frozen=True)
class Layout:
    """Where the rows of one item come from.

    Attributes:
        rows: rows that each item has; 1 unless its tokens were kept.
        tokens: whether the rows are tokens.
        grid: height and width in tokens, None when the tokens are not known to form a grid.
        prefix: tokens before the grid (class, registers), which have no row and column.
    """

    rows: int = 1
    tokens: bool = False
    grid: tuple[int, int] | None = None
    prefix: int = 0

    def columns(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """Token index, row and column of the rows of one item; −1 where there is no place."""
        token = np.arange(self.rows, dtype=np.int32)
        row = np.full(self.rows, -1, np.int32)
        col = np.full(self.rows, -1, np.int32)
        if self.grid:
            row[self.prefix :], col[self.prefix :] = (
                (token[self.prefix :] - self.prefix) // self.grid[1],
                (token[self.prefix :] - self.prefix) % self.grid[1],
            )
        return token, row, col


ONE_ROW = Layout()


def tensor_of(value: Any, key: str, where: str) -> Tensor:
    """The tensor in what a module took or gave.

    Args:
        value: a tensor, tuple, list, mapping, dataclass or ModelOutput.
        key: index or name of the part wanted; "" for a mapping's ``last_hidden_state`` or only
            tensor, and for a tuple's first element.
        where: the capture point, for messages.

    Raises:
        ModelError: there is no such tensor; the message says what was there.
    """
    value = _fields(value)
    tensor = _part(value, key)
    if not _is_tensor(tensor):
        raise ModelError(
            f"a tensor at {where}",
            describe(value),
            "pick a part of it, for example :output.1 or :output.pooler_output"
            if isinstance(value, Mapping | tuple | list)
            else "capture a module that gives one",
        )
    if not tensor.is_floating_point():
        raise ModelError(
            f"a floating tensor at {where}", describe(tensor), "capture a module whose output is continuous"
        )
    return tensor  # type: ignore[no-any-return]  # narrowed by _is_tensor, which cannot import torch's type here


def items_first(tensor: Tensor, axis: int, where: str) -> Tensor:
    """A tensor whose items were on ``axis``, with them first.

    Raises:
        ModelError: there is no such axis.
    """
    if axis >= tensor.ndim > 0:
        raise ModelError(
            f"an axis {axis} (from 0) of items at {where}",
            f"shape {list(tensor.shape)}",
            f"choose batch0 to batch{tensor.ndim - 1}",
        )
    return tensor.movedim(axis, 0) if axis else tensor


def pool_rows(
    tensor: Tensor,
    pool: Pool | None,
    where: str,
    *,
    batch: Collection[int] = (),
    pixels: tuple[int, int] | None = None,
    patch: tuple[int, int] | None = None,
    mask: Tensor | None = None,
) -> tuple[Tensor, Layout]:
    """Turn one captured tensor into rows, copied so that later in-place operations cannot touch them.

    [B, D] stays as it is. [B, T, D] needs ``pool``: "cls" (first token), "mean" or "max" (over all
    tokens), "last" (last token) or "tokens" (B·T rows). Padding, where ``mask`` tells it, is left out of
    all but "tokens".
    [B, C, H, W] is averaged over H and W, or with "max" its largest, or with "tokens" gives B·H·W rows.

    Args:
        tensor: what was captured.
        pool: None for the default (as is, or the average of a map).
        where: the capture point, for messages.
        batch: batch sizes that the first axis may have; empty when unknown.
        pixels: height and width of the input, for the places of tokens.
        patch: height and width of a patch, where known.
        mask: [B, T], true for tokens and false for padding; None when there is no padding.

    Returns:
        Rows [B × rows, D] on the tensor's own device, and their layout.

    Raises:
        ModelError: the shape and ``pool`` do not fit.
    """
    shape = list(tensor.shape)
    if batch and (not shape or shape[0] not in batch):
        sizes = " or ".join(str(size) for size in sorted(batch))
        raise ModelError(
            f"one entry for each of the {sizes} items of a batch, first, at {where}",
            f"shape {shape}",
            _batch_advice(shape, batch),
        )
    if tensor.ndim == 2:
        return tensor.detach().clone(), ONE_ROW
    if tensor.ndim == 3 and pool in ("cls", "mean", "max", "last", "tokens"):
        if mask is not None and pool != "tokens":
            return _pool_text(tensor.detach(), pool, mask, where), ONE_ROW
        if pool == "tokens":
            layout = token_layout(shape[1], pixels, patch)
            return tensor.detach().reshape(-1, shape[2]).clone(), layout
        return _pool_tokens(tensor.detach(), pool), ONE_ROW
    if tensor.ndim == 4 and pool in (None, "mean", "max", "tokens"):
        if pool == "tokens":
            rows = tensor.detach().flatten(2).transpose(1, 2).reshape(-1, shape[1]).clone()
            return rows, Layout(shape[2] * shape[3], True, (shape[2], shape[3]))
        return tensor.detach().amax(dim=(2, 3)) if pool == "max" else _mean(tensor, (2, 3)), ONE_ROW
    raise ModelError(
        f"one vector for each item at {where}", f"shape {shape}" + _with(pool), _advice(tensor.ndim)
    )


def patch_size(model: nn.Module) -> tuple[int, int] | None:
    """Patch height and width of a vision transformer: its first convolution over colours whose
    stride is its kernel; None where there is none."""
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels <= 4:
            kernel, stride = tuple(module.kernel_size), tuple(module.stride)
            return (kernel[0], kernel[1]) if kernel == stride and kernel[0] > 1 else None
    return None


def describe(value: Any, depth: int = 2) -> str:
    """What a value is, in a few words: ``tuple of (Tensor[2, 50, 32], None)``."""
    if _is_tensor(value):
        return f"Tensor{list(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    if value is None:
        return "None"
    kind = type(value).__name__
    if depth and isinstance(value, Mapping):
        inner = ", ".join(f"{key}: {describe(part, depth - 1)}" for key, part in list(value.items())[:6])
        return f"{kind} of ({inner})"
    if depth and isinstance(value, tuple | list):
        return f"{kind} of ({', '.join(describe(part, depth - 1) for part in value[:6])})"
    return (
        f"{kind} of {len(value)}"
        if isinstance(value, Mapping | tuple | list)
        else f"an object of type {kind}"
    )


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Tensors in arguments, however nested."""
    if _is_tensor(value):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from tensors_in(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors_in(part)


def to_numpy(rows: Tensor) -> NDArray[Any]:
    """[R, D] rows on the CPU as numpy, bfloat16 as float32."""
    on_cpu = rows.detach().cpu()
    array: NDArray[Any] = (on_cpu.float() if str(on_cpu.dtype) == "torch.bfloat16" else on_cpu).numpy()
    return array


def _fields(value: Any) -> Any:
    """A dataclass as a mapping of its fields; anything else as it is."""
    if is_dataclass(value) and not isinstance(value, type | Mapping):
        return {field.name: getattr(value, field.name, None) for field in fields(value)}
    return value


def _part(value: Any, key: str) -> Any:
    if key:
        if isinstance(value, Mapping):
            return value.get(key)
        if isinstance(value, tuple | list) and key.isdecimal() and int(key) < len(value):
            return value[int(key)]
        return getattr(value, key, None)
    if isinstance(value, Mapping):
        tensors = [part for part in value.values() if _is_tensor(part)]
        return value.get(PREFERRED, tensors[0] if len(tensors) == 1 else None)
    if isinstance(value, tuple | list) and value:
        return value[0]
    return value


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _mean(tensor: Tensor, axes: tuple[int, ...]) -> Tensor:
    wide = tensor.detach().float() if tensor.element_size() == 2 else tensor.detach()
    return wide.mean(dim=axes).to(tensor.dtype)


def _pool_tokens(tensor: Tensor, pool: Pool) -> Tensor:
    """One row for each item of [B, T, D] without padding."""
    if pool == "mean":
        return _mean(tensor, (1,))
    if pool == "max":
        return tensor.amax(dim=1)
    return tensor[:, 0 if pool == "cls" else -1].clone()


def _pool_text(tensor: Tensor, pool: Pool, mask: Tensor, where: str) -> Tensor:
    """One row for each text of [B, T, D], of its tokens without the padding."""
    import torch

    shape = list(tensor.shape)
    if list(mask.shape) != shape[:2]:
        raise ModelError(
            f"{mask.shape[1]} tokens, as the texts were padded to, second, at {where}",
            f"shape {shape}, where padding cannot be told from tokens",
            "capture a module that keeps the tokens, or one that gives a vector for each text",
        )
    real = mask.to(device=tensor.device, dtype=torch.bool)
    if pool == "mean":
        wide = tensor.float() if tensor.element_size() == 2 else tensor
        total = wide.masked_fill(~real[:, :, None], 0).sum(dim=1)
        return (total / real.sum(dim=1, keepdim=True)).to(tensor.dtype)
    if pool == "max":
        return tensor.masked_fill(~real[:, :, None], -torch.inf).amax(dim=1)
    place = torch.arange(shape[1], device=tensor.device).expand(shape[0], -1)
    chosen = torch.where(real, place, shape[1]).amin(1) if pool == "cls" else (real * place).amax(1)
    rows = torch.arange(shape[0], device=tensor.device)
    return tensor[rows, chosen.clamp(max=shape[1] - 1)]


def token_layout(tokens: int, pixels: tuple[int, int] | None, patch: tuple[int, int] | None) -> Layout:
    """The grid of an image's tokens, and how many come before it; without a grid where none fits.

    Args:
        tokens: of one item.
        pixels: height and width of the input, where known.
        patch: height and width of a patch, where known.
    """
    if pixels and patch:
        height, width = pixels[0] // patch[0], pixels[1] // patch[1]
        prefix = tokens - height * width
        return Layout(tokens, True, (height, width), prefix) if 0 <= prefix <= 16 else Layout(tokens, True)
    ratio = pixels[0] / pixels[1] if pixels else 1.0
    for prefix in PREFIX_TOKENS:
        height = round(((tokens - prefix) * ratio) ** 0.5)
        if height > 0 and (tokens - prefix) % height == 0:
            width = (tokens - prefix) // height
            if width > 1 and height == width * ratio:
                return Layout(tokens, True, (height, width), prefix)
    return Layout(tokens, True)


def _with(pool: Pool | None) -> str:
    return f" with --pool {pool}" if pool else ""


def _batch_advice(shape: list[int], batch: Collection[int]) -> str:
    others = [axis for axis, size in enumerate(shape) if size in batch]
    if others:
        return (
            f"if axis {others[0]} holds the items, say so: MODULE:output:batch{others[0]}; parameters and "
            "attention windows have none"
        )
    return "capture a module whose tensors are batch-first; parameters and attention windows have no items"


def _advice(ndim: int) -> str:
    if ndim == 3:
        return "say how tokens become rows: --pool cls, mean, max, last or tokens"
    if ndim == 4:
        return "give --pool mean or max (over the map) or --pool tokens (a row for each place)"
    return "capture a module whose output is [B, D], [B, T, D] or [B, C, H, W]"
