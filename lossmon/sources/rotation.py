"""Where the older part of a log went: finding files that logrotate moved or copied away.

Two ways of rotating are told apart by what they leave. `create` renames
(`log` becomes `log.1`), so the old file is found by its inode. `copytruncate`
copies and then cuts, so the copy is found by its content: the same head, and
the same bytes before the position that was reached. Names go `log.1`, `log.2`
(larger is older: logrotate, Python's RotatingFileHandler) or `log-20260131`
(larger is newer: `dateext`).

Only names in the file's own directory are looked at, and only a bounded number.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

from lossmon.record import record
from lossmon.sources.fingerprint import Fingerprint
from lossmon.sources.freshness import GRAIN_SECONDS, SecondLook

Identity = tuple[int, int]
"""Device and inode."""

NONE_YET: Final[Identity] = (-1, -1)
"""Stands for the part before the first one, where nothing was rotated yet."""

MAX_ENTRIES: Final = 20_000
"""Directory entries looked at: more, and rotated files are not searched for."""
MAX_COPIES: Final = 32
"""Rotated files compared by content: logrotate keeps a handful."""
COMPARED: Final = 65536
"""Bytes in which a copy that is still being made is compared with its original."""

GRAIN_NS: Final = int(GRAIN_SECONDS * 1e9)
TRIES: Final = 8
"""Looks at a directory that is being rotated at the same time."""
_TELLING: Final = 128
"""So many equal bytes are more than a header that every generation begins with."""

_SUFFIX: Final = re.compile(r"\.(\d{1,4})$|-(\d{8}(?:-?\d{1,10})?)$")


@record
class Rotated:
    """An older part of a log, lying beside it."""

    path: str
    identity: Identity
    size: int
    modified_ns: int
    age: tuple[int, str]
    """Sorts the newest first among parts named in the same way."""


def age_of(suffix: str) -> tuple[int, str] | None:
    """Return what sorts parts by what follows the log's name, the newest first; None: no part."""
    match = _SUFFIX.fullmatch(suffix)
    if match is None:
        return None
    number, date = match.groups()
    if number:
        return int(number), ""
    # Dates are turned round digit by digit, so that the latest sorts first.
    return -1, "".join(chr(ord("9") - ord(c)) if c != "-" else c for c in date)


def open_regular(path: str) -> int:
    """Open for reading without ever waiting (a FIFO could take the name); OSError as `open`."""
    flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
    flags |= getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, flags)


def pread(descriptor: int, length: int, offset: int) -> bytes:
    """Return up to `length` bytes at `offset`; fewer only at the end of the file."""
    if not hasattr(os, "pread"):  # Windows
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, length)
    data = os.pread(descriptor, length, offset)
    while data and len(data) < length:
        piece = os.pread(descriptor, length - len(data), offset + len(data))
        if not piece:
            break
        data += piece
    return data


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    directory, base = os.path.split(path)
    try:
        with os.scandir(directory or ".") as entries:
            for count, entry in enumerate(entries):
                if count >= MAX_ENTRIES:
                    return
                if entry.name.startswith(base):
                    yield entry
    except OSError:
        return


class UnsettledError(Exception):
    """A directory is rotated faster than it can be looked at: to be tried again."""


class MovedError(Exception):
    """A part was renamed between being listed and being opened."""


def _rotated(path: str) -> list[Rotated]:
    """Return the regular files named as rotated parts of `path`, the newest first."""
    return [] if _has_none(path) else _listed_surely(path)


def newest_zipped(path: str) -> Identity:
    """Return the identity of the part of `path` that was zipped last, or `NONE_YET`."""
    parts = zipped_parts(path)
    return parts[0].identity if parts else NONE_YET


def _listed_surely(path: str, ending: str = "") -> list[Rotated]:
    found = _list_rotated(path, ending)
    for _ in range(TRIES):
        # Renamed while it is listed, a part may be met under neither name.
        again = _list_rotated(path, ending)
        if [part.identity for part in again] == [part.identity for part in found]:
            return again
        found = again
    return found


def zipped_parts(path: str) -> list[Rotated]:
    """Return the rotated parts of `path` that were zipped since, the newest first."""
    return _listed_surely(path, ".gz")


def _list_rotated(path: str, ending: str = "") -> list[Rotated]:
    base = os.path.basename(path)
    found = []
    for entry in _entries(path):
        if not entry.name.endswith(ending):
            continue
        age = age_of(entry.name[len(base) : len(entry.name) - len(ending)])
        if age is None:
            continue
        try:
            status = entry.stat()
        except OSError:
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        identity = (status.st_dev, status.st_ino)
        found.append(Rotated(entry.path, identity, status.st_size, status.st_mtime_ns, age))
    found.sort(key=lambda part: part.age)
    return found


def locate(path: str, identity: Identity) -> str | None:
    """Return where the file that was at `path` is now, if it is still in the directory."""
    for _ in range(2):  # twice, as a file that is renamed at this moment may be passed over
        for entry in _entries(path):
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if (status.st_dev, status.st_ino) == identity:
                return entry.path
    return None


def find_copy(path: str, seen: Fingerprint, previous: Identity) -> Rotated | None:
    """Return the copy made of `path` before it was cut, with what followed `seen.position`.

    It is the first part after the `previous` one that agrees with what was
    seen: few bytes alone could fit a later generation, too. UnsettledError as
    `successor`.
    """
    if seen.position == 0:
        return None
    for _ in range(TRIES):
        parts = _rotated(path)
        identities = [part.identity for part in parts]
        if previous in identities:
            # That one too: what was zipped and deleted leaves its inode to the next copy.
            same = seen.position >= _TELLING
            parts = parts[: identities.index(previous) + same]
        if previous in identities or previous == NONE_YET:
            parts.reverse()
        try:
            return next(
                (
                    part
                    for part in parts[:MAX_COPIES]
                    if part.size >= seen.position and _agrees(part, seen)
                ),
                None,
            )
        except MovedError:
            continue
    raise UnsettledError(path)


