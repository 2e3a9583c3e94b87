r"""What console formats share: printed numbers, rank prefixes, crashes, sniffing by lines.

A console log is whatever a training script printed: its own lines between
warnings, configuration, sometimes the whole source code. A format of this kind
knows the few lines that only its trainer prints, and leaves all others alone.
"""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import ClassVar, Final

from lossmon.formats._counts import comma_number, is_decimal
from lossmon.formats._late import late
from lossmon.formats.base import HEAD_BYTES, Context, Parser, Sniff, StreamFormat
from lossmon.formats.head import Head
from lossmon.formats.lines import LineParser
from lossmon.model import clean_text

NUM: Final = (
    r"[-+]?(?:\d{1,320}(?:\.\d{0,60})?(?:[eE][-+]?\d{1,4})?|\.\d{1,60}|(?i:nan|inf(?:inity)?))"
)
"""A printed number (`%.4f` of a diverged loss has up to 309 digits); every repetition is bounded,
so that no text makes matching slow."""

STEP: Final = r"\d{1,15}"
"""A printed step: exact as a float64."""

MAX_SNIFFED_LINES: Final = 20
"""Matching lines counted at most in a head: more say nothing more."""

_MAX_TRIED_LINES: Final = 300
"""Lines that hold a needle and are tried: keeps a head of bars or source code cheap."""

_MAX_SNIFFED_LINE: Final = 6000

_MAX_FACTS: Final = 12

_UNIT: Final = r"(?i:gpu|cuda|rank|worker|node|proc|process|host|device)[ :_-]?\d{1,6}(?::\d{1,4})?"
_RANK: Final = late(
    r"\s{0,8}\[((?:rank ?|default)?\d{1,6}(?=\]:)"
    rf"|{_UNIT}(?:[ :/|,_-]{{1,2}}{_UNIT}){{0,2}})\]:?\s{{0,8}}"
)
"""`torchrun` and PyTorch put `[rank0]:`, `[default0]:` or `[0]:` before the lines of a process,
scripts `[GPU0]`, `[node3:gpu2]` and the like."""

_MAX_TAGS: Final = 3
"""Such tags that one line may have, one behind the other."""

_SCRIPT_DONE: Final = late(r'Script done on [^\[]{1,60}\[COMMAND_EXIT_CODE="(\d{1,3})"\]')
"""util-linux's `script`, with which terminals are recorded, ends with the command's exit code."""

# Files that quote lines of a log without being one.
_NO_LOG_SUFFIXES: Final = frozenset(
    [
        ".c",
        ".cc",
        ".cfg",
        ".cpp",
        ".css",
        ".csv",
        ".cu",
        ".cuh",
        ".diff",
        ".go",
        ".h",
        ".hpp",
        ".htm",
        ".html",
        ".ini",
        ".ipynb",
        ".java",
        ".jl",
        ".js",
        ".json",
        ".jsonl",
        ".lock",
        ".lua",
        ".m",
        ".md",
        ".patch",
        ".ps1",
        ".pxd",
        ".py",
        ".pyi",
        ".pyx",
        ".r",
        ".rb",
        ".rs",
        ".rst",
        ".scala",
        ".sh",
        ".svg",
        ".swift",
        ".tex",
        ".toml",
        ".ts",
        ".tsv",
        ".xml",
        ".yaml",
        ".yml",
    ]
)
_NO_LOG_NAMES: Final = frozenset(
    [
        "changelog",
        "changes",
        "citation",
        "contributing",
        "license",
        "metadata",
        "pkg-info",
        "readme",
    ]
)
_NO_LOG_STARTS: Final = (
    b"Metadata-Version:",
    b"<!DOCTYPE",
    b"<!doctype",
    b"<html",
    b"<?xml",
    b"%PDF",
)


def number(text: str) -> float | None:
    """Return the number that `text` is (thousands or decimal commas allowed), or None."""
    try:
        return float(text)
    except ValueError:
        if "," not in text:
            return None
    if is_decimal(text):
        return comma_number(text)
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def rank_of(text: str) -> tuple[str | None, str]:
    """Return which process a line is of (None: it does not say), and what that one printed."""
    found, at = None, 0
    if text[:1] in ("[", " "):
        for _ in range(_MAX_TAGS):
            match = _RANK.match(text, at)
            if match is None:
                break
            found, at = match[1] if found is None else f"{found} {match[1]}", match.end()
    return found, text[at:] if at else text


def says_crash(text: str) -> bool:
    """Whether a line says that the process died: a Python traceback, memory, the scheduler."""
    return (
        "Traceback (most recent call last)" in text
        or "CUDA out of memory" in text
        or "OutOfMemoryError" in text
        or "slurmstepd: error: ***" in text
    )


def is_document(filename: str, head: bytes) -> bool:
    """Whether a file is source code, data or documentation by its name or first bytes."""
    return _is_named_as_document(filename) or head.startswith(_NO_LOG_STARTS)


