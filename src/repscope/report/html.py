"""A document as one HTML file that asks the network for nothing and runs no script."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import TYPE_CHECKING

from repscope.report.document import Block, Document, Table
from repscope.report.thumbnails import thumbnail

if TYPE_CHECKING:
    from jinja2 import Template

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


def html_page(document: Document, pictures: Mapping[str, Picture]) -> str:
    """The whole page.

    Args:
        document: the report.
        pictures: of every figure, by name.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        d=document,
        style=_Markup(style),
        style_hash=f"sha256-{digest}",
        pictures=pictures,
        numbers={one.name: number for number, one in enumerate(document.figures, 1)},
        defined={one.name for one in document.definitions},
        kind=_kind,
        bar=_bar,
        thumbnail=lambda cell: thumbnail(cell.picture, document.folders),
    )


def _kind(block: Block) -> str:
    return type(block).__name__


def _bar(table: Table) -> list[tuple[float, float]]:
    """Start and width, in percent, of each share in the rows of a table."""
    widths = [cell.share for row in table.cells() for cell in row if cell.share is not None]
    return list(zip(accumulate(widths, initial=0.0), widths, strict=False))


@cache
def _style() -> str:
    return resources.files("repscope.report").joinpath("templates/style.css").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    """The page. Everything that is put into it is escaped; unknown names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("repscope", "report/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html")


class _Markup(str):
    """Our own style sheet, not to be escaped."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)
