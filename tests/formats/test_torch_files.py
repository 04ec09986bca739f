"""safetensors and torch files: tensors in, weights out."""

from __future__ import annotations

import json
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

from repscope.errors import FormatError, StorageError, UnknownNameError, UnsafePickleError
from repscope.extraction.models.weights_files import read_state
from repscope.formats import Incoming, ReadOptions, read_sets
from repscope.formats.torch_files import read_torch_weights_only

MATRIX = np.arange(12, dtype="f4").reshape(4, 3)


def read(path: Path, **options: Any) -> list[Incoming]:
    return list(read_sets(path, path.stem, ReadOptions(**options)).sets)


def test_safetensors_of_one_tensor(tmp_path: Path) -> None:
    save_file({"emb": MATRIX, "label": np.arange(4)}, tmp_path / "a.safetensors", metadata={"model": "ViT"})
    (one,) = read(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(one.vectors, MATRIX)
    assert (one.name, one.key, one.columns["label"].to_pylist()) == ("a", "emb", [0, 1, 2, 3])
    assert one.provenance == {"metadata": {"model": "ViT"}}


def test_safetensors_of_several_tensors_are_several_sets(tmp_path: Path) -> None:
    save_file({"image": MATRIX, "text": MATRIX * 2}, tmp_path / "a.safetensors")
    both = read(tmp_path / "a.safetensors")
    assert [one.name for one in both] == ["image", "text"]
    (text,) = read(tmp_path / "a.safetensors", vectors="text")
    np.testing.assert_array_equal(text.vectors, MATRIX * 2)
    with pytest.raises(UnknownNameError, match="did you mean --vectors text"):
        read(tmp_path / "a.safetensors", vectors="texts")


def test_safetensors_of_bfloat16(tmp_path: Path) -> None:
    save_torch({"emb": torch.tensor(MATRIX).bfloat16()}, tmp_path / "a.safetensors")
    (one,) = read(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(one.vectors, MATRIX)
    assert one.vectors.dtype == np.float32


@pytest.mark.parametrize("keep", [5, 20, 80])
def test_truncated_safetensors(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"emb": MATRIX}, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match="safetensors"):
        read(path)


def test_a_models_weights_in_safetensors(shared_data: Path) -> None:
    path = shared_data / "weights" / "squeezenet1_1" / "squeezenet1_1.torchvision.fp16.safetensors"
    with pytest.raises(FormatError, match="a model's state dict") as caught:
        read(path)
    assert "repscope extract" in caught.value.do


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "held",
    [
        torch.tensor(MATRIX),
        {"emb": torch.tensor(MATRIX), "ids": ["a", "b", "c", "d"], "label": torch.arange(4), "model": "ViT"},
        list(torch.tensor(MATRIX)),
    ],
    ids=["tensor", "dictionary", "list"],
)
def test_torch_files(tmp_path: Path, held: Any, new: bool) -> None:
    path = tmp_path / "a.pt"
    torch.save(held, path, _use_new_zipfile_serialization=new)
    reading = read_sets(path, "a")
    assert reading.format == "torch"
    (one,) = reading.sets
    np.testing.assert_array_equal(one.vectors, MATRIX)
    if isinstance(held, dict):
        assert one.columns["ids"].to_pylist() == ["a", "b", "c", "d"]
        assert one.columns["label"].to_pylist() == [0, 1, 2, 3]
        assert one.provenance == {"metadata": {"model": "ViT"}}


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_torch_files_with_arrays(tmp_path: Path, new: bool) -> None:
    held = {
        "emb": MATRIX,
        "half": np.float16(2),
        "ids": np.array(["a", "b", "c", "d"]),
        "label": np.arange(4),
    }
    held["meta"] = np.array([{"n": row} for row in range(4)], object)
    torch.save(held, tmp_path / "a.pt", _use_new_zipfile_serialization=new)
    (one,) = read(tmp_path / "a.pt")
    np.testing.assert_array_equal(one.vectors, MATRIX)
    assert one.columns["ids"].to_pylist() == ["a", "b", "c", "d"]
    assert one.columns["n"].to_pylist() == [0, 1, 2, 3]
    assert one.provenance == {"metadata": {"half": 2.0}}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_torch_dtypes(tmp_path: Path, dtype: torch.dtype) -> None:
    torch.save(torch.nn.Parameter(torch.tensor(MATRIX, dtype=dtype)), tmp_path / "a.pt")
    (one,) = read(tmp_path / "a.pt")
    np.testing.assert_array_equal(one.vectors, MATRIX)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_truncated_torch_files(tmp_path: Path, share: float, new: bool) -> None:
    path = tmp_path / "a.pt"
    torch.save({"emb": torch.tensor(MATRIX)}, path, _use_new_zipfile_serialization=new)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(FormatError, match="torch"):
        read(path)


