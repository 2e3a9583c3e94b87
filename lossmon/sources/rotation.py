"""Where the older parts of a log went: what logrotate moved, copied or zipped beside it.

Names go `log.1`, `log.2` (larger is older: logrotate, Python's
RotatingFileHandler) or `log-20260131` (larger is newer: `dateext`), with `.gz`
behind them when they are zipped. Only names in the file's own directory are
looked at, and only a bounded number.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import Final

from lossmon.sources.freshness import SecondLook
from lossmon.sources.generations import names_of
from lossmon.sources.store import Part, Text

Identity = tuple[int, int]
"""Device and inode."""

NO_FILE: Final[Identity] = (-1, -1)
"""Stands for the file of what is in a zipped one."""

MAX_ENTRIES: Final = 20_000
"""Directory entries looked at: more, and rotated files are not searched for."""

TRIES: Final = 8
"""Looks at a directory that is being rotated at the same time."""

_SUFFIX: Final = re.compile(r"\.(\d{1,4})$|-(\d{8}(?:-?\d{1,10})?)$")


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


def identity_text(status: os.stat_result) -> str:
    """Return device and inode as `Part.identity` has them."""
    return f"{status.st_dev}:{status.st_ino}"


class PartFile(Text):
    """A part's bytes; UnsettledError if its name is another's by now."""

    def __init__(self, path: str, identity: str, *, zipped: bool) -> None:
        self.path = path
        self._identity = identity
        self._zipped = zipped

    def fetch(self, start: int, length: int) -> bytes:
        try:
            descriptor = self.open()
        except OSError:
            return b""  # this user may not read it: it is none for us
        try:
            if self._zipped:
                from lossmon.sources.zipped import unzipped

                with os.fdopen(os.dup(descriptor), "rb") as raw:
                    return unzipped(raw, start, length)
            return pread(descriptor, length, start)
        finally:
            os.close(descriptor)

    def open(self) -> int:
        """Return a descriptor of it; OSError where this user may not read it."""
        try:
            descriptor = open_regular(self.path)
        except FileNotFoundError as error:
            raise UnsettledError(self.path) from error
        if identity_text(os.fstat(descriptor)) != self._identity:
            os.close(descriptor)
            raise UnsettledError(self.path)
        return descriptor


class NamedFile(Text):
    """What has a log's name, whatever that is now; nothing where it cannot be read."""

    def __init__(self, path: str) -> None:
        self._path = path

    def fetch(self, start: int, length: int) -> bytes:
        try:
            descriptor = open_regular(self._path)
        except OSError:
            return b""
        try:
            return pread(descriptor, length, start)
        finally:
            os.close(descriptor)


def parts_of(path: str) -> list[Part]:
    """Return the regular files named as rotated parts of `path`, zipped or not, the newest first.

    UnsettledError: they are renamed faster than they can be listed.
    """
    if _has_none(path):
        return []
    found = _list_parts(path)
    for _ in range(TRIES):
        # Renamed while it is listed, a part may be met under neither name.
        again = _list_parts(path)
        if names_of(again) == names_of(found):
            return again
        found = again
    raise UnsettledError(path)


def _list_parts(path: str) -> list[Part]:
    base = os.path.basename(path)
    found: dict[tuple[int, str], Part] = {}
    for entry in _entries(path):
        suffix = entry.name[len(base) :]
        zipped = suffix.endswith(".gz")
        age = age_of(suffix.removesuffix(".gz"))
        # While a part is being zipped both are there, and the other one is whole.
        if age is None or (zipped and age in found):
            continue
        try:
            status = entry.stat()
        except OSError:
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        identity = identity_text(status)
        found[age] = Part(
            PartFile(entry.path, identity, zipped=zipped),
            entry.name,
            identity,
            None if zipped else status.st_size,
            status.st_mtime,
            age,
            zipped,
        )
    return [found[age] for age in sorted(found)]


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
        if age_of(names[index][len(base) :].removesuffix(".gz")) is not None:
            return False
        index += 1
    return True
