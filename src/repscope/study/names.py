"""Names that become file names: kept inside the study, on every file system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from repscope.errors import NameNotAllowedError

LONGEST = 120
"""Bytes of UTF-8; leaves room for suffixes within the 255 that file systems allow."""

_FORBIDDEN = frozenset('/\\:*?"<>|')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\..*)?", re.IGNORECASE
)


def check_name(name: str, kind: str = "set") -> str:
    """Return ``name`` in Unicode NFC, or refuse it.

    Unicode and inner spaces are welcome. Separators, invisible characters, a leading dot or dash, the
    device names of Windows, and anything that could leave the study are not.

    Raises:
        NameNotAllowedError: the name cannot be a directory name on every platform.
    """
    problem = _problem(name)
    if problem:
        raise NameNotAllowedError(
            f"a plain name for a {kind} (letters, digits, inner spaces, - _ . +)",
            problem,
            "choose another name; it becomes a folder inside the study",
        )
    return unicodedata.normalize("NFC", name)


def is_name(text: str) -> bool:
    """Whether :func:`check_name` would allow ``text``."""
    return not _problem(text)


def safe_name(text: str) -> str:
    """A name allowed by :func:`check_name` that resembles ``text`` (for names made from files)."""
    kept = "".join("_" if c in _FORBIDDEN or _invisible(c) else c for c in unicodedata.normalize("NFC", text))
    kept = kept.encode()[:LONGEST].decode(errors="ignore")
    kept = _trim(kept) or "set"
    return f"_{kept[: LONGEST // 4]}" if _RESERVED.fullmatch(kept) else kept


def inside(root: Path, child: Path) -> Path:
    """``child`` if it resolves inside ``root``; a symbolic link that leads out is refused too.

    Raises:
        NameNotAllowedError: it leads out, or in a circle.
    """
    try:
        is_inside = child.resolve().is_relative_to(root.resolve())
    except (RuntimeError, OSError, ValueError):
        # A ValueError is what a NUL in a path raises.
        is_inside = False
    if not is_inside:
        raise NameNotAllowedError(
            f"a path inside {root}", str(child), "remove the symbolic link, or choose another name"
        )
    return child


def _problem(name: object) -> str:
    if not isinstance(name, str):
        return f"{name!r}, which is not a string"
    if len(name) > 4 * LONGEST:
        return f"a name of {len(name):,} characters"
    return next(_problems(unicodedata.normalize("NFC", name)), "")


def _problems(name: str) -> Iterator[str]:
    """What is wrong with a normalised name, the first reason first."""
    if not name.strip():
        yield "an empty name"
    elif name != name.strip():
        yield f"{name!r}, which begins or ends with a space"
    if any(map(_invisible, name)):
        yield f"{name!r}, which holds a control character or another that is not seen"
    if name.startswith("."):
        yield f"{name!r}, which begins with a dot"
    if name.startswith("-"):
        yield f"{name!r}, which begins with a dash, as options do"
    if name.endswith("."):
        yield f"{name!r}, which ends with a dot"
    if not _FORBIDDEN.isdisjoint(name):
        yield f"{name!r}, which holds one of {' '.join(sorted(_FORBIDDEN))}"
    if _RESERVED.fullmatch(name):
        yield f"{name!r}, which is a device on Windows"
    if len(name.encode()) > LONGEST:
        yield f"a name of {len(name.encode())} bytes; at most {LONGEST} fit"


def _invisible(char: str) -> bool:
    # Cc, Cf, Cs, Co, Cn: controls, format marks, lone surrogates, private, unassigned. Zl, Zp: line breaks.
    return unicodedata.category(char) in ("Zl", "Zp") or unicodedata.category(char)[0] == "C"


def _trim(text: str) -> str:
    before = ""
    while text != before:
        before = text
        text = text.strip().lstrip(".-").rstrip(".")
    return text
