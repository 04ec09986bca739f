"""The conditions a model runs under: evaluation mode, repeatable arithmetic, and all as before afterwards."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn


@contextlib.contextmanager
def inference(model: nn.Module, device: str, seed: int, *, borrowed: bool) -> Iterator[None]:
    """All that running a model for its outputs needs; ``borrowed`` says that it is the caller's own."""
    import torch

    # Tensors that a module caches under inference_mode could never be trained with again.
    without_gradients = torch.no_grad() if borrowed else torch.inference_mode()
    with evaluating(model), repeatable(device, seed), without_gradients:
        yield


@contextlib.contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; every module's own mode restored after, also after an exception."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextlib.contextmanager
def repeatable(device: str, seed: int) -> Iterator[None]:
    """Settings under which the same batch gives the same bits; all restored after.

    The fused fast path of ``nn.TransformerEncoderLayer`` is off, since it skips submodules and rounds
    differently when one of them is hooked: what is captured must not depend on what else is.
    """
    import torch

    fast_path = torch.backends.mha.get_fastpath_enabled()
    with (
        torch.random.fork_rng(devices=[torch.device(device)] if device.startswith("cuda") else []),
        torch.backends.cudnn.flags(
            enabled=torch.backends.cudnn.enabled,
            benchmark=False,
            deterministic=True,
            allow_tf32=torch.backends.cudnn.allow_tf32,
        ),
    ):
        set_seed(device, seed)
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast_path)


def set_seed(device: str, *numbers: int) -> None:
    """Seed the generators that a model on ``device`` draws from, and no others."""
    import numpy as np
    import torch

    seed = int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
    torch.default_generator.manual_seed(seed)
    if device.startswith("cuda"):
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generators of Python, numpy and torch, and put them back."""
    import numpy as np
    import torch

    states = random.getstate(), np.random.get_state()  # noqa: NPY002  # whatever a user's code draws from
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=devices):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        torch.manual_seed(seed)
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002


@contextlib.contextmanager
def stand_in_buffers(model: nn.Module) -> Iterator[None]:
    """Copies in the place of the model's buffers, such as running statistics; its own are never touched.

    So that a backward pass that still needs them can follow, whatever happened inside.
    """
    copies: dict[int, Tensor] = {}
    kept: list[tuple[nn.Module, str, Tensor]] = []
    for module in model.modules():
        for name, buffer in module.named_buffers(recurse=False):
            kept.append((module, name, buffer))
            module._buffers[name] = copies.setdefault(id(buffer), buffer.detach().clone())
    try:
        yield
    finally:
        for module, name, buffer in kept:
            module._buffers[name] = buffer
