"""What a verdict says, of a comparison or of a drift: a word, its reasons, what could have been seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from repscope.text.json_record import JsonRecord


@dataclass(frozen=True)
class Judgement(JsonRecord):
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
