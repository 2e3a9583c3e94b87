"""`Generation`: the part of a log that is being read, known again wherever rotation puts it.

Two ways of rotating are told apart by what they leave: a file that was moved
keeps its inode, a copy has another one, what was zipped has neither its inode
nor its size. What stays is its content, and that it was written last when it
was read or later. So the content says which part it was, and the time which of
several that begin alike. An inode alone says little: it is used again at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from lossmon.sources.fingerprint import MARKED, SAMPLE, Fingerprint
from lossmon.sources.store import AT_PLACE, Key, Part

MAX_PARTS: Final = 32
"""Older parts compared by content, the newest: logrotate keeps a handful."""
COMPARED: Final = 65536
"""Bytes that may be the same in two generations (a long configuration): behind them a part that
is new beside a log need not be compared with it."""

KEPT: Final = 8
"""Generations of which is kept how they began and ended: two kilobytes each at most."""
TELLING: Final = 128
"""So many equal bytes are more than a header that every generation begins with."""

Fetch = Callable[[int, int], bytes]
"""Reads up to so many bytes (second) from an offset on (first)."""


class Generation:
    """What was read of one generation, and what lay beside the log before it began."""

    def __init__(
        self,
        identity: str = "",
        modified: float | None = None,
        before: Iterable[Part] = (),
        last: Generation | None = None,
        backups: Iterable[Part] = (),
    ) -> None:
        """`last`: the generation that was read before this one; `backups` as `following` says."""
        self.seen = Fingerprint()
        self.identity = identity
        self.modified = modified
        """When it had been written last when it was read last, by its file system's clock."""
        before = list(before)
        self.backups = keys_of(backups)
        """Parts that held what was at the name before anything of it was read."""
        self.before = keys_of(before) - self.backups
        """Parts of the generations before it."""
        self._times = frozenset(
            time
            for part in before
            if part.modified is not None
            for time in (part.modified, float(math.floor(part.modified)))
        )
        """When they had been written: they may be zipped later, and keep that."""

        self._ended: tuple[Fingerprint, ...] = ()
        """Of the last generations that were read to their ends."""
        if last is not None:
            self._ended = (*last._ended[1 - KEPT :], last.seen.unmarked())

    def find(self, parts: Sequence[Part]) -> int | None:
        """Return which part it is now; None: none, or nothing was seen of it.

        The oldest that was written since then: few bytes may fit later ones, too, and an inode
        that zipping made free may be that of a later one.
        """
        if not self.seen.position:
            return None
        near = range(len(parts[:MAX_PARTS]))
        if self.modified is not None:
            late = (n for n in reversed(near) if self._is_later(parts[n]))
            at = next((n for n in late if self.is_in(parts[n])), None)
            return self.moved_to(parts) if at is None else at
        at = self.moved_to(parts)
        return next((n for n in near if self.is_in(parts[n])), None) if at is None else at

    def moved_to(self, parts: Sequence[Part]) -> int | None:
        """Return which part is the very file that was read."""
        for index, part in enumerate(parts):
            same = part.identity == self.identity and not part.zipped
            if self.identity and same and self.is_in(part):
                return index
        return None

    def is_one_of(self, parts: Iterable[Part]) -> bool:
        """Whether the file itself, of which nothing was seen yet, is one of the parts now."""
        return not self.seen.position and any(
            part.identity == self.identity and not part.zipped for part in parts
        )

    def is_in(self, part: Part) -> bool:
        """Whether a part holds what was seen."""
        if part.size is not None and part.size < self.seen.position:
            return False
        if after(part.text.fetch, self.seen, 0) is None:
            return False
        # The last bytes may be filling, the same in each record.
        return self.seen.may_have_been(part.text.fetch(0, min(MARKED, self.seen.position)))

    def copies(self, parts: Sequence[Part]) -> list[Part]:
        """Return the parts that came since and hold what was seen.

        One that is not what the log itself begins with now is what it was: the next generation may
        begin with the same bytes and have grown to them, or past them.
        """
        if not 0 < self.seen.position <= COMPARED:
            return []
        return [part for part in parts[:MAX_PARTS] if self._is_later(part) and self.is_in(part)]

    def following(
        self, parts: Sequence[Part], at: int | None, name: Fetch
    ) -> tuple[int | None, list[Part]]:
        """Return the part that was written after the one `at` an index; None: there is none.

        A backup of it, or of what is at the log's `name`, is none. Where it is in no part (it was
        cut off), it is what was written since. The backups of what is at the name come second:
        until that was read they may be all there is of it, since whoever made them may cut it.
        """
        backups: list[Part] = []
        for index in reversed(self._newer(parts, at)):
            part = parts[index]
            if at is None:
                again = self._is_backup(part)
            else:
                again = begins(parts[at].text.fetch, part.text.fetch)
            if again:
                continue
            if not begins(name, part.text.fetch):
                return index, backups
            backups.append(part)
        return None, backups

    def _newer(self, parts: Sequence[Part], at: int | None) -> list[int]:
        """Return which parts may have been written after the one `at` an index."""
        since = self.modified
        if at is not None:
            dated = parts[at].age[0] < 0
            newer = [
                n
                for n, part in enumerate(parts[:at])
                if (part.age[0] < 0) == dated or part.age == AT_PLACE
            ]
            if not parts[at].zipped:  # not each program keeps the time
                since = parts[at].modified
        elif since is None:
            return []
        else:
            newer = [n for n, part in enumerate(parts[:MAX_PARTS]) if self._is_later(part)]
        return [
            n for n in newer if parts[n].size != 0 and (since is None or _is_since(parts[n], since))
        ]

    def _is_backup(self, part: Part) -> bool:
        """Whether a part is one that was read, or may be a copy of an earlier state of this one.

        It may be a generation of its own only if all that is its own is shorter than a block.
        """
        if any(after(part.text.fetch, ended, 1) == b"" for ended in self._ended):
            return True
        seen = self.seen
        first = part.text.fetch(0, len(seen.head))
        if len(first) < len(seen.head):
            return seen.head.startswith(first)
        if len(first) < TELLING or first != seen.head:
            return False
        common = part.text.fetch(seen.position - len(seen.sample), len(seen.sample))
        return seen.sample.startswith(common) and seen.may_have_been(part.text.fetch(0, MARKED))

    def _is_later(self, part: Part) -> bool:
        return (
            self.modified is not None
            and part.key not in self.before
            and not (part.zipped and part.modified in self._times)
            and _is_since(part, self.modified)
        )


