"""The older systems' diffusion bridge: enter the target's diffusion at t*, come back as a target row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from repscope.errors import InputError, check_known, name_some
from repscope.transform.base import LearnsFrom
from repscope.transform.diffusion.classes import Codes, looked_up, numbered
from repscope.transform.diffusion.denoisers.parts import flops
from repscope.transform.diffusion.denoisers.spec import DenoiserSpec
from repscope.transform.diffusion.loss import CLASS, DenoisingLoss
from repscope.transform.diffusion.module import ChainFrame, DiffusionModule
from repscope.transform.diffusion.samplers import Sampling
from repscope.transform.diffusion.schedules import Schedule
from repscope.transform.diffusion.weights import GAMMA
from repscope.transform.fitting import Objective, Prepared, Trained, TrainingRows, TrainOptions, train
from repscope.transform.inputs import FitData, Floats, Source
from repscope.transform.linear.normalise import SCALE, Chain
from repscope.transform.trained.base import TrainedBridge
from repscope.transform.trained.frame import Frame, Side, sides, unit

ENOUGH_ROWS = 2
"""Rows for each dimension below which a distribution that was learnt from them is not to be trusted."""

_SIZES = tuple(field.name for field in fields(DenoiserSpec))
_OF_THE_TRAINING = (
    "objective", "schedule", "timesteps", "loss_weight", "gamma", "rescale", "train_on", "scale", "mean",
    *_SIZES, "class_dropout",
)  # fmt: skip
"""Parameters that change what a training step computes; a resumed training must share them."""


@dataclass(kw_only=True, eq=False, repr=False)
class DiffusionBridge(TrainedBridge):
    """A denoising diffusion model of the target, into which source rows enter at time t*.

    Rows pass the ``normalise`` chain with their modality's mean, are taken for target rows with t* steps
    of noise, are denoised in S steps, and leave the chain with the target's mean. Nothing ties a row to
    its own partner: the later the entry, the more a result is just some typical target row. Judge it by
    true matches beside the closed forms, not by its cosine.

    Sampling parameters (``entry_time`` to ``guidance``) may be changed after the fit with ``set_params``.

    Paper:
        Ho, Jain & Abbeel, "Denoising Diffusion Probabilistic Models", NeurIPS 2020; Lee et al.,
        "Diffusion Bridge", CVPR 2025.

    Args:
        denoiser: ``mlp``, ``dit`` or ``unet1d`` (the older one, some 80 times the cost of ``mlp``).
        hidden: width inside ``mlp`` and ``dit``.
        depth: blocks of ``mlp`` and ``dit``.
        objective: what the denoiser predicts: ``pred_x0``, ``pred_noise`` or ``pred_v``.
        schedule: ``cosine``, ``linear`` or ``sigmoid``.
        timesteps: T.
        loss_weight: ``min-snr``, ``snr`` (the older systems'), ``none``, ``truncated-snr``, ``snr+1``.
        gamma: where min-SNR clips.
        entry_time: t*, from 1 to T. Upstream uses 600 for images and 400 for texts.
        sampling_steps: S, from 1 to t*. EZ-HOI has S = t*.
        sampler: ``ddim`` or ``ddpm``.
        eta: noise that DDIM adds, from 0 to 1.
        entry_noise: enter with the noise of t* (as the model was trained) or without (as upstream).
        clip: x̂₀ is clamped to ±clip, or None.
        guidance: w of classifier-free guidance, for a fit with ``classes``.
        class_dropout: share of training rows whose class is not told.
        rescale: bring rows back to length s before the denoiser sees them, as upstream does.
        train_on: the rows whose distribution is learnt: ``target``, or ``source`` to reproduce EZ-HOI's
            fault, which cannot pull towards the target.
        scale: s of the chain.
        mean: subtracted from source rows: their own (``source``), or the ``target``'s, as EZ-HOI does.
        ema: decay of the moving average of the weights, or None for none.
        weights: use the average (``ema``, if there is one) or the ``raw`` weights, as EZ-HOI did.
        steps: updates.
        batch_size: rows of an update.
        learning_rate: of Adam.
        validation: share of the trained rows held out; the step with the lowest loss on them is kept.
        options: further options of the training; see :class:`repscope.transform.fitting.TrainOptions`.
        chunk: coordinates of a token of ``dit``.
        attn_heads, attn_dim_head: of ``dit`` (heads only) and of the middle of ``unet1d``.
        level_heads: of the levels of ``unet1d``, each 32 wide.
        init_dim, dim_mults, dim, time_dim, channels: sizes of ``unet1d`` under lucidrains' names;
            ``dim`` is the width of its time code.
        random_state: of first weights, batches, the split, and noise. The noise of a row depends on the
            row alone, so any batch gives the same result.

    Attributes:
        classes_: [K] class codes of the fit, or None.
        losses_, validation_, best_step_, training_seconds_: see :class:`TrainedBridge`.
    """

    name: ClassVar[str] = "ddpm"
    learns_from: ClassVar[LearnsFrom] = "target"
    tunable: ClassVar[tuple[str, ...]] = (
        "entry_time", "sampling_steps", "sampler", "eta", "entry_noise", "clip", "random_state",
    )  # fmt: skip

    denoiser: Literal["mlp", "dit", "unet1d"] = field(default="mlp", kw_only=False)
    objective: Literal["pred_x0", "pred_noise", "pred_v"] = "pred_x0"
    schedule: Literal["cosine", "linear", "sigmoid"] = "cosine"
    timesteps: int = 1000
    loss_weight: str = "min-snr"
    gamma: float = GAMMA
    entry_time: int = 400
    sampling_steps: int = 5
    sampler: Literal["ddim", "ddpm"] = "ddim"
    eta: float = 0.0
    entry_noise: bool = False
    clip: float | None = None
    guidance: float = 0.0
    class_dropout: float = 0.1
    rescale: bool = False
    train_on: Literal["target", "source"] = "target"
    scale: float = SCALE
    mean: Literal["source", "target"] = "source"
    ema: float | None = 0.995
    weights: Literal["ema", "raw"] = "ema"
    steps: int = 3000
    batch_size: int = 128
    learning_rate: float = 1e-3
    chunk: int = 32
    attn_heads: int = 4
    attn_dim_head: int = 32
    level_heads: int = 4
    init_dim: int = 32
    dim_mults: tuple[float, ...] = (1, 2, 4, 8)
    dim: int | None = None
    time_dim: int | None = None
    channels: int = 1

    classes_: Codes | None = field(init=False)

    def fit(
        self,
        source: Source,
        target: Source | None = None,
        *,
        on: str | None = None,
        pairs: tuple[ArrayLike, ArrayLike] | None = None,
        clusters: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Learn the distribution of the target (or of the source; see ``train_on``).

        Args:
            source, target, on, pairs, clusters: see :meth:`Bridge.fit`; pairs are not used.
            classes: whole numbers, one for each row that is learnt; :meth:`transform` can then be told
                the class of each row, and ``guidance`` strengthens it.

        Raises:
            VectorError, LinkError, InputError: see :meth:`Bridge.fit`; classes of another length.
            UnknownNameError: no such denoiser, objective, schedule, sampler or loss weight.
            ModelError: the loss is not finite.
        """
        self._told = None if classes is None else np.asarray(classes)
        try:
            return super().fit(source, target, on=on, pairs=pairs, clusters=clusters)
        finally:
            del self._told

    def transform(self, source: Source, classes: ArrayLike | None = None) -> Floats:
        """[N, D] the rows moved; see :meth:`Bridge.transform`.

        Args:
            source: rows.
            classes: [N] the class of each row, for a bridge that was fitted with classes.

        Raises:
            InputError: classes without having been fitted with them, or ones that it has not seen.
        """
        if classes is None:
            return super().transform(source)
        rows = self._checked(source, "n_features_in_")
        codes = looked_up(np.asarray(classes), rows.n, self.classes_)
        done = 0

        def told(block: Floats) -> Floats:
            nonlocal done
            here = codes[done : done + len(block)]
            done += len(block)
            return self._moved(block, here)

        return self._collected(source, "n_features_in_", told)

    def train_options(self) -> TrainOptions:
        """See :meth:`TrainedBridge.train_options`; ``ema`` is a parameter here."""
        if "ema" in (self.options or {}):
            raise InputError("options that are no parameters", "ema in options", "set the parameter")
        options = super().train_options()
        return TrainOptions.of({**options.as_dict(), "ema": self.ema})

    @property
    def flops_per_row(self) -> int:
        """All evaluations of the denoiser, counted by torch, and the chain."""
        self._check_fitted()
        twice = 2 if self.classes_ is not None and self.guidance else 1
        cost = flops(self._tuned().denoiser, self.n_features_in_)
        return self.sampling_steps * twice * cost + 17 * self.n_features_in_

    def tune(self, params: Mapping[str, Any]) -> Self:
        """See :meth:`Bridge.tune`; what no sampling can be is refused at once."""
        super().tune(params).sampling()
        return self

    def sampling(self) -> Sampling:
        """How rows come back, from the parameters.

        Raises:
            UnknownNameError, InputError: see :class:`Sampling`.
        """
        return Sampling(
            Schedule(self.schedule, self.timesteps), self.objective, self.entry_time, self.sampling_steps,
            sampler=self.sampler, eta=self.eta, clip=self.clip,
        )  # fmt: skip

    def _fit(self, data: FitData) -> None:
        assert data.target is not None
        self._check_parameters()
        options, sampling = self.train_options(), self.sampling()
        loss = self._objective(data)
        # Each row counts once, however many partners it has.
        moved, towards = sides(replace(data, pairs=None))
        learnt = data.source if self.train_on == "source" else data.target
        self.classes_, columns = None, {}
        if self._told is not None:
            self.classes_, columns[CLASS] = numbered(self._told, learnt.n, self.train_on)
        entering = towards if self.mean == "target" else moved
        with torch.random.fork_rng([]):
            torch.manual_seed(options.seed)
            module = self._build(ChainFrame(entering, towards, self.scale))
        module.sampling = sampling
        chain = Chain(entering.mean if self.train_on == "source" else towards.mean, self.scale)
        rows = TrainingRows(
            None,
            Prepared(learnt, lambda block: chain.enter(block.astype(np.float64)).astype(np.float32)),
            clusters=data.clusters if self.train_on == "source" else None,
            columns=columns,
        )
        settings = {"method": self.name, **{name: getattr(self, name) for name in _OF_THE_TRAINING}}
        settings["dim_mults"] = list(self.dim_mults)
        progress = getattr(self, "_progress", None)
        self._keep(train(module, loss, rows, options, settings=settings, progress=progress))
        self._doubt(data)

    def _check_parameters(self) -> None:
        self._spec()
        for name, choices in (
            ("train_on", ("target", "source")),
            ("mean", ("source", "target")),
            ("weights", ("ema", "raw")),
        ):
            check_known(getattr(self, name), choices, f"{name} from {name_some(choices)}")
        for name in ("guidance", "class_dropout"):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and 0 <= value < float("inf")) or (
                name == "class_dropout" and value > 1
            ):
                raise InputError(f"{name} of at least 0", repr(value), f"correct {name}")
        if self._told is None and self.guidance:
            raise InputError(
                "classes to guide by", f"guidance={self.guidance} without classes", "fit with classes=…"
            )

    def _spec(self) -> DenoiserSpec:
        return DenoiserSpec(**{name: getattr(self, name) for name in _SIZES})

    def _build(self, frame: Frame) -> DiffusionModule:
        if not isinstance(frame, ChainFrame):
            # Widths alone matter here: the numbers are about to be loaded.
            blank = Side(np.zeros(len(frame.source_mean)), 1.0, 1.0)
            frame = ChainFrame(blank, blank, self.scale)
        classes = 0 if self.classes_ is None else len(self.classes_)
        network = self._spec().build(len(frame.source_mean), classes)
        return DiffusionModule(frame, network, rescale=self.rescale, seed=self.random_state)

    def _objective(self, data: FitData) -> Objective:
        schedule = Schedule(self.schedule, self.timesteps)
        return DenoisingLoss(schedule, self.objective, self.loss_weight, self.gamma, drop=self.class_dropout)

    def _keep(self, trained: Trained) -> None:
        super()._keep(trained if self.weights == "ema" else replace(trained, ema=None))

    def _doubt(self, data: FitData) -> None:
        learnt = data.source if self.train_on == "source" else data.target
        assert learnt is not None
        if self.train_on == "source":
            self._warn(
                "trained on the rows to be moved, as EZ-HOI was: it knows their distribution only and "
                "cannot pull towards the target"
            )
        if learnt.n < ENOUGH_ROWS * learnt.d:
            self._warn(
                f"{learnt.n:,} rows for {learnt.d} dimensions, fewer than {ENOUGH_ROWS} for each: the "
                "distribution that ddpm learnt cannot be trusted beyond them"
            )
        if self.validation_ and self.best_step_ == 0:
            self._warn("ddpm gained nothing on the rows held out: the weights before training were kept")

    def _tuned(self) -> DiffusionModule:
        """The trained module with the sampling parameters as they are now."""
        module = self._trained
        assert isinstance(module, DiffusionModule)
        module.sampling = self.sampling()
        module.entry_noise, module.guidance = bool(self.entry_noise), float(self.guidance)
        module.seed = self.random_state
        return module

    def _apply(self, rows: Floats) -> Floats:
        return self._moved(rows, None)

    def _moved(self, rows: Floats, classes: Codes | None) -> Floats:
        unit(rows, "source")
        module = self._tuned()
        if rows.dtype == np.float64:
            module = self._module().double()
        given = torch.from_numpy(np.require(rows, requirements=["C", "W"]))
        with torch.no_grad():
            moved: Floats = module(given, None if classes is None else torch.from_numpy(classes)).numpy()
        return moved

    def _module(self) -> DiffusionModule:
        self._tuned()
        module = super()._module()
        assert isinstance(module, DiffusionModule)
        return module

    def _state(self) -> dict[str, NDArray[Any]]:
        state = super()._state()
        return state if self.classes_ is None else {**state, "classes": self.classes_}

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        self.classes_ = state["classes"].astype(np.int64) if "classes" in state else None
        super()._restore(state)

    @classmethod
    def _from_params(cls, params: dict[str, Any]) -> Self:
        return cls(**{**params, "dim_mults": tuple(params["dim_mults"])})
