"""Pickles that attack: each is refused by name, none leaves a trace, none takes the machine with it.

The canary is a file that every payload would create. The first test proves that it would: the same
bytes, given to ``pickle.loads``, do create it.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repscope.errors import FormatError, UnsafePickleError
from repscope.formats import ReadOptions, read_sets
from repscope.formats.pickles.load import allowed_names, loads
from repscope.formats.pickles.torch_types import Storage


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "canary"
    yield path
    assert not path.exists(), "the payload ran"


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def touch(canary: Path) -> str:
    return f"touch {canary}"


def call(module: str, name: str, *arguments: str) -> bytes:
    """GLOBAL module name, the arguments as a tuple, REDUCE."""
    return f"c{module}\n{name}\n".encode() + b"(" + b"".join(map(text, arguments)) + b"tR."


def stack_call(module: str, name: str, *arguments: str) -> bytes:
    """The same through STACK_GLOBAL, in which names may have dots."""
    return b"\x80\x04" + text(module) + text(name) + b"\x93(" + b"".join(map(text, arguments)) + b"tR."


class Touch:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (touch(self.path),)


def python(canary: Path) -> str:
    return f"open({str(canary)!r}, 'w')"


def test_the_canary_works(tmp_path: Path) -> None:
    path = tmp_path / "would run"
    pickle.loads(call("os", "system", f"touch '{path}'"))
    assert path.exists()


SIMPLE: dict[str, Callable[[Path], bytes]] = {
    "os.system": lambda c: call("os", "system", touch(c)),
    "posix.system": lambda c: call("posix", "system", touch(c)),
    "nt.system": lambda c: call("nt", "system", touch(c)),
    "builtins.eval": lambda c: call("builtins", "eval", python(c)),
    "builtins.exec": lambda c: stack_call("builtins", "exec", python(c)),
    "__builtin__.eval": lambda c: call("__builtin__", "eval", python(c)),
    "builtins.__import__": lambda c: call("builtins", "__import__", "os"),
    "builtins.getattr": lambda c: call("builtins", "getattr", "os", "system"),
    "builtins.open": lambda c: call("builtins", "open", str(c), "w"),
    "operator.attrgetter": lambda c: call("operator", "attrgetter", "system"),
    "operator.methodcaller": lambda c: call("operator", "methodcaller", "system", touch(c)),
    "functools.partial": lambda c: call("functools", "partial", "print"),
    "functools.reduce": lambda c: call("functools", "reduce", "print"),
    "types.FunctionType": lambda c: call("types", "FunctionType", "x"),
    "types.CodeType": lambda c: call("types", "CodeType", "x"),
    "marshal.loads": lambda c: call("marshal", "loads", "x"),
    "pickle.loads": lambda c: call("pickle", "loads", "x"),
    "_pickle.loads": lambda c: call("_pickle", "loads", "x"),
    "importlib.import_module": lambda c: call("importlib", "import_module", "os"),
    "runpy._run_code": lambda c: call("runpy", "_run_code", python(c)),
    "timeit.timeit": lambda c: call("timeit", "timeit", python(c)),
    "pty.spawn": lambda c: call("pty", "spawn", touch(c)),
    "pdb.run": lambda c: call("pdb", "run", python(c)),
    "webbrowser.open": lambda c: call("webbrowser", "open", "file:///"),
    "subprocess.Popen": lambda c: call("subprocess", "Popen", touch(c)),
    "subprocess.check_output": lambda c: stack_call("subprocess", "check_output", touch(c)),
    "copyreg._reconstructor": lambda c: call("copyreg", "_reconstructor", "x"),
    "copyreg.add_extension": lambda c: call("copyreg", "add_extension", "os", "system"),
    "ctypes.CDLL": lambda c: call("ctypes", "CDLL", "libc.so.6"),
    "numpy.load": lambda c: call("numpy", "load", str(c)),
    "numpy.fromfile": lambda c: call("numpy", "fromfile", str(c)),
    "numpy.memmap": lambda c: call("numpy", "memmap", str(c)),
    "numpy.matrix": lambda c: call("numpy", "matrix", "1 2"),
    "numpy.testing._private.utils.runstring": lambda c: call(
        "numpy.testing._private.utils", "runstring", python(c)
    ),
    "numpy.f2py.crackfortran.myeval": lambda c: call("numpy.f2py.crackfortran", "myeval", python(c)),
    "torch.load": lambda c: call("torch", "load", str(c)),
    "torch.hub.load": lambda c: call("torch.hub", "load", str(c)),
    "torch._utils._rebuild_from_type_v2": lambda c: call("torch._utils", "_rebuild_from_type_v2", "x"),
    "joblib.numpy_pickle.NumpyArrayWrapper": lambda c: call("joblib.numpy_pickle", "NumpyArrayWrapper", "x"),
    "pathlib.PosixPath": lambda c: call("pathlib", "PosixPath", str(c)),
    # Dotted names reach through an allowed module or object where find_class walks attributes.
    "collections.OrderedDict.__init__": lambda c: stack_call("collections", "OrderedDict.__init__"),
    "numpy.ndarray.tofile": lambda c: stack_call("numpy", "ndarray.tofile", str(c)),
    "numpy.dtype.__class__": lambda c: stack_call("numpy", "dtype.__class__", "x"),
    "torch.storage.os.system": lambda c: stack_call("torch.storage", "os.system", touch(c)),
    # The other opcodes that name or call something.
    "os.system by INST": lambda c: b"(" + text(touch(c)) + b"ios\nsystem\n.",
    "os.system by OBJ": lambda c: b"(cos\nsystem\n" + text(touch(c)) + b"o.",
    "subprocess.Popen by NEWOBJ": lambda c: b"\x80\x02csubprocess\nPopen\n" + text(touch(c)) + b"\x85\x81.",
    "subprocess.Popen by NEWOBJ_EX": lambda c: b"\x80\x04csubprocess\nPopen\n(" + text(touch(c)) + b"t}\x92.",
    "os.system inside a list": lambda c: b"](K\x01" + call("os", "system", touch(c))[:-1] + b"e.",
    "os.system as a key": lambda c: b"}" + call("os", "system", touch(c))[:-1] + b"K\x01s.",
    "os.system behind a harmless first pickle": lambda c: b"]0" + call("os", "system", touch(c)),
}


@pytest.mark.parametrize("wanted", SIMPLE)
def test_refused_by_name(wanted: str, canary: Path) -> None:
    raw = SIMPLE[wanted](canary)
    with pytest.raises(UnsafePickleError) as caught:
        loads(raw, "evil.pkl")
    name = wanted.split(" ", maxsplit=1)[0]
    assert name in caught.value.got
    assert "nothing was executed" in caught.value.got
    assert "evil.pkl" in caught.value.expected


@pytest.mark.parametrize("protocol", range(6))
def test_an_object_with_reduce_is_refused(protocol: int, canary: Path) -> None:
    raw = pickle.dumps({"vectors": np.ones((2, 2)), "extra": Touch(canary)}, protocol)
    with pytest.raises(UnsafePickleError, match=r"(posix|nt)\.system"):
        loads(raw, "evil.pkl")


def test_a_registered_extension_code_is_refused(canary: Path) -> None:
    code = 0xF1
    copyreg.add_extension("posix", "system", code)
    try:
        raw = b"\x80\x02\x82" + bytes([code]) + text(touch(canary)) + b"\x85R."
        # The cache that Python's own reader trusts without asking find_class.
        import posix

        copyreg._extension_cache[code] = posix.system  # type: ignore[attr-defined]
        with pytest.raises(UnsafePickleError, match="extension code 241"):
            loads(raw, "evil.pkl")
    finally:
        copyreg.remove_extension("posix", "system", code)
        copyreg._extension_cache.pop(code, None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "raw",
    [b"Pos.system\n.", b"\x80\x02X\x02\x00\x00\x00os\x51.", b"\x80\x05\x97.", b"\x80\x05\x98."],
    ids=["PERSID", "BINPERSID", "NEXT_BUFFER", "READONLY_BUFFER"],
)
def test_objects_from_outside_are_refused(raw: bytes) -> None:
    with pytest.raises(UnsafePickleError, match="outside the file"):
        loads(raw, "evil.pkl")


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"


def dtype(spec: str, state: bytes = b"NNN") -> bytes:
    order = b"\xff\xff\xff\xff"
    return (
        b"cnumpy\ndtype\n"
        + text(spec)
        + b"\x89\x88\x87R(K\x03"
        + text("<")
        + state
        + b"J"
        + order
        + b"J"
        + order
        + b"K\x00tb"
    )


def array(shape: bytes, kind: bytes, data: bytes) -> bytes:
    return b"\x80\x04" + ARRAY + b"(K\x01" + shape + kind + b"\x89" + data + b"tb."


ORDERED = b"ccollections\nOrderedDict\n"
FIELDS = b"N" + text("f") + b"\x85" + b"}" + text("f") + text("O") + b"s"
HUGE = b"\x8a\x08" + (2**50).to_bytes(8, "little")
HOSTILE: dict[str, bytes] = {
    "a state for an allowed callable": ORDERED + b"}" + text("call") + text("x") + b"sb.",
    "a slot state for an allowed callable": ORDERED + b"N}" + text("call") + text("x") + b"s\x86b.",
    "a state for a list": b"\x80\x02]}b.",
    "a call of a string": b"\x80\x02X\x01\x00\x00\x00x)R.",
    "a call of a dtype's name": b"ctorch\nfloat32\n)R.",
    "a call of the array type": b"cnumpy\nndarray\n(K\x05tR.",
    "a call with a list of arguments": ORDERED + b"]R.",
    "appending to an array": array(b"K\x01\x85", dtype("f8"), b"C\x08" + b"\0" * 8)[:-1] + b"K\x01a.",
    "items for an array": array(b"K\x01\x85", dtype("f8"), b"C\x08" + b"\0" * 8)[:-1] + b"K\x00K\x01s.",
    "a subtype that is no ndarray": b"cnumpy.core.multiarray\n_reconstruct\n"
    + ORDERED
    + b"K\x00\x85C\x01b\x87R.",
    "a shape of petabytes": array(HUGE + b"\x85", dtype("f8"), b"C\x08" + b"\0" * 8),
    "a shape of petabytes without data": array(HUGE + b"\x85", dtype("f8"), b"C\x00"),
    "elements of no size": array(HUGE + b"\x85", dtype("U0"), b"C\x00"),
    "a negative shape": array(b"J\xff\xff\xff\xff\x85", dtype("f8"), b"C\x08" + b"\0" * 8),
    "a shape of floats": array(b"G?\xf0\0\0\0\0\0\0\x85", dtype("f8"), b"C\x08" + b"\0" * 8),
    "objects in raw bytes": array(b"K\x01\x85", dtype("O8"), b"C\x08" + b"A" * 8),
    "a dtype with object fields": b"\x80\x04" + dtype("f8", FIELDS) + b".",
    "a dtype of unknown spec": b"\x80\x04cnumpy\ndtype\n" + text("f8,O") + b"\x89\x88\x87R.",
    "a dtype made of Python code": b"\x80\x04cnumpy\ndtype\n" + text("__import__('os')") + b"\x85R.",
    "a scalar larger than its bytes": b"cnumpy.core.multiarray\nscalar\n" + dtype("f8") + b"C\x02ab\x86R.",
    "bytes longer than the file": b"\x80\x04\x8e" + (2**45).to_bytes(8, "little") + b"x.",
    "text longer than the file": b"\x80\x04\x8d" + (2**45).to_bytes(8, "little") + b"x.",
    "a frame longer than the file": b"\x80\x04\x95" + (2**60).to_bytes(8, "little") + b"N.",
    "a number of a gigabyte": b"\x80\x02\x8b\xff\xff\xff\x3f\x01.",
    "a number of ten thousand digits": b"I" + b"9" * 10_000 + b"\n.",
    "a bytearray of a petabyte": b"cbuiltins\nbytearray\n(" + HUGE + b"tR.",
    "bytes of a petabyte": b"cbuiltins\nbytes\n(" + HUGE + b"tR.",
    "a codec that runs or inflates": b"c_codecs\nencode\n(" + text("x") + text("zlib") + b"tR.",
    "a set of arrays": b"cbuiltins\nset\n(]" + b"]atR.",
    "a list as a key": b"}]K\x01s.",
    "a deep tuple as a key": b"}" + b")" + b"\x85" * 100_000 + b"K\x01s.",
    "a set in a set": b"\x80\x04\x8f(\x8f\x90.",
    "a stack that is empty": b".",
    "a mark that is missing": b"e.",
    "a memo that is missing": b"h\x05.",
    "an unknown opcode": b"\x80\x04\xfe.",
    "a newer protocol": b"\x80\x09N.",
    "a tensor without a storage": b"ctorch._utils\n_rebuild_tensor_v2\n(NK\x00K\x02\x85K\x01\x85tR.",
    "a global named by a list": b"\x80\x04]]\x93.",
    "a dtype named by a list": b"\x80\x04cnumpy\ndtype\n]\x85R.",
    "a device named by a list": b"\x80\x04ctorch\ndevice\n]\x85R.",
    "a storage that is no storage": b"\x80\x04ctorch.storage\n_load_from_bytes\nC\x03abc\x85R.",
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_arguments_are_one_cheap_format_error(attack: str) -> None:
    before = dict(allowed_names())
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(FormatError) as caught:
            loads(HOSTILE[attack], "evil.pkl")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "evil.pkl" in caught.value.expected
    assert len(str(caught.value)) < 1000
    assert peak < 64 * 2**20
    assert time.process_time() - start < 20
    assert allowed_names() == before


def test_a_huge_memo_index_costs_nothing() -> None:
    # Python's own reader would allocate 32 GiB for these fourteen bytes.
    tracemalloc.start()
    try:
        assert loads(b"\x80\x02Nr\xff\xff\xff\x7f0K\x05.", "evil.pkl") == 5
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_an_expanded_tensor_cannot_fill_the_memory() -> None:
    import torch

    raw = pickle.dumps(torch.ones(1, 1).expand(1 << 20, 1 << 15), 4)
    with pytest.raises(FormatError, match="beyond its storage"):
        loads(raw, "evil.pkl")


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (3,), (1,)),
        (2, (1,), (1,)),
        (0, (2, 2), (1, 1)),
        (0, (2,), (-1,)),
        (-1, (1,), (1,)),
        (0, (2,), (1, 1)),
    ],
)
def test_a_tensor_reads_nothing_beyond_its_storage(
    offset: int, size: tuple[int, ...], stride: tuple[int, ...]
) -> None:
    import torch

    rebuild = allowed_names()["torch._utils", "_rebuild_tensor_v2"]
    with pytest.raises(ValueError, match=r"beyond its storage|impossible shape"):
        rebuild.call(Storage(torch.ones(2)), offset, size, stride)  # type: ignore[attr-defined]


def test_code_inside_a_tensors_bytes_is_refused(canary: Path) -> None:
    import torch

    inner = io.BytesIO()
    torch.save(Touch(canary), inner, _use_new_zipfile_serialization=False)
    held = inner.getvalue()
    raw = b"\x80\x04ctorch.storage\n_load_from_bytes\nB" + struct.pack("<I", len(held)) + held + b"\x85R."
    with pytest.raises(FormatError):
        loads(raw, "evil.pkl")


def nested(depth: int) -> bytes:
    return b"\x80\x04" + b"]" * depth + b"a" * (depth - 1) + b"."


@pytest.mark.parametrize("where", ["alone", "as metadata", "as a column"])
def test_two_hundred_thousand_nested_lists_are_one_format_error(where: str, tmp_path: Path) -> None:
    vectors, inner = pickle.dumps(np.ones((1, 3), np.float32), 2)[2:-1], nested(200_000)[2:-1]
    raw = {
        "alone": nested(200_000),
        "as metadata": b"\x80\x04}"
        + text("m")
        + b"}"
        + text("x")
        + inner
        + b"ss"
        + text("vectors")
        + vectors
        + b"s.",
        "as a column": b"\x80\x04}" + text("m") + b"](" + inner + b"es" + text("vectors") + vectors + b"s.",
    }[where]
    path = tmp_path / "bomb.pkl"
    path.write_bytes(raw)
    with pytest.raises(FormatError):
        read_sets(path, "bomb")


@pytest.mark.parametrize("where", ["metadata", "column", "config", "image"])
def test_shared_references_that_unfold_without_end_are_one_format_error(where: str, tmp_path: Path) -> None:
    value: Any = [1]
    for _ in range(60):
        value = [value, value]
    pair = {"visual_before": np.ones((1, 3), "f4"), "text_adapted": np.ones((1, 3), "f4")}
    held = {
        "metadata": {**pair, "metadata": [{"gt_hoi": value, "image_id": "a"}]},
        "column": {"vectors": np.ones((1, 3), "f4"), "m": [value]},
        "config": {"vectors": np.ones((1, 3), "f4"), "m": {"x": value}},
        "image": {**pair, "metadata": [{"image_id": value}]},
    }[where]
    path = tmp_path / "bomb.pkl"
    path.write_bytes(pickle.dumps(held, 4))
    with pytest.raises(FormatError, match="nested"):
        read_sets(path, "bomb")


def test_arrays_of_objects_are_read_by_the_same_reader(canary: Path, tmp_path: Path) -> None:
    evil = np.array([Touch(canary), None], object)
    np.save(tmp_path / "evil.npy", evil, allow_pickle=True)
    np.savez(tmp_path / "evil.npz", vectors=np.ones((2, 2)), extra=evil)
    for name in ("evil.npy", "evil.npz"):
        with pytest.raises(UnsafePickleError, match=r"(posix|nt)\.system"):
            read_sets(tmp_path / name, "evil")


def test_a_torch_file_that_asks_for_code_is_refused(canary: Path, tmp_path: Path) -> None:
    import torch

    for new in (True, False):
        path = tmp_path / f"evil-{new}.pt"
        torch.save(
            {"vectors": torch.ones(2, 2), "extra": Touch(canary)}, path, _use_new_zipfile_serialization=new
        )
        with pytest.raises(UnsafePickleError, match=r"(posix|nt|os)\.system"):
            read_sets(path, "evil")


def test_a_lightning_checkpoint_with_classes_is_refused_by_name(shared_data: Path) -> None:
    path = shared_data / "weights" / "lightning_ckpt" / "tutorial9_cifar10_64.ckpt"
    with pytest.raises(UnsafePickleError, match=r"pytorch_lightning\.utilities\.parsing\.AttributeDict"):
        read_sets(path, "checkpoint")


def test_trusting_runs_the_code_loudly(tmp_path: Path) -> None:
    path, ran = tmp_path / "trusted.pkl", tmp_path / "ran"
    path.write_bytes(pickle.dumps({"vectors": np.ones((2, 2), "f4"), "extra": Touch(ran)}))
    said: list[str] = []
    reading = read_sets(path, "trusted", ReadOptions(trust_pickle=True, warn=said.append))
    assert ran.exists()
    assert reading.trusted_pickle
    assert "TRUSTED PICKLE" in said[0]
    assert "system" in said[0]


def test_trust_is_not_used_where_it_is_not_needed(tmp_path: Path) -> None:
    path = tmp_path / "plain.pkl"
    path.write_bytes(pickle.dumps({"vectors": np.ones((2, 2), "f4")}))
    said: list[str] = []
    reading = read_sets(path, "plain", ReadOptions(trust_pickle=True, warn=said.append))
    assert reading.trusted_pickle
    assert "sufficed" in said[0]


def test_a_trusted_pickle_of_a_missing_class_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "gone.pkl"
    path.write_bytes(call("no_such_module", "Thing"))
    with pytest.raises(FormatError, match="no_such_module"):
        read_sets(path, "gone", ReadOptions(trust_pickle=True, warn=lambda _: None))
