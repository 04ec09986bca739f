"""Texts for a model: token ids cut to the context, padding, and which places of a batch hold tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from repscope.extraction.sources.decode import UnreadableError

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 256
"""Texts whose lengths are counted at a time."""


class TextTransform:
    """A tokenizer, and the numbers of tokens that its model takes.

    Args:
        tokenize: token ids of each text with the special tokens; the second argument is where to cut
            (None for nowhere).
        context: most tokens of a text, special ones included; None for any number.
        pad_id: fills the rest of a batch; the model is told where, or was trained with it.
        width: every batch is padded to this; None for its longest text.
        record: what decides the ids, for recipe and provenance.
        spell: the tokens of ids, for people; the ids themselves by default.
    """

    def __init__(
        self,
        tokenize: Callable[[Sequence[str], int | None], Sequence[Sequence[int]]],
        *,
        context: int | None,
        pad_id: int,
        width: int | None = None,
        record: dict[str, Any],
        spell: Callable[[Sequence[int]], Sequence[str]] | None = None,
    ) -> None:
        self._tokenize = tokenize
        self.context = context
        self.pad_id = pad_id
        self.width = width
        self._record = record
        self.spell = spell or (lambda ids: [str(one) for one in ids])
        # Tokenizers keep the place to cut as state, which threads would change under each other.
        self._lock = threading.Lock()

    def encode(self, text: str) -> NDArray[np.int64]:
        """[T] token ids, cut to the context.

        Raises:
            UnreadableError: the text has no token, or cannot be tokenized.
        """
        try:
            with self._lock:
                ids = self._tokenize([text], self.context)[0]
        except (ValueError, TypeError, UnicodeError) as error:
            raise UnreadableError(f"refused by the tokenizer: {error}") from error
        if not len(ids):
            raise UnreadableError("a text without a token")
        return np.asarray(ids, dtype=np.int64)

    def count_cut(self, texts: Sequence[str]) -> int:
        """How many texts have more tokens than the context and lose their end."""
        if self.context is None:
            return 0
        cut = 0
        with self._lock:
            for start in range(0, len(texts), BLOCK):
                ids = self._tokenize(texts[start : start + BLOCK], None)
                cut += sum(len(tokens) > self.context for tokens in ids)
        return cut

    def to_json(self) -> dict[str, Any]:
        """Everything that decides the token ids."""
        return {
            "kind": "tokenizer",
            **self._record,
            "context": self.context,
            "padding": f"right, to {self.width or 'the longest of a batch'}",
        }


@dataclass(frozen=True)
class TextTower:
    """The part of a model that takes texts.

    Attributes:
        transform: from text to token ids.
        forward: runs it on token ids [B, T] and their mask [B, T] (true for tokens, false for padding).
        owns: whether a module path lies in the text part of a dual encoder.
    """

    transform: TextTransform
    forward: Callable[[Tensor, Tensor], Any] = field(repr=False)
    owns: Callable[[str], bool] = field(repr=False, default=lambda path: path.startswith("text"))


def pad_batch(
    transform: TextTransform, ids: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Token ids [B, T] padded on the right, and the mask of what is no padding."""
    width = max(transform.width or 0, *(len(tokens) for tokens in ids))
    padded = np.full((len(ids), width), transform.pad_id, dtype=np.int64)
    mask = np.zeros((len(ids), width), dtype=bool)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = True
    return padded, mask
