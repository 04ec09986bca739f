"""Writing a report: all files of the new one, or all of the old."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError
from repscope.report.document import Document
from repscope.report.html import Picture, html_page, picture
from repscope.report.plain import plain_text
from repscope.study.names import safe_name
from repscope.study.storage import TEMPORARY, make_folder, read_bytes, storage_errors
from repscope.study.together import replace_together
from repscope.text.figures import FIGURE_FORMATS

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

FILES = ("items.parquet", "classes.csv", "metrics.csv", "metrics.json", "report.txt", "report.html")
"""What a saved report consists of, beside its figures; not every report has items. The page comes last."""

FIGURES = "figures"
LIST = "figures.json"
"""Inside :data:`FIGURES`: captions and files of the figures, so that they keep their captions when
they travel, and so that the next report saved here knows which files it may remove."""

LIST_SCHEMA = "repscope.figures/1"

PAGE_DPI = 260
"""Resolution of figures: a figure 7.16 inches wide fills the page at two pixels for each of CSS."""

_GROUP = "report"
_FORMER = ("bridges.csv", "bridges.json")
"""What the files of a report of bridges were called once."""
_FORMER_STAGING = f".saving{TEMPORARY}"


def write_report(
    out: Path,
    document: Document,
    *,
    metrics: Mapping[str, Any],
    table: str,
    classes: str = "",
    items: pa.Table | None = None,
    figures: Mapping[str, Figure] | None = None,
    captions: Mapping[str, str] | None = None,
    formats: Sequence[str] = FIGURE_FORMATS,
) -> Path:
    """Write report.html, report.txt, metrics.json, metrics.csv, items.parquet and figures/ into ``out``.

    A full disk or a kill leaves the old report or the new one, whole: see
    :func:`~repscope.study.together.replace_together`. Files and figures of an earlier report that the new
    one lacks are removed; what no report wrote is left alone.

    Args:
        out: folder; created with its parents.
        document: the report.
        metrics: content of metrics.json.
        table: content of metrics.csv.
        classes: content of classes.csv, for a report that has classes.
        items: content of items.parquet, for a report that has items.
        figures: by name; those of the document.
        captions: of the figures, by the same names.
        formats: of the figures: "png", "svg", "pdf", "jpg".

    Returns:
        Path of report.html.

    Raises:
        StorageError: the disk or its permissions refuse.
        StudyError: another process is saving into the folder, and does not end.
        InputError: a value that JSON or Parquet cannot hold.
    """
    files = {"metrics.csv": table.encode(), "metrics.json": _json_bytes(metrics)}
    if classes:
        files["classes.csv"] = classes.encode()
    if items is not None:
        files["items.parquet"] = _parquet_bytes(items)
    files["report.txt"] = _utf8(plain_text(document))
    with replace_together(out, _GROUP, lambda: _files_of(out)) as new:
        pictures, listed = _save_figures(figures or {}, captions or {}, new, formats)
        files["report.html"] = _utf8(html_page(document, pictures))
        for name, content in files.items():
            (new / name).write_bytes(content)
        if any(one["files"] for one in listed):
            (new / FIGURES / LIST).write_bytes(_utf8(_list_of(listed)))
    return out / "report.html"


def _json_bytes(record: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(
            "JSON values in a report, undefined ones None with a reason",
            str(error),
            "report this: it is a fault of ours",
        ) from error
    return _utf8(text + "\n")


def _parquet_bytes(items: pa.Table) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    try:
        pq.write_table(items, buffer)
    except pa.ArrowException as error:
        raise InputError(
            "item columns that Parquet can hold",
            str(error),
            "cast that column to strings or numbers, and compare again",
        ) from error
    return buffer.getvalue()


def _save_figures(
    figures: Mapping[str, Figure], captions: Mapping[str, str], new: Path, formats: Sequence[str]
) -> tuple[dict[str, Picture], list[dict[str, Any]]]:
    """Draw every figure into the folder of the new files; the pictures of the page, and the list of files."""
    pictures: dict[str, Picture] = {}
    listed: list[dict[str, Any]] = []
    if not figures:
        return pictures, listed
    from repscope.plot.base.save import save_figure

    folder = make_folder(new / FIGURES)
    for name, stem in _stems(figures).items():
        figure = figures[name]
        # The page needs a PNG, whether or not one was asked for.
        save_figure(figure, folder, stem, formats=(*formats, *({"png"} - set(formats))), dpi=PAGE_DPI)
        png = read_bytes(folder / f"{stem}.png") or b""
        if "png" not in formats:
            (folder / f"{stem}.png").unlink()
        pictures[name] = picture(png, f"{stem}.{{{','.join(formats)}}}" if len(formats) > 1 else stem)
        listed.append(
            {
                "name": name,
                "caption": captions.get(name, ""),
                "files": [f"{stem}.{extension}" for extension in formats],
            }
        )
    return pictures, listed


def _stems(names: Iterable[str]) -> dict[str, str]:
    """A file name for each figure, no two alike on any file system."""
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = base = safe_name(name)
        number = 2
        while stem.casefold() in taken:
            stem, number = f"{base}-{number}", number + 1
        taken.add(stem.casefold())
        stems[name] = stem
    return stems


def _files_of(out: Path) -> list[str]:
    """Files of the report that ``out`` holds."""
    shutil.rmtree(out / _FORMER_STAGING, ignore_errors=True)
    with storage_errors(out, "read"):
        mine = [*FILES, *_FORMER] if (out / "report.html").is_file() else []
    figures = _listed_files(out / FIGURES / LIST)
    return mine + [f"{FIGURES}/{name}" for name in ([LIST, *figures] if figures else [])]


def _list_of(listed: list[dict[str, Any]]) -> str:
    return json.dumps({"schema": LIST_SCHEMA, "figures": listed}, indent=1, ensure_ascii=False) + "\n"


def _listed_files(path: Path) -> list[str]:
    """Files that an earlier report wrote; only names that this module would give."""
    try:
        record = json.loads(read_bytes(path) or b"{}")
        names = [name for one in record.get("figures", []) for name in one["files"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return [name for name in names if isinstance(name, str) and name == safe_name(name) and name != LIST]


def _utf8(text: str) -> bytes:
    """Bytes of a text; lone surrogates, which UTF-8 does not have, become their escapes."""
    return text.encode("utf-8", "backslashreplace")
