"""The pickles of the older pipelines, built here as those scripts wrote them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from repscope.errors import FormatError, VectorError
from repscope.formats import Incoming, ReadOptions, read_sets

RNG = np.random.default_rng(0)
N, M, D = 7, 4, 8


def viz(**changes: Any) -> dict[str, Any]:
    """embeddings_for_viz.pkl: images a (3 pairs), b (2), c (2)."""
    images = ["a.jpg"] * 3 + ["b.jpg"] * 2 + ["c.jpg"] * 2
    pairs = [0, 1, 2, 0, 1, 0, 1]
    truths = [[0], [0], [0], [1, 3], [1, 3], [2, 2], [2, 2]]
    before = RNG.standard_normal((N, D)).astype("f4")
    return {
        "visual_before": before,
        "visual_after": before / np.linalg.norm(before, axis=1, keepdims=True),
        "text_adapted": RNG.standard_normal((M, D)).astype("f4"),
        "metadata": [
            {"image_id": image, "batch_idx": batch, "pair_idx": pair, "gt_hoi": hoi, "gt_verb": [4]}
            for image, batch, pair, hoi in zip(images, [0, 0, 0, 1, 1, 2, 2], pairs, truths, strict=True)
        ],
        "config": {
            "checkpoint": "best.pth",
            "partition": "test2015",
            "inference_steps": 100,
            "diffusion_model": None,
        },
        **changes,
    }


def read(
    tmp_path: Path, held: Any, name: str = "file.pkl", warned: list[str] | None = None
) -> list[Incoming]:
    path = tmp_path / name
    path.write_bytes(pickle.dumps(held, 4))
    said: list[str] = [] if warned is None else warned
    return list(read_sets(path, path.stem, ReadOptions(warn=said.append)).sets)


def lists(one: Incoming) -> dict[str, list[Any]]:
    return {key: values.to_pylist() for key, values in one.columns.items()}


def test_the_three_sets(tmp_path: Path) -> None:
    held = viz()
    before, after, text = read(tmp_path, held, "embeddings_for_viz.pkl")
    assert [before.name, after.name, text.name] == ["visual_before", "visual_after", "text_adapted"]
    np.testing.assert_array_equal(before.vectors, held["visual_before"])
    np.testing.assert_array_equal(after.vectors, held["visual_after"])
    assert lists(text) == {"id": [f"class-{row}" for row in range(M)], "label": ["0", "1", "2", "3"]}
    columns = lists(before)
    assert columns["id"] == ["a.jpg#0", "a.jpg#1", "a.jpg#2", "b.jpg#0", "b.jpg#1", "c.jpg#0", "c.jpg#1"]
    assert lists(after) == columns
    # One class, and one class written twice, are a label; two classes are none.
    assert columns["label"] == ["0", "0", "0", None, None, "2", "2"]
    assert columns["gt_hoi"] == ["[0]", "[0]", "[0]", "[1, 3]", "[1, 3]", "[2, 2]", "[2, 2]"]
    assert columns["gt_verb"] == ["[4]"] * N
    assert columns["pair_idx"] == [0, 1, 2, 0, 1, 0, 1]
    assert columns["image_id"] == ["a.jpg"] * 3 + ["b.jpg"] * 2 + ["c.jpg"] * 2
    assert before.provenance["cluster"] == "image_id"
    assert before.provenance["metadata"]["config"]["checkpoint"] == "best.pth"
    assert "5 of 7 rows have one ground-truth class; 2 have several" in before.notes[0]


def test_integer_truths_are_labels_without_a_note(tmp_path: Path) -> None:
    held = viz()
    for row, meta in enumerate(held["metadata"]):
        meta["gt_hoi"] = [1, np.int64(2), 3.0, "0", np.array(1), torch.tensor(2), np.array([3])][row]
    before, *_ = read(tmp_path, held)
    assert lists(before)["label"] == ["1", "2", "3", "0", "1", "2", "3"]
    assert not before.notes


def test_without_visual_after(tmp_path: Path) -> None:
    sets = read(tmp_path, viz(visual_after=None))
    assert [one.name for one in sets] == ["visual_before", "text_adapted"]
    assert any("no visual_after" in note for note in sets[0].notes)


@pytest.mark.parametrize("metadata", [None, "missing"])
def test_without_metadata(tmp_path: Path, metadata: str | None) -> None:
    held = viz(metadata=None)
    if metadata:
        del held["metadata"]
    before, after, _ = read(tmp_path, held)
    assert not before.columns
    assert not after.columns
    assert any("no metadata" in note for note in before.notes)


def test_truth_that_is_missing_in_some_rows(tmp_path: Path) -> None:
    held = viz()
    del held["metadata"][0]["gt_hoi"]
    held["metadata"][1]["gt_hoi"] = []
    held["metadata"][2]["gt_hoi"] = None
    before, *_ = read(tmp_path, held)
    assert lists(before)["label"] == [None, None, None, None, None, "2", "2"]
    assert "2 have several and 3 none" in before.notes[0]


def test_no_truth_at_all_means_no_label_column(tmp_path: Path) -> None:
    held = viz()
    for meta in held["metadata"]:
        del meta["gt_hoi"]
    before, *_ = read(tmp_path, held)
    assert "label" not in before.columns


def test_repeated_pairs_get_a_suffix_and_a_note(tmp_path: Path) -> None:
    held = viz()
    for meta in held["metadata"][3:]:
        meta["image_id"] = "a.jpg"
    before, after, _ = read(tmp_path, held)
    assert lists(before)["id"] == [
        "a.jpg#0",
        "a.jpg#1",
        "a.jpg#2",
        "a.jpg#0~2",
        "a.jpg#1~2",
        "a.jpg#0~3",
        "a.jpg#1~3",
    ]
    assert lists(after)["id"] == lists(before)["id"]
    assert "4 ids repeat" in before.notes[0]


def test_metadata_as_a_dictionary_of_lists_and_tensors_as_arrays(tmp_path: Path) -> None:
    held = viz()
    records = held["metadata"]
    held["metadata"] = {key: [record[key] for record in records] for key in records[0]}
    held["visual_before"] = torch.tensor(held["visual_before"])
    before, *_ = read(tmp_path, held)
    assert lists(before)["id"][3] == "b.jpg#0"
    assert isinstance(before.vectors, np.ndarray)


@pytest.mark.parametrize("change", ["metadata", "visual_after"])
def test_lengths_that_differ(tmp_path: Path, change: str) -> None:
    held = viz()
    held[change] = held[change][:-1]
    with pytest.raises(VectorError, match="6"):
        read(tmp_path, held)


def test_metadata_that_is_no_dictionary(tmp_path: Path) -> None:
    held = viz()
    held["metadata"][2] = "a.jpg"
    with pytest.raises(FormatError, match="a str in entry 2"):
        read(tmp_path, held)


def test_stale_features_are_noticed(tmp_path: Path) -> None:
    held = viz()
    held["visual_before"][5:] = held["visual_before"][3:5]
    warned: list[str] = []
    read(tmp_path, held, warned=warned)
    assert "2 rows of visual_before repeat" in warned[0]


def test_fresh_features_are_not(tmp_path: Path) -> None:
    warned: list[str] = []
    read(tmp_path, viz(), warned=warned)
    assert not warned


def test_truth_beyond_the_texts_is_said(tmp_path: Path) -> None:
    held = viz()
    held["metadata"][0]["gt_hoi"] = [599]
    warned: list[str] = []
    before, *_ = read(tmp_path, held, warned=warned)
    assert "1 ground-truth classes (599)" in warned[0]
    assert lists(before)["label"][0] == "599"


def test_adapted_class_texts(tmp_path: Path) -> None:
    held = {
        "embeddings": RNG.standard_normal((3, D)).astype("f4"),
        "select_HOI_index": [5, 17, 599],
        "num_classes": 117,
        "checkpoint": "best.pth",
        "scale_factor": 5.0,
        "class_names": ["hold cup", "ride horse", "fly kite"],
    }
    (one,) = read(tmp_path, held, "hoi_adapted_text_embeddings_normalized.pkl")
    assert one.name == "hoi_adapted_text_embeddings_normalized"
    assert lists(one) == {
        "id": ["class-5", "class-17", "class-599"],
        "label": ["5", "17", "599"],
        "class_names": ["hold cup", "ride horse", "fly kite"],
    }
    assert one.provenance["metadata"] == {"num_classes": 117, "checkpoint": "best.pth", "scale_factor": 5.0}
    held["select_HOI_index"] = torch.tensor([5, 17])
    with pytest.raises(VectorError, match="select_HOI_index"):
        read(tmp_path, held)


@pytest.mark.parametrize(
    "mean", [torch.ones(D), np.ones((1, D), "f4"), torch.ones(1, D)], ids=["D", "1xD", "tensor"]
)
def test_the_mean_of_texts(tmp_path: Path, mean: Any) -> None:
    held = {"text_mean": mean, "num_classes": 212, "clip_model": "ViT-B/16", "source": "adapted"}
    (one,) = read(tmp_path, held, "hoi_text_mean_vitB.pkl")
    assert (one.name, one.vectors.shape, lists(one)) == ("hoi_text_mean_vitB", (1, D), {"id": ["text_mean"]})
    assert one.provenance["metadata"]["clip_model"] == "ViT-B/16"


def test_a_bare_mean(tmp_path: Path) -> None:
    (one,) = read(tmp_path, torch.ones(1, D), "normalized_text_embed_mean.pkl")
    assert (one.name, one.vectors.shape) == ("normalized_text_embed_mean", (1, D))


@pytest.mark.parametrize("form", ["lists", "records"])
def test_visual_embeddings(tmp_path: Path, form: str) -> None:
    metadata: Any = {
        "image_id": [1, 1, 2],
        "human_idx": [0, 0, 0],
        "object_idx": [1, 2, 1],
        "object_class": [4, 5, 4],
        "has_gt": [True, False, True],
        "gt_verbs": [[3], [], [1, 7]],
    }
    if form == "records":
        metadata = [{key: values[row] for key, values in metadata.items()} for row in range(3)]
    held = {"embeddings": np.ones((3, D)), "metadata": metadata, "config": {"scale_factor": 5.0}}
    (one,) = read(tmp_path, held, "hoi_visual_embeddings_train.pkl")
    columns = lists(one)
    assert columns["id"] == ["1#0-1", "1#0-2", "2#0-1"]
    assert columns["image_id"] == ["1", "1", "2"]
    assert columns["has_gt"] == [True, False, True]
    assert columns["gt_verbs"] == ["[3]", "[]", "[1, 7]"]
    assert one.provenance["cluster"] == "image_id"
    assert one.provenance["metadata"]["config"] == {"scale_factor": 5.0}


def test_the_upstream_split(tmp_path: Path) -> None:
    held = {
        "images": {
            7: {"img_path": "7.jpg", "embed": torch.ones(1, D)},
            9: {"img_path": "9.jpg", "embed": torch.zeros(1, D)},
        },
        "captions": {
            1: {"caption": "a cat", "img_id": 7, "embed": torch.ones(1, D)},
            2: {"caption": "a dog", "img_id": 9, "embed": torch.ones(1, D)},
            3: {"caption": "a pug", "img_id": 9, "embed": torch.ones(1, D)},
        },
    }
    images, captions = read(tmp_path, held, "oscar_split_ViT-B_32_train.pkl")
    assert lists(images) == {"id": ["7", "9"], "path": ["7.jpg", "9.jpg"], "image_id": ["7", "9"]}
    assert lists(captions) == {
        "id": ["1", "2", "3"],
        "text": ["a cat", "a dog", "a pug"],
        "image_id": ["7", "9", "9"],
    }
    assert captions.vectors.shape == (3, D)


def test_any_other_dictionary_with_metadata(tmp_path: Path) -> None:
    held = {
        "features": np.ones((2, D), "f4"),
        "meta": [{"path": "a"}, {"path": "b", "score": 0.5}],
        "epoch": 3,
    }
    (one,) = read(tmp_path, held)
    assert lists(one) == {"path": ["a", "b"], "score": [None, 0.5]}
    assert one.provenance == {"metadata": {"epoch": 3}}


def test_a_list_of_records(tmp_path: Path) -> None:
    (one,) = read(tmp_path, [{"name": "a", "embedding": np.ones(3)}, {"name": "b", "embedding": np.zeros(3)}])
    np.testing.assert_array_equal(one.vectors, [[1, 1, 1], [0, 0, 0]])
    assert lists(one) == {"name": ["a", "b"]}


@pytest.mark.parametrize("held", [None, 3, "text", [], {}, [1, 2], {"a": "b"}, {"a": [1, 2]}])
def test_objects_without_vectors(tmp_path: Path, held: Any) -> None:
    with pytest.raises(FormatError, match="array"):
        read(tmp_path, held)
