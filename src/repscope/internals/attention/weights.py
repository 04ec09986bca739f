"""The weights of one attention from what it is given, in float32."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


def fused_weights(  # noqa: PLR0917  # torch's own signature
    query: Tensor,
    key: Tensor,
    value: Tensor | None = None,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """[B, heads, queries, keys] weights of ``scaled_dot_product_attention`` with these arguments.

    They are those before dropout, as its definition in torch's documentation has it.

    Args:
        query: [B, heads, queries, d], or without heads [B, queries, d].
        key: [B, groups, keys, d].
        value, dropout_p: do not change the weights.
        attn_mask: true where a key takes part, or a number that is added.
        is_causal: query i sees keys 0 to i.
        scale: of the products; 1 / √d by default.
        enable_gqa: one group of keys serves several heads.
    """
    import torch

    del value, dropout_p
    with torch.no_grad():
        q, k = query.detach().float(), key.detach().float()
        if q.ndim == 3:
            q, k = q.unsqueeze(1), k.unsqueeze(1)
            if attn_mask is not None and attn_mask.ndim == 3:
                attn_mask = attn_mask.unsqueeze(1)
        if enable_gqa:
            k = k.repeat_interleave(q.shape[-3] // k.shape[-3], dim=-3)
        scores = q @ k.transpose(-2, -1) * (1 / sqrt(q.shape[-1]) if scale is None else scale)
        if is_causal:
            seen = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
            scores = scores.masked_fill(~seen, -torch.inf)
        if attn_mask is not None:
            if attn_mask.dtype == torch.bool:
                scores = scores.masked_fill(~attn_mask, -torch.inf)
            else:
                scores = scores + attn_mask
        # A query that may see no key has no weights; the product of none is 0, as torch has it.
        return scores.softmax(-1).nan_to_num(0.0)


def softmax_weights(result: Tensor, args: tuple[Any, ...], given: dict[str, Any]) -> Tensor | None:
    """What a softmax gave, where that is attention: over the last of four axes, [B, heads, queries, keys]."""
    axis = given.get("dim", args[1] if len(args) > 1 else None)
    if result.ndim != 4 or axis not in (-1, 3):
        return None
    # A copy: dropout in place, or a head mask, comes later.
    return result.detach().float().clone()


def module_weights(  # noqa: PLR0917  # torch's own signature
    module: nn.MultiheadAttention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> Tensor:
    """[B, heads, queries, keys] weights of ``nn.MultiheadAttention`` called with these arguments."""
    import torch
    from torch.nn import functional

    del need_weights, average_attn_weights
    lengths = None
    if query.is_nested:
        query, lengths = _padded(query)
        key = value = query
        key_padding_mask = lengths
    if module.batch_first and query.ndim == 3:
        query, key, value = (one.transpose(0, 1) for one in (query, key, value))
    apart = not module._qkv_same_embed_dim
    with torch.no_grad():
        _, weights = functional.multi_head_attention_forward(
            query,
            key,
            value,
            module.embed_dim,
            module.num_heads,
            module.in_proj_weight,
            module.in_proj_bias,
            module.bias_k,
            module.bias_v,
            module.add_zero_attn,
            0.0,
            module.out_proj.weight,
            module.out_proj.bias,
            training=False,
            key_padding_mask=key_padding_mask,
            need_weights=True,
            attn_mask=attn_mask,
            is_causal=is_causal and attn_mask is not None,
            use_separate_proj_weight=apart,
            q_proj_weight=module.q_proj_weight if apart else None,
            k_proj_weight=module.k_proj_weight if apart else None,
            v_proj_weight=module.v_proj_weight if apart else None,
            average_attn_weights=False,
        )
    assert weights is not None
    if weights.ndim == 3:
        weights = weights.unsqueeze(0)
    return weights.float().nan_to_num(0.0)


def layer_weights(
    layer: nn.TransformerEncoderLayer,
    src: Tensor,
    src_mask: Tensor | None = None,
    src_key_padding_mask: Tensor | None = None,
    is_causal: bool = False,
) -> Tensor:
    """The same of ``nn.TransformerEncoderLayer``, whose fast path calls no attention of its own."""
    import torch

    if src.is_nested:
        src, src_key_padding_mask = _padded(src)
    with torch.no_grad():
        rows = layer.norm1(src) if layer.norm_first else src
        return module_weights(
            layer.self_attn, rows, rows, rows, src_key_padding_mask, attn_mask=src_mask, is_causal=is_causal
        )


def _padded(rows: Tensor) -> tuple[Tensor, Tensor]:
    """A nested tensor as [B, T, D], and [B, T] true where it is padding."""
    import torch

    dense = torch.nested.to_padded_tensor(rows, 0.0)
    lengths = torch.tensor([len(one) for one in rows.unbind()], device=dense.device)
    return dense, torch.arange(dense.shape[1], device=dense.device)[None] >= lengths[:, None]
