"""Tails of local files: what `tail -F` promises, and the bytes that it would lose.

A `stat` is the truth, events are only hints. Each look compares the file's
identity and a fingerprint of what was read (`fingerprint.py`), so that a file
that was cut, replaced, or cut and regrown past its old size is told from one
that grew. When the name goes to another file, what is left in the old one is
handed on first: through the descriptor that is kept for it, or, if that was
closed, under the name that logrotate gave it (`rotation.py`).

Lost is only what the operation itself makes unreadable: lines written and cut
away between two looks, without a copy.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Sequence
from typing import Final, Literal

from lossmon.sources.base import Read, Tail
from lossmon.sources.descriptors import DescriptorPool, shared_pool
from lossmon.sources.fingerprint import Fingerprint
from lossmon.sources.freshness import SecondLook
from lossmon.sources.generations import COMPARED, Generation, after, begins, keys_of, names_of
from lossmon.sources.held_file import HeldFile
from lossmon.sources.mounts import filesystem
from lossmon.sources.pieces import explain, read_piece
from lossmon.sources.rotation import (
    NO_FILE,
    Identity,
    NamedFile,
    PartFile,
    UnsettledError,
    parts_of,
    pread,
)
from lossmon.sources.store import Part
from lossmon.sources.zipped import MAX_UNREAD

RECHECK_SECONDS: Final = 2.0
"""After this time a file is looked at once more although its stat is the same: a clock tick
(10 ms, 2 s on FAT) can hide a change, and a permission can change without a trace."""
RELEASE_SECONDS: Final = 300.0
"""A deleted file that has not grown for so long is let go: it holds space on the disk."""
_MAX_HOPS: Final = 64
"""Generations of a log passed in one call."""

_Signature = tuple[int, ...]


class FileTail(Tail):
    """Follows a log by its name, through whatever happens to the file.

    A cut is told together with the first bytes of what is there now, so an
    emptied file says nothing until it is written again.
    """

    def __init__(self, path: str, pool: DescriptorPool | None = None) -> None:
        self.path = path
        self._system = filesystem(path)
        pool = shared_pool() if pool is None else pool
        self._held = HeldFile(path, pool, self, keeps=not self._system.mixes)
        self._now = Generation()
        self._known = False
        """Whether there was a file at the path yet."""
        self._real = path
        self._behind = False
        """What was read is no longer at the path, or may not be."""
        self._moved = False
        """If so: its file is as it was, under another name or under none."""
        self._next_cut: Literal["truncated", "replaced"] = "truncated"
        self._cut: Literal["", "truncated", "replaced"] = ""
        self._waiting = b""
        """Of a zipped part: unzipped once."""
        self._name_now = NamedFile(path)
        self._beside = SecondLook()
        """Of the log's directory: nothing there was a copy of what was seen."""
        self._delivered = False
        self._last: _Signature | None = None
        self._recheck_at: float | None = None
        self._grew_at = time.monotonic()
        self._mtime: float | None = None
        self._size = 0
        self._closed = False

    # ---- the contract

    def changed(self) -> bool:
        if self._last is None or self._signature() != self._last:
            return True
        return self._recheck_at is not None and time.monotonic() >= self._recheck_at

    def read(self, limit: int) -> Read:
        if self._closed:
            return Read(position=self._seen.position, size=self._size)
        # Taken before the bytes: what is written while they are read counts as a change.
        signature = self._signature()
        self._recheck_at = None
        result: Read | None = None
        with contextlib.suppress(UnsettledError):
            for _ in range(_MAX_HOPS):
                result = self._look(max(1, limit))
                if result is not None:
                    break
        self._last = None if result is None or result.more else signature
        if result is None:
            return self._nothing()
        if result.data or result.error:
            self._recheck_at = time.monotonic() + RECHECK_SECONDS
        return result

    @property
    def modified(self) -> float | None:
        return self._mtime

    def close(self) -> None:
        self._closed = True
        self._held.drop()

    @property
    def _seen(self) -> Fingerprint:
        return self._now.seen

    # ---- looking

    def _signature(self) -> _Signature:
        """Return what changes whenever a read may bring something new."""
        try:
            status = self._system.status(self.path)
        except OSError as error:
            return (error.errno or 0, *self._old_signature(None))
        return (
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            *self._old_signature((status.st_dev, status.st_ino)),
        )

    def _old_signature(self, identity: Identity | None) -> _Signature:
        """Return the size of the old file, while the path is gone or another's."""
        if self._held.identity is None or identity == self._held.identity:
            return ()
        size = self._held.size_kept()
        return () if size is None else (size,)

    def _look(self, limit: int) -> Read | None:
        """Return what one look brought, or None: something moved, look again."""
        if self._waiting:
            data, self._waiting = self._waiting[:limit], self._waiting[limit:]
            return self._deliver(data, more=True)
        try:
            status = self._system.status(self.path)
        except OSError as error:
            if self._held.identity is None:
                self._wait_for_it()
            return self._without_path(error, limit)
        if not stat.S_ISREG(status.st_mode):
            return self._nothing(f"{self.path}: not a regular file")
        identity = (status.st_dev, status.st_ino)
        self._known = True
        if self._held.identity is None:
            self._real = os.path.realpath(self.path)
            self._begin(self._real, identity, status.st_mtime, parts_of(self._real))
        if self._behind and self._moved and identity == self._held.identity and self._is_back():
            self._behind = False
        if self._behind or identity != self._held.identity:
            if not self._behind:
                self._leave("replaced")
            return self._pass_older(limit, status)
        return self._follow(limit)

    def _wait_for_it(self) -> None:
        """Take note of what lies there before there is a log: what comes beside it is read."""
        self._real = os.path.realpath(self.path)
        before = parts_of(self._real)
        newest = max((part.modified or 0.0 for part in before), default=0.0)
        self._begin(self._real, NO_FILE, newest, before)
        self._behind = True

    def _is_back(self) -> bool:
        """Whether the file that was moved has its name again."""
        seen = self._now.seen
        return bool(seen.position) and after(self._name_now.fetch, seen, 0) is not None

    def _leave(self, cut: Literal["truncated", "replaced"]) -> None:
        """What is at the path is not what was read; what that is now, is yet to be found."""
        self._behind = True
        self._moved = cut == "replaced"
        self._next_cut = self._cut or cut

    def _begin(
        self,
        name: str,
        identity: Identity,
        modified: float | None,
        before: list[Part],
        backups: Sequence[Part] = (),
    ) -> None:
        self._held.turn_to(name, identity)
        told = f"{identity[0]}:{identity[1]}"
        self._now = Generation(told, modified, before, self._now, backups)
        self._beside.forget()

    def _nothing(self, error: str | None = None) -> Read:
        return Read(position=self._seen.position, size=self._size, error=error)

    def _deliver(self, data: bytes, more: bool) -> Read:
        cut, self._cut = self._cut if self._delivered else "", ""
        self._delivered = True
        self._grew_at = time.monotonic()
        return Read(data, cut, more, position=self._seen.position, size=self._size)

    # ---- the file at the path

    def _follow(self, limit: int) -> Read | None:
        try:
            descriptor = self._held.open_at(self.path)
        except OSError as error:
            return self._nothing(explain(self.path, error))
        if descriptor is None:
            return None
        usable = False
        before, data = self._seen.copy(), None
        try:
            status = os.fstat(descriptor)
            self._mtime, self._size = status.st_mtime, status.st_size
            data = read_piece(descriptor, status, self._seen, limit)
            if data is None or self._is_of_copy(before):
                data = None
            elif self._seen.position:
                self._now.modified = status.st_mtime
            usable = True
        except OSError as error:
            return self._nothing(explain(self.path, error))
        finally:
            if data is None or not usable:
                self._now.seen = before  # what is not handed on was not read
            # Not kept if it is stale (NFS), or if the generation has moved on meanwhile.
            if usable:
                self._held.keep(descriptor)
            else:
                os.close(descriptor)
        if data is None:
            self._leave("truncated")
            return None
        more = self._seen.position < self._size and bool(data)
        return self._deliver(data, more) if data else self._nothing()

    def _is_of_copy(self, before: Fingerprint) -> bool:
        """Whether what was seen `before` is of a part that rotation made since, not of the path.

        Where nothing was seen yet: whether there is such a part at all.
        """
        if not before.position:
            parts, backups = parts_of(self._real), self._now.backups
            return keys_of(parts) - backups != self._now.before or any(
                part.key in backups and not begins(self._name_now.fetch, part.text.fetch)
                for part in parts
            )
        if before.position > COMPARED:
            return False
        directory_ns = os.stat(os.path.dirname(self._real) or ".").st_mtime_ns
        if not self._beside.wanted(directory_ns):
            return False
        self._beside.reading(directory_ns, directory_ns)
        seen, self._now.seen = self._now.seen, before
        copies = self._now.copies(parts_of(self._real))
        self._now.seen = seen
        if copies:
            self._beside.forget()  # one that is whole is a backup until its original is cut
        return any(not begins(self._name_now.fetch, part.text.fetch) for part in copies)

    # ---- what was read, after the path went to something else

    def _pass_older(self, limit: int, status: os.stat_result | None) -> Read | None:
        """Hand on the rest of what was read, then what was rotated after it, then turn to the path.

        `status` is of the file at the path (None: there is none).
        """
        parts = parts_of(self._real)
        at = self._now.find(parts)
        if self._moved and at is not None and self._is_other(parts, at):
            self._moved, self._next_cut = False, "truncated"
        # A file of which nothing was seen may have been copied and cut before it was moved: as
        # one of the parts it is read in its turn.
        held = self._moved and not (at is None and self._now.is_one_of(parts))
        if held and (data := self._rest_of_old(limit)):
            return self._deliver(data, more=True)
        if at is not None and (rest := self._rest_of(parts[at], limit)):
            self._be_sure_of(parts)
            return self._hand_on(parts[at], rest, limit)
        following, backups = self._now.following(parts, at, self._name_now.fetch)
        if following is None and (status is None or status.st_size == 0):
            # Nobody has written to the new file: the writer may still be at the old one.
            return self._nothing()
        first = b"" if following is None else self._first_of(parts[following], limit)
        self._be_sure_of(parts)
        # Only now is it sure that the writer has left the old file: read its last words.
        if held and self._moved and (data := self._rest_of_old(limit)):
            return self._deliver(data, more=True)
        self._cut = self._next_cut
        if following is not None:
            self._turn_to(parts[following], parts[following + 1 :])
            return self._hand_on(parts[following], first, limit)
        assert status is not None
        real = os.path.realpath(self.path)
        before = parts if self._real == real else parts_of(real)
        self._real = real
        self._behind = False
        self._begin(self._real, (status.st_dev, status.st_ino), status.st_mtime, before, backups)
        return None

    def _is_other(self, parts: list[Part], at: int) -> bool:
        """Whether what was read is of the part `at`, and the file that was read is not so any more.

        It was cut after it was copied, and then moved with what was written next; or it was zipped,
        and another took its inode. Both may begin with the same bytes.
        """
        own = self._now.identity
        if parts[at].identity == own or self._seen.position > COMPARED:
            return False
        descriptor = self._held.open_old(self._real, seen=bool(self._seen.position))
        if descriptor is None:
            return False

        def held(start: int, length: int) -> bytes:
            return pread(descriptor, length, start)

        newer = range(at)
        try:
            status = os.fstat(descriptor)
            if status.st_nlink == 0 and (parts[at].modified or 0.0) >= status.st_mtime:
                return False  # deleted, and what begins alike was written after it
            now = next((n for n in newer if parts[n].identity == own), None)
            if now is None:  # it was zipped
                now = next((n for n in newer if begins(parts[n].text.fetch, held)), at - 1)
            # What lies between them is older than the one and newer than the other: backups of one
            # file begin it, other generations do not.
            return any(not begins(held, part.text.fetch) for part in parts[now + 1 : at + 1])
        except OSError:  # NFS: the server has forgotten the file
            return False
        finally:
            self._held.keep(descriptor)

    def _rest_of(self, part: Part, limit: int) -> bytes:
        data = after(part.text.fetch, self._seen, MAX_UNREAD if part.zipped else limit)
        if data is None:
            raise UnsettledError(part.name)
        return data

    def _first_of(self, part: Part, limit: int) -> bytes:
        data = part.text.fetch(0, MAX_UNREAD if part.zipped else limit)
        if not data:
            raise UnsettledError(part.name)
        return data

    def _be_sure_of(self, parts: list[Part]) -> None:
        if names_of(parts_of(self._real)) != names_of(parts):
            raise UnsettledError(self.path)

    def _hand_on(self, part: Part, data: bytes, limit: int) -> Read:
        self._seen.advance(data)
        self._mtime = part.modified
        if not part.zipped:
            self._now.modified = part.modified
        self._size = part.size or self._seen.position
        self._waiting = data[limit:]
        return self._deliver(data[:limit], more=True)

    def _turn_to(self, part: Part, before: list[Part]) -> None:
        assert isinstance(part.text, PartFile)
        if part.zipped:
            self._behind, self._moved = True, False
            # When it was zipped says nothing of what was written after it.
            self._begin(part.text.path, NO_FILE, self._now.modified, before)
            return
        descriptor = part.text.open()  # its name may be another's just now: then nothing changes
        status = os.fstat(descriptor)
        self._behind = self._moved = True
        self._begin(part.text.path, (status.st_dev, status.st_ino), part.modified, before)
        self._held.keep(descriptor)

    def _without_path(self, error: OSError, limit: int) -> Read | None:
        if not self._behind:
            self._moved, self._next_cut = True, self._cut or "replaced"
        read = self._pass_older(limit, None)
        if read is None or read.data:
            return read
        if time.monotonic() - self._grew_at > RELEASE_SECONDS:
            self._held.let_go_if_deleted()
        missing = "no longer there; waiting for it" if self._known else "does not exist yet"
        return self._nothing(explain(self.path, error, missing))

    def _rest_of_old(self, limit: int) -> bytes:
        """Return what follows in the file that was read, which is no longer at the path."""
        descriptor = self._held.open_old(self._real, seen=bool(self._seen.position))
        if descriptor is None:
            return b""
        try:
            status = os.fstat(descriptor)
            data = read_piece(descriptor, status, self._seen, limit)
        except OSError:
            os.close(descriptor)
            return b""
        if data is None:  # it was cut before it was moved
            os.close(descriptor)
            self._moved, self._next_cut = False, "truncated"
            return b""
        self._mtime, self._size = status.st_mtime, status.st_size
        if data:
            self._now.modified = status.st_mtime
        self._held.keep(descriptor)
        return data
