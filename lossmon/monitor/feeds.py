"""A feed: one part of a run that hands on rows as they come, whatever lies beneath.

Three kinds, as there are three kinds of formats: bytes that are appended
(`StreamFeed`), a document that is written anew (`DocumentFeed`), rows of a
database (`TableFeed`). Each does a bounded piece of work a call.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Final

from lossmon.errors import SourceError
from lossmon.formats.base import (
    HEAD_BYTES,
    Context,
    DocumentFormat,
    Format,
    Parser,
    StreamFormat,
)
from lossmon.formats.lines import LineParser
from lossmon.model import Batch, LeftOut, RoleMap, RunInfo, SeriesView, concatenate
from lossmon.monitor.merge import begins_with, rows_from
from lossmon.monitor.recent import kept
from lossmon.record import record
from lossmon.sources.base import Read, Tail

CHUNK: Final = 1 << 18
"""Bytes a read: parsed in two milliseconds or three, and what a block costs beside its lines is
a twentieth of them."""

MAX_DOCUMENT: Final = 1 << 29
"""A document beyond 512 MiB is refused: it is parsed whole."""


@record
class Fed:
    """What one call brought.

    `restart`: rows that this feed gave before are void. `undo`: so many of
    them are, the last ones, which `settle` gave; `batch` stands for them.
    """

    batch: Batch
    restart: bool = False
    more: bool = False
    undo: int = 0


class Feed(ABC):
    """One part of a run."""

    part: str = ""
    paths: tuple[str, ...] = ()
    """The files on this host that it reads, for the watcher."""
    streams: bool = False
    """Whether the source is a pipe or a connection, which has an end to wait for."""
    wakes: bool = True
    """Whether the source tells that something came; where not, it must be asked."""
    error: str | None = None
    ended: bool = False
    recent: bytes = b""
    """The end of a text source, replaced whole: other threads may read it."""
    progress: tuple[int, int] = (0, 0)
    """Bytes read and bytes there, for the first load."""

    @property
    @abstractmethod
    def info(self) -> RunInfo:
        """What the log said of its run."""

    @property
    @abstractmethod
    def left_out(self) -> LeftOut:
        """What could not be parsed or was too much."""

    @property
    @abstractmethod
    def modified(self) -> float | None:
        """When it was last written."""

    @property
    def caught_up(self) -> bool:
        """Whether all was read that was there at the last look, as far as is known."""
        return True

    @abstractmethod
    def changed(self) -> bool:
        """Say cheaply whether `advance` may bring something."""

    @abstractmethod
    def advance(self) -> Fed:
        """Do one bounded piece of work."""

    def flush(self) -> Batch:
        """Return what is held back; nothing more is read from this feed."""
        return Batch.empty()

    def settle(self) -> Batch:
        """Return what is held back as it looks now, while the source is quiet.

        A last line without its end, a frame that waits for the next: a person
        wants to see it. If what comes later makes it another row, the feed
        takes it back (`undo`).
        """
        return Batch.empty()

    def ahead(self, roles: RoleMap) -> tuple[SeriesView, ...]:
        """Return series of rows from all over what is not read yet, where it is long and local."""
        return ()

    @abstractmethod
    def close(self) -> None:
        """Release what is held."""


class _ParsedFeed(Feed):
    """What feeds of bytes have in common: a tail, a format, the parser that is in use."""

    def __init__(self, tail: Tail, fmt: StreamFormat | DocumentFormat, context: Context) -> None:
        self.part = context.part
        self.streams = tail.streams
        self.wakes = tail.wakes
        self.paths = (tail.path,) if tail.local else ()
        self._tail = tail
        self._format = fmt
        self._context = context
        self._parser: Parser = fmt.parser(context)
        self._heard = False
        """Whether the source has answered at all: a far one takes its time."""

    def _next(self) -> Read:
        read = self._tail.read(CHUNK)
        self.error = read.error
        self.ended = read.ended
        self.progress = (read.position, read.size or read.position)
        self._heard |= bool(read.data or read.error or read.ended) or read.size is not None
        return read

    @property
    def caught_up(self) -> bool:
        if self.ended or self.error:
            return True
        return self._heard and self.progress[0] >= self.progress[1]

    @property
    def info(self) -> RunInfo:
        return self._parser.info

    @property
    def left_out(self) -> LeftOut:
        return _left_out_by(self._parser)

    @property
    def modified(self) -> float | None:
        return self._tail.modified

    def changed(self) -> bool:
        return self._tail.changed()

    def close(self) -> None:
        self._tail.close()


def _left_out_by(parser: Parser) -> LeftOut:
    return LeftOut(parser.bad_records, parser.long_lines, parser.refused)


class StreamFeed(_ParsedFeed):
    """Bytes appended at the end of a file, a pipe or a remote log."""

    def __init__(self, tail: Tail, fmt: StreamFormat, context: Context) -> None:
        super().__init__(tail, fmt, context)
        self._format: StreamFormat = fmt
        self._is_text = isinstance(self._parser, LineParser)
        self._left_out_before = LeftOut()
        self._head = b""
        self._provisional = Batch.empty()
        self._settled: Parser | None = None
        self._unmatched: list[Batch] = []

    @property
    def info(self) -> RunInfo:
        return (self._settled or self._parser).info

    @property
    def left_out(self) -> LeftOut:
        return self._left_out_before + _left_out_by(self._parser)

    def advance(self) -> Fed:
        read = self._next()
        if self._is_text:
            self.recent = kept(b"" if read.cut else self.recent, read.data)
        restart = False
        if read.cut:
            # What was half read of the old file is a record of its own now or never.
            held = self._parser.finish()
            self._left_out_before += _left_out_by(self._parser)
            info = self._parser.info
            self._parser = self._format.parser(self._context)
            if self._format.continues(self._head, read.data[:HEAD_BYTES]):
                self._parser.info = info
                self._head = read.data[:HEAD_BYTES]
                rest = self._parser.feed(read.data)
                return Fed(concatenate([held, rest]), more=read.more)
            restart = True
            self._left_out_before = LeftOut()
            self._head = b""
        if len(self._head) < HEAD_BYTES:
            self._head += read.data[: HEAD_BYTES - len(self._head)]
        batch = self._parser.feed(read.data) if read.data else Batch.empty()
        if read.ended:
            batch = concatenate([batch, self._parser.finish()])
        if read.data:
            self._settled = None
        if len(self._provisional) and not restart:
            return self._match(batch, read.more)
        return Fed(batch, restart, read.more)

    def _match(self, batch: Batch, more: bool) -> Fed:
        """Leave out the rows that `settle` has given already; undo them if they became others."""
        self._unmatched.append(batch)
        arrived = concatenate(self._unmatched)
        if len(arrived) < len(self._provisional):
            return Fed(Batch.empty(), more=more)
        known, self._provisional, self._unmatched = self._provisional, Batch.empty(), []
        if not begins_with(arrived, known):
            return Fed(arrived, more=more, undo=len(known))
        return Fed(rows_from(arrived, len(known)), more=more)

    def ahead(self, roles: RoleMap) -> tuple[SeriesView, ...]:
        if self.streams or not self._is_text or len(self.paths) != 1:
            return ()
        from lossmon.monitor.ahead import look_ahead  # long logs are few

        return look_ahead(self.paths[0], self._format, self._context, roles)

    def flush(self) -> Batch:
        batch = self._parser.finish()
        return self._match(batch, more=False).batch if len(self._provisional) else batch

    def settle(self) -> Batch:
        if len(self._provisional) or self._settled is not None:
            return Batch.empty()
        # The parser itself must stay as it is: more bytes may come.
        self._settled = copy.deepcopy(self._parser)
        self._provisional = self._settled.finish()
        return self._provisional


class DocumentFeed(_ParsedFeed):
    """A document written anew at each change; rows it had before are handed on once."""

    def __init__(self, tail: Tail, fmt: DocumentFormat, context: Context) -> None:
        super().__init__(tail, fmt, context)
        self._building: Parser | None = None
        self._size = 0
        self._rows = 0

    def advance(self) -> Fed:
        """Read a piece; once the document is whole, return all its rows with `restart`.

        A half-written document (fewer rows than before, a bad record) does not
        void what the whole one before it said: it is written anew in a moment.
        """
        read = self._next()
        if read.cut or self._building is None:
            self._building = self._format.parser(self._context)
            self._size = 0
        self._size += len(read.data)
        if self._size > MAX_DOCUMENT:
            self.error = f"{self._tail.path}: over {MAX_DOCUMENT >> 20} MiB, not read"
            return Fed(Batch.empty())
        early = self._building.feed(read.data)
        if read.more or (not read.data and not self._size):
            return Fed(early, more=read.more)
        batch = concatenate([early, self._building.finish()])
        parser, self._building = self._building, None
        if parser.bad_records and len(batch) < self._rows:
            self._parser.bad_records = max(self._parser.bad_records, parser.bad_records)
            return Fed(Batch.empty())
        self._parser = parser
        self._rows = len(batch)
        return Fed(batch, restart=True)


def feed_of(tail: Tail, fmt: Format, context: Context) -> Feed:
    """Return the feed of a tail as its format wants it; SourceError for a database."""
    if isinstance(fmt, StreamFormat):
        return StreamFeed(tail, fmt, context)
    if isinstance(fmt, DocumentFormat):
        return DocumentFeed(tail, fmt, context)
    tail.close()
    raise SourceError(f"{tail.path}: a {fmt.name} database cannot be read from here")
