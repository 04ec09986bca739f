"""Change: how the items of one stage became those of the next."""

from __future__ import annotations

from functools import partial

from repscope.measure.change.displacement import displacement_angle, displacement_norm
from repscope.measure.change.neighbours import neighbour_change
from repscope.measure.change.parts import decompose_held_out
from repscope.measure.core.info import MeasureInfo

_SHARE = "A share of the total squared displacement on held-out rows; the five sum to 1."


_info = partial(MeasureInfo, group="change", direction="none", needs="pair")


def _part(name: str, formula: str, *, paper: str = "", note: str = "") -> MeasureInfo:
    return _info(
        f"change.{name}",
        formula,
        (0.0, 1.0),
        decompose_held_out,
        paper=paper,
        note=f"{_SHARE} {note}".strip(),
    )


INFOS: tuple[MeasureInfo, ...] = (
    _info("displacement.norm", "mean of ‖after − before‖", (0.0, float("inf")), displacement_norm),
    _info(
        "displacement.angle",
        "mean angle between before and after",
        (0.0, 180.0),
        displacement_angle,
        unit="degrees",
    ),
    _part("shift", "what the difference of the means explains"),
    _part(
        "rotation",
        "what the best rotation about the mean explains beyond the shift",
        paper="Schönemann, Psychometrika 1966",
        note="Reflections included.",
    ),
    _part("scale", "what a common scale explains beyond shift and rotation"),
    _part("linear", "what any linear map (ridge) explains beyond shift, rotation and scale"),
    _part("residual", "what no linear map explains"),
    _info(
        "neighbours.kept",
        "mean over items of the share of their 10 nearest neighbours (cosine) kept from before to after",
        (0.0, 1.0),
        neighbour_change,
        note="10 / (N − 1) by chance; a hypergeometric test says for which items more was kept, at q ≤ 0.05.",
    ),
)
