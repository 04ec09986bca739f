"""Each rule of the verdict on a table made for it, read from the top."""

from __future__ import annotations

from dataclasses import replace

import pytest

from repscope.measure.catalogue.measures import measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.reading import Reading
from repscope.measure.verdict.rules import Evidence, Margins, judge

NOTHING = {
    "mrr.true": (0.5, 0.5),
    "top1.true": (0.4, 0.4),
    "cosine.true": (0.3, 0.3),
    "cosine.max": (0.35, 0.35),
    "gap.l2": (0.8, 0.8),
    "hub.share": (0.1, 0.1),
    "spread.cosine": (0.6, 0.6),
    "rank.entropy": (40.0, 40.0),
}


def table(error=0.005, **changes):
    """A table in which every difference has the same standard error, relative to 1 or to its value."""
    values = NOTHING | {name.replace("__", "."): pair for name, pair in changes.items()}
    rows = {}
    for name, (before, after) in values.items():
        half = 1.96 * error * max(1.0, before)
        p = 0.0001 if abs(after - before) > half else 0.6
        rows[name] = MeasureResult(
            measure_info(name),
            Estimate(before, before - half, before + half, n=200),
            Estimate(after, after - half, after + half, n=200),
            Difference(after - before, after - before - half, after - before + half, n=200, p=p),
        )
    return rows


LINKED = Evidence(clusters=200, linked=True, label_share=0.1)
BEATS = Difference(0.1, 0.05, 0.15, n=200, p=0.001)
LOSES = Difference(0.0, -0.05, 0.05, n=200, p=0.9)


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("unchanged", {}),
        ("aligned", {"mrr__true": (0.5, 0.7), "top1__true": (0.4, 0.6)}),
        ("damaged", {"mrr__true": (0.5, 0.4), "top1__true": (0.4, 0.3)}),
        ("collapsed", {"spread__cosine": (0.6, 0.1), "rank__entropy": (40.0, 60.0)}),
        # A translation: directions draw together, nothing is lost.
        ("inconclusive", {"spread__cosine": (0.6, 0.2), "gap__l2": (0.5, 0.8)}),
        ("collapsed", {"rank__entropy": (40.0, 5.0)}),
        ("collapsed", {"spread__cosine": (0.6, 0.1), "mrr__true": (0.5, 0.2)}),
        ("hub-captured", {"hub__share": (0.1, 0.7), "mrr__true": (0.5, 0.3)}),
        ("closer", {"gap__l2": (0.8, 0.2)}),
        ("closer", {"cosine__true": (0.3, 0.5), "cosine__max": (0.35, 0.55)}),
        # Neural collapse towards the right texts is not a collapse.
        ("aligned", {"mrr__true": (0.5, 0.9), "rank__entropy": (40.0, 9.0), "spread__cosine": (0.6, 0.2)}),
    ],
)
def test_rules(word, changes):
    assert judge(table(**changes), LINKED).word == word


def test_rows_that_draw_together_at_chance_are_collapsed():
    rows = table(spread__cosine=(0.6, 0.1))
    assert judge(rows, LINKED).word != "collapsed"
    assert judge(rows, replace(LINKED, chance=0.5)).word == "collapsed"


def test_better_than_the_controls_is_required():
    better = table(mrr__true=(0.5, 0.6))
    assert judge(better, replace(LINKED, over_noise=BEATS, over_snap=BEATS)).word == "aligned"
    for weak in ({"over_noise": LOSES, "over_snap": BEATS}, {"over_noise": BEATS, "over_snap": LOSES}):
        verdict = judge(better, replace(LINKED, **weak))
        assert verdict.word != "aligned"


def test_a_hub_that_labels_explain_is_no_hub():
    changes = {"hub__share": (0.1, 0.7)}
    assert judge(table(**changes), replace(LINKED, label_share=0.68)).word != "hub-captured"


def test_closer_needs_true_match_not_inferior():
    verdict = judge(table(error=0.02, gap__l2=(0.8, 0.2)), LINKED)
    assert verdict.word == "inconclusive"


def test_few_clusters_decide_nothing_but_exact_facts():
    few = replace(LINKED, clusters=15)
    verdict = judge(table(mrr__true=(0.5, 0.9)), few)
    assert verdict.word == "inconclusive"
    assert verdict.needed >= Margins().clusters
    assert str(verdict.needed) in str(verdict)
    assert "few-clusters" in verdict.flags
    assert judge(table(), replace(few, same_directions=True)).word == "unchanged"
    assert judge(table(), replace(few, single_point=True)).word == "collapsed"


