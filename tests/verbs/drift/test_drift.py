"""Ordered stages from sets: what is paired, what is refused, and what is true of known data."""

from __future__ import annotations

import json

import matplotlib.text
import numpy as np
import pytest

import repscope as rs
from repscope.errors import InputError, LinkError, UnknownNameError, VectorError
from repscope.report.plain import plain_text
from repscope.study import EmbeddingSet, Study
from repscope.testing.drifts import KNOWN_MOVES, KNOWN_RATIO, simulate_drift
from repscope.verbs.drift.document import drift_document, drift_summary
from repscope.verbs.drift.drift import common_labels, drift_study, expand_orders
from repscope.verbs.drift.rows import positions_of

QUICK = {"measures": (), "method": "none", "resamples": 200}
GENERATIONS = ("gen_0", "gen_4", "gen_10")


def world(condition: str = "known", items: int = 120):
    """Stages with a caption key, and captions, of a simulated study."""
    made = simulate_drift(condition, items=items, seed=0)
    ids = np.array([f"p{row}" for row in range(items)])
    columns = {"id": ids, "caption_id": np.arange(items), "part": np.arange(items) % 40}
    stages = [EmbeddingSet(name, rows, columns) for name, rows in zip(GENERATIONS, made.stages, strict=False)]
    captions = EmbeddingSet("captions", made.reference, {"caption_id": np.arange(items)})
    return stages, captions


@pytest.fixture(scope="module")
def known():
    stages, captions = world(items=200)
    return rs.drift(stages, reference=captions, on="caption_id", measures=("rank",), method="pca")


def numbers(record: dict) -> dict:
    """What was measured, without where it came from."""
    left = ("fingerprints", "notes", "replay", "map")
    return {key: value for key, value in record.items() if key not in left}


def test_known_moves_and_ratio_are_inside_the_intervals(known):
    moves = [known.arrays.move(*pair).distance for pair in ((0, 1), (1, 2), (0, 2))]
    for move, truth in zip(moves, KNOWN_MOVES, strict=True):
        assert move.low < truth < move.high
        assert move.high - move.low < 0.1
    change = known["spread.total"].pair(0, 2).change
    assert change.low < KNOWN_RATIO < change.high
    assert known.verdict.word == "collapsing"


@pytest.mark.parametrize("perplexity", [10, 30, 50])
def test_the_map_changes_no_number(known, perplexity):
    stages, captions = world(items=200)
    other = rs.drift(
        stages, reference=captions, on="caption_id", measures=("rank",), method="tsne", perplexity=perplexity
    )
    assert numbers(other.to_json()) == numbers(known.to_json())
    assert other.to_json()["map"]["method"] == "tsne"


def test_the_record_has_the_published_parts(known):
    record = json.loads(json.dumps(known.to_json(), allow_nan=False))
    assert record["schema"] == "repscope.drift/1"
    assert [one["set"] for one in record["stages"]] == list(GENERATIONS)
    assert [one["position"] for one in record["stages"]] == [0.0, 4.0, 10.0]
    spread = next(one for one in record["measures"] if one["name"] == "spread.total")
    assert len(spread["stages"]) == 3
    assert [(one["first"], one["second"]) for one in spread["pairs"]] == [(0, 1), (1, 2), (0, 2)]
    assert record["verdict"]["word"] == "collapsing"
    assert set(record["fingerprints"]) == {*GENERATIONS, "captions"}
    assert record["group"] is None
    assert record["groups"] == {}
    assert record["replay"] == ""
    assert 0 < record["map"]["faithfulness"]["trustworthiness"] <= 1
    with pytest.raises(UnknownNameError, match=r"frechet"):
        known["frechet"]


