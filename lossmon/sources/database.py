"""SQLite databases of a live training, read without a trace.

The trainer owns the database: nothing here may lock it, write to it, or leave
a file beside it. SQLite's own read-only mode does not promise that: a reader
keeps a commit waiting (rollback journal, MLflow's default), or makes and maps
the `-shm` file and takes locks in it (write-ahead log, trackio). So:

* a write-ahead log that is empty or absent: everything is in the main file,
  and `immutable=1` reads that without any lock or further file;
* else a private copy of the database and of its journal or log, made again if
  the writer changed what was copied meanwhile. Opening the copy rolls back an
  unfinished transaction, or reads the log up to its last whole one;
* a rollback-journal database too large to be copied at each look: `mode=ro`,
  whose shared lock lasts as long as one statement. Formats fetch each piece
  whole, so that none stays open.

So a connection is a picture of one moment: open anew when `signature` changed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
import weakref
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from lossmon.errors import SourceError

MAGIC: Final = b"SQLite format 3\0"
"""The first bytes of every SQLite 3 database."""

BUSY_SECONDS: Final = 1.0
"""Waited for a commit of the trainer to end; it takes some milliseconds."""

MAX_COPY: Final = 1 << 30
"""A larger database with an open log is not copied: it is said instead (1 GiB takes a second)."""

MAX_ROLLBACK_COPY: Final = 1 << 28
"""A larger one with a rollback journal is read in place (256 MiB take a quarter of a second)."""

MAX_VALUE: Final = 1 << 26
"""Longest text or blob that SQLite may hand on, in bytes: a bound on memory."""

_SQLITE_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What Python's module raises: a damaged schema is quoted in a message that is no UTF-8."""

UNREADABLE: Final = (*_SQLITE_ERRORS, SourceError)
"""What asking a database that is locked, half-copied or damaged can raise."""

_COPY_ATTEMPTS: Final = 10
_COPY_PAUSE: Final = 0.005  # seconds; a commit takes some milliseconds
_WAL_HEADER: Final = 32  # magic, version, page size, sequence, two salts, two checksums
_DATABASE_HEADER: Final = 100  # the change counter of each transaction is in it


