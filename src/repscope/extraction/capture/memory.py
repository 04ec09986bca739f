"""Telling that memory ran out, and giving back what a failed forward pass held."""

from __future__ import annotations

import gc
import traceback
from typing import TYPE_CHECKING

from repscope.errors import BatchTooLargeError, ModelError, RepscopeError, first_line

if TYPE_CHECKING:
    from repscope.extraction.models.loaded import Kind

_SAID = (
    # CUDA, ROCm and Apple's backend; the CPU's allocator, by its two messages; cuBLAS and cuDNN.
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
)


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of a forward pass says that memory ran out, on a GPU or on the CPU."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(error).lower()
    ours = isinstance(error, RepscopeError)
    return isinstance(error, RuntimeError) and not ours and any(text in said for text in _SAID)


def too_large(kind: Kind, items: int, device: str, error: BaseException) -> ModelError:
    """What to raise for a batch that did not fit; the tensors that its frames hold are let go.

    Returns:
        A :class:`BatchTooLargeError`, or a plain :class:`ModelError` where no smaller batch exists.
    """
    traceback.clear_frames(error.__traceback__)
    if items > 1:
        return BatchTooLargeError(
            f"memory on {device} for a batch of {items} {kind}s",
            first_line(error, 160),
            f"give a smaller --batch-size, for example {items // 2}",
            items,
        )
    smaller = (
        "make the images smaller with --resize and --crop, " if kind == "image" else "shorten the texts, "
    )
    return ModelError(
        f"memory on {device} for a batch of one {kind}",
        first_line(error, 160),
        f"{smaller}take --dtype bfloat16, or choose another --device",
    )


def release_memory(device: str) -> None:
    """Give back what a failed pass held, so that a smaller batch finds it free."""
    import torch

    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
