"""One bridge of a study: how its training went, and trainings that were not finished."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from tests.verbs.bridge.conftest import fit
from typer.testing import CliRunner

from repscope.cli.main import app
from repscope.errors import InputError, MissingError
from repscope.plot.bridge.losses import plot_losses
from repscope.transform.store import stored
from repscope.verbs.bridge.info import bridge_info, save_losses
from repscope.verbs.info.info import info

TRAINED = {"steps": 40, "hidden": 8, "validation": 0.3, "batch_size": 16}


def test_losses_and_the_step_that_was_kept(study, tmp_path):
    fit(study, "net", "contrastive", params=TRAINED)
    found, bridge = bridge_info(study, "net"), stored(study, "net").load()
    training = found.training
    np.testing.assert_allclose(training.losses, bridge.losses_)
    assert training.validation[training.best_step] == min(training.validation.values())
    rows = list(csv.DictReader(io.StringIO(save_losses(found, tmp_path / "out").read_text())))
    by_step = {int(row["step"]): row for row in rows}
    assert [step for step in by_step if step] == list(range(1, 41))
    assert float(by_step[7]["loss"]) == pytest.approx(bridge.losses_[6])
    for step, loss in training.validation.items():
        assert float(by_step[step]["validation"]) == pytest.approx(loss)
    assert (tmp_path / "out" / "losses.png").stat().st_size > 5000
    result = CliRunner().invoke(app, ["bridge", "info", str(study.path), "net"])
    assert result.exit_code == 0
    assert f"40 steps in {training.seconds:.1f} s; kept: step {training.best_step:,}" in result.stdout


def test_what_is_drawn_is_the_mean_of_each_window():
    losses = np.linspace(3.0, 1.0, 600)
    (ax,) = plot_losses(tuple(losses), {0: 3.1, 300: 2.0, 600: 1.2}, 600).axes
    curves = {line.get_gid(): line for line in ax.lines}
    np.testing.assert_allclose(curves["training"].get_ydata(), losses.reshape(60, 10).mean(axis=1))
    np.testing.assert_allclose(curves["held-out"].get_ydata(), [3.1, 2.0, 1.2])
    with pytest.raises(InputError, match="losses of a training"):
        plot_losses((), {}, 0)


def test_a_closed_form_has_no_training(study, tmp_path):
    fit(study)
    found = bridge_info(study, "b")
    assert (found.training, found.unfinished, found.stored.method) == (None, (), "ridge")
    with pytest.raises(InputError, match="trained in this study"):
        save_losses(found, tmp_path)
    with pytest.raises(MissingError, match="no such bridge"):
        bridge_info(study, "c")


def test_a_killed_training_is_shown(study):
    class StopError(Exception):
        pass

    def stop(state):
        if state.done >= 520:
            raise StopError

    with pytest.raises(StopError):
        fit(study, "net", "contrastive", params={**TRAINED, "steps": 600}, progress=stop)
    found = bridge_info(study, "net")
    assert (found.stored, found.unfinished) == (None, (500,))
    assert info(study)["trainings"] == [{"name": "net", "step": 500}]
    result = CliRunner().invoke(app, ["info", str(study.path)])
    assert "bridge  net: a training that was killed, or runs now, at step 500" in result.stdout
    fit(study, "net", "contrastive", params={**TRAINED, "steps": 600})
    assert info(study)["trainings"] == []
