"""Two encoders, each with the reference of its own space: known answers, pairing, and what is undefined."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ortho_group
from typer.testing import CliRunner

import repscope as rs
from repscope.cli.main import app
from repscope.errors import LinkError, VectorError
from repscope.maps import project
from repscope.measure.comparison.compare_arrays import compare_arrays
from repscope.measure.comparison.spaces import NO_STEP, UNLINKED
from repscope.plot.compare.two_spaces import turned_onto
from repscope.testing import simulate

D = 16


@pytest.fixture(scope="module")
def world():
    return simulate("improved", images=250, classes=8, d=D, seed=1)


@pytest.fixture(scope="module")
def study(world, tmp_path_factory):
    """One encoder three times: as it is, turned, and turned into a wider space."""
    turn = ortho_group.rvs(D, random_state=0)
    wide = ortho_group.rvs(2 * D, random_state=0)[:D]
    made = rs.Study(tmp_path_factory.mktemp("study") / "s")
    label = world.item_keys.astype(str)
    keys = np.arange(len(world.reference)).astype(str)
    backwards = np.arange(len(keys))[::-1]
    for name, basis in (("plain", np.eye(D)), ("turned", turn), ("wide", wide)):
        made.add(name, (world.before @ basis).astype(np.float32), {"label": label})
        # The second reference lists its rows in another order: the key pairs them.
        order = slice(None) if name == "plain" else backwards
        made.add(f"{name}_text", (world.reference @ basis)[order].astype(np.float32), {"label": keys[order]})
    short = (world.reference @ wide)[2:].astype(np.float32)
    made.add("short_text", short, {"label": keys[2:]})
    return made


def compared(study, after, second=None, **options):
    references = study["plain_text"], study[second or f"{after}_text"]
    given = {"on": "label", "method": "none"} | options
    return rs.compare(study["plain"], study[after], references, **given)


@pytest.mark.parametrize("after", ["turned", "wide"])
def test_a_set_in_another_basis_with_its_own_reference_reads_the_same(study, after):
    found = compared(study, after)
    assert found.spaces == 2
    assert found.verdict.word == "unchanged"
    table = {row.name: row for row in found.measures}
    for name in ("mrr.true", "top1.true", "recall@5", "cosine.true", "cosine.max", "gap.l2", "hub.share"):
        assert table[name].after.value == pytest.approx(table[name].before.value, abs=1e-5), name
    assert table["rank.entropy"].after.value == pytest.approx(table["rank.entropy"].before.value, rel=1e-4)
    similar = {row.name: row.value.value for row in found.similarity}
    assert similar["cka.debiased"] == pytest.approx(1, abs=1e-4)
    assert similar["knn.recall"] == pytest.approx(1, abs=0.01)
    assert similar["linear.r2"] > 0.999
    assert similar["linear.r2.reverse"] > 0.999
    assert "svcca" in similar


def test_zero_columns_change_no_number(world):
    given = {"item_keys": world.item_keys, "clusters": world.clusters, "controls": False}
    one = compare_arrays(world.before, world.after, world.reference, **given)
    after, text = (np.pad(rows, ((0, 0), (0, 5))) for rows in (world.after, world.reference))
    two = compare_arrays(world.before, after, world.reference, after_reference=text, **given)
    for name in ("mrr.true", "cosine.true", "gap.l2", "hub.share", "spread.cosine", "rank.entropy"):
        for part in ("before", "after", "difference"):
            mine, its = getattr(two.table[name], part), getattr(one.table[name], part)
            assert mine.value == pytest.approx(its.value, abs=1e-6), (name, part)
            assert mine.low == pytest.approx(its.low, abs=1e-6), (name, part)


def test_an_encoder_that_finds_less_is_damaged_and_one_that_finds_more_is_aligned(study, world):
    rng = np.random.default_rng(0)
    noisy = world.before + 1.5 * rng.standard_normal(world.before.shape) / np.sqrt(D)
    given = {"item_keys": world.item_keys, "clusters": world.clusters}
    wide = ortho_group.rvs(2 * D, random_state=0)[:D]
    other = {"after_reference": world.reference @ wide}
    worse = compare_arrays(world.before, noisy @ wide, world.reference, **other, **given)
    assert worse.verdict.word == "damaged"
    own = world.reference[world.item_keys] + 0.5 * world.before
    better = compare_arrays(noisy, own @ wide, world.reference, **other, **given)
    assert better.verdict.word == "aligned"
    assert not any("not measured" in one for one in better.verdict.because)


def test_rank_and_spread_of_another_encoder_are_no_collapse(world):
    """Two widths, the second with everything in a narrow cone: true-match is what it was."""
    shift = np.full((1, D), 20.0)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (world.before, world.reference)]
    after, text = (np.hstack([rows, np.repeat(shift, len(rows), axis=0)]) for rows in unit)
    given = {"item_keys": world.item_keys, "clusters": world.clusters}
    found = compare_arrays(world.before, after, world.reference, after_reference=text, **given)
    spread = found.table["spread.cosine"]
    assert spread.after.value < 0.1 * spread.before.value
    assert found.verdict.word == "unchanged"
    assert not spread.one_scale


def test_what_needs_one_space_is_undefined_with_the_reason(study):
    found = compared(study, "turned")
    assert found.change["shares"] is None
    assert found.change["displacement"] is None
    assert found.change["why"] == NO_STEP
    assert "displacement" not in found.items.column_names
    row = found["mrr.true"]
    assert "noise" not in row.controls
    assert row.controls_why["noise"] == NO_STEP
    assert {"collapse", "snap"} <= {*row.controls}


def test_without_a_link_two_spaces_have_no_verdict(study):
    found = compared(study, "wide", on=None)
    assert found.verdict.word == "inconclusive"
    assert found.verdict.because == (UNLINKED,)


def test_a_reference_of_the_other_encoder_is_one_error(study):
    with pytest.raises(VectorError, match=r"'plain' 16, 'wide_text' 32") as caught:
        rs.compare(study["plain"], study["wide"], (study["wide_text"], study["plain_text"]), on="label")
    assert "give before the reference of its own encoder" in str(caught.value)


def test_keys_that_one_reference_lacks_are_refused_or_dropped_in_both(study):
    with pytest.raises(LinkError, match=r"2 that are not in 'short_text' \(0, 1\)"):
        compared(study, "wide", "short_text")
    found = compared(study, "wide", "short_text", drop_unlinked=True)
    assert found.without_truth > 0
    assert any("no counterpart" in note for note in found.notes)


def test_the_command_names_all_four_sets_and_repeats_itself(study, tmp_path):
    words = ["compare", str(study.path), "plain", "wide", "-r", "plain_text,wide_text", "--on", "label"]
    ran = CliRunner().invoke(app, [*words, "--method", "none", "--figures", "", "--json", "--quiet"])
    assert ran.exit_code == 0, ran.output
    record = json.loads(ran.stdout)
    assert record["spaces"] == 2
    assert record["reference"] == "plain_text"
    assert record["after_reference"] == "wide_text"
    assert "--reference plain_text,wide_text" in record["replay"]
    assert sorted(record["fingerprints"]) == ["plain", "plain_text", "wide", "wide_text"]
    folder = study.path / "results" / "compare" / "plain - wide - plain_text,wide_text"
    report = (folder / "report.txt").read_text(encoding="utf-8")
    assert "plain_text and wide_text, each in its own space" in " ".join(report.split())


def test_three_references_are_one_error(study):
    words = ["compare", str(study.path), "plain", "wide", "-r", "plain_text,wide_text,short_text"]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code != 0
    assert "one reference, or two" in " ".join(ran.output.split())


def test_the_map_is_two_panels_and_the_second_is_turned_onto_the_first(study):
    found = compared(study, "turned", method="pca", measures=["mrr.true"])
    panels = found.figures["map"].axes
    assert len(panels) == 2
    assert any("Procrustes" in text.get_text() for text in found.figures["map"].texts)
    one, other = (
        np.column_stack([found.items.column(f"map_{stage}_{axis}").to_numpy() for axis in "xy"])
        for stage in ("before", "after")
    )
    # The planes of one set and of the same set in another basis differ by signs: undone by the turn.
    np.testing.assert_allclose(other, one, atol=1e-3)


def test_a_turned_map_is_laid_back_exactly(study):
    rows = {"items": study["plain"].vectors, "text": study["plain_text"].vectors}
    first = project(rows, method="pca")
    angle = np.array([[0.6, 0.8], [0.8, -0.6]])
    turned = {name: points @ angle + 7 for name, points in first.coordinates.items()}
    back = turned_onto(first, replace(first, coordinates=turned))
    np.testing.assert_allclose(back.joint, first.joint, atol=1e-10)


def test_the_viewer_needs_one_space(study):
    words = ["compare", str(study.path), "plain", "wide", "-r", "plain_text,wide_text", "--view"]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code != 0
    assert "one space for --view" in " ".join(ran.output.split())
