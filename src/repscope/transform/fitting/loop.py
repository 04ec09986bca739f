"""The training loop: one for all methods, resumable to the same numbers, on one process or several.

Each step's rows, noise and dropout are functions of the seed and the step, so a training that was killed
and is resumed from a checkpoint gives, on the CPU and with the same number of threads, bit for bit what
an unbroken one gives. Several processes (``torchrun``) take consecutive parts of each step's rows and
average their gradients: two of batch b do what one of batch 2b does, up to rounding, for a loss that is
a mean over rows. A loss that compares the rows of a batch with each other sees the rows of one process.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from repscope.errors import ModelError, RepscopeError
from repscope.text.progress import OnProgress, Progress
from repscope.transform.fitting.checkpoint import Checkpoint, Checkpoints
from repscope.transform.fitting.distributed import Processes, processes
from repscope.transform.fitting.draws import LAYERS, NOISE, VALIDATION, Draws, derived_seed
from repscope.transform.fitting.ema import MovingAverage
from repscope.transform.fitting.options import TrainOptions
from repscope.transform.fitting.records import Objective, Stopped, Trained
from repscope.transform.fitting.rows import Batch, Split, TrainingRows
from repscope.transform.fitting.state import LossModule, describe, finite, pack_optimizer, unpack_optimizer


def train(
    network: nn.Module,
    objective: Objective,
    rows: TrainingRows,
    options: TrainOptions,
    *,
    settings: Mapping[str, Any] | None = None,
    progress: OnProgress | None = None,
) -> Trained:
    """Train a network in place.

    Args:
        network: with its first weights (a folder of checkpoints that holds some replaces them).
        objective: the loss.
        rows: the examples.
        options: how.
        settings: of the method, as JSON has them; kept beside the weights, and a training resumes only
            with the same.
        progress: called after each step, in the first process only.

    Raises:
        ModelError: the loss, the gradient or the weights are no longer finite; the step and the last
            good checkpoint are named.
        StorageError: checkpoints cannot be written; those before are untouched.
        StudyError: the folder holds checkpoints of another training.
        FormatError: the newest checkpoint is damaged.
        VectorError: too few clusters or classes to hold some out.
    """
    with processes(options.device) as group, ExitStack() as stack:
        on_gpu = [torch.device(group.device)] if group.device.startswith("cuda") else []
        stack.enter_context(torch.random.fork_rng(on_gpu))
        run = _Run(network, objective, rows, options, group)
        run.prepare(dict(settings or {}))
        return run.go(progress if group.rank == 0 else None)


class _Run:
    """One training in one process."""

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        rows: TrainingRows,
        options: TrainOptions,
        group: Processes,
    ) -> None:
        self._network = network.to(group.device).train()
        group.share(self._network)
        self._objective, self._rows, self._options, self._group = objective, rows, options, group
        self._split = Split(rows, options)
        self._ema = None if options.ema is None else MovingAverage(self._network, options.ema)
        self._optimizer = torch.optim.AdamW(
            self._network.parameters(),
            lr=options.learning_rate,
            betas=options.betas,
            weight_decay=options.weight_decay,
        )
        kind = group.device.partition(":")[0]
        self._scaler = torch.amp.GradScaler(kind, enabled=options.amp == "fp16")
        self._autocast: AbstractContextManager[Any] = nullcontext()
        if options.amp != "no":
            number = torch.bfloat16 if options.amp == "bf16" else torch.float16
            # Its cache of cast weights would outlive an update of them inside accumulated passes.
            self._autocast = torch.autocast(kind, number, cache_enabled=False)
        self._store: Checkpoints | None = None
        self._config: dict[str, Any] = {}
        self._step, self._first, self._saved = 0, 0, -1
        self._losses: list[float] = []
        self._validation: dict[int, float] = {}
        self._best: dict[str, Tensor] = {}
        self._best_step: int | None = None
        self._before, self._began = 0.0, time.monotonic()
        self._stopped: Stopped | None = None

    def prepare(self, settings: dict[str, Any]) -> None:
        """Open the folder of checkpoints and resume from the newest."""
        if self._options.checkpoints is None:
            return
        self._config = {
            "options": self._options.fixed(),
            "settings": settings,
            "network": describe(self._network),
            "processes": self._group.size,
            "data": self._rows.fingerprint(),
        }
        error: RepscopeError | None = None
        newest = 0
        if self._group.rank == 0:
            try:
                self._store = Checkpoints(self._options.checkpoints, self._options.keep)
                newest = max(self._store.steps(), default=0)
                if newest:
                    self._store.check(self._store.read(newest).config, self._config)
                self._store.start({**self._config, "options": self._options.as_dict()})
            except RepscopeError as problem:
                error = problem
        self._group.all_or_none(error)
        newest = self._group.from_first(newest)
        if self._store is None:
            self._store = Checkpoints(self._options.checkpoints, self._options.keep)
        if newest:
            self._resume(self._store.read(newest))

    def go(self, progress: OnProgress | None) -> Trained:
        """Train to the end."""
        with _parallel(LossModule(self._network, self._objective), self._group.size) as parallel:
            return self._train(parallel, progress)

    def _train(self, parallel: nn.Module, progress: OnProgress | None) -> Trained:
        if not self._validation and self._step == 0:
            self._validate()
        while self._step < self._options.steps and self._stopped is None:
            self._update(parallel)
            self._after_update()
            if progress is not None:
                progress(self._progress())
        if self._stopped is None:
            self._stopped = "steps"
        if self._step != self._saved:
            self._save()
        return self._finish()

    def _after_update(self) -> None:
        options = self._options
        if self._ema is not None and self._step % options.ema_every == 0:
            self._ema.update(self._network)
        if self._step % options.validate_every == 0 or self._step == options.steps:
            self._validate()
        every = options.checkpoint_every
        if every is not None and self._step % every == 0 and self._stopped is None:
            self._save()

    def _update(self, parallel: nn.Module) -> None:
        """One step: gradients of all passes, averaged, clipped, and Adam."""
        options = self._options
        self._optimizer.zero_grad(set_to_none=True)
        for settings in self._optimizer.param_groups:
            settings["lr"] = options.rate(self._step)
        total = 0.0
        for number in range(options.accumulate):
            place = (self._step * options.accumulate + number) * self._group.size + self._group.rank
            batch = self._split.batch(place * options.batch_size, self._group.device)
            last = number == options.accumulate - 1
            # Gradients need to be exchanged once for each update, not for each pass.
            quiet = nullcontext() if last or self._group.size == 1 else _unsynced(parallel)
            with quiet:
                with self._autocast:
                    loss = parallel(batch, self._draws(batch, NOISE, self._step, number))
                self._scaler.scale(loss / options.accumulate).backward()
            total += float(loss.detach()) / options.accumulate
        total = self._group.mean(total)
        if not math.isfinite(total):
            raise self._diverged("loss", total, self._step + 1)
        self._scaler.unscale_(self._optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self._network.parameters(), options.clip_norm or math.inf)
        # Under fp16 an overflow is no failure: the scaler skips the update and lowers its scale.
        if not self._scaler.is_enabled() and not bool(torch.isfinite(norm)):
            raise self._diverged("gradient", float(norm), self._step + 1)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._losses.append(total)
        self._step += 1

    def _draws(self, batch: Batch, purpose: int, *numbers: int) -> Draws:
        seed = self._options.seed
        training = purpose == NOISE
        rank, size = (self._group.rank, self._group.size) if training else (0, 1)
        # Dropout draws from torch's own generator, which is put back at the end.
        torch.manual_seed(derived_seed(seed, LAYERS, purpose, rank, *numbers))
        return Draws(
            derived_seed(seed, purpose, *numbers),
            batch.size,
            device=self._group.device,
            rank=rank,
            processes=size,
        )

    def _validate(self) -> None:
        """Mean loss of the rows held out; the same draws each time, so that only the weights differ."""
        if not len(self._split.held):
            return
        network = self._network if self._ema is None else self._ema.network
        network.eval()
        total = 0.0
        with torch.no_grad(), self._autocast:
            for number, batch in enumerate(self._split.validation(self._group.device)):
                loss = self._objective.loss(network, batch, self._draws(batch, VALIDATION, number))
                total += float(loss) * batch.size
        self._network.train()
        mean = self._group.mean(total / len(self._split.held))
        if not math.isfinite(mean):
            raise self._diverged("validation loss", mean, self._step)
        self._validation[self._step] = mean
        if self._best_step is None or mean < self._validation[self._best_step]:
            self._best_step, self._best = self._step, self._weights()
        past = sum(step > self._best_step for step in self._validation)
        if self._options.patience is not None and past >= self._options.patience:
            self._stopped = "patience"

    def _weights(self) -> dict[str, Tensor]:
        named = {f"network.{name}": t for name, t in self._network.state_dict().items()}
        if self._ema is not None:
            named |= {f"ema.{name}": t for name, t in self._ema.network.state_dict().items()}
        return {name: t.detach().clone() for name, t in named.items()}

    def _save(self) -> None:
        """Write a checkpoint in the first process; all fail if it fails."""
        if self._store is None:
            return
        error: RepscopeError | None = None
        if self._group.rank == 0:
            tensors = self._weights()
            optimizer = pack_optimizer(self._optimizer)
            if not finite([*tensors.values(), *optimizer.values()]):
                error = self._diverged("set of weights", math.nan, self._step)
            else:
                tensors |= {f"best.{name}": t for name, t in self._best.items()}
                tensors |= {f"optimizer.{name}": t for name, t in optimizer.items()}
                tensors["losses"] = torch.tensor(self._losses, dtype=torch.float64)
                try:
                    self._store.write(Checkpoint(self._step, tensors, self._config, self._record()))
                except RepscopeError as problem:
                    error = problem
        self._group.all_or_none(error)
        self._saved = self._step

    def _record(self) -> dict[str, Any]:
        return {
            "validation": {str(step): loss for step, loss in self._validation.items()},
            "best_step": self._best_step,
            "seconds": self._seconds,
            "stopped": self._stopped,
            "ema_updates": 0 if self._ema is None else self._ema.updates,
            "scaler": self._scaler.state_dict(),
        }

    def _resume(self, found: Checkpoint) -> None:
        self._network.load_state_dict(found.part("network"))
        if self._ema is not None:
            self._ema.network.load_state_dict(found.part("ema"))
            self._ema.updates = found.record["ema_updates"]
        unpack_optimizer(self._optimizer, found.part("optimizer"))
        if self._scaler.is_enabled():
            self._scaler.load_state_dict(found.record["scaler"])
        self._best = {name: t.to(self._group.device) for name, t in found.part("best").items()}
        self._losses = found.tensors["losses"].tolist()
        self._validation = {int(step): loss for step, loss in found.record["validation"].items()}
        self._best_step, self._before = found.record["best_step"], found.record["seconds"]
        self._step = self._first = self._saved = found.step
        self._stopped = "patience" if found.record["stopped"] == "patience" else None

    @property
    def _seconds(self) -> float:
        return self._before + time.monotonic() - self._began

    def _progress(self) -> Progress:
        rate = (self._step - self._first) / max(time.monotonic() - self._began, 1e-9)
        newest = self._validation[max(self._validation)] if self._validation else None
        numbers = {"loss": self._losses[-1], "rate": rate}
        note = f"loss {self._losses[-1]:.4g}"
        if newest is not None:
            numbers["validation"] = newest
            note += f", held out {newest:.4g}"
        steps = self._options.steps
        return Progress("train", self._step, steps, (steps - self._step) / rate, note, numbers=numbers)

    def _diverged(self, what: str, value: float, step: int) -> ModelError:
        kept = "no checkpoint was written yet"
        if self._store is not None and self._saved > 0:
            kept = f"the last good checkpoint is {self._store.path(self._saved)}"
        return ModelError(
            f"a finite {what}",
            f"{value} at step {step} of {self._options.steps}",
            f"lower the learning rate (now {self._options.learning_rate:g}), set clip_norm or amp='no', and "
            f"check the rows; {kept}",
        )

    def _finish(self) -> Trained:
        if self._best:
            self._network.load_state_dict(
                {n.removeprefix("network."): t for n, t in self._best.items() if n.startswith("network.")}
            )
            if self._ema is not None:
                self._ema.network.load_state_dict(
                    {n.removeprefix("ema."): t for n, t in self._best.items() if n.startswith("ema.")}
                )
        assert self._stopped is not None
        path: Path | None = None if self._store is None else self._store.path(self._saved)
        return Trained(
            network=self._network.eval(),
            ema=None if self._ema is None else self._ema.network,
            losses=np.asarray(self._losses, np.float64),
            validation=dict(self._validation),
            best_step=self._step if self._best_step is None else self._best_step,
            steps=self._step,
            seconds=self._seconds,
            stopped=self._stopped,
            checkpoint=path,
            resumed_from=self._first,
        )


@contextmanager
def _parallel(module: nn.Module, size: int) -> Iterator[nn.Module]:
    """The module, wrapped where several processes train it; nothing of the wrapper is left on its parameters.

    Its hooks would keep the group of processes alive until Python ends, when gloo's threads abort it.
    """
    if size == 1:
        yield module
        return
    wrapped = DistributedDataParallel(module)
    try:
        yield wrapped
    finally:
        wrapped._remove_autograd_hooks()  # type: ignore[no-untyped-call]  # torch's own


def _unsynced(parallel: nn.Module) -> AbstractContextManager[Any]:
    assert isinstance(parallel, DistributedDataParallel)
    return parallel.no_sync()
