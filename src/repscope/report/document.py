"""What a report is made of: one document, lowered to a page, to plain text and to lines of a terminal.

Every text of a document is safe to show already (:mod:`repscope.text.display`); markup is escaped by the
page. A sentence is one value: no lowering takes text apart again, except to break lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from repscope.report.forest import Forest

Tone = Literal["", "good", "info", "calm", "wait", "bad", "soft"]
"""A colour, which never says anything that a word does not say."""

Kind = Literal["number", "change", "measure", "name", "id", "text", "word", "picture"]
"""What a column holds; numbers and changes are flush right."""


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: as it is read. Beside a ``term``: what that is, in a few words.
        interval: as it is read, or "".
        raw: value, low and high in full precision, which the page carries as data.
        term: public name of a measure; the page links it with its definition.
        sign, direction: which way is better, as a sign and in words.
        note: letter of the note that names the method.
        below: what stands below in small print; each is one value.
        listed: ranked names, in place of ``text``.
        marks: (name, number) of the controls beside a difference.
        forest: small drawing of a difference beside its controls.
        share: percent of a whole; the shares of a table are drawn as one bar.
        picture: path, bytes or record of a picture, for a thumbnail.
        tone: colour of the text.
    """

    text: str = ""
    interval: str = ""
    raw: tuple[float | None, float | None, float | None] = (None, None, None)
    term: str = ""
    sign: str = ""
    direction: str = ""
    note: str = ""
    below: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    forest: Forest | None = None
    share: float | None = None
    picture: Any = None
    tone: Tone = ""

    def __str__(self) -> str:
        """The number with its interval: ``0.412 [0.384, 0.441]``."""
        return f"{self.text} {self.interval}".rstrip()


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        title: its head.
        kind: of what it holds.
        key: what a :class:`View` calls it; the title by default.
        clip: most columns of a terminal that a cell takes.
    """

    title: str
    kind: Kind = "number"
    key: str = ""
    clip: int = 1000

    @property
    def name(self) -> str:
        """What a view calls it."""
        return self.key or self.title

    @property
    def numeric(self) -> bool:
        """Its cells are numbers."""
        return self.kind in ("number", "change")


@dataclass(frozen=True)
class View:
    """Some columns of a table, which plain text shows beside the first one.

    Attributes:
        columns: their names, in order; those that the table lacks are passed over.
        title: above them.
        brief: those whose intervals are left out.
    """

    columns: tuple[str, ...]
    title: str = ""
    brief: tuple[str, ...] = ()


Row = tuple[Cell | str, ...]


@dataclass(frozen=True)
class Table:
    """A table whose first column names the rows.

    Attributes:
        columns: at least one.
        rows: as many cells as columns; of a shorter row the last cell spans the rest.
        title: above it, or "".
        about: sentences between title and table.
        style: classes of the page's style sheet.
        views: how plain text shows it where one table would be too wide; all columns without.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    about: str = ""
    style: str = "wide"
    views: tuple[View, ...] = ()

    def cells(self) -> list[tuple[Cell, ...]]:
        """The rows, every cell a :class:`Cell`."""
        return [tuple(Cell(one) if isinstance(one, str) else one for one in row) for row in self.rows]


@dataclass(frozen=True)
class Heading:
    """The title of a part of a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Sentences; ``about`` those that explain what stands below them."""

    text: str
    about: bool = False


@dataclass(frozen=True)
class Bullets:
    """Sentences of equal rank, each one bullet."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """What a reader must know besides.

    Attributes:
        name: in one word, or "".
        text: the same in sentences, or "".
        warns: it limits what can be claimed.
    """

    name: str
    text: str
    warns: bool = False


@dataclass(frozen=True)
class Facts:
    """Names with their values. ``style``: "" one a line, "thresholds" many short ones, "notes" letters."""

    rows: tuple[tuple[str, str], ...]
    style: Literal["", "thresholds", "notes"] = ""


@dataclass(frozen=True)
class Legend:
    """What the marks of small drawings are: (name, words); ``drawn`` are those that have a sign."""

    marks: tuple[tuple[str, str], ...]
    drawn: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A figure by the name under which it is drawn."""

    name: str
    title: str
    caption: str


@dataclass(frozen=True)
class Command:
    """Commands that can be copied, one a line."""

    lines: tuple[str, ...]


Block = Table | Heading | Paragraph | Bullets | Note | Facts | Legend | Figure | Command


@dataclass(frozen=True)
class Definition:
    """What a measure is."""

    name: str
    formula: str
    note: str
    paper: str


@dataclass(frozen=True)
class Section:
    """A chapter.

    Attributes:
        identity: for links within the page.
        title: its heading.
        blocks: what it says.
        short: its name in the list of contents; the title by default.
        sourced: its numbers rest on the data, which are named below it.
    """

    identity: str
    title: str
    blocks: tuple[Block, ...]
    short: str = ""
    sourced: bool = True


@dataclass(frozen=True)
class Document:
    """A whole report, verdict first.

    Attributes:
        word: the verdict.
        tone: its colour.
        title: what was looked at.
        beside: what it was measured against, set less loudly behind the title.
        headline: the verdict as a sentence.
        reasons: why, and what limits it.
        facts: what went in.
        sections: in order.
        source: which data the numbers rest on, for below each section.
        repeat: the command that makes the report again, where sections name it; or "".
        definitions: of the measures, for the end of a page.
        version: of repscope.
        time: of writing.
        folders: where relative paths of pictures start.
        page: file of the viewer's page beside the report, or "".
    """

    word: str
    tone: Tone
    title: str
    beside: str
    headline: str
    reasons: tuple[Block, ...]
    facts: tuple[Block, ...]
    sections: tuple[Section, ...]
    source: str
    repeat: str
    definitions: tuple[Definition, ...]
    version: str
    time: str
    folders: tuple[Path, ...] = ()
    page: str = ""

    @property
    def figures(self) -> list[Figure]:
        """Every figure, in the order of the report."""
        return [one for section in self.sections for one in section.blocks if isinstance(one, Figure)]
