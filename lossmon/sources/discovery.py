"""`Finder`: the files that the user's paths, directories and globs stand for.

Each search yields what is new, the most recently written first, with its
first bytes, from which formats recognise it. What is recognised as what, and
which files make a run, is not decided here.
"""

from __future__ import annotations

import errno
import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Final

from lossmon.errors import SourceNotFound
from lossmon.record import record
from lossmon.sources.address import Address, parse
from lossmon.sources.gz import gzip_head
from lossmon.sources.patterns import fits
from lossmon.sources.pieces import explain
from lossmon.sources.rotation import open_regular, pread
from lossmon.sources.search import (
    DirectorySearch,
    FoundFile,
    find_file,
    is_rotated_part,
    may_be_log,
)

__all__ = ["Candidate", "Finder"]

HEAD_BYTES: Final = 65536
FIRST_LINE_BYTES: Final = 1 << 23
"""Of a file whose head is one piece of a line, so much is searched for that line's end."""

MAX_CANDIDATES: Final = 5000
"""Files looked into in one search, the newest: each is opened for its first bytes."""
MAX_WATCHED: Final = 1000
"""Directories named for watching; in others new files are found by the next search."""
_MAGIC: Final = re.compile(r"[*?\[]")


@record
class Candidate:
    """A file that may be a log: its first bytes (unzipped), length, and time of last writing."""

    path: str
    head: bytes = field(repr=False)
    size: int
    mtime: float
    explicit: bool = False
    """Named by the user, not found by a search."""
    error: str = ""
    """Why its first bytes cannot be read; it is yielded again at each search."""
    after: bytes = field(default=b"", repr=False)
    """What follows its first line, where that alone is longer than the head: a whole
    configuration may stand before the first point."""


