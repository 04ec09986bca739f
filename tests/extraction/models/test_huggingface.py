from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from repscope.errors import InputError, MissingError, ModelError
from repscope.extraction import Preprocessing
from repscope.extraction.models.load import load_model
from repscope.study import Study
from repscope.verbs.extract.extract import extract

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
VISION = {**SMALL, "image_size": 32, "patch_size": 8}


def save_vit(folder: Path) -> Any:
    from transformers import ViTConfig, ViTImageProcessorPil, ViTModel

    model = ViTModel(ViTConfig(**VISION)).eval()
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return model


def save_clip(folder: Path) -> Any:
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    text = {**SMALL, "vocab_size": 50, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=VISION, projection_dim=12)).eval()
    model.save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(
        folder
    )
    return model


def save_siglip(folder: Path) -> Any:
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

    text = {**SMALL, "vocab_size": 50, "max_position_embeddings": 8}
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=VISION)).eval()
    model.save_pretrained(folder)
    SiglipImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return model


def save_dinov2(folder: Path) -> Any:
    from transformers import BitImageProcessorPil, Dinov2WithRegistersConfig, Dinov2WithRegistersModel

    model = Dinov2WithRegistersModel(Dinov2WithRegistersConfig(**VISION, num_register_tokens=4)).eval()
    model.save_pretrained(folder)
    BitImageProcessorPil(size={"shortest_edge": 36}, crop_size={"height": 32, "width": 32}).save_pretrained(
        folder
    )
    return model


def save_ijepa(folder: Path) -> Any:
    from transformers import IJepaConfig, IJepaModel, ViTImageProcessorPil

    model = IJepaModel(IJepaConfig(**VISION)).eval()
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return model


def save_mae(folder: Path, mask_ratio: float = 0.75) -> Any:
    from transformers import ViTImageProcessorPil, ViTMAEConfig, ViTMAEModel

    model = ViTMAEModel(ViTMAEConfig(**VISION, mask_ratio=mask_ratio)).eval()
    model.save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return model


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Any]]:
    pytest.importorskip("transformers")
    makers = {"vit": save_vit, "clip": save_clip, "siglip": save_siglip, "dinov2": save_dinov2}
    makers |= {"ijepa": save_ijepa, "mae": save_mae}
    made: dict[str, tuple[Path, Any]] = {}
    root = tmp_path_factory.mktemp("hf")

    def get(name: str) -> tuple[Path, Any]:
        if name not in made:
            torch.manual_seed(0)
            made[name] = (root / name, makers[name](root / name))
        return made[name]

    return get


@pytest.fixture
def photos(make_images: Callable[..., Path]) -> Path:
    return make_images(6, (40, 52))


def pixels(folder: Path, photos: Path, ids: Any) -> Tensor:
    from transformers import AutoImageProcessor

    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    opened = [Image.open(photos / one) for one in ids]
    values: Tensor = processor(opened, return_tensors="pt")["pixel_values"]
    return values


@pytest.mark.parametrize(
    "case",
    [
        ("vit", [":cls=got"], lambda model, x: model(pixel_values=x).last_hidden_state[:, 0]),
        ("vit", [":output.pooler_output=got"], lambda model, x: model(pixel_values=x).pooler_output),
        ("dinov2", [":mean=got"], lambda model, x: model(pixel_values=x).last_hidden_state.mean(1)),
        ("ijepa", [":mean=got"], lambda model, x: model(pixel_values=x).last_hidden_state.mean(1)),
        ("ijepa", [":max=got"], lambda model, x: model(pixel_values=x).last_hidden_state.amax(1)),
        ("clip", ["=got"], lambda model, x: model.get_image_features(pixel_values=x).pooler_output),
        ("siglip", ["=got"], lambda model, x: model.get_image_features(pixel_values=x).pooler_output),
        (
            "clip",
            ["vision_model.encoder.layers.0:cls=got"],
            lambda model, x: model.vision_model(pixel_values=x, output_hidden_states=True).hidden_states[1][
                :, 0
            ],
        ),
    ],
)
def test_rows_equal_the_model_called_directly(
    saved: Callable[[str], tuple[Path, Any]],
    photos: Path,
    tmp_path: Path,
    case: tuple[str, list[str], Callable[[Any, Tensor], Tensor]],
) -> None:
    name, capture, expected = case
    folder, model = saved(name)
    extract(photos, f"hf:{folder}", study=tmp_path / "s", capture=capture, device="cpu", batch_size=4)
    got = Study.open(tmp_path / "s")["got"]
    with torch.no_grad():
        reference = expected(model, pixels(folder, photos, got.ids)).numpy()
    assert np.allclose(got.vectors, reference, atol=1e-6)
    assert got.column("label").tolist() == [one.split("/")[0] for one in got.ids]


