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

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Literal

from lossmon.sources.base import Read
from lossmon.sources.fingerprint import SAMPLE, Fingerprint
from lossmon.sources.freshness import COARSE_GRAIN_SECONDS
from lossmon.sources.store import AT_PLACE, Info, Key, MissingError, Part, Store

PIECE: Final = 1 << 20
MAX_PARTS: Final = 32
"""Older parts compared by content, the newest: logrotate keeps a handful."""
COMPARED: Final = 65536
"""Bytes that may be the same in two generations (a long configuration): behind them a part that
is new beside a log need not be compared with it."""
LISTED_SECONDS: Final = 61.0
"""Grain of the times that `ls` prints: a change within it may leave no trace."""


class FarLog:
    """Reads one far log piece by piece."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = Fingerprint()
        self._info = Info(0, "")
        """Of the file that is being read (`behind`: of the part), when it was read last."""
        self._token: str | None = None
        """At this state all was read (None: there may be more)."""
        self._again_at: float | None = None
        """When the same state is to be read once more: a clock's tick can hide a change."""
        self._behind = False
        """What was read is no longer at the name, or may not be."""
        self._around = ""
        """What lay beside the log when nothing there was a copy of what was seen."""
        self._newest: Key | None = None
        """The part that lay beside the log when its present generation was taken for that."""
        self._next_cut: Literal["truncated", "replaced"] = "truncated"
        self._cut: Literal["", "truncated", "replaced"] = ""
        self._delivered = False

    @property
    def position(self) -> int:
        """Bytes read of the present generation."""
        return self._seen.position

    @property
    def modified(self) -> float | None:
        """When what was read last had been written, by the far side's clock."""
        return self._info.modified

    def look(self, room: int, reads: list[Read]) -> bool:
        """Ask what is new and append it to `reads`, up to about `room` bytes.

        True: there may be more at once. SourceError: the far side does not
        answer; what is in `reads` by then is not asked for again.
        """
        try:
            info = self._store.info()
        except MissingError:
            if self._seen.position:
                self._follow_moved(room, reads)
            raise
        if info.token == self._token and not self._due():
            return False
        moved = bool(self._info.identity) and info.identity != self._info.identity
        nothing_yet = not self._seen.position and self._token is not None
        if nothing_yet or (self._seen.position and (moved or info.size < self._seen.position)):
            self._leave(moved)
        if self._behind and not self._pass_older(info, room, reads):
            # Where nothing came, it is not known yet what comes next: no reason to hurry.
            return bool(reads)
        return self._follow(info, room - sum(len(read.data) for read in reads), reads)

    def close(self) -> None:
        """Release what is held for it."""
        self._store.close()

    def _due(self) -> bool:
        return self._again_at is not None and time.monotonic() >= self._again_at

    def _leave(self, moved: bool) -> None:
        self._token = None
        if not self._behind:
            self._behind = True
            self._next_cut = "replaced" if moved else "truncated"

    # ---- what is at the name

    def _follow(self, info: Info, room: int, reads: list[Read]) -> bool:
        if not self._seen.position:
            self._info, self._around = info, info.around
        while True:
            wanted = max(0, min(PIECE, info.size - self._seen.position, room))
            data = self._after(self._store, self._seen, wanted)
            if data is None or self._is_of_copy(self._store.info if data else lambda: info):
                # What `info` said was of another file: ask again, now that it is known.
                self._leave(moved=False)
                return True
            self._info = info
            if data:
                self._advance(data, info.size, reads)
                room -= len(data)
            if self._seen.position >= info.size:
                self._again_at = _again_at(info) if info.token != self._token else None
                self._token = info.token
                return False
            if len(data) < wanted or room <= 0:
                return True

    def _is_of_copy(self, ask: Callable[[], Info]) -> bool:
        """Whether what was seen is of a copy that rotation made since, and not of what is there.

        The next generation may begin with the same bytes and have grown to them, or past them.
        """
        since = self._info.modified
        if not 0 < self._seen.position <= COMPARED or since is None or not self._around:
            return False
        now = ask()
        if now.around == self._around:
            return False
        parts = self._parts(now)
        for part in parts[:MAX_PARTS]:
            if part.key == self._newest or not _is_since(part, since):
                break
            if self._holds(part) and not self._is_at_name(part):
                return True
        self._newest = parts[0].key if parts else None
        self._around = now.around
        return False

    def _after(self, store: Store, seen: Fingerprint, wanted: int) -> bytes | None:
        """Return the bytes that follow what was seen; None: what was seen is not there."""
        before = len(seen.sample)
        data = store.fetch(seen.position - before, before + wanted)
        if data[:before] != seen.sample:
            return None
        # A sample from the beginning on holds the head.
        if seen.position > SAMPLE and store.fetch(0, len(seen.head)) != seen.head:
            return None
        return data[before:]

    def _advance(self, data: bytes, size: int, reads: list[Read]) -> None:
        self._seen.advance(data)
        position = self._seen.position
        cut, self._cut = self._cut if self._delivered else "", ""
        self._delivered = True
        reads.append(Read(data, cut, more=position < size, position=position, size=size))

    # ---- what is beside it

    def _parts(self, now: Info) -> list[Part]:
        place = self._info.place
        return list(self._store.older(place, left=bool(place) and now.place != place))

    def _follow_moved(self, room: int, reads: list[Read]) -> None:
        """Read what is still written to the file, of which nobody knows yet what takes its name."""
        parts = self._parts(self._info)
        at = self._moved_to(parts)
        if at is None:
            return
        data = self._after(parts[at].store, self._seen, min(PIECE, room))
        if data and _keys(self._parts(self._info)) == _keys(parts):
            self._info = self._info_of(parts[at])
            self._advance(data, self._seen.position + len(data), reads)

    def _pass_older(self, info: Info, room: int, reads: list[Read]) -> bool:
        """Read what rotation moved away since; True: what is at the name is being read again."""
        while room > 0:
            parts = self._parts(info)
            at = self._find(parts)
            part = None if at is None else parts[at]
            data = b"" if part is None else self._after(part.store, self._seen, min(PIECE, room))
            following: Part | None = None
            first = b""
            if data == b"":
                following = self._following(parts, at)
                store = self._store if following is None else following.store
                wanted = PIECE if following is not None else min(PIECE, info.size)
                first = store.fetch(0, min(wanted, room))
            if data is None or _keys(self._parts(info)) != _keys(parts):
                return False
            if data:
                assert part is not None
                self._info = self._info_of(part)
                self._advance(data, self._seen.position + len(data), reads)
            elif not first:
                # Nobody has written to the new file: the writer may still be at the old one.
                return False
            else:
                self._begin(info if following is None else self._info_of(following))
                self._advance(first, max(len(first), self._info.size), reads)
                if following is None:
                    self._behind = False
                    self._around = info.around
                    self._newest = parts[0].key if parts else None
                    return True
            reads[-1] = replace(reads[-1], more=True)
            room -= len(reads[-1].data)
        return False

    def _begin(self, info: Info) -> None:
        self._seen = Fingerprint()
        self._info = info
        self._cut = self._next_cut

    def _info_of(self, part: Part) -> Info:
        return Info(part.size or 0, "", part.identity, part.modified, place=self._info.place)

    def _find(self, parts: Sequence[Part]) -> int | None:
        """Return which part what was seen is of, by its content; None: none, or nothing was seen.

        The oldest that was written since then: few bytes may fit later ones, too, and an inode
        that zipping made free may be that of a later one.
        """
        if not self._seen.position:
            return None
        since = self._info.modified
        near = range(len(parts[:MAX_PARTS]))
        if since is not None:
            late = (n for n in reversed(near) if _is_since(parts[n], since))
            at = next((n for n in late if self._holds(parts[n])), None)
            return self._moved_to(parts) if at is None else at
        at = self._moved_to(parts)
        return next((n for n in near if self._holds(parts[n])), None) if at is None else at

    def _moved_to(self, parts: Sequence[Part]) -> int | None:
        return next((n for n, part in enumerate(parts) if self._is_same(part)), None)

    def _is_same(self, part: Part) -> bool:
        """Whether a part is the file that was read, under another name."""
        known = self._info.identity
        return bool(known) and part.identity == known and not part.zipped and self._holds(part)

    def _holds(self, part: Part) -> bool:
        if part.size is not None and part.size < self._seen.position:
            return False
        return self._after(part.store, self._seen, 0) is not None

    def _following(self, parts: Sequence[Part], at: int | None) -> Part | None:
        """Return the part that was written after the one `at` an index; None: there is none.

        A backup of it, or of what is at the name, is none.
        Where what was seen is in no part (it was cut off), it is what was written since.
        """
        since = self._info.modified
        if at is not None:
            dated = parts[at].age[0] < 0
            newer = [
                part for part in parts[:at] if (part.age[0] < 0) == dated or part.age == AT_PLACE
            ]
            since = parts[at].modified
        elif since is None:
            return None
        else:
            newer = [part for part in parts[:MAX_PARTS] if _is_since(part, since)]
        for part in reversed(newer):
            if part.size == 0 or (since is not None and not _is_since(part, since)):
                continue
            again = at is not None and _begins(parts[at].store, part.store)
            if not again and not self._is_at_name(part):
                return part
        return None

    def _is_at_name(self, part: Part) -> bool:
        """Whether a part is a copy of what is at the name now: whole, or still being made."""
        return _begins(self._store, part.store)


def _begins(whole: Store, part: Store) -> bool:
    """Whether all of a part, as far as it is compared, is what another text begins with."""
    # The part first: if the original is cut meanwhile, the part is the longer one.
    first = part.fetch(0, COMPARED)
    second = whole.fetch(0, COMPARED)
    return len(first) <= len(second) and second.startswith(first)


def _is_since(part: Part, since: float) -> bool:
    """Whether a part was written last at a time or after it.

    Whoever zips a file gives the other one its time, maybe in whole seconds.
    """
    if part.modified is None:
        return False
    return part.modified >= (math.floor(since) if part.modified.is_integer() else since)


def _keys(parts: Sequence[Part]) -> list[tuple[str, Key]]:
    return [(part.name, part.key) for part in parts]


def _again_at(info: Info) -> float | None:
    if info.modified is None:
        return time.monotonic() + LISTED_SECONDS
    return time.monotonic() + COARSE_GRAIN_SECONDS if info.modified.is_integer() else None
