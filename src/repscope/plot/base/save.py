"""Figures to files: the same figure gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, StorageError, UnknownNameError
from repscope.plot.base.style import styled
from repscope.text.figures import FIGURE_FORMATS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf", "jpg")

# Dates and versions would make every file differ from the last.
_METADATA: dict[str, dict[str, Any] | None] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "jpg": None,
}


def save_figure(
    figure: Figure,
    folder: str | Path,
    name: str,
    *,
    formats: Sequence[str] = FIGURE_FORMATS,
    dpi: int = 200,
) -> list[Path]:
    """Write a figure in several formats, made if need be: ``folder/name.png``, ….

    Args:
        figure: what was drawn.
        folder: where to; made when it is not there.
        name: of the files, without ending.
        formats: some of png, svg, pdf, jpg.
        dpi: of png, jpg, and of points that are rasterised inside svg and pdf.

    Returns:
        The files written, in the order of ``formats``.

    Raises:
        UnknownNameError: a format that is not known.
        InputError: dpi is not positive, or the name is not a plain file name.
        StorageError: the disk refused.
    """
    unknown = [one for one in formats if one not in FORMATS]
    if unknown:
        raise UnknownNameError(
            "formats of figures", ", ".join(unknown), f"choose some of {', '.join(FORMATS)}"
        )
    if dpi <= 0 or Path(name).name != name or not name:
        raise InputError("a positive dpi and a plain file name", f"{dpi} and {name!r}", "change them")
    folder = Path(folder)
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in formats:
            path = folder / f"{name}.{one}"
            with styled():
                figure.savefig(path, format=one, dpi=dpi, metadata=_METADATA[one], facecolor="white")
            written.append(path)
    except OSError as error:
        raise StorageError(
            f"to write the figure {name!r} to {folder}",
            f"{error.strerror or error}",
            "free some space, or choose a folder that can be written",
        ) from error
    return written
