"""Aim: its runs are named, and why they are not read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from lossmon.errors import SourceError
from lossmon.formats.aim import FORMAT
from lossmon.formats.base import TableCursor
from lossmon.sources.database import open_readonly, tables

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "aim" / "run_metadata.sqlite"


def test_runs_are_named_and_refused_with_the_way_out() -> None:
    assert FORMAT.unsupported is not None
    with closing(open_readonly(SAMPLE)) as connection:
        sniff = FORMAT.matches(tables(connection))
        assert sniff is not None
        assert sniff.confidence > 0.9
        (run,) = FORMAT.runs(connection)
        with pytest.raises(SourceError, match="export the run"):
            list(FORMAT.read(connection, run.key, TableCursor()))


def test_a_database_of_something_else_is_not_taken() -> None:
    assert FORMAT.matches(frozenset(["run", "experiment"])) is None
