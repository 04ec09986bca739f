"""What verdicts and flags say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from repscope.measure.catalogue.measures import MEASURES, measure_info
from repscope.measure.core.estimate import Difference, Estimate
from repscope.measure.core.results import MeasureResult
from repscope.measure.verdict.rules import UNLINKED_WORDS, WORDS
from repscope.verbs.common.unseen import FLAG as UNSEEN_FLAG
from repscope.verbs.compare.sentences import WARNINGS, facts, flag_note, headline, needed_note
from repscope.verbs.compare.words import CHANGE, CONTROLS, KEY_MEASURES, KEY_MEASURES_UNLINKED, PARTS, TONES

FLAGS = (
    "few-clusters", "max-cosine-misleads", "ceiling", "spread-fell", "rank-fell", "rescaled",
    "mixed-search-gained", "clustering-gained", "margin-fell",
)  # fmt: skip


@pytest.mark.parametrize("word", dict.fromkeys((*WORDS, *UNLINKED_WORDS)))
@pytest.mark.parametrize("linked", [True, False])
def test_every_verdict_has_a_sentence(word: str, linked: bool, make: Any) -> None:
    comparison = make(linked=linked)
    comparison = replace(comparison, verdict=replace(comparison.verdict, word=word))
    sentence = headline(comparison)
    assert sentence.endswith(".")
    assert "The verdict is" not in sentence
    assert word in TONES
    # The same without any number to say.
    assert headline(replace(comparison, measures=())).endswith(".")


def test_headlines_carry_the_numbers(aligned: Any, collapsed: Any) -> None:
    assert "41.2% → 66.1%" in headline(aligned)
    assert "is 0.00041, and was 0.402" in headline(collapsed)


def test_an_unknown_verdict_is_repeated(aligned: Any) -> None:
    new = replace(aligned, verdict=replace(aligned.verdict, word="sideways"))
    assert headline(new) == "The verdict is sideways."


def test_inconclusive_says_how_many_would_decide(make: Any) -> None:
    comparison = make()
    verdict = replace(comparison.verdict, word="inconclusive", needed=1234)
    assert "about 1,234 would decide" in headline(replace(comparison, verdict=verdict))
    assert "about 1,234 would" in needed_note(replace(comparison, verdict=verdict))
    at_ceiling = replace(verdict, flags=("ceiling",))
    assert "1,234" not in headline(replace(comparison, verdict=at_ceiling))
    assert needed_note(comparison) == ""


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_is_explained_with_test_n_and_interval(flag: str, collapsed: Any) -> None:
    names = {row.name for row in collapsed.measures}
    wanted = {"mixed.recall@10", "cluster.v"} - names
    more = tuple(
        MeasureResult(
            measure_info(name),
            Estimate(0.1),
            Estimate(0.2),
            Difference(0.1, 0.05, 0.15, 0.95, 250, "", 0.0001),
        )
        for name in wanted
    )
    note = flag_note(replace(collapsed, measures=(*collapsed.measures, *more)), flag)
    assert note.endswith(".")
    if flag != "few-clusters":
        assert "n = 250" in note
        assert "95%" in note
        assert "p < .001" in note
    assert flag_note(replace(collapsed, measures=()), flag).endswith(".")


def test_flags_that_the_verdict_can_raise_are_all_known() -> None:
    import inspect

    from repscope.measure.verdict import rules as verdict

    source = inspect.getsource(verdict._Judge._flags)
    assert all(f'"{flag}"' in source for flag in FLAGS)
    # Those two are known of the rows before anything is measured.
    assert set(WARNINGS) - {UNSEEN_FLAG, "centred-after"} < set(FLAGS)


def test_max_cosine_would_have_been_called_an_improvement(collapsed: Any) -> None:
    assert "max-cosine-misleads" in collapsed.verdict.flags
    note = flag_note(collapsed, "max-cosine-misleads")
    assert "rose 0.305 → 0.999" in note
    assert "would have been called an improvement" in note
    assert "the truth was found less often: top1.true 0.412 → 0.061 (−0.351, 95% −0.379 to −0.323" in note


def test_found_less_often_is_only_said_where_it_is_shown(aligned: Any) -> None:
    note = flag_note(aligned, "max-cosine-misleads")
    assert "found no more often: mrr.true" in note
    assert "less often" not in note


def test_an_unknown_flag_has_no_words(aligned: Any) -> None:
    assert flag_note(aligned, "new-flag") == ""


def test_facts(aligned: Any) -> None:
    assert facts(aligned) == (
        "1,000 items in both stages, in 250 independent clusters of image_id; linked with text by label. "
        "Seed 0."
    )
    alone = replace(aligned, cluster=None, on=None, without_truth=0)
    assert "taken as independent; not linked with text: compared as distributions only" in facts(alone)
    assert "12 of them without a truth" in facts(replace(aligned, without_truth=12))


def test_words_speak_of_measures_and_controls_that_exist() -> None:
    from repscope.measure.core.controls import NAMES

    assert set(KEY_MEASURES) | set(KEY_MEASURES_UNLINKED) <= set(MEASURES)
    assert all(MEASURES[name].needs != "link" for name in KEY_MEASURES_UNLINKED)
    assert set(CONTROLS) == set(NAMES)
    assert not set(CHANGE) & set(PARTS)
