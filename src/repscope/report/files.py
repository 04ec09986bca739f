"""Writing a report: all files or none."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError
from repscope.report.document import Document
from repscope.report.html import Picture, html_page, picture
from repscope.report.plain import plain_text
from repscope.study.names import safe_name
from repscope.study.storage import (
    TEMPORARY,
    make_folder,
    read_bytes,
    storage_errors,
    sync_folder,
    write_bytes,
)
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

_STAGING = ".saving"
_FORMER = ("bridges.csv", "bridges.json")
"""What the files of a report of bridges were called once."""


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

    Everything is first written beside the old files and then renamed over them, so a full disk or a
    kill leaves the old result whole. Files and figures of an earlier report that the new one lacks are
    removed; what no report wrote is left alone.

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
        InputError: a value that JSON or Parquet cannot hold.
    """
    files = {"metrics.csv": table.encode(), "metrics.json": _json_bytes(metrics)}
    if classes:
        files["classes.csv"] = classes.encode()
    if items is not None:
        files["items.parquet"] = _parquet_bytes(items)
    files["report.txt"] = _utf8(plain_text(document))
    make_folder(out)
    with _staging(out) as staging:
        pictures, listed = _save_figures(figures or {}, captions or {}, staging, formats)
        files["report.html"] = _utf8(html_page(document, pictures))
        for name, content in files.items():
            write_bytes(staging / name, content)
        _publish(staging, out, [name for name in FILES if name in files], listed)
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


@contextlib.contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """A folder inside ``out`` for the new files, gone afterwards whatever happens."""
    with storage_errors(out):
        for left in out.glob(f"{_STAGING}*{TEMPORARY}"):
            shutil.rmtree(left, ignore_errors=True)
        staging = out / f"{_STAGING}{TEMPORARY}"
        staging.mkdir(exist_ok=True)
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _save_figures(
    figures: Mapping[str, Figure], captions: Mapping[str, str], staging: Path, formats: Sequence[str]
) -> tuple[dict[str, Picture], list[dict[str, Any]]]:
    """Draw every figure into the staging folder; the pictures of the page, and the list of files."""
    pictures: dict[str, Picture] = {}
    listed: list[dict[str, Any]] = []
    if not figures:
        return pictures, listed
    from repscope.plot.base.save import save_figure

    folder = make_folder(staging / FIGURES)
    # The page needs a PNG, whether or not one was asked for.
    page = folder if "png" in formats else make_folder(staging / "page")
    for name, stem in _stems(figures).items():
        figure = figures[name]
        if formats:
            save_figure(figure, folder, stem, formats=tuple(formats), dpi=PAGE_DPI)
        if page != folder:
            save_figure(figure, page, stem, formats=("png",), dpi=PAGE_DPI)
        png = read_bytes(page / f"{stem}.png") or b""
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


def _publish(staging: Path, out: Path, names: Sequence[str], listed: list[dict[str, Any]]) -> None:
    """Rename the new files over the old, then remove what only the old report had."""
    figures = out / FIGURES
    new = [name for one in listed for name in one["files"]]
    old = _listed_files(figures / LIST)
    with storage_errors(out):
        again = (out / "report.html").is_file()
    if new or old:
        make_folder(figures)
        # Both, until the old ones are gone: a kill in between leaves nothing that the next save misses.
        both = [*listed, {"name": "", "caption": "", "files": sorted(set(old) - set(new))}]
        _write_list(figures, both)
    with storage_errors(out):
        for name in new:
            (staging / FIGURES / name).replace(figures / name)
        for name in names:
            (staging / name).replace(out / name)
        for name in {*FILES, *_FORMER} - set(names) if again else ():
            (out / name).unlink(missing_ok=True)
        for name in set(old) - set(new):
            (figures / name).unlink(missing_ok=True)
        if not new and old:
            (figures / LIST).unlink(missing_ok=True)
            if not any(figures.iterdir()):
                figures.rmdir()
        elif new:
            _write_list(figures, listed)
            sync_folder(figures)
        sync_folder(out)


def _write_list(figures: Path, listed: list[dict[str, Any]]) -> None:
    record = {"schema": LIST_SCHEMA, "figures": listed}
    write_bytes(figures / LIST, _utf8(json.dumps(record, indent=1, ensure_ascii=False) + "\n"))


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
