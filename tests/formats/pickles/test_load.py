"""The restricted reader gives what pickle gives, for everything it allows."""

from __future__ import annotations

import collections
import contextlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from repscope.errors import FormatError
from repscope.formats.pickles.load import load_pickle, loads

PROTOCOLS = range(6)

keys = st.one_of(st.text(max_size=8), st.integers(), st.binary(max_size=8), st.booleans(), st.none())
scalars = st.one_of(keys, st.floats(allow_nan=False), st.complex_numbers(allow_nan=False))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(inner, inner),
        st.dictionaries(keys, inner, max_size=5),
        st.sets(keys, max_size=5),
        st.frozensets(keys, max_size=5),
        st.dictionaries(st.text(max_size=3), inner, max_size=3).map(collections.OrderedDict),
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=30)
@given(value=values, protocol=st.sampled_from(PROTOCOLS))
def test_containers_are_what_pickle_gives(value: Any, protocol: int) -> None:
    raw = pickle.dumps(value, protocol)
    assert loads(raw, "test") == pickle.loads(raw)


@settings(deadline=None, max_examples=30)
@given(
    array=hnp.arrays(
        dtype=st.one_of(
            hnp.floating_dtypes(),
            hnp.integer_dtypes(),
            hnp.unicode_string_dtypes(max_len=4),
            hnp.boolean_dtypes(),
        ),
        shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
    protocol=st.sampled_from(PROTOCOLS),
    fortran=st.booleans(),
)
def test_arrays_are_what_pickle_gives(array: np.ndarray[Any, Any], protocol: int, fortran: bool) -> None:
    array = np.asfortranarray(array) if fortran else array
    read = loads(pickle.dumps({"a": array, "same": array}, protocol), "test")
    assert read["a"] is read["same"]
    assert read["a"].dtype == array.dtype
    np.testing.assert_array_equal(read["a"], array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "value",
    [
        slice(1, None, 2),
        range(3),
        bytearray(b"abc"),
        b"",
        b"\xff\x00" * 40_000,
        collections.defaultdict(list, {"a": [1]}),
        collections.Counter("aab"),
        2**70,
        -1,
        "\ud800",
        np.float16(1.5),
        np.str_("text"),
        np.bool_(True),
        np.datetime64("2020-01-01"),
        np.int64(3),
    ],
    ids=str,
)
def test_single_values(value: Any, protocol: int) -> None:
    assert loads(pickle.dumps(value, protocol), "test") == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_object_arrays_and_dates(protocol: int) -> None:
    mixed = np.array([1, "a", None, [2, 3]], object)
    assert loads(pickle.dumps(mixed, protocol), "test").tolist() == mixed.tolist()
    days = np.array(["2020-01-01", "2021-05-06"], "M8[D]")
    np.testing.assert_array_equal(loads(pickle.dumps(days, protocol), "test"), days)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_tensors_become_arrays(protocol: int) -> None:
    import torch

    tensor = torch.arange(12.0).reshape(3, 4)
    held = {
        "plain": tensor,
        "transposed": tensor.T,
        "slice": tensor[1:, ::2],
        "half": tensor.half(),
        "bfloat16": tensor.bfloat16(),
        "parameter": torch.nn.Parameter(tensor),
        "expanded": torch.ones(1, 3).expand(5, 3),
        "empty": torch.empty(0, 4),
        "integers": torch.arange(3),
        "size": tensor.shape,
        "device": torch.device("cuda", 1),
        "dtype": torch.float32,
    }
    read = loads(pickle.dumps(held, protocol), "test")
    for key in (
        "plain",
        "transposed",
        "slice",
        "half",
        "bfloat16",
        "parameter",
        "expanded",
        "empty",
        "integers",
    ):
        expected = held[key].detach().float() if key == "bfloat16" else held[key].detach()
        np.testing.assert_array_equal(read[key], expected.numpy())
        assert read[key].dtype == expected.numpy().dtype
    assert (read["size"], read["device"], read["dtype"]) == ((3, 4), "cuda:1", "torch.float32")


def test_python_2_pickles_with_text_and_arrays_as_byte_strings() -> None:
    # What Python 2 and numpy 1.x wrote for {'k': array([1., 2.], float32), 'name': 'caf\xc3\xa9'}.
    data = np.array([1.0, 2.0], "<f4").tobytes()
    raw = (
        b"\x80\x02}(U\x01kcnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x02\x85cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x08" + data + b"tbU\x04nameU\x05caf\xc3\xa9u."
    )
    read = loads(raw, "test")
    np.testing.assert_array_equal(read["k"], np.array([1, 2], np.float32))
    assert read["name"] == "café".encode()


def test_a_large_array_is_a_view_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "large.pkl"
    array = np.arange(200_000, dtype=np.float32).reshape(-1, 50)
    path.write_bytes(pickle.dumps(array, 4))
    read = load_pickle(path)
    np.testing.assert_array_equal(read, array)


def test_more_than_one_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "two.pkl"
    path.write_bytes(pickle.dumps([1]) + pickle.dumps([2]))
    with pytest.raises(FormatError, match="more bytes behind it"):
        load_pickle(path)


@settings(deadline=None, max_examples=30)
@given(raw=st.binary(max_size=60))
def test_noise_raises_nothing_but_format_errors(raw: bytes) -> None:
    with contextlib.suppress(FormatError):
        loads(raw, "noise")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_truncation_is_a_format_error(protocol: int) -> None:
    whole = pickle.dumps({"a": np.arange(6.0).reshape(2, 3), "ids": ["x", "y"], "n": 1 << 40}, protocol)
    for end in range(len(whole)):
        with pytest.raises(FormatError):
            loads(whole[:end], "cut")


def test_every_changed_byte_is_read_or_refused() -> None:
    whole = pickle.dumps({"a": np.arange(6.0).reshape(2, 3), "ids": ["x", "y"]}, 4)
    for at in range(len(whole)):
        for value in (0, 0x2E, 0x52, 0x62, 0x93, 0xFF):
            with contextlib.suppress(FormatError):
                loads(whole[:at] + bytes([value]) + whole[at + 1 :], "flipped")


def test_the_legacy_pickle_of_clip_retrieval(shared_data: Path) -> None:
    read = load_pickle(shared_data / "embeddings" / "clip_retrieval_7img" / "legacy_pickle_0.pkl")
    assert read["image_embs"].shape == (2, 512)
    assert read["image_embs"].dtype == np.float16
    assert read["image_filename"] == ["123_456", "208_495"]
    assert read["text_embs"] is None
