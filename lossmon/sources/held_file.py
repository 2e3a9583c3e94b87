"""`HeldFile`: the one file that a tail reads, found again whatever its name is by now.

A descriptor that is kept is the surest way to it, and the only one to a file
that was deleted or replaced. Where the pool has closed it, or the file system
allows none, the file is opened by name again, and known by its identity.
"""

from __future__ import annotations

import os

from lossmon.sources.descriptors import DescriptorPool
from lossmon.sources.pieces import identity_of
from lossmon.sources.rotation import Identity, locate, open_regular


class HeldFile:
    """Which file it is, where it was opened, and its descriptor while there is one."""

    def __init__(self, path: str, pool: DescriptorPool, owner: object, *, keeps: bool) -> None:
        """`owner` is for whom the pool keeps it; `keeps`: the file behind it stays the same."""
        self.identity: Identity | None = None
        """None: there was none yet."""
        self._name = path
        self._pool = pool
        self._owner = owner
        self._keeps = keeps
        self._released = False

    def turn_to(self, name: str, identity: Identity) -> None:
        """Hold another file from now on."""
        self.drop()
        self._name = name
        self.identity = identity
        self._released = False

    def take(self) -> int | None:
        """Return the descriptor that is kept; None: there is none now."""
        return self._pool.take(self._owner)

    def keep(self, descriptor: int) -> None:
        """Keep a descriptor for the next read, where the file behind it stays the same."""
        if self._keeps:
            self._pool.give_back(self._owner, descriptor)
        else:
            os.close(descriptor)

    def drop(self) -> None:
        """Close the descriptor, if there is one."""
        self._pool.drop(self._owner)

    def open_at(self, path: str) -> int | None:
        """Return a descriptor of it while it is at `path`; None if that just went to another."""
        descriptor = self.take()
        if descriptor is None:
            descriptor = open_regular(path)
            if identity_of(descriptor) != self.identity:
                os.close(descriptor)
                return None
        return descriptor

    def open_old(self, log: str, *, seen: bool) -> int | None:
        """Return a descriptor of it after its name went to another; None: it is not found.

        With nothing `seen` of it an inode would be all, and that may be another file's by now.
        """
        descriptor = self.take()
        return self._open_moved(log) if descriptor is None and seen else descriptor

    def _open_moved(self, log: str) -> int | None:
        """Return a descriptor of it where it was opened, or wherever beside its `log` it is now."""
        if self._released or self.identity is None:
            return None
        for name in (self._name, locate(log, self.identity)):
            if name is None:
                continue
            try:
                descriptor = open_regular(name)
            except OSError:
                continue
            if identity_of(descriptor) == self.identity:
                return descriptor
            os.close(descriptor)
        return None

    def size_kept(self) -> int | None:
        """Return how long it is now, if its descriptor is kept."""
        descriptor = self.take()
        if descriptor is None:
            return None
        try:
            size = os.fstat(descriptor).st_size
        except OSError:  # NFS: the server has forgotten the file
            os.close(descriptor)
            return None
        self.keep(descriptor)
        return size

    def let_go_if_deleted(self) -> None:
        """Close what nobody can find by a name any more (a renamed file may still be written)."""
        descriptor = self.take()
        if descriptor is None:
            return
        if os.fstat(descriptor).st_nlink:
            self.keep(descriptor)
        else:
            os.close(descriptor)
            self._released = True
