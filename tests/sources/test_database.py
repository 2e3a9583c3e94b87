"""Databases are read as they are now, and nobody notices: no lock, no file, no byte changed."""

from __future__ import annotations

import gc
import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from lossmon.errors import SourceError
from lossmon.sources import database
from lossmon.sources.database import is_database, open_readonly, signature, tables


def make(path: Path, wal: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, value REAL)")
    connection.execute("INSERT INTO metrics (value) VALUES (2.5)")
    return connection


def values(path: Path) -> list[float]:
    with closing(open_readonly(path)) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM metrics ORDER BY id")]


def state(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
    }


@pytest.mark.parametrize("wal", [False, True])
@pytest.mark.parametrize("name", ["a.db", "100% #1?mode=rwc&x.db", "é ü.db"])
def test_reads_what_is_there_without_a_trace(tmp_path: Path, wal: bool, name: str) -> None:
    path = tmp_path / name
    with closing(make(path, wal)) as writer:
        before = state(tmp_path)
        assert values(path) == [2.5]
        assert state(tmp_path) == before
        writer.execute("INSERT INTO metrics (value) VALUES (1.5)")
        assert values(path) == [2.5, 1.5]
    assert values(path) == [2.5, 1.5]
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("wal", [False, True])
def test_an_open_connection_locks_nobody_out(tmp_path: Path, wal: bool) -> None:
    path = tmp_path / "a.db"
    with closing(make(path, wal)) as writer, closing(open_readonly(path)) as reader:
        assert reader.execute("SELECT value FROM metrics").fetchall() == [(2.5,)]
        writer.execute("PRAGMA busy_timeout = 0")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("INSERT INTO metrics (value) VALUES (1.0)")
        writer.execute("COMMIT")
        if wal:
            blocked, *_ = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert not blocked


