"""SVG to PNG, for everything that lossmon draws: charts and pictures of the screen.

Drawn by resvg (its own rasteriser, no system library) with fonts that come
along, so that a slim container without any font makes the same picture as a
desktop. The system's fonts are loaded for characters beyond those alone: that
reads every font file there is.

resvg knows no CSS variables and no media queries: a chart for it is made with
`svg_lines(..., still=Palette.LIGHT)`. It would read pictures that an SVG
embeds from files: lossmon draws none, and an SVG that has one is refused.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lossmon.errors import UsageError

FONTS: Final = Path(__file__).with_name("fonts")
SCALE: Final = 2.0
"""Pixels a CSS pixel: sharp on dense displays."""
MAX_PIXELS: Final = 64_000_000
"""A picture larger than this is drawn smaller: 256 MB in memory."""

_SANS, _MONO = "DejaVu Sans", "DejaVu Sans Mono"
_BEYOND: Final = re.compile(
    "[^\t\n\r\u0020-\u017f\u0192\u02c6-\u02dd\u0370-\u03ff\u0400-\u045f\u2000-\u209f\u20ac"
    "\u2100-\u23ff\u2500-\u25ff\u2600-\u2606\u2713-\u2718\u271a\u2800-\u28ff]"
)
"""A character that the fonts in `fonts/` lack (see the README there)."""

_LOADS: Final = re.compile(r"<!DOCTYPE|<!ENTITY|<(?:[\w.-]{1,99}:)?(?:fe)?image\b", re.IGNORECASE)
"""What would read a file, or could hide that it does."""


def available() -> bool:
    """Return whether PNG pictures can be drawn here (the extra `png`)."""
    return find_spec("resvg_py") is not None


def png(svg: str, scale: float = SCALE, *, size: tuple[int, int] | None = None) -> bytes:
    """Return an SVG text as PNG bytes, `scale` pixels a user unit.

    `size` is the drawing's width and height in user units where it is known:
    a drawing above `MAX_PIXELS` is then drawn at a smaller scale. Raises
    UsageError without the extra `png`, and ValueError for what is no SVG, or
    one that embeds other files.
    """
    if _LOADS.search(svg) is not None:
        raise ValueError("this SVG embeds other files")
    try:
        import resvg_py
    except ImportError:
        raise UsageError("PNG pictures need resvg-py: pip install 'lossmon[png]'") from None
    if size is not None and size[0] * size[1] * scale**2 > MAX_PIXELS:
        scale = (MAX_PIXELS / (size[0] * size[1])) ** 0.5
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=scale,
            font_files=[str(file) for file in sorted(FONTS.glob("*.ttf"))],
            skip_system_fonts=_BEYOND.search(svg) is None,
            font_family=_SANS,
            sans_serif_family=_SANS,
            serif_family=_SANS,
            monospace_family=_MONO,
        )
    )
