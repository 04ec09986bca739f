"""What is observed equals eager attention, and the model is as it was: outputs to the bit, no hook left."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor, nn
from torch.nn.modules import module as hooks

from repscope.errors import ModelError
from repscope.internals.attention.observe import observe_attention

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
IMAGE = {"image_size": 32, "patch_size": 8, **SMALL}
GENERATOR = torch.Generator().manual_seed(0)
PIXELS = torch.randn(2, 3, 32, 32, generator=GENERATOR)
IDS = torch.randint(5, 90, (2, 7), generator=GENERATOR)
MASK = torch.ones(2, 7, dtype=torch.long)
MASK[1, 5:] = 0
TEXT = {"vocab_size": 99, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
ROWS = torch.randn(2, 7, 32, generator=GENERATOR)

VISION = {"pixel_values": PIXELS}
WORDS = {"input_ids": IDS, "attention_mask": MASK}


def own(output: Any) -> list[Tensor]:
    return list(output.attentions)


def encoder_decoder(output: Any) -> list[Tensor]:
    pairs = zip(output.decoder_attentions, output.cross_attentions, strict=True)
    return [*output.encoder_attentions, *chain.from_iterable(pairs)]


MODELS = {
    "ViT": (IMAGE, VISION, own),
    "Dinov2WithRegisters": (IMAGE, VISION, own),
    "CLIPVision": (IMAGE, VISION, own),
    "SiglipVision": (IMAGE, VISION, own),
    "IJepa": (IMAGE, VISION, own),
    "Bert": ({**TEXT, **SMALL}, WORDS, own),
    # Grouped queries, rotary positions, causal.
    "Llama": ({**TEXT, **SMALL, "num_key_value_heads": 2}, WORDS, own),
    "GPT2": ({**TEXT, "n_embd": 32, "n_layer": 2, "n_head": 4}, WORDS, own),
    "T5": (
        {**TEXT, "d_model": 32, "d_kv": 8, "num_layers": 2, "num_heads": 4, "d_ff": 64},
        {**WORDS, "decoder_input_ids": IDS[:, :4]},
        encoder_decoder,
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_transformers(name: str) -> None:
    options, given, attentions = MODELS[name]
    config = getattr(transformers, f"{name}Config")(**options)
    kind = getattr(transformers, f"{name}Model")
    torch.manual_seed(0)
    fused = kind._from_config(copy.deepcopy(config), attn_implementation="sdpa").eval()
    eager = kind._from_config(copy.deepcopy(config), attn_implementation="eager").eval()
    eager.load_state_dict(fused.state_dict())
    with torch.no_grad():
        expected = attentions(eager(**given, output_attentions=True))
        for model in (fused, eager):
            bare = model(**given)[0]
            with observe_attention(model) as seen:
                observed = model(**given)[0]
            assert torch.equal(bare, observed)
            layers = seen.layers()
            # SigLIP pools with one attention more, which transformers does not give.
            assert len(layers) - len(expected) == (name == "SiglipVision")
            for layer, eager_weights in zip(layers, expected, strict=False):
                torch.testing.assert_close(layer.weights, eager_weights, atol=1e-5, rtol=0)
            for layer in layers:
                assert (layer.weights.sum(-1) - 1).abs().max() < 1e-5
    assert_clean()


def assert_clean() -> None:
    assert not hooks._global_forward_hooks
    assert not hooks._global_forward_pre_hooks
    assert torch.overrides._get_current_function_mode() is None


@pytest.mark.filterwarnings("ignore:.*prototype stage")
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("norm_first", [False, True])
def test_transformer_encoder_and_its_fast_path(padded: bool, gradients: bool, norm_first: bool) -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, norm_first=norm_first)
    encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=not norm_first).eval()
    padding = MASK == 0 if padded else None
    # The oracle: every layer on its own, asked for its weights.
    rows, expected = ROWS, []
    with torch.no_grad():
        for one in encoder.layers:
            inner = one.norm1(rows) if norm_first else rows
            expected.append(
                one.self_attn(inner, inner, inner, key_padding_mask=padding, average_attn_weights=False)[1]
            )
            rows = one(rows, src_key_padding_mask=padding)
    with torch.set_grad_enabled(gradients):
        bare = encoder(ROWS, src_key_padding_mask=padding)
        with observe_attention(encoder) as seen:
            observed = encoder(ROWS, src_key_padding_mask=padding)
    assert torch.equal(bare, observed)
    assert [one.name for one in seen.layers()] == ["layers.0.self_attn", "layers.1.self_attn"]
    real = MASK.bool() if padded else torch.ones_like(MASK).bool()
    for found, wanted in zip(seen.layers(), expected, strict=True):
        # A padded query is computed from what padding holds, which the nested path drops.
        keep = real[:, None, :, None]
        torch.testing.assert_close(found.weights * keep, wanted * keep, atol=1e-5, rtol=0)
    assert_clean()


@pytest.mark.parametrize("needs", [True, False])
def test_multihead_attention(needs: bool) -> None:
    torch.manual_seed(0)
    attention = nn.MultiheadAttention(32, 4, kdim=16, vdim=16, batch_first=True, add_zero_attn=True).eval()
    memory = torch.randn(2, 5, 16)
    with torch.no_grad():
        expected = attention(ROWS, memory, memory, average_attn_weights=False)[1]
        with observe_attention(attention) as seen:
            attention(ROWS, memory, memory, need_weights=needs)
    torch.testing.assert_close(seen.layers()[0].weights, expected, atol=1e-6, rtol=0)


def test_transformer_with_cross_attention_and_causal_mask() -> None:
    torch.manual_seed(0)
    model = nn.Transformer(32, 4, 1, 1, 64, batch_first=True).eval()
    causal = nn.Transformer.generate_square_subsequent_mask(4)
    with torch.no_grad():
        bare = model(ROWS, ROWS[:, :4], tgt_mask=causal)
        with observe_attention(model) as seen:
            assert torch.equal(bare, model(ROWS, ROWS[:, :4], tgt_mask=causal))
    shapes = [tuple(one.weights.shape[2:]) for one in seen.layers()]
    assert shapes == [(7, 7), (4, 4), (4, 7)]
    assert seen.layers()[1].weights.triu(1).abs().max() == 0


class Fails(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, rows: Tensor) -> Tensor:
        self.attention(rows, rows, rows)
        raise ValueError("inside")


def test_nothing_is_left_after_an_exception() -> None:
    model = Fails()
    with pytest.raises(ValueError, match="inside"), observe_attention(model):
        model(ROWS)
    assert_clean()
    assert not any(one._forward_hooks or one._forward_pre_hooks for one in model.modules())


class LinearAttention(nn.Module):
    def forward(self, rows: Tensor) -> Tensor:
        return rows @ (rows.transpose(1, 2) @ rows)


class Twice(nn.Module):
    """The same attention two times, as models that share weights have it."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.MultiheadAttention(32, 4, batch_first=True)

    def forward(self, rows: Tensor) -> Tensor:
        for _ in range(2):
            rows = self.shared(rows, rows, rows)[0]
        return rows


