"""MLflow's SQLite store (`mlflow.db`, the default of MLflow 3).

One database holds many experiments and runs. A metric's points are rows of
`metrics`; those of one `log_metrics` call share step and timestamp and become
one row here. NaN is stored as 0 with `is_nan`, an infinity as the largest
double. Rows are read in order of arrival by rowid.
"""

from __future__ import annotations

import math
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import field
from typing import Final

from lossmon.formats._counted_step import CountedSteps, Point
from lossmon.formats._hf_summary import take_summary
from lossmon.formats.base import Sniff, TableCursor, TableFormat, TableRun
from lossmon.model import Batch, Role, clean_name, clean_text, role_of
from lossmon.record import record

PIECE: Final = 20000
"""Rows fetched by one statement: SQLite's read lock lasts no longer (some 20 ms)."""

MAX_RUNS: Final = 5000
_MAX_FACTS: Final = 100
_LARGEST: Final = sys.float_info.max
_ENDED_BADLY: Final = frozenset(["FAILED", "KILLED"])


@record(frozen=False)
class _Position:
    rowid: int = 0
    steps: CountedSteps = field(default_factory=CountedSteps)


@record(frozen=False)
class _Row:
    """Points of one call of `log_metrics`."""

    step: float
    call: tuple[float, float]
    """The step as it was logged, and the milliseconds since 1970."""
    values: dict[str, float] = field(default_factory=dict)


class MlflowSqliteFormat(TableFormat):
    """MLflow's SQLite store."""

    name = "mlflow-sqlite"
    title = "MLflow tracking database (mlflow.db)"
    sample = "table metrics: key='train/loss' value=2.31 timestamp=1795385094010 step=10 is_nan=0"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        return None  # its tables decide

    def matches(self, tables: frozenset[str]) -> Sniff | None:
        if {"metrics", "runs", "experiments", "params"} <= tables:
            return Sniff(0.95, "a database with MLflow's tables metrics, runs and experiments")
        return None

    def runs(self, connection: sqlite3.Connection) -> list[TableRun]:
        rows = connection.execute(
            "SELECT run_uuid, name FROM runs WHERE coalesce(lifecycle_stage, 'active') != 'deleted'"
            " AND EXISTS (SELECT 1 FROM metrics WHERE metrics.run_uuid = runs.run_uuid)"
            " ORDER BY start_time DESC LIMIT ?",
            (MAX_RUNS,),
        ).fetchall()
        return [
            TableRun(str(key), clean_name(str(name or key))) for key, name in reversed(rows) if key
        ]

    def read(
        self, connection: sqlite3.Connection, key: str, cursor: TableCursor
    ) -> Iterator[Batch]:
        position = cursor.position
        if not isinstance(position, _Position):
            cursor.position = position = _Position()
        _read_run(connection, key, cursor)
        query = _query(connection)
        open_row: _Row | None = None
        while True:
            piece = connection.execute(query, (key, position.rowid, PIECE)).fetchall()
            for rowid, name, value, timestamp, step, is_nan in piece:
                position.rowid = rowid
                try:
                    number = math.nan if is_nan else _finite_or_inf(float(value))
                    said, time = float(step or 0), float(timestamp or 0)
                    if not math.isfinite(said):
                        raise ValueError(step)
                except (TypeError, ValueError, OverflowError):
                    cursor.bad_records += 1
                    continue
                metric = str(name)
                logged = Point(said, time, number)
                for point in position.steps.points(metric, logged, cursor.info):
                    # One that was held back was logged without a step.
                    call = (said if point.time == time else 0.0, point.time)
                    if open_row is None or open_row.call != call or metric in open_row.values:
                        _close(open_row, cursor)
                        open_row = _Row(point.step, call)
                    open_row.step = max(open_row.step, point.step)
                    open_row.values[metric] = point.value
            if len(piece) < PIECE:
                _close(open_row, cursor)
            cursor.info.steps_estimated = position.steps.estimated
            cursor.count_dropped()
            batch = cursor.builder.take()
            if len(batch):
                yield batch
            if len(piece) < PIECE:
                return


def _query(connection: sqlite3.Connection) -> str:
    # MLflow before 1.0 had no step, before 1.1 no is_nan.
    columns = {row[1] for row in connection.execute("PRAGMA table_info(metrics)").fetchall()}
    step = "step" if "step" in columns else "0"
    is_nan = "is_nan" if "is_nan" in columns else "0"
    return (
        f"SELECT rowid, key, value, timestamp, {step}, {is_nan} FROM metrics"
        " WHERE run_uuid = ? AND rowid > ? ORDER BY rowid LIMIT ?"
    )


def _finite_or_inf(value: float) -> float:
    return math.copysign(math.inf, value) if abs(value) >= _LARGEST else value


def _close(row: _Row | None, cursor: TableCursor) -> None:
    """Hand a finished row to the builder."""
    if row is None:
        return
    take_summary(row.values, cursor.info)
    epoch = None
    for key, value in row.values.items():
        if role_of(clean_name(key)) is Role.EPOCH and math.isfinite(value):
            epoch = value
    seconds = row.call[1] / 1000
    cursor.builder.add(row.values, row.step, epoch, seconds if 0 < seconds < 1e11 else None)


def _read_run(connection: sqlite3.Connection, key: str, cursor: TableCursor) -> None:
    info = cursor.info
    info.facts["framework"] = "mlflow"
    row = connection.execute("SELECT name, status FROM runs WHERE run_uuid = ?", (key,)).fetchone()
    if row is not None:
        name, status = row
        if name:
            info.name = clean_name(str(name))
        info.finished = status == "FINISHED"
        info.crashed = status in _ENDED_BADLY
        info.facts["status"] = clean_text(str(status), 40)
    for param, value in connection.execute(
        "SELECT key, value FROM params WHERE run_uuid = ? LIMIT ?", (key, _MAX_FACTS)
    ).fetchall():
        info.facts[clean_name(str(param))] = clean_text(str(value), 500)


FORMAT: Final = MlflowSqliteFormat()
