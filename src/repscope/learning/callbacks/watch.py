"""``watch = rs.Watch(study, model, probe)`` and ``watch(step)``: a training that is recorded as a study."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from repscope.errors import ExistsError, InputError
from repscope.learning.callbacks.collapse import PATIENCE, Collapsed, CollapseRule, Openness, openness
from repscope.learning.callbacks.gradients import gradient_flow
from repscope.learning.callbacks.probe import Probe
from repscope.learning.callbacks.readings import NEIGHBOURS, read_rows
from repscope.study import Study
from repscope.study.storage import make_folder, read_bytes, storage_errors, write_bytes

if TYPE_CHECKING:
    from torch import nn

    from repscope.extraction.capture.points import Pool

LOG = "log.jsonl"
_LOGGER = logging.getLogger("repscope")
_SET = re.compile(r"(.+)_(\d{6,})")


class Watch:
    """Record a training every so many steps: rows as sets of a study, measures and gradients as a log.

    The training stays the same to the bit: modes, buffers, gradients, random states and autocast's cache are
    as before after each reading. Each reading is a set ``POINT_STEP`` of the study, in the stage order
    ``POINT``, so that ``repscope drift STUDY POINT`` follows the training; and a line of :attr:`log`, which
    ``repscope training`` reads.

    Args:
        study: where the sets go; a folder that is made, or an open study.
        model: that trains, on its device.
        probe: the same items every time: a tensor [N, …], a tuple of them, a mapping of them by keyword, or
            a callable ``probe(model)`` that runs them.
        layer: capture points as of ``rs.capture``: a module's path (its output), a list, or a mapping from
            names to points; the model's output by default.
        every: steps from reading to reading.
        labels: [N] classes of the items, for ``knn.accuracy``.
        ids: [N] of the items.
        pool: of outputs with tokens: "cls", "mean", ….
        gradients: log mean and largest gradient of each layer.
        patience: readings in a row that have to agree on a collapse.
        neighbours: that vote in ``knn.accuracy``.
        batch_size: items of the probe in a forward pass.
        resume: go on with what an earlier run recorded; its readings from the first new step on are replaced.
        seed: of what the model draws while the probe runs.

    Attributes:
        collapse: the first that was seen, with its step; None while there is none.
        log: a line of JSON a reading.
        every: steps from reading to reading.

    Raises:
        ExistsError: the study holds readings of these names, without ``resume``.
        ModelError: a point that names no module; TorchScript.
        InputError: a probe of another form, labels of another number.

    Example:
        >>> watch = rs.Watch("run", model, images, layer="encoder", labels=classes, every=100)
        >>> for step, batch in enumerate(loader):
        ...     loss_of(model, batch).backward()
        ...     if watch(step):  # a collapse, with its step; otherwise None
        ...         break
        ...     optimiser.step(); optimiser.zero_grad()
    """

    def __init__(
        self,
        study: str | Path | Study,
        model: nn.Module,
        probe: Any,
        layer: str | Sequence[str] | Mapping[str, str] = "",
        *,
        every: int = 100,
        labels: ArrayLike | None = None,
        ids: ArrayLike | None = None,
        pool: Pool | None = None,
        gradients: bool = True,
        patience: int = PATIENCE,
        neighbours: int = NEIGHBOURS,
        batch_size: int = 256,
        resume: bool = False,
        seed: int = 0,
    ) -> None:
        if every < 1 or patience < 1 or batch_size < 1 or neighbours < 1:
            raise InputError(
                "every, patience, neighbours and batch_size of 1 or more",
                f"{every}, {patience}, {neighbours} and {batch_size}",
                "raise them",
            )
        self.every, self.collapse = every, None
        self._study = study if isinstance(study, Study) else Study(study)
        self._probe = Probe(model, probe, layer, pool=pool, batch_size=batch_size, seed=seed)
        self._rules = {name: CollapseRule(name, patience) for name in self._probe.names}
        self._items: dict[str, Any] = {}
        if ids is not None:
            self._items["id"] = np.asarray(ids)
        self._labels: NDArray[np.int64] | None = None
        if labels is not None:
            self._items["label"] = np.asarray(labels)
            self._labels = np.unique(self._items["label"], return_inverse=True)[1].astype(np.int64)
        self._gradients, self._neighbours = gradients, neighbours
        self._stages = {name: self._recorded(name) for name in self._probe.names}
        self.log: Path = self._study.results("watch", self._probe.names[0]) / LOG
        self._last: int | None = None
        self._begun = self._told = False
        there = [name for each in self._stages.values() for name in each]
        if there and not resume:
            raise ExistsError(
                f"no readings of {', '.join(self._probe.names)} in {self._study.path}",
                f"{len(there)} ({there[0]} …)",
                "pass resume=True to go on, or another study, or layer={'other': 'module'}",
            )

    collapse: Collapsed | None

    def __call__(self, step: int, **numbers: Any) -> Collapsed | None:
        """Read the model if this step is due. Call it after ``backward()`` and before ``zero_grad()``.

        Args:
            step: of the training, counted from 0; rising.
            numbers: logged beside, such as ``loss=loss``.

        Returns:
            The collapse, once there is one.

        Raises:
            StorageError: the disk refuses.
        """
        if step % self.every == 0:
            self.read(step, **numbers)
        return self.collapse

    def read(self, step: int, *, gradients: bool = True, **numbers: Any) -> dict[str, float]:
        """Read the model now; {} if this step was read already.

        Args:
            step: of the training.
            gradients: those of the moment belong to this step.
            numbers: logged beside.

        Returns:
            What was logged.
        """
        if step == self._last:
            return {}
        if not self._begun:
            self._begin(step)
        elif self._last is not None and step < self._last:
            raise InputError(f"a step after {self._last:,}", f"{step:,}", "make a Watch with resume=True")
        self._last = step
        reading: dict[str, float] = {name: _number(value) for name, value in numbers.items()}
        rows = self._probe.rows()
        for name, x in rows.items():
            head = f"{name}/" if len(rows) > 1 else ""
            reading |= {f"{head}{key}": value for key, value in self._read_point(step, name, x).items()}
        if self._gradients and gradients:
            flow = gradient_flow(self._probe.model)
            if not flow and not self._told:
                self._told = True
                _LOGGER.warning(
                    f"no gradients at step {step:,}: call watch(step) between backward() and zero_grad()"
                )
            reading |= {f"grad.mean/{layer}": mean for layer, (mean, _) in flow.items()}
            reading |= {f"grad.max/{layer}": top for layer, (_, top) in flow.items()}
        with storage_errors(self.log), self.log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **reading}) + "\n")
        return reading

    def _read_point(self, step: int, name: str, x: NDArray[Any]) -> dict[str, float]:
        for column, values in self._items.items():
            if len(values) != len(x):
                raise InputError(
                    f"a {column} for each of the {len(x):,} rows of {name}",
                    f"{len(values):,}",
                    "give as many",
                )
        finite = bool(np.isfinite(x).all())
        now = openness(x) if finite else None
        seen = self._rules[name].see(step, now)
        if seen is not None and self.collapse is None:
            self.collapse = seen
            _LOGGER.warning(str(seen))
        if now is None:
            return {"rows.finite": float(np.isfinite(x).all(axis=1).mean())}
        self._keep(step, name, x)
        openness_read = {"collapse.spread": now.spread}
        if now.directions is not None:
            openness_read["collapse.directions"] = now.directions
        return {**read_rows(x, self._labels, k=self._neighbours), **openness_read}

    def _keep(self, step: int, name: str, x: NDArray[Any]) -> None:
        own = f"{name}_{step:06d}"
        self._study.add(own, x, self._items or None, provenance={"watch": {"point": name, "step": step}})
        self._stages[name].append(own)
        if len(self._stages[name]) > 1:
            self._study.configure(stages={**self._study.stages, name: self._stages[name]})

    def _recorded(self, name: str) -> list[str]:
        found = [
            (int(match[2]), one) for one in self._study if (match := _SET.fullmatch(one)) and match[1] == name
        ]
        return [one for _, one in sorted(found)]

    def _begin(self, step: int) -> None:
        """Take away what an earlier run recorded from this step on, and read what it saw before."""
        self._begun = True
        self._study.create()
        make_folder(self.log.parent)
        for name, sets in self._stages.items():
            gone = [one for one in sets if int(one.rpartition("_")[2]) >= step]
            self._stages[name] = [one for one in sets if one not in gone]
            stages = dict(self._study.stages)
            if gone and name in stages:
                # No order may name a set that is not there.
                del stages[name]
                if len(self._stages[name]) > 1:
                    stages[name] = self._stages[name]
                self._study.configure(stages=stages)
            for one in gone:
                self._study.remove(one)
        written = read_bytes(self.log) or b""
        whole = written[: written.rfind(b"\n") + 1]
        if whole != written:
            write_bytes(self.log, whole)
        several = len(self._rules) > 1
        for record in map(json.loads, whole.splitlines()):
            for name, rule in self._rules.items():
                head = f"{name}/" if several else ""
                spread = record.get(f"{head}collapse.spread")
                if record["step"] < step and spread is not None:
                    rule.see(
                        record["step"], Openness("none", spread, record.get(f"{head}collapse.directions"))
                    )

    def lightning(self, *, stop_on_collapse: bool = False) -> Any:
        """A callback for Lightning's ``Trainer``; readings before the optimizer's steps, and one at the end.

        Args:
            stop_on_collapse: end the training there.

        Raises:
            DependencyError: Lightning is not installed.
        """
        from repscope.learning.callbacks.adapters import lightning_callback

        return lightning_callback(self, stop=stop_on_collapse)

    def transformers(self, *, stop_on_collapse: bool = False) -> Any:
        """A callback for the ``Trainer`` of transformers; gradients are those after clipping.

        Args:
            stop_on_collapse: end the training there.

        Raises:
            DependencyError: transformers is not installed.
        """
        from repscope.learning.callbacks.adapters import transformers_callback

        return transformers_callback(self, stop=stop_on_collapse)


def _number(value: Any) -> float:
    return float(value.detach() if hasattr(value, "detach") else value)
