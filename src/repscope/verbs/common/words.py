"""Words on the command line that are checked before any work starts."""

from __future__ import annotations

from repscope.errors import UnknownNameError
from repscope.measure.verdict.rules import UNLINKED_WORDS, WORDS

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


def _choices(text: str | None, allowed: tuple[str, ...], what: str) -> tuple[str, ...]:
    chosen = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    for word in chosen:
        if word not in allowed:
            raise UnknownNameError(f"{what}: {', '.join(allowed)}", repr(word), "choose among them")
    return chosen
