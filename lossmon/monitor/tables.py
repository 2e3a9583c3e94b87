"""`Tables`: the runs inside databases, looked for again whenever one was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lossmon.formats.base import TableFormat, TableRun
from lossmon.sources.freshness import SecondLook


class Tables:
    """Asks databases for their runs; `notice` is told of one that cannot be asked."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._looks: dict[str, SecondLook] = {}

    def runs(self, fmt: TableFormat, paths: Iterable[str]) -> Iterator[tuple[str, TableRun]]:
        """Yield path and runs of those databases that were written since they were asked last."""
        from lossmon.sources.database import (  # sqlite3: 5 ms
            UNREADABLE,
            open_readonly,
            signature,
            written_ns,
        )

        for name in paths:
            path = Path(name)
            look = self._looks.setdefault(name, SecondLook())
            seen = signature(path)
            if not look.wanted(seen):
                continue
            look.reading(seen, written_ns(seen) or 0)
            try:
                connection = open_readonly(path)
                try:
                    found = fmt.runs(connection)
                finally:
                    connection.close()
            except UNREADABLE as error:
                self._notice(f"{name}: {error}")
                look.forget()
                continue
            for entry in found:
                yield name, entry