def test_items_hold_each_path(known):
    stages, _ = world(items=200)
    rows = [one.vectors.astype(np.float64) for one in stages]
    steps = np.linalg.norm(rows[1] - rows[0], axis=1) + np.linalg.norm(rows[2] - rows[1], axis=1)
    table = known.items
    np.testing.assert_allclose(table["path_length"].to_numpy(), steps, rtol=1e-6)
    np.testing.assert_allclose(table["net"].to_numpy(), np.linalg.norm(rows[2] - rows[0], axis=1), rtol=1e-6)
    farthest = known.to_json()["paths"]["moved_most"][0]
    assert farthest["id"] == table["id"][int(np.argmax(table["net"].to_numpy()))].as_py()


def test_missing_images_never_shift_rows():
    stages, captions = world()
    shuffled = np.random.default_rng(1).permutation(120)
    gone = {"p3", "p70"}
    kept = [row for row in shuffled.tolist() if f"p{row}" not in gone]
    holed = [stages[0], stages[1].take(kept), stages[2].take(shuffled)]
    found = rs.drift(holed, reference=captions, on="caption_id", **QUICK)
    common = [row for row in range(120) if f"p{row}" not in gone]
    alone = [one.take(common) for one in stages]
    expected = rs.drift(alone, reference=captions, on="caption_id", **QUICK)
    assert numbers(found.to_json()) == numbers(expected.to_json())
    note = next(one for one in found.notes if "missing" in one)
    assert "118 items are in all stages; 2 are not" in note
    assert "2 missing from 'gen_4' (p3, p70)" in note
    assert "gen_10" not in note


def test_the_order_is_the_one_given():
    stages, _ = world()
    found = rs.drift(stages, **QUICK)
    assert found.arrays.labels == GENERATIONS
    assert found.arrays.positions == (0.0, 4.0, 10.0)
    assert any("0, 4, 10 are the numbers in the names" in note for note in found.notes)
    turned = rs.drift([stages[0], stages[2], stages[1]], **QUICK)
    assert turned.arrays.labels == ("gen_0", "gen_10", "gen_4")
    assert turned.arrays.positions == (0.0, 1.0, 2.0)
    assert any(note.startswith("warning") and "0, 10, 4" in note for note in turned.notes)


@pytest.mark.parametrize(
    ("names", "positions"),
    [
        (("gen_0", "gen_4", "gen_10"), (0.0, 4.0, 10.0)),
        (("gen_0_image", "gen_4_image", "gen_10_image"), (0.0, 4.0, 10.0)),
        (("epoch2", "layer8"), (2.0, 8.0)),
        (("v2_before", "v2_after"), (0.0, 1.0)),
        (("a", "b_7"), (0.0, 1.0)),
        (("gen_4", "gen_4x"), (0.0, 1.0)),
    ],
)
def test_positions_come_from_names_that_say_them(names, positions):
    assert positions_of(names, None)[0] == positions


def test_positions_that_are_given_win():
    assert positions_of(GENERATIONS, (1, 2, 8)) == ((1.0, 2.0, 8.0), [])
    for wrong in ((0, 1), (0, 4, 4), (4, 0, 10)):
        with pytest.raises(InputError, match="positions that rise"):
            positions_of(GENERATIONS, wrong)


def test_bad_stages_are_refused():
    stages, captions = world(items=40)
    narrow = EmbeddingSet("gen_4", stages[1].vectors[:, :5], {"id": stages[1].ids})
    others = EmbeddingSet("gen_4", stages[1].vectors, {"id": [f"q{row}" for row in range(40)]})
    with pytest.raises(InputError, match=r"at least two stages.*'gen_0'"):
        rs.drift(stages[:1], **QUICK)
    with pytest.raises(InputError, match=r"every stage once; got 'gen_0' more than once"):
        rs.drift([stages[0], stages[1], stages[0]], **QUICK)
    with pytest.raises(VectorError, match=r"one width; got 'gen_0' 32, 'gen_4' 5"):
        rs.drift([stages[0], narrow], **QUICK)
    with pytest.raises(VectorError, match=r"'thin' 5"):
        rs.drift(stages, reference=EmbeddingSet("thin", captions.vectors[:, :5]), **QUICK)
    with pytest.raises(LinkError, match=r"at least 2 items in all stages.*'p0', 'p1'.*'q0', 'q1'"):
        rs.drift([stages[0], others], **QUICK)
    with pytest.raises(InputError, match="--reference"):
        rs.drift(stages, on="caption_id", **QUICK)
    with pytest.raises(UnknownNameError, match="palette"):
        rs.drift(stages, palette="gaudy", **QUICK)
    with pytest.raises(UnknownNameError, match="a map"):
        rs.drift(stages, **{**QUICK, "method": "mds"})


