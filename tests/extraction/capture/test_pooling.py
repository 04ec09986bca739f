from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from repscope.errors import ModelError
from repscope.extraction.capture.pooling import Layout, describe, patch_size, pool_rows, tensor_of, to_numpy


def test_vectors_stay_as_they_are_but_are_copied() -> None:
    x = torch.randn(3, 5)
    for pool in (None, "cls", "mean", "tokens", "none"):
        rows, layout = pool_rows(x, pool, "x", batch={3})  # type: ignore[arg-type]  # parametrised by text
        assert torch.equal(rows, x)
        assert layout == Layout()
        assert rows.data_ptr() != x.data_ptr()


def test_tokens_pool_to_the_first_the_mean_or_all() -> None:
    x = torch.randn(2, 5, 3)
    assert torch.equal(pool_rows(x, "cls", "x")[0], x[:, 0])
    assert torch.allclose(pool_rows(x, "mean", "x")[0], x.mean(1))
    rows, layout = pool_rows(x, "tokens", "x")
    assert torch.equal(rows, x.reshape(10, 3))
    assert layout == Layout(5, True, (2, 2), 1)


def test_the_largest_and_the_last() -> None:
    x = torch.randn(2, 5, 3)
    assert torch.equal(pool_rows(x, "max", "x")[0], x.max(dim=1).values)
    assert torch.equal(pool_rows(x, "last", "x")[0], x[:, 4])
    maps = torch.randn(2, 4, 3, 3)
    assert torch.equal(pool_rows(maps, "max", "x")[0], maps.reshape(2, 4, 9).max(dim=2).values)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_padding_is_left_out_on_either_side(dtype: torch.dtype) -> None:
    x = torch.randn(3, 4, 2).to(dtype)
    x[0, 2:] = 99
    x[1, :1] = 99
    x[0, 3] = torch.nan
    mask = torch.tensor([[1, 1, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]])
    real = [x[0, :2].float(), x[1, 1:].float(), x[2].float()]

    def rows(pool: Any) -> torch.Tensor:
        return pool_rows(x, pool, "x", mask=mask)[0].float()

    assert torch.allclose(rows("mean"), torch.stack([one.mean(0) for one in real]), atol=1e-3)
    assert torch.equal(rows("max"), torch.stack([one.amax(0) for one in real]))
    assert torch.equal(rows("last"), torch.stack([one[-1] for one in real]))
    assert torch.equal(rows("cls"), torch.stack([one[0] for one in real]))
    with pytest.raises(ModelError, match="padding cannot be told"):
        pool_rows(torch.zeros(3, 5, 2), "mean", "x", mask=mask)
    assert torch.equal(pool_rows(torch.ones(3, 2), "mean", "x", mask=mask)[0], torch.ones(3, 2))


def test_rows_share_no_memory_with_what_was_captured() -> None:
    for shape, pool in (((2, 3), None), ((2, 5, 3), "cls"), ((2, 5, 3), "tokens"), ((2, 1, 1, 3), "tokens")):
        x = torch.zeros(shape)
        rows, _ = pool_rows(x, pool, "x")  # type: ignore[arg-type]  # parametrised by text
        x += 1
        assert rows.max() == 0


def test_maps_average_or_give_a_row_for_each_place() -> None:
    x = torch.randn(2, 4, 3, 5)
    assert torch.allclose(pool_rows(x, None, "x")[0], x.mean((2, 3)))
    assert torch.allclose(pool_rows(x, "mean", "x")[0], x.mean((2, 3)))
    rows, layout = pool_rows(x, "tokens", "x")
    token, row, col = layout.columns()
    assert layout.rows == 15
    for item in range(2):
        for index in (0, 7, 14):
            assert torch.equal(rows[item * 15 + token[index]], x[item, :, row[index], col[index]])


