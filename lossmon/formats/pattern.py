r"""Text read by a pattern of the user's: `step (?P<step>\d+).*loss (?P<loss>[\d.]+)`.

The pattern is compiled with RE2, whose time is linear in the text whatever the
pattern. It is searched for in each line. Groups named `step`, `epoch` and
`time` say where the line stands; every other named group is a metric.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

from lossmon.errors import UsageError
from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.fields import parse_time, plausible_unix
from lossmon.formats.head import Head
from lossmon.formats.lines import LineParser, strip_ansi

EXAMPLE: Final = r"step (?P<step>\d+).*loss (?P<loss>[-+.\deE]+|nan|inf)"
_POSITIONS: Final = frozenset(("step", "epoch", "time"))
_MAX_PATTERN: Final = 10_000
_CRASH: Final = b"Traceback (most recent call last)"

Find = Callable[[bytes], Iterator[Any]]
"""Yields the first match in each line of a block of lines."""


def compile_pattern(pattern: str) -> tuple[Find, dict[str, int]]:
    """Return what finds a pattern in blocks of lines, and the numbers of its named groups.

    UsageError says what is wrong with it, where, and shows one that works.
    """
    try:
        import re2
    except ImportError as error:
        raise UsageError(
            "--pattern needs the package google-re2, which is not installed"
        ) from error

    if len(pattern) > _MAX_PATTERN:
        raise UsageError(f"--pattern: {len(pattern)} characters; at most {_MAX_PATTERN} are taken")
    options = re2.Options()
    options.log_errors = False
    options.never_nl = True  # nothing in a pattern matches across lines
    try:
        re2.compile(pattern.encode(), options)
        # `.*` takes the rest of the line, so that each line gives its first match only.
        compiled = re2.compile(b"(?m:(?:" + pattern.encode() + b").*)", options)
    except re2.error as error:
        raise UsageError(_explain(pattern, error)) from error
    groups = {_text(name): number for name, number in compiled.groupindex.items()}
    if not groups.keys() - _POSITIONS:
        raise UsageError(
            f"--pattern: {pattern!r} names no metric: put a number to read into a group like"
            rf" (?P<loss>[\d.]+), for example '{EXAMPLE}'"
        )
    return compiled.finditer, groups


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _explain(pattern: str, error: Exception) -> str:
    """Word RE2's complaint, with the place in the pattern where it can be found."""
    said = _text(error.args[0]) if error.args else "not a regular expression"
    what, _, piece = said.partition(": ")
    at = pattern.find(piece) if piece else -1
    where = f" at character {at + 1} ({piece!r})" if at >= 0 else ""
    foreign = "perl operator" in what or "escape sequence" in what
    hint = "; look-around and back-references are not possible" if foreign else ""
    return f"--pattern: {what}{where}{hint}; a pattern that works: '{EXAMPLE}'"


class PatternParser(LineParser):
    """One search a line; lines that do not match are passed over."""

    def __init__(self, find: Find, groups: dict[str, int], context: Context | None) -> None:
        super().__init__(context)
        self._find = find
        self._metrics = [(name, n - 1) for name, n in groups.items() if name not in _POSITIONS]
        self._positions = {name: groups[name] - 1 for name in _POSITIONS if name in groups}
        self._step: float | None = None
        self._epoch: float | None = None
        self._count = 0

    def line(self, text: str) -> None:
        self.block(text.encode() + b"\n")

    def block(self, block: bytes) -> None:
        if b"\x1b" in block:
            block = strip_ansi(block.decode("utf-8", "replace")).encode()
        end = -1
        for match in self._find(block):
            if match.start() < match.end():
                self._take_cells(match.groups())
                end = match.end()
        crash = block.rfind(_CRASH)
        if crash > end:
            self.info.crashed = True

    def _take_cells(self, cells: tuple[bytes | None, ...]) -> None:
        step = self._position(cells, "step")
        epoch = self._position(cells, "epoch")
        if step is not None:
            self._step = step
        if epoch is not None:
            self._epoch = epoch
        values = {}
        for name, group in self._metrics:
            cell = cells[group]
            if cell is None:
                continue
            value = _number(cell)
            if value is None:
                self.bad_records += 1
            else:
                values[name] = value
        if values:
            self.info.crashed = False
            self.rows.add(values, self._where(), self._epoch, self._time(cells))

    def _where(self) -> float:
        """Return the line's step: its own, the last one seen, the epoch, or a count."""
        if self._step is not None:
            return self._step
        if "step" not in self._positions and self._epoch is not None:
            return self._epoch
        self._count += 1
        self.info.steps_estimated = True
        return float(self._count)

    def _position(self, cells: tuple[bytes | None, ...], name: str) -> float | None:
        group = self._positions.get(name)
        cell = None if group is None else cells[group]
        value = None if cell is None else _number(cell)
        if cell is not None and (value is None or not math.isfinite(value)):
            self.bad_records += 1
            return None
        return value

    def _time(self, cells: tuple[bytes | None, ...]) -> float | None:
        group = self._positions.get("time")
        cell = None if group is None else cells[group]
        if cell is None:
            return None
        value = _number(cell)
        if value is not None and plausible_unix(value):
            return value
        return parse_time(cell.decode("utf-8", "replace").replace("/", "-"))


def _number(cell: bytes) -> float | None:
    text = cell.strip().rstrip(b"%")
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(text.replace(b",", b""))
    except ValueError:
        return None


class PatternFormat(StreamFormat):
    """Lines that a pattern of the user's finds (see the module's words)."""

    name = "pattern"
    title = "Text read by --pattern"
    sample = rf"--pattern '{EXAMPLE}'"

    def __init__(self, pattern: str) -> None:
        """Compile `pattern`; UsageError if it is none, or names no metric."""
        self.pattern = pattern
        self._find, self._groups = compile_pattern(pattern)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        for _ in self._find(Head.of(head).text.encode()):
            return Sniff(1.0, "a line matches --pattern")
        return None

    def parser(self, context: Context | None = None) -> Parser:
        return PatternParser(self._find, self._groups, context)