def is_of_new_copy(path: str, seen: Fingerprint, previous: Identity, since: float) -> bool:
    """Say whether what was `seen` is of a copy that rotation has just made, and not of `path`.

    A few bytes (`{"step": `) may be the beginning of the next generation as well, which has
    grown past them. So a newest part other than the `previous` one, written `since` (seconds
    since 1970), that begins with them too is what they are of, unless `path` begins with all of
    it. UnsettledError as `successor`.
    """
    for _ in range(TRIES):
        parts = _rotated(path)
        if not parts or parts[0].identity == previous:
            return False
        part = parts[0]
        if part.size < seen.position or part.modified_ns < int(since * 1e9) - GRAIN_NS:
            return False
        try:
            return _agrees(part, seen) and not _is_copy_of(part, path)
        except MovedError:
            continue
    raise UnsettledError(path)


def _agrees(part: Rotated, seen: Fingerprint) -> bool:
    with opened(part) as descriptor:
        sample_at = seen.position - len(seen.sample)
        return (
            pread(descriptor, len(seen.head), 0) == seen.head
            and pread(descriptor, len(seen.sample), sample_at) == seen.sample
        )


@contextmanager
def opened(part: Rotated) -> Iterator[int]:
    """Open a part that was listed; MovedError if its name is another's by now."""
    try:
        descriptor = open_regular(part.path)
    except OSError as error:
        raise MovedError from error
    try:
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) != part.identity:
            raise MovedError
        yield descriptor
    finally:
        os.close(descriptor)


class _Listed:
    """The names in the last few directories: 2,000 logs in one must not list it 2,000 times."""

    KEPT: Final = 4

    def __init__(self) -> None:
        self._kept: dict[str, tuple[SecondLook, list[str]]] = {}
        self._lock = threading.Lock()

    def names(self, directory: str) -> list[str] | None:
        """Return the sorted names; None: it was just changed, and may be again without a trace.

        OSError where it cannot be listed.
        """
        modified_ns = os.stat(directory).st_mtime_ns
        with self._lock:
            look, names = self._kept.pop(directory, (SecondLook(), []))
            if look.wanted(modified_ns):
                look.reading(modified_ns, modified_ns)
                with os.scandir(directory) as entries:
                    names = sorted(entry.name for entry in islice(entries, MAX_ENTRIES))
            while len(self._kept) >= self.KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[directory] = look, names
            return names if look.settled else None


_listed: Final = _Listed()


def newest(path: str) -> Identity:
    """Return the identity of the part of `path` that was rotated last, or `NONE_YET`."""
    parts = _rotated(path)
    return parts[0].identity if parts else NONE_YET


def _has_none(path: str) -> bool:
    """Whether it is sure at little cost that nothing was rotated: the usual case by far."""
    directory, base = os.path.split(path)
    try:
        names = _listed.names(directory or ".")
    except OSError:
        return False
    if names is None or len(names) >= MAX_ENTRIES:
        return False
    index = bisect_left(names, base)
    while index < len(names) and names[index].startswith(base):
        if _SUFFIX.fullmatch(names[index][len(base) :]):
            return False
        index += 1
    return True


def successor(path: str, *read: Identity, head: bytes) -> tuple[Rotated | None, Identity]:
    """Return the part that was written after those that were `read`, and which of them it follows.

    Between two looks a log may have been rotated more than once: what lies
    between the part that was read last and the file of now was never seen.
    `read` names what was read, the latest first; the first one that still lies
    among the parts counts (`NONE_YET`: every part is later). A part that
    begins with `head`, as what was read last did, is a backup of that. The
    part is None where the next one is `path` itself. UnsettledError if it
    cannot be said now.
    """
    for _ in range(TRIES):
        try:
            return _successor(path, read, head)
        except MovedError:
            continue
    raise UnsettledError(path)


def _successor(path: str, read: Sequence[Identity], head: bytes) -> tuple[Rotated | None, Identity]:
    parts = _rotated(path)
    identities = [part.identity for part in parts]
    anchor = next((one for one in read if one == NONE_YET or one in identities), None)
    if anchor is None:
        return None, read[-1]
    since_ns = 0
    if anchor != NONE_YET:
        index = identities.index(anchor)
        since_ns = parts[index].modified_ns
        dated = parts[index].age[0] < 0
        parts = [part for part in parts[:index] if (part.age[0] < 0) == dated]
    for part in reversed(parts):
        if (
            part.size
            and part.modified_ns >= since_ns
            and not _is_copy_of(part, path)
            and not (len(head) >= _TELLING and _beginning_of(part).startswith(head))
        ):
            return part, anchor
    return None, anchor


def _is_copy_of(part: Rotated, path: str) -> bool:
    """Whether `part` is a copy of what is at `path` now, whole or still being made."""
    # The part first: if the original is cut meanwhile, the part is the longer one.
    first = _beginning_of(part)
    try:
        descriptor = open_regular(path)
    except OSError:
        return False
    try:
        second = pread(descriptor, COMPARED, 0)
    finally:
        os.close(descriptor)
    return len(first) <= len(second) and second.startswith(first)


def _beginning_of(part: Rotated) -> bytes:
    with opened(part) as descriptor:
        return pread(descriptor, COMPARED, 0)
