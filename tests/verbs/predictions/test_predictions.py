"""``repscope predictions``: what it prints and writes, from real models over real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from typer.testing import CliRunner

import repscope as rs
from repscope.cli.main import app
from repscope.errors import InputError, ModelError
from repscope.testing.jepa import SmallJepa, digit_images, take, train_jepa
from repscope.verbs.predictions.predictions import predictions

MODEL = """
import torch
from repscope.testing.jepa import SmallJepa


def build():
    torch.manual_seed(0)
    return SmallJepa()


def lower(grid, rng):
    hidden = torch.zeros(grid, dtype=bool)
    hidden[grid[0] // 2:, int(rng.integers(grid[1]))] = True
    return hidden.numpy()


def nothing(grid, rng):
    return torch.zeros(grid, dtype=bool).numpy()


def both(grid, rng):
    whole = torch.ones(grid, dtype=bool).numpy()
    return {"context": whole, "targets": [whole]}
"""


def save(images: np.ndarray, folder: Path) -> None:
    for i, image in enumerate(images):
        file = folder / str(i % 3) / f"{i:03d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((255 * image).round().astype(np.uint8).transpose(1, 2, 0)).save(file)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    save(digit_images()[1200:1224], folder / "digits")
    (folder / "digits" / "0" / "broken.png").write_bytes(b"no image")
    (folder / "model.py").write_text(MODEL)
    return folder


def run(here: Path, *words: object) -> tuple[int, str, str]:
    given = ["predictions", here / "digits", "--model", f"{here}/model.py:build", *words]
    result = CliRunner().invoke(app, [*map(str, given)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_the_contract_for_scripts(here: Path, tmp_path: Path) -> None:
    out, study = tmp_path / "out", tmp_path / "study"
    words = ("--out", out, "--figures", "png", "--method", "pca", "--study", study, "--batch-size", 7)
    code, printed, said = run(here, *words, "--json")
    assert code == 0, said
    record = json.loads(printed)
    assert record["schema"] == "repscope.predictions/1"
    assert (record["items"], record["grid"]) == (24, [4, 4])
    assert set(record["skipped"]) == {"0/broken.png"}
    assert [(level["level"], level["grid"]) for level in record["levels"]] == [(0, [4, 4]), (1, [2, 2])]
    for level in record["levels"]:
        measures = {one["name"]: one["value"] for one in level["measures"]}
        assert set(measures) == {
            *("cosine", "cosine.trivial", "cosine.difference", "cosine.shuffled"),
            *("cosine.difference.shuffled", "error", "error.trivial", "error.difference", "error.shuffled"),
            *("error.difference.shuffled", "skill", "skill.shuffled"),
        }
        for value in measures.values():
            assert value["low"] <= value["value"] <= value["high"]
            assert value["n"] == 24
        difference = measures["cosine"]["value"] - measures["cosine.trivial"]["value"]
        assert measures["cosine.difference"]["value"] == pytest.approx(difference)
        ratio = measures["error"]["value"] / measures["error.trivial"]["value"]
        assert measures["skill"]["value"] == pytest.approx(1 - ratio)
    assert [one["name"] for one in record["features"]] == [
        *("target.patches", "target.images", "predicted.patches"),
    ]
    ranks = [one for one in record["features"][0]["measures"] if one["name"].startswith("rank.")]
    assert len(ranks) == 4
    assert all(one["gaussian"]["low"] > 1 for one in ranks)
    assert record["map"]["method"] == "pca"
    assert record["map"]["faithfulness"]["trustworthiness"] > 0.5
    figures = {"levels.png", "maps.png", "distribution.png", "map.png", "neighbours.png"}
    assert {one.name for one in out.iterdir()} == figures | {"predictions.json"}
    assert json.loads((out / "predictions.json").read_text()) == record
    opened = rs.Study(study)
    assert record["sets"] == ["predicted.0", "target.0", "predicted.1", "target.1"]
    assert [opened[name].n for name in record["sets"]] == [24] * 4
    assert list(opened["target.0"].ids) == sorted(opened["target.0"].ids)
    assert set(opened["target.0"].columns) >= {"id", "label", "path"}
    code, _, said = run(here, "--study", study, "--method", "none")
    assert code == 1
    assert "--as NAME" in said
    code, printed, said = run(here, "--study", study, "--method", "none", "--as", "step1", "--levels", "1")
    assert code == 0, said
    assert "step1.predicted.0" in said
    assert "level 0: " in printed
    # The same model again: as near to the same targets.
    before, after = opened["predicted.0"], opened["step1.predicted.0"]
    compared = rs.compare(
        before, after, reference=opened["target.0"], on="id", method="none", measures=["cosine.true"]
    )
    assert compared["cosine.true"].difference.value == 0


def test_an_image_has_the_same_mask_whatever_else_is_read(here: Path) -> None:
    torch.manual_seed(0)
    model = SmallJepa()
    whole = predictions(here / "digits", model, method="none", show=24, batch_size=24)
    some = predictions(here / "digits" / "1", model, method="none", show=8, batch_size=3)
    seen = {one.id: one for one in whole.shown}
    assert len(seen) == 24 - 1  # The broken file is one of the first 24.
    again = predictions(here / "digits", model, method="none", show=24, batch_size=5)
    for one in again.shown:
        assert np.array_equal(one.masks[0].context, seen[one.id].masks[0].context)
        np.testing.assert_allclose(one.errors[1], seen[one.id].errors[1], rtol=1e-4, atol=1e-6)
    assert again.levels[0].measures["error"].value == pytest.approx(whole.levels[0].measures["error"].value)
    assert len(some.ids) == 8


def test_samplers_of_all_kinds(here: Path) -> None:
    for words, grid in (
        (("--sampler", "random", "--levels", "3"), [1, 1]),
        (("--sampler", f"{here}/model.py:lower", "--levels", "1"), [4, 4]),
        (("--sampler", "hierarchical", "--levels", "3"), [1, 1]),
    ):
        code, printed, said = run(here, *words, "--method", "none", "--limit", "4", "--json")
        assert code == 0, said
        assert json.loads(printed)["levels"][-1]["grid"] == grid
    for words, message in (
        (("--sampler", f"{here}/model.py:nothing"), "tokens in the target"),
        (("--sampler", f"{here}/model.py:both"), "16 patches that are in both"),
        (("--sampler", "hierarchical"), "--levels as many as the sampler has"),
        (("--sampler", "chess"), "choose one"),
        (("--method", "mds"), "tsne, umap or pca"),
    ):
        code, _, said = run(here, "--limit", "4", *words)
        assert code == 1, said
        assert message in said


def test_a_masked_autoencoder_reconstructs(here: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    decoder = {f"decoder_{name}": value for name, value in small.items()}
    config = transformers.ViTMAEConfig(image_size=16, patch_size=4, mask_ratio=0.5, **small, **decoder)
    found = rs.predictions(here / "digits", transformers.ViTMAEForPreTraining(config), method="none", show=2)
    assert [one.masks[0].masked.sum() for one in found.shown] == [8, 8]
    # The features are the pixels, so that both errors are one number.
    assert found.reconstruction["error"].value == pytest.approx(
        found.levels[0].measures["error"].value, rel=1e-3
    )
    assert {"error", "error.trivial", "error.difference", "skill"} == set(found.reconstruction)
    saved = found.save(tmp_path / "out", formats=("png",))
    assert (saved / "reconstruction.png").stat().st_size > 10_000


def test_images_that_are_not_as_they_should_be(here: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, shape in (
        ("grey", (16, 16)),
        ("rgba", (16, 16, 4)),
        ("wide", (16, 40, 3)),
        ("tiny", (3, 3, 3)),
    ):
        (tmp_path / name).mkdir()
        for i in range(3):
            Image.fromarray(rng.integers(0, 255, shape, dtype=np.uint8)).save(tmp_path / name / f"{i}.png")
    for name in ("grey", "rgba"):
        assert len(predictions(tmp_path / name, SmallJepa(), method="none").ids) == 3
    assert len(predictions(tmp_path / "wide", SmallJepa(), method="none", resize="16", crop="16").ids) == 3
    with pytest.raises(ModelError, match=r"the parts of the model to run on Tensor\[3, 3, 16, 40\]"):
        predictions(tmp_path / "wide", SmallJepa(), method="none")
    with pytest.raises(ModelError, match="Kernel size can't be greater than actual input size"):
        predictions(tmp_path / "tiny", SmallJepa(), method="none")


def test_a_checkpoint_with_other_keys(here: Path, tmp_path: Path) -> None:
    torch.save(
        {"model_state_dict": {f"net.{k}": v for k, v in SmallJepa().state_dict().items()}}, tmp_path / "w.pt"
    )
    code, _, said = run(here, "--weights", tmp_path / "w.pt", "--method", "none", "--limit", 3)
    assert code == 0, said
    torch.save({"model_state_dict": {"encoder.weight": torch.zeros(3)}}, tmp_path / "other.pt")
    code, _, said = run(here, "--weights", tmp_path / "other.pt", "--method", "none")
    assert code == 1
    assert "encoder.weight" in said


class Peeking(torch.nn.Module):
    """Its context encoder sees everything."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = SmallJepa()
        self.grid, self.predictor = self.inner.grid, self.inner.predictor

    def target_encoder(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.inner.target_encoder(pixels)

    def context_encoder(self, pixels: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        return take(self.inner.context_encoder(pixels), kept)


def test_a_context_that_sees_what_is_hidden_is_no_context(here: Path) -> None:
    found = predictions(here / "digits", Peeking(), method="none", limit=6)
    assert found.levels[0].predicts is None
    assert found.levels[0].reading.startswith("no prediction: ")


def test_one_image_has_no_interval_and_says_so(here: Path) -> None:
    found = predictions(here / "digits", SmallJepa(), limit=1)
    skill = found.levels[0].measures["skill"]
    assert (skill.low, skill.high) == (None, None)
    assert found.levels[0].predicts is None
    assert found.levels[0].measures["cosine.shuffled"].value is None
    assert [one.collapse for one in found.health] == [None] * 3
    assert found.map is None
    json.dumps(found.to_json(), allow_nan=False)


def test_errors_say_what_to_do(here: Path) -> None:
    with pytest.raises(ModelError, match="Conv2d without context_encoder"):
        predictions(here / "digits", torch.nn.Conv2d(3, 2, 3))
    model = SmallJepa()
    model.grid = (5, 5)
    with pytest.raises(ModelError, match="a grid of patches of 5×5 alone; got 16 tokens"):
        predictions(here / "digits", model, method="none")
    model.grid = (4, 4)
    model.masks = lambda grid, rng: 1 / 0  # type: ignore[method-assign, assignment]
    with pytest.raises(ModelError, match="ZeroDivisionError"):
        predictions(here / "digits", model, method="none")
    with pytest.raises(InputError, match="that can all be read"):
        predictions(here / "digits", SmallJepa(), method="none", strict=True)


@pytest.fixture(scope="module")
def trained() -> dict[str, SmallJepa]:
    images = digit_images()[:1200]
    return {
        "jepa": train_jepa(images, steps=150, batch=32),
        "collapsing": train_jepa(images, steps=80, batch=32, collapsing=True),
    }


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unseen")
    save(digit_images()[1200:1400], folder)
    return folder


def test_a_jepa_trained_on_real_digits_beats_the_trivial_predictor(
    trained: dict[str, SmallJepa], unseen: Path
) -> None:
    found = predictions(unseen, trained["jepa"], method="none", batch_size=100)
    for level in found.levels:
        measures = level.measures
        for name in ("skill", "skill.shuffled", "cosine.difference"):
            assert measures[name].low is not None
            assert measures[name].low > 0, name
        assert level.predicts
        assert level.reading.startswith("predicts what is hidden")
    assert [one.collapse.kind for one in found.health if one.collapse] == ["none"] * 3


def test_without_average_and_stopped_gradient_it_collapses_and_is_recognised(
    trained: dict[str, SmallJepa], unseen: Path
) -> None:
    found = predictions(unseen, trained["collapsing"], method="none", batch_size=100)
    level, health = found.levels[0], found.health[0]
    # By cosine alone it would be the better of the two.
    assert level.measures["cosine"].value is not None
    assert level.measures["cosine"].value > 0.97
    assert health.collapse is not None
    assert health.collapse.kind == "point"
    assert health.collapse.share < 0.01
    assert level.predicts is False
    assert "collapsed" in level.reading


def test_a_healthy_model_scaled_by_a_hundredth_stays_healthy(
    trained: dict[str, SmallJepa], unseen: Path
) -> None:
    class Scaled(torch.nn.Module):
        def __init__(self, scale: float) -> None:
            super().__init__()
            self.inner, self.scale = trained["jepa"], scale
            self.grid, self.masks = self.inner.grid, self.inner.masks

        def context_encoder(self, pixels: Any, kept: Any) -> Any:
            return self.inner.context_encoder(pixels, kept)

        def target_encoder(self, pixels: Any) -> Any:
            return self.scale * self.inner.target_encoder(pixels)

        def predictor(self, *given: Any) -> Any:
            return self.scale * self.inner.predictor(*given)

    one, small = (predictions(unseen, Scaled(s), method="none", batch_size=100) for s in (1.0, 0.01))
    for mine, other in zip(one.health, small.health, strict=True):
        assert mine.collapse is not None
        assert other.collapse is not None
        assert mine.collapse.kind == other.collapse.kind == "none"
        assert mine.collapse.share == pytest.approx(other.collapse.share, rel=1e-4)
        assert mine.collapse.rank == pytest.approx(other.collapse.rank, rel=1e-3)
    for name in ("cosine", "skill", "skill.shuffled"):
        assert one.levels[0].measures[name].value == pytest.approx(
            small.levels[0].measures[name].value, rel=1e-3
        )
    assert small.levels[0].predicts
