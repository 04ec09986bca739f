from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from repscope.errors import FormatError, MissingError, ModelError, UnsafePickleError
from repscope.extraction.models.weights import load_weights, state_hash


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))


@pytest.fixture
def state() -> dict[str, Tensor]:
    return network(1).state_dict()


def same(model: nn.Module, state: dict[str, Tensor]) -> bool:
    return all(torch.equal(value, state[key]) for key, value in model.state_dict().items() if key in state)


@pytest.mark.parametrize(
    "prefix", ["", "module.", "model.", "_orig_mod.", "backbone.", "module._orig_mod.", "student.net."]
)
@pytest.mark.parametrize("nested", ["", "state_dict", "model_state_dict", "model", "model.state_dict"])
def test_nesting_and_prefixes(tmp_path: Path, state: dict[str, Tensor], prefix: str, nested: str) -> None:
    saved: dict[str, Any] = {prefix + key: value for key, value in state.items()}
    for key in reversed(nested.split(".") if nested else []):
        saved = {key: saved, "epoch": 3, "best": 0.5}
    torch.save(saved, tmp_path / "w.pt")
    model = network()
    loaded = load_weights(model, tmp_path / "w.pt")
    assert same(model, state)
    assert (loaded.nested, loaded.stripped) == (nested, prefix)
    assert len(loaded.sha256) == 64


def test_half_precision_safetensors_take_the_models_dtype(tmp_path: Path, state: dict[str, Tensor]) -> None:
    half = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    save_file(half, tmp_path / "w.safetensors")
    model = network()
    load_weights(model, tmp_path / "w.safetensors")
    assert model[0].weight.dtype == torch.float32
    assert torch.equal(model[0].weight, half["0.weight"].float())


def test_batch_counters_may_be_absent_on_either_side(tmp_path: Path, state: dict[str, Tensor]) -> None:
    counter = next(key for key in state if key.endswith("num_batches_tracked"))
    torch.save({key: value for key, value in state.items() if key != counter}, tmp_path / "without.pt")
    model = network()
    load_weights(model, tmp_path / "without.pt")
    assert same(model, {key: value for key, value in state.items() if key != counter})
    untracked = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    untracked[1].num_batches_tracked = None
    torch.save(state, tmp_path / "with.pt")
    load_weights(untracked, tmp_path / "with.pt")


def test_missing_and_unexpected_keys_are_listed(tmp_path: Path, state: dict[str, Tensor]) -> None:
    wrong = {f"module.{key}": value for key, value in state.items() if key != "2.bias"}
    wrong["module.3.weight"] = torch.zeros(1)
    torch.save(wrong, tmp_path / "w.pt")
    model = network()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(
        ModelError, match=r"1 keys missing \(2\.bias\) and 1 unexpected \(3\.weight\)"
    ) as caught:
        load_weights(model, tmp_path / "w.pt")
    assert "after stripping 'module.'" in str(caught.value)
    assert same(model, before)


def test_other_shapes_are_listed(tmp_path: Path, state: dict[str, Tensor]) -> None:
    state["2.weight"] = torch.zeros(5, 4)
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"2\.weight is \[5, 4\], the model's \[2, 4\]"):
        load_weights(network(), tmp_path / "w.pt")


def test_tied_parameters_need_be_there_once(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Linear(3, 3, bias=False)
            self.b = nn.Linear(3, 3, bias=False)
            self.b.weight = self.a.weight

    save_file({"a.weight": torch.eye(3)}, tmp_path / "w.safetensors")
    model = Tied()
    load_weights(model, tmp_path / "w.safetensors")
    assert torch.equal(model.b.weight, torch.eye(3))


class Evil:
    def __reduce__(self) -> Any:
        return (exec, ("open('pwned', 'w').write('x')",))


def test_code_in_a_weights_file_is_refused_by_name(
    tmp_path: Path, state: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": state, "hparams": Evil()}, "evil.pt")
    Path("evil.pkl").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UnsafePickleError, match="a request for exec"):
        load_weights(network(), "evil.pt")
    with pytest.raises(FormatError, match="a torch file of tensors in"):
        load_weights(network(), "evil.pkl")
    assert not Path("pwned").exists()
    torch.save(network(), "whole.pt")
    with pytest.raises(UnsafePickleError, match="Sequential"):
        load_weights(network(), "whole.pt")


def test_files_that_are_no_weights(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        load_weights(network(), tmp_path / "none.pt")
    with pytest.raises(MissingError, match="a folder"):
        load_weights(network(), tmp_path)
    (tmp_path / "empty.pt").write_bytes(b"")
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "text.safetensors").write_text("hello")
    torch.save([torch.zeros(1)], tmp_path / "list.pt")
    torch.save({"epoch": 1, "net": {"x": torch.zeros(1)}}, tmp_path / "other.pt")
    torch.save({}, tmp_path / "nothing.pt")
    whole = tmp_path / "cut.pt"
    torch.save(network().state_dict(), whole)
    whole.write_bytes(whole.read_bytes()[:500])
    for name in ("empty.pt", "text.pt", "text.safetensors", "list.pt", "other.pt", "nothing.pt", "cut.pt"):
        with pytest.raises(FormatError):
            load_weights(network(), tmp_path / name)
    with pytest.raises(FormatError, match="epoch, net"):
        load_weights(network(), tmp_path / "other.pt")


def test_the_state_hash_sees_every_number_and_name() -> None:
    model = network()
    first = state_hash(model)
    assert state_hash(network()) == first
    model[1].running_mean[2] += 1e-6
    assert state_hash(model) != first
    assert state_hash(network(1)) != first
    assert state_hash(nn.ModuleDict({"x": nn.Linear(2, 2)})) != state_hash(
        nn.ModuleDict({"y": nn.Linear(2, 2)})
    )


def test_real_checkpoints(shared_data: Path) -> None:
    folder = shared_data / "weights" / "lightning_ckpt"
    with pytest.raises(UnsafePickleError):
        load_weights(network(), folder / "tutorial9_cifar10_64.ckpt")
    linear = nn.Linear(512, 10)
    try:
        loaded = load_weights(linear, folder / "tutorial17_LogisticRegression_500.ckpt")
    except ModelError as error:
        pytest.fail(str(error))
    assert (loaded.nested, loaded.stripped) == ("state_dict", "model.")


def test_a_real_lightning_checkpoint_with_two_prefixes(shared_data: Path) -> None:
    file = shared_data / "weights" / "lightning_ckpt" / "tutorial8_MNIST.ckpt"
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 5), nn.SiLU(), nn.Conv2d(16, 32, 3), nn.SiLU()]
    layers += [nn.Conv2d(32, 64, 3), nn.SiLU(), nn.Conv2d(64, 64, 3), nn.SiLU(), nn.Flatten()]
    layers += [nn.Linear(256, 64), nn.SiLU(), nn.Linear(64, 1)]
    model = nn.Sequential(*layers)
    loaded = load_weights(model, file)
    assert (loaded.nested, loaded.stripped) == ("state_dict", "cnn.cnn_layers.")
    raw = torch.load(file, weights_only=True, map_location="cpu")["state_dict"]
    assert torch.equal(model.get_parameter("9.weight"), raw["cnn.cnn_layers.9.weight"])


def test_real_weights_of_another_architecture_are_listed(shared_data: Path) -> None:
    file = shared_data / "weights" / "lightning_ckpt" / "tutorial5_GoogleNet.ckpt"
    with pytest.raises(ModelError, match=r"keys missing .* unexpected .*input_net") as caught:
        load_weights(network(), file)
    assert "give the weights of this architecture" in str(caught.value)
