"""A small training in a process of its own, which may be killed in the middle.

``python -m helpers.training FOLDER OPTIONS [KILL_AT]``; CHILD_DROPOUT in the environment is the
network's dropout.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from repscope.text.progress import Progress
from repscope.transform.fitting import Batch, Draws, TrainingRows, TrainOptions, train
from repscope.transform.inputs import Rows


class Noisy:
    """Mean square error of predicting the target from a source with noise."""

    def loss(self, network: nn.Module, batch: Batch, draws: Draws) -> Tensor:
        """The mean over the rows of a batch."""
        assert batch.source is not None
        assert batch.target is not None
        noisy = batch.source + 0.3 * draws.normal(batch.source.shape[1])
        loss: Tensor = (network(noisy) - batch.target).square().mean()
        return loss


def problem(n: int = 60, d: int = 5) -> TrainingRows:
    """Pairs of rows with a linear map between them."""
    rng = np.random.default_rng(3)
    source = rng.normal(size=(n, d)).astype(np.float32)
    target = (source @ rng.normal(size=(d, d))).astype(np.float32)
    index = np.arange(n)
    return TrainingRows(Rows(source, "s"), Rows(target, "t"), pairs=(index, index))


def network(d: int = 5, seed: int = 0, dropout: float = 0.2) -> nn.Module:
    """A small network that draws at random as it trains."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(d, 16), nn.GELU(), nn.Dropout(dropout), nn.Linear(16, d))


def main(folder: Path, options: dict[str, object], kill_at: int | None) -> None:
    """Train, and leave the result of this process in a folder; or die of SIGKILL at a step."""

    def watch(progress: Progress) -> None:
        if progress.done == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    rank = os.environ.get("RANK", "0")
    dropout = float(os.environ.get("CHILD_DROPOUT", "0.2"))
    trained = train(
        # Each process starts with weights of its own: the first one's must win.
        network(seed=int(rank), dropout=dropout),
        Noisy(),
        problem(),
        TrainOptions.of(options),
        progress=watch,
    )
    save_file(
        {
            "losses": torch.from_numpy(trained.losses),
            **{f"network.{name}": t for name, t in trained.network.state_dict().items()},
            **{f"ema.{name}": t for name, t in trained.averaged.state_dict().items()},
        },
        folder / f"result-{rank}.safetensors",
    )
    (folder / f"resumed-{rank}.json").write_text(json.dumps(trained.resumed_from))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
