"""``repscope attention``: what it writes and prints, from a real model over real files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import InputError, ModelError, UnknownNameError
from repscope.verbs.attention.attention import attention

SMALL = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for i in range(5):
        Image.fromarray(rng.integers(0, 255, (40, 56, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    (folder / "broken.png").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vit")
    torch.manual_seed(0)
    config = transformers.Dinov2WithRegistersConfig(
        image_size=32, patch_size=8, num_register_tokens=4, **SMALL
    )
    transformers.Dinov2WithRegistersModel(config).save_pretrained(folder)
    transformers.BitImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 48}
    ).save_pretrained(folder)
    return folder


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["attention", *map(str, words)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_the_contract_for_scripts(images: Path, vit: Path, tmp_path: Path) -> None:
    file, out = tmp_path / "w.npz", tmp_path / "out"
    words = (
        images,
        "--model",
        f"hf:{vit}",
        "--batch-size",
        2,
        "--to",
        file,
        "--out",
        out,
        "--figures",
        "png",
    )
    code, printed, said = run(*words, "--layers", "0,2", "--json")
    assert code == 0, said
    record = json.loads(printed)
    assert record["schema"] == "repscope.attention/1"
    assert record["items"] == 5
    assert set(record["skipped"]) == {"broken.png"}
    assert [one["index"] for one in record["layers"]] == [0, 2]
    for layer in record["layers"]:
        assert (layer["heads"], layer["special_tokens"], layer["grid"]) == (2, 5, [4, 6])
        assert layer["tokens"] == {"queries": 29, "keys": 29}
        assert set(layer["measures"]) == {"entropy", "distance", "special"}
    with np.load(file) as arrays:
        assert sorted(arrays) == ["id", "layer.0", "layer.2"]
        assert arrays["id"].tolist() == [f"{i}.png" for i in range(5)]
        weights = arrays["layer.0"]
    assert weights.shape == (5, 2, 29, 29)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
    # The measure printed is the mean over images and queries of the weights written.
    entropy = -(weights * np.log(weights)).sum(axis=-1).mean(axis=(0, 2))
    found = [one["value"] for one in record["layers"][0]["measures"]["entropy"]]
    np.testing.assert_allclose(found, entropy, rtol=1e-5)
    estimate = record["layers"][0]["measures"]["distance"][0]
    assert estimate["low"] <= estimate["value"] <= estimate["high"]
    assert estimate["n"] == 5
    figures = {"measures.png", "heads.png", "layers.png", "patch.png", "rollout.png"}
    assert {one.name for one in out.iterdir()} == figures | {"attention.json"}
    assert json.loads((out / "attention.json").read_text()) == record


def test_weights_are_those_of_the_model_and_it_is_left_as_it_was(images: Path, vit: Path) -> None:
    model = transformers.Dinov2WithRegistersModel.from_pretrained(vit)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = attention(images, f"hf:{vit}", keep_weights=True, show=1, batch_size=5)
    shown = found.shown[0]
    assert shown.picture is not None
    assert shown.picture.shape == (32, 48, 3)
    assert shown.rollout is not None
    assert shown.control is not None
    assert shown.rollout.shape == (29,)
    assert not np.allclose(shown.rollout, shown.control)
    np.testing.assert_array_equal(shown.weights[1], found.arrays["layer.1"][0])
    again = attention(images, f"hf:{vit}", keep_weights=True, show=0, batch_size=5)
    for name in found.arrays:
        np.testing.assert_array_equal(found.arrays[name], again.arrays[name])
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_texts_of_several_lengths(tmp_path: Path) -> None:
    folder = tmp_path / "bert"
    folder.mkdir()
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "dog"])
    )
    transformers.BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    transformers.BertModel(transformers.BertConfig(vocab_size=8, **SMALL)).save_pretrained(folder)
    (tmp_path / "t.txt").write_text("a cat\na\na dog a cat\n")
    code, printed, said = run(
        tmp_path / "t.txt", "--model", f"hf:{folder}", "--batch-size", 2, "--to", tmp_path / "w.npz", "--json"
    )
    assert code == 0, said
    layer = json.loads(printed)["layers"][0]
    assert (layer["special_tokens"], layer["grid"]) == (None, None)
    with np.load(tmp_path / "w.npz") as arrays:
        mask, weights = arrays["mask"], arrays["layer.0"]
    assert mask.sum(axis=1).tolist() == [4, 3, 6]
    assert np.isfinite(weights).all()
    # Nothing is attended to beyond a text's own tokens.
    assert weights[1, :, :3, 3:].max() == 0
    np.testing.assert_allclose(weights[1, :, :3].sum(axis=-1), 1, atol=1e-5)
    found = attention(tmp_path / "t.txt", f"hf:{folder}")
    assert found.shown[0].tokens == ("[CLS]", "a", "cat", "[SEP]")
    saved = found.save(tmp_path / "out", formats=("png",))
    assert {one.name for one in saved.iterdir()} == {"attention.json", "measures.png", "tokens.png"}


class Windows(torch.nn.Module):
    """Attention within windows has no map of the whole image."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(4, 1, batch_first=True)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        rows = torch.nn.functional.pad(pixels[:, :, :4, :4], (0, 0, 0, 0, 0, 1)).flatten(2).transpose(1, 2)
        return self.attention(*[rows.reshape(-1, 8, 4)] * 3)[0]


def test_errors_name_what_is_there(images: Path, vit: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"0 to 2; got 7; do: choose of 0 \(encoder.layer.0"):
        attention(images, f"hf:{vit}", layers=[7])
    with pytest.raises(ModelError, match="computes attention"):
        attention(images, torch.nn.Conv2d(3, 2, 3), resize="32,48")
    with pytest.raises(ModelError, match="windowed"):
        attention(images, Windows(), resize="32,48")
    with pytest.raises(InputError, match="mean, max, min"):
        attention(images, f"hf:{vit}", fusion="median")  # type: ignore[arg-type]  # that is the test
    code, _, said = run(images, "--model", f"hf:{vit}", "--layers", "first")
    assert code == 1
    assert "write --layers 0,5,11" in said


def test_weights_too_large_for_memory_are_refused(images: Path, vit: Path, monkeypatch) -> None:
    monkeypatch.setattr("repscope.verbs.attention.attention.LARGEST_BYTES", 1000)
    with pytest.raises(InputError, match="--limit or --layers"):
        attention(images, f"hf:{vit}", keep_weights=True)
