"""CSV, TSV and semicolon tables of any making: metrics told by the header."""

from __future__ import annotations

from lossmon.formats._logged import parted
from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.fields import Kind, judge, kind_of
from lossmon.formats.head import Head
from lossmon.formats.table_text import (
    TableParser,
    cell_number,
    delimiter_of,
    is_header,
    split_line,
)

_ROWS_LOOKED_AT = 60
_JSON = ("{", "[")
_DOCUMENTS = (".md", ".markdown", ".rst", ".html", ".tex", ".ipynb")
"""Tables of results stand in these, too."""


_Table = tuple[list[str], list[list[str]], str]


def table_of(head: Head) -> _Table | None:
    """Return header, first rows and delimiter of a table, None if a head is none.

    Blanks separate only where the header stands in a comment (`# step loss`):
    a line of words over numbers is more often a console's table.
    """
    kept: dict[str, _Table | None] = head.kept
    if "table" not in kept:
        kept["table"] = _table_of(head)
    return kept["table"]


def _table_of(head: Head) -> _Table | None:
    comment: list[str] = []
    lines = head.lines[:_ROWS_LOOKED_AT]
    ended = head.text.endswith("\n") or len(head.lines) > len(lines)
    for start, line in enumerate(lines):
        text = line.strip()
        if text[:1] == "#":
            comment = text.lstrip("#").replace(",", " ").split()
            continue
        if text[:1] in _JSON:
            return None
        if parted(text)[0]:
            return None  # behind a logger's prefix: `_logged`
        delimiter = delimiter_of(text)
        header = split_line(text, delimiter)
        body = lines[start + 1 :]
        if delimiter != " " and is_header(header, delimiter):
            pass
        elif len(comment) == len(header) and is_header(comment, " "):
            header, body = comment, lines[start:]
        else:
            return None
        rows = [split_line(row, delimiter) for row in (body if ended else body[:-1])]
        return header, rows, delimiter
    return None


class DelimitedFormat(StreamFormat):
    """Base of the formats of delimited text: how they begin anew, the generic recognition."""

    name = "csv"
    title = "CSV, TSV or semicolon table with a header"
    sample = "epoch,step,train_loss,val_loss\n0,9,2.256,\n0,37,,2.054"

    def parser(self, context: Context | None = None) -> Parser:
        return TableParser(context)

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if filename.lower().endswith(_DOCUMENTS):
            return None
        table = table_of(Head.of(head))
        if table is None:
            return None
        header, rows, delimiter = table
        fitting = [row for row in rows if len(row) == len(header)]
        if 3 * len(fitting) < 2 * len(rows):
            return None
        numeric: dict[str, list[float]] = {}
        text: dict[str, None] = {}
        for row in fitting:
            for name, cell in zip(header, row, strict=True):
                if not cell:
                    continue
                value = cell_number(cell, delimiter)
                if value is not None:
                    numeric.setdefault(name, []).append(value)
                elif kind_of(name) not in (Kind.TIME, Kind.TAG) and cell not in _ABSENT:
                    text[name] = None
        if not fitting:
            found = judge(header, (), "a table's header")
            if found is None or found.confidence < 0.6:
                return None  # so little must be beyond doubt
            return Sniff(0.4, found.reason)
        return judge(numeric, [key for key in text if key not in numeric], "a table", numeric)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        """A table that begins with a header is written anew, also where the header changed.

        An empty one is about to be: loggers that learn of a new metric wipe the file first.
        """
        lines = Head.of(new_head).lines
        if not lines:
            return False
        first = lines[0].strip()
        delimiter = delimiter_of(first)
        return cell_number(split_line(first, delimiter)[0], delimiter) is not None


_ABSENT = frozenset(("NA", "N/A", "n/a", "-", "--", "None", "null", "?"))

FORMAT = DelimitedFormat()