def test_tokens_know_their_parent_row_and_column(
    saved: Callable[[str], tuple[Path, Any]], photos: Path, tmp_path: Path
) -> None:
    folder, model = saved("dinov2")
    extract(photos, f"hf:{folder}", study=tmp_path / "s", pool="tokens", name="t", device="cpu", limit=3)
    got = Study.open(tmp_path / "s")["t"]
    assert got.n == 3 * (1 + 4 + 16)
    first = got.ids[0].split("#")[0]
    with torch.no_grad():
        reference = model(pixel_values=pixels(folder, photos, [first])).last_hidden_state[0].numpy()
    assert np.allclose(got.vectors[:21], reference, atol=1e-6)
    assert got.ids[6] == f"{first}#6"
    assert got.column("parent")[0] == first
    row, col = got.column("row")[:21], got.column("col")[:21]
    assert np.isnan(row[:5].astype(float)).all()
    assert row[5:].tolist() == np.repeat(range(4), 4).tolist()
    assert col[5:].tolist() == list(range(4)) * 4


def test_preprocessing_is_the_folders_unless_given_and_recorded(
    saved: Callable[[str], tuple[Path, Any]], photos: Path
) -> None:
    folder, _ = saved("clip")
    own = load_model(f"hf:{folder}", device="cpu").transform.to_json()
    assert own["class"] == "CLIPImageProcessorPil"
    assert own["size"] == {"shortest_edge": 32}
    assert own["given"] == {}
    given = Preprocessing(
        resize=(32, 32), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), interpolation="bilinear"
    )
    loaded = load_model(f"hf:{folder}", device="cpu", given=given)
    record = loaded.transform.to_json()
    assert record["size"] == {"height": 32, "width": 32}
    assert record["given"]["image_mean"] == [0.0, 0.0, 0.0]
    image = Image.open(next(photos.glob("*/*.png")))
    assert np.allclose(loaded.transform(image), given(image), atol=1e-6)


