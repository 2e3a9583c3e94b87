"""The screen as an SVG that looks the same everywhere: what is drawn needs no font.

Curves, marks, bars and rules are shapes; only words are text, each character
at its own x, so that columns stand whatever monospaced font is found. Nothing
is fetched: the file names no address but that of the SVG standard itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme

CELL: Final = (10, 20)
"""Width and height of a cell, in user units (pixels of the PNG at scale 1)."""
_FONT_SIZE: Final = 16.4
_BASELINE: Final = 15.0
_MARGIN: Final = 10

FONTS: Final = "DejaVu Sans Mono, Menlo, Consolas, Cascadia Mono, Liberation Mono, monospace"

_DOTS: Final = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of each bit of a braille character."""

_POLYGONS: Final[dict[str, str]] = {
    "■": "1.5 6.5 8.5 6.5 8.5 13.5 1.5 13.5",
    "◆": "5 4.8 10 10 5 15.2 0 10",
    "▲": "5 5.2 9.6 14 .4 14",
    "▼": "5 14.8 9.6 6 .4 6",
    "▸": "2 6 8.5 10 2 14",
    "▾": "1.5 8 8.5 8 5 13",
    "▴": "1.5 13 8.5 13 5 8",
    "★": "5 4.6 6.4 8.2 10 8.5 7.3 10.9 8.2 14.6 5 12.6 1.8 14.6 2.7 10.9 0 8.5 3.6 8.2",
    "✚": "3.8 5.5 6.2 5.5 6.2 8.8 9.5 8.8 9.5 11.2 6.2 11.2 6.2 14.5 3.8 14.5 3.8 11.2 .5 11.2 "
    ".5 8.8 3.8 8.8",
}
"""Marks as filled polygons in a cell of 10 × 20."""
_OUTLINES: Final[dict[str, str]] = {
    "△": "M5 5.8L9 13.5L1 13.5Z",
    "□": "M2 7L8 7L8 13L2 13Z",
    "◇": "M5 5.6L9.2 10L5 14.4L.8 10Z",
    "✓": "M1.5 10.5L4 13.5L8.5 6.5",
    "×": "M2 7L8 13M8 7L2 13",
    "‖": "M3.5 5L3.5 15M6.5 5L6.5 15",
    "─": "M0 10L10 10",
    "━": "M0 9.3L10 9.3M0 10.7L10 10.7",
    "│": "M5 0L5 20",
    "┤": "M5 0L5 20M0 10L5 10",
    "├": "M5 0L5 20M5 10L10 10",
    "┬": "M0 10L10 10M5 10L5 20",
    "┴": "M0 10L10 10M5 0L5 10",
    "┼": "M0 10L10 10M5 0L5 20",
    "└": "M5 0L5 10L10 10",
    "┘": "M5 0L5 10L0 10",
    "┌": "M5 20L5 10L10 10",
    "┐": "M5 20L5 10L0 10",
    "╎": "M5 2L5 8M5 12L5 18",
    "↗": "M2 14L8 6M4.2 6L8 6L8 10",
    "↘": "M2 6L8 14M8 10L8 14L4.2 14",
    "→": "M.8 10L9 10M6 7L9 10L6 13",
    "↑": "M5 15L5 5.5M2 8.5L5 5.5L8 8.5",
    "↓": "M5 5L5 14.5M2 11.5L5 14.5L8 11.5",
    "←": "M9 10L1 10M4 7L1 10L4 13",
}
"""Marks and rules as strokes in a cell of 10 × 20."""
_ROUND: Final = {"●": True, "○": False}
_SHADES: Final = {"░": 0.25, "▒": 0.5, "▓": 0.75}
_QUADRANTS: Final = {
    "▖": 4, "▗": 8, "▘": 1, "▝": 2, "▀": 3, "▄": 12, "▌": 5, "▐": 10,
    "▚": 9, "▞": 6, "▙": 13, "▛": 7, "▜": 11, "▟": 14, "█": 15,
}  # fmt: skip
"""Which quarters are full: upper left 1, upper right 2, lower left 4, lower right 8."""


@dataclass
class _Ink:
    """What one colour draws."""

    dots: list[str] = field(default_factory=list)
    strokes: list[str] = field(default_factory=list)
    fills: list[str] = field(default_factory=list)
    shades: list[tuple[float, str]] = field(default_factory=list)
    words: dict[tuple[bool, bool], list[str]] = field(default_factory=dict)
    """Text elements by (bold, italic)."""


@dataclass(frozen=True, slots=True)
class _Paint:
    """A style's colours as they are seen."""

    fore: str
    back: str
    bold: bool
    italic: bool
    underline: bool


def screen_svg(
    lines: Sequence[Iterable[Segment]],
    foreground: str = "",
    background: str = "",
    theme: TerminalTheme = DIMMED_MONOKAI,
) -> str:
    """Return rows of segments as one SVG; colours of the terminal's own come from `theme`.

    `foreground` and `background` (`#rrggbb`) stand for the terminal's default
    colours where given.
    """
    fore = foreground or theme.foreground_color.hex
    back = background or theme.background_color.hex
    inks: dict[str, _Ink] = {}
    grounds: list[str] = []
    width = 0
    for y, line in enumerate(lines):
        x = 0
        for segment in line:
            if segment.control:
                continue
            paint = _paint(segment.style or Style.null(), fore, back, theme)
            size = cell_len(segment.text)
            if paint.back != back and size:
                grounds.append(_rect(paint.back, x, y, size))
            _draw(segment.text, x, y, paint, inks.setdefault(paint.fore, _Ink()))
            x += size
        width = max(width, x)
    wide, high = width * CELL[0] + 2 * _MARGIN, len(lines) * CELL[1] + 2 * _MARGIN
    body = "".join(_ink(color, ink) for color, ink in inks.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}">'
        f'<rect width="{wide}" height="{high}" rx="6" fill="{back}"/>'
        f'<g transform="translate({_MARGIN} {_MARGIN})" font-family="{FONTS}" '
        f'font-size="{_FONT_SIZE}">{"".join(grounds)}{body}</g></svg>\n'
    )


