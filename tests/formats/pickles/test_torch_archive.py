"""Files of torch.save: the same tensors as torch's own reader gives, and nothing else from the file."""

from __future__ import annotations

import argparse
import io
import pickle
import struct
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from repscope.errors import FormatError, UnsafePickleError
from repscope.formats import read_sets
from repscope.formats.pickles.machine import Foreign
from repscope.formats.pickles.torch_archive import load_torch

GENERATOR = torch.Generator().manual_seed(0)
BASE = torch.randn(6, 4, generator=GENERATOR)


def with_attribute() -> nn.Parameter:
    parameter = nn.Parameter(BASE.clone())
    parameter.kind = "adapter"  # type: ignore[attr-defined]
    return parameter


TENSORS: dict[str, Tensor] = {
    "float32": BASE,
    "scalar": torch.tensor(3.5),
    "empty": torch.empty(0, 4),
    "a view": BASE[1:4, 1:3],
    "transposed": BASE.T,
    "expanded": torch.ones(1).expand(5, 3),
    "bool": BASE > 0,
    "complex": torch.complex(BASE, -BASE),
    "conjugate": torch.complex(BASE, -BASE).conj(),
    "parameter": nn.Parameter(BASE),
    "parameter with an attribute": with_attribute(),
    "sparse": (BASE * (BASE > 0)).to_sparse(),
    **{
        str(dtype): BASE.abs().to(dtype)
        for dtype in (
            torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.uint8, torch.int16, torch.int32,
            torch.int64, torch.uint16, torch.uint32, torch.float8_e4m3fn, torch.float8_e5m2,
        )
    },
}  # fmt: skip


def dense(tensor: Tensor) -> Tensor:
    plain = tensor.detach()
    return (plain if plain.layout == torch.strided else plain.to_dense()).resolve_conj()


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", TENSORS)
def test_the_same_tensor_as_torch_reads(tmp_path: Path, name: str, new: bool) -> None:
    path = tmp_path / "a.pt"
    torch.save({"x": TENSORS[name], "n": 3}, path, _use_new_zipfile_serialization=new)
    # torch writes, but cannot read, legacy files of dtypes that have no class of storages.
    oracle = torch.load(path, weights_only=True)["x"] if new else TENSORS[name]
    found = load_torch(path)["x"]
    assert found.dtype == oracle.dtype
    assert found.shape == oracle.shape
    assert torch.equal(dense(found).to(torch.complex128), dense(oracle).to(torch.complex128))


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_compressed_rows(tmp_path: Path) -> None:
    held = (BASE * (BASE > 0)).to_sparse_csr()
    torch.save(held, tmp_path / "a.pt")
    assert torch.equal(load_torch(tmp_path / "a.pt").to_dense(), held.to_dense())


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_quantised_tensors_are_the_numbers_that_they_stand_for(tmp_path: Path, new: bool) -> None:
    one = torch.quantize_per_tensor(BASE, 0.05, 3, torch.quint8)
    each = torch.quantize_per_channel(
        BASE, torch.tensor([0.1, 0.2, 0.3, 0.4]), torch.zeros(4, dtype=torch.int64), 1, torch.qint8
    )
    torch.save([one, each], tmp_path / "a.pt", _use_new_zipfile_serialization=new)
    found = load_torch(tmp_path / "a.pt")
    torch.testing.assert_close(found[0], one.dequantize())
    torch.testing.assert_close(found[1], each.dequantize())


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_tensors_that_share_data_share_it(tmp_path: Path, new: bool) -> None:
    held = OrderedDict(a=BASE, b=BASE[2:], c=[BASE, {"d": np.arange(3)}], e=torch.Size([2, 3]))
    torch.save(held, tmp_path / "a.pt", _use_new_zipfile_serialization=new)
    found = load_torch(tmp_path / "a.pt")
    assert list(found) == ["a", "b", "c", "e"]
    assert found["b"].data_ptr() == found["a"].data_ptr() + 2 * 4 * 4
    assert torch.equal(found["c"][0], BASE)
    np.testing.assert_array_equal(found["c"][1]["d"], np.arange(3))
    assert found["e"] == (2, 3)


