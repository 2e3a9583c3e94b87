"""Tables of two columns between rules: rllab's logger and what came of it (rlkit, garage).

`Epoch  3` and `trainer/QF1 Loss  0.5` between two lines of `-------  ------`, a table for each
epoch, plain or behind `2024-03-05 10:11:12.345678 UTC | itr #3 | `. Columns are as wide as the
rules.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Sniff
from lossmon.formats.box_tables import BoxParser
from lossmon.formats.console import ConsoleFormat, number
from lossmon.formats.fields import Kind, kind_of
from lossmon.formats.head import Head
from lossmon.model import Role, role_of

_RULE: Final = late(r"(?:^|(?<=\| ))(-{3,200})  -{3,200} {0,4}$")
_MAX_LINE: Final = 600
_MAX_ROWS: Final = 500
_TABLES_TRIED: Final = 20
_COUNTERS: Final = (Kind.STEP, Kind.EPOCH)
_MEASURED: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.SCORE)


class KeyedTableParser(BoxParser):
    """Takes a table when its lower rule comes; its step is that of the surest counter in it."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._columns: tuple[int, int] | None = None
        """Where the names begin and end in the lines of the table that is open."""

    def record(self, text: str) -> bool:
        if len(text) > _MAX_LINE:
            self._leave()
            return False
        if "-  -" in text and (match := _RULE.search(text)) is not None:
            if self._columns is None or self._columns != match.span(1) or not self._cells:
                self._leave()
                self._columns = match.span(1)
                return True
            self._columns = None
            return self._close()
        if self._columns is None:
            return False
        row = cells_of(text, *self._columns)
        if row is None or len(self._cells) >= _MAX_ROWS:
            self._leave()
            return False
        name, cell = row
        value = number(cell)
        if value is not None:
            self._cells[name], self._printed[name] = value, cell
        return True

    def _leave(self) -> None:
        self._cells, self._columns = {}, None


def cells_of(text: str, start: int, stop: int) -> tuple[str, str] | None:
    """Return name and value of a row whose names stand from `start` to `stop`; None: no row."""
    name, cell = text[start:stop].strip(), text[stop + 2 :].strip()
    if not name or not cell or text[stop : stop + 2].strip() or text[start] == " ":
        return None
    return name, cell


class KeyedTable(ConsoleFormat):
    """Console, `debug.log` and `debug.txt` of rllab, rlkit, garage and their like."""

    name = "rllab"
    title = "rllab, rlkit and garage tables"
    sample = (
        "-----------------------  -------\n"
        "trainer/QF1 Loss         1.07427\n"
        "Epoch                    0\n"
        "-----------------------  -------"
    )
    needles = ("-  -",)
    confidence = 0.85
    signature = _RULE
    parser_class = KeyedTableParser

    def judge(self, head: Head) -> Sniff | None:
        text = head.text
        at = text.find(self.needles[0])
        for _ in range(_TABLES_TRIED):
            if at < 0:
                return None
            start = text.rfind("\n", 0, at) + 1
            end = text.find("\n", at)
            if end < 0:
                return None
            rule = _RULE.search(text[start:end]) if end - start <= _MAX_LINE else None
            if rule is not None and (found := _table(text, end + 1, *rule.span(1))) is not None:
                return found
            at = text.find(self.needles[0], end)
        return None


def _table(text: str, at: int, start: int, stop: int) -> Sniff | None:
    """Judge the rows that begin at `at`, under a rule whose first part spans `start` to `stop`."""
    names: list[str] = []
    for line in text[at : at + _MAX_ROWS * _MAX_LINE].split("\n", _MAX_ROWS)[:_MAX_ROWS]:
        rule = _RULE.search(line) if "-  -" in line else None
        if rule is not None:
            counter = next((name for name in names if kind_of(name) in _COUNTERS), None)
            measure = next((name for name in names if role_of(name) in _MEASURED), None)
            if rule.span(1) != (start, stop) or counter is None or measure is None:
                return None
            return Sniff(0.85, f"a table of two columns with {counter!r} and {measure!r}")
        row = cells_of(line, start, stop)
        if row is None:
            return None
        if number(row[1]) is not None:
            names.append(row[0])
    return None


FORMAT = KeyedTable()
