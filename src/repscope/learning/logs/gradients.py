"""Gradients by layer, from what a training logged of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from repscope.learning.logs.series import Floats, Series
from repscope.text.json_record import JsonRecord

VANISHING, EXPLODING = 1e-3, 1e3
"""Of a layer's gradient: its median over that of the large layers, and its largest over its own median."""

LARGE = 0.9
"""Quantile of the layers' medians beside which a gradient vanishes; one outlier does not move it."""

_GRADIENT = re.compile(r"grad", re.IGNORECASE)
_STATISTIC = re.compile(
    r"(?:^|(?<=[/_. :-]))(mean|avg|average|rms|median|max|largest|min|std)(?:$|(?=[/_. :-]))", re.IGNORECASE
)
_LARGEST = {"max", "largest"}
_OTHERS = {"min", "std"}
_WHOLE = re.compile(
    r"grad(ient)?s?|norm|l2|inf|abs|\d+|total|all|global|train(er|ing)?|optim\w*|clip\w*|before|after|model|val",
    re.IGNORECASE,
)
"""Words of a name that are no layer's: ``train/grad_norm`` is of the whole network."""


@dataclass(frozen=True)
class LayerGradient(JsonRecord):
    """The gradient of one layer over a training.

    Attributes:
        run, name: of the layer, as it was logged, without the word for a mean or maximum.
        mean, low, median, high: of its finite values over the steps; low and high are quartiles.
        largest: of its maxima where they were logged, else of its values.
        word: "vanishing", "exploding", "not finite" or "".
    """

    run: str
    name: str
    mean: float
    low: float
    median: float
    high: float
    largest: float
    word: str


def is_gradient(name: str) -> bool:
    """Whether a quantity is a gradient of a layer or of all."""
    return bool(_GRADIENT.search(name))


def gradients_of(series: Sequence[Series]) -> list[LayerGradient]:
    """Gradients by layer, each beside the other layers of its run; none where only one was logged."""
    found = []
    for run in dict.fromkeys(one.run for one in series):
        layers: dict[str, dict[str, Floats]] = {}
        for one in series:
            named = layer_of(one.name) if one.run == run else None
            if named is not None and named[1] not in _OTHERS:
                kind = "largest" if named[1] in _LARGEST else "typical"
                layers.setdefault(named[0], {})[kind] = np.abs(one.values[one.kept])
        found += _judged(run, layers) if len(layers) > 1 else []
    return found


def layer_of(name: str) -> tuple[str, str] | None:
    """The layer and the statistic that a name tells; None where it is no gradient of a layer."""
    if not is_gradient(name):
        return None
    known = list(_STATISTIC.finditer(name))
    statistic = known[-1] if known else None
    layer = name if statistic is None else name[: statistic.start()] + name[statistic.end() :]
    layer = re.sub(r"[/_. :-]+([/_. :-])", r"\1", layer).strip("/_. :-")
    # "grad/0" is of layer 0, "grad_2.0_norm" of all.
    whole = all(_WHOLE.fullmatch(word) for word in re.split(r"[/_. :-]+", layer))
    if whole and not re.fullmatch(r"grad(ient)?s?[/.]\d+", layer, re.IGNORECASE):
        return None
    return layer, statistic[1].lower() if statistic else ""


def _judged(run: str, layers: dict[str, dict[str, Floats]]) -> list[LayerGradient]:
    typical = {name: kinds.get("typical", kinds.get("largest")) for name, kinds in layers.items()}
    finite = {name: one[np.isfinite(one)] for name, one in typical.items() if one is not None}
    medians = [float(np.median(values)) for values in finite.values() if len(values)]
    large = float(np.quantile(medians, LARGE)) if medians else 0.0
    found = []
    for name, values in finite.items():
        largest = layers[name].get("largest", values)
        if not len(values) or not np.isfinite(largest).any():
            continue
        low, median, high = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
        most = float(largest[np.isfinite(largest)].max())
        word = ""
        if not all(np.isfinite(each).all() for each in layers[name].values()):
            word = "not finite"
        elif float(values.max()) > EXPLODING * median > 0:
            word = "exploding"
        elif median < VANISHING * large:
            word = "vanishing"
        found.append(LayerGradient(run, name, float(values.mean()), low, median, high, most, word))
    return found
