"""Words on the command line that are checked before any work starts."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from repscope.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from repscope.maps.fit import Method

FORMATS = ("png", "svg", "pdf", "jpg")


def split_words(text: str) -> tuple[str, ...]:
    """The words of a comma-separated list."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def check_words(text: str, allowed: Collection[str], what: str) -> tuple[str, ...]:
    """The same, where only some words are allowed.

    Raises:
        UnknownNameError: one of them is another.
    """
    chosen = split_words(text)
    for word in chosen:
        if word not in allowed:
            raise UnknownNameError(f"{what}: {', '.join(allowed)}", repr(word), "choose among them")
    return chosen


def check_formats(text: str) -> tuple[str, ...]:
    """Formats of ``--figures``.

    Raises:
        UnknownNameError: one of them is not written.
    """
    return check_words(text, FORMATS, "a format of figures")


def split_value(text: str, flag: str, example: str) -> tuple[str, str]:
    """``COL=VALUE`` as a pair.

    Raises:
        InputError: there is no "=".
    """
    column, equals, value = text.partition("=")
    if not equals or not column:
        raise InputError(
            f"{flag} COL=VALUE", repr(text), f"give a column and a value, such as {flag} {example}"
        )
    return column, value


def parse_split(text: str) -> tuple[str, str]:
    """``COL=VALUE`` of ``--split`` as a pair.

    Raises:
        InputError: there is no "=".
    """
    return split_value(text, "--split", "split=unseen")


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


def parse_held_out(text: str) -> tuple[str, str]:
    """``COL=VALUE`` of ``--held-out`` as a pair.

    Raises:
        InputError: there is no "=".
    """
    return split_value(text, "--held-out", "split=test")
