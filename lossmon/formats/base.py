"""What a format is: a name, a way to recognise it, and a parser that is fed bytes.

Three kinds, by how bytes become points:

* `StreamFormat`: the file grows at its end (text lines, event records). One
  parser lives as long as the file and is fed every chunk once.
* `DocumentFormat`: the file is one document that is written anew at each
  change (`trainer_state.json`). A fresh parser reads the whole of it each
  time; the monitor finds what is new.
* `TableFormat`: an SQLite database. Rows are asked for with a connection that
  was opened read-only elsewhere; one file may hold many runs.

Nothing here opens a file, starts a thread, or knows a screen. A format groups
files into runs by looking at paths alone (`group`). To add a format: one file
in this package, with a module-level `FORMAT` (or `FORMATS`), and one sample in
`tests/data/`; text formats build on `lines.LineParser`. Other packages register theirs under
the entry-point group `lossmon.formats`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, Literal

from lossmon.model import Batch, BatchBuilder, RunInfo
from lossmon.record import record

if TYPE_CHECKING:
    import sqlite3

HEAD_BYTES: Final = 65536
"""At most this much of a file is looked at to find its format."""


@record
class Sniff:
    """How sure a format is that a head of bytes is its own, and why.

    Confidence: 0.9 and more: a signature that only this format has; 0.7: the
    shape and the names fit; 0.5: the shape fits (generic JSONL, CSV); 0.3: the
    general text reader found a loss. Below 0.2 counts as no.
    """

    confidence: float
    reason: str


@record
class Grouping:
    """Which run a file belongs to: the run's path, and what the file is called inside it."""

    run: PurePosixPath
    part: str = ""


@record
class Context:
    """What a parser may know of its source beside the bytes (names only, never files)."""

    filename: str = ""
    """Name of the file (or `-`)."""
    part: str = ""
    """Name of the file inside its run (`losses_train/events…`), for runs of several files."""


class Parser(ABC):
    """Bytes in, batches out; one instance a file, fed in order, in chunks of any size.

    Contract, held by property tests over all formats: the rows are the same
    for any way of cutting the bytes; no input makes it raise; a record that
    cannot be read is counted in `bad_records`; memory is bounded; time is
    linear in the bytes. A parser can be copied (`copy.deepcopy`), and the copy
    goes on by itself: so a held-back row is shown while the source is quiet.
    """

    def __init__(self, context: Context | None = None) -> None:
        self.context = context or Context()
        self.info = RunInfo()
        self.bad_records = 0
        self.long_lines = 0
        """Of the bad records: lines that were skipped, being longer than any framework writes."""
        self.refused = 0
        """Of the bad records: values of metrics beyond the most names that a run may have."""

    def refuse(self, values: int) -> None:
        """Count values of metrics for whose names there was no room."""
        self.bad_records += values
        self.refused += values

    @abstractmethod
    def feed(self, data: bytes) -> Batch:
        """Take the next bytes; return the rows of all records that they complete."""

    def finish(self) -> Batch:
        """Return rows of what is still held back (a last line without its end): no more bytes.

        Called once, at the end of a file that is read one time only. After it
        `feed` is not called again.
        """
        return Batch.empty()


class Format(ABC):
    """A log format: how it is called, shown, recognised, grouped and parsed."""

    name: str
    """Short and stable, as it stands in reports: `hf-trainer-state`."""
    title: str
    """For people: `Hugging Face Trainer state (trainer_state.json)`."""
    sample: str
    """A line or two as the framework writes it, for `lossmon formats`."""
    kind: Literal["stream", "document", "table"]
    combine: Literal["merge", "longest", "sequence"] = "merge"
    """How the files of one run go together: `merge`: each holds other metrics,
    rows are ordered by step; `sequence`: one after the other (resumed runs);
    `longest`: each holds the whole history up to its time; the longest wins."""
    skip_names: tuple[str, ...] = ()
    """File names (glob) that belong to this format but hold no points."""
    last_resort: bool = False
    """Asked only where no other format is sure: it knows no trainer's own signature."""
    surest: float = 1.0
    """No claim of this format is surer: of those of the last resort it is not asked where
    another format's is as sure."""
    needles: tuple[str, ...] = ()
    """Texts of which one must stand in the head (as text, `Head.text`) for `sniff` to claim it:
    without one it is not asked, and its module not imported. None named: always asked."""
    cross_entropy: bool = True
    """Its losses may be cross-entropies, by their names. Where they are sums of several, rewards or
    errors of a field, no probability can be read from them, whatever they are called."""
    binary: bool = False
    """A head of 12 bytes and more has a NUL among its first 64, or it is not of this format."""
    unsupported: str | None = None
    """Why a source of this format is recognised but not read, and the way out, in one sentence."""

    @abstractmethod
    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        """Say how likely a file of that name, beginning with `head`, is of this format.

        `head` is at most `HEAD_BYTES`, and may end in the middle of a record.
        Must be cheap (< 1 ms) and must never raise.
        """

    def group(self, path: PurePosixPath) -> Grouping:
        """Return the run that a file belongs to; by default each file is a run of its own."""
        return Grouping(path)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        """Say whether a file that was cut and begins anew goes on with the same run.

        Called when a file became shorter, or another one took its name.
        `old_head` are the first bytes of before, `new_head` those of now (up to
        `HEAD_BYTES`, maybe few). True: the new bytes follow the old ones
        (logrotate moved those away). False: what was read is void and is
        written anew (a header rewritten in place, a new run over an old log).
        By default a file that begins as before begins anew.
        """
        line = old_head.split(b"\n", 1)[0]
        return bool(line) and not new_head.startswith(line)

    def group_all(self, paths: Sequence[PurePosixPath]) -> dict[PurePosixPath, Grouping]:
        """Group the files of this format that were found together (override if it needs all)."""
        return {path: self.group(path) for path in paths}


class StreamFormat(Format):
    """A file that grows at its end."""

    kind = "stream"

    @abstractmethod
    def parser(self, context: Context | None = None) -> Parser:
        """Return a fresh parser."""


class DocumentFormat(Format):
    """A file that is one document, written anew at each change.

    Its parser may keep all bytes until `finish` (bounded by the caller).
    """

    kind = "document"

    @abstractmethod
    def parser(self, context: Context | None = None) -> Parser:
        """Return a fresh parser for the whole document."""


@record
class TableRun:
    """One run in a database: its key there and its name."""

    key: str
    name: str


@record(frozen=False)
class TableCursor:
    """How far a run of a database was read (the format's own watermark), and what it said."""

    position: object = None
    info: RunInfo = field(default_factory=RunInfo)
    bad_records: int = 0
    refused: int = 0
    """Of the bad records: values of metrics beyond the most names that a run may have."""
    builder: BatchBuilder = field(default_factory=BatchBuilder)

    def count_dropped(self) -> None:
        """Count what the builder had no room for."""
        self.bad_records += self.builder.dropped
        self.refused += self.builder.dropped
        self.builder.dropped = 0


class TableFormat(Format):
    """Runs in an SQLite database; `connection` is read-only and never written to."""

    kind = "table"

    @abstractmethod
    def matches(self, tables: frozenset[str]) -> Sniff | None:
        """Say whether a database with these tables is of this format."""

    @abstractmethod
    def runs(self, connection: sqlite3.Connection) -> list[TableRun]:
        """List the runs, oldest first."""

    @abstractmethod
    def read(
        self, connection: sqlite3.Connection, key: str, cursor: TableCursor
    ) -> Iterator[Batch]:
        """Yield what is new of a run since `cursor`, in pieces, advancing the cursor."""
