"""`FarLog`: all generations of a far log in order, through whatever rotation does to them.

What the local tails promise holds here too. The bytes before the position are
asked for again together with those after it, and compared: no byte is lost or
doubled when the line breaks, the file is cut, or another one takes its place.
Where what was read is no longer at the name, it is looked for among what
rotation left beside it (moved, copied, zipped); its rest is read, then each
part that is newer, then what is at the name.

A listing and the bytes that are read after it do not come at one moment. So
the parts are listed once more before the bytes count: had anything been
renamed meanwhile, all of it is asked again at the next look.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from lossmon.sources.base import Read
from lossmon.sources.freshness import COARSE_GRAIN_SECONDS
from lossmon.sources.generations import COMPARED, Generation, after, begins, names_of
from lossmon.sources.store import Info, MissingError, Part, Store

PIECE: Final = 1 << 20
LISTED_SECONDS: Final = 61.0
"""Grain of the times that `ls` prints: a change within it may leave no trace."""


class FarLog:
    """Reads one far log piece by piece."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._now = Generation()
        """What is being read (`behind`: of a part)."""
        self._place = ""
        """Where that lay without links when it was at the name."""
        self._token: str | None = None
        """At this state all was read (None: there may be more)."""
        self._again_at: float | None = None
        """When the same state is to be read once more: a clock's tick can hide a change."""
        self._behind = False
        """What was read is no longer at the name, or may not be."""
        self._around = ""
        """What lay beside the log when nothing there was a copy of what was seen."""
        self._next_cut: Literal["truncated", "replaced"] = "truncated"
        self._cut: Literal["", "truncated", "replaced"] = ""
        self._delivered = False

    @property
    def position(self) -> int:
        """Bytes read of the present generation."""
        return self._now.seen.position

    @property
    def modified(self) -> float | None:
        """When what was read last had been written, by the far side's clock."""
        return self._now.modified

    def look(self, room: int, reads: list[Read]) -> bool:
        """Ask what is new and append it to `reads`, up to about `room` bytes.

        True: there may be more at once. SourceError: the far side does not
        answer; what is in `reads` by then is not asked for again.
        """
        try:
            info = self._store.info()
        except MissingError:
            if self.position:
                self._follow_moved(room, reads)
            raise
        if info.token == self._token and not self._due():
            return False
        moved = bool(self._now.identity) and info.identity != self._now.identity
        nothing_yet = not self.position and self._token is not None
        if nothing_yet or (self.position and (moved or info.size < self.position)):
            self._leave(moved)
        if self._behind and not self._pass_older(info, room, reads):
            # Where nothing came, it is not known yet what comes next: no reason to hurry.
            return bool(reads)
        return self._follow(info, room - sum(len(read.data) for read in reads), reads)

    def close(self) -> None:
        """Release what is held for it."""
        self._store.close()

    def _is_back(self) -> bool:
        """Whether the file that was moved has its name again."""
        return bool(self.position) and after(self._store.fetch, self._now.seen, 0) is not None

    def _due(self) -> bool:
        return self._again_at is not None and time.monotonic() >= self._again_at

    def _leave(self, moved: bool) -> None:
        self._token = None
        if not self._behind:
            self._behind = True
            self._next_cut = "replaced" if moved else "truncated"

    # ---- what is at the name

    def _follow(self, info: Info, room: int, reads: list[Read]) -> bool:
        if not self.position:
            self._now.identity, self._place, self._around = info.identity, info.place, info.around
        while True:
            wanted = max(0, min(PIECE, info.size - self.position, room))
            data = after(self._store.fetch, self._now.seen, wanted)
            if data is None or self._is_of_copy(self._store.info if data else lambda: info):
                # What `info` said was of another file: ask again, now that it is known.
                self._leave(moved=False)
                return True
            self._now.modified = info.modified
            if data:
                self._advance(data, info.size, reads)
                room -= len(data)
            if self.position >= info.size:
                self._again_at = _again_at(info) if info.token != self._token else None
                self._token = info.token
                return False
            if len(data) < wanted or room <= 0:
                return True

    def _is_of_copy(self, ask: Callable[[], Info]) -> bool:
        """Whether what was seen is of a copy that rotation made since, and not of what is there."""
        if not 0 < self.position <= COMPARED or not self._around:
            return False
        now = ask()
        if now.around == self._around:
            return False
        copies = self._now.copies(self._parts(now))
        if not copies:
            self._around = now.around
        return any(not begins(self._store.fetch, part.text.fetch) for part in copies)

    def _advance(self, data: bytes, size: int, reads: list[Read]) -> None:
        self._now.seen.advance(data)
        position = self.position
        cut, self._cut = self._cut if self._delivered else "", ""
        self._delivered = True
        reads.append(Read(data, cut, more=position < size, position=position, size=size))

    # ---- what is beside it

    def _parts(self, now: Info | None) -> list[Part]:
        left = now is not None and bool(self._place) and now.place != self._place
        return list(self._store.older(self._place, left=left))

    def _follow_moved(self, room: int, reads: list[Read]) -> None:
        """Read what is still written to the file, of which nobody knows yet what takes its name."""
        parts = self._parts(None)
        at = self._now.moved_to(parts)
        if at is None:
            return
        data = after(parts[at].text.fetch, self._now.seen, min(PIECE, room))
        if data and names_of(self._parts(None)) == names_of(parts):
            self._now.modified = parts[at].modified
            self._advance(data, self.position + len(data), reads)

    def _pass_older(self, info: Info, room: int, reads: list[Read]) -> bool:
        """Read what rotation moved away since; True: what is at the name is being read again."""
        while room > 0:
            parts = self._parts(info)
            at = self._now.find(parts)
            data: bytes | None = b""
            if at is not None:
                data = after(parts[at].text.fetch, self._now.seen, min(PIECE, room))
            following: int | None = None
            backups: list[Part] = []
            first = b""
            if data == b"":
                following, backups = self._now.following(parts, at, self._store.fetch)
                if following is None:
                    first = self._store.fetch(0, min(PIECE, info.size, room))
                    if not all(_agree(first, part) for part in backups):
                        return False  # it was cut meanwhile
                else:
                    first = parts[following].text.fetch(0, min(PIECE, room))
            if data is None or names_of(self._parts(info)) != names_of(parts):
                return False
            if data:
                assert at is not None
                self._now.identity = "" if parts[at].zipped else parts[at].identity
                if not parts[at].zipped:
                    self._now.modified = parts[at].modified
                self._advance(data, self.position + len(data), reads)
            elif not first:
                # Nobody has written to the new file: the writer may still be at the old one.
                return False
            elif following is not None:
                part = parts[following]
                before = parts[following + 1 :]
                # When one was zipped says nothing of what was written after it.
                modified = self._now.modified if part.zipped else part.modified
                self._begin(Generation(part.identity, modified, before, self._now))
                self._advance(first, part.size or len(first), reads)
            else:
                self._begin(Generation(info.identity, info.modified, parts, self._now, backups))
                self._place, self._around = info.place, info.around
                self._advance(first, info.size, reads)
                self._behind = False
                return True
            reads[-1] = replace(reads[-1], more=True)
            room -= len(reads[-1].data)
        return False

    def _begin(self, generation: Generation) -> None:
        self._now = generation
        self._cut = self._next_cut


def _again_at(info: Info) -> float | None:
    if info.modified is None:
        return time.monotonic() + LISTED_SECONDS
    return time.monotonic() + COARSE_GRAIN_SECONDS if info.modified.is_integer() else None


def _agree(first: bytes, part: Part) -> bool:
    """Whether the first bytes of a log are what a part begins with, as far as both go."""
    other = part.text.fetch(0, len(first))
    return bool(first) and first.startswith(other)
