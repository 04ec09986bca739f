"""Training a head, and a quantiser before it, on frozen features, by Lightning."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Sampler, TensorDataset

from repscope.errors import DependencyError, ExistsError
from repscope.segmentation.networks import SAMPLE, Segmenter, segmentation_loss
from repscope.segmentation.runs import RunConfig
from repscope.study.storage import make_folder, write_bytes

ASKED, LAST = "asked.json", "last.ckpt"


class Shuffled(Sampler[int]):
    """An order that seed and epoch decide alone, so that all runs of a seed see the same batches."""

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed, self.epoch = count, seed, 0

    def __iter__(self) -> Iterator[int]:
        return iter(np.random.default_rng((self._seed, self.epoch)).permutation(self._count).tolist())

    def __len__(self) -> int:
        return self._count

    def set_epoch(self, epoch: int) -> None:
        """Lightning says which epoch comes."""
        self.epoch = epoch


def train_run(
    config: RunConfig,
    features: NDArray[np.float32],
    masks: Tensor,
    folder: Path,
    *,
    overwrite: bool = False,
    tell: Callable[[int, int, float], None] | None = None,
) -> tuple[RunConfig, Segmenter]:
    """Train; a killed training goes on from its last epoch.

    Args:
        config: what is asked.
        features: [N, C, h, w] of the training pictures.
        masks: [N, H, W] classes, −1 where a pixel does not count.
        folder: of the run.
        overwrite: begin anew where the folder holds another run.
        tell: called after every step with its number, all of them, and the loss.

    Returns:
        The config with the losses of all steps, and the network.

    Raises:
        ExistsError: the folder holds a run that was asked otherwise.
        DependencyError: Lightning is not there.
    """
    lightning = _lightning()
    make_folder(folder)
    last = _continued(config, folder, overwrite)
    network = config.network()
    if last is None:
        rng = np.random.default_rng(config.seed)
        some = max(1, min(len(features), SAMPLE // max(1, features.shape[2] * features.shape[3])))
        rows = np.sort(rng.permutation(len(features))[:some])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            network.begin(torch.from_numpy(np.array(features[rows])))
    module = _module(lightning, config, network, tell)
    loader = DataLoader(
        TensorDataset(torch.from_numpy(np.array(features)), masks),
        batch_size=config.batch_size,
        sampler=Shuffled(len(features), config.seed),
    )
    module.total = config.epochs * len(loader) if config.limit_steps is None else config.limit_steps
    keep = lightning.pytorch.callbacks.ModelCheckpoint(dirpath=folder, save_last=True, save_top_k=0)
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")
        torch.manual_seed(config.seed)
        trainer = lightning.pytorch.Trainer(
            max_epochs=config.epochs,
            max_steps=-1 if config.limit_steps is None else config.limit_steps,
            accelerator="auto",
            devices=1,
            logger=False,
            callbacks=[keep],
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            deterministic=True,
            default_root_dir=folder,
        )
        trainer.fit(module, loader, ckpt_path=last, weights_only=True)
    return replace(config, losses=tuple(module.losses)), network.cpu().eval()


def _continued(config: RunConfig, folder: Path, overwrite: bool) -> str | None:
    """The checkpoint of the same run, if there is one; another run is refused."""
    file = folder / ASKED
    asked = json.dumps(asdict(replace(config, losses=())), ensure_ascii=False, sort_keys=True)
    if file.is_file() and not overwrite:
        if file.read_text("utf-8") != asked:
            raise ExistsError(
                f"this run, or none, at {folder}", "a run that was asked otherwise", "pass --overwrite"
            )
        return str(folder / LAST) if (folder / LAST).is_file() else None
    for name in (LAST, "model.safetensors", "config.json"):
        (folder / name).unlink(missing_ok=True)
    write_bytes(file, asked.encode())
    return None


def _module(lightning: Any, config: RunConfig, network: Segmenter, tell: Any) -> Any:
    class Training(lightning.pytorch.LightningModule):  # type: ignore[misc]  # known at run time only
        """The loop of one run."""

        def __init__(self) -> None:
            super().__init__()
            self.network, self.total = network, 0
            self.losses: list[float] = []

        def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
            features, truth = batch
            logits, _codes, own = self.network(features)
            large = functional.interpolate(logits, truth.shape[1:], mode="bilinear", align_corners=False)
            task = segmentation_loss(config.loss, large, truth)
            self.losses.append(float(task.detach()))
            if tell is not None:
                tell(len(self.losses), self.total, self.losses[-1])
            whole: Tensor = task + config.vq_weight * own
            return whole

        def configure_optimizers(self) -> Any:
            return torch.optim.AdamW(self.network.parameters(), lr=config.lr)

        def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
            checkpoint["losses"] = list(self.losses)

        def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
            self.losses = list(checkpoint["losses"])

    return Training()


def _lightning() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import lightning
            import lightning.pytorch
    except ImportError as error:
        raise DependencyError(
            "lightning, which trains", f"{type(error).__name__}: {error}", "pip install 'repscope[training]'"
        ) from error
    return lightning
