"""What a verdict says, of a comparison or of a drift: a word, its reasons, what could have been seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Judgement:
    """One word and its reasons.

    Attributes:
        word: one of the words that a subclass names.
        flags: what else a reader must know.
        because: sentences, each with its numbers.
        detectable: by measure, the smallest true change that this n finds in 80 % of repeats.
        needed: clusters that would decide an inconclusive study, or None.
    """

    word: str
    flags: tuple[str, ...]
    because: tuple[str, ...]
    detectable: Mapping[str, float]
    needed: int | None = None

    def __str__(self) -> str:
        return f"{self.word}: {'; '.join(self.because)}"

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "word": self.word,
            "flags": list(self.flags),
            "because": list(self.because),
            "detectable": dict(self.detectable),
            "needed": self.needed,
        }
