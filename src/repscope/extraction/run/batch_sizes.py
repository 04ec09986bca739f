"""How large the batches of each shard are, when some did not fit into memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from repscope.errors import CorruptError

KEY = "halved_batches"
"""Of a set's provenance: from which shard on its batches had which size."""


@dataclass
class BatchSizes:
    """The size of the batches of each shard: what was asked for, and smaller from some shard on.

    All batches of a shard have one size, so the sizes that a set records give its rows again, bit by bit.
    A run that continues the set begins with them.

    Attributes:
        asked: items in a batch as asked for.
        halved: from this shard on, at most so many.
    """

    asked: int
    halved: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: int, provenance: Mapping[str, Any], name: str) -> BatchSizes:
        """The sizes that set ``name`` records in its provenance.

        Raises:
            CorruptError: they are of another form.
        """
        listed = provenance.get(KEY, [])
        try:
            halved = {entry["from_shard"]: entry["batch_size"] for entry in listed}
            whole = all(type(number) is int for pair in halved.items() for number in pair)
            if whole and all(shard >= 0 and size >= 1 for shard, size in halved.items()):
                return cls(asked, halved)
        except (TypeError, KeyError):
            pass
        raise CorruptError(
            f"from_shard and batch_size in {KEY} of set {name!r}",
            repr(listed)[:160],
            "restore its manifest, or write the set again with --overwrite",
        )

    def at(self, shard: int) -> int:
        """Items in a batch of this shard."""
        return min([self.asked, *(size for start, size in self.halved.items() if start <= shard)])

    def limit(self, shard: int, size: int) -> None:
        """From this shard on, batches have at most so many items."""
        self.halved = {start: limit for start, limit in self.halved.items() if start < shard or limit < size}
        self.halved[shard] = size

    def take(self, other: BatchSizes) -> None:
        """Also keep to the limits of another set that the same batches fill."""
        for shard, size in sorted(other.halved.items()):
            if size < self.at(shard):
                self.limit(shard, size)

    def to_json(self) -> list[dict[str, int]]:
        """What the provenance says, in the order of the shards."""
        return [{"from_shard": shard, "batch_size": size} for shard, size in sorted(self.halved.items())]