def test_whole_optimisers_are_read(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    optimiser = torch.optim.AdamW(model.parameters())
    model(BASE).sum().backward()
    optimiser.step()
    held = {"model": model.state_dict(), "optimizer": optimiser.state_dict(), "rng": torch.get_rng_state()}
    torch.save(held, tmp_path / "a.pt")
    found = load_torch(tmp_path / "a.pt")
    oracle = torch.load(tmp_path / "a.pt", weights_only=True)
    assert found["optimizer"]["param_groups"] == oracle["optimizer"]["param_groups"]
    for key, value in oracle["optimizer"]["state"][0].items():
        assert torch.equal(found["optimizer"]["state"][0][key], value)


# objects of classes


class Setting:
    def __init__(self) -> None:
        self.width = 3


class Record(dict[str, Any]):
    pass


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_objects_beside_the_tensors_are_inert_on_request(tmp_path: Path, new: bool) -> None:
    held = {
        "w": BASE,
        "args": argparse.Namespace(lr=0.1, path=Path("x")),
        "setting": Setting(),
        "record": Record(a=1),
    }
    torch.save(held, tmp_path / "a.pt", _use_new_zipfile_serialization=new)
    with pytest.raises(UnsafePickleError, match=r"a request for argparse\.Namespace \(refused"):
        load_torch(tmp_path / "a.pt")
    found = load_torch(tmp_path / "a.pt", inert=True)
    assert torch.equal(found["w"], BASE)
    assert {key: value.name for key, value in found.items() if isinstance(value, Foreign)} == {
        "args": "argparse.Namespace",
        "setting": f"{__name__}.Setting",
        "record": f"{__name__}.Record",
    }


class Calls:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "call",
    [Calls(exec, "open('pwned','w')"), Calls(subprocess.Popen, "touch pwned"), Calls(getattr, "", "join")],
    ids=["exec", "Popen", "getattr"],
)
def test_calls_are_refused_also_among_inert_objects(
    tmp_path: Path, call: Calls, new: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"w": BASE, "x": call}, "a.pt", _use_new_zipfile_serialization=new)
    with pytest.raises(UnsafePickleError, match=r"exec|Popen|getattr"):
        load_torch(Path("a.pt"), inert=True)
    assert not Path("pwned").exists()


def test_a_process_made_without_a_call_is_refused(tmp_path: Path) -> None:
    path = archive_of(tmp_path, b"\x80\x02csubprocess\nPopen\n)\x81.")
    with pytest.raises(UnsafePickleError, match=r"subprocess\.Popen"):
        load_torch(path, inert=True)


# hostile files


def archive_of(folder: Path, pickled: bytes, **records: bytes) -> Path:
    path = folder / "hostile.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", pickled)
        for name, raw in records.items():
            archive.writestr(f"x/data/{name.removeprefix('_')}", raw)
    return path


def plain(value: Any) -> bytes:
    return pickle.dumps(value, protocol=2)[2:-1]


