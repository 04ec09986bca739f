"""sentence-transformers, against its own encode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers import sentence_transformer as parts
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

import repscope as rs
from repscope.errors import InputError, ModelError
from repscope.extraction.models.load import load_model

WORDS = [
    "a",
    "dog",
    "cat",
    "sits",
    "runs",
    "on",
    "the",
    "sofa",
    "grass",
    "red",
    "blue",
    "passage",
    ":",
    "small",
]
TEXTS = ["a dog runs", "the red cat sits on the sofa", "grass", "blue " * 30, "an unknown thing"]


def _folder(tmp_path: Path, include_prompt: bool = True, **options: Any) -> Path:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {word: number for number, word in enumerate([*special, *WORDS])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=16,
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=16,
    )
    BertModel(config).save_pretrained(tmp_path / "bert")
    tokenizer.save_pretrained(tmp_path / "bert")
    first = parts.modules.Transformer(str(tmp_path / "bert"))
    second = parts.modules.Pooling(32, pooling_mode="mean", include_prompt=include_prompt)
    model = SentenceTransformer(modules=[first, second], device="cpu", **options)
    model.save_pretrained(str(tmp_path / "st"))
    return tmp_path / "st"


def _extracted(tmp_path: Path, folder: Path) -> tuple[rs.Study, Any]:
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS))
    done = rs.extract(
        tmp_path / "texts.txt",
        f"st:{folder}",
        capture={"sentences": "", "words": "0:output.token_embeddings:mean"},
        study=tmp_path / "s",
        device="cpu",
        batch_size=3,
    )
    return rs.Study(tmp_path / "s"), done


@pytest.mark.parametrize(
    ("include_prompt", "options"),
    [
        (True, {}),
        (True, {"prompts": {"passage": "passage : "}, "default_prompt_name": "passage"}),
        (False, {"prompts": {"passage": "passage : "}, "default_prompt_name": "passage"}),
    ],
    ids=["no prompt", "prompt", "prompt left out of the average"],
)
def test_equals_encode(tmp_path: Path, include_prompt: bool, options: dict[str, Any]) -> None:
    folder = _folder(tmp_path, include_prompt, **options)
    study, done = _extracted(tmp_path, folder)
    own = SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    assert np.allclose(study["sentences"].vectors, own, atol=1e-5)
    assert any("1 of 5 texts have more than the 16 tokens" in note for note in done.notes)
    # Without a prompt, the mean of the first module's tokens is the sentence embedding.
    equal = np.allclose(study["words"].vectors, own, atol=1e-5)
    assert equal is include_prompt


def test_what_such_a_folder_refuses(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    with pytest.raises(InputError, match="the weights in the folder"):
        load_model(f"st:{folder}", takes=["text"], weights=tmp_path / "w.safetensors", device="cpu")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="can be built as st:"):
        load_model(f"st:{folder}", takes=["text"], device="cpu")
