"""The text side of a Hugging Face folder: its tokenizer, its context, and how token ids go in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repscope.errors import InputError, first_line
from repscope.extraction.models.text_input import TextTower, TextTransform

if TYPE_CHECKING:
    from torch import Tensor

UNBOUNDED = 1_000_000
"""Tokenizers without a limit say a number above this."""

OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "data2vec-text"})
"""Models whose first positions are not for tokens: they count from the padding id on."""


def text_tower(transformers: Any, module: Any, path: Path, dual: bool) -> TextTower:
    """How a model of a folder takes texts.

    SigLIP is padded to its full context without a mask, as it was trained; the others are padded to the
    longest text of a batch, with a mask. Of an encoder-decoder (T5) the encoder is taken.

    Args:
        transformers: the package.
        module: the model.
        path: its folder.
        dual: whether it is a dual encoder, whose text features are then the output.

    Raises:
        InputError: the folder has no tokenizer that can be loaded.
    """
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            path, trust_remote_code=False, local_files_only=True
        )
        # Without a vocabulary transformers makes an empty tokenizer, to which every word is unknown.
        if len(tokenizer) <= len(tokenizer.all_special_ids):
            raise ValueError(f"no vocabulary: a {type(tokenizer).__name__} with special tokens only")
    except (OSError, ValueError, ImportError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"a tokenizer in {path}, since the source has texts",
            first_line(error),
            "save it there: tokenizer.save_pretrained(DIR)",
        ) from error
    config = getattr(module.config, "text_config", module.config)
    siglip = "siglip" in module.config.model_type
    context = context_of(tokenizer, config)
    transform = hf_transform(tokenizer, context, full=siglip)
    return TextTower(transform, _forward(module, dual, masked=not siglip))


def hf_transform(tokenizer: Any, context: int | None, full: bool = False, prompt: str = "") -> TextTransform:
    """A transformers tokenizer as a :class:`repscope.extraction.models.text_input.TextTransform`.

    Args:
        tokenizer: any of theirs.
        context: most tokens of a text; None for any number.
        full: pad every text to the context.
        prompt: goes before every text.
    """

    def tokenize(texts: Sequence[str], cut: int | None) -> Any:
        return tokenizer(
            [prompt + text for text in texts],
            truncation=cut is not None,
            max_length=cut,
            padding=False,
            return_attention_mask=False,
            verbose=False,
        )["input_ids"]

    pad = tokenizer.pad_token_id
    # A model without padding is told where it is by the mask, so any token will do.
    pad = pad if pad is not None else (tokenizer.eos_token_id or 0)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    content = json.dumps(tokenizer.get_vocab(), sort_keys=True) if backend is None else backend.to_str()
    record = {
        "class": type(tokenizer).__name__,
        "vocabulary": len(tokenizer),
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
        "pad_id": pad,
        "cut": tokenizer.truncation_side,
        **({"prompt": prompt} if prompt else {}),
    }
    return TextTransform(
        tokenize,
        context=context,
        pad_id=pad,
        width=context if full else None,
        record=record,
        spell=lambda ids: tokenizer.convert_ids_to_tokens(list(ids)),
    )


def context_of(tokenizer: Any, config: Any) -> int | None:
    """Most tokens of a text, by the tokenizer and the model's positions; None for any number."""
    limits = []
    if tokenizer.model_max_length < UNBOUNDED:
        limits.append(int(tokenizer.model_max_length))
    positions = getattr(config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        offset = (config.pad_token_id or 0) + 1 if config.model_type in OFFSET_POSITIONS else 0
        limits.append(positions - offset)
    return min(limits) if limits else None


def _forward(module: Any, dual: bool, masked: bool) -> Callable[[Tensor, Tensor], Any]:
    if dual:
        entry = module.get_text_features
    elif getattr(module.config, "is_encoder_decoder", False):
        entry = module.get_encoder()
    else:
        entry = module

    def forward(ids: Tensor, mask: Tensor) -> Any:
        output = entry(input_ids=ids, attention_mask=mask.long()) if masked else entry(input_ids=ids)
        return getattr(output, "pooler_output", output) if dual else output

    return forward
