"""Colours and marks of ordered stages, and of groups of them."""

from __future__ import annotations

import numpy as np

from repscope.plot.base.style import Mark, palette

REFERENCE = {"default": "#2F6DB5", "classic": "#0000FF"}
"""Captions: blue circles, in both palettes."""

# Light orange to dark brown: rises in darkness for every kind of colour vision, and no stage is blue.
_SEQUENCE = ((253, 190, 111), (240, 126, 44), (196, 66, 20), (133, 34, 10), (70, 15, 5))
_CLASSIC = ("#FF0000", "#008000", "#800080", "#FF8C00", "#8B4513", "#FF1493")

GROUPS = (
    Mark("#004F8C", "o", "#004F8C"),
    Mark("#E0621B", "^", "#E0621B", dash=(0, (4, 1.5))),
    Mark("#00876A", "D", "#00876A", dash=(0, (1.2, 1.2))),
    Mark("#9C4F86", "v", "#9C4F86", dash=(0, (6, 1.5, 1.2, 1.5))),
    Mark("#3E9AC7", "s", "#3E9AC7"),
    Mark("#8C7A00", "P", "#8C7A00", dash=(0, (4, 1.5))),
    Mark("#555555", "X", "#555555", dash=(0, (1.2, 1.2))),
    Mark("#222222", "h", "#222222", dash=(0, (6, 1.5, 1.2, 1.5))),
)
"""Marks of groups: colour, shape and dash all differ, so that none of them alone must be told apart."""


def stage_colours(count: int, name: str) -> list[str]:
    """A colour for each stage, first to last.

    Args:
        count: of stages.
        name: "default" goes from light to dark; "classic" is the older red, green, purple, then others.

    Raises:
        UnknownNameError: no such palette.
    """
    if palette(name).name == "classic" and count <= len(_CLASSIC):
        return list(_CLASSIC[:count])
    anchors = np.array(_SEQUENCE, np.float64)
    at = np.linspace(0, len(anchors) - 1, max(count, 2))[:count]
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return [
        "#" + "".join(f"{round(value):02X}" for value in colour) for colour in zip(*channels, strict=True)
    ]