@lru_cache(maxsize=256)
def _is_named_as_document(filename: str) -> bool:
    """Ask it of a name, which each of a file's formats does."""
    path = PurePosixPath(filename.lower())
    return path.suffix in _NO_LOG_SUFFIXES or path.name.split(".", 1)[0] in _NO_LOG_NAMES


class ConsoleParser(LineParser):
    """A parser of lines among which only some are records.

    Subclasses implement `record`, which adds rows through `add` and says
    whether the line was one of theirs. Lines of other ranks than the first
    that logged are left out: data-parallel ranks print the same points.
    """

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._rank: str | None = None

    @abstractmethod
    def record(self, text: str) -> bool:
        """Take a line without its rank prefix; return whether it was the format's own."""

    def line(self, text: str) -> None:
        rank, text = rank_of(text)
        if not text:
            return
        if rank is not None and self._rank not in (None, rank):
            self._end_of(text)
        elif self.record(text):
            if rank is not None:
                self._rank = rank
        else:
            self._end_of(text)

    def _end_of(self, text: str) -> None:
        """Note what a line that is no record says of how the run ended."""
        if match := _SCRIPT_DONE.match(text):
            self.info.crashed = match[1] != "0"
            self.info.finished = not self.info.crashed
        elif says_crash(text) and not self.info.finished:
            self.info.crashed = True

    def held_back(self) -> None:
        """Add what waited for a line that will not come any more (default: nothing does)."""

    def end(self) -> None:
        # What was held back was printed before the lines that told how the run ended.
        finished, crashed = self.info.finished, self.info.crashed
        self.held_back()
        self.info.finished, self.info.crashed = finished, crashed

    def add(
        self,
        values: Mapping[str, float] | Iterable[tuple[str, float]],
        step: float,
        epoch: float | None = None,
    ) -> None:
        """Append a row; a run that logs on has neither finished nor crashed.

        A step that is no number (`global_step: inf` in a damaged line) makes no row.
        """
        if not math.isfinite(step):
            self.bad_records += 1
            return
        self.info.finished = False
        self.info.crashed = False
        self.rows.add(values, step, epoch)

    def fact(self, name: str, value: str) -> None:
        """Keep a fact for people (the first dozen)."""
        if len(self.info.facts) < _MAX_FACTS:
            self.info.facts.setdefault(name, clean_text(value.strip(), 80))


class ConsoleFormat(StreamFormat):
    """A text format that is recognised by lines that only its trainer prints.

    `needles`: texts of which one must stand in the head before `signature` is
    tried (a substring search costs microseconds, a regular expression more).
    """

    signature: ClassVar[re.Pattern[str]]
    marks: ClassVar[tuple[str, ...]] = ()
    """Texts of which one stands in each line that `signature` matches, where these are not the
    `needles`."""
    at_start: ClassVar[bool] = False
    """`signature` begins with a line (`^`, and nothing beside it): it is tried there alone."""
    confidence: ClassVar[float] = 0.93
    parser_class: ClassVar[type[ConsoleParser]]

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if is_document(filename, head):
            return None
        looked = Head.of(head[:HEAD_BYTES] if len(head) > HEAD_BYTES else head)
        if not any(map(looked.holds, self.needles)):
            return None
        return self.judge(looked)

    def judge(self, head: Head) -> Sniff | None:
        """Say how sure the format is of a head that holds one of its needles."""
        marks = self.marks or self.needles
        found, first = count_lines(self.signature, head, marks, at_start=self.at_start)
        if not found:
            return None
        return Sniff(self.confidence, reason(found, first))

    def parser(self, context: Context | None = None) -> Parser:
        return self.parser_class(context)


def count_lines(
    signature: re.Pattern[str], head: Head, needles: Iterable[str], *, at_start: bool = False
) -> tuple[int, str]:
    """Return how many lines of a head match (up to `MAX_SNIFFED_LINES`), and the first match.

    Only lines that hold one of `needles` are tried, `_MAX_TRIED_LINES` at most for each;
    `at_start`: at their beginnings alone, where a search would try every character.
    """
    tried = signature.match if at_start else signature.search
    text = head.text
    found = 0
    first = ""
    for needle in filter(head.holds, needles):
        at = text.find(needle)
        for _ in range(_MAX_TRIED_LINES):
            if at < 0:
                break
            start = max(text.rfind("\n", 0, at) + 1, at - _MAX_SNIFFED_LINE)
            stop = text.find("\n", at)
            stop = len(text) if stop < 0 else stop
            match = tried(text, start, min(stop, at + _MAX_SNIFFED_LINE))
            if match:
                found += 1
                first = first or match[0]
                if found == MAX_SNIFFED_LINES:
                    return found, first
            at = text.find(needle, stop)
    return found, first


def reason(found: int, first: str) -> str:
    """Word why a head was recognised."""
    many = f"{found} or more" if found == MAX_SNIFFED_LINES else str(found)
    lines = "line" if found == 1 else "lines"
    return f"{many} {lines} like {clean_text(' '.join(first.split()), 60)!r}"
