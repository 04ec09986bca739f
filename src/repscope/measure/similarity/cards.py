"""Similarity: are two paired sets alike in shape, whatever the axes? Read beside the permutation null."""

from __future__ import annotations

from repscope.measure.catalogue.registry import MeasureCard


def _card(
    name: str, formula: str, low: float, function: str, *, paper: str = "", note: str = ""
) -> MeasureCard:
    return MeasureCard(
        name=name,
        group="similarity",
        formula=formula,
        direction="none",
        bounds=(low, 1.0),
        needs="pair",
        function=f"repscope.measure.{function}",
        paper=paper,
        note=note,
    )


CARDS: tuple[MeasureCard, ...] = (
    _card(
        "cka.debiased",
        "HSIC(x, y) / √(HSIC(x, x) HSIC(y, y)), linear kernel, unbiased HSIC",
        -1.0,
        "similarity.cka.cka_debiased",
        paper="Song et al., JMLR 2012 (unbiased HSIC); Nguyen, Raghu & Kornblith, ICLR 2021",
        note="About 0 for unrelated sets at any N and D. Blind to rotation, shift and scale.",
    ),
    _card(
        "rsa",
        "Spearman correlation of 1 − cos over all pairs of items",
        -1.0,
        "similarity.rsa.rsa",
        paper="Kriegeskorte, Mur & Bandettini, Representational Similarity Analysis, 2008",
        note="At most 1,000 rows, seeded.",
    ),
    _card(
        "procrustes",
        "‖XᵀY‖_* / (‖X‖_F ‖Y‖_F) of the centred rows = 1 − d² / 2, d the Procrustes distance at unit size",
        0.0,
        "similarity.procrustes.procrustes",
        paper="Ding, Denain & Steinhardt, NeurIPS 2021; Williams et al., NeurIPS 2021",
        note="Unrelated sets read high where D is not small beside N.",
    ),
    _card(
        "svcca",
        "mean canonical correlation of the principal components that hold 99 % of each set's variance",
        0.0,
        "similarity.cca.svcca",
        paper="Raghu et al., SVCCA, NeurIPS 2017",
        note="Unrelated sets read high where D is not small beside N; refused where all sets read 1.",
    ),
    _card(
        "pwcca",
        "Σ αρ / Σα of canonical correlations ρ, αᵢ = Σⱼ |⟨hᵢ, xⱼ⟩| for variates h and columns x",
        0.0,
        "similarity.cca.pwcca",
        paper="Morcos, Raghu & Bengio, NeurIPS 2018",
        note="Weighted by the set with fewer dimensions; symmetric where they differ. Read high as svcca.",
    ),
    _card(
        "knn.jaccard",
        "mean over items of |A ∩ B| / |A ∪ B|, their 10 nearest neighbours in the two sets (cosine)",
        0.0,
        "similarity.neighbours.knn_jaccard",
    ),
    _card(
        "knn.recall",
        "mean over items of |A ∩ B| / 10, their 10 nearest neighbours in the two sets (cosine)",
        0.0,
        "similarity.neighbours.knn_recall",
        note="10 / (N − 1) for unrelated sets.",
    ),
    _card(
        "linear.r2",
        "1 − Σ‖y − ŷ‖² / Σ‖y − mean‖² of ridge regression from x to y on held-out folds of whole clusters",
        -float("inf"),
        "similarity.regression.linear_r2",
        paper="Hoerl & Kennard 1970; penalty: Golub, Heath & Wahba, Technometrics 1979",
        note="From before to after; not symmetric.",
    ),
)