def _paint(style: Style, fore: str, back: str, theme: TerminalTheme) -> _Paint:
    own, ground = _hex(style.color, fore, theme, True), _hex(style.bgcolor, back, theme, False)
    if style.reverse:
        own, ground = ground, own
    if style.dim:
        own = _between(own, ground)
    return _Paint(own, ground, bool(style.bold), bool(style.italic), bool(style.underline))


def _hex(color: Color | None, default: str, theme: TerminalTheme, is_fore: bool) -> str:
    if color is None or color.is_default:
        return default
    return color.get_truecolor(theme, foreground=is_fore).hex


def _between(one: str, other: str) -> str:
    pairs = ((int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{(a + b) // 2:02x}" for a, b in pairs)


def _rect(color: str, x: int, y: int, size: int) -> str:
    wide, high = CELL
    return (
        f'<rect x="{x * wide}" y="{y * high}" width="{size * wide}" height="{high}" '
        f'fill="{color}"/>'
    )


def _draw(text: str, x: int, y: int, paint: _Paint, ink: _Ink) -> None:
    """Draw a segment: shapes one by one, words with a place for each character."""
    word: list[str] = []
    places: list[int] = []
    begin = x

    def end_word() -> None:
        if word:
            ink.words.setdefault((paint.bold, paint.italic), []).append(
                f'<text x="{" ".join(str(place) for place in places)}" '
                f'y="{y * CELL[1] + _BASELINE:g}">{escape("".join(word), quote=False)}</text>'
            )
            word.clear()
            places.clear()

    for char in text:
        size = cell_len(char)
        if char == " " or (size == 1 and _shape(char, x * CELL[0], y * CELL[1], ink)):
            end_word()
        elif size == 0 and word:
            word[-1] += char  # a combining mark stands on the character before it
        elif size:
            word.append(char)
            places.append(x * CELL[0])
        x += size
    end_word()
    if paint.underline and text.strip():
        ink.strokes.append(
            f"M{begin * CELL[0]} {y * CELL[1] + 17.5}L{x * CELL[0]} {y * CELL[1] + 17.5}"
        )


def _shape(char: str, left: int, top: int, ink: _Ink) -> bool:
    """Draw a character that is a shape; return False where it is none."""
    code = ord(char)
    if code < 0x7F:
        return False
    if 0x2800 <= code < 0x2900:
        for bit, (column, row) in enumerate(_DOTS):
            if code >> bit & 1:
                ink.dots.append(f"M{left + 2.5 + 5 * column:g} {top + 2.5 + 5 * row:g}h.01")
    elif char in _QUADRANTS:
        full = _QUADRANTS[char]
        boxes = [(x, y) for bit, (x, y) in enumerate(((0, 0), (5, 0), (0, 10), (5, 10)))
                 if full >> bit & 1]  # fmt: skip
        ink.fills += [f"M{left + x} {top + y}h5v10h-5z" for x, y in boxes]
    elif 0x2581 <= code <= 0x2588:
        high = (code - 0x2580) * 2.5
        ink.fills.append(f"M{left} {top + 20 - high:g}h10v{high:g}h-10z")
    elif 0x2589 <= code <= 0x258F:
        wide = (0x2590 - code) * 1.25
        ink.fills.append(f"M{left} {top}h{wide:g}v20h-{wide:g}z")
    elif char in _SHADES:
        ink.shades.append((_SHADES[char], f"M{left} {top}h10v20h-10z"))
    elif char in _POLYGONS:
        ink.fills.append(_moved("M" + _POLYGONS[char] + "Z", left, top))
    elif char in _OUTLINES:
        ink.strokes.append(_moved(_OUTLINES[char], left, top))
    elif char in _ROUND:
        circle = f"M{left + 1.4:g} {top + 10}a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0Z"
        (ink.fills if _ROUND[char] else ink.strokes).append(circle)
    elif char == "·":
        ink.dots.append(f"M{left + 5} {top + 10}h.01")
    else:
        return False
    return True


def _moved(path: str, left: int, top: int) -> str:
    """Return a path of absolute points in a cell, moved to the cell's place."""
    parts: list[str] = []
    axis = 0
    for token in path.replace("M", " M ").replace("L", " L ").replace("Z", " Z ").split():
        if token in "MLZ":
            parts.append(token)
        else:
            parts.append(f"{float(token) + (top if axis else left):g}")
            axis ^= 1
    return " ".join(parts)


def _ink(color: str, ink: _Ink) -> str:
    made = []
    if ink.shades:
        made += [
            f'<path d="{d}" fill="{color}" fill-opacity="{share}"/>' for share, d in ink.shades
        ]
    if ink.fills:
        made.append(f'<path d="{"".join(ink.fills)}" fill="{color}"/>')
    if ink.strokes:
        made.append(
            f'<path d="{"".join(ink.strokes)}" fill="none" stroke="{color}" stroke-width="1.3"/>'
        )
    if ink.dots:
        made.append(
            f'<path d="{"".join(ink.dots)}" fill="none" stroke="{color}" stroke-width="3" '
            'stroke-linecap="round"/>'
        )
    for (bold, italic), words in ink.words.items():
        weight = ' font-weight="bold"' if bold else ""
        slant = ' font-style="italic"' if italic else ""
        made.append(f'<g fill="{color}"{weight}{slant}>{"".join(words)}</g>')
    return "".join(made)
