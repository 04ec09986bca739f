"""The tour: two transforms of the same images, the number that praises the wrong one, and what forgets."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import StudyError
from repscope.study import Study
from repscope.verbs.demo import tour as tour_module
from repscope.verbs.demo.recursion import GROUPS
from repscope.verbs.demo.summary import tour_json, tour_lines
from repscope.verbs.demo.tour import run_demo

GENERATIONS = 5

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    steps = []
    folder = tmp_path_factory.mktemp("demo") / "tour"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        # Half of the generations: the first that is lost is the fifth.
        patch.setattr(tour_module, "GENERATIONS", GENERATIONS)
        made = run_demo(
            folder, method="pca", progress=lambda now: steps.append((now.what, now.done, now.total))
        )
    torch.set_num_threads(threads)
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


def test_a_generator_of_its_own_images_collapses_and_the_others_do_not(tour):
    made, _ = tour
    assert list(made.drift.groups) == list(GROUPS)
    words = made.drift.verdicts
    assert words["recursive"] == "collapsing"
    assert words["accumulate"] == "contracting"
    assert words["baseline"] in {"stable", "inconclusive", "drifting"}
    spread = {
        name: one.series["spread.total"].pair(0, GENERATIONS).change
        for name, one in made.drift.groups.items()
    }
    assert spread["recursive"].high < 0.1
    assert spread["accumulate"].low > 0.4
    assert spread["baseline"].low > spread["accumulate"].value
    tested = {
        frozenset((one.first, one.second))
        for one in made.drift.contrasts
        if one.measure == "spread.total" and one.stage == GENERATIONS and one.difference.p < 0.01
    }
    assert {frozenset(("recursive", other)) for other in ("accumulate", "baseline")} <= tested


def test_the_generations_are_followed_from_files_of_their_own(tour):
    made, _ = tour
    study = Study(made.folder / "generations" / "study")
    assert len(study.sets) == 1 + 3 * (GENERATIONS + 1)
    pictures = made.folder / "generations"
    for group in ("accumulate", "baseline"):
        own, first = (pictures / f"{name}_gen_0" / "00007.png" for name in (group, "recursive"))
        assert own.read_bytes() == first.read_bytes()
    spread = {}
    for generation in (0, GENERATIONS):
        files = sorted((pictures / f"recursive_gen_{generation}").glob("*.png"))
        assert len(files) == tour_module.PROMPTS
        spread[generation] = np.stack([np.asarray(Image.open(one)) for one in files]).std(axis=0).mean()
    assert spread[GENERATIONS] < 0.2 * spread[0]
    figures = {one.stem for one in (made.drift_report.parent / "figures").glob("*.png")}
    assert figures == {f"generation_{one}" for one in ("clusters", "metrics", "trajectories", "examples")}


def test_the_summary_and_the_record_tell_of_the_generations(tour):
    made, _ = tour
    lines = tour_lines(made)
    for group, word in made.drift.verdicts.items():
        assert any(line.startswith(group) and word in line for line in lines)
    assert any(str(made.drift_report) in line for line in lines)
    record = json.loads(json.dumps(tour_json(made)))
    found = {name: one["verdict"]["word"] for name, one in record["drift"]["groups"].items()}
    assert found == made.drift.verdicts
    without = replace(made, drift=None, drift_report=None)
    assert not any(line.startswith(GROUPS) for line in tour_lines(without))
    assert tour_json(without)["drift"] is None


def test_the_chapter_can_be_left_out():
    shown = CliRunner().invoke(app, ["demo", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert "--no-drift" in shown.output


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StudyError, match="other things"):
        run_demo(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
