"""How every figure looks: sizes, colours, marks. The reader's own matplotlib settings stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

from repscope.errors import check_known

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SINGLE = 3.5
"""Inches: the width of one column of a paper."""

DOUBLE = 7.16
"""Inches: the width of both columns."""

TEXT = 7.0
"""Points: the size of words on a figure."""

SMALL = 6.0
"""Points: the size of notes and class names."""

BROAD = 1.9
"""Points: the line before, so that it shows where the line after lies on it."""

INK = "#222222"
GREY = "#767676"
PALE = "#D9D9D9"
NOTE = "#444444"


@dataclass(frozen=True)
class Mark:
    """How one stage is drawn, in points and in lines.

    Attributes:
        colour: of points.
        marker: their shape.
        edge: colour of their outline, or "none".
        line: colour of lines, dark enough to be thin.
        dash: line style.
    """

    colour: str
    marker: str
    line: str
    dash: Literal["-"] | tuple[float, tuple[float, ...]] = "-"
    edge: str = "none"


@dataclass(frozen=True)
class Palette:
    """Marks of the stages, and of any further sets."""

    name: str
    before: Mark
    after: Mark
    reference: Mark
    arrow: str
    others: tuple[Mark, ...]


_OTHERS = (
    Mark("#CC79A7", "D", "#CC79A7", edge=INK),
    Mark("#56B4E9", "s", "#56B4E9", edge=INK),
    Mark("#F0E442", "P", "#B3A700", edge=INK),
    Mark("#999999", "X", "#999999", edge=INK),
)

PALETTES = {
    # Okabe & Ito's blue, vermillion and bluish green, moved apart in lightness (L* 33, 57, 72), so that they
    # differ in grey print and to every kind of colour vision; and every stage has a shape of its own.
    "default": Palette(
        name="default",
        before=Mark("#004F8C", "o", "#004F8C"),
        after=Mark("#E0621B", "^", "#E0621B"),
        reference=Mark("#3CC79A", "*", "#00876A", dash=(0, (4, 1.5)), edge=INK),
        arrow=GREY,
        others=_OTHERS,
    ),
    # What the older scripts drew.
    "classic": Palette(
        name="classic",
        before=Mark("#0000FF", "o", "#0000FF"),
        after=Mark("#FF0000", "o", "#FF0000"),
        reference=Mark("#008000", "*", "#008000"),
        arrow="#808080",
        others=_OTHERS,
    ),
}


def palette(name: str) -> Palette:
    """A palette by name.

    Raises:
        UnknownNameError: there is none of that name.
    """
    check_known(name, PALETTES, "a palette")
    return PALETTES[name]


_FALLBACK_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Source Han Sans",
    "WenQuanYi Zen Hei",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Arial Unicode MS",
)


@cache
def font_families() -> tuple[str, ...]:
    """The font that comes with matplotlib, then installed ones with more scripts, for names only it lacks."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in _FALLBACK_FONTS if name in installed))


def settings() -> dict[str, Any]:
    """matplotlib settings of a figure, over matplotlib's own defaults."""
    return {
        "font.family": list(font_families()),
        "font.size": TEXT,
        "text.color": INK,
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "axes.labelsize": TEXT,
        "axes.labelpad": 2.5,
        "axes.linewidth": 0.6,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlepad": 5.0,
        "axes.titlesize": TEXT,
        "axes.titleweight": "bold",
        "legend.borderaxespad": 0.0,
        "legend.columnspacing": 1.2,
        "legend.fontsize": TEXT - 0.5,
        "legend.frameon": False,
        "legend.handletextpad": 0.4,
        "lines.linewidth": 1.2,
        "pdf.fonttype": 42,
        "ps.fonttype": 42,
        "svg.fonttype": "path",
        "svg.hashsalt": "repscope",
        "xtick.color": GREY,
        "xtick.labelcolor": INK,
        "xtick.labelsize": TEXT - 0.5,
        "xtick.major.size": 2.5,
        "xtick.major.width": 0.6,
        "xtick.minor.visible": False,
        "ytick.color": GREY,
        "ytick.labelcolor": INK,
        "ytick.labelsize": TEXT - 0.5,
        "ytick.major.size": 2.5,
        "ytick.major.width": 0.6,
    }


@contextmanager
def styled() -> Iterator[None]:
    """Draw with our settings, whatever the reader's are, and put theirs back."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast(Any, settings()))
        yield


def new_figure(width: float, height: float, *, layout: Literal["constrained"] | None = None) -> Figure:
    """A figure that pyplot knows nothing of; inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def settle(figure: Figure) -> None:
    """Solve the layout once and keep it.

    matplotlib solves it again at every drawing, from where the last one ended and in other pixels, so that
    the same figure saved twice would differ.
    """
    figure.draw_without_rendering()
    with styled():
        # No engine at all: with matplotlib's "none", which keeps a placeholder, every saving draws twice.
        figure.set_layout_engine(None)
