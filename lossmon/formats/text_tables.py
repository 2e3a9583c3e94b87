"""Tables that a console prints between other lines: a header of names, then rows of numbers.

Notebooks' `Step  Training Loss`, Chainer's `PrintReport`, scikit-learn's
boosting, spaCy 2, and what scripts print by hand. The first column must count
steps or epochs and another one be called a loss; a table of models or of
settings is none. Where edges part the columns (MATLAB's `| Epoch | … |`) any
column may count, cells may be empty, and a header may have two lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from lossmon.formats._late import late
from lossmon.formats._log_prefix import without_prefix
from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.console import ConsoleParser, is_document, number, rank_of
from lossmon.formats.general_layout import Layout
from lossmon.formats.general_names import BATCH_WORDS, EPOCH_WORDS, STEP_WORDS
from lossmon.formats.general_track import Track
from lossmon.formats.head import Head
from lossmon.model import Role, clean_name, role_of
from lossmon.model.roles import words
from lossmon.record import record

_COUNTERS: Final = EPOCH_WORDS | STEP_WORDS | BATCH_WORDS | {"itn"}
_CLOCKS: Final = frozenset(("time", "dur", "duration", "elapsed", "remaining", "eta", "wps"))
_LOSSES: Final = frozenset((Role.TRAIN_LOSS, Role.EVAL_LOSS))
_MAX_COLUMNS: Final = 40
_MAX_LINE: Final = 1000
_LEAST_ROWS: Final = 2
_WIDE_GAP: Final = late(r"\t| {2,}+")
_TOKEN: Final = late(r"\S++")
_EDGES: Final = str.maketrans(dict.fromkeys("│┃║|", " "))
"""Around the columns of a table with edges (Rich, PrettyTable): blanks separate as well."""
_FRAMES: Final = frozenset("│┃║|")
_GAPS: Final = ("  ", "\t", *_FRAMES)
_PIECES: Final = 6
"""Between gaps of a line, in which a header's first name is looked for."""
_ABSENT: Final = "No log"
"""Transformers' notebook table says so where no loss was logged yet."""


@record
class Header:
    """The columns of a table as one way of cutting its header gives them."""

    names: tuple[str, ...]
    starts: tuple[int, ...]
    """Where each name begins in the line: left-aligned cells begin there too."""
    step: int | None
    epoch: int | None
    framed: bool = False
    """Edges part the columns; a row is given with them."""

    def cells(self, text: str) -> dict[int, str] | None:
        """Return a row's cells by column; None if the line is no row of this table."""
        if self.framed:
            parts = framed_cells(text)
            if parts is None or len(parts) != len(self.names):
                return None
            there = {index: part for index, part in enumerate(parts) if part}
            # A word makes it a row of a table of models, or of what sums the run up.
            return there if all(map(_is_value, there.values())) else None
        tokens = [(match.start(), match[0]) for match in _TOKEN.finditer(text)]
        if len(tokens) == len(self.names):
            return {index: token for index, (_, token) in enumerate(tokens)}
        places = {start: index for index, start in enumerate(self.starts)}
        if not 2 <= len(tokens) < len(self.names) or any(at not in places for at, _ in tokens):
            return None
        return {places[at]: token for at, token in tokens}


def headers_of(text: str) -> list[Header]:
    """Return the ways to cut a line that names columns (none: it does not)."""
    if len(text) > _MAX_LINE or not text.strip():
        return []
    start = text.split(None, 2)
    if len(start) < 2 or not start[1][0].isalpha() or not start[0].isalpha():
        return []  # `Epoch 3: …`, `step=4`
    if start[0].lower() not in _COUNTERS:
        return []
    found = []
    for gap in (_WIDE_GAP, re.compile(r"\s")):
        header = _cut(text, gap)
        if header is not None:
            found.append(header)
    return found


def _cut(text: str, gap: re.Pattern[str]) -> Header | None:
    names: list[str] = []
    starts: list[int] = []
    at = 0
    for piece in gap.split(text):
        name = piece.strip()
        if name:
            at = text.index(name, at)
            names.append(clean_name(name))
            starts.append(at)
            at += len(name)
    if not 2 <= len(names) <= _MAX_COLUMNS or len(set(names)) < len(names):
        return None
    if any(number(name) is not None or name[-1] in ":=" for name in names):
        return None
    lasts = [words(name)[-1:] for name in names]
    step = next((i for i, last in enumerate(lasts) if last and last[0] in _STEPS), None)
    epoch = next((i for i, last in enumerate(lasts) if last and last[0] in EPOCH_WORDS), None)
    if 0 not in (step, epoch) or not any(role_of(name) in _LOSSES for name in names):
        return None
    return Header(tuple(names), tuple(starts), step, epoch)


