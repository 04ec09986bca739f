"""Words on the command line that are checked before any work starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repscope.errors import UnknownNameError
from repscope.measure.verdict.rules import UNLINKED_WORDS, WORDS

if TYPE_CHECKING:
    from repscope.maps.fit import Method

PERPLEXITY = 30.0
"""Of a t-SNE map, where none is given."""

FORMATS = ("png", "svg", "pdf", "jpg")


def check_gate(words: str | None) -> tuple[str, ...]:
    """Verdicts of ``--fail-on``.

    Raises:
        UnknownNameError: one of them is no verdict.
    """
    return _choices(words, tuple(dict.fromkeys((*WORDS, *UNLINKED_WORDS))), "a verdict")


def check_formats(formats: str) -> tuple[str, ...]:
    """Formats of ``--figures``.

    Raises:
        UnknownNameError: one of them is not written.
    """
    return _choices(formats, FORMATS, "a format of figures")


def gate_failed(gate: tuple[str, ...], word: str) -> bool:
    """The verdict is one that was to fail."""
    return word in gate


def map_method(name: str, *, none: bool = True) -> Method | None:
    """The map that a word names; None for "none", where that is a choice.

    Raises:
        UnknownNameError: it names none.
    """
    for method in ("tsne", "umap", "pca"):
        if name == method:
            return method
    if not none or name != "none":
        words = "tsne, umap or pca" + " (or none)" * none
        raise UnknownNameError(f"a map: {words}", repr(name), "choose one of them")
    return None


def _choices(text: str | None, allowed: tuple[str, ...], what: str) -> tuple[str, ...]:
    chosen = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    for word in chosen:
        if word not in allowed:
            raise UnknownNameError(f"{what}: {', '.join(allowed)}", repr(word), "choose among them")
    return chosen
