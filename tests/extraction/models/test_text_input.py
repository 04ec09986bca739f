"""Text models and the text towers of dual encoders, built small."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL.Image import Image
from torch import Tensor

from repscope.errors import ExistsError, InputError, ModelError
from repscope.extraction import ImageFolder, Preprocessing
from repscope.extraction.capture.capture import capture
from repscope.extraction.capture.layers import list_layers
from repscope.extraction.models.load import load_model
from repscope.extraction.sources.base import Item
from repscope.study import Study
from repscope.verbs.extract.extract import extract

SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
VISION = {**SMALL, "image_size": 32, "patch_size": 8}
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "cat",
    "dog",
    "on",
    "the",
    "grass",
    "two",
    "dogs",
    "run",
]
TEXTS = {
    "t0": "a cat",
    "t1": "two dogs run on the grass",
    "t2": "dog",
    "t3": "the dog on the grass",
    "t4": "a cat on a dog on the grass on a cat",
}
CONTEXT = 9


@dataclass(frozen=True)
class Texts:
    items: Sequence[Item]
    columns: Sequence[str] = ("image",)

    @classmethod
    def of(cls, texts: dict[str, str]) -> Texts:
        return cls([Item(key, len(text), {"image": key}, "", text) for key, text in texts.items()])

    def open(self, item: Item) -> Image:
        raise AssertionError(item)

    def to_json(self) -> dict[str, Any]:
        return {"kind": "texts of a test"}


def save_tokenizer(folder: Path) -> Any:
    from transformers import BertTokenizer

    tokenizer = BertTokenizer(vocab={word: i for i, word in enumerate(WORDS)}, model_max_length=CONTEXT)
    tokenizer.save_pretrained(folder)
    return tokenizer


def save_bert(folder: Path) -> Any:
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig(**SMALL, vocab_size=len(WORDS))).eval()
    model.save_pretrained(folder)
    return model


def save_clip(folder: Path) -> Any:
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    ids = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    text = {**SMALL, "vocab_size": len(WORDS), **ids}
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=VISION, projection_dim=12)).eval()
    model.save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(
        folder
    )
    return model


def save_siglip(folder: Path) -> Any:
    from transformers import SiglipConfig, SiglipModel

    text = {**SMALL, "vocab_size": len(WORDS), "max_position_embeddings": 8, "projection_size": 16}
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=VISION)).eval()
    model.save_pretrained(folder)
    return model


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Any, Any]]:
    pytest.importorskip("transformers")
    makers = {"bert": save_bert, "clip": save_clip, "siglip": save_siglip}
    made: dict[str, tuple[Path, Any, Any]] = {}
    root = tmp_path_factory.mktemp("texts")

    def get(name: str) -> tuple[Path, Any, Any]:
        if name not in made:
            torch.manual_seed(0)
            made[name] = (root / name, makers[name](root / name), save_tokenizer(root / name))
        return made[name]

    return get


def one_by_one(tokenizer: Any, run: Callable[[Any], Tensor], length: int = CONTEXT) -> np.ndarray[Any, Any]:
    """The oracle: every text alone, without padding."""
    rows = []
    for text in TEXTS.values():
        ids = tokenizer(text, truncation=True, max_length=length, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            rows.append(run(ids)[0].numpy())
    return np.stack(rows)


POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "cls": lambda hidden: hidden[:, 0],
    "mean": lambda hidden: hidden.mean(1),
    "max": lambda hidden: hidden.amax(1),
    "last": lambda hidden: hidden[:, -1],
}


@pytest.mark.parametrize("pool", POOLINGS)
@pytest.mark.parametrize("batch_size", [2, 5])
def test_padding_is_no_part_of_a_row(
    saved: Callable[[str], tuple[Path, Any, Any]], tmp_path: Path, pool: Any, batch_size: int
) -> None:
    folder, model, tokenizer = saved("bert")
    layer = f"encoder.layer.0:{pool}=layer"
    done = extract(
        Texts.of(TEXTS),
        f"hf:{folder}",
        study=tmp_path / "s",
        capture=[f":{pool}=got", layer],
        batch_size=batch_size,
        device="cpu",
    )
    study = Study.open(tmp_path / "s")
    expected = one_by_one(tokenizer, lambda ids: POOLINGS[pool](model(ids).last_hidden_state))
    assert np.allclose(study["got"].vectors, expected, atol=1e-5)
    inner = one_by_one(
        tokenizer, lambda ids: POOLINGS[pool](model(ids, output_hidden_states=True).hidden_states[1])
    )
    assert np.allclose(study["layer"].vectors, inner, atol=1e-5)
    assert list(study["got"].ids) == list(TEXTS)
    assert study["got"].column("image").tolist() == list(TEXTS)
    assert done.sets[0].n == 5


def test_texts_longer_than_the_context_are_cut_counted_and_said(
    saved: Callable[[str], tuple[Path, Any, Any]], tmp_path: Path
) -> None:
    folder, _, _ = saved("bert")
    done = extract(Texts.of(TEXTS), f"hf:{folder}", study=tmp_path / "s", pool="mean", name="t", device="cpu")
    assert done.notes == (
        "1 of 5 texts have more than the 9 tokens that the model takes, and lost their end",
    )
    record = Study.open(tmp_path / "s")["t"].provenance
    assert record["texts_cut"] == 1
    assert record["preprocessing"]["context"] == CONTEXT
    assert record["preprocessing"]["class"] == "BertTokenizer"
    short = {key: text for key, text in TEXTS.items() if key != "t4"}
    done = extract(
        Texts.of(short), f"hf:{folder}", study=tmp_path / "short", pool="mean", name="t", device="cpu"
    )
    assert done.notes == ()


def test_a_text_that_changed_is_another_set(
    saved: Callable[[str], tuple[Path, Any, Any]], tmp_path: Path
) -> None:
    folder, _, _ = saved("bert")
    options: dict[str, Any] = {"study": tmp_path / "s", "pool": "mean", "name": "t", "device": "cpu"}
    extract(Texts.of(TEXTS), f"hf:{folder}", **options)
    assert extract(Texts.of(TEXTS), f"hf:{folder}", **options).already_there
    with pytest.raises(ExistsError):
        extract(Texts.of({**TEXTS, "t0": "a dog"}), f"hf:{folder}", **options)


def test_a_dual_encoder_gives_images_and_texts_in_one_run(
    saved: Callable[[str], tuple[Path, Any, Any]], make_images: Callable[..., Path], tmp_path: Path
) -> None:
    folder, model, tokenizer = saved("clip")
    photos = make_images(5, (40, 36))
    seen: list[tuple[int, int]] = []
    done = extract(
        photos,
        f"hf:{folder}",
        texts=Texts.of(TEXTS),
        study=tmp_path / "s",
        capture=[
            "=clip",
            "text_model.encoder.layers.0:last=words",
            "vision_model.encoder.layers.1:cls=patch",
        ],
        batch_size=2,
        device="cpu",
        progress=lambda state: seen.append((state.done, state.total)),
    )
    assert [one.name for one in done.sets] == ["clip_image", "patch", "clip_text", "words"]
    assert done.items == 10
    assert seen[-1] == (10, 10)
    assert seen == sorted(seen)
    study = Study.open(tmp_path / "s")
    features = one_by_one(tokenizer, lambda ids: model.get_text_features(input_ids=ids).pooler_output)
    assert np.allclose(study["clip_text"].vectors, features, atol=1e-5)
    assert study["clip_image"].d == study["clip_text"].d == 12
    assert study["clip_text"].column("image").tolist() == list(TEXTS)
    # The same rows as the towers alone.
    alone = {"study": tmp_path / "alone", "batch_size": 2, "device": "cpu"}
    extract(photos, f"hf:{folder}", name="i", **alone)
    extract(Texts.of(TEXTS), f"hf:{folder}", name="t", **alone)
    apart = Study.open(tmp_path / "alone")
    assert np.array_equal(study["clip_image"].vectors, apart["i"].vectors)
    assert np.array_equal(study["clip_text"].vectors, apart["t"].vectors)
    with pytest.raises(InputError, match="a capture point in the text tower"):
        extract(
            photos,
            f"hf:{folder}",
            texts=Texts.of(TEXTS),
            study=tmp_path / "one",
            capture=["vision_model:output.pooler_output=p"],
            device="cpu",
        )


def test_several_captions_a_row_are_linked_to_its_image(
    saved: Callable[[str], tuple[Path, Any, Any]], make_images: Callable[..., Path], tmp_path: Path
) -> None:
    folder, _, _ = saved("clip")
    make_images(2, (40, 36))
    table = tmp_path / "list.csv"
    table.write_text("path,short,long\nphotos/dog/000.png,dog,the dog\nphotos/cat/001.png,,a cat\n")
    done = extract(
        table,
        study=tmp_path / "s",
        model=f"hf:{folder}",
        text_column=["short", "long"],
        name="clip",
        device="cpu",
    )
    assert {one.name: one.n for one in done.sets} == {"clip_image": 2, "clip_text": 3}
    assert [(one.id, one.reason) for one in done.sets[1].skipped] == [("photos/cat/001.png#short", "no text")]
    study = Study.open(tmp_path / "s")
    links = study["clip_text"].column("row_id").tolist()
    assert links == ["photos/dog/000.png", "photos/dog/000.png", "photos/cat/001.png"]
    assert study["clip_image"].column("row_id").tolist() == sorted(set(links), key=links.index)
    command = study.manifest("clip_text").provenance["command"]
    assert "--text-column short --text-column long" in command
    # The same texts one by one.
    texts = Texts.of({"0": "dog", "1": "the dog", "2": "a cat"})
    extract(texts, f"hf:{folder}", study=study, name="alone", device="cpu")
    assert np.allclose(study["clip_text"].vectors, study["alone"].vectors, atol=1e-5)


def test_siglip_is_padded_to_its_context_without_a_mask(
    saved: Callable[[str], tuple[Path, Any, Any]], tmp_path: Path
) -> None:
    folder, model, tokenizer = saved("siglip")
    extract(Texts.of(TEXTS), f"hf:{folder}", study=tmp_path / "s", name="t", batch_size=3, device="cpu")
    ids = tokenizer(
        list(TEXTS.values()), truncation=True, max_length=8, padding="max_length", return_tensors="pt"
    )["input_ids"]
    with torch.no_grad():
        expected = model.get_text_features(input_ids=ids).pooler_output.numpy()
    assert np.allclose(Study.open(tmp_path / "s")["t"].vectors, expected, atol=1e-5)


def test_layers_of_both_towers(saved: Callable[[str], tuple[Path, Any, Any]]) -> None:
    from PIL import Image as Pillow

    folder, _, _ = saved("clip")
    found = list_layers(load_model(f"hf:{folder}", takes=None, device="cpu"), Pillow.new("RGB", (50, 50)))
    towers = {layer.path: layer.tower for layer in found.layers}
    assert set(found.inputs) == {"image", "text"}
    assert towers["text_model.encoder.layers.0"] == "text"
    assert towers["vision_model.encoder.layers.0"] == "image"
    assert found.notes == (f"texts are cut to {CONTEXT} tokens",)
    # SigLIP was saved without an image processor: only its texts can be tried.
    bare, _, _ = saved("siglip")
    given = list_layers(load_model(f"hf:{bare}", takes=None, device="cpu"), Pillow.new("RGB", (50, 50)))
    assert set(given.inputs) == {"text"}


def test_sources_that_a_model_does_not_take(
    saved: Callable[[str], tuple[Path, Any, Any]], images: Path, model_file: Path, tmp_path: Path
) -> None:
    bert, _, _ = saved("bert")
    study = tmp_path / "s"
    with pytest.raises(ModelError, match="BertModel, which takes input_ids"):
        extract(images, f"hf:{bert}", study=study)
    with pytest.raises(InputError, match="a model with a tokenizer"):
        extract(Texts.of(TEXTS), f"{model_file}:build", study=study)
    with pytest.raises(InputError, match="a source of images, and texts= of texts; got images and images"):
        extract(images, f"hf:{bert}", texts=ImageFolder.scan(images), study=study)
    with pytest.raises(ModelError, match="one vector for each item"):
        extract(Texts.of(TEXTS), f"hf:{bert}", study=study, device="cpu")
    with pytest.raises(InputError, match="different numbers of tokens"):
        extract(Texts.of(TEXTS), f"hf:{bert}", study=study, pool="tokens", device="cpu")
    bare = tmp_path / "bare"
    save_bert(bare)
    with pytest.raises(InputError, match="a tokenizer in"):
        extract(Texts.of(TEXTS), f"hf:{bare}", study=study, pool="mean", device="cpu")


def test_a_text_without_a_token_is_skipped(tmp_path: Path) -> None:
    from repscope.extraction.models.text_input import TextTransform, pad_batch
    from repscope.extraction.sources.decode import UnreadableError

    def letters(texts: Sequence[str], cut: int | None) -> list[list[int]]:
        return [[ord(letter) for letter in text][:cut] for text in texts]

    transform = TextTransform(letters, context=3, pad_id=7, width=5, record={})
    with pytest.raises(UnreadableError, match="without a token"):
        transform.encode("")
    assert transform.count_cut(["abc", "abcd", ""]) == 1
    ids, mask = pad_batch(transform, [transform.encode("abcd"), transform.encode("a")])
    assert ids.tolist() == [[97, 98, 99, 7, 7], [97, 7, 7, 7, 7]]
    assert mask.sum(1).tolist() == [3, 1]


def test_your_own_loop_with_an_attention_mask(saved: Callable[[str], tuple[Path, Any, Any]]) -> None:
    _, model, tokenizer = saved("bert")
    inputs = tokenizer(list(TEXTS.values()), truncation=True, padding=True, return_tensors="pt")
    with capture(model, {"mean": ":mean", "last": "encoder.layer.1:last"}) as captured, torch.no_grad():
        model(**inputs)
    for name in ("mean", "last"):
        expected = one_by_one(tokenizer, lambda ids, name=name: POOLINGS[name](model(ids).last_hidden_state))
        assert np.allclose(captured[name], expected, atol=1e-5)


def test_half_precision_by_autocast(
    saved: Callable[[str], tuple[Path, Any, Any]], images: Path, model_file: Path, tmp_path: Path
) -> None:
    folder, _, _ = saved("bert")
    options: dict[str, Any] = {"study": tmp_path / "s", "device": "cpu", "pool": "mean"}
    extract(Texts.of(TEXTS), f"hf:{folder}", name="full", **options)
    extract(Texts.of(TEXTS), f"hf:{folder}", name="half", autocast="bf16", **options)
    study = Study.open(tmp_path / "s")
    gap = np.abs(study["full"].vectors - study["half"].vectors).max()
    assert 0 < gap < 0.1
    assert study["half"].provenance["autocast"] == "bf16"
    extract(images, f"{model_file}:build", name="fp16", autocast="fp16", **options)
    assert Study.open(tmp_path / "s").manifest("fp16").dtype == "float16"
    with pytest.raises(InputError, match="--autocast among bf16, fp16"):
        extract(images, f"{model_file}:build", autocast="half", **options)
    with pytest.raises(InputError, match="a float32 model for --autocast"):
        extract(images, f"{model_file}:build", autocast="bf16", dtype="float16", **options)


def test_preprocessing_is_for_images(saved: Callable[[str], tuple[Path, Any, Any]], tmp_path: Path) -> None:
    folder, _, _ = saved("siglip")
    loaded = load_model(f"hf:{folder}", takes=["image", "text"], given=Preprocessing(crop=(32, 32)))
    assert loaded.forward is not None
    assert loaded.text is not None


def test_sentence_transformers(saved: Callable[[str], tuple[Path, Any, Any]], tmp_path: Path) -> None:
    package = pytest.importorskip("sentence_transformers")
    modules = pytest.importorskip("sentence_transformers.sentence_transformer.modules")
    folder, _, _ = saved("bert")
    parts = [modules.Transformer(str(folder), max_seq_length=CONTEXT), modules.Pooling(16)]
    model = package.SentenceTransformer(modules=parts, device="cpu")
    model.save(str(tmp_path / "model"))
    done = extract(
        Texts.of(TEXTS), f"st:{tmp_path}/model", study=tmp_path / "s", name="t", batch_size=2, device="cpu"
    )
    assert np.allclose(Study.open(tmp_path / "s")["t"].vectors, model.encode(list(TEXTS.values())), atol=1e-5)
    assert "1 of 5 texts" in done.notes[-1]
