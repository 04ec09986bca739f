from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from repscope.errors import InputError, ModelError, UnknownNameError
from repscope.extraction.capture.capture import capture


def hooks_of(model: nn.Module) -> int:
    return sum(len(one._forward_hooks) + len(one._forward_pre_hooks) for one in model.modules())


@pytest.fixture
def batches() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(size, 3, 16, 16, generator=generator) for size in (3, 3, 2)]


def test_captured_rows_are_what_the_modules_took_and_gave(tiny: Any, batches: list[Tensor]) -> None:
    with capture(tiny, {"before": "head:input", "after": "head:output", "all": ""}) as cap, torch.no_grad():
        plain = torch.cat([tiny(batch) for batch in batches])
    assert np.array_equal(cap["after"], plain.numpy())
    assert np.array_equal(cap["all"], plain.numpy())
    with torch.no_grad():
        assert np.allclose(tiny.head(torch.from_numpy(cap["before"])).numpy(), plain.numpy(), atol=1e-6)
    assert list(cap) == ["before", "after", "all"]
    assert len(cap) == 3
    assert hooks_of(tiny) == 0


def test_the_models_results_are_bit_equal_and_it_stays_as_it_was(tiny: Any, batches: list[Tensor]) -> None:
    tiny.train()
    tiny.bn.eval()
    tiny.head.weight.requires_grad_(False)
    modes = [one.training for one in tiny.modules()]
    bare = tiny(batches[0])
    with capture(tiny, ["stem", "bn", "tokens", "head"], pool="mean"):
        watched = tiny(batches[0])
        watched.sum().backward()
    assert torch.equal(bare, watched)
    assert [one.training for one in tiny.modules()] == modes
    assert not tiny.head.weight.requires_grad
    assert tiny.stem.weight.grad is not None
    assert hooks_of(tiny) == 0


def test_later_in_place_operations_do_not_change_what_was_captured(tiny: Any, batches: list[Tensor]) -> None:
    with capture(tiny, ["bn:tokens", "act:tokens"]) as cap, torch.no_grad():
        tiny(batches[0])
        expected = tiny.bn(tiny.stem(batches[0])).flatten(2).transpose(1, 2).reshape(-1, 4)
    # ... the direct calls of bn above are recorded too: half of the rows each.
    first, second = np.split(cap["bn"], 2)
    assert np.array_equal(first, expected.numpy())
    assert np.array_equal(second, expected.numpy())
    assert cap["bn"].min() < 0
    assert cap["act"].min() == 0


def test_keyword_inputs_and_parts_of_tuples(tiny: Any, batches: list[Tensor]) -> None:
    points = {"in": "pair:input", "named": "pair:input.hidden", "first": "pair", "second": "pair:output.1"}
    with capture(tiny, points) as cap, torch.no_grad():
        tiny(batches[0])
    assert np.array_equal(cap["in"], cap["named"])
    assert np.array_equal(cap["first"], cap["in"] * 2)
    assert np.array_equal(cap["second"], cap["in"] + 1)


def test_a_module_called_twice_needs_a_call_index(tiny: Any, batches: list[Tensor]) -> None:
    with (
        capture(tiny, ["twice"]),
        pytest.raises(ModelError, match=r"2 calls.*twice@0:output to twice@1:output"),
    ):
        tiny(batches[0])
    with capture(tiny, {"a": "twice@0", "b": "twice:input@1", "c": "twice@1"}) as cap, torch.no_grad():
        tiny(batches[0])
        expected = tiny.twice.weight.numpy(force=True) @ cap["b"].T
    assert np.array_equal(cap["a"], cap["b"])
    assert np.allclose(cap["c"], expected.T + tiny.twice.bias.numpy(force=True), atol=1e-6)
    with capture(tiny, ["twice@2"]), pytest.raises(ModelError, match="choose 0 to 1"):
        tiny(batches[0])


def test_a_module_that_never_runs_is_named(tiny: Any, batches: list[Tensor]) -> None:
    with capture(tiny, ["unused"]), pytest.raises(ModelError, match=r"'unused'.*never called"):
        tiny(batches[0])
    assert hooks_of(tiny) == 0


def test_an_exception_leaves_no_hook_and_no_half_rows(tiny: Any, batches: list[Tensor]) -> None:
    with capture(tiny, {"s": "stem"}) as cap:
        tiny(batches[0])
        with pytest.raises(RuntimeError, match="cannot be multiplied"):
            tiny.head(torch.zeros(1, 99))
        broken = tiny.pair
        tiny.pair = nn.Identity()  # raises inside forward, after stem ran
        with pytest.raises(TypeError):
            tiny(batches[1])
        tiny.pair = broken
        tiny(batches[2])
    assert len(cap["s"]) == 5
    with pytest.raises(ZeroDivisionError), capture(tiny, ["stem"]):
        raise ZeroDivisionError
    assert hooks_of(tiny) == 0


def test_tokens_have_parents_and_places(tiny: Any, batches: list[Tensor]) -> None:
    with capture(tiny, {"t": "tokens", "v": "head"}, pool="tokens") as cap, torch.no_grad():
        for batch in batches:
            tiny(batch)
    columns = cap.columns("t")
    assert cap["t"].shape == (8 * 16, 4)
    assert columns["parent"].tolist() == np.repeat(np.arange(8), 16).tolist()
    assert columns["row"][:5].tolist() == [0, 0, 0, 0, 1]
    assert columns["col"][:5].tolist() == [0, 1, 2, 3, 0]
    assert cap.columns("v") == {}


def test_towers_that_are_called_directly_are_recorded() -> None:
    class Dual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.visual = nn.Linear(4, 3)

        def encode_image(self, x: Tensor) -> Tensor:
            out: Tensor = self.visual(x)
            return out

    model, x = Dual(), torch.randn(5, 4)
    with capture(model, {"image": "visual"}) as cap:
        expected = [model.encode_image(part).detach().numpy() for part in x.split(2)]
    assert np.array_equal(cap["image"], np.concatenate(expected))
    with capture(model, ["visual@0"]), pytest.raises(ModelError, match="leave out @0"):
        model.encode_image(x)


def test_sequence_first_outputs_are_refused() -> None:
    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.inner(x.transpose(0, 1)).mean(0)
            return out

    model = Wrong()
    with capture(model, ["inner:mean"]), pytest.raises(ModelError, match=r"shape \[7, 3, 4\]"):
        model(torch.zeros(3, 7, 4))


def test_what_is_not_captured_or_not_yet_there(tiny: Any) -> None:
    with capture(tiny, {"h": "head"}) as cap:
        with pytest.raises(UnknownNameError, match="choose one of h"):
            cap["x"]
        with pytest.raises(ModelError, match="no forward pass"):
            cap["h"]
    with pytest.raises(ModelError, match="head"):
        capture(tiny, ["heads"])
    with pytest.raises(InputError, match="cls, mean"):
        capture(tiny, ["head"], pool="median")  # type: ignore[arg-type]  # the error is the point


def test_an_error_swallowed_by_the_model_still_arrives() -> None:
    class Careful(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, x: Tensor) -> Any:
            try:
                return self.inner(x)
            except Exception:
                return x

    model = Careful()
    with capture(model, ["inner"]), pytest.raises(ModelError, match="--pool"):
        model(torch.zeros(2, 3, 4))
