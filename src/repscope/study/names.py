"""Names that become file names: kept inside the study, on every file system."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from repscope.errors import NameNotAllowedError

LONGEST = 120
"""Bytes of UTF-8; leaves room for suffixes within the 255 that file systems allow."""

_FORBIDDEN = set('/\\:*?"<>|')


def check_name(name: str, kind: str = "set") -> str:
    """Return ``name`` in Unicode NFC, or refuse it.

    Unicode and inner spaces are welcome; separators, control characters, leading dots and
    anything that could leave the study are not.

    Raises:
        NameNotAllowedError: the name cannot be a directory name on every platform.
    """
    normal = unicodedata.normalize("NFC", name)
    problem = ""
    if not normal.strip():
        problem = "an empty name"
    elif normal != normal.strip():
        problem = f"{name!r}, which begins or ends with a space"
    elif normal.startswith("."):
        problem = f"{name!r}, which begins with a dot"
    elif normal.endswith("."):
        problem = f"{name!r}, which ends with a dot"
    elif any(char in _FORBIDDEN for char in normal):
        problem = f"{name!r}, which holds one of {' '.join(sorted(_FORBIDDEN))}"
    elif any(unicodedata.category(char)[0] == "C" for char in normal):
        problem = f"{name!r}, which holds a control character"
    elif len(normal.encode()) > LONGEST:
        problem = f"a name of {len(normal.encode())} bytes"
    if problem:
        raise NameNotAllowedError(
            f"a plain name for a {kind} (letters, digits, inner spaces, - _ . +)",
            problem,
            "choose another name; it becomes a folder inside the study",
        )
    return normal


def safe_name(text: str) -> str:
    """A name allowed by :func:`check_name` that resembles ``text`` (for names made from files)."""
    kept = "".join("_" if c in _FORBIDDEN or unicodedata.category(c)[0] == "C" else c for c in text)
    kept = unicodedata.normalize("NFC", kept).strip().strip(".").strip() or "set"
    while len(kept.encode()) > LONGEST:
        kept = kept[:-1]
    return kept


def inside(root: Path, child: Path) -> Path:
    """``child`` if it resolves inside ``root``; a symbolic link that leads out is refused too."""
    if not child.resolve().is_relative_to(root.resolve()):
        raise NameNotAllowedError(
            f"a path inside {root}", str(child), "remove the symbolic link, or choose another name"
        )
    return child
