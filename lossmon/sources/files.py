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
from typing import Final, Literal

from lossmon.sources.base import Read, Tail
from lossmon.sources.descriptors import DescriptorPool, shared_pool
from lossmon.sources.fingerprint import SAMPLE, Fingerprint
from lossmon.sources.mounts import filesystem
from lossmon.sources.pieces import explain, identity_of, read_piece
from lossmon.sources.rotation import (
    NONE_YET,
    Identity,
    Rotated,
    UnsettledError,
    find_copy,
    is_of_new_copy,
    locate,
    newest,
    open_regular,
    successor,
)
from lossmon.sources.zipped import Zipped

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
        self._pool = shared_pool() if pool is None else pool
        system = filesystem(path)
        self._network = system.network
        self._keeps = not system.mixes
        self._seen = Fingerprint()
        self._identity: Identity | None = None
        self._real = path
        self._name = path
        """Where the current generation was opened."""
        self._previous: Identity | None = None
        """The rotated part that lies before the current generation (None: not looked yet)."""
        self._cut: Literal["", "truncated", "replaced"] = ""
        self._old_head = b""
        """How the generation before began."""
        self._was_copied = False
        self._zipped = Zipped()
        self._delivered = False
        self._released = False
        self._last: _Signature | None = None
        self._recheck_at: float | None = None
        self._grew_at = time.monotonic()
        self._mtime: float | None = None
        self._written = 0.0
        """When what was read last had been written (seconds since 1970)."""
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
        self._pool.drop(self)

    # ---- looking

    def _stat(self) -> os.stat_result:
        if self._network:
            # Opening makes an NFS client ask the server; a stat may be a minute old.
            try:
                descriptor = open_regular(self.path)
            except PermissionError:
                return os.stat(self.path)
            try:
                return os.fstat(descriptor)
            finally:
                os.close(descriptor)
        return os.stat(self.path)

    def _signature(self) -> _Signature:
        """Return what changes whenever a read may bring something new."""
        try:
            status = self._stat()
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
        if self._identity is None or identity == self._identity:
            return ()
        descriptor = self._pool.take(self)
        if descriptor is None:
            return ()
        try:
            size = os.fstat(descriptor).st_size
        except OSError:  # NFS: the server has forgotten the file
            os.close(descriptor)
            return ()
        self._keep(descriptor)
        return (size,)

    def _look(self, limit: int) -> Read | None:
        """Return what one look brought, or None: something moved, look again."""
        if self._zipped.waiting:
            data, cut = self._zipped.take(limit)
            self._cut = cut or self._cut
            return self._deliver(data, more=True) if data else None
        if self._previous is None:
            self._real = os.path.realpath(self.path)
            self._previous = newest(self._real)
        try:
            status = self._stat()
        except OSError as error:
            return self._without_path(error, limit)
        if not stat.S_ISREG(status.st_mode):
            return self._nothing(f"{self.path}: not a regular file")
        identity = (status.st_dev, status.st_ino)
        if self._identity is None:
            self._real = os.path.realpath(self.path)
            self._begin(self._real, identity)
        if self._seen.position == 0 and self._turn_to_skipped():
            return None
        if identity != self._identity:
            return self._finish_old(limit, identity, status)
        return self._follow(limit)

    def _turn_to_skipped(self) -> bool:
        """Go back to a part that was rotated away between two looks; True if there is one."""
        if self._zipped.skipped(self._real, self._written, self._cut or "truncated"):
            self._cut, self._old_head = "", self._zipped.head
            self._previous = NONE_YET  # all that is not zipped is later
            return True
        before = self._previous or NONE_YET
        skipped, _ = successor(self._real, before, head=self._old_head)
        if skipped is None or skipped.identity == self._identity:
            return False
        self._turn_to(skipped)
        self._cut = self._cut or "truncated"
        return True

    def _begin(self, name: str, identity: Identity) -> None:
        self._pool.drop(self)
        self._name = name
        self._identity = identity
        self._seen = Fingerprint()
        self._released = False

    def _nothing(self, error: str | None = None) -> Read:
        return Read(position=self._seen.position, size=self._size, error=error)

    def _deliver(self, data: bytes, more: bool) -> Read:
        cut, self._cut = self._cut if self._delivered else "", ""
        self._delivered = True
        self._grew_at = time.monotonic()
        self._written = self._mtime or 0.0
        return Read(data, cut, more, position=self._seen.position, size=self._size)

    def _go_on(self, cut: Literal["truncated", "replaced"], moved: bool) -> None:
        """Note that another generation follows, after those that were zipped meanwhile.

        Unless this one is known to have `moved`, it may be among them.
        """
        self._cut, self._old_head = cut, self._seen.head
        if self._zipped.ended(self._real, self._seen, self._written, cut, look=not moved):
            self._cut, self._old_head = "", self._zipped.head
            self._previous = NONE_YET  # all that is not zipped is later

    # ---- the file at the path

    def _follow(self, limit: int) -> Read | None:
        try:
            descriptor = self._open_current()
        except OSError as error:
            return self._nothing(explain(self.path, error))
        if descriptor is None:
            return None
        usable = False
        try:
            status = os.fstat(descriptor)
            self._mtime, self._size = status.st_mtime, status.st_size
            begins = self._seen.position == 0
            before = self._seen.copy()
            data = read_piece(descriptor, status, self._seen, limit)
            if begins and data:
                # If it was rotated in the very moment of the first read, those bytes come later.
                seen, self._seen = self._seen, Fingerprint()
                if self._turn_to_skipped():
                    return None
                self._seen = seen
            elif data and before.position < SAMPLE and self._is_of_copy(before):
                self._seen = before
                data = None
            usable = True
        except OSError as error:
            return self._nothing(explain(self.path, error))
        finally:
            # Not kept if it is stale (NFS), or if the generation has moved on meanwhile.
            if usable:
                self._keep(descriptor)
            else:
                os.close(descriptor)
        if data is None:
            self._cut_off()
            return None
        more = self._seen.position < self._size and bool(data)
        return self._deliver(data, more) if data else self._nothing()

    def _is_of_copy(self, seen: Fingerprint) -> bool:
        return is_of_new_copy(self._real, seen, self._previous or NONE_YET, self._written)

    def _open_current(self) -> int | None:
        """Return a descriptor of the current generation at the path; None if it just moved."""
        descriptor = self._pool.take(self)
        if descriptor is None:
            descriptor = open_regular(self.path)
            if identity_of(descriptor) != self._identity:
                os.close(descriptor)
                return None
        return descriptor

    def _cut_off(self) -> None:
        """The file no longer holds what was read: go to the copy made of it, or begin anew."""
        copy = find_copy(self._real, self._seen, self._previous or NONE_YET)
        if copy is not None:
            self._turn_to(copy, self._seen)
            self._was_copied = True
        else:
            self._go_on("truncated", moved=False)
            self._seen = Fingerprint()

    def _turn_to(self, part: Rotated, seen: Fingerprint | None = None) -> None:
        self._begin(part.path, part.identity)
        if seen is not None:
            self._seen = seen

    def _keep(self, descriptor: int) -> None:
        """Keep a descriptor for the next read, where the file behind it stays the same."""
        if self._keeps:
            self._pool.give_back(self, descriptor)
        else:
            os.close(descriptor)

    # ---- the old file, after the path went to another one

    def _finish_old(self, limit: int, identity: Identity, status: os.stat_result) -> Read | None:
        data = self._rest_of_old(limit)
        if data is None:
            self._cut_off()
            return None
        if data:
            return self._deliver(data, more=True)
        assert self._identity is not None
        real = os.path.realpath(self.path)
        skipped, after = successor(
            real, self._identity, self._previous or NONE_YET, head=self._seen.head
        )
        if skipped is None and status.st_size == 0:
            # Nobody has written to the new file: the writer may still be at the old one.
            return self._nothing()
        if skipped is not None:
            # Only now is it sure that the writer has left the old file: read its last words.
            data = self._rest_of_old(limit)
            if data:
                return self._deliver(data, more=True)
        moved = skipped is not None or locate(real, self._identity) is not None
        self._previous = after
        self._go_on("truncated" if self._was_copied else "replaced", moved)
        self._was_copied = False
        self._real = real
        if skipped is not None:
            self._turn_to(skipped)
        else:
            self._begin(real, identity)
        return None

    def _without_path(self, error: OSError, limit: int) -> Read | None:
        if self._identity is None:
            return self._nothing(explain(self.path, error, "does not exist yet"))
        if self._seen.position == 0 and self._turn_to_skipped():
            return None
        data = self._rest_of_old(limit)
        if data is None:
            self._cut_off()
            return None
        if data:
            return self._deliver(data, more=True)
        if time.monotonic() - self._grew_at > RELEASE_SECONDS:
            self._let_go_if_deleted()
        return self._nothing(explain(self.path, error, "no longer there; waiting for it"))

    def _let_go_if_deleted(self) -> None:
        """Close what nobody can find by a name any more (a renamed file may still be written)."""
        descriptor = self._pool.take(self)
        if descriptor is None:
            return
        if os.fstat(descriptor).st_nlink:
            self._keep(descriptor)
        else:
            os.close(descriptor)
            self._released = True

    def _rest_of_old(self, limit: int) -> bytes | None:
        """Return what follows in the old generation, which is no longer at the path.

        None: it was cut before it was moved.
        """
        if self._released:
            return b""
        descriptor = self._pool.take(self)
        if descriptor is None:
            descriptor = self._open_moved()
        if descriptor is None:
            return b""
        try:
            status = os.fstat(descriptor)
            data = read_piece(descriptor, status, self._seen, limit)
        except OSError:
            os.close(descriptor)
            return b""
        self._mtime, self._size = status.st_mtime, status.st_size
        self._keep(descriptor)
        return data

    def _open_moved(self) -> int | None:
        assert self._identity is not None
        for name in (self._name, locate(self._real, self._identity)):
            if name is None:
                continue
            try:
                descriptor = open_regular(name)
            except OSError:
                continue
            if identity_of(descriptor) == self._identity:
                return descriptor
            os.close(descriptor)
        return None
