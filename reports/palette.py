"""The colours of the report: one place for the page, in light and dark, and for its plots.

Ten series colours of similar weight, each at least 3:1 against its paper, ordered so that
neighbours differ for the colour-blind too; every series has its own dash and marker beside it.
"""

from __future__ import annotations

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b2130",
    "muted": "#5a6272",
    "line": "#d8dce4",
    "accent": "#1f5fa8",
    "error": "#b4431f",
    "dummy": "#7b8290",
    "s0": "#1f6fb4",
    "s1": "#c4570b",
    "s2": "#0b7f6a",
    "s3": "#a83a86",
    "s4": "#8a6d00",
    "s5": "#5b4bb7",
    "s6": "#2a8fc4",
    "s7": "#8e2a45",
    "s8": "#5f7d1a",
    "s9": "#75594a",
}
DARK = {
    "paper": "#14171d",
    "ink": "#e7e9ee",
    "muted": "#a3abba",
    "line": "#343a46",
    "accent": "#7db4ee",
    "error": "#f08c68",
    "dummy": "#8f97a6",
    "s0": "#62a8e8",
    "s1": "#f0914d",
    "s2": "#3fc0a5",
    "s3": "#e07cc0",
    "s4": "#d4b13c",
    "s5": "#a89bf0",
    "s6": "#7ccdf2",
    "s7": "#e0738f",
    "s8": "#a9c95c",
    "s9": "#c2a391",
}
N_SERIES = 10
MARKERS = "osD^vPXph*"
DASHES: tuple[tuple[float, tuple[float, ...]], ...] = (
    (0, ()),
    (0, (6, 2)),
    (0, (2, 1.5)),
    (0, (6, 2, 1.5, 2)),
    (0, (10, 3)),
)


def series(position: int | None) -> str:
    """Return the name of the colour of a series, None for the dummy.

    >>> series(0), series(12), series(None)
    ('s0', 's2', 'dummy')
    """
    return "dummy" if position is None else f"s{position % N_SERIES}"
