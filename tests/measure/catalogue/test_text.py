"""The table of measures."""

from __future__ import annotations

from repscope.measure.catalogue.measures import MEASURES
from repscope.measure.catalogue.text import measures_markdown, measures_text


def test_every_measure_stands_in_both_tables_once() -> None:
    markdown, text = measures_markdown(MEASURES.values()), measures_text(MEASURES.values())
    for info in MEASURES.values():
        assert f"\n## {info.group}\n" in f"\n{markdown}"
        assert markdown.count(f"| `{info.name}` |") == 1
        assert sum(line.startswith(f"{info.name} ") for line in text.splitlines()) == 1


def test_bounds_and_bars_of_a_formula_are_written_so_that_a_table_keeps_them() -> None:
    assert "| lower | [0, ∞] |" in measures_markdown([MEASURES["frechet"]])
    assert r"\|A ∩ B\|" in measures_markdown([MEASURES["knn.recall"]])
    assert measures_text([MEASURES["frechet"]]).startswith("DISTRIBUTION\nfrechet              ↓ [0, ∞]")
