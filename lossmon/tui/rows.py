"""Rows of styled text: fitting, padding, wrapping by terminal cells, and what changed between two.

Everything that the screen shows is rows (`lossmon.charts.spec.Row`), made by
pure functions. Texts come from logs too: they are plain characters here, no
markup is ever read from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from rich.cells import cell_len, chop_cells, set_cell_size

from lossmon.charts.spec import Row, Span

_GAP: Final = 14
"""Unchanged cells that are cheaper to send again than to jump over (a jump costs a move and two
style sequences, about 45 bytes; a braille cell costs 3)."""

_CHARS: Final = {
    "…": "~",
    "─": "-",
    "│": "|",
    "·": ".",
    "–": "-",
    "±": "+-",
    "×": "x",
    "→": ">",
    "≤": "<=",
    "≥": ">=",
    "−": "-",
    "→|": ">|",
    "‘": "'",
    "’": "'",
    "“": '"',
    "”": '"',
    "σ": "s",
    "β": "b",
    "▸": ">",
    "←": "<",
    "↑": "^",
    "↓": "v",
    "≈": "~",
    "∞": "inf",
    "⇧": "shift-",
    "ε": "e",
    "↗": "/",
    "↘": "\\",
    "²": "^2",
    "—": "-",
    "�": "?",
    "√": "sqrt",
    "°": "deg",
}
_TO_ASCII: Final = str.maketrans({key: value for key, value in _CHARS.items() if len(key) == 1})


def plain(text: str) -> str:
    """Return `text` in ASCII alone, each further character as its nearest or `?`."""
    if text.isascii():
        return text
    return text.translate(_TO_ASCII).encode("ascii", "replace").decode("ascii")


def fit(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells: cut with an ellipsis, or padded with blanks."""
    if width <= 0:
        return ""
    size = len(text) if text.isascii() else cell_len(text)
    if size <= width:
        return text + " " * (width - size)
    return set_cell_size(text, width - 1) + "…"


def fit_middle(text: str, width: int) -> str:
    """Return `text` in `width` cells, cut in its middle: both ends of a path tell something."""
    if width < 8 or cell_len(text) <= width:
        return fit(text, width)
    tail = (width - 1) * 2 // 3
    head = width - 1 - tail
    kept = chop_cells(text, head)[0]
    end = text[-tail:]
    while cell_len(end) > tail:
        end = end[1:]
    return fit(f"{kept}…{end}", width)


def right(text: str, width: int) -> str:
    """Return `text` at the right end of `width` cells."""
    size = cell_len(text)
    return " " * (width - size) + text if size <= width else fit(text, width)


def row(width: int, *spans: Span | str, fill: str = "") -> Row:
    """Return one row of exactly `width` cells: spans cut at the end, blanks in style `fill`."""
    made: list[Span] = []
    left = width
    for item in spans:
        span = Span(item) if isinstance(item, str) else item
        if not span.text:
            continue
        size = len(span.text) if span.text.isascii() else cell_len(span.text)
        if size > left:
            if left > 0:
                made.append(Span(fit(span.text, left), span.style))
            left = 0
            break
        made.append(span)
        left -= size
    if left > 0:
        made.append(Span(" " * left, fill))
    return tuple(made)


def width_of(*spans: Span | str) -> int:
    """Return the cells that spans take."""
    return sum(cell_len(span if isinstance(span, str) else span.text) for span in spans)


def wrap(text: str, width: int, limit: int | None = None) -> list[str]:
    """Return `text` broken at blanks into lines of at most `width` cells, `limit` lines at most."""
    if width <= 0:
        return []
    lines = list(_wrapped(text, width))
    if limit is not None and len(lines) > limit:
        if limit <= 0:
            return []
        lines = lines[:limit]
        kept = lines[-1]
        if cell_len(kept) >= width:
            kept = set_cell_size(kept, width - 1).rstrip()
        lines[-1] = kept + "…"
    return lines


@lru_cache(maxsize=256)  # most sentences stand as they stood in the picture before
def _wrapped(text: str, width: int) -> tuple[str, ...]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in chop_cells(word, width) if cell_len(word) > width else (word,):
            joined = f"{line} {piece}" if line else piece
            if cell_len(joined) <= width:
                line = joined
            else:
                lines.append(line)
                line = piece
    if line:
        lines.append(line)
    return tuple(lines)


def ascii_rows(rows: Iterable[Row]) -> list[Row]:
    """Return rows with every character in ASCII, widths kept."""
    result = []
    for item in rows:
        if all(span.text.isascii() for span in item):
            result.append(item)
            continue
        width = width_of(*item)
        result.append(row(width, *(Span(plain(span.text), span.style) for span in item)))
    return result


def changed(old: Row, new: Row) -> list[tuple[int, int]]:
    """Return the stretches of cells (begin, end) in which two rows of one width differ.

    Stretches that lie closer than it would cost to skip are joined.
    """
    if old == new:
        return []
    skipped, before, after = _differing(old, new)
    old_chars, old_styles = _cells(before)
    new_chars, new_styles = _cells(after)
    if old_chars is None or new_chars is None or len(old_chars) != len(new_chars):
        return [(0, width_of(*new))]
    stretches: list[tuple[int, int]] = []
    for index in range(len(new_chars)):
        if old_chars[index] == new_chars[index] and old_styles[index] == new_styles[index]:
            continue
        at = skipped + index
        if stretches and at - stretches[-1][1] <= _GAP:
            stretches[-1] = (stretches[-1][0], at + 1)
        else:
            stretches.append((at, at + 1))
    return stretches


def _differing(old: Row, new: Row) -> tuple[int, Row, Row]:
    """Return the cells that begin both rows alike, and what lies between there and a like end."""
    most = min(len(old), len(new))
    first = next((i for i in range(most) if old[i] != new[i]), most)
    last = next((i for i in range(most - first) if old[-1 - i] != new[-1 - i]), most - first)
    skipped = width_of(*new[:first])
    return skipped, old[first : len(old) - last], new[first : len(new) - last]


def _cells(item: Row) -> tuple[str | None, list[str]]:
    """Return characters and styles by cell; no characters where one is not one cell wide."""
    text = "".join(span.text for span in item)
    if not text.isascii() and cell_len(text) != len(text):
        return None, []
    styles: list[str] = []
    for span in item:
        styles += [span.style] * len(span.text)
    return text, styles


def pad(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """Return exactly `height` rows: cut at the end, or blank ones added."""
    blank = row(width)
    return [*rows[:height], *([blank] * (height - len(rows)))]
