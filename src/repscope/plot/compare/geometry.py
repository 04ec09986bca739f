"""How rows moved, and how their variance is spread: shares of the change, and eigenvalue spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from repscope.errors import InputError
from repscope.plot.base.frame import own_axes
from repscope.plot.base.panels import corner_words
from repscope.plot.base.style import BROAD, GREY, INK, SINGLE, SMALL, palette, styled
from repscope.plot.base.text import printable, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DEPTH = 1e-5
"""Least share of the largest eigenvalue that is shown: beyond it lie rounding and missing rank."""

PARTS = ("shift", "rotation", "scale", "linear", "residual")

_COLOURS = {
    "shift": "#004F8C",
    "rotation": "#6DB6E8",
    "scale": "#B8568F",
    "linear": "#F2C14E",
    "residual": "#C9C9C9",
}


def plot_change_shares(
    shares: Mapping[str, Mapping[str, float]], *, width: float = SINGLE, ax: Axes | None = None
) -> Axes:
    """One bar for each transform: what shares of the squared displacement are shift, rotation, scale,
    another linear map, and what no linear map explains.

    Args:
        shares: name → part → share, all five parts, each at least 0, summing to 1.
        width: inches, of a new figure.
        ax: where to draw; None makes a figure.

    Returns:
        The axes.

    Raises:
        InputError: no rows, missing or unknown parts, or shares that do not sum to 1.
    """
    from matplotlib.patches import Patch

    if not shares:
        raise InputError("shares of at least one change", "none", "compare two stages first")
    for name, parts in shares.items():
        values = np.array([parts.get(part, np.nan) for part in PARTS])
        if set(parts) != set(PARTS) or not (values >= -1e-9).all() or abs(values.sum() - 1) > 1e-6:
            raise InputError(
                f"shares {', '.join(PARTS)} of {name!r} that sum to 1",
                ", ".join(f"{part} {value:.4g}" for part, value in parts.items()),
                "pass the shares as they were measured",
            )
    with styled(), own_axes(ax, width, 0.75 + 0.22 * len(shares)) as axes:
        for y, parts in enumerate(shares.values()):
            start = 0.0
            for part in PARTS:
                share = max(float(parts[part]), 0.0)
                axes.barh(y, share, left=start, height=0.72, color=_COLOURS[part], linewidth=0, gid=part)
                text = f"{100 * share:.0f}"
                # The bars take about three quarters of the width; a number must fit its own with some air.
                if share * 0.72 * 72 * width > text_width(text, SMALL) + 4:
                    light = part in ("shift", "scale")
                    axes.text(
                        start + share / 2, y, text, ha="center", va="center", fontsize=SMALL,
                        color="white" if light else INK,
                    )  # fmt: skip
                start += share
        axes.set_yticks(range(len(shares)), [printable(name, 24) for name in shares])
        axes.set_ylim(len(shares) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("share of the squared displacement")
        axes.legend(
            [Patch(color=_COLOURS[part]) for part in PARTS],
            PARTS,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(PARTS),
            handlelength=0.8,
            columnspacing=0.8,
            borderpad=0.2,
        )
    return axes


def plot_spectrum(
    before: NDArray[np.floating],
    after: NDArray[np.floating] | None = None,
    reference: NDArray[np.floating] | None = None,
    *,
    gaussian: NDArray[np.floating] | None = None,
    names: tuple[str, str, str] = ("before", "after", "reference"),
    colours: str = "default",
    width: float = SINGLE,
    ax: Axes | None = None,
) -> Axes:
    """Eigenvalues of the covariance as shares of the variance, largest first, both axes logarithmic.

    Args:
        before, after, reference: [r] eigenvalues, in any order and unit; zeros are not drawn.
        gaussian: [r] eigenvalues that a Gaussian without structure has at the same N and D: a spectrum that
            lies on it says nothing.
        names: of the sets.
        colours: name of a palette.
        width: inches, of a new figure.
        ax: where to draw; None makes a figure.

    Returns:
        The axes.

    Raises:
        InputError: values that are negative or not finite.
        UnknownNameError: no such palette.
    """
    from matplotlib.ticker import NullFormatter

    marks = palette(colours)
    given = [(before, marks.before), (after, marks.after), (reference, marks.reference)]
    flat = []
    with styled(), own_axes(ax, width, 0.74 * width) as axes:
        axes.set_xscale("log")
        axes.set_yscale("log")
        for (values, mark), name in zip(given, names, strict=True):
            if values is None:
                continue
            shares = _shares(values, name)
            if not len(shares):
                flat.append(printable(name))
                continue
            marker = mark.marker if len(shares) <= 12 else "none"
            axes.plot(
                np.arange(1, len(shares) + 1), shares, color=mark.line, linestyle=mark.dash, marker=marker,
                markersize=3.5, label=printable(name), linewidth=BROAD if mark is marks.before else 1.2,
            )  # fmt: skip
        if gaussian is not None and len(expected := _shares(gaussian, "gaussian")):
            axes.plot(
                np.arange(1, len(expected) + 1), expected, color=GREY, linewidth=0.9,
                linestyle=(0, (1.5, 1.2)), label="Gaussian of this N and D", zorder=1,
            )  # fmt: skip
        if flat:
            corner_words(axes, f"no variance: {', '.join(flat)}", (0.03, 0.04))
        axes.set_xlabel("principal component")
        axes.set_ylabel("share of the variance")
        _plain_counts(axes)
        axes.xaxis.set_minor_formatter(NullFormatter())
        if not axes.lines:
            axes.set_yticks([])
            axes.minorticks_off()
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, handlelength=2.0, borderpad=0.2)
    return axes


def _shares(values: NDArray[np.floating], name: str) -> NDArray[np.float64]:
    """Positive eigenvalues over their sum, largest first; none when there is no variance."""
    array = np.sort(np.asarray(values, dtype=np.float64).ravel())[::-1]
    if not np.isfinite(array).all() or (len(array) and array[-1] < -1e-9 * max(abs(array[0]), 1e-300)):
        raise InputError(
            f"eigenvalues of {name!r} that are finite and not negative", "others", "leave it out"
        )
    if not len(array) or array[0] <= 0:
        return np.empty(0)
    kept: NDArray[np.float64] = array[array > 1e-12 * array[0]]
    kept /= kept.sum()
    return kept


def _plain_counts(ax: Axes) -> None:
    """1, 10, 100 instead of powers; limits that show a single component too."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator

    most = max((len(line.get_xdata()) for line in ax.lines), default=1)  # type: ignore[arg-type]
    ax.set_xlim(0.9, 1.1 * max(most, 2))
    low, high = ax.get_ylim()
    ax.set_ylim(bottom=max(low, high * _DEPTH))
    ax.xaxis.set_major_locator(LogLocator() if most >= 10 else FixedLocator(range(1, most + 1)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