def keys_of(parts: Iterable[Part]) -> frozenset[Key]:
    """Return what tells some parts from others, whatever they are called."""
    return frozenset(part.key for part in parts)


def names_of(parts: Iterable[Part]) -> list[tuple[str, Key]]:
    """Return what is the same as long as none of the parts is renamed, zipped or written."""
    return [(part.name, part.key) for part in parts]


def after(fetch: Fetch, seen: Fingerprint, wanted: int) -> bytes | None:
    """Return up to so many bytes that follow what was seen; None: what was seen is not there."""
    before = len(seen.sample)
    data = fetch(seen.position - before, before + wanted)
    if data[:before] != seen.sample:
        return None
    # A sample from the beginning on holds the head.
    if seen.position > SAMPLE and fetch(0, len(seen.head)) != seen.head:
        return None
    return data[before:]


def begins(whole: Fetch, part: Fetch) -> bool:
    """Whether all of a part, as far as it is compared, is what another text begins with."""
    # The part first: if the original is cut meanwhile, the part is the longer one.
    first = part(0, COMPARED)
    second = whole(0, COMPARED)
    return len(first) <= len(second) and second.startswith(first)


def _is_since(part: Part, since: float) -> bool:
    """Whether a part was written last at a time or after it.

    Whoever zips a file gives the other one its time, maybe in whole seconds.
    """
    if part.modified is None:
        return False
    return part.modified >= (math.floor(since) if part.modified.is_integer() else since)
