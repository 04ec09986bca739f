"""The tour: two transforms of the same images, two verdicts, and the number that praises the wrong one."""

from __future__ import annotations

import pytest

from repscope.errors import StudyError
from repscope.study import Study
from repscope.workflow.demo import run_demo
from repscope.workflow.demo.summary import tour_lines


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    steps = []
    folder = tmp_path_factory.mktemp("demo") / "tour"
    made = run_demo(folder, method="pca", report=lambda step, done, total: steps.append((step, done, total)))
    return made, steps


def test_the_verdicts_differ_and_max_cosine_praises_the_collapse(tour):
    made, _ = tour
    assert made.honest.verdict.word == "aligned"
    assert made.collapsing.verdict.word in ("collapsed", "hub-captured")
    assert "max-cosine-misleads" in made.collapsing.verdict.flags
    assert made.collapsing["cosine.max"].after.value > made.honest["cosine.max"].after.value
    assert made.collapsing["top1.true"].after.value < 0.25 < made.honest["top1.true"].after.value


def test_the_gap_is_real(tour):
    made, _ = tour
    assert made.honest["gap.l2"].before.low > 0.3
    assert made.losses[0] > made.losses[-1]


def test_every_step_reports_its_end(tour):
    _, steps = tour
    last = {step: (done, total) for step, done, total in steps}
    assert len(last) >= 5
    assert all(done == total for done, total in last.values()), last


def test_sets_of_two_layers_are_there_and_complete(tour):
    made, _ = tour
    study = Study(made.study)
    assert {"visual_before", "visual_train", "test_trunk", "train_trunk", "text"} <= set(study.sets)
    assert study["test_trunk"].d == 64
    assert study["visual_before"].d == study["text"].d == 32
    assert not set(study["visual_train"].ids) & set(study["visual_before"].ids)


def test_the_summary_names_both_verdicts_and_both_reports(tour):
    made, _ = tour
    text = "\n".join(tour_lines(made))
    for word in (
        made.honest.verdict.word,
        made.collapsing.verdict.word,
        *map(str, made.reports),
        "repscope compare",
    ):
        assert word in text
    assert all(page.is_file() for page in made.reports)


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StudyError, match="other things"):
        run_demo(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