def _is_value(cell: str) -> bool:
    return cell[0].isdigit() or number(cell) is not None


def framed_cells(text: str) -> list[str] | None:
    """Return the cells of a line that begins and ends with an edge, None for any other."""
    text = text.strip(" ")
    if len(text) < 5 or len(text) > _MAX_LINE or not _FRAMES.issuperset((text[0], text[-1])):
        return None
    cells = [cell.strip() for cell in text[1:-1].translate(_BARS).split("|")]
    return cells if 2 <= len(cells) <= _MAX_COLUMNS else None


def framed_header(cells: list[str], above: list[str] | None) -> Header | None:
    """Return the columns that a line between edges names, with those of the line above if it has
    as many: a counter and a loss are among them.
    """
    if above is not None and len(above) == len(cells):
        cells = [f"{first} {second}".strip() for first, second in zip(above, cells, strict=True)]
    names = [clean_name(cell) for cell in cells]
    if not all(cells) or len(set(names)) < len(names):
        return None
    if any(number(cell) is not None or cell[-1] in ":=" for cell in cells):
        return None
    whole = [words(name) for name in names]
    counters = [parts[-1] if len(parts) == 1 else "" for parts in whole]
    step = next((i for i, word in enumerate(counters) if word in _STEPS), None)
    epoch = next((i for i, word in enumerate(counters) if word in EPOCH_WORDS), None)
    if step is epoch or not any(role_of(name) in _LOSSES for name in names):
        return None
    return Header(tuple(names), (), step, epoch, framed=True)


_BARS: Final = str.maketrans(dict.fromkeys("│┃║", "|"))
_STEPS: Final = _COUNTERS - EPOCH_WORDS
_MAX_COUNT: Final = 1e15
"""No counter of a run reaches it: a damaged line, `1e9992` of `1` and `2`."""


class TextTableParser(ConsoleParser):
    """Rows under the last header; the step is the column that counts steps, else the epoch."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._headers: list[Header] = []
        self._track = Track(Layout(step=0, epoch=1), [])
        self._prefixed = False
        """The table's header stood behind what a logger puts before a line."""
        self._above: list[str] | None = None
        """The line of names between edges before this one."""

    def record(self, text: str) -> bool:
        if len(text) > _MAX_LINE:
            return False
        bare = _without_edges(text)
        framed = bool(self._headers) and self._headers[0].framed
        if framed and self._row(text):
            return True
        if self._headers and bare.lstrip()[:1].isdigit() and self._row(bare):
            return True
        found = headers_of(bare)
        if not found and bare is not text:
            found = self._between_edges(text)
        if not found and (self._prefixed or _may_head(text)):
            bare = _said(text)
            if self._headers and self._prefixed and bare[:1].isdigit() and self._row(bare):
                return True
            found = headers_of(bare)
            self._prefixed |= bool(found)
        self._headers = found or self._headers
        return bool(found)

    def _between_edges(self, text: str) -> list[Header]:
        """Return the header that a line between edges is, or ends."""
        cells = framed_cells(text)
        header = None if cells is None else framed_header(cells, None)
        if header is None and cells is not None and self._above is not None:
            header = framed_header(cells, self._above)
        self._above = cells
        return [] if header is None else [header]

    def _row(self, text: str) -> bool:
        plain = text.replace(_ABSENT, "-     ") if _ABSENT in text else text
        for header in self._headers:
            cells = header.cells(plain)
            counters = None if cells is None else _counters(header, cells)
            if cells is None or counters is None:
                continue
            step, epoch = counters
            if epoch is not None and header.step in cells:
                step = self._track.position(step, epoch, None)  # it may begin anew in each
            values = {}
            for index, cell in cells.items():
                name = header.names[index]
                value = number(cell.rstrip("%"))
                if index in (header.step, header.epoch) or _CLOCKS & set(words(name)):
                    continue
                if value is not None:
                    values[name] = value
            if not values:
                return False
            self._headers = [header]
            self.add(values, step, epoch)
            return True
        return False


