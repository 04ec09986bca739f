"""The cards of all bridges. A method that is not here cannot be loaded from a file."""

from __future__ import annotations

from repscope.transform.catalogue import Method

_ROOM = "repscope.transform"

METHODS: tuple[Method, ...] = (
    Method(
        "normalise", f"{_ROOM}.linear.normalise:Normalise", "source", by_class=True, invertible=True,
        cost="one pass; 4 D a row",
        when="To bring rows to the centred sphere that diffusion works on, and exactly back.",
        paper="Lee et al., Diffusion Bridge, CVPR 2025",
    ),
    Method(
        "identity", f"{_ROOM}.linear.shift:Identity", "nothing", by_class=True, invertible=True,
        cost="none",
        when="Always: the control that every other method must beat.",
    ),
    Method(
        "mean-shift", f"{_ROOM}.linear.shift:MeanShift", "unpaired", by_class=True, invertible=True,
        cost="one pass; D a row",
        when="To see how much of the modality gap is a mere translation.",
        paper="Liang et al., Mind the Gap, NeurIPS 2022",
    ),
    Method(
        "coral", f"{_ROOM}.linear.coral:Coral", "unpaired", by_class=True, invertible=True,
        cost="one pass and two eigendecompositions; 2 D² a row",
        when="Without pairs, when mean and covariance differ and axes already correspond.",
        paper="Sun, Feng & Saenko, Return of Frustratingly Easy Domain Adaptation, AAAI 2016",
    ),
    Method(
        "whitening", f"{_ROOM}.linear.whitening:Whitening", "unpaired", by_class=True, invertible=True,
        cost="one pass and two eigendecompositions; 2 D² a row",
        when="Without pairs, when a few strong directions that carry no class drown the others.",
        paper="Kessy, Lewin & Strimmer, Optimal Whitening and Decorrelation, The American Statistician 2018",
    ),
    Method(
        "gaussian-ot", f"{_ROOM}.linear.transport:GaussianTransport", "unpaired",
        by_class=True, invertible=True,
        cost="one pass and three eigendecompositions; 2 D² a row",
        when="Without pairs, as the smallest move that gives the target's mean and covariance.",
        paper="Dowson & Landau, The Fréchet distance between multivariate normal distributions, 1982",
    ),
    Method(
        "procrustes", f"{_ROOM}.linear.procrustes:Procrustes", "paired", by_class=True, invertible=True,
        cost="one pass and one singular value decomposition; 2 D² a row",
        when="With few pairs: a rotation cannot overfit as a full matrix does, and keeps every distance.",
        paper="Schönemann, A generalized solution of the orthogonal Procrustes problem, Psychometrika 1966",
    ),
    Method(
        "ridge", f"{_ROOM}.linear.ridge:Ridge", "paired", by_class=True, invertible=False,
        cost="one pass and one eigendecomposition; 2 D E a row",
        when="With pairs: the best linear prediction of the target; it shrinks what it cannot predict.",
        paper="Hoerl & Kennard, Ridge Regression, Technometrics 1970",
    ),
    Method(
        "cca", f"{_ROOM}.linear.cca:CCA", "paired", by_class=True, invertible=False,
        cost="one pass and three decompositions; 2 D E a row",
        when="With pairs, when the modalities share a few directions and the rest is nuisance.",
        paper="Hotelling, Relations between two sets of variates, Biometrika 1936; Vinod 1976 (ridge)",
    ),
    Method(
        "contrastive", f"{_ROOM}.trained.contrastive:Contrastive", "paired", by_class=True, invertible=False,
        cost="gradient descent; about 2 D² + 8 D × hidden a row",
        when="With thousands of pairs and top-1 as the aim.",
        paper="van den Oord, Li & Vinyals, Representation Learning with Contrastive Predictive Coding, 2018",
    ),
    Method(
        "regression-mlp", f"{_ROOM}.trained.regression:RegressionMLP", "paired",
        by_class=True, invertible=False,
        cost="gradient descent; about 2 D² + 8 D × hidden a row",
        when="With thousands of pairs whose relation is not linear.",
    ),
    Method(
        "flow", f"{_ROOM}.trained.flow:RectifiedFlow", "unpaired", by_class=True, invertible=True,
        cost="gradient descent; steps × network a row",
        when="Without pairs, when distributions differ beyond mean and covariance.",
        paper="Liu, Gong & Liu, Flow Straight and Fast, ICLR 2023; Tong et al., minibatch OT, TMLR 2024",
    ),
    Method(
        "brownian", f"{_ROOM}.trained.brownian:BrownianBridge", "paired", by_class=True, invertible=False,
        cost="gradient descent; steps × network a row",
        when="With pairs, when one source has several right targets and a sample of them is wanted.",
        paper="Li et al., BBDM, CVPR 2023",
    ),
    Method(
        "ddpm", f"{_ROOM}.diffusion.bridge:DiffusionBridge", "target", by_class=True, invertible=False,
        cost="gradient descent; steps × network a row",
        when="To use or to judge the older systems' diffusion bridges.",
        paper="Ho, Jain & Abbeel, NeurIPS 2020; Lee et al., Diffusion Bridge, CVPR 2025",
    ),
    Method(
        "vq", f"{_ROOM}.quantise.methods:VQ", "source", by_class=True, invertible=False,
        cost="k-means; 2 K D a row",
        when="To see what a codebook of K vectors keeps.",
        paper="van den Oord, Vinyals & Kavukcuoglu, Neural Discrete Representation Learning, NeurIPS 2017",
    ),
    Method(
        "fsq", f"{_ROOM}.quantise.methods:FSQ", "source", by_class=True, invertible=False,
        cost="one pass; 4 D L a row for L levels",
        when="As vq, without a codebook to learn or to collapse.",
        paper="Mentzer et al., Finite Scalar Quantization, ICLR 2024",
    ),
    Method(
        "lfq", f"{_ROOM}.quantise.methods:LFQ", "source", by_class=True, invertible=False,
        cost="one pass; 4 D B a row for B bits",
        when="As fsq with two levels: binary codes.",
        paper="Yu et al., Language Model Beats Diffusion, ICLR 2024",
    ),
    Method(
        "rvq", f"{_ROOM}.quantise.methods:RVQ", "source", by_class=True, invertible=False,
        cost="k-means in stages; 2 Q K D a row",
        when="As vq, finer: each stage quantises what the stage before left.",
        paper="Zeghidour et al., SoundStream, 2021",
    ),
)  # fmt: skip
"""All bridges, the cheap and exact ones first."""
