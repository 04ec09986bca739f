"""What says that memory ran out, and what is then raised."""

from __future__ import annotations

import pickle

import pytest
import torch

from repscope.errors import BatchTooLargeError, InputError, ModelError
from repscope.extraction.capture.memory import ran_out_of_memory, too_large


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of memory"), False),
        (ModelError("memory", "out of memory", "x"), False),
        (InputError("memory", "out of memory", "x"), False),
    ],
)
def test_what_says_that_memory_ran_out(error: Exception, expected: bool) -> None:
    assert ran_out_of_memory(error) is expected


def test_the_error_survives_pickling() -> None:
    error = too_large("text", 9, "cuda:1", MemoryError())
    assert isinstance(error, BatchTooLargeError)
    assert (error.items, error.got) == (9, "MemoryError")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.items) == (str(error), 9)
    assert error.do == "give a smaller --batch-size, for example 4"