def _may_head(text: str) -> bool:
    """Say whether a line may hold a table's header behind what a logger puts first: a counter's
    name before a wide gap or an edge, and a loss. Asked of every line: a few string searches.
    """
    if "oss" not in text and "OSS" not in text:
        return False
    for gap in _GAPS:
        if gap in text:
            lasts = (piece.split()[-1:] for piece in text.split(gap, _PIECES)[:_PIECES])
            if any(last and last[0].rpartition(":")[2].lower() in _COUNTERS for last in lasts):
                return True
    return False


def _said(text: str) -> str:
    """Return a row of a table without what a logger put before it, and without edges."""
    return without_prefix(rank_of(text)[1]).translate(_EDGES).strip(" ")


def _without_edges(text: str) -> str:
    if text.lstrip(" ")[:1] in _FRAMES and text.rstrip(" ")[-1:] in _FRAMES:
        return text.translate(_EDGES)
    return text


def _begins_with_counter(line: str) -> bool:
    """Say whether the first of several words of a line is a counter's name."""
    start = line.split(None, 1)
    return len(start) == 2 and start[0].lower() in _COUNTERS


def _counters(header: Header, cells: dict[int, str]) -> tuple[float, float | None] | None:
    """Return a row's step and epoch; None if it says neither in whole numbers."""
    counts: list[float | None] = []
    for index in (header.step, header.epoch):
        cell = "" if index is None else cells.get(index, "")
        value = number(cell) if cell[:1].isdigit() and len(cell) <= 15 else None
        counts.append(None if value is not None and value >= _MAX_COUNT else value)
    step, epoch = counts
    if step is None or step % 1:
        step = epoch
    return None if step is None else (step, epoch)


class TextTable(StreamFormat):
    """Any such table, wherever it stands in a text."""

    name = "text-table"
    last_resort = True
    title = "Table of numbers under a header, printed by a console or a notebook"
    sample = "Step\tTraining Loss\tValidation Loss\n500\t1.420700\t1.310221"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if is_document(filename, head):
            return None
        looked = Head.of(head)
        lines = looked.lines if looked.text.endswith("\n") else looked.lines[:-1]
        headers: list[Header] = []
        counters: list[float] = []
        prefixed = False
        edged: list[str] = []
        if any(frame in looked.text for frame in _FRAMES):
            edged = [line for line in lines if line.lstrip(" ")[:1] in _FRAMES]
        if edged:
            lines = tuple(map(_without_edges, lines))
        for line in lines:
            said = _said(line) if prefixed else line
            if headers and said.lstrip()[:1].isdigit():
                found = _first_counter(headers, said)
                if found is not None:
                    headers, counter = [found[0]], found[1]
                    counters.append(counter)
                    if len(counters) >= _LEAST_ROWS and _rise(counters):
                        named = ", ".join(headers[0].names[:4])
                        return Sniff(0.5, f"rows of numbers under the header {named}")
                    continue
            begun: list[Header] = []
            behind = not _begins_with_counter(line)
            if not behind:
                begun = headers_of(line)
            elif ("oss" in line or "OSS" in line) and _may_head(line):
                begun = headers_of(_said(line))
            if begun:
                headers, counters, prefixed = begun, [], behind
        return _sniff_edged(edged)

    def parser(self, context: Context | None = None) -> Parser:
        return TextTableParser(context)


def _sniff_edged(lines: Iterable[str]) -> Sniff | None:
    """Look for a header and two rows under it among lines that begin with an edge."""
    header: Header | None = None
    above: list[str] | None = None
    counters: list[float] = []
    for line in lines:
        cells = framed_cells(line)
        if cells is None:
            continue
        found = None if header is None else _first_counter([header], line)
        if found is not None:
            counters.append(found[1])
            if len(counters) >= _LEAST_ROWS and _rise(counters):
                named = ", ".join(found[0].names[:4])
                return Sniff(0.5, f"rows of numbers between edges under {named}")
            continue
        begun = framed_header(cells, None) or framed_header(cells, above)
        above = cells
        if begun is not None:
            header, counters = begun, []
    return None


def _first_counter(headers: list[Header], line: str) -> tuple[Header, float] | None:
    for header in headers:
        cells = header.cells(line.replace(_ABSENT, "-     "))
        counters = None if cells is None else _counters(header, cells)
        if cells is not None and counters is not None:
            numbers = [number(cell.rstrip("%")) for cell in cells.values()]
            if sum(value is not None for value in numbers) >= 2:
                return header, counters[0]
    return None


def _rise(counters: list[float]) -> bool:
    return all(a < b for a, b in pairwise(counters))


FORMAT = TextTable()
