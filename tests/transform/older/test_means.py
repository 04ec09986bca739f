"""Mean files of the older systems: read without their code, and written so that they load there."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from repscope.errors import FormatError, InputError, MissingError, UnsafePickleError, VectorError
from repscope.transform.older.means import read_mean, write_mean

MEAN = np.linspace(-0.1, 0.1, 12).astype(np.float32)
ABOUT = {"num_classes": 117, "clip_model": "ViT-B/16", "source": "adapted"}


def plain_pickle(path: Path) -> Any:
    with path.open("rb") as file:
        return pickle.load(file)


def plain_torch(path: Path) -> Any:
    return torch.load(path)


@pytest.mark.parametrize(("suffix", "load"), [(".pkl", plain_pickle), (".pt", plain_torch)])
def test_older_code_loads_what_is_written(tmp_path: Path, suffix: str, load: Callable[[Path], Any]) -> None:
    bare = load(write_mean(tmp_path / f"normalized_text_embed_mean{suffix}", MEAN))
    assert bare.shape == (1, 12)
    np.testing.assert_array_equal(np.asarray(bare)[0], MEAN)
    told = load(write_mean(tmp_path / f"hoi_text_mean_vit{suffix}", MEAN, scale=5, **ABOUT))
    np.testing.assert_array_equal(np.asarray(told.pop("text_mean")), MEAN)
    assert told == {**ABOUT, "scale_factor": 5.0}


@pytest.mark.parametrize("suffix", [".pkl", ".pt", ".json", ".safetensors"])
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    found = read_mean(write_mean(tmp_path / f"a{suffix}", MEAN[None], scale=7, **ABOUT))
    np.testing.assert_array_equal(found.mean, MEAN.astype(np.float64))
    assert found.mean.dtype == np.float64
    assert (found.scale, found.about) == (7.0, ABOUT)
    bare = read_mean(write_mean(tmp_path / f"b{suffix}", torch.from_numpy(MEAN)))
    np.testing.assert_array_equal(bare.mean, MEAN)
    assert (bare.scale, bare.about) == (None, {})


@pytest.mark.parametrize(
    "value",
    [
        {"text_mean": torch.from_numpy(MEAN), "num_classes": 3, "scale_factor": 5},
        {"text_mean": MEAN, "scale_factor": np.float32(5)},
        {"mean": MEAN[None].astype(np.float64), "scale_factor": 5.0, "extra": [1, 2]},
    ],
)
def test_what_the_older_code_pickles(tmp_path: Path, value: object) -> None:
    path = tmp_path / "hoi_text_mean_x.pkl"
    path.write_bytes(pickle.dumps(value))
    assert read_mean(path).scale == 5.0
    np.testing.assert_array_equal(read_mean(path).mean, MEAN)


def test_a_bare_tensor(tmp_path: Path) -> None:
    (tmp_path / "hoi_text_mean_x.pkl").write_bytes(pickle.dumps(torch.from_numpy(MEAN)[None]))
    np.testing.assert_array_equal(read_mean(tmp_path / "hoi_text_mean_x.pkl").mean, MEAN)


class _Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("ran",)


@pytest.mark.parametrize("suffix", [".pkl", ".pt"])
def test_code_is_refused(tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"mean{suffix}"
    if suffix == ".pkl":
        path.write_bytes(pickle.dumps({"text_mean": _Runs()}))
    else:
        torch.save({"text_mean": _Runs()}, path)
    with pytest.raises(UnsafePickleError, match="print"):
        read_mean(path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("suffix", [".pkl", ".pt", ".json", ".safetensors"])
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    path = write_mean(tmp_path / f"mean{suffix}", MEAN, scale=5)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(FormatError):
        read_mean(path)


def test_files_without_a_mean(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        read_mean(tmp_path / "none.pkl")
    with pytest.raises(FormatError, match="a mean file"):
        read_mean(tmp_path / "mean.npy")
    (tmp_path / "a.json").write_text('{"centre": [1, 2]}')
    with pytest.raises(FormatError, match="one of text_mean, image_mean, mean"):
        read_mean(tmp_path / "a.json")
    for text in ('{"mean": [[1, 2], [3, 4]]}', '{"mean": "x"}', '{"mean": []}', '{"mean": [NaN]}', "3"):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(FormatError, match=r"a mean \[D\] or \[1, D\]"):
            read_mean(tmp_path / "a.json")


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a suffix of"):
        write_mean(tmp_path / "mean.npy", MEAN)
    with pytest.raises(VectorError, match="one finite row"):
        write_mean(tmp_path / "mean.pkl", np.ones((2, 3)))
    with pytest.raises(InputError, match="a scale beside"):
        write_mean(tmp_path / "mean.pkl", MEAN, source="x")
    assert not list(tmp_path.iterdir())
