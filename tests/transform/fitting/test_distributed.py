"""Several processes: those that torchrun starts do what one does with their batches together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from helpers.training import Noisy, network, problem
from repscope.transform.fitting import TrainOptions, train
from repscope.transform.fitting.distributed import processes


def test_one_process_alone() -> None:
    with processes("cpu") as group:
        assert (group.rank, group.size, group.device) == (0, 1, "cpu")
        assert group.mean(0.25) == 0.25
        assert group.from_first(7) == 7


def test_two_processes_of_batch_b_are_one_of_2b(tmp_path: Path) -> None:
    """Rank 0 writes, both end with the same weights, and a resumed pair repeats itself."""
    options = {
        "steps": 40,
        "batch_size": 6,
        "accumulate": 2,
        "learning_rate": 0.01,
        "ema": 0.9,
        "validation": 0.2,
        "validate_every": 20,
        "checkpoints": str(tmp_path / "c"),
        "checkpoint_every": 10,
    }
    started = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
            *("-m", "helpers.training", str(tmp_path), json.dumps(options)),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CHILD_DROPOUT": "0"},
    )
    assert started.returncode == 0, started.stderr
    first, second = (load_file(tmp_path / f"result-{rank}.safetensors") for rank in range(2))
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name

    alone = train(
        network(dropout=0),
        Noisy(),
        problem(),
        TrainOptions.of(
            {**options, "batch_size": 12, "accumulate": 2, "checkpoints": None, "checkpoint_every": None}
        ),
    )
    assert torch.allclose(first["losses"], torch.from_numpy(alone.losses), rtol=1e-4)
    for name, tensor in alone.network.state_dict().items():
        assert torch.allclose(first[f"network.{name}"], tensor, atol=1e-5), name
    for name, tensor in alone.averaged.state_dict().items():
        assert torch.allclose(first[f"ema.{name}"], tensor, atol=1e-5), name
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == [
        "config.json",
        *(f"step-000000{step}.safetensors" for step in (20, 30, 40)),
    ]