@pytest.mark.parametrize(
    ("shape", "pool", "says"),
    [
        ((2, 5, 3), None, "--pool cls, mean, max, last or tokens"),
        ((2, 5, 3), "none", "--pool cls"),
        ((2, 4, 3, 3), "cls", "--pool mean"),
        ((2, 4, 3, 3), "none", "--pool mean"),
        ((2,), None, r"\[B, D\]"),
        ((2, 1, 2, 3, 4), "mean", r"\[B, D\]"),
        ((5, 2, 3), "mean", "MODULE:output:batch1"),
        ((5, 4, 3), "mean", "batch-first"),
        ((), None, "batch-first"),
    ],
)
def test_shapes_that_do_not_fit_say_what_would(shape: tuple[int, ...], pool: Any, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        pool_rows(torch.zeros(shape), pool, "layer:output", batch={2})


def test_half_precision_means_accumulate_in_float32() -> None:
    x = torch.full((1, 4096, 1), 0.1, dtype=torch.float16)
    x[0, ::2] = 1000.0
    exact = x.double().mean()
    assert abs(pool_rows(x, "mean", "x")[0].double().item() - exact) / exact < 1e-3
    assert pool_rows(x, "mean", "x")[0].dtype == torch.float16


@pytest.mark.parametrize(
    ("tokens", "pixels", "patch", "grid", "prefix"),
    [
        (197, (224, 224), (16, 16), (14, 14), 1),
        (196, (224, 224), None, (14, 14), 0),
        (50, (224, 224), (32, 32), (7, 7), 1),
        (201, (224, 224), (16, 16), (14, 14), 5),
        (201, (224, 224), None, (14, 14), 5),
        (19, (48, 96), (16, 16), (3, 6), 1),
        (33, (32, 64), None, (4, 8), 1),
        (77, (224, 224), (16, 16), None, 0),
        (78, (224, 224), None, None, 0),
    ],
)
def test_places_of_tokens(tokens: int, pixels: Any, patch: Any, grid: Any, prefix: int) -> None:
    _, layout = pool_rows(torch.zeros(1, tokens, 2), "tokens", "x", pixels=pixels, patch=patch)
    assert (layout.grid, layout.prefix) == (grid, prefix)
    _, row, col = layout.columns()
    if grid is None:
        assert set(row) == set(col) == {-1}
    else:
        assert list(row[:prefix]) == [-1] * prefix
        assert [row[prefix], col[prefix]] == [0, 0]
        assert [row[-1], col[-1]] == [grid[0] - 1, grid[1] - 1]


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(0, 5))
def test_every_patch_has_its_own_place(height: int, width: int, prefix: int) -> None:
    layout = Layout(height * width + prefix, True, (height, width), prefix)
    token, row, col = layout.columns()
    places = set(zip(row[prefix:].tolist(), col[prefix:].tolist(), strict=True))
    assert places == {(i, j) for i in range(height) for j in range(width)}
    assert np.array_equal(token, np.arange(layout.rows))


def test_patch_size_is_the_first_convolutions() -> None:
    assert patch_size(nn.Sequential(nn.Conv2d(3, 8, 16, stride=16))) == (16, 16)
    assert patch_size(nn.Sequential(nn.Conv2d(3, 8, (4, 8), stride=(4, 8)))) == (4, 8)
    assert patch_size(nn.Sequential(nn.Conv2d(3, 8, 7, stride=2), nn.Conv2d(8, 8, 2, stride=2))) is None
    assert patch_size(nn.Linear(2, 2)) is None


def test_the_right_tensor_is_taken() -> None:
    a, b = torch.zeros(1, 2), torch.ones(1, 2)
    assert tensor_of(a, "", "x") is a
    assert tensor_of((a, None), "", "x") is a
    assert tensor_of((a, b), "1", "x") is b
    assert tensor_of({"logits": b, "loss": None}, "", "x") is b
    assert tensor_of({"pooler_output": a, "last_hidden_state": b}, "", "x") is b
    assert tensor_of({"pooler_output": a, "last_hidden_state": b}, "pooler_output", "x") is a


@pytest.mark.parametrize(
    ("value", "key", "saw"),
    [
        ({"a": torch.zeros(1), "b": torch.zeros(2)}, "", r"dict of \(a: Tensor\[1\] float32, b: Tensor\[2\]"),
        (((torch.zeros(1),), 3), "", r"tuple of \(tuple of"),
        ((torch.zeros(1),), "3", "tuple of"),
        (None, "", "None"),
        ("text", "", "an object of type str"),
        ((), "", "tuple of"),
        (torch.zeros(2, dtype=torch.int64), "", "int64"),
    ],
)
def test_what_is_no_tensor_is_described(value: Any, key: str, saw: str) -> None:
    with pytest.raises(ModelError, match=saw):
        tensor_of(value, key, "layer:output")


def test_describe_is_short() -> None:
    deep: Any = torch.zeros(1)
    for _ in range(50):
        deep = (deep,) * 20
    assert len(describe(deep)) < 600


def test_bfloat16_becomes_float32() -> None:
    rows = torch.randn(4, 3).to(torch.bfloat16)
    assert to_numpy(rows).dtype == np.float32
    assert np.array_equal(to_numpy(rows), rows.float().numpy())
    assert to_numpy(rows.half()).dtype == np.float16