class Finder:
    """Finds files, and later those that were added.

    SourceNotFound is raised at once for a path that is not there. With `wait`
    only the directory must exist: the file may come later, and so may all
    matches of a glob.
    """

    def __init__(self, sources: Sequence[str], wait: bool = False) -> None:
        self._addresses = [parse(source) for source in sources]
        self._searches: dict[str, DirectorySearch] = {}
        self._given: dict[str, int] = {}
        """Size with which each path was yielded."""
        self._endless: set[str] = set()
        """Those whose head is one piece of a line."""
        self._missing: list[str] = []
        self._too_many = False
        for address in self._addresses:
            self._check(address, wait)

    @property
    def directories(self) -> tuple[str, ...]:
        """Directories in which files may appear."""
        found = dict.fromkeys(self._searches)
        for address in self._addresses:
            if not os.path.isdir(address.path):
                found.setdefault(_fixed_part(address), None)
        found.update(dict.fromkeys(os.path.dirname(path) or "." for path in self._given))
        for search in self._searches.values():
            found.update(dict.fromkeys(search.directories[:MAX_WATCHED]))
        return tuple(name for name in list(found)[:MAX_WATCHED] if name)

    @property
    def missing(self) -> tuple[str, ...]:
        """Paths the user named that are not there (yet, or any more)."""
        return tuple(self._missing)

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of the last search."""
        notices = [
            f"{search.root}: too large to be searched whole; name a directory further down"
            for search in self._searches.values()
            if search.cut_short
        ]
        if self._too_many:
            notices.append(f"only the newest {MAX_CANDIDATES} files were looked into")
        return tuple(notices)

    def find(self) -> Iterator[Candidate]:
        """Yield files that are new, or have grown so that a second look is worth it.

        The first call yields all.
        """
        self._missing = []
        before = frozenset(self._given)
        found: dict[tuple[int, int], tuple[bool, FoundFile]] = {}
        for address in self._addresses:
            for explicit, file in self._files(address):
                other = found.get(file.identity)
                # One file, two names: the one the user gave, then the one that is no link.
                if other is None or (explicit, not file.linked) > (other[0], not other[1].linked):
                    found[file.identity] = (explicit, file)
        newest = sorted(found.values(), key=lambda item: -item[1].modified)
        self._too_many = len(newest) > MAX_CANDIDATES
        for explicit, file in newest[:MAX_CANDIDATES]:
            given = self._given.get(file.path)
            enough = FIRST_LINE_BYTES if file.path in self._endless else HEAD_BYTES
            if given is not None and not _worth_another_look(given, file.size, enough):
                continue
            if given is None and is_rotated_part(file.path, before):
                continue  # moved away while it was followed: its tail has it, and reads it out
            head = after = b""
            error = ""
            try:
                head = _head(file.path)
                if _is_endless(head):
                    after = _after_first_line(file.path)
                    self._endless.add(file.path)
            except OSError as refused:
                error = explain(file.path, refused)
            if not error:
                self._given[file.path] = file.size
            if explicit or (file.size and not error):
                yield Candidate(file.path, head, file.size, file.modified, explicit, error, after)

    def _files(self, address: Address) -> Iterator[tuple[bool, FoundFile]]:
        if address.kind == "glob":
            for path, through_tree in self._matches(address):
                file = find_file(path)
                if file is not None and (not through_tree or may_be_log(os.path.basename(path))):
                    yield True, file
                elif os.path.isdir(path):
                    yield from ((False, inner) for inner in self._search(path).files())
            return
        if os.path.isdir(address.path):
            yield from ((False, inner) for inner in self._search(address.path).files())
            return
        file = find_file(address.path)
        if file is not None:
            yield True, file
        else:
            self._missing.append(address.text)

    def _search(self, root: str) -> DirectorySearch:
        return self._searches.setdefault(root, DirectorySearch(root))

    def _matches(self, address: Address) -> Iterator[tuple[str, bool]]:
        """Yield what a glob matches, and whether a whole tree was searched for it."""
        base = _fixed_part(address)
        rest = (
            address.path[len(base) :].lstrip("/")
            if address.path.startswith(base)
            else (address.path)
        )
        parts = [part for part in rest.split("/") if part]
        if "**" not in parts:
            yield from ((path, False) for path in _expand(base, parts))
            return
        for file in self._search(base).files():
            relative = os.path.relpath(file.path, base).split(os.sep)
            if fits(relative, parts):
                yield file.path, True

    def _check(self, address: Address, wait: bool) -> None:
        if address.kind == "glob":
            base = _fixed_part(address)
            if not os.path.isdir(base):
                raise SourceNotFound(f"{address.text}: there is no directory {base}")
            if not wait and next(self._matches(address), None) is None:
                raise SourceNotFound(f"{address.text}: matches nothing")
            return
        if os.path.exists(address.path):
            return
        parent = os.path.dirname(address.path) or "."
        if _is_loop(address.path):
            raise SourceNotFound(f"{address.text}: a symbolic link that leads back to itself")
        if not os.path.isdir(parent):
            raise SourceNotFound(f"{address.text}: no such path; there is no directory {parent}")
        if wait:
            return
        raise SourceNotFound(f"{address.text}: no such path{_similar(parent, address.path)}")


def expanded(text: str) -> list[str]:
    """Return the paths that a local source stands for: itself, or what a glob matches.

    SourceNotFound for a path that is not there.
    """
    address = parse(text)
    finder = Finder([text])
    if address.kind != "glob":
        return [address.path]
    return [path for path, _ in finder._matches(address)]


def _worth_another_look(given: int, size: int, enough: int) -> bool:
    # Formats look at a head; where that was short, twice as much may show more.
    return size > given and given < enough and (given < 4096 or size >= 2 * given)


def _head(path: str) -> bytes:
    """Return the first bytes of a file; OSError if it cannot be read."""
    descriptor = open_regular(path)
    try:
        head = pread(descriptor, HEAD_BYTES, 0)
        if head and not head.strip(b"\0"):
            head = _after_hole(descriptor)
    finally:
        os.close(descriptor)
    return gzip_head(head, HEAD_BYTES) if head.startswith(b"\x1f\x8b") else head


def _is_endless(head: bytes) -> bool:
    return len(head) >= HEAD_BYTES and not any(end in head for end in (b"\n", b"\r", b"\0"))


def _after_first_line(path: str) -> bytes:
    """Return what follows the first line; nothing where that is too long, or has no end yet."""
    descriptor = open_regular(path)
    try:
        line = pread(descriptor, FIRST_LINE_BYTES, 0)
        end = line.find(b"\n") + 1
        return pread(descriptor, HEAD_BYTES, end) if end else b""
    finally:
        os.close(descriptor)


def _after_hole(descriptor: int) -> bytes:
    """Return the first bytes after a hole at the beginning.

    A writer that keeps its place while its log is copied and truncated leaves one.
    """
    at = HEAD_BYTES
    if hasattr(os, "SEEK_DATA"):
        try:
            at = os.lseek(descriptor, 0, os.SEEK_DATA)
        except OSError:
            return b""  # nothing but a hole
    return pread(descriptor, HEAD_BYTES, at).lstrip(b"\0")


def _fixed_part(address: Address) -> str:
    """Return the directory that a path or a glob begins with, before any wildcard."""
    if address.kind != "glob":
        return os.path.dirname(address.path) or "."
    parts = address.path.split("/")
    fixed = []
    for part in parts[:-1]:
        if _MAGIC.search(part):
            break
        fixed.append(part)
    return "/".join(fixed) or ("/" if address.path.startswith("/") else ".")


def _expand(base: str, parts: Sequence[str]) -> Iterator[str]:
    """Yield the paths below `base` that match the parts of a glob, one part a level."""
    if not parts:
        yield base
        return
    first, rest = parts[0], parts[1:]
    if not _MAGIC.search(first):
        path = os.path.join(base, first)
        if os.path.lexists(path):
            yield from _expand(path, rest)
        return
    try:
        names = sorted(os.listdir(base))
    except OSError:
        return
    for name in names:
        if name.startswith(".") and not first.startswith("."):
            continue
        if fnmatch.fnmatchcase(name, first):
            yield from _expand(os.path.join(base, name), rest)


def _is_loop(path: str) -> bool:
    try:
        os.stat(path)
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def _similar(parent: str, path: str) -> str:
    try:
        names = os.listdir(parent)[:5000]
    except OSError:
        return ""
    import difflib  # only for a name that does not exist

    close = difflib.get_close_matches(os.path.basename(path), names, 1)
    return f"; there is {os.path.join(os.path.dirname(path), close[0])}" if close else ""