def test_a_module_that_runs_again_is_told_apart() -> None:
    model = Twice().eval()
    with observe_attention(model) as seen:
        model(ROWS)
    assert [one.name for one in seen.layers()] == ["shared", "shared#2"]


def test_attention_that_cannot_be_seen_is_named() -> None:
    model = nn.Sequential(LinearAttention())
    with observe_attention(model) as seen:
        model(ROWS)
    with pytest.raises(ModelError, match=r"attention that can be seen.*got 0, which ran without"):
        seen.layers()


def test_a_model_without_attention() -> None:
    model = nn.Linear(32, 4)
    with observe_attention(model) as seen:
        model(ROWS)
    with pytest.raises(ModelError, match="computes attention"):
        seen.layers()


@pytest.mark.parametrize("change", [torch.compile, lambda model: torch.jit.trace(model, ROWS)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_compiled_and_scripted_models_are_refused(change: Callable[[nn.Module], nn.Module]) -> None:
    with (
        pytest.raises(ModelError, match=r"torch\.compile|TorchScript"),
        observe_attention(change(nn.Linear(32, 4))),
    ):
        pass


def test_what_is_kept_is_the_callers_choice() -> None:
    model = Twice().eval()
    with observe_attention(model, keep=lambda name, weights: weights.shape[1]) as seen:
        model(ROWS)
    assert [one.weights for one in seen.layers()] == [4, 4]
