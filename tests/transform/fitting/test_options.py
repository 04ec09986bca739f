"""Options of a training: checked, kept in one file, read back."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from repscope.errors import FormatError, InputError, MissingError, UnknownNameError
from repscope.transform.fitting import TrainOptions


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("steps", 0, "a whole number of at least 1"),
        ("steps", 1.5, "a whole number of at least 1"),
        ("batch_size", True, "a whole number of at least 1"),
        ("accumulate", 0, "a whole number of at least 1"),
        ("warmup", -1, "a whole number of at least 0"),
        ("keep", 0, "a whole number of at least 1"),
        ("patience", 0, "a whole number of at least 1"),
        ("seed", -1, "a whole number of at least 0"),
        ("learning_rate", 0.0, "a finite number above 0"),
        ("learning_rate", None, "a finite number above 0"),
        ("learning_rate", float("nan"), "a finite number above 0"),
        ("clip_norm", -1.0, "a finite number above 0"),
        ("weight_decay", -0.1, "a finite number of at least 0"),
        ("validation", 1.0, "from 0 to below 1"),
        ("ema", 1.0, "from 0 to below 1"),
        ("betas", (0.9, 1.0), "from 0 to below 1"),
        ("betas", (0.9,), "two numbers"),
        ("amp", "half", "no or bf16 or fp16"),
        ("schedule", "step", "constant or cosine"),
        ("validation_by", "row", "cluster or class"),
    ],
)
def test_values_out_of_range(name: str, value: Any, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        TrainOptions(**{name: value})
    assert caught.value.expected == f"{name}: {expected}"
    assert caught.value.got == repr(value)


def test_options_that_need_another() -> None:
    with pytest.raises(InputError, match="a validation share for early stopping"):
        TrainOptions(patience=3)
    with pytest.raises(InputError, match="a folder for the checkpoints"):
        TrainOptions(checkpoint_every=10)


@pytest.mark.parametrize("form", ["json", "toml"])
def test_one_file_gives_the_options(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"options.{form}"
    texts = {
        "json": '{"options": {"steps": 7, "betas": [0.8, 0.9]}}',
        "toml": "steps = 7\nbetas = [0.8, 0.9]",
    }
    file.write_text(texts[form])
    assert TrainOptions.from_file(file) == TrainOptions(steps=7, betas=(0.8, 0.9))


def test_the_file_that_is_written_is_read_again(tmp_path: Path) -> None:
    options = TrainOptions(steps=9, ema=0.9, validation=0.2, patience=2, checkpoints=tmp_path / "c")
    options.to_file(tmp_path / "o.json")
    again = TrainOptions.from_file(tmp_path / "o.json")
    assert again == dataclasses.replace(options, checkpoints=str(tmp_path / "c"))
    assert set(json.loads((tmp_path / "o.json").read_text())["options"]) == {
        field.name for field in dataclasses.fields(TrainOptions)
    }


def test_files_that_give_none(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        TrainOptions.from_file(tmp_path / "absent.json")
    (tmp_path / "bad.toml").write_text("steps = ")
    with pytest.raises(FormatError, match="JSON or TOML"):
        TrainOptions.from_file(tmp_path / "bad.toml")
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(FormatError, match="names and values"):
        TrainOptions.from_file(tmp_path / "list.json")
    with pytest.raises(UnknownNameError, match="got lr; do: correct the names"):
        TrainOptions.of({"lr": 0.1})


def test_the_learning_rate_of_each_step() -> None:
    plain = TrainOptions(steps=10, learning_rate=1.0, warmup=4)
    assert [plain.rate(step) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    falling = TrainOptions(steps=12, learning_rate=1.0, warmup=4, schedule="cosine")
    assert falling.rate(4) == 1.0
    assert falling.rate(8) == pytest.approx(0.5)
    assert falling.rate(12) == pytest.approx(0.0)


def test_what_a_resumed_training_must_share() -> None:
    assert "steps" not in TrainOptions().fixed()
    assert "steps" in TrainOptions(schedule="cosine").fixed()
    assert not {"checkpoints", "keep", "checkpoint_every", "device"} & set(TrainOptions().fixed())