@pytest.mark.parametrize("flags", [0, 63])
@pytest.mark.parametrize("kind", ["O8", "V8", "O"])
def test_bytes_never_become_objects(tmp_path: Path, kind: str, flags: int) -> None:
    # A dtype of objects that denies it: numpy's own BUILD would take these bytes for pointers.
    dtype = b"cnumpy\ndtype\n(" + plain(kind) + b"\x89\x88tR("
    dtype += plain(3) + plain("|") + b"NNN" + plain(-1) + plain(-1) + plain(flags) + b"tb"
    body = b"c_codecs\nencode\n" + plain("ABCDEF\0\0" * 6) + plain("latin1") + b"\x86R"
    array = b"cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + plain("b") + b"\x87R("
    array += b"K\x01K\x06\x85" + dtype + b"\x89" + body + b"tb"
    path = archive_of(tmp_path, b"\x80\x02}(" + plain("label") + array + b"u.")
    # In a process of its own: a regression kills it.
    code = f"import repscope as r, pathlib; r.import_files([{str(path)!r}], study={str(tmp_path / 's')!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "FormatError" in done.stderr.splitlines()[-1]


def tensor_bytes(offset: int, size: tuple[int, ...], stride: tuple[int, ...], count: int) -> bytes:
    storage = (
        b"(" + plain("storage") + b"ctorch\nFloatStorage\n" + plain("0") + plain("cpu") + plain(count) + b"tQ"
    )
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + plain(offset) + plain(size) + plain(stride)
    return b"\x80\x02" + call + b"\x89}tR."


@pytest.mark.parametrize(
    ("offset", "size", "stride", "count"),
    [
        (0, (3_000_000, 1000), (0, 0), 4),
        (0, (5,), (1,), 4),
        (4, (1,), (1,), 4),
        (0, (2,), (1 << 62,), 4),
        (0, (2,), (-1,), 4),
        (0, (1 << 40,), (1,), 1 << 40),
        (0, (5,), (1,), 5),
    ],
)
def test_a_tensor_is_no_larger_than_its_data(
    tmp_path: Path, offset: int, size: tuple[int, ...], stride: tuple[int, ...], count: int
) -> None:
    path = archive_of(tmp_path, tensor_bytes(offset, size, stride, count), _0=bytes(16))
    with pytest.raises(FormatError, match="a whole torch file of tensors"):
        load_torch(path)


def test_an_expanded_tensor_is_refused_by_import(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.save({"embeddings": torch.zeros(1).expand(3_000_000, 1000)}, path)
    assert path.stat().st_size < 4096
    with pytest.raises(FormatError, match="beyond its storage"):
        read_sets(path, "a")


def test_sparse_tensors_may_not_contradict_themselves(tmp_path: Path) -> None:
    good = torch.tensor([[0.0, 2.0], [3.0, 0.0]]).to_sparse()
    torch.save(good, tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "a.pt") as archive:
        names = {name.rsplit("/", 1)[-1]: archive.read(name) for name in archive.namelist()}
    indices = next(raw for raw in names.values() if raw == struct.pack("<4q", 0, 1, 1, 0))
    bad = (tmp_path / "a.pt").read_bytes().replace(indices, struct.pack("<4q", 0, 1, 1, 1 << 50))
    (tmp_path / "bad.pt").write_bytes(bad)
    with pytest.raises(FormatError, match="contradicts itself"):
        load_torch(tmp_path / "bad.pt")


def test_a_compressed_archive_is_read_and_a_bomb_refused(tmp_path: Path) -> None:
    plain_file = io.BytesIO()
    torch.save({"w": BASE}, plain_file)
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(plain_file) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert torch.equal(load_torch(path)["w"], BASE)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("x/more", "w") as file:
        for _ in range(80):
            file.write(bytes(1 << 24))
    with pytest.raises(FormatError, match="would unpack to"):
        load_torch(path)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_any_damage_is_one_error(tmp_path: Path, new: bool) -> None:
    path = tmp_path / "a.pt"
    torch.save(
        {"w": BASE, "n": np.arange(3), "s": BASE.to_sparse()}, path, _use_new_zipfile_serialization=new
    )
    raw, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        broken = bytearray(raw)
        for at in rng.integers(0, len(raw), 3):
            broken[at] = rng.integers(0, 256)
        path.write_bytes(broken[: rng.integers(1, len(raw) + 1)] if rng.random() < 0.3 else broken)
        try:
            load_torch(path, inert=True)
        except FormatError:
            refused += 1
    assert 50 < refused < 300
