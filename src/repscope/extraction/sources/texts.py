"""Sources of texts: lines of a file, columns of a table, captions, class names in prompt templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from repscope.errors import FormatError, InputError
from repscope.extraction.sources.base import Cell, Item, ItemList
from repscope.extraction.sources.decode import UnreadableError
from repscope.extraction.sources.listing import check_unique, describe
from repscope.formats.text_files import read_json, read_text

if TYPE_CHECKING:
    from PIL.Image import Image


class TextItems(ItemList):
    """Texts, one an item.

    :attr:`Item.text` is set, save where the list has none; such an item is recorded as skipped. The columns
    are ``text`` and those of the list, such as ``image_id`` or ``label``.
    """

    def open(self, item: Item) -> Image:
        """Texts have no image; raises :class:`UnreadableError` with the reason."""
        raise UnreadableError("a text, not an image" if item.text is not None else "no text")


def text_item(name: str, text: str | None, columns: Mapping[str, Cell]) -> Item:
    """One item with its text as a column as well; ``place`` is its id."""
    described: dict[str, Cell] = {"text": text, **columns}
    size = 0 if text is None else len(text.encode("utf-8", "surrogatepass"))
    return Item(name, size, described, place=name, text=text, detail=describe(described))


def read_lines(path: Path, encoding: str | None = None) -> list[tuple[int, str]]:
    """Lines of a text file that are not blank, with their numbers from 1; or strings of a JSON list.

    Raises:
        FormatError: not text in UTF-8 or the encoding given, or JSON of something else.
        InputError: there is none.
    """
    if path.suffix.lower() == ".json":
        listed = read_json(path, encoding)
        if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
            raise FormatError(f"a list of strings in {path}", f"a {type(listed).__name__}", "give one")
    else:
        listed = read_text(path, encoding).split("\n")
        if any("\0" in line for line in listed):
            raise FormatError(f"text in {path}", "zero bytes", "name its kind with --source-kind")
    lines = [(number, line.strip()) for number, line in enumerate(listed, 1) if line.strip()]
    if not lines:
        raise InputError(f"lines of text in {path}", "none", "write one text a line")
    return lines


def read_texts(path: Path, encoding: str | None = None) -> TextItems:
    """A text an item; the id is the number of its line, from 1. Blank lines are left out.

    Raises:
        FormatError, InputError: see :func:`read_lines`.
    """
    items = [text_item(str(number), text, {}) for number, text in read_lines(path, encoding)]
    return TextItems("text", path, tuple(items), ("text",))


def read_classes(path: Path, templates: Sequence[str] = (), encoding: str | None = None) -> TextItems:
    """Class names, one a line, each in every prompt template.

    Items are in the order of the classes, then of the templates. The id is the class name, followed by
    ``#0``, ``#1``, … where there are several templates; ``label`` is the class name.

    Args:
        path: a text file, or a JSON list of strings.
        templates: with ``{}`` where the name goes; none for the bare names.
        encoding: of the file; UTF-8 where it is not given.

    Raises:
        FormatError: see :func:`read_lines`.
        InputError: names repeat, or a template has no or more than one ``{}``.
    """
    wanted = tuple(templates) or ("{}",)
    for template in wanted:
        if template.count("{}") != 1:
            raise InputError(
                "templates with one {} for the class name", repr(template), 'write "a photo of a {}"'
            )
    check_unique(wanted, "--templates", "give each template once")
    names = [name for _, name in read_lines(path, encoding)]
    check_unique(names, path, "name each class once")
    items = []
    for number, name in enumerate(names):
        for which, template in enumerate(wanted):
            columns: dict[str, Cell] = {
                "label": name,
                "class": number,
                "template": template,
                "template_index": which,
            }
            own = f"{name}#{which}" if len(wanted) > 1 else name
            items.append(text_item(own, template.replace("{}", name), columns))
    columns_of = ("text", "label", "class", "template", "template_index")
    return TextItems("classes", path, tuple(items), columns_of, {"templates": list(wanted)})
