"""Saved bridges: bit for bit, whole or refused, and never code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import repscope as rs
from repscope.errors import ExistsError, FormatError, InputError, MissingError, StorageError, StudyError
from repscope.transform.base import Bridge
from repscope.transform.files import read_config
from repscope.transform.linear.normalise import Normalise
from repscope.transform.linear.ridge import Ridge
from repscope.transform.linear.second_order import Coral, GaussianTransport


def two_sets() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((40, 5)) + 1, rng.standard_normal((40, 5)) * 2


def saved(tmp_path: Path, bridge: Bridge | None = None) -> Path:
    x, y = two_sets()
    return (bridge or Ridge(0.5)).fit(x, y, on="row").save_pretrained(tmp_path / "bridge")


def rewrite(path: Path, **changes: Any) -> None:
    config = json.loads((path / "config.json").read_bytes()) | changes
    (path / "config.json").write_text(json.dumps(config))


def test_what_is_written(tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert sorted(one.name for one in path.iterdir()) == ["config.json", "model.safetensors"]
    config = read_config(path)
    assert config["schema"] == "repscope.bridge/1"
    assert (config["method"], config["params"]["penalty"]) == ("ridge", 0.5)
    assert (config["n_features_in"], config["n_features_out"]) == (5, 5)
    assert config["version"] == rs.__version__
    assert config["weights_sha256"] == hashlib.sha256((path / "model.safetensors").read_bytes()).hexdigest()
    assert config["provenance"]["pairs"] == 40
    assert [one.name for one in tmp_path.iterdir()] == ["bridge"]


def test_names_and_fingerprints_of_sets_are_kept(tmp_path: Path) -> None:
    x, y = two_sets()
    first, second = rs.EmbeddingSet("images", x), rs.EmbeddingSet("texts", y)
    path = Ridge().fit(first, second, on="id").save_pretrained(tmp_path / "bridge")
    about = rs.bridges.load(path).provenance_
    assert about["source"] == {"rows": 40, "width": 5, "name": "images", "fingerprint": first.fingerprint}
    assert (about["on"], about["target"]["name"]) == ("id", "texts")


def test_an_array_among_the_parameters(tmp_path: Path) -> None:
    mean = np.linspace(0, 0.1, 5)
    path = saved(tmp_path, Normalise(mean=mean))
    found = Normalise.from_pretrained(path)
    np.testing.assert_array_equal(found.mean, mean)
    assert found.label_ == "given mean"


def test_warnings_are_kept(tmp_path: Path) -> None:
    x, y = two_sets()
    bridge = GaussianTransport().fit(x[:4], y)
    assert bridge.warnings_
    assert rs.bridges.load(bridge.save_pretrained(tmp_path / "a")).warnings_ == bridge.warnings_


def test_saving_again_replaces_the_bridge_and_leaves_other_files(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (path / "notes.txt").write_text("mine")
    x, y = two_sets()
    Coral().fit(x, y).save_pretrained(path)
    assert isinstance(rs.bridges.load(path), Coral)
    assert (path / "notes.txt").read_text() == "mine"


def test_a_new_folder_may_be_deep(tmp_path: Path) -> None:
    x, y = two_sets()
    assert isinstance(rs.bridges.load(Coral().fit(x, y).save_pretrained(tmp_path / "a" / "b")), Coral)


def test_other_programs_folders_are_left_alone(tmp_path: Path) -> None:
    x, y = two_sets()
    bridge = Coral().fit(x, y)
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    with pytest.raises(ExistsError, match=r"another program's config\.json"):
        bridge.save_pretrained(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExistsError, match="got a file"):
        bridge.save_pretrained(tmp_path / "file")
    with pytest.raises(StorageError, match="a file where a folder is needed"):
        bridge.save_pretrained(tmp_path / "file" / "bridge")
    assert (tmp_path / "file").read_text() == "x"


def test_the_class_follows_from_the_file_or_must_fit(tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert isinstance(rs.bridges.load(path), Ridge)
    assert isinstance(Bridge.from_pretrained(path), Ridge)
    with pytest.raises(FormatError, match=r"a bridge of class Coral .* got ridge \(Ridge\)"):
        Coral.from_pretrained(path)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such folder"):
        rs.bridges.load(tmp_path / "none")
    path = saved(tmp_path)
    (path / "model.safetensors").unlink()
    with pytest.raises(MissingError, match=r"no model\.safetensors"):
        rs.bridges.load(path)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
def test_truncated_files(tmp_path: Path, name: str, share: float) -> None:
    path = saved(tmp_path)
    content = (path / name).read_bytes()
    (path / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FormatError):
        rs.bridges.load(path)


def test_weights_of_another_save(tmp_path: Path) -> None:
    path = saved(tmp_path)
    x, y = two_sets()
    other = Ridge(0.7).fit(x, y, on="row").save_pretrained(tmp_path / "other")
    (path / "model.safetensors").write_bytes((other / "model.safetensors").read_bytes())
    with pytest.raises(FormatError, match=r"that its config\.json was written with"):
        rs.bridges.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "repscope.bridge/9"}, "another program or version"),
        ({"method": "os.system"}, "which this version does not have"),
        ({"method": "../../ridge"}, "which this version does not have"),
        ({"method": ["ridge"]}, "which this version does not have"),
        ({"method": "coral"}, "TypeError"),
        ({"params": {"nonsense": 1}}, "TypeError"),
        ({"params": None}, "without parameters or widths"),
        ({"n_features_in": 6}, "source_mean of shape"),
        ({"n_features_out": "5"}, "without parameters or widths"),
        ({"n_features_in": -1}, "without parameters or widths"),
    ],
)
def test_altered_configs(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = saved(tmp_path)
    rewrite(path, **changes)
    with pytest.raises(FormatError, match=message):
        rs.bridges.load(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b"\xff\xfe", b"{" * 100_000, b'{"a": ' * 5000])
def test_configs_that_are_none(tmp_path: Path, content: bytes) -> None:
    path = saved(tmp_path)
    (path / "config.json").write_bytes(content)
    with pytest.raises(FormatError):
        rs.bridges.load(path)


def test_weights_with_nan(tmp_path: Path) -> None:
    from safetensors.numpy import load, save

    path = saved(tmp_path)
    weights = load((path / "model.safetensors").read_bytes())
    weights["matrix"] = weights["matrix"] * np.nan
    content = save(weights)
    (path / "model.safetensors").write_bytes(content)
    rewrite(path, weights_sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(FormatError, match="matrix holds NaN"):
        rs.bridges.load(path)


def test_what_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="a fitted ridge"):
        Ridge().save_pretrained(tmp_path / "a")
    x, y = two_sets()
    bridge = Ridge(0.5).fit(x, y, on="row")
    bridge.random_state = object()  # type: ignore[assignment]
    with pytest.raises(InputError, match="'random_state' that can be written as JSON"):
        bridge.save_pretrained(tmp_path / "a")
    assert not list(tmp_path.iterdir())
