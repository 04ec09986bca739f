"""Texts for a model of the user's own: it brings its tokenizer as a method."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from repscope.errors import ModelError
from repscope.extraction.models.text_input import TextTower, TextTransform
from repscope.extraction.models.user_code import blaming

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

WRAPPER = """give the model a tokenizer, in its file:
    class Texts(torch.nn.Module):
        context, pad_id = 77, 0  # most tokens of a text (None for any number); what fills a batch
        def __init__(self): super().__init__(); self.model = build()
        def tokenize(self, texts): return [token ids of each text]
        def forward(self, ids, mask): return self.model(ids)  # [B, T], and where it holds tokens"""


def own_text_tower(module: nn.Module, file: Path) -> TextTower | None:
    """How a module takes texts, by its method ``tokenize``; None for one that has none.

    ``module.tokenize(texts)`` gives the token ids of each text, special ones included. A tensor that is
    padded with ``module.pad_id`` (default 0) is taken without its padding. ``module.context`` is the most
    tokens of a text, which is cut there (default: any number), ``module.width`` the length that every batch
    is padded to (default: that of its longest text). The texts go through ``module.encode_text`` where it
    has one, else through ``module``: ``(ids, mask)``, or ``(ids)`` alone where it takes one argument.

    Args:
        module: the user's.
        file: that it is from, for messages.
    """
    tokenize = getattr(module, "tokenize", None)
    if not callable(tokenize):
        return None
    encode = getattr(module, "encode_text", None)
    transform = TextTransform(
        _tokenizer(tokenize, int(getattr(module, "pad_id", 0)), file),
        context=getattr(module, "context", None),
        pad_id=int(getattr(module, "pad_id", 0)),
        width=getattr(module, "width", None),
        record={"class": f"{type(module).__name__}.tokenize", "pad_id": int(getattr(module, "pad_id", 0))},
    )
    entry = encode if callable(encode) else module
    masked = _takes_mask(encode if callable(encode) else module.forward)

    def forward(ids: Tensor, mask: Tensor) -> Any:
        return entry(ids, mask) if masked else entry(ids)

    if callable(encode):
        return TextTower(transform, forward)
    return TextTower(transform, forward, owns=lambda _: True)


def _tokenizer(
    tokenize: Callable[[list[str]], Any], pad_id: int, file: Path
) -> Callable[[Sequence[str], int | None], list[list[int]]]:
    def ids_of(texts: Sequence[str], cut: int | None) -> list[list[int]]:
        with blaming(file, "tokenize(texts) to give the token ids of each text"):
            given = tokenize(list(texts))
        padded = getattr(given, "ndim", 0) == 2
        try:
            rows = [[int(one) for one in row] for row in given]
        except (TypeError, ValueError) as error:
            raise _no_ids(file, f"{type(given).__name__}: {error}") from error
        if len(rows) != len(texts):
            raise _no_ids(file, f"{len(rows)} rows for {len(texts)} text{'' if len(texts) == 1 else 's'}")
        if padded:
            rows = [_without_padding(row, pad_id) for row in rows]
        return [row[:cut] for row in rows]

    return ids_of


def _without_padding(row: list[int], pad_id: int) -> list[int]:
    end = len(row)
    while end and row[end - 1] == pad_id:
        end -= 1
    return row[:end]


def _no_ids(file: Path, got: str) -> ModelError:
    return ModelError(
        f"a list of token ids for each text from tokenize(texts) of {file.name}",
        got,
        "return for example [[1, 5, 2], [1, 2]], or a padded tensor [texts, tokens]",
    )


def _takes_mask(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    several = sum(one.kind in places for one in parameters) > 1
    return several or any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters)
