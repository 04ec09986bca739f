"""A document as plain text of at most 100 columns."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from repscope.report.document import (
    Block,
    Bullets,
    Cell,
    Command,
    Document,
    Facts,
    Figure,
    Heading,
    Legend,
    Note,
    Paragraph,
    Section,
    Table,
    View,
)
from repscope.text.display import columns, pad, shell_safe, wrap
from repscope.text.tables import BELOW, WIDTH, clip, table

_BAR = 20


def plain_text(document: Document) -> str:
    """The whole report, verdict first."""
    lines = [document.word.upper(), "═" * columns(document.word)]
    lines += [*wrap(document.title + document.beside, WIDTH), "", *wrap(document.headline, WIDTH), ""]
    lines += [*block_lines(document.reasons), ""] if document.reasons else []
    lines += block_lines(document.facts)
    for section in document.sections:
        lines += _section(section, document)
    if document.definitions:
        lines += ["", "What each measure is, with its formula and paper: repscope measures"]
    lines += ["", f"repscope {document.version}, {document.time}"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def block_lines(blocks: Iterable[Block]) -> list[str]:
    """Some parts of a report, such as a terminal shows after a run."""
    lines: list[str] = []
    below_table = False
    for block in blocks:
        own = _block(block)
        lines += [""] if below_table and any(own[:1]) else []
        lines += own
        below_table = isinstance(block, Table)
    return lines


def table_lines(shown: Table, view: View, *, rule: bool = True, below: bool = True) -> list[str]:
    """One view of a table.

    Args:
        shown: the table.
        view: its columns beside the first one.
        rule: a line below the heads.
        below: also what stands below the cells, and rows that have no numbers but the reason.
    """
    number = {column.name: place for place, column in enumerate(shown.columns)}
    rows = [row for row in shown.cells() if below or len(row) == len(shown.columns)]
    wanted = [0, *(number[name] for name in view.columns if name in number)]
    kept = [at for at in wanted if at == 0 or any(_words(row[at]) for row in rows if at < len(row))]
    if not rows:
        return []
    body = []
    names = [column.name for column in shown.columns]
    for row in rows:
        words = [_words(cell, brief=name in view.brief) for name, cell in zip(names, row, strict=False)]
        words += [""] * (len(names) - len(words))
        body.append([clip(words[at], shown.columns[at].clip) for at in kept])
    small = [[line for cell in row for text in _small(cell) for line in _indented(text)] for row in rows]
    return table(
        [shown.columns[at].title for at in kept],
        body,
        left=[place for place, at in enumerate(kept) if not shown.columns[at].numeric],
        below=small if below else (),
        rule=rule,
    )


def command_lines(command: str) -> list[str]:
    """A command on lines that a shell joins again; words are never broken."""
    try:
        words = [shlex.quote(word) for word in shlex.split(command)]
    except ValueError:
        return ["    " + shell_safe(command)]
    lines = ["    " + (words[0] if words else "")]
    for word in words[1:]:
        if columns(lines[-1]) + columns(word) + 3 > WIDTH:
            lines[-1] += " \\"
            lines.append("        " + word)
        else:
            lines[-1] += " " + word
    return lines


def _section(section: Section, document: Document) -> list[str]:
    lines = block_lines(section.blocks)
    lines = ["", "", *wrap(section.title, WIDTH), "─" * WIDTH, *(lines if any(lines[:1]) else lines[1:])]
    if section.sourced:
        repeat = " Repeat: the command at the end." if document.repeat else ""
        lines += ["", *wrap(f"[{document.source}.{repeat}]", WIDTH, rest=" ")]
    return lines


def _block(block: Block) -> list[str]:
    lines: list[str] = []
    match block:
        case Heading():
            lines = ["", *wrap(block.text, WIDTH)]
        case Paragraph():
            lines = wrap(block.text, WIDTH)
        case Bullets():
            lines = [line for item in block.items for line in wrap(item, WIDTH, first="  – ", rest="    ")]
        case Note():
            text = ": ".join(part for part in (block.name, block.text) if part)
            lines = wrap(text, WIDTH, first="  ! ", rest="    ")
        case Facts():
            lines = _facts(block)
        case Legend():
            lines = ["", *(f"{pad(name, 15)} {words}" for name, words in block.marks), ""]
        case Figure():
            lines = wrap(f"{block.title}. {block.caption}", WIDTH, rest="    ")
            lines += wrap(f"figures/{block.name}", WIDTH, first="    ")
        case Command():
            lines = [line for command in block.lines for line in command_lines(command)]
        case Table():
            lines = _table(block)
    return lines


def _facts(block: Facts) -> list[str]:
    if block.style == "thresholds":
        return wrap("; ".join(f"{name} {value}" for name, value in block.rows), WIDTH, first="    ")
    lines: list[str] = []
    for name, text in block.rows:
        if block.style == "notes":
            lines += wrap(text, WIDTH, first=f"  {pad(name, 3)}", rest="     ")
        else:
            lines += wrap(f"{name}: {text}", WIDTH, first="    ", rest="      ")
    return lines


def _table(shown: Table) -> list[str]:
    lines = ["", *wrap(shown.title, WIDTH)] if shown.title else [""]
    lines += [*wrap(shown.about, WIDTH), ""] if shown.about else []
    every = View(tuple(column.name for column in shown.columns[1:]))
    for number, view in enumerate(shown.views or (every,)):
        if not number or any(column.name in view.columns for column in shown.columns):
            lines += ["", view.title] if view.title else []
            lines += table_lines(shown, view, below=not number)
    return lines


def _words(cell: Cell, *, brief: bool = False) -> str:
    """What a cell says on one line."""
    marks = ", ".join(f"{name} {value}" for name, value in cell.marks)
    words = [
        cell.term or " | ".join(cell.listed) or cell.text,
        "" if brief else cell.interval,
        cell.sign,
        cell.note,
        marks,
    ]
    if cell.share is not None:
        words.append(pad("█" * round(cell.share * _BAR / 100) or "▏", _BAR))
    return " ".join(word for word in words if word)


def _small(cell: Cell) -> list[str]:
    """What stands below it."""
    return [*([cell.text] if cell.term and cell.text else []), *cell.below]


def _indented(text: str) -> list[str]:
    return wrap(text, WIDTH, first=BELOW)
