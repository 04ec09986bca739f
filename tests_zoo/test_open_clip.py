"""open_clip's dual encoders, against its own encode_image and encode_text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import repscope as rs
from repscope.errors import InputError, ModelError
from repscope.extraction.models.load import load_model
from repscope.extraction.models.preprocess import Preprocessing
from repscope.extraction.sources.open import SourceOptions, open_source

CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
CAPTIONS = ["a dog", "two cats on a sofa", "dog", "word" + " word" * 39, "!"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of open_clip as it saves one, with random weights."""
    torch.manual_seed(1)
    made = tmp_path / "tiny-clip"
    made.mkdir()
    stats = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]}
    (made / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG, "preprocess_cfg": stats}))
    save_file(open_clip.CLIP(**CONFIG).state_dict(), made / "open_clip_model.safetensors")
    return made


def _captions(photos: Path) -> Path:
    """COCO captions of the photos."""
    names = sorted(one.name for one in photos.iterdir())
    content = {
        "images": [{"id": at, "file_name": name} for at, name in enumerate(names)],
        "annotations": [
            {"id": 10 + at, "image_id": at, "caption": CAPTIONS[at % len(CAPTIONS)]}
            for at in range(len(names))
        ],
    }
    file = photos.parent / "captions.json"
    file.write_text(json.dumps(content))
    return file


def _own(folder: Path) -> tuple[Any, Any, Any]:
    spec = f"local-dir:{folder}"
    model, steps = open_clip.create_model_from_pretrained(spec)
    return model.eval(), steps, open_clip.get_tokenizer(spec)


def test_both_towers_in_one_run_equal_open_clips_own(
    tmp_path: Path, folder: Path, make_images: Callable[[int], Path]
) -> None:
    photos = make_images(5)
    file = _captions(photos)
    done = rs.extract(
        open_source(file, SourceOptions("coco-captions", images=photos)),
        f"open_clip:local-dir:{folder}",
        texts=open_source(file, SourceOptions("coco-captions-text")),
        capture={"clip": "", "words": "ln_final:last", "patches": "visual.transformer:mean"},
        study=tmp_path / "s",
        device="cpu",
    )
    study = rs.Study(tmp_path / "s")
    assert set(study.sets) == {"clip_image", "clip_text", "words", "patches"}
    model, steps, tokenizer = _own(folder)
    images, texts = study["clip_image"], study["clip_text"]
    names = [str(one) for one in images.items.column("path").to_pylist()]
    pixels = torch.stack([steps(Image.open(photos / Path(name).name)) for name in names])
    captions = texts.items.column("text").to_pylist()
    assert sorted(captions) == sorted(CAPTIONS)
    # Every text knows its picture.
    linked = texts.items.column("image_id").to_pylist()
    assert sorted(linked) == sorted(images.ids.tolist())
    with torch.no_grad():
        assert np.allclose(images.vectors, model.encode_image(pixels).numpy(), atol=1e-5)
        assert np.allclose(texts.vectors, model.encode_text(tokenizer(captions)).numpy(), atol=1e-5)
        # The last own token of a text is the one that CLIP projects.
        projected = torch.tensor(study["words"].vectors) @ model.text_projection
    assert np.allclose(projected.numpy(), texts.vectors, atol=1e-5)
    assert study["patches"].d == 32
    assert any("1 of 5 texts have more than the 16 tokens" in note for note in done.notes)


def test_weights_apart_from_the_folder(tmp_path: Path, folder: Path) -> None:
    torch.manual_seed(5)
    other = open_clip.CLIP(**CONFIG)
    save_file(other.state_dict(), tmp_path / "w.safetensors")
    loaded = load_model(
        f"open_clip:local-dir:{folder}", takes=None, weights=tmp_path / "w.safetensors", device="cpu"
    )
    assert torch.equal(loaded.module.visual.proj, other.visual.proj)
    assert loaded.name == "tiny-clip"


def test_a_registered_architecture_with_weights(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "my-tiny.json").write_text(json.dumps(CONFIG))
    open_clip.add_model_config(tmp_path / "my-tiny.json")
    with pytest.raises(InputError, match="either a tag or --weights; got neither"):
        load_model("open_clip:my-tiny", device="cpu")
    loaded = load_model(
        "open_clip:my-tiny", weights=folder / "open_clip_model.safetensors", takes=None, device="cpu"
    )
    pixels = torch.zeros(2, 3, 64, 64)
    assert loaded.forward is not None
    with torch.no_grad():
        assert torch.equal(loaded.forward(pixels), _own(folder)[0].encode_image(pixels))


def test_a_folder_without_its_weights_is_not_a_random_model(folder: Path) -> None:
    (folder / "open_clip_model.safetensors").unlink()
    with pytest.raises(ModelError, match="local-dir"):
        load_model(f"open_clip:local-dir:{folder}", device="cpu")


def test_steps_left_out_are_the_models_own(folder: Path, make_images: Callable[[int], Path]) -> None:
    picture = Image.open(next(iter(sorted(make_images(1).iterdir()))))
    spec = f"open_clip:local-dir:{folder}"
    own = load_model(spec, device="cpu").transform
    given = load_model(spec, device="cpu", given=Preprocessing(interpolation="bicubic")).transform
    assert np.allclose(own(picture), given(picture), atol=1e-6)
    assert given.to_json()["mean"] == (0.5, 0.4, 0.3)
