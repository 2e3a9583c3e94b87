"""trackio projects: one SQLite database a project, all its runs in it.

Each row of `metrics` is one call of `log`: its metrics are a JSON object
(a text, or a blob in a column declared TEXT), in which non-finite numbers are
strings. Runs are told apart by `run_id`: names may repeat.
"""

from __future__ import annotations

import datetime
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import field
from typing import Any, Final

from lossmon.formats import json_text
from lossmon.formats._hf_summary import take_summary
from lossmon.formats._own_step import OwnStep
from lossmon.formats.base import Sniff, TableCursor, TableFormat, TableRun
from lossmon.model import Batch, Role, clean_name, clean_text, role_of
from lossmon.record import record

PIECE: Final = 5000
"""Rows fetched by one statement."""

MAX_RUNS: Final = 5000
_MAX_FACTS: Final = 100

# From run to run by seeking in the index on (run_id, timestamp): a GROUP BY would walk through
# all rows of the project at each look.
_RUNS: Final = """
WITH RECURSIVE runs(key) AS (
    SELECT min({key}) FROM metrics
    UNION ALL
    SELECT (SELECT min({key}) FROM metrics WHERE {key} > runs.key) FROM runs
    WHERE runs.key IS NOT NULL
)
SELECT runs.key,
    (SELECT run_name FROM metrics WHERE {key} = runs.key ORDER BY timestamp LIMIT 1),
    (SELECT timestamp FROM metrics WHERE {key} = runs.key ORDER BY timestamp LIMIT 1)
FROM runs LIMIT ?
"""
_MAX_NESTING: Final = 4
_NAMED_NUMBERS: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@record(frozen=False)
class _Position:
    row: int = 0
    steps: OwnStep = field(default_factory=OwnStep)


class TrackioFormat(TableFormat):
    """trackio project databases."""

    name = "trackio"
    title = "trackio project database (~/.cache/huggingface/trackio/<project>.db)"
    sample = """table metrics: run_name='run-0' step=10 metrics='{"train/loss": 2.31, "lr": 0.3}'"""

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        return None  # its tables decide

    def matches(self, tables: frozenset[str]) -> Sniff | None:
        if "metrics" not in tables or tables & {"runs", "experiments"}:
            return None
        known = tables & {"configs", "system_metrics", "project_metadata", "pending_uploads"}
        if len(known) >= 2:
            return Sniff(0.95, "a database with trackio's tables metrics, " + ", ".join(known))
        return None

    def runs(self, connection: sqlite3.Connection) -> list[TableRun]:
        rows = connection.execute(_RUNS.format(key=_key_column(connection)), (MAX_RUNS,)).fetchall()
        found = [(str(when), str(run), str(name)) for run, name, when in rows if run is not None]
        return [TableRun(run, clean_name(name)) for _, run, name in sorted(found)]

    def read(
        self, connection: sqlite3.Connection, key: str, cursor: TableCursor
    ) -> Iterator[Batch]:
        position = cursor.position
        if not isinstance(position, _Position):
            cursor.position = position = _Position()
        column = _key_column(connection)
        _read_config(connection, key, column, cursor)
        query = (
            f"SELECT id, run_name, timestamp, step, metrics FROM metrics"
            f" WHERE {column} = ? AND id > ? ORDER BY id LIMIT ?"
        )
        while True:
            piece = connection.execute(query, (key, position.row, PIECE)).fetchall()
            for row, name, timestamp, step, metrics in piece:
                position.row = row
                cursor.info.name = clean_name(str(name))
                values: dict[str, float] = {}
                content = json_text.loads(metrics) if isinstance(metrics, str | bytes) else None
                if not isinstance(content, dict):
                    cursor.bad_records += 1
                    continue
                _numbers("", content, values, _MAX_NESTING)
                _add(values, step, timestamp, position, cursor)
            cursor.count_dropped()
            batch = cursor.builder.take()
            if len(batch):
                yield batch
            if len(piece) < PIECE:
                return


def _add(
    values: dict[str, float],
    step: object,
    timestamp: object,
    position: _Position,
    cursor: TableCursor,
) -> None:
    counted = float(step) if isinstance(step, int | float) else math.nan
    axis = position.steps.of(values, counted)
    if not math.isfinite(axis):
        cursor.bad_records += 1
        return
    take_summary(values, cursor.info)
    epoch = None
    for key, value in values.items():
        if role_of(clean_name(key)) is Role.EPOCH and math.isfinite(value):
            epoch = value
    cursor.builder.add(values, axis, epoch, _seconds(timestamp))


def _key_column(connection: sqlite3.Connection) -> str:
    """Return the column that tells runs apart: the first versions had names only."""
    columns = {row[1] for row in connection.execute("PRAGMA table_info(metrics)").fetchall()}
    return "run_id" if "run_id" in columns else "run_name"


def _numbers(prefix: str, content: dict[str, Any], row: dict[str, float], depth: int) -> None:
    """Put the numbers of a JSON object, nested ones by path, into `row`."""
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            try:
                row[name] = float(value)
            except OverflowError:
                row[name] = math.copysign(math.inf, value)
        elif isinstance(value, str):
            if value in _NAMED_NUMBERS:
                row[name] = _NAMED_NUMBERS[value]
        elif isinstance(value, dict) and "_type" not in value and depth:
            _numbers(f"{name}/", value, row, depth - 1)


def _seconds(timestamp: object) -> float | None:
    try:
        time = datetime.datetime.fromisoformat(str(timestamp))
        # trackio writes UTC; its first versions left the zone out.
        zone = time.tzinfo or datetime.UTC
        seconds = time.replace(tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def _read_config(
    connection: sqlite3.Connection, key: str, column: str, cursor: TableCursor
) -> None:
    cursor.info.facts["framework"] = "trackio"
    # A view of that name would run whatever the file's author wrote.
    table = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'configs' AND type = 'table'"
    ).fetchone()
    columns = {row[1] for row in connection.execute("PRAGMA table_info(configs)").fetchall()}
    if table is None or not {column, "config"} <= columns:
        return
    found = connection.execute(
        f"SELECT config FROM configs WHERE {column} = ? LIMIT 1", (key,)
    ).fetchone()
    config = json_text.loads(found[0]) if found and isinstance(found[0], str | bytes) else None
    if not isinstance(config, dict):
        return
    for name, value in list(config.items())[:_MAX_FACTS]:
        if not name.startswith("_") and isinstance(value, str | int | float):
            cursor.info.facts[clean_name(name)] = clean_text(str(value)[:1000], 500)


FORMAT: Final = TrackioFormat()
