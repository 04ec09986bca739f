"""Every bridge: where its class is, what it learns from, what it costs, when to choose it.

A method that is not here cannot be loaded from a file.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Literal

from repscope.errors import check_known
from repscope.text.json_record import JsonRecord

_HERE = "repscope.transform"

LearnsFrom = Literal["nothing", "source", "target", "unpaired", "paired"]
"""The rows that a method needs: none, those moved, those moved towards, both, or pairs of them."""


@dataclass(frozen=True)
class MethodInfo(JsonRecord):
    """What a bridge is, apart from its code.

    Attributes:
        name: on the command line and in files, such as "gaussian-ot".
        home: "module:Class"; loaded when first used.
        learns_from: the rows that it needs.
        by_class: works when the reference has one row for each class instead of one for each item.
        invertible: rows can be moved back.
        cost: of the fit and of one row, in words (N rows, width D).
        when: one sentence on when to choose it.
        paper: citation, or "" for textbook methods.
    """

    name: str
    home: str
    learns_from: LearnsFrom
    by_class: bool
    invertible: bool
    cost: str
    when: str
    paper: str = ""

    @property
    def class_name(self) -> str:
        """Name of the class in :mod:`repscope.transform.bridges`."""
        return self.home.partition(":")[2]

    def load(self) -> type[Any]:
        """The class itself, a :class:`repscope.transform.base.Bridge`; its module is imported now.

        Raises:
            DependencyError: the method needs a package that is not installed.
        """
        module, _, name = self.home.partition(":")
        found: type[Any] = getattr(importlib.import_module(module), name)
        return found


METHODS: tuple[MethodInfo, ...] = (
    MethodInfo(
        "normalise", f"{_HERE}.linear.normalise:Normalise", "source", by_class=True, invertible=True,
        cost="one pass; 4 D a row",
        when="To bring rows to the centred sphere that diffusion works on, and exactly back.",
        paper="Lee et al., Diffusion Bridge, CVPR 2025",
    ),
    MethodInfo(
        "identity", f"{_HERE}.linear.shift:Identity", "nothing", by_class=True, invertible=True,
        cost="none",
        when="Always: the control that every other method must beat.",
    ),
    MethodInfo(
        "mean-shift", f"{_HERE}.linear.shift:MeanShift", "unpaired", by_class=True, invertible=True,
        cost="one pass; D a row",
        when="To see how much of the modality gap is a mere translation.",
        paper="Liang et al., Mind the Gap, NeurIPS 2022",
    ),
    MethodInfo(
        "hub-shift", f"{_HERE}.linear.hub_shift:HubShift", "unpaired", by_class=True, invertible=True,
        cost="neighbours of a sample of both sides; D a row",
        when="Where some texts are found by too many items: the one translation that takes most from them.",
        paper="after Chowdhury et al., Nearest Neighbor Normalization, EMNLP 2024",
    ),
    MethodInfo(
        "coral", f"{_HERE}.linear.second_order:Coral", "unpaired", by_class=True, invertible=True,
        cost="one pass and two eigendecompositions; 2 D² a row",
        when="Without pairs, when mean and covariance differ and axes already correspond.",
        paper="Sun, Feng & Saenko, Return of Frustratingly Easy Domain Adaptation, AAAI 2016",
    ),
    MethodInfo(
        "whitening", f"{_HERE}.linear.whitening:Whitening", "unpaired", by_class=True, invertible=True,
        cost="one pass and two eigendecompositions; 2 D² a row",
        when="Without pairs, when a few strong directions that carry no class drown the others.",
        paper="Kessy, Lewin & Strimmer, Optimal Whitening and Decorrelation, The American Statistician 2018",
    ),
    MethodInfo(
        "gaussian-ot", f"{_HERE}.linear.second_order:GaussianTransport", "unpaired",
        by_class=True, invertible=True,
        cost="one pass and three eigendecompositions; 2 D² a row",
        when="Without pairs, as the smallest move that gives the target's mean and covariance.",
        paper="Dowson & Landau, The Fréchet distance between multivariate normal distributions, 1982",
    ),
    MethodInfo(
        "procrustes", f"{_HERE}.linear.procrustes:Procrustes", "paired", by_class=True, invertible=True,
        cost="one pass and one singular value decomposition; 2 D² a row",
        when="With few pairs: a rotation cannot overfit as a full matrix does, and keeps every distance.",
        paper="Schönemann, A generalized solution of the orthogonal Procrustes problem, Psychometrika 1966",
    ),
    MethodInfo(
        "ridge", f"{_HERE}.linear.ridge:Ridge", "paired", by_class=True, invertible=False,
        cost="one pass and one eigendecomposition; 2 D E a row",
        when="With pairs: the best linear prediction of the target; it shrinks what it cannot predict.",
        paper="Hoerl & Kennard, Ridge Regression, Technometrics 1970",
    ),
    MethodInfo(
        "residual-ridge", f"{_HERE}.linear.residual_ridge:ResidualRidge", "paired",
        by_class=True, invertible=True,
        cost="one pass and one eigendecomposition a fold; 2 D² a row",
        when="With fewer pairs than dimensions: it changes of the space only what the pairs can support.",
        paper="after Hoerl & Kennard, Ridge Regression, Technometrics 1970",
    ),
    MethodInfo(
        "cca", f"{_HERE}.linear.cca:CCA", "paired", by_class=True, invertible=False,
        cost="one pass and three decompositions; 2 D E a row",
        when="With pairs, when the modalities share a few directions and the rest is nuisance.",
        paper="Hotelling, Relations between two sets of variates, Biometrika 1936; Vinod 1976 (ridge)",
    ),
    MethodInfo(
        "contrastive", f"{_HERE}.trained.contrastive:Contrastive", "paired", by_class=True, invertible=False,
        cost="gradient descent; about 2 D² + 8 D × hidden a row",
        when="With thousands of pairs and top-1 as the aim.",
        paper="van den Oord, Li & Vinyals, Representation Learning with Contrastive Predictive Coding, 2018",
    ),
    MethodInfo(
        "regression-mlp", f"{_HERE}.trained.regression:RegressionMLP", "paired",
        by_class=True, invertible=False,
        cost="gradient descent; about 2 D² + 8 D × hidden a row",
        when="With thousands of pairs whose relation is not linear.",
    ),
    MethodInfo(
        "flow", f"{_HERE}.trained.flow:RectifiedFlow", "unpaired", by_class=True, invertible=True,
        cost="gradient descent; steps × network a row",
        when="Without pairs, when distributions differ beyond mean and covariance.",
        paper="Liu, Gong & Liu, Flow Straight and Fast, ICLR 2023; Tong et al., minibatch OT, TMLR 2024",
    ),
    MethodInfo(
        "brownian", f"{_HERE}.trained.brownian:BrownianBridge", "paired", by_class=True, invertible=False,
        cost="gradient descent; steps × network a row",
        when="With pairs, when one source has several right targets and a sample of them is wanted.",
        paper="Li et al., BBDM, CVPR 2023",
    ),
    MethodInfo(
        "ddpm", f"{_HERE}.diffusion.bridge:DiffusionBridge", "target", by_class=True, invertible=False,
        cost="gradient descent; steps × network a row",
        when="To use or to judge the older systems' diffusion bridges.",
        paper="Ho, Jain & Abbeel, NeurIPS 2020; Lee et al., Diffusion Bridge, CVPR 2025",
    ),
    MethodInfo(
        "kmeans", f"{_HERE}.quantise.methods:KMeans", "source", by_class=True, invertible=False,
        cost="k-means; 2 K D a row",
        when="As vq, by k-means alone: the codebook that every other one should beat.",
        paper="Lloyd, Least squares quantization in PCM, IEEE Transactions on Information Theory 1982",
    ),
    MethodInfo(
        "vq", f"{_HERE}.quantise.methods:VQ", "source", by_class=True, invertible=False,
        cost="k-means; 2 K D a row",
        when="To see what a codebook of K vectors keeps.",
        paper="van den Oord, Vinyals & Kavukcuoglu, Neural Discrete Representation Learning, NeurIPS 2017",
    ),
    MethodInfo(
        "fsq", f"{_HERE}.quantise.methods:FSQ", "source", by_class=True, invertible=False,
        cost="one pass; 4 D L a row for L levels",
        when="As vq, without a codebook to learn or to collapse.",
        paper="Mentzer et al., Finite Scalar Quantization, ICLR 2024",
    ),
    MethodInfo(
        "lfq", f"{_HERE}.quantise.methods:LFQ", "source", by_class=True, invertible=False,
        cost="one pass; 4 D B a row for B bits",
        when="As fsq with two levels: binary codes.",
        paper="Yu et al., Language Model Beats Diffusion, ICLR 2024",
    ),
    MethodInfo(
        "rvq", f"{_HERE}.quantise.methods:RVQ", "source", by_class=True, invertible=False,
        cost="k-means in stages; 2 Q K D a row",
        when="As vq, finer: each stage quantises what the stage before left.",
        paper="Zeghidour et al., SoundStream, 2021",
    ),
)  # fmt: skip
"""All bridges, the cheap and exact ones first."""


def methods() -> tuple[MethodInfo, ...]:
    """All bridges, the cheap and exact ones first."""
    return METHODS


def method(name: str) -> MethodInfo:
    """What one bridge is.

    Raises:
        UnknownNameError: no bridge has this name; the nearest names are listed.
    """
    by_name = {info.name: info for info in METHODS}
    check_known(name, by_name, "the name of a bridge", listing="repscope bridge methods")
    return by_name[name]
