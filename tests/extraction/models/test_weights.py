from __future__ import annotations

import argparse
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from repscope.errors import FormatError, MissingError, ModelError, UnknownNameError, UnsafePickleError
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
    torch.save({"epoch": 1, "net": {"x": 1}}, tmp_path / "other.pt")
    torch.save({}, tmp_path / "nothing.pt")
    whole = tmp_path / "cut.pt"
    torch.save(network().state_dict(), whole)
    whole.write_bytes(whole.read_bytes()[:500])
    for name in ("empty.pt", "text.pt", "text.safetensors", "list.pt", "other.pt", "nothing.pt", "cut.pt"):
        with pytest.raises(FormatError):
            load_weights(network(), tmp_path / name)
    with pytest.raises(FormatError, match="epoch, net"):
        load_weights(network(), tmp_path / "other.pt")


KEYS = [
    "state_dict", "model", "net", "module", "ema", "params_ema", "teacher", "student", "state_dict_ema",
    "anything_else",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_weights_are_found_under_any_key_beside_what_training_leaves(
    tmp_path: Path, state: dict[str, Tensor], key: str
) -> None:
    optimiser = {"state": {0: {"exp_avg": torch.ones(4, 3, 3, 3)}}, "param_groups": [{"lr": 0.1}]}
    beside = {"best_acc1": torch.tensor(71.3), "epoch": 3, "args": argparse.Namespace(lr=0.1), "arch": "net"}
    inside = {f"module.{name}": value for name, value in state.items()}
    torch.save({**beside, key: inside, "optimizer": optimiser}, tmp_path / "w.pt")
    model = network()
    loaded = load_weights(model, tmp_path / "w.pt")
    assert same(model, state)
    assert (loaded.nested, loaded.stripped, loaded.notes) == (key, "module.", ())


def shifted(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value + 1 for key, value in state.items()}


@pytest.mark.parametrize("average", ["state_dict_ema", "model_ema", "teacher"])
def test_an_average_beside_the_weights_is_said_and_can_be_chosen(
    tmp_path: Path, state: dict[str, Tensor], average: str
) -> None:
    # The average stands first in the file, and yet the weights are taken.
    torch.save({average: shifted(state), "state_dict": state}, tmp_path / "w.pt")
    model = network()
    loaded = load_weights(model, tmp_path / "w.pt")
    assert same(model, state)
    (note,) = loaded.notes
    assert "'state_dict' were taken" in note
    assert average in note
    load_weights(model, tmp_path / "w.pt", key=average)
    assert same(model, shifted(state))
    with pytest.raises(UnknownNameError, match=f"tensors under state_dict, {average}"):
        load_weights(model, tmp_path / "w.pt", key="emma")


def test_two_copies_in_one_dictionary_are_told_apart_by_their_prefix(
    tmp_path: Path, state: dict[str, Tensor]
) -> None:
    both = {f"ema_model.{key}": value for key, value in shifted(state).items()}
    both |= {f"model.{key}": value for key, value in state.items()}
    torch.save({"state_dict": both}, tmp_path / "w.ckpt")
    model = network()
    loaded = load_weights(model, tmp_path / "w.ckpt")
    assert same(model, state)
    assert "ema_model.*" in loaded.notes[0]
    load_weights(model, tmp_path / "w.ckpt", prefix="ema_model.")
    assert same(model, shifted(state))


def test_what_belongs_to_training_is_left_out_and_said(tmp_path: Path, state: dict[str, Tensor]) -> None:
    saved = {f"model.{key}": value for key, value in state.items()}
    saved |= {
        "criterion.weight": torch.ones(3),
        "val_acc.correct": torch.ones(()),
        "loss_fn.t": torch.ones(2),
    }
    torch.save({"state_dict": saved}, tmp_path / "w.ckpt")
    loaded = load_weights(model := network(), tmp_path / "w.ckpt")
    assert same(model, state)
    assert loaded.notes[0].startswith("3 tensors of the weights file belong to training and were left out")
    assert "criterion.weight" in loaded.notes[0]


def test_other_parts_are_left_out_only_on_request(tmp_path: Path, state: dict[str, Tensor]) -> None:
    saved = {f"backbone.{key}": value for key, value in state.items()} | {"head.weight": torch.ones(5, 2)}
    torch.save(saved, tmp_path / "w.pt")
    model = network()
    with pytest.raises(ModelError, match=r"1 unexpected \(head\.weight\).*--weights-prefix backbone\."):
        load_weights(model, tmp_path / "w.pt")
    load_weights(model, tmp_path / "w.pt", prefix="backbone.")
    assert same(model, state)


def test_a_scalar_that_may_be_a_weight_is_not_left_out(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state | {"logit_scale": torch.tensor(2.6)}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="logit_scale"):
        load_weights(network(), tmp_path / "w.pt")


@pytest.mark.parametrize("wrapper", ["_orig_mod", "module", "_fsdp_wrapped_module", "model"])
def test_wrappers_inside_names(tmp_path: Path, wrapper: str) -> None:
    model = nn.ModuleDict({"body": network(1), "head": nn.Linear(2, 2)})
    state = {key: value.clone() for key, value in model.state_dict().items()}
    torch.save({key.replace("body.", f"body.{wrapper}."): v for key, v in state.items()}, tmp_path / "w.pt")
    other = nn.ModuleDict({"body": network(2), "head": nn.Linear(2, 2)})
    loaded = load_weights(other, tmp_path / "w.pt")
    assert same(other, state)
    assert loaded.stripped == f"…{wrapper}."


def sharded(folder: Path, state: dict[str, Tensor]) -> Path:
    names = list(state)
    places = {name: f"m-0000{1 + (at >= 3)}-of-00002.safetensors" for at, name in enumerate(names)}
    for file in set(places.values()):
        save_file({name: state[name] for name in names if places[name] == file}, folder / file)
    index = folder / "m.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return index


def test_shards_are_read_through_their_index(tmp_path: Path, state: dict[str, Tensor]) -> None:
    index = sharded(tmp_path, state)
    model = network()
    before = load_weights(model, index).sha256
    assert same(model, state)
    with pytest.raises(FormatError, match=r"one shard of several.*m\.safetensors\.index\.json"):
        load_weights(model, tmp_path / "m-00001-of-00002.safetensors")
    sharded(tmp_path, shifted(state))
    assert load_weights(model, index).sha256 != before
    (tmp_path / "m-00002-of-00002.safetensors").unlink()
    with pytest.raises(MissingError, match="the shard m-00002"):
        load_weights(model, index)
    index.write_text(json.dumps({"weight_map": {"a": "../outside.safetensors"}}))
    with pytest.raises(FormatError, match="names of files beside"):
        load_weights(model, index)
    index.write_text(json.dumps({"weight_map": {"a": "[" * 3000}}))
    with pytest.raises(FormatError, match="names of files beside"):
        load_weights(model, index)
    index.write_text("{")
    with pytest.raises(FormatError, match="an index of shards"):
        load_weights(model, index)


def test_an_adapter_is_refused_with_the_way_to_merge_it(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError, match="merge_and_unload"):
        load_weights(network(), tmp_path)


def test_a_model_object_in_a_checkpoint_is_named(tmp_path: Path) -> None:
    torch.save({"model": network(), "epoch": 3}, tmp_path / "w.pt")
    with pytest.raises(FormatError, match=r"model is an object of torch\.nn\.modules\.container\.Sequential"):
        load_weights(network(), tmp_path / "w.pt")


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
    # It holds an AttributeDict of Lightning, which is inert here.
    with pytest.raises(ModelError, match="keys missing"):
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
