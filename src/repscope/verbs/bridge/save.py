"""Writing the report of bridges: table, record, page and figures, each file whole."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from repscope.study.provenance import now
from repscope.study.storage import make_folder, write_bytes
from repscope.text.display import exact, visible
from repscope.text.numbers import number
from repscope.verbs.bridge import text_report as text
from repscope.verbs.bridge.record import BridgesRecord
from repscope.verbs.compare.page import PAGE_DPI, Picture, picture

if TYPE_CHECKING:
    from jinja2 import Template
    from matplotlib.figure import Figure


@dataclass
class BridgeFigures:
    """Figures of a report of bridges.

    Attributes:
        figures: by file name.
        captions: by the same names.
    """

    figures: dict[str, Figure] = field(default_factory=dict)
    captions: dict[str, str] = field(default_factory=dict)


def save_bridges(
    record: BridgesRecord,
    drawn: BridgeFigures,
    out: Path,
    *,
    formats: Sequence[str] = ("png", "svg", "pdf"),
) -> Path:
    """Write bridges.json, bridges.csv, report.txt, figures/ and, last, report.html.

    Returns:
        Path of the page.

    Raises:
        StorageError: the disk or its permissions refuse.
    """
    make_folder(out)
    pictures = _save_figures(drawn, out, formats)
    body = json.dumps(record.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    for name, content in (
        ("bridges.json", body),
        ("bridges.csv", text.table_csv(record)),
        ("report.txt", text.render_text(record)),
        ("report.html", render_page(record, drawn.captions, pictures)),
    ):
        write_bytes(out / name, content.encode("utf-8", "backslashreplace"))
    return out / "report.html"


def render_page(record: BridgesRecord, captions: Mapping[str, str], pictures: Mapping[str, Picture]) -> str:
    """The whole page: one file that asks the network for nothing and runs no script."""
    style = resources.files("repscope.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    return _template().render(
        r=record,
        style=_Markup(style),
        style_hash="sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        time=now(),
        headline=headline(record),
        legend=text.LEGEND,
        head=text.HEAD,
        words=3,
        tables=[
            (part, [text.before_row(part), *map(text.row_of, part.methods)] if part.methods else [])
            for part in record.parts
        ],
        warned=_warned(record),
        failed=[f"{label}: {why}" for label, why in record.failed.items()],
        entry="\n".join(text.entry_lines(record)).strip("\n"),
        figures=[(name, captions.get(name, "")) for name in pictures],
        pictures=pictures,
        rank=text._rank,
        replay=exact(record.replay),
    )


def headline(record: BridgesRecord) -> str:
    """Which bridge finds most truths on each part, or that none finds more than before."""
    said = []
    for part in record.parts:
        aligned = [one for one in part.methods if one.verdict.word == "aligned"]
        best = max(aligned, key=lambda one: one.measures["mrr.true"].after.value or 0.0, default=None)
        where = "" if len(record.parts) == 1 else f"{part.name} classes: "
        if best is None:
            said.append(f"{where}no bridge of {len(part.methods)} is called aligned")
            continue
        row = best.measures["top1.true"]
        said.append(
            f"{where}{visible(best.label, 40)} finds most, top-1 {number(row.before.value)} → "
            f"{number(row.after.value)}; {len(aligned)} of {len(part.methods)} are called aligned"
        )
    return ". ".join(said) + "."


def _save_figures(drawn: BridgeFigures, out: Path, formats: Sequence[str]) -> dict[str, Picture]:
    from io import BytesIO

    from repscope.plot.base.save import save_figure
    from repscope.plot.base.style import styled

    pictures = {}
    folder = make_folder(out / "figures") if drawn.figures else out
    for name, figure in drawn.figures.items():
        if formats:
            save_figure(figure, folder, name, formats=tuple(formats), dpi=PAGE_DPI)
        # The page has its own copy, whether or not a PNG was asked for.
        buffer = BytesIO()
        with styled():
            figure.savefig(buffer, format="png", dpi=PAGE_DPI, metadata={"Software": None}, facecolor="white")
        shown = f"{name}.{{{','.join(formats)}}}" if len(formats) > 1 else name
        pictures[name] = picture(buffer.getvalue(), shown)
    return pictures


def _warned(record: BridgesRecord) -> list[str]:
    return [line.removeprefix("! ") for line in text._warned(record)[2:]]


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    source = resources.files("repscope.report").joinpath("templates/bridges.html").read_text(encoding="utf-8")
    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string(source)


class _Markup(str):
    """Our own style sheet, not to be escaped."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)
