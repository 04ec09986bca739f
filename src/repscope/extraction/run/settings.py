"""How a run of the extraction computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repscope.errors import InputError
from repscope.extraction.capture.engine import AUTOCAST
from repscope.extraction.capture.points import POOLS, Pool


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How a run computes, whatever the source, the model and the capture points are.

    Attributes:
        pool: how [B, T, D] outputs become rows: "cls", "mean", "max", "last" (padding left out) or
            "tokens" (images only); "none" refuses all but [B, D].
        batch_size: items in a forward pass. Batches never span shards, so that they are the same after
            a resume. A batch that does not fit into memory is halved, and its shard begins again; the sets
            record from which shard on (``halved_batches`` in the provenance), and a run that continues
            them begins with the smaller size.
        shard_rows: items in a shard; rows too, except for tokens.
        device: None for CUDA where there is one, else the CPU.
        dtype: of the computation and of the stored rows (bfloat16 is stored as float32); float32 if None.
        autocast: "bf16" or "fp16" for torch's autocast around a float32 model.
        workers: threads that decode; 0 for none.
        limit: take only the first so many items of each source, in its order.
        strict: stop at the first item that cannot be read, in place of recording and skipping it; and before
            the first commit where rows depend on other items of the batch or on chance.
        overwrite: replace sets of these names. A complete one stays as it is until the new one is whole.
        seed: of weights and models that draw at random.

    Raises:
        InputError: values that no run can have.
    """

    batch_size: int
    shard_rows: int
    workers: int
    pool: Pool | None = None
    device: str | None = None
    dtype: str | None = None
    autocast: str | None = None
    limit: int | None = None
    strict: bool = False
    overwrite: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        for option, value, least in (
            ("--batch-size", self.batch_size, 1),
            ("--shard-rows", self.shard_rows, 1),
            ("--workers", self.workers, 0),
            ("--limit", self.limit, 1),
        ):
            if value is not None and value < least:
                raise InputError(f"{option} of at least {least}", str(value), "give a larger number")
        words: tuple[tuple[str, str | None, Sequence[str]], ...] = (
            ("--pool", self.pool, POOLS),
            ("--autocast", self.autocast, list(AUTOCAST)),
        )
        for option, word, known in words:
            if word is not None and word not in known:
                raise InputError(f"{option} among {', '.join(known)}", repr(word), "choose one of them")