def test_inconclusive_says_how_many_clusters_would_decide():
    verdict = judge(table(error=0.03, mrr__true=(0.5, 0.53)), LINKED)
    assert verdict.word == "inconclusive"
    # (1.96 + 0.84)² (0.03 / 0.03)² 200, with a little for the t quantile of 200.
    assert verdict.needed == pytest.approx(1570, rel=0.05)


def test_more_clusters_are_not_advised_where_these_are_as_many():
    """An effect for which 200 clusters are just what is needed: "201 would decide" says nothing."""
    verdict = judge(table(error=0.0106, mrr__true=(0.5, 0.529), spread__cosine=(1.0, 0.7)), LINKED)
    near = judge(table(error=0.02, mrr__true=(0.5, 0.53)), LINKED)
    assert near.needed is not None
    assert near.needed > 220
    assert verdict.needed is None or verdict.needed > 220
    reading = Reading(table(error=0.0107, mrr__true=(0.5, 0.529)), LINKED, Margins())
    assert reading.needed() is None
    assert "not one of more clusters alone" in reading.needed_text()


def test_what_got_worse_stands_beside_a_good_word():
    worse = table(mrr__true=(0.5, 0.6), hub__share=(0.1, 0.2))
    for name in ("mixed.recall@10", "cluster.v"):
        worse |= {name: replace(worse["mrr.true"], difference=Difference(-0.1, -0.12, -0.08, n=200, p=0.001))}
    verdict = judge(worse, LINKED)
    assert verdict.word == "aligned"
    assert {"mixed-search-lost", "clustering-lost", "hub-rose"} <= set(verdict.flags)


def test_lengths_that_changed_by_chance_are_not_rescaled():
    change = {"norm.mean": table(mrr__true=(1.0, 1.02))["mrr.true"]}
    far = replace(change["norm.mean"], difference=Difference(0.02, 0.015, 0.025, n=200, p=0.001))
    chance = replace(change["norm.mean"], difference=Difference(0.02, -0.01, 0.05, n=200, p=0.2))
    assert "rescaled" in judge(table() | {"norm.mean": far}, LINKED).flags
    assert "rescaled" not in judge(table() | {"norm.mean": chance}, LINKED).flags


def test_a_ceiling_is_said_to_be_one():
    verdict = judge(table(error=0.03, mrr__true=(0.999, 0.999)), LINKED)
    assert "ceiling" in verdict.flags
    assert "ceiling" in str(verdict)


def test_max_cosine_that_misleads_is_flagged():
    assert "max-cosine-misleads" in judge(table(cosine__max=(0.35, 0.9)), LINKED).flags
    assert (
        "max-cosine-misleads" not in judge(table(cosine__max=(0.35, 0.9), mrr__true=(0.5, 0.8)), LINKED).flags
    )


def test_spread_that_a_gaussian_explains_is_no_collapse():
    rows = table(rank__entropy=(40.0, 5.0))
    rows["rank.entropy"] = replace(rows["rank.entropy"], expected=(4.0, 6.0))
    assert judge(rows, LINKED).word != "collapsed"


@pytest.mark.parametrize(
    ("word", "changes"),
    [
        ("closer", {"energy": (0.5, 0.2)}),
        ("farther", {"energy": (0.2, 0.5)}),
        ("unchanged", {"energy": (0.3, 0.3)}),
    ],
)
def test_words_without_a_link(word, changes):
    assert judge(table(**changes), Evidence(clusters=200, linked=False)).word == word


def test_margins_can_be_changed_and_are_printed():
    rows = table(mrr__true=(0.5, 0.53))
    assert judge(rows, LINKED).word == "aligned"
    strict = replace(Margins(), equal={**Margins().equal, "mrr.true": 0.05})
    verdict = judge(rows, LINKED, strict)
    assert verdict.word == "unchanged"
    assert verdict.to_json()["margins"]["equal"]["mrr.true"] == 0.05


def test_every_reason_carries_interval_test_and_n():
    verdict = judge(table(mrr__true=(0.5, 0.7), top1__true=(0.4, 0.6)), LINKED)
    for sentence in verdict.because[:2]:
        assert "95%" in sentence
        assert "p " in sentence
        assert "n = 200" in sentence
    assert verdict.detectable["mrr.true"] == pytest.approx(2.82 * 0.005, rel=0.03)