@pytest.mark.parametrize("wal", [False, True])
def test_cannot_write(tmp_path: Path, wal: bool) -> None:
    path = tmp_path / "a.db"
    with (
        closing(make(path, wal)),
        closing(open_readonly(path)) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader.execute("INSERT INTO metrics (value) VALUES (1.0)")


def test_an_uncommitted_row_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(make(path, wal=True)) as writer:
        writer.execute("BEGIN")
        writer.execute("INSERT INTO metrics (value) VALUES (9.0)")
        assert values(path) == [2.5]
        writer.execute("ROLLBACK")


def test_reads_from_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    path = folder / "a.db"
    with closing(make(path, wal=True)):
        for file in folder.iterdir():
            file.chmod(stat.S_IRUSR)
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
        try:
            assert values(path) == [2.5]
        finally:
            folder.chmod(stat.S_IRWXU)
            for file in folder.iterdir():
                file.chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_reads_the_log_of_a_killed_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    script = f"""
        import os, sqlite3
        connection = sqlite3.connect({str(path)!r}, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE metrics (id INTEGER PRIMARY KEY, value REAL)")
        connection.execute("INSERT INTO metrics (value) VALUES (2.5)")
        os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    (tmp_path / "a.db-shm").unlink()
    before = state(tmp_path)
    assert "a.db-wal" in before
    assert values(path) == [2.5]
    assert state(tmp_path) == before


def test_a_checkpoint_while_copying_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    copyfile = database.shutil.copyfile
    calls = 0
    with closing(make(path, wal=True)) as writer:

        def copy_with_checkpoint(source: Path, target: Path) -> object:
            nonlocal calls
            calls += 1
            result = copyfile(source, target)
            if calls == 1:
                writer.execute("INSERT INTO metrics (value) VALUES (1.0)")
                writer.execute("PRAGMA wal_checkpoint(RESTART)")
                writer.execute("INSERT INTO metrics (value) VALUES (0.5)")
            return result

        monkeypatch.setattr(database.shutil, "copyfile", copy_with_checkpoint)
        assert values(path) == [2.5, 1.0, 0.5]
        assert calls > 2


def test_private_copies_go_with_their_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(copies))
    path = tmp_path / "a.db"
    with closing(make(path, wal=True)):
        reader = open_readonly(path)
        (copy,) = copies.iterdir()
        assert stat.S_IMODE(copy.stat().st_mode) == 0o700
        reader.close()
        assert not list(copies.iterdir())
        reader.close()
        gc.collect()


def test_a_large_database_with_an_open_log_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    monkeypatch.setattr(database, "MAX_COPY", 1000)
    with closing(make(path, wal=True)), pytest.raises(SourceError, match="write-ahead log"):
        open_readonly(path)


def test_a_large_rollback_database_is_read_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    monkeypatch.setattr(database, "MAX_ROLLBACK_COPY", 1000)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    with closing(make(path)) as writer:
        before = state(tmp_path)
        assert values(path) == [2.5]
        assert state(tmp_path) == before
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceError, match="locked by the program that writes it"):
            open_readonly(path)
        writer.execute("ROLLBACK")
    assert values(path) == [2.5]


def test_an_open_transaction_does_not_keep_us_waiting(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(make(path)) as writer:
        writer.execute("PRAGMA cache_size = 2")  # pages are written before the commit
        writer.execute("CREATE TABLE large (content BLOB)")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE metrics SET value = 9.0")
        for _ in range(50):
            writer.execute("INSERT INTO large VALUES (zeroblob(4000))")
        assert (tmp_path / "a.db-journal").exists()
        before = state(tmp_path)
        assert values(path) == [2.5]
        assert state(tmp_path) == before
        writer.execute("COMMIT")
    assert values(path) == [9.0]


def test_a_transaction_that_was_killed_is_rolled_back_in_the_copy_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make(path).close()
    script = f"""
        import os, sqlite3
        connection = sqlite3.connect({str(path)!r}, isolation_level=None)
        connection.execute("PRAGMA cache_size = 2")
        connection.execute("CREATE TABLE large (content BLOB)")
        connection.execute("BEGIN")
        connection.execute("UPDATE metrics SET value = 9.0")
        for _ in range(50):
            connection.execute("INSERT INTO large VALUES (zeroblob(4000))")
        os._exit(9)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    before = state(tmp_path)
    assert "a.db-journal" in before
    assert values(path) == [2.5]
    assert state(tmp_path) == before


def test_a_writer_without_a_pause_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    monkeypatch.setattr(database, "_COPY_PAUSE", 0)
    copyfile = database.shutil.copyfile
    with closing(make(path)) as writer:

        def copy_with_commit(source: Path, target: Path) -> object:
            writer.execute("INSERT INTO metrics (value) VALUES (1.0)")
            return copyfile(source, target)

        monkeypatch.setattr(database.shutil, "copyfile", copy_with_commit)
        with pytest.raises(SourceError, match="without a pause"):
            open_readonly(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"loss: 1\n", "not an SQLite database"),
        (b"", "not an SQLite database"),
        (database.MAGIC + b"\xff" * 4000, "damaged"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words) as caught:
        open_readonly(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        open_readonly(tmp_path / "none.db")
    assert not list(tmp_path.iterdir())
    assert not is_database(tmp_path / "none.db")


def test_views_and_virtual_tables_are_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(make(path)) as writer:
        writer.execute("CREATE VIEW runs AS SELECT 1")
        writer.execute("CREATE VIRTUAL TABLE experiments USING fts5(x)")
    with closing(open_readonly(path)) as reader:
        found = tables(reader)
    assert "metrics" in found
    assert not found & {"runs", "experiments"}


@pytest.mark.parametrize("wal", [False, True])
def test_the_signature_changes_with_the_content(tmp_path: Path, wal: bool) -> None:
    path = tmp_path / "a.db"
    assert signature(path) == ()
    with closing(make(path, wal)) as writer:
        # File times may be as coarse as 10 ms: set apart here, as they are in a training.
        os.utime(path, ns=(0, 0))
        before = signature(path)
        assert signature(path) == before
        writer.execute("INSERT INTO metrics (value) VALUES (1.0)")
        assert signature(path) != before


def test_text_that_is_no_utf8_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(make(path)) as writer:
        writer.execute("CREATE TABLE params (value TEXT)")
        writer.execute("INSERT INTO params VALUES (CAST(x'ff41' AS TEXT))")
    with closing(open_readonly(path)) as reader:
        assert reader.execute("SELECT value FROM params").fetchall() == [("\ufffdA",)]