def trainer1d() -> dict[str, Any]:
    weights = {
        "betas": torch.ones(10),
        "alphas_cumprod": torch.ones(10),
        "model.init_conv.weight": torch.ones(8, 1, 7),
    }
    ema = {
        "initted": torch.tensor(True),
        "step": torch.tensor(1),
        "ema_model.init_conv.weight": torch.ones(8, 1, 7),
    }
    return {"step": 10, "model": weights, "opt": {"state": {}}, "ema": ema, "scaler": None, "version": "1.0"}


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (trainer1d(), "lucidrains Trainer1D"),
        (trainer1d()["model"], "a model's state dict"),
        (
            torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)).state_dict(),
            "a model's state dict of 7",
        ),
        (torch.nn.Linear(4, 3).state_dict(), "a model's state dict of 2"),
        ({"state_dict": {}, "epoch": 3}, "a training checkpoint (state_dict)"),
        ({"model_state_dict": {}, "global_step": 3}, "a training checkpoint"),
    ],
    ids=["trainer", "diffusion", "sequential", "linear", "lightning", "plain"],
)
def test_checkpoints_are_not_embeddings(tmp_path: Path, held: Any, says: str) -> None:
    torch.save(held, tmp_path / "model-3.pt")
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "model-3.pt")
    assert says in caught.value.got
    command = "bridge import-diffusion STUDY" if says.startswith("lucidrains") else "extract"
    assert f"repscope {command}" in caught.value.do


def test_one_matrix_of_a_state_dict_can_be_named(tmp_path: Path) -> None:
    torch.save(torch.nn.Embedding(5, 3).state_dict() | {"bias": torch.zeros(5)}, tmp_path / "a.pt")
    (one,) = read(tmp_path / "a.pt", vectors="weight")
    assert one.vectors.shape == (5, 3)


class Evil:
    def __reduce__(self) -> Any:
        return exec, ("open('pwned', 'w').write('x')",)


def test_one_refusal_and_an_offer_where_it_can_be_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.pt"
    torch.save({"vectors": torch.tensor(MATRIX), "extra": Evil()}, path)
    with pytest.raises(
        UnsafePickleError, match=r"a request for exec \(refused, nothing was executed"
    ) as caught:
        read_torch_weights_only(path)
    assert "--trust-pickle" not in caught.value.do
    with pytest.raises(UnsafePickleError, match="a request for exec") as caught:
        read(path)
    assert "pass --trust-pickle" in caught.value.do
    assert not (tmp_path / "pwned").exists()
    path.write_bytes(b"hello")
    with pytest.raises(FormatError, match="torch file"):
        read_torch_weights_only(path)
    with pytest.raises(StorageError, match="to read"):
        read_torch_weights_only(tmp_path / "none.pt")


def test_a_torchscript_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("data.pkl", "constants.pkl", "version", "code/__torch__.py"):
            archive.writestr(f"program/{name}", "3\n")
    with pytest.raises(FormatError, match=r"a whole torch file.*TorchScript"):
        read(path)


@pytest.mark.parametrize(
    "name",
    ["tutorial17_LogisticRegression_500", "tutorial5_GoogleNet", "tutorial5_ResNet", "tutorial8_MNIST"],
)
def test_real_lightning_checkpoints(shared_data: Path, name: str) -> None:
    with pytest.raises(FormatError, match="a training checkpoint"):
        read(shared_data / "weights" / "lightning_ckpt" / f"{name}.ckpt")


def safetensors_of(path: Path, header: dict[str, Any], data: bytes = b"", length: int | None = None) -> Path:
    packed = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(packed) if length is None else length) + packed + data)
    return path


@pytest.mark.parametrize("read", [read_sets, lambda path, _: read_state(path)])
def test_headers_of_safetensors_that_do_not_fit_to_the_file(tmp_path: Path, read: Any) -> None:
    """At once: a million empty tensors took minutes."""
    path = tmp_path / "a.safetensors"
    many = {f"t{at}": {"dtype": "F32", "shape": [0, 4], "data_offsets": [0, 0]} for at in range(80_000)}
    began = time.monotonic()
    with pytest.raises(FormatError, match=r"a header of [\d,]+ bytes for 0 bytes of tensors"):
        read(safetensors_of(path, many), "a")
    for length in (1 << 40, 1 << 62):
        with pytest.raises(FormatError, match="more than there are"):
            read(safetensors_of(path, {}, b"x" * 100, length), "a")
    claims = {"a": {"dtype": "F32", "shape": [10**9, 100], "data_offsets": [0, 4 * 10**11]}}
    with pytest.raises(FormatError):
        read(safetensors_of(path, claims, b"x" * 100), "a")
    assert time.monotonic() - began < 5
