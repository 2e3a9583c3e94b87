"""The bounds that keep a hostile or broken log from taking memory or time, in one place.

Each number is imported from where it holds; the sentence says what happens
beyond it. `lossmon explain limits` prints them.
"""

from __future__ import annotations

from typing import Final

from lossmon.analysis.journal import MAX_EVENTS
from lossmon.formats._leveldb_log import MAX_RECORD as MAX_WANDB_RECORD
from lossmon.formats._tfrecord import MAX_HELD
from lossmon.formats.base import HEAD_BYTES
from lossmon.formats.lines import MAX_LINE
from lossmon.formats.table_text import MAX_CELLS
from lossmon.model import MAX_NAME
from lossmon.model.batch import MAX_SERIES
from lossmon.monitor.feeds import MAX_DOCUMENT
from lossmon.monitor.library import MAX_RUNS
from lossmon.monitor.recent import KEPT
from lossmon.monitor.told import MAX_FACTS
from lossmon.record import record
from lossmon.sources.database import MAX_COPY, MAX_VALUE
from lossmon.sources.descriptors import MAX_DESCRIPTORS
from lossmon.sources.discovery import FIRST_LINE_BYTES, MAX_CANDIDATES
from lossmon.sources.gz import MAX_RATIO
from lossmon.sources.listing import MAX_FILES, MAX_FOLLOWED
from lossmon.sources.readahead import CAPACITY
from lossmon.sources.search import MAX_DEPTH, MAX_ENTRIES
from lossmon.sources.zipped import MAX_PASSED


@record
class Limit:
    """One bound: of what, how much (`unit` is `bytes` or a word), and what happens beyond it."""

    what: str
    value: int
    unit: str
    beyond: str

    @property
    def amount(self) -> str:
        """The bound for people: `1 MiB`, `2,000 names`."""
        if self.unit != "bytes":
            return f"{self.value:,} {self.unit}"
        for shift, name in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
            if self.value >> shift:
                return f"{self.value / (1 << shift):.3g} {name}"
        return f"{self.value} bytes"


LIMITS: Final[tuple[Limit, ...]] = (
    Limit("a line of a text log", MAX_LINE, "bytes",
          "is skipped and counted as a bad record, and the run says so: no framework writes one"),
    Limit("a metric's or run's name", MAX_NAME, "characters",
          "is cut; characters that move the cursor, reorder or hide text become U+FFFD"),
    Limit("metrics of a run", MAX_SERIES, "names",
          "is not stored; the values are counted as bad records, and the run says so"),
    Limit("columns of a table", MAX_CELLS, "cells",
          "makes it a table of data, not of metrics: not read"),
    Limit("a document (trainer_state.json)", MAX_DOCUMENT, "bytes",
          "is not read, and its row says so: it is parsed whole"),
    Limit("a record of an event file", MAX_HELD, "bytes",
          "is passed over without being held: it is an image or a graph, not a number"),
    Limit("a record of a .wandb file", MAX_WANDB_RECORD, "bytes",
          "is dropped and counted: a history row is some kilobytes"),
    Limit("a database that must be copied", MAX_COPY, "bytes",
          "is not read, and its row says so"),
    Limit("a value in a database", MAX_VALUE, "bytes",
          "is refused, and the run's row says so"),
    Limit("a log of over 64 MiB out of a .gz", MAX_RATIO, "times its size",
          "ends its reading: it is a bomb, no log"),
    Limit("the text of a zipped part of a rotated log", MAX_PASSED, "bytes",
          "is not read; what was not read before is mostly some kilobytes"),
    Limit("the beginning of a file", HEAD_BYTES, "bytes",
          "is not looked at to find the format; zeros of a hole do not count"),
    Limit("a file's first line, for its format to be found behind it", FIRST_LINE_BYTES, "bytes",
          "is not passed over: the format is not found"),
    Limit("runs watched at once", MAX_RUNS, "runs",
          "is not read; a notice says so"),
    Limit("files looked into in a search", MAX_CANDIDATES, "files",
          "is left out, the oldest first; a notice says so"),
    Limit("entries of a directory tree", MAX_ENTRIES, "entries",
          "ends the search; a notice says to name a directory further down"),
    Limit("depth of a directory tree", MAX_DEPTH, "levels",
          "is not searched"),
    Limit("files held open", MAX_DESCRIPTORS, "files",
          "is closed, the longest unused first, and opened again when it changes"),
    Limit("logs taken from one look at a far directory or URL", MAX_FILES, "files",
          "is left out, the oldest first: each costs its host a look now and then"),
    Limit("logs of a far directory or URL in the end", MAX_FOLLOWED, "files",
          "is left out; a notice says how many"),
    Limit("what is read ahead of a pipe", CAPACITY, "bytes",
          "waits in the pipe, and so may its writer"),
    Limit("events of a run", MAX_EVENTS, "events",
          "is not kept, unless it still stands; the first ones are"),
    Limit("facts of a run (parameters, host)", MAX_FACTS, "facts",
          "is left out"),
    Limit("the end of a log kept for the log view", KEPT, "bytes",
          "is shown no more"),
)  # fmt: skip
"""Every bound that a user can run into."""
