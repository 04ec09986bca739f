"""The drift report: verdict first, every number with its test, nothing from outside acts on the page."""

from __future__ import annotations

import csv
import inspect
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import repscope as rs
from repscope.measure.core.estimate import Estimate
from repscope.measure.drift.margins import WORDS
from repscope.measure.drift.verdict import _Judge
from repscope.study import EmbeddingSet
from repscope.testing.drifts import simulate_drift
from repscope.verbs.drift.content import build_drift_content
from repscope.verbs.drift.csv import COLUMNS, drift_csv
from repscope.verbs.drift.save import render_drift_page
from repscope.verbs.drift.tables import ratio, value
from repscope.verbs.drift.text_report import drift_summary, render_drift_text
from repscope.verbs.drift.words import FLAGS, HEADLINES, KEY, TONES, plain

EVIL = "<script>alert(1)</script>\u202e"


@pytest.fixture(scope="module")
def record():
    stages = {}
    for group, condition in (("recursive", "collapse-modes"), ("baseline", "nothing")):
        rows = simulate_drift(condition, items=120, seed=2).stages
        ids = [f"p{row}" for row in range(120)]
        ids[7] = EVIL
        stages[group] = [EmbeddingSet(f"{group}_{g}", x, {"id": ids}) for g, x in enumerate(rows)]
    return rs.drift(groups=stages, measures=("rank", "modes", "paths"), method="none", resamples=200)


def test_the_verdict_comes_first(record):
    content = build_drift_content(record)
    text = render_drift_text(content)
    assert text.startswith("COLLAPSING\n")
    assert text.index("baseline: stable") < text.index("Key numbers")
    page = render_drift_page(replace(content, figures=()), {})
    assert page.index("<h1>collapsing</h1>") < page.index("Key numbers")
    assert max(len(line) for line in text.splitlines() if "repscope" not in line) <= 100


def test_every_claim_carries_its_test_and_its_data(record):
    text = render_drift_text(build_drift_content(record))
    for reason in record.verdict.because:
        for number in re.findall(r"\d\.\d{3,}", reason):
            assert number in text
    for name in record.fingerprints:
        assert record.fingerprints[name] in text
    for heading in ("Movement and spread", "Modes of the first stage", "What these items can detect", "Rate"):
        assert text.count(heading) >= 2
    assert "recursive" in text
    assert "baseline against recursive" in text
    assert "paired" in text


def test_many_sets_are_named_once_and_not_below_every_section(record):
    content = build_drift_content(record)
    some = content.sets[0]
    many = replace(content, figures=(), sets=tuple(replace(some, name=f"set {n}") for n in range(9)))
    assert "set 0 " in many.brief_source
    assert "set 8 " in many.brief_source
    assert "; … 5 more, with their fingerprints at the end; " in many.brief_source
    assert "set 4 " not in many.brief_source
    assert "set 4 " in many.source
    few = replace(content, sets=many.sets[:4])
    assert few.brief_source == few.source
    page = render_drift_page(many, {})
    assert page.count(many.brief_source.split(";")[0]) >= 2


def test_nothing_from_outside_acts_on_the_page(record):
    marked = replace(record, notes=(*record.notes, EVIL))
    content = replace(build_drift_content(marked), figures=())
    page = render_drift_page(content, {})
    assert "<script" not in page
    assert "\u202e" not in page
    assert "\\u202e" in page
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)


def test_the_table_holds_every_value_in_full(record):
    rows = list(csv.DictReader(io.StringIO(drift_csv(record))))
    assert tuple(rows[0]) == COLUMNS
    stages = [row for row in rows if row["kind"] == "stage" and row["group"] == "recursive"]
    spread = [float(row["value"]) for row in stages if row["name"] == "spread.total"]
    assert spread == [one.value for one in record["spread.total"].values]
    contrasts = [row for row in rows if row["kind"] == "contrast"]
    assert len(contrasts) == len(record.contrasts) > 0
    assert {row["group"] for row in contrasts} == {"baseline against recursive"}
    assert all(row["value"] or row["why"] for row in rows)


def test_the_summary_is_short_and_says_what_moved(record):
    lines = drift_summary(record)
    assert lines[0].startswith("collapsing: recursive: 0 → 3 (4 stages, 120 items)")
    assert len(lines) < 30
    assert max(map(len, lines)) <= 100
    assert any("spread.total" in line for line in lines)
    assert any(line.startswith("baseline against recursive  spread.total  × ") for line in lines)


def test_every_word_and_flag_has_its_words(record):
    assert set(TONES) == set(HEADLINES) == set(WORDS)
    assert set(record.verdict.flags) <= set(FLAGS)
    assert all(plain(name) for name in KEY)
    assert plain("frechet@real") == "Fréchet distance, to real rows"
    assert plain("rank.stable")


def test_numbers_keep_their_digits():
    assert ratio(Estimate(0.0101, 0.0096, 0.0106)) == "0.0101 [0.0096, 0.0106]"
    assert value(Estimate(1.062, 1.036, 1.086)) == "1.062 [1.036, 1.086]"
    assert value(Estimate(None, why="none")) == "undefined"
    assert value(None) == "undefined"


def test_the_page_has_no_holes(record):
    page = render_drift_page(replace(build_drift_content(record), figures=()), {})
    assert not re.search(r">(?:None|nan|inf)<", page)
    assert np.isfinite([one.value for one in record["spread.total"].values]).all()


def test_the_documentation_explains_every_word_flag_and_margin():
    page = (Path(__file__).resolve().parents[3] / "docs" / "drift.md").read_text(encoding="utf-8")
    flags = set(
        re.findall(r'"([a-z]+(?:-[a-z]+)+|moved|rescaled|recovered)"', inspect.getsource(_Judge._flags))
    )
    assert {"few-clusters", "moved", "tails-first"} <= flags
    assert flags == set(FLAGS)
    assert [one for one in (*WORDS, *flags) if f"| `{one}` |" not in page] == []
    assert "<!-- generate: driftmargins -->" in page
