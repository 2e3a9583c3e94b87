"""`TableFeed`: one run's rows in a database; imported only where there is one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lossmon.formats.base import TableCursor, TableFormat
from lossmon.model import Batch, LeftOut, RunInfo
from lossmon.monitor.feeds import Fed, Feed
from lossmon.sources.database import UNREADABLE, open_readonly, signature, written_ns
from lossmon.sources.freshness import SecondLook

MAX_FAILURES: Final = 3
"""Readings of one state of a database that may break off before it is taken for damaged."""


class TableFeed(Feed):
    """One run's rows in a database."""

    def __init__(self, path: Path, fmt: TableFormat, key: str) -> None:
        self.part = key
        self.paths = (str(path), f"{path}-wal")
        self._path = path
        self._format = fmt
        self._key = key
        self._cursor = TableCursor()
        self._look = SecondLook()
        self._failures = 0
        self._pieces: Iterator[Batch] | None = None
        self._connection: sqlite3.Connection | None = None

    @property
    def info(self) -> RunInfo:
        return self._cursor.info

    @property
    def left_out(self) -> LeftOut:
        return LeftOut(self._cursor.bad_records, refused=self._cursor.refused)

    @property
    def modified(self) -> float | None:
        written = written_ns(signature(self._path))
        return None if written is None else written / 1e9

    def changed(self) -> bool:
        return self._pieces is not None or self._look.wanted(signature(self._path))

    def advance(self) -> Fed:
        try:
            if self._pieces is None:
                seen = signature(self._path)
                self._look.reading(seen, written_ns(seen) or 0)
                self._connection = open_readonly(self._path)
                self._pieces = self._format.read(self._connection, self._key, self._cursor)
            batch = next(self._pieces, None)
            self.error = None
        except UNREADABLE as error:
            # Locked or half-copied: what was read stands, the next look tries again.
            text = str(error)
            self.error = text if str(self._path) in text else f"{self._path}: {text}"
            if self._pieces is None:
                self._look.forget()
            elif self._failures < MAX_FAILURES:
                # An error in its middle may be the copy's: the same database is read again.
                self._failures += 1
                self._look.forget()
            self._release()
            return Fed(Batch.empty())
        if batch is None:
            self._failures = 0
            self._release()
            return Fed(Batch.empty())
        return Fed(batch, more=True)

    def _release(self) -> None:
        self._pieces = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        self._release()
