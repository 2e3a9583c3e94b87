"""Small databases with the tables of MLflow and of trackio, for tests."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from lossmon.formats.base import TableCursor, TableFormat
from lossmon.model import Batch, concatenate
from tests.formats.contract import check_batch


def mlflow(path: Path) -> sqlite3.Connection:
    """Make an empty MLflow store."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        """
        CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name TEXT, status TEXT,
            start_time BIGINT, end_time BIGINT, lifecycle_stage TEXT);
        CREATE TABLE params (key TEXT, value TEXT, run_uuid VARCHAR(32));
        CREATE TABLE metrics (key VARCHAR(250) NOT NULL, value FLOAT NOT NULL,
            timestamp BIGINT NOT NULL, run_uuid VARCHAR(32) NOT NULL,
            step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL,
            PRIMARY KEY (key, timestamp, step, run_uuid, value, is_nan));
        CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
        """
    )
    return connection


def trackio(path: Path) -> sqlite3.Connection:
    """Make an empty trackio project."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        """
        CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
            timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL,
            metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
        CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
            run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL);
        CREATE TABLE system_metrics (id INTEGER PRIMARY KEY);
        """
    )
    return connection


def read(fmt: TableFormat, connection: sqlite3.Connection, key: str, cursor: TableCursor) -> Batch:
    """Return the rows of a run that are new since `cursor`, checked."""
    batches: Sequence[Batch] = list(fmt.read(connection, key, cursor))
    for batch in batches:
        check_batch(batch)
    return concatenate(batches)