def signature(path: Path) -> tuple[tuple[int, int], ...]:
    """Return (mtime in ns, size) of a database and of its write-ahead log, as far as they are.

    Two stats; another value than before means that a read may bring something new.
    """
    found = []
    for part in (path, _wal_of(path)):
        try:
            stat = part.stat()
        except OSError:
            continue
        found.append((stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def written_ns(seen: tuple[tuple[int, int], ...]) -> int | None:
    """Return from a signature when the database was last written; None where it is not there."""
    return max((mtime_ns for mtime_ns, _ in seen), default=None)


def is_database(path: Path) -> bool:
    """Say whether a file begins as an SQLite database does (False if it cannot be read)."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def tables(connection: sqlite3.Connection) -> frozenset[str]:
    """Return the names of the ordinary tables.

    Views and virtual tables are left out: a query on them runs whatever the
    file's author wrote, for as long as they like.
    """
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' LIMIT 1000"
    ).fetchall()
    return frozenset(
        name for name, sql in rows if not str(sql or "").lstrip().upper().startswith("CREATE V")
    )


def open_readonly(path: Path) -> sqlite3.Connection:
    """Open a database so that nobody else notices.

    Raises SourceError, saying why, if it cannot be opened or is no database.
    Never write through the connection (SQLite refuses); close it soon.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_DATABASE_HEADER)
        wal_size = _size(_wal_of(path))
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    if not head.startswith(MAGIC):
        raise SourceError(f"{path}: not an SQLite database")
    # Bytes 18 and 19: file format write and read version, 2 is write-ahead logging.
    if 2 in head[18:20]:
        if wal_size <= _WAL_HEADER:
            return _checked(_connect(path, "mode=ro&immutable=1"), path)
        return _checked(_open_copy(path, _wal_of(path)), path)
    if _size(path) > MAX_ROLLBACK_COPY:
        return _checked(_connect(path, "mode=ro"), path)
    return _checked(_open_copy(path, _beside(path, "-journal")), path)


class _CopyConnection(sqlite3.Connection):
    """A connection to a private copy, which goes when the connection does."""

    def keep(self, directory: tempfile.TemporaryDirectory[str]) -> None:
        self._remove = weakref.finalize(self, directory.cleanup)

    def close(self) -> None:
        super().close()
        self._remove()


def _uri(path: Path, options: str) -> str:
    # quote: `?`, `#` and `%` in a path would otherwise begin options or escapes.
    return f"file:{quote(os.fspath(path.absolute()))}?{options}"


def _connect(
    path: Path, options: str, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> Any:
    try:
        return sqlite3.connect(
            _uri(path, options),
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=factory,
        )
    except _SQLITE_ERRORS as error:
        raise SourceError(f"{path}: cannot be opened as a database ({error})") from error


def _checked(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Harden a connection, and read once, since SQLite opens a file only then."""
    connection.text_factory = _decode
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except _SQLITE_ERRORS as error:
        connection.close()
        raise SourceError(f"{path}: {_reason(error)}") from error
    return connection


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "damaged: its schema is no text"
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "locked by the program that writes it; it is tried again"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return (
            "its last write was interrupted, and only a program that may write to it can "
            f"repair that: open it once with the tool that made it ({error})"
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return f"damaged, or being copied here at this moment ({error})"
    return str(error)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _wal_of(path: Path) -> Path:
    return _beside(path, "-wal")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _open_copy(path: Path, log: Path) -> sqlite3.Connection:
    """Copy a database with its `log` (journal or write-ahead log), and open the copy."""
    size = _size(path) + _size(log)
    if size > MAX_COPY:
        raise SourceError(
            f"{path}: {size >> 20} MiB with an open write-ahead log; it would have to be copied "
            "to be read without disturbing its writer, and that is too much. "
            "It is read once the writer has closed it"
        )
    directory = tempfile.TemporaryDirectory(prefix="lossmon-")
    try:
        copy = Path(directory.name) / "copy.db"
        _copy_consistent(path, log, copy)
        # `mode=rw`: here SQLite may roll back, or build the index of the log.
        connection: _CopyConnection = _connect(copy, "mode=rw", _CopyConnection)
        connection.keep(directory)
        connection.execute("PRAGMA synchronous = OFF")
    except _SQLITE_ERRORS as error:
        directory.cleanup()
        raise SourceError(f"{path}: {_reason(error)}") from error
    except BaseException:
        directory.cleanup()
        raise
    return connection


def _copy_consistent(path: Path, log: Path, copy: Path) -> None:
    """Copy a database and its log as they were at one moment.

    A write-ahead log may grow meanwhile: its frames carry checksums, and a
    torn tail is left unread. What must not happen in between is a checkpoint
    or a commit (the main file changes), or a log begun anew (its header does).
    """
    target = _beside(copy, log.name.removeprefix(path.name))
    for attempt in range(_COPY_ATTEMPTS):
        if attempt:
            time.sleep(_COPY_PAUSE)
        try:
            before = _state(path, log)
            shutil.copyfile(path, copy)
            if _size(log):
                shutil.copyfile(log, target)
            else:
                target.unlink(missing_ok=True)
            if _state(path, log) == before:
                return
        except FileNotFoundError:
            # The writer ended its transaction, or closed the database, and took its log away.
            continue
        except OSError as error:
            raise SourceError(f"{path}: cannot be copied ({error.strerror})") from error
    raise SourceError(f"{path}: written to without a pause; it is tried again")


def _state(path: Path, log: Path) -> tuple[int, int, bytes, bytes, int]:
    """Return what changes when a copy that was begun before would not fit together."""
    with path.open("rb") as file:
        header = file.read(_DATABASE_HEADER)
        stat = os.fstat(file.fileno())
    try:
        with log.open("rb") as file:
            log_header = file.read(_WAL_HEADER)
            # A journal must not grow: its pages are what the main file is put back to.
            log_size = 0 if log.name.endswith("-wal") else os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        log_header, log_size = b"", 0
    return stat.st_mtime_ns, stat.st_size, header, log_header, log_size
