"""What rotation has zipped (`log.1.gz`, `log-20260131.gz`), read from where one was.

logrotate's `compress` takes the old generation away as soon as it was moved or
copied. What was written to it after the last look is then in the zipped file
alone. It is found again by its content, as a copy is, and unzipped once: up to
some bounds, since anybody may have put a file of that name there.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

from lossmon.sources.fingerprint import Fingerprint
from lossmon.sources.freshness import COARSE_GRAIN_SECONDS
from lossmon.sources.rotation import (
    NONE_YET,
    TRIES,
    MovedError,
    Rotated,
    UnsettledError,
    newest_zipped,
    opened,
    zipped_parts,
)

if TYPE_CHECKING:
    import gzip

MAX_PARTS: Final = 16
"""Zipped parts looked into, the newest."""
MAX_PASSED: Final = 1 << 28
"""Bytes unzipped to come to the position that was reached: a second of work."""
MAX_UNREAD: Final = 1 << 26
"""Bytes taken of one part: what was written between two looks is some kilobytes."""

Cut = Literal["", "truncated", "replaced"]

_DAMAGE: Final = (OSError, EOFError, zlib.error)
"""What reading a file that is no gzip, or half of one, can raise."""


class Zipped:
    """What is still to be handed on of one log's zipped generations."""

    def __init__(self) -> None:
        self._waiting: list[tuple[bytes, Cut]] = []
        """Each with the cut that comes before it."""
        self._last: Fingerprint | None = None
        """Of the last generation that was read."""
        self._newest = NONE_YET
        """The zipped part that was the newest when they were looked into."""

    @property
    def waiting(self) -> bool:
        """Whether there is something to `take`."""
        return bool(self._waiting)

    @property
    def head(self) -> bytes:
        """How the last of the generations began."""
        return b"" if self._last is None else self._last.head

    def take(self, limit: int) -> tuple[bytes, Cut]:
        """Return the next bytes (maybe none), and the cut before them."""
        data, cut = self._waiting.pop(0)
        if len(data) > limit:
            self._waiting.insert(0, (data[limit:], ""))
        return data[:limit], cut

    def ended(self, path: str, seen: Fingerprint, since: float, cut: Cut, *, look: bool) -> bool:
        """Note that a generation was `seen` to its end, as far as it is still at hand.

        When it was read last, it had been written at `since` (seconds since 1970).
        With `look`, True if it was zipped: then its rest waits, the generations that were zipped
        after it, and a `cut` before each and after the last.
        """
        last = seen if seen.position else self._last
        found = unread(path, last, since) if look and last is not None else None
        self._last = last
        return self._keep(found, cut)

    def skipped(self, path: str, since: float, cut: Cut) -> bool:
        """Say whether generations were zipped since the last one ended; they wait, as `ended`."""
        if self._last is None:
            return False
        newest = newest_zipped(path)
        if newest == self._newest:
            return False
        found = unread(path, self._last, since)
        self._newest = newest
        return self._keep(found, cut) if found is not None and any(found) else False

    def _keep(self, found: list[bytes] | None, cut: Cut) -> bool:
        if found is None:
            return False
        rest, *later = found
        self._waiting = [(rest, ""), *((data, cut) for data in later), (b"", cut)]
        # Else the same rest would be found again.
        self._last = Fingerprint() if later or self._last is None else self._last.copy()
        self._last.advance(later[-1] if later else rest)
        return True


def unread(path: str, seen: Fingerprint, since: float = 0.0) -> list[bytes] | None:
    """Return what follows `seen` in its zipped generation, then each zipped one after that.

    None where no zipped part of `path` begins with what was seen; one that was written before
    `since` is of an earlier training that logged the same. UnsettledError if the parts
    are renamed faster than they can be read.
    """
    if seen.position == 0:
        return None
    for _ in range(TRIES):
        parts = zipped_parts(path)
        # Whoever zips a file gives the other one its time, maybe in whole seconds.
        least = int((since - COARSE_GRAIN_SECONDS) * 1e9)
        try:
            found = _unread_of(
                [part for part in parts[:MAX_PARTS] if part.modified_ns >= least], seen
            )
        except MovedError:
            continue
        if zipped_parts(path) == parts:  # else one more may have come meanwhile
            return found
    raise UnsettledError(path)


def _unread_of(parts: Sequence[Rotated], seen: Fingerprint) -> list[bytes] | None:
    later: list[bytes] = []
    for part in parts:
        rest = _after(part, seen)
        if rest is not None:
            return [rest, *reversed(later)]
        later.append(_whole(part))
    return None


def _after(part: Rotated, seen: Fingerprint) -> bytes | None:
    at = seen.position - len(seen.sample)
    if at > MAX_PASSED:
        return None
    with _unzipping(part) as file:
        try:
            if file.read(len(seen.head)) != seen.head:
                return None
            file.seek(at)
            if file.read(len(seen.sample)) != seen.sample:
                return None
            return file.read(MAX_UNREAD)
        except _DAMAGE:
            return None


def _whole(part: Rotated) -> bytes:
    with _unzipping(part) as file:
        try:
            return file.read(MAX_UNREAD)
        except _DAMAGE:
            return b""


@contextmanager
def _unzipping(part: Rotated) -> Iterator[gzip.GzipFile]:
    import gzip  # some milliseconds, for what most logs never meet

    with opened(part) as descriptor, os.fdopen(os.dup(descriptor), "rb") as raw:
        yield gzip.GzipFile(fileobj=raw)
