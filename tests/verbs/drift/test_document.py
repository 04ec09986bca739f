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
from repscope.report.html import html_page
from repscope.report.plain import plain_text
from repscope.study import EmbeddingSet
from repscope.testing.drifts import simulate_drift
from repscope.verbs.common.unseen import FLAG as UNSEEN_FLAG
from repscope.verbs.drift.csv import COLUMNS, drift_csv
from repscope.verbs.drift.document import drift_document, drift_summary
from repscope.verbs.drift.tables import ratio, value
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


def page_of(record):
    return html_page(drift_document(replace(record, figures={})), {})


def test_the_verdict_comes_first(record):
    text = plain_text(drift_document(record))
    assert text.startswith("COLLAPSING\n")
    assert text.index("baseline: stable") < text.index("Key numbers")
    page = page_of(record)
    assert page.index("<h1>collapsing</h1>") < page.index("Key numbers")
    assert max(len(line) for line in text.splitlines() if "repscope" not in line) <= 100


def test_every_claim_carries_its_test_and_its_data(record):
    text = plain_text(drift_document(record))
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


def test_nothing_from_outside_acts_on_the_page(record):
    page = page_of(replace(record, notes=(*record.notes, EVIL)))
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
    assert str(ratio(Estimate(0.0101, 0.0096, 0.0106))) == "0.0101 [0.0096, 0.0106]"
    assert str(value(Estimate(1.062, 1.036, 1.086))) == "1.062 [1.036, 1.086]"
    assert str(value(Estimate(None, why="none"))) == "undefined"
    assert str(value(None)) == "undefined"


def test_the_page_has_no_holes(record):
    page = page_of(record)
    assert not re.search(r">(?:None|nan|inf)<", page)
    assert np.isfinite([one.value for one in record["spread.total"].values]).all()


def test_the_documentation_explains_every_word_flag_and_margin():
    page = (Path(__file__).resolve().parents[3] / "docs" / "drift.md").read_text(encoding="utf-8")
    flags = set(
        re.findall(r'"([a-z]+(?:-[a-z]+)+|moved|rescaled|recovered)"', inspect.getsource(_Judge._flags))
    )
    assert {"few-clusters", "moved", "tails-first"} <= flags
    flags |= {UNSEEN_FLAG, "centred-stages"}
    assert flags == set(FLAGS)
    assert [one for one in (*WORDS, *flags) if f"| `{one}` |" not in page] == []
    assert "<!-- generate: driftmargins -->" in page
