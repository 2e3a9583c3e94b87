"""The part of YAML in which histories are dumped: block mappings and sequences of plain scalars.

Nothing in a document is executed, resolved or expanded: anchors, aliases, tags and merge keys are
texts like any other, so that no document grows while it is read. What goes beyond this part (block
scalars, mappings in braces over lines, complex keys) makes the whole be refused.
"""

from __future__ import annotations

from typing import Any, Final, NoReturn

from lossmon.formats._late import late
from lossmon.formats.json_text import parse_number

MAX_DEPTH: Final = 8
_MAX_SCALAR: Final = 400
"""Characters; a longer text is no number and no name."""
_ENTRY: Final = late(
    r"([^\s:#'\"\[\]{},&*!|>%@`-][^:\n]{0,120}?|'[^'\n]{1,120}'|\"[^\"\\\n]{1,120}\") ?:(?: +|\Z)"
)
_SPECIAL: Final = {
    ".nan": float("nan"), ".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"),
}  # fmt: skip
_NOTHING: Final = frozenset(("", "~", "null"))


class NotPlain(ValueError):
    """A document goes beyond the part that is read here."""


def scalar(text: str) -> Any:
    """Return the number that a plain scalar is, None for nothing, else the text."""
    text = text.strip()
    if len(text) > _MAX_SCALAR:
        return text[:_MAX_SCALAR]
    lowered = text.lower()
    if lowered in _NOTHING:
        return None
    if lowered in _SPECIAL:
        return _SPECIAL[lowered]
    found = parse_number(text) if text[0] in "0123456789.+-" else None
    return text if found is None else found


class _Lines:
    """The lines of a document that say something: how far each is indented, and its text."""

    def __init__(self, text: str) -> None:
        self.lines: list[tuple[int, str]] = []
        self.at = 0
        for line in text.split("\n"):
            body = line.lstrip(" ")
            if not body.strip() or body[0] == "#" or line.startswith(("---", "...", "%")):
                continue
            if body[0] == "\t":
                _refuse()
            if " #" in body:
                body = body[: body.index(" #")]
            self.lines.append((len(line) - len(line.lstrip(" ")), body.rstrip()))

    def peek(self) -> tuple[int, str] | None:
        return self.lines[self.at] if self.at < len(self.lines) else None


def _refuse() -> NoReturn:
    raise NotPlain


def load(text: str) -> Any:
    """Return a document as lists, dictionaries, numbers and texts (NotPlain if it is more)."""
    lines = _Lines(text)
    first = lines.peek()
    if first is None:
        return None
    found = _node(lines, first[0], 0)
    if lines.peek() is not None:
        _refuse()
    return found


def _node(lines: _Lines, indent: int, depth: int) -> Any:
    """Return the block that begins at the next line, all of it indented by `indent`."""
    if depth > MAX_DEPTH:
        _refuse()
    line = lines.peek()
    if line is None:
        return None
    if line[1] == "-" or line[1].startswith("- "):
        return _sequence(lines, indent, depth)
    if line[1][0] in "[{":
        return _flow(lines, "")
    return _mapping(lines, indent, depth)


def _sequence(lines: _Lines, indent: int, depth: int) -> list[Any]:
    found: list[Any] = []
    while (line := lines.peek()) is not None and line[0] == indent:
        if not (line[1] == "-" or line[1].startswith("- ")):
            break
        rest = line[1][1:].lstrip(" ")
        inside = indent + len(line[1]) - len(rest)
        if not rest:
            lines.at += 1
            below = lines.peek()
            found.append(_node(lines, below[0], depth + 1) if below and below[0] > indent else None)
        elif rest.startswith("- ") or _ENTRY.match(rest) is not None:
            # `- epoch: 1` begins a mapping (`- - 1` a sequence) that stands where its key stands.
            lines.lines[lines.at] = (inside, rest)
            found.append(_node(lines, inside, depth + 1))
        else:
            lines.at += 1
            found.append(_flow(lines, rest) if rest[0] in "[{" else scalar(rest))
    return found


def _mapping(lines: _Lines, indent: int, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while (line := lines.peek()) is not None and line[0] == indent:
        match = _ENTRY.match(line[1])
        if match is None:
            if line[1].startswith("-"):
                break
            _refuse()
        key, rest = match[1].strip("'\""), line[1][match.end() :].strip()
        lines.at += 1
        if rest:
            if rest[0] in "|>":
                _refuse()
            found[key] = _flow(lines, rest) if rest[0] in "[{" else scalar(rest)
            continue
        below = lines.peek()
        if below is not None and (below[0] > indent or (below[0] == indent and below[1][0] == "-")):
            found[key] = _node(lines, below[0], depth + 1)
        else:
            found[key] = None
    if (line := lines.peek()) is not None and line[0] > indent:
        _refuse()
    return found


def _flow(lines: _Lines, begun: str) -> list[Any]:
    """Return a list in brackets, which may go on over lines; all of it scalars."""
    pieces = [begun]
    while not pieces[-1].endswith("]"):
        line = lines.peek()
        if line is None:
            _refuse()
        lines.at += 1
        pieces.append(line[1])
    text = " ".join(pieces).strip()
    if not text.startswith("[") or "{" in text or "[" in text[1:] or "]" in text[:-1]:
        _refuse()
    inside = text[1:-1].strip().removesuffix(",")
    return [scalar(cell) for cell in inside.split(",")] if inside else []
