"""Colours and shapes: colour-blind safe, and never the only carrier of a meaning.

Hues follow Okabe and Ito (2008, "Color universal design"), with the ones that
vanish on a dark or on a light ground moved in lightness. A line keeps its hue
and its marker through the index that the caller gives it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, Literal

from lossmon.charts.spec import Glyphs, LineRole, MarkKind, Palette
from lossmon.model.findings import Severity

_DARK: Final = (
    "#56b4e9",  # sky blue
    "#e69f00",  # orange
    "#2bc49a",  # bluish green
    "#e377b4",  # reddish purple
    "#f0e442",  # yellow
    "#ee7733",  # vermillion
    "#8f9bff",  # blue
    "#bbbbbb",  # grey
)
_LIGHT: Final = (
    "#0066a8",
    "#b85c00",
    "#00785a",
    "#b03a80",
    "#7a6a00",
    "#c0392b",
    "#5145cd",
    "#555555",
)
_ANSI16: Final = ("cyan", "yellow", "green", "magenta", "red", "blue", "bright_cyan", "white")
COLORS: Final = len(_DARK)
"""Distinct hues; line indices beyond it wrap around (and differ by marker)."""

MARKERS: Final = ("●", "▲", "■", "◆", "▼", "✚", "○", "△", "□", "◇", "▽", "◈")
ASCII_MARKERS: Final = ("o", "^", "#", "x", "v", "+", "0", "A", "B", "C", "V", "D")

_GROUND: Final = {Palette.DARK: "#121212", Palette.LIGHT: "#fcfcfc"}
_SHARE: Final[dict[LineRole, float]] = {"raw": 0.5, "dimmed": 0.28}
"""How much of a hue is left over the ground: faint, yet seen as that hue."""

_SEVERITY: Final[dict[Palette, dict[Severity, str]]] = {
    Palette.DARK: {"info": "#8a9199", "warning": "#e6b450", "critical": "bold #ff6b6b"},
    Palette.LIGHT: {"info": "#6a7178", "warning": "#9a6700", "critical": "bold #c62828"},
    Palette.ANSI16: {"info": "white", "warning": "yellow", "critical": "bold red"},
    Palette.NONE: {"info": "dim", "warning": "", "critical": "bold"},
}

Part = Literal["axis", "tick", "title", "note", "cursor", "empty", "grid"]
_PARTS: Final[dict[Palette, dict[Part, str]]] = {
    Palette.DARK: {
        "axis": "#5c6370",
        "tick": "#9aa3ad",
        "title": "bold",
        "note": "#e6b450",
        "cursor": "#c5cbd3",
        "empty": "#8a9199",
        "grid": "#33373d",
    },
    Palette.LIGHT: {
        "axis": "#a0a6ad",
        "tick": "#5c6370",
        "title": "bold",
        "note": "#9a6700",
        "cursor": "#3a3f45",
        "empty": "#6a7178",
        "grid": "#d9dcdf",
    },
    Palette.ANSI16: {
        "axis": "bright_black",
        "tick": "",
        "title": "bold",
        "note": "yellow",
        "cursor": "",
        "empty": "",
        "grid": "bright_black",
    },
    Palette.NONE: {
        "axis": "",
        "tick": "",
        "title": "bold",
        "note": "",
        "cursor": "",
        "empty": "",
        "grid": "dim",
    },
}

MARK_WORDS: Final[dict[MarkKind, tuple[str, str]]] = {
    "plateau": ("Plateau", "P"),
    "divergence": ("Diverging", "D"),
    "spike": ("Spike", "^"),
    "overfitting": ("Overfit", "O"),
    "nonfinite": ("NaN", "N"),
    "resume": ("Resumed", "R"),
    "restart": ("Restart", "L"),
    "stalled": ("Stalled", "S"),
    "finished": ("End", "E"),
    "not_learning": ("Not learning", "F"),
    "best_eval": ("Best", "B"),
    "nan": ("NaN", "N"),
    "checkpoint": ("Checkpoint", "C"),
}
"""Word and letter of each kind of mark: the letter stands where the word has no room."""


@lru_cache(maxsize=256)
def _blend(color: str, ground: str, share: float) -> str:
    parts = []
    for at in (1, 3, 5):
        over, under = int(color[at : at + 2], 16), int(ground[at : at + 2], 16)
        parts.append(round(over * share + under * (1 - share)))
    return "#{:02x}{:02x}{:02x}".format(*parts)


@lru_cache(maxsize=1024)
def line_style(palette: Palette, role: LineRole, color: int) -> str:
    """Return the style of a line of that role and colour index."""
    if palette is Palette.NONE:
        return {"raw": "dim", "dimmed": "dim", "ema": "bold"}.get(role, "")
    if palette is Palette.ANSI16:
        # Terminals with 16 colours often lack "dim": bright black is the one faint colour.
        return "bright_black" if role in _SHARE else _ANSI16[color % COLORS]
    hue = (_DARK if palette is Palette.DARK else _LIGHT)[color % COLORS]
    share = _SHARE.get(role)
    return hue if share is None else _blend(hue, _GROUND[palette], share)


@lru_cache(maxsize=256)
def band_style(palette: Palette, color: int) -> str:
    """Return the style of a band's dots."""
    if palette in (Palette.NONE, Palette.ANSI16):
        return line_style(palette, "raw", color)
    hue = (_DARK if palette is Palette.DARK else _LIGHT)[color % COLORS]
    return _blend(hue, _GROUND[palette], 0.4)


def part_style(palette: Palette, part: Part) -> str:
    """Return the style of a part of the frame."""
    return _PARTS[palette][part]


def severity_style(palette: Palette, severity: Severity) -> str:
    """Return the style of a mark."""
    return _SEVERITY[palette][severity]


def marker(index: int, glyphs: Glyphs = Glyphs.BRAILLE) -> str:
    """Return the shape that goes with a colour index, one narrow character."""
    shapes = ASCII_MARKERS if glyphs is Glyphs.ASCII else MARKERS
    # Where hues and shapes would meet again, the shapes go one further: 96 pairs, not 24.
    again = index // math.lcm(COLORS, len(shapes))
    return shapes[(index + again) % len(shapes)]


def as_ascii(char: str) -> str:
    """Return the ASCII stand-in of a marker ("*" where there is none)."""
    if char.isascii():
        return char
    return ASCII_MARKERS[MARKERS.index(char)] if char in MARKERS else "*"


def hues(palette: Palette) -> tuple[str, ...]:
    """Return the hex colours of the dark or light palette (for vector charts)."""
    return _LIGHT if palette is Palette.LIGHT else _DARK
