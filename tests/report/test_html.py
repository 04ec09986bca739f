"""A document as a page: one well-formed file, nothing in it alive, every value once."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from typing import Any

import pytest
from tests.helpers.page import Element, read_page

from repscope.measure.core.estimate import Difference
from repscope.report.document import (
    Bullets,
    Cell,
    Column,
    Command,
    Definition,
    Document,
    Facts,
    Figure,
    Heading,
    Legend,
    Note,
    Paragraph,
    Section,
    Table,
)
from repscope.report.forest import forest
from repscope.report.html import Picture, html_page, picture

EVIL = "\"><script>alert(1)</script>'{{ 7 * 7 }}"
PICTURE = Picture("data:image/png;base64,AA", 10, 20, "map.{png,svg}")

FOREST = forest(Difference(0.1, 0.0, 0.2), {"noise": -0.1})

TABLE = Table(
    (Column("measure", "measure"), Column("before"), Column("change", "change"), Column("reading", "word")),
    (
        (
            Cell("share found", term="top1.true", sign="↑", direction="higher is better", note="a"),
            Cell("0.2", "[0.1, 0.3]", (0.2, 0.1, None)),
            Cell(
                "+0.1", forest=forest(Difference(0.1, 0.0, 0.2), {"noise": -0.1}), marks=(("noise", "−0.1"),)
            ),
            Cell("better", tone="good"),
        ),
        (Cell(term="gone"), Cell("undefined", below=("one class", "one row"))),
        ("plain", Cell("60%", share=60.0), Cell(listed=("cat", "dog")), "unclear"),
        ("plain", Cell("40%", share=40.0), "", ""),
    ),
    "A table",
    "What it shows.",
)


def document(*blocks: Any, **about: Any) -> Document:
    """A page of one section."""
    return replace(
        Document(
            word="fine",
            tone="good",
            title="before → after",
            beside=" against text",
            headline="It is fine.",
            reasons=(Bullets(("one reason",)), Note("flag", "why", warns=True)),
            facts=(Paragraph("10 items."), Bullets(())),
            sections=(Section("key", "Key numbers", blocks or (Paragraph("Nothing."),), "Key"),),
            source="before a 0123; seed 0",
            repeat="repscope compare a b",
            definitions=(Definition("top1.true", "hits / n", "a note", "a paper"),),
            version="1.0",
            time="2026-01-01T00:00:00Z",
        ),
        **about,
    )


def page(*blocks: Any, **about: Any) -> Element:
    """The same as a tree."""
    return read_page(html_page(document(*blocks, **about), {"map": PICTURE}))


def test_verdict_facts_contents_and_sections_in_order() -> None:
    root = page()
    body = root.all("body")[0]
    assert body.all("h1")[0].text == "fine"
    assert root.all("title")[0].text == "fine: before → after"
    words = body.text
    order = [
        "fine",
        "It is fine.",
        "one reason",
        "flag why",
        "10 items.",
        "Nothing.",
        "hits / n",
    ]
    places = [words.index(word) for word in order]
    assert places == sorted(places)
    assert [link.attributes["href"] for link in body.all("nav")[0].all("a")] == ["#key", "#cards"]
    assert not root.all("header")[0].all("div")[-1].all("ul")
    assert body.all("section")[0].text.endswith("seed 0 . Repeat: repscope compare a b".replace(" .", "."))


def test_only_our_style_is_allowed() -> None:
    root = page()
    style = root.all("style")[0].children[0]
    digest = base64.b64encode(hashlib.sha256(str(style).encode()).digest()).decode()
    policy = next(meta for meta in root.all("meta") if "http-equiv" in meta.attributes).attributes["content"]
    assert policy.split("; ")[:3] == ["default-src 'none'", "img-src data:", f"style-src 'sha256-{digest}'"]


def test_one_value_is_one_bullet_however_long_and_whatever_it_holds() -> None:
    long = "a warning\n- that looks like a list\n! and like a flag; " + "word " * 100
    items = page(Bullets((long, "another"))).get("key").all("li")
    assert [item.text for item in items] == [" ".join(long.split()), "another"]
    flags = [
        one for one in page(Note("", long)).get("key").all("div") if "flag" in one.attributes.get("class", "")
    ]
    assert [len(flag.all("p")) for flag in flags] == [1]


def test_cells_of_a_table() -> None:
    root = page(TABLE)
    table = root.get("key").all("table")[0]
    heads = [head.text for head in table.all("thead")[0].all("th")]
    assert heads == ["measure", "before", "change", "reading"]
    first, undefined, third, _ = table.all("tbody")[0].all("tr")
    assert first.all("th")[0].text == "share found ↑ top1.true a"
    assert first.all("a")[0].attributes["href"] == "#m-top1.true"
    before, change, reading = first.all("td")
    assert before.text == "0.2 [0.1, 0.3]"
    assert (before.attributes["data-value"], before.attributes["data-low"]) == ("0.2", "0.1")
    assert "data-high" not in before.attributes
    assert before.attributes["data-label"] == "before"
    assert [svg.attributes.get("class") for svg in change.all("svg")] == ["forest", None]
    assert "text-good" in reading.attributes["class"]
    # A measure without a definition is no link; a short row's last cell spans the rest.
    assert not undefined.all("a")
    (cell,) = undefined.all("td")
    assert cell.attributes["colspan"] == "3"
    assert [span.text for span in cell.all("span")] == ["undefined", "one class", "one row"]
    assert [one.text for one in third.all("ol")[0].all("li")] == ["cat", "dog"]


def test_shares_of_a_table_are_one_bar() -> None:
    bar = next(svg for svg in page(TABLE).all("svg") if svg.attributes.get("class") == "shares")
    placed = [(one.attributes["x"], one.attributes["width"]) for one in bar.all("rect")]
    assert placed == [("0.0", "60.0"), ("60.0", "40.0")]


def test_other_blocks() -> None:
    legend = Legend((("noise", "random steps"), ("floor", "two halves")), ("noise",))
    section = page(
        Heading("Part"),
        Facts((("name", "value"),)),
        Facts((("a", "bootstrap"),), "notes"),
        legend,
        Command(("repscope info s", "repscope info t")),
        Paragraph("About.", about=True),
    ).get("key")
    assert section.all("h3")[0].text == "Part"
    assert section.all("dl")[0].text == "name value"
    assert section.all("li")[0].text == "a bootstrap"
    assert "noise: random steps" in section.text
    assert "two halves" not in section.text
    assert section.all("pre")[0].all("code")[0].children == ["repscope info s\nrepscope info t"]


def test_figures_are_numbered_through_the_page() -> None:
    sections = tuple(
        Section(f"s{number}", "Figures", (Figure("map", "map", "Items move."),)) for number in range(1)
    )
    figure = page(sections=sections).all("figure")[0]
    assert figure.all("img")[0].attributes["alt"] == "Figure 1, map: Items move."
    assert figure.all("figcaption")[0].text == "Figure 1, map. Items move. figures/map.{png,svg}"


@pytest.mark.parametrize("evil", [EVIL, "</style></title>", "\u202e", "<!--"])
def test_text_from_outside_is_only_text(evil: str) -> None:
    cells = Table(
        (Column(evil, "id"), Column(evil)), ((evil, Cell(evil, evil, below=(evil,), note=evil)),), evil
    )
    blocks = [cells, Heading(evil), Note(evil, evil), Facts(((evil, evil),)), Command((evil,))]
    html = html_page(document(*blocks, title=evil, beside=evil, headline=evil, source=evil, repeat=evil), {})
    root = read_page(html)
    assert "script" not in {element.tag for element in root.walk()}
    for element in root.walk():
        assert not any(name.startswith("on") for name in element.attributes)
    assert evil in root.all("title")[0].children[0]  # type: ignore[operator]


def test_everything_has_a_name_for_readers_who_do_not_see() -> None:
    root = page(TABLE, sections=document(TABLE).sections)
    assert root.all("html")[0].attributes["lang"] == "en"
    for svg in root.all("svg"):
        assert svg.attributes.get("aria-hidden") == "true" or svg.attributes.get("aria-label")
    identities = [one.attributes["id"] for one in root.walk() if "id" in one.attributes]
    assert len(identities) == len(set(identities))


def test_pictures_are_shown_at_half_their_pixels() -> None:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (300, 120)).save(buffer, "PNG")
    shown = picture(buffer.getvalue(), "map")
    assert (shown.width, shown.height) == (150, 60)
    assert base64.b64decode(shown.uri.partition(",")[2]) == buffer.getvalue()


def test_colours_have_contrast() -> None:
    from importlib import resources

    style = resources.files("repscope.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    blocks = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.S)
    ]
    assert len(blocks) == 3  # light, dark, print

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for block in blocks:
        paper = luminance(block["paper"])
        for name in ("ink", "soft", "good", "info", "calm", "wait", "bad"):
            low, high = sorted((paper, luminance(block[name])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (block["paper"], name)
