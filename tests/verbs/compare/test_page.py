"""report.html: one well-formed file, verdict first, everything measured in it, nothing hostile alive."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.report.html import Picture, html_page
from repscope.study.names import safe_name
from repscope.text.numbers import interval, number, p_value, places_for, places_for_change
from repscope.verbs.common.class_tables import LISTED
from repscope.verbs.compare.document import comparison_document
from repscope.verbs.compare.words import KEY_MEASURES

Parse = Callable[[str], Any]

HOSTILE = (
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE sets; --",
    "{{ 7 * 7 }}{% raw %}",
    "]]><svg onload=alert(1)>",
    "</style></title></code></pre>",
    "javascript:alert(1)",
    "\u202egnp.exe\u202c",
    "שלום عالم",
    "x" * 5000,
    "z" + "\u0301" * 500,
    "\x1b[2J\x00\x07",
    "\ud800 lone surrogate",
    "日本語" * 300,
)  # fmt: skip

TAGS = {
    "page", "html", "head", "meta", "title", "style", "body", "main", "header", "nav", "section",
    "div", "h1", "h2", "h3", "p", "ul", "li", "dl", "dt", "dd", "span", "b", "a", "code", "pre",
    "bdi", "cite", "sup", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure",
    "figcaption", "img", "svg", "g", "path", "line", "circle", "rect",
}  # fmt: skip
"""All that a page is made of."""


def page_of(comparison: Any, pictures: dict[str, Picture] | None = None) -> str:
    shown = {name: Picture("data:image/png;base64,AA", 10, 10, name) for name in comparison.figures}
    return html_page(comparison_document(comparison), pictures or shown)


def test_the_verdict_comes_before_any_table(aligned: Any, parse: Parse) -> None:
    body = parse(page_of(aligned)).all("body")[0]
    tags = [element.tag for element in body.walk()]
    assert body.all("h1")[0].text == "aligned"
    assert tags.index("h1") < tags.index("table")
    header = body.all("header")[0].text
    assert all(reason.split(" (")[0] in header for reason in aligned.verdict.because)
    assert "41.2% → 66.1%" in header


def test_it_asks_the_network_for_nothing_and_runs_no_script(aligned: Any, parse: Parse) -> None:
    html = page_of(replace(aligned, figures={"map": None}))
    root = parse(html)
    for element in root.walk():
        assert element.tag not in ("script", "link", "iframe", "object", "embed", "base", "form")
        for name, value in element.attributes.items():
            assert not name.startswith("on"), (element.tag, name)
            assert name != "style"
            if name in ("src", "href", "srcset", "data", "action", "poster"):
                assert value.startswith(("#", "data:image/")), (element.tag, name, value[:40])
    style = root.all("style")[0].children[0]
    assert "url(" not in style
    assert "@import" not in style
    policy = next(meta for meta in root.all("meta") if "http-equiv" in meta.attributes).attributes["content"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.split("; ")[:3] == ["default-src 'none'", "img-src data:", f"style-src 'sha256-{digest}'"]


def test_every_measure_with_every_number(aligned: Any, parse: Parse) -> None:
    section = parse(page_of(aligned)).get("measures")
    rows = {row.all("th")[0].all("code")[0].text: row for row in section.all("tr") if row.all("td")}
    assert set(rows) == {row.name for row in aligned.measures} | set(aligned.undefined)
    for row in aligned.measures:
        words = rows[row.name].text
        places = places_for(row.before.value, row.after.value)
        for one in (row.before, row.after):
            assert number(one.value, places) in words
            assert interval(one.low, one.high, places) in words
        change = row.difference
        decimals = places_for_change(places, change.value, change.low, change.high)
        assert number(change.value, decimals, signed=True) in words
        assert interval(change.low, change.high, decimals, signed=True) in words
        assert p_value(change.p) in words
        assert p_value(change.q) in words
        for name, value in row.controls.items():
            if name != "identity":
                assert number(value, places_for_change(places, value), signed=True) in words
        if row.expected:
            assert interval(*row.expected, places) in words
        for label in ("before", "after", "difference"):
            cell = next(td for td in rows[row.name].all("td") if td.attributes.get("data-label") == label)
            one = getattr(row, label)
            for end, value in (("value", one.value), ("low", one.low), ("high", one.high)):
                assert float(cell.attributes[f"data-{end}"]) == value
    assert "undefined expected more items than keys" in rows["cluster.v"].text


def test_key_numbers_with_their_tests_and_controls(aligned: Any, parse: Parse) -> None:
    rows = parse(page_of(aligned)).get("key").all("tbody")[0].all("tr")
    assert [row.all("code")[0].text for row in rows] == list(KEY_MEASURES)
    for row in rows:
        one = aligned[row.all("code")[0].text]
        cells = {
            td.attributes["data-label"]: td.text for td in row.all("td") if "data-label" in td.attributes
        }
        assert (cells["p"], cells["q"]) == (p_value(one.difference.p), p_value(one.difference.q))
        places = places_for(one.before.value, one.after.value)
        for name in ("noise", "collapse", "snap"):
            value = one.controls[name]
            assert (
                number(value, places_for_change(places, value), signed=True) in cells["beside the controls"]
            )
        assert len([svg for svg in row.all("svg") if svg.attributes.get("class") == "forest"]) == 1


def test_every_number_of_the_similarities_and_of_the_change(aligned: Any, parse: Parse) -> None:
    root = parse(page_of(aligned))
    for one in aligned.similarity:
        row = next(
            row for row in root.get("similarity").all("tr") if row.all("code") and one.name in row.text
        )
        assert number(one.value.value) in row.text
        assert interval(one.value.low, one.value.high) in row.text
        assert number(one.null) in row.text
        assert number(one.null_high) in row.text
        assert p_value(one.p) in row.text
    assert all(f"{share:.1%}" in root.get("change").text for share in aligned.change["shares"].values())
    bars = root.get("change").all("rect")[:5]
    assert sum(float(bar.attributes["width"]) for bar in bars) == pytest.approx(100)
    starts = [float(bar.attributes["x"]) for bar in bars]
    assert starts == sorted(starts)


def test_the_older_number_is_labelled_and_called_misleading(collapsed: Any, parse: Parse) -> None:
    root = parse(page_of(collapsed))
    row = next(row for row in root.get("key").all("tr") if "cosine.max" in row.text)
    assert "the older number" in row.text
    assert row.text.endswith("misleads")
    assert "would have been called an improvement" in root.all("header")[0].text


def test_each_section_names_its_data_and_the_command_that_repeats_it(aligned: Any, parse: Parse) -> None:
    root = parse(page_of(aligned))
    for name in ("key", "measures", "similarity", "change", "power", "items"):
        words = root.get(name).text
        for fingerprint in aligned.fingerprints.values():
            assert fingerprint[:12] in words, name
        assert aligned.replay in words, name
    repeat = root.get("repeat").text
    assert all(fingerprint in repeat for fingerprint in aligned.fingerprints.values())
    assert "repscope info bridge-study visual_after --verify" in repeat
    assert "torch 2.13.0" in repeat
    assert "mrr.true 0.02" in repeat


def test_power_and_what_would_decide(make: Any, parse: Parse) -> None:
    comparison = make()
    comparison = replace(comparison, verdict=replace(comparison.verdict, word="inconclusive", needed=980))
    section = parse(page_of(comparison)).get("power")
    assert "about 980 would" in section.text
    names = {code.text for code in section.all("table")[0].all("code")}
    assert names == set(comparison.verdict.detectable)


def test_tables_can_be_read_aloud(aligned: Any, parse: Parse) -> None:
    root = parse(page_of(replace(aligned, figures={"map": None}, captions={"map": "Items move."})))
    assert root.all("html")[0].attributes["lang"] == "en"
    for table in root.all("table"):
        heads = table.all("thead")[0].all("th")
        assert all(head.attributes.get("scope") == "col" for head in heads)
        for row in table.all("tbody")[0].all("tr"):
            assert row.all("th")[0].attributes["scope"] == "row"
            cells = [one for one in row.children if not isinstance(one, str)]
            assert sum(int(cell.attributes.get("colspan", "1")) for cell in cells) == len(heads)
    assert all(image.attributes.get("alt") for image in root.all("img"))
    for svg in root.all("svg"):
        assert svg.attributes.get("aria-hidden") == "true" or svg.attributes.get("aria-label")
    identities = [one.attributes["id"] for one in root.walk() if "id" in one.attributes]
    assert len(identities) == len(set(identities))
    for link in root.all("a"):
        assert link.attributes["href"][1:] in identities


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_is_only_text(evil: str, aligned: Any, parse: Parse) -> None:
    import pyarrow as pa

    safe = evil.encode("utf-8", "replace").decode()
    items = pa.table(
        {
            "id": [safe, "b"],
            "label": [safe, safe],
            "text": [safe, safe],
            "image_id": [safe, safe],
            "rank_before": [2.0, 1.0],
            "rank_after": [1.0, 3.0],
            "predicted_before": [safe, "x"],
            "predicted_after": ["y", safe],
            "path": [safe, safe],
        }
    )
    changed = replace(
        aligned,
        before=evil,
        after=evil + "2",
        reference=evil + "3",
        on=evil,
        cluster="image_id",
        fingerprints={evil: evil},
        replay=f"repscope compare {evil}",
        undefined={"cluster.v": evil, evil: evil},
        notes=(evil,),
        classes_without_items=(evil,) * 3,
        provenance={evil: {evil: {evil: evil}, "source": evil}},
        items=items,
        figures={evil: None},
        captions={evil: evil},
        change={evil: evil, "shares": {"shift": 1.0}},
        verdict=replace(aligned.verdict, because=(evil,), flags=(evil, "rescaled")),
    )
    html = page_of(changed, {evil: Picture("data:image/png;base64,AA", 10, 10, safe_name(evil))})
    root = parse(html)
    assert {element.tag for element in root.walk()} <= TAGS
    for element in root.walk():
        assert not any(name.startswith("on") for name in element.attributes)
    for char in ("\u202e", "\x1b", "\x00", "\x07"):
        assert char not in html
    assert "49" not in root.all("title")[0].text
    # Nothing that a file can hold makes the page longer without end.
    assert len(html) < 250_000


def test_thousands_of_classes_without_items_are_counted(aligned: Any, parse: Parse) -> None:
    classes = tuple(f"class-{number:05d}" for number in range(4000))
    words = parse(page_of(replace(aligned, classes_without_items=classes))).all("header")[0].text
    assert f"class-{LISTED - 1:05d} and {4000 - LISTED:,} more" in words
    assert f"class-{LISTED:05d}" not in words


def test_undefined_values_say_so_and_why(aligned: Any, parse: Parse) -> None:
    row = MeasureResult(
        measure_info("hub.share"),
        Estimate(float("nan")),
        Estimate(0.5, why="one cluster has no spread to resample"),
        Difference(None, why="before has no value"),
        {"noise": None},
    )
    html = page_of(replace(aligned, measures=(row,), similarity=(), change=None))
    words = parse(html).all("body")[0].text
    assert "undefined" in words
    assert "after: one cluster has no spread to resample" in words
    assert "difference: before has no value" in words
    assert not re.search(r"\b([Nn]a[Nn]|inf|None)\b", words)


def test_a_comparison_of_nothing_is_still_a_page(make: Any, parse: Parse) -> None:
    import pyarrow as pa

    bare = replace(
        make(linked=False),
        measures=(), undefined={}, similarity=(), change=None, items=pa.table({"id": ["a"]}), figures={},
        captions={}, notes=(), classes_without_items=(), provenance={}, fingerprints={}, replay="",
        cluster=None,
    )  # fmt: skip
    root = parse(page_of(bare))
    assert root.all("h1")[0].text == bare.verdict.word
    assert "Made in Python, without a command" in root.get("repeat").text
    assert "No item changed its rank or its place" in root.get("items").text


def test_items_with_thumbnails(aligned: Any, parse: Parse, tmp_path: Any) -> None:
    import pyarrow as pa
    from PIL import Image

    Image.new("RGB", (200, 100), "red").save(tmp_path / "good.png")
    (tmp_path / "broken.png").write_bytes(b"no")
    items = pa.table(
        {
            "id": ["a", "b"],
            "path": ["good.png", "broken.png"],
            "rank_before": [4.0, 1.0],
            "rank_after": [1.0, 2.0],
        }
    )
    document = comparison_document(replace(aligned, items=items))
    root = parse(html_page(replace(document, folders=(tmp_path,)), {}))
    improved, worsened = root.get("items").all("table")
    assert improved.all("img")[0].attributes["src"].startswith("data:image/jpeg;base64,")
    assert improved.all("img")[0].attributes["alt"] == "picture of item a"
    assert not worsened.all("img")
    heads = [head.text for head in improved.all("thead")[0].all("th")]
    assert heads == ["item", "picture", "rank of the truth"]


def test_json_numbers_are_all_on_the_page(aligned: Any) -> None:
    html = page_of(aligned)
    for measure in json.loads(json.dumps(aligned.to_json()))["measures"]:
        for part in ("before", "after", "difference"):
            for end in ("value", "low", "high"):
                assert f'data-{end}="{measure[part][end]!r}"' in html