def test_a_layer_that_was_never_trained_cannot_reach_a_row(tmp_path: Path, photos: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.ViTConfig(**VISION)
    folder = tmp_path / "classifier"
    model = transformers.ViTForImageClassification(config).eval()
    model.save_pretrained(folder)
    transformers.ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    done = extract(photos, f"hf:{folder}", study=tmp_path / "s", pool="cls", name="cls", device="cpu")
    assert "pooler.dense.weight" in done.notes[0]
    got = Study.open(tmp_path / "s")["cls"]
    with torch.no_grad():
        hidden = model.vit(pixel_values=pixels(folder, photos, got.ids)).last_hidden_state
    assert np.allclose(got.vectors, hidden[:, 0].numpy(), atol=1e-6)
    with pytest.raises(ModelError, match=r"weights lack.*pooler\.dense"):
        extract(
            photos, f"hf:{folder}", study=tmp_path / "s", capture=[":output.pooler_output=p"], device="cpu"
        )


def test_other_weights_for_the_same_configuration(
    saved: Callable[[str], tuple[Path, Any]], photos: Path, tmp_path: Path
) -> None:
    folder, model = saved("vit")
    state = {f"module.{key}": value * 1.5 for key, value in model.state_dict().items()}
    torch.save({"model": state}, tmp_path / "w.pt")
    loaded = load_model(f"hf:{folder}", weights=tmp_path / "w.pt", device="cpu")
    weight: Any = loaded.module.get_parameter("pooler.dense.weight")
    assert torch.equal(weight, state["module.pooler.dense.weight"])
    assert loaded.record["weights"]["stripped"] == "module."


def test_provenance_names_the_weights(saved: Callable[[str], tuple[Path, Any]]) -> None:
    folder, _ = saved("vit")
    record = load_model(f"hf:{folder}", device="cpu").record
    assert list(record["weights"]) == ["model.safetensors"]
    assert len(record["weights"]["model.safetensors"]) == 64


def test_folders_that_cannot_be_used(saved: Callable[[str], tuple[Path, Any]], tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    with pytest.raises(MissingError, match="no such folder"):
        load_model(f"hf:{tmp_path}/none")
    with pytest.raises(MissingError, match=r"no config\.json"):
        load_model(f"hf:{tmp_path}")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"check config\.json"):
        load_model(f"hf:{tmp_path}")
    (tmp_path / "config.json").write_text("{broken")
    with pytest.raises(ModelError, match=r"check config\.json"):
        load_model(f"hf:{tmp_path}")

    vit, _ = saved("vit")
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_bytes((vit / "config.json").read_bytes())
    with pytest.raises(ModelError, match="weights"):
        load_model(f"hf:{bare}")
    (bare / "model.safetensors").write_bytes((vit / "model.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"preprocessor_config\.json"):
        load_model(f"hf:{bare}")
    assert load_model(f"hf:{bare}", given=Preprocessing(crop=(32, 32))).transform == Preprocessing(
        crop=(32, 32)
    )
    config = json.loads((bare / "config.json").read_text())
    (bare / "config.json").write_text(json.dumps({**config, "hidden_size": 8}))
    with pytest.raises(ModelError):
        load_model(f"hf:{bare}")

    bert = tmp_path / "bert"
    transformers.BertModel(transformers.BertConfig(**SMALL, vocab_size=20)).save_pretrained(bert)
    with pytest.raises(ModelError, match="BertModel, which takes input_ids"):
        load_model(f"hf:{bert}")


def test_a_masked_autoencoder_says_what_it_hides_and_repeats(
    saved: Callable[[str], tuple[Path, Any]], photos: Path, tmp_path: Path
) -> None:
    folder, _ = saved("mae")
    options: dict[str, Any] = {"capture": [":mean=got"], "device": "cpu", "batch_size": 4}
    done = extract(photos, f"hf:{folder}", study=tmp_path / "a", **options)
    assert "leaves out 75% of the patches" in done.notes[0]
    again = extract(photos, f"hf:{folder}", study=tmp_path / "b", **options)
    assert done.sets[0].fingerprint == again.sets[0].fingerprint
    other = extract(photos, f"hf:{folder}", study=tmp_path / "c", seed=1, **options)
    assert done.sets[0].fingerprint != other.sets[0].fingerprint


def test_patches_of_an_unmasked_autoencoder_are_in_their_places(photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    torch.manual_seed(0)
    model = save_mae(tmp_path / "mae", 0.0)
    done = extract(
        photos, f"hf:{tmp_path / 'mae'}", study=tmp_path / "s", pool="tokens", name="t", device="cpu", limit=1
    )
    assert done.notes == ()
    got = Study.open(tmp_path / "s")["t"]
    assert got.n == 17
    parent = got.column("parent")[0]
    with torch.no_grad():
        output = model(pixel_values=pixels(tmp_path / "mae", photos, [parent]))
        # The model shuffles; its own ids_restore undoes it.
        hidden, order = output.last_hidden_state[0], output.ids_restore[0]
    assert np.allclose(got.vectors[0], hidden[0].numpy(), atol=1e-5)
    assert np.allclose(got.vectors[1:], hidden[1:][order].numpy(), atol=1e-5)
    assert got.column("row")[1:].tolist() == np.repeat(range(4), 4).tolist()


def test_a_name_on_the_hub_is_taken_from_the_cache(
    saved: Callable[[str], tuple[Path, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    folder, _ = saved("vit")
    kept = tmp_path / "models--someone--tiny-vit"
    shutil.copytree(folder, kept / "snapshots" / ("a" * 40))
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("a" * 40)
    loaded = load_model("hf:someone/tiny-vit", device="cpu")
    assert loaded.name == "tiny-vit"
    assert loaded.identity == load_model(f"hf:{folder}", device="cpu").identity
    with pytest.raises(MissingError, match="none in the local cache"):
        load_model("hf:someone/other")
