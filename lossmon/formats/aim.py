"""Aim repositories (`.aim/`): recognised, not read.

Aim keeps metrics in RocksDB, encoded in its own way; reading them takes the
`aim` package and its native library. Its `run_metadata.sqlite` lists the runs,
so that each can be named with the reason why it is not shown.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from lossmon.errors import SourceError
from lossmon.formats.base import Sniff, TableCursor, TableFormat, TableRun
from lossmon.model import Batch, clean_name

MAX_RUNS: Final = 5000

WAY_OUT: Final = (
    "Aim keeps metrics in RocksDB, which lossmon does not read: export the run with "
    "`aim.Run(run_hash).dataframe()` to a CSV file, or log to TensorBoard or CSV beside Aim"
)


class AimFormat(TableFormat):
    """Aim repositories."""

    name = "aim"
    title = "Aim repository (.aim/), named only: not supported"
    sample = "binary: RocksDB files under .aim/seqs/, run names in .aim/run_metadata.sqlite"
    unsupported = WAY_OUT

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        return None  # its tables decide

    def matches(self, tables: frozenset[str]) -> Sniff | None:
        if {"run", "experiment", "run_tag", "alembic_version"} <= tables:
            return Sniff(0.95, "a database with Aim's tables run, experiment and run_tag")
        return None

    def runs(self, connection: sqlite3.Connection) -> list[TableRun]:
        rows = connection.execute(
            "SELECT hash, name FROM run ORDER BY id LIMIT ?", (MAX_RUNS,)
        ).fetchall()
        return [TableRun(str(key), clean_name(str(name or key))) for key, name in rows]

    def read(
        self, connection: sqlite3.Connection, key: str, cursor: TableCursor
    ) -> Iterator[Batch]:
        """Raise SourceError: there is nothing here that could be read."""
        raise SourceError(WAY_OUT)


FORMAT: Final = AimFormat()
