"""The report as one HTML file that asks the network for nothing and runs no script."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from repscope.report.thumbnails import thumbnail
from repscope.verbs.compare.changes import ItemRow
from repscope.verbs.compare.content import Content
from repscope.verbs.compare.forest import DRAWN
from repscope.verbs.compare.sentences import WARNINGS
from repscope.verbs.compare.words import CONTROLS

if TYPE_CHECKING:
    from jinja2 import Template

TONES = {
    "aligned": "good",
    "closer": "info",
    "unchanged": "calm",
    "inconclusive": "wait",
    "farther": "wait",
    "damaged": "bad",
    "hub-captured": "bad",
    "collapsed": "bad",
}
"""Colour of each verdict; the word says the same without it."""

PAGE_DPI = 260
"""Resolution of figures: a figure 7.16 inches wide fills the page at two pixels for each of CSS."""

_PIXELS_PER_POINT = 2


@dataclass(frozen=True)
class Picture:
    """A figure inside the page, at half its pixels so that it is sharp on dense screens.

    Attributes:
        uri: the PNG as a data URI.
        width, height: in CSS pixels.
        file: name of the figure's file beside the page, with the formats that were written.
    """

    uri: str
    width: int
    height: int
    file: str


def picture(png: bytes, file: str) -> Picture:
    """A figure from the bytes of its PNG."""
    width, height = struct.unpack(">II", png[16:24])
    uri = "data:image/png;base64," + base64.b64encode(png).decode()
    return Picture(uri, width // _PIXELS_PER_POINT, height // _PIXELS_PER_POINT, file)


def render_page(content: Content, pictures: Mapping[str, Picture], folders: Sequence[Path] = ()) -> str:
    """The whole page.

    Args:
        content: from :func:`repscope.verbs.compare.content.build_content`.
        pictures: of every figure in ``content.figures``, by name.
        folders: where relative image paths of items start.
    """
    template = page_template("comparison.html")
    changes = content.changes
    rows = [*changes.improved, *changes.worsened, *changes.moved]
    shows = _shown(rows)
    return template.render(
        c=content,
        **page_style(),
        tone=TONES.get(content.word, "calm"),
        warnings=WARNINGS,
        drawn=[
            name
            for name in DRAWN
            if any(name in dict(row.forest.controls) for row in content.key if row.forest)
        ],
        control_words=CONTROLS,
        group_controls={
            group.key: [name for name in content.controls if any(name in row.controls for row in group.rows)]
            for group in content.groups
        },
        stacked=list(
            zip(content.parts, accumulate((part.width for part in content.parts), initial=0.0), strict=False)
        ),
        pictures=pictures,
        shows=shows,
        thumbnails={row.row: thumbnail(row.image, folders) for row in rows} if shows["image"] else {},
    )


@cache
def _style() -> str:
    return resources.files("repscope.report").joinpath("templates/style.css").read_text(encoding="utf-8")


@cache
def page_template(name: str) -> Template:
    """A page of this room. Everything that is put into it is escaped; unknown names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("repscope", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def page_style() -> dict[str, str]:
    """The style sheet of a page, and its hash for the page's own policy."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return {"style": _Markup(style), "style_hash": f"sha256-{digest}"}


class _Markup(str):
    """Our own style sheet, not to be escaped."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def _shown(rows: Sequence[ItemRow]) -> dict[str, bool]:
    """Columns that any item fills."""
    names = ("image", "label", "text", "rank", "cosine", "nearest", "displacement", "angle", "kept")
    return {name: any(getattr(row, name) for row in rows) for name in names}
