"""Candidates for the nearest rows on a GPU: the margin of :mod:`.candidates`, the products of torch.

Each block of scores is one float32 product without TF32, so Higham's bound holds there as on a CPU
(it does not depend on the order of a sum). The best ``cap`` scores of each query are carried along on
the device; what comes back are the rows within the margin of the k-th best.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from repscope.errors import DependencyError, InputError
from repscope.knn.candidates import Found, Operands

if TYPE_CHECKING:
    import torch

QUERY_ROWS = 4096
BASE_ROWS = 32768
RESIDENT_BYTES = 4 * 2**30
"""A base up to this size is copied to the device once; a larger one block by block for each query block."""


def check_device(device: str) -> None:
    """A device that torch has here.

    Raises:
        InputError: no such device, or none of its kind on this machine.
    """
    import torch

    try:
        kind = torch.device(device).type
    except RuntimeError:
        raise InputError("a device such as cpu, cuda or cuda:1", repr(device), "choose one") from None
    if kind == "cuda" and not torch.cuda.is_available():
        raise DependencyError(
            f"a GPU for device {device!r}",
            "a torch without CUDA, or no GPU",
            "leave --device out, or install a CUDA build of torch",
        )


def find_on_device(
    queries: Operands, base: Operands | None, k: int, *, cap: int, device: str, rows: int = QUERY_ROWS
) -> Iterator[Found]:
    """What :func:`repscope.knn.candidates.find` yields for all queries, from products on ``device``.

    Args:
        queries: the query side, float32.
        base: the base side; None searches the queries among themselves, without themselves.
        k: neighbours wanted, at most the rows available.
        cap: near-ties beyond which a query is reported as crowded.
        device: as torch names it.
        rows: queries of one block.
    """
    import torch

    target = queries if base is None else base
    largest = float(target.norms.max())
    starts = range(0, len(target), BASE_ROWS)

    def upload(start: int) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(target.right(slice(start, start + BASE_ROWS)))).to(
            device
        )

    resident = {start: upload(start) for start in starts} if target.rows.nbytes <= RESIDENT_BYTES else {}
    for at in range(0, len(queries), rows):
        chosen = slice(at, min(at + rows, len(queries)))
        left = torch.from_numpy(np.ascontiguousarray(queries.left(chosen))).to(device)
        best: tuple[torch.Tensor, torch.Tensor] | None = None
        for start in starts:
            scores = _product(left, resident[start] if resident else upload(start))
            if base is None:
                own = torch.arange(chosen.start, chosen.stop, device=device) - start
                here = (own >= 0) & (own < scores.shape[1])
                scores[here.nonzero()[:, 0], own[here]] = -torch.inf
            best = _merged(best, scores, start, cap + 1)
        if best is None:
            return
        margin = 2 * torch.from_numpy(np.ascontiguousarray(queries.error(chosen, largest))).to(device)
        yield _found(best, at, k, margin, cap)


def _product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    import torch

    # TF32 keeps ten bits of each factor: the margin would no longer hold.
    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        return left @ right.T
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed


def _merged(
    best: tuple[torch.Tensor, torch.Tensor] | None, scores: torch.Tensor, start: int, wanted: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The ``wanted`` largest of what was kept and a new block of scores, in descending order."""
    import torch

    values, columns = scores.topk(min(wanted, scores.shape[1]), dim=1)
    columns = columns + start
    if best is not None:
        values, columns = torch.cat([best[0], values], 1), torch.cat([best[1], columns], 1)
    values, order = values.topk(min(wanted, values.shape[1]), dim=1)
    return values, columns.gather(1, order)


def _found(best: tuple[torch.Tensor, torch.Tensor], at: int, k: int, margin: torch.Tensor, cap: int) -> Found:
    values, columns = best
    near = (values >= (values[:, k - 1] - margin)[:, None]) & (values > -np.inf)
    crowded = near.sum(dim=1) > cap
    near &= ~crowded[:, None]
    row, place = near.nonzero(as_tuple=True)
    return Found(
        row.cpu().numpy() + at,
        columns[row, place].cpu().numpy(),
        crowded.nonzero()[:, 0].cpu().numpy() + at,
    )