def test_images_without_a_caption_are_refused_or_left_out():
    stages, captions = world()
    fewer = captions.take(np.arange(100))
    with pytest.raises(LinkError, match=r"20 that are not there"):
        rs.drift(stages, reference=fewer, on="caption_id", **QUICK)
    found = rs.drift(stages, reference=fewer, on="caption_id", drop_unlinked=True, **QUICK)
    assert found.arrays.n == 100
    assert any("20 of 120 items have no 'caption_id' in 'captions'" in note for note in found.notes)


def test_stages_are_paired_by_another_key():
    stages, _ = world()
    other_ids = [
        EmbeddingSet(
            one.name,
            one.vectors,
            {"id": [f"{one.name}/{row}.png" for row in range(120)], "prompt": np.arange(120)},
        ).take(np.random.default_rng(number).permutation(120))
        for number, one in enumerate(stages)
    ]
    with pytest.raises(LinkError, match="--pair"):
        rs.drift(other_ids, **QUICK)
    found = rs.drift(other_ids, pair="prompt", **QUICK)
    expected = rs.drift(stages, **QUICK)
    assert found["spread.total"].pair(0, 2).change.value == pytest.approx(
        expected["spread.total"].pair(0, 2).change.value
    )
    assert found.arrays.n == 120
    doubled = EmbeddingSet("gen_4", stages[1].vectors, {"id": stages[1].ids, "part": np.arange(120) // 2})
    with pytest.raises(InputError, match="no two rows"):
        rs.drift([stages[0].take(np.arange(40)), doubled], pair="part", **QUICK)


def test_copies_under_two_names_are_noted():
    stages, _ = world()
    copy = EmbeddingSet("gen_4", stages[0].vectors, {"id": stages[0].ids})
    found = rs.drift([EmbeddingSet("gen_0", stages[0].vectors, {"id": stages[0].ids}), copy], **QUICK)
    assert found.verdict.word == "stable"
    assert any("'gen_0', 'gen_4' hold the same rows" in note for note in found.notes)


def test_clusters_are_counted():
    stages, _ = world()
    assert rs.drift(stages, cluster="part", **QUICK).arrays.clusters == 40
    assert rs.drift(stages, cluster="id", **QUICK).arrays.clusters == 120


def condition_sets() -> list[EmbeddingSet]:
    """Two conditions of three stages each, of the same items."""
    made = []
    for condition, name in (("collapse-point", "recursive"), ("nothing", "baseline")):
        stages = simulate_drift(condition, items=120, seed=3).stages[:3]
        made += [
            EmbeddingSet(f"{name}_gen_{number}", rows, {"condition": [name] * len(rows)})
            for number, rows in enumerate(stages)
        ]
    return made


def test_groups_of_sets_by_a_column_or_by_name():
    sets = condition_sets()
    by_column = rs.drift(sets, groups="condition", **QUICK)
    by_name = rs.drift(groups={"recursive": sets[:3], "baseline": sets[3:]}, **QUICK)
    assert by_column.verdicts == {"recursive": "collapsing", "baseline": "stable"}
    assert numbers(by_column.to_json()) | {"by": None} == numbers(by_name.to_json())
    assert by_column.group == "recursive"
    assert by_column.arrays.labels == ("gen_0", "gen_1", "gen_2")
    last = [
        one for one in by_column.contrasts if one.measure == "spread.total" and one.stage == 2 and one.paired
    ]
    assert len(last) == 1
    assert last[0].difference.low > 2
    assert by_column.items.num_rows == 240
    assert by_column.ids("baseline") == [str(row) for row in range(120)]


def test_groups_of_rows_by_a_column():
    made = [simulate_drift(name, items=60, seed=3).stages for name in ("collapse-point", "nothing")]
    columns = {"id": [f"i{row}" for row in range(120)], "half": ["a"] * 60 + ["b"] * 60}
    stages = [
        EmbeddingSet(f"gen_{number}", np.concatenate([one[number] for one in made]), columns)
        for number in (0, 3)
    ]
    found = rs.drift(stages, groups="half", **QUICK)
    assert found.verdicts["a"] == "collapsing"
    assert found.verdicts["b"] != "collapsing"
    assert found.groups["a"].n == found.groups["b"].n == 60
    assert not any(one.paired for one in found.contrasts)
    assert any("share no item" in note for note in found.notes)


def test_groups_that_do_not_fit_are_refused():
    sets = condition_sets()
    with pytest.raises(InputError, match=r"as many in each; got 'recursive' 3, 'baseline' 2"):
        rs.drift(sets[:5], groups="condition", **QUICK)
    with pytest.raises(InputError, match=r"2 to 8 groups; got 1"):
        rs.drift(sets[:3], groups="condition", **QUICK)
    with pytest.raises(InputError, match="either in order or in groups"):
        rs.drift(sets[:3], groups={"a": sets[:3], "b": sets[3:]}, **QUICK)
    with pytest.raises(UnknownNameError, match="nothing_of_the_kind"):
        rs.drift(sets, groups="nothing_of_the_kind", **QUICK)


def test_names_that_groups_share():
    assert common_labels([("a_gen_0", "a_gen_4"), ("b_gen_0", "b_gen_4")], (0, 4)) == ["gen_0", "gen_4"]
    assert common_labels([("a", "b"), ("c", "d")], (0, 4)) == ["0", "4"]


def test_a_stage_order_of_the_study_may_be_named(tmp_path):
    stages, captions = world()
    study = Study(tmp_path / "s")
    for one in (*stages, captions):
        study.add(one.name, one)
    study.configure(stages={"generations": list(GENERATIONS)})
    assert expand_orders(study, ["generations"]) == list(GENERATIONS)
    assert expand_orders(study, ["gen_0", "gen_4"]) == ["gen_0", "gen_4"]
    found = drift_study(tmp_path / "s", ["generations"], reference="captions", on="caption_id", **QUICK)
    assert found.arrays.labels == GENERATIONS
    words = ["repscope", "drift", str(tmp_path / "s"), *GENERATIONS, "--reference", "captions"]
    assert found.replay.split()[:7] == words[:7]


def test_a_reference_of_another_length_is_drawn_at_the_length_of_the_stages():
    stages, captions = world()
    long = EmbeddingSet("captions", 10 * captions.vectors, {"caption_id": np.arange(120)})
    found = rs.drift(stages, reference=long, on="caption_id", measures=(), method="pca", resamples=200)
    figure = found.figures["generation_clusters"]
    notes = " ".join(text.get_text() for text in figure.texts if text.get_gid() == "note")
    assert "times as long as those of the first stage" in notes.replace("\n", " ")
    assert "generation_examples" not in found.figures
    assert any("no figure of examples" in note for note in found.notes)


def test_classes_are_those_of_a_comparison_of_the_first_and_the_last_stage(tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 4
    texts = EmbeddingSet("texts", rng.normal(size=(4, 8)), {"label": np.arange(4), "rare": np.arange(4) > 2})
    stages = [
        EmbeddingSet(f"gen_{at}", texts.vectors[labels] + rng.normal(size=(60, 8)) * noise, {"label": labels})
        for at, noise in enumerate((0.5, 1.0, 2.0))
    ]
    found = rs.drift(stages, reference=texts, on="label", by=["rare"], **QUICK)
    options = {"on": "label", "by": ["rare"], "method": "none", "resamples": 200}
    compared = rs.compare(stages[0], stages[2], texts, **options)
    for rows, others in (
        (found.classes[""], compared.classes),
        (found.class_groups[""], compared.class_groups),
    ):
        assert [row.difference for row in rows] == [row.difference for row in others]
        # A comparison matches rows of length 1, rounded once more.
        cosines = [row.cosine.difference.value for row in rows]
        assert cosines == pytest.approx([row.cosine.difference.value for row in others], abs=1e-6)
    record = found.to_json()
    assert [row["label"] for row in record["classes"]] == ["0", "1", "2", "3"]
    assert [row["column"] for row in record["class_groups"]] == ["rare", "rare"]
    page = found.save(tmp_path, formats=("png",))
    assert "Before is the first stage" in (tmp_path / "report.txt").read_text()
    assert (tmp_path / "classes.csv").read_text().startswith("group,column,label")
    assert len((tmp_path / "classes.csv").read_text().splitlines()) == 7
    assert page.exists()


def generations(centred: tuple[int, ...] = (), copies: int = 0) -> list[EmbeddingSet]:
    """Four generations of unit rows around one direction; those named lose the mean, as older files did."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(60, 16)) * 0.15 + np.eye(16)[0]
    stages = []
    for at in range(4):
        rows = start + rng.normal(size=start.shape) * 0.02
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        if at in centred:
            rows = rows - rows.mean(axis=0)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        rows[60 - copies :] = rows[:copies]
        stages.append(EmbeddingSet(f"gen_{at}", rows, {"id": [f"p{row}" for row in range(60)]}))
    return stages


@pytest.mark.parametrize("centred", [(2,), (0,), (1, 3)])
def test_stages_stored_centred_are_said_first_of_all(centred):
    found = rs.drift(generations(centred), **QUICK)
    assert found.verdict.flags[0] == "centred-stages"
    for at in range(4):
        assert (f"'gen_{at}'" in found.notes[0]) == (at in centred)
    assert "--decentre" in found.notes[0]
    lines = drift_summary(found)
    assert lines[1].startswith("! centred-stages")
    text = plain_text(drift_document(found))
    assert text.index("centred-stages") < text.index("independent items")


@pytest.mark.parametrize("centred", [(), (0, 1, 2, 3)])
def test_stages_that_were_all_stored_alike_are_not_called_centred(centred):
    assert "centred-stages" not in rs.drift(generations(centred), **QUICK).verdict.flags


def test_the_record_says_who_chose_the_clusters():
    copied = rs.drift(generations(copies=5), **QUICK).to_json()
    assert (copied["clusters_from"], copied["copies"], copied["cluster"]) == ("copies", 5, "copies")
    alone = rs.drift(generations(copies=5), cluster="id", **QUICK).to_json()
    assert (alone["clusters_from"], alone["copies"], alone["cluster"]) == ("given", 5, None)


def test_rows_without_names_are_said_to_be_paired_by_number():
    rng = np.random.default_rng(0)
    drawn = [EmbeddingSet(f"gen_{at}", rng.normal(size=(40, 8)), {}) for at in range(3)]
    assert any("paired by their numbers" in note for note in rs.drift(drawn, **QUICK).notes)
    assert not any("paired by their numbers" in note for note in rs.drift(generations(), **QUICK).notes)


def test_the_map_of_groups_names_their_own_sets():
    def group(name: str):
        return [EmbeddingSet(f"{name}_{one.name}", one.rows, {"id": one.ids}) for one in generations()]

    found = rs.drift(groups={"a": group("real"), "b": group("base")}, **{**QUICK, "method": "pca"})
    figure = found.figures["generation_clusters"]
    texts = {text.get_text() for text in figure.findobj(matplotlib.text.Text)}
    # The legend names what the groups have in common.
    assert "gen_0 (60)" in texts
    shown = "\n".join(texts)
    for name in ("real_gen_0", "base_gen_0", "real_gen_3", "base_gen_3"):
        assert name in shown
