"""`DescriptorPool`: open files of many tails, the least recently used closed first.

A descriptor is the only way to the last bytes of a file that was deleted or
replaced, so tails keep theirs; but 2,000 watched files must not use up the
process's descriptors. The pool holds a bounded number. Whose descriptor was
closed opens the file again by name, and finds a renamed one by its inode.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from functools import cache
from typing import Final

MAX_DESCRIPTORS: Final = 256
"""Kept open at most: far more than the runs that write at the same time on one host."""


class DescriptorPool:
    """Descriptors by owner. A descriptor that is lent out is never closed by the pool."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Tails of several monitors share one pool, each on its own thread.
        self._lock = threading.Lock()
        self._idle: OrderedDict[object, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._idle)

    def take(self, owner: object) -> int | None:
        """Hand out the owner's descriptor (None if it was closed meanwhile)."""
        with self._lock:
            return self._idle.pop(owner, None)

    def give_back(self, owner: object, descriptor: int) -> None:
        """Keep a descriptor for its owner; the one unused for longest may be closed for it."""
        with self._lock:
            self._idle[owner] = descriptor
            surplus = self._idle.popitem(last=False)[1] if len(self._idle) > self._limit else None
        if surplus is not None:
            os.close(surplus)

    def drop(self, owner: object) -> None:
        """Close the owner's descriptor, if it has one."""
        descriptor = self.take(owner)
        if descriptor is not None:
            os.close(descriptor)


@cache
def shared_pool() -> DescriptorPool:
    """Return the pool of this process: at most a quarter of the descriptors it may open."""
    try:
        import resource
    except ImportError:  # Windows: the C runtime allows 512 by default
        return DescriptorPool(128)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return DescriptorPool(MAX_DESCRIPTORS)
    return DescriptorPool(max(8, min(MAX_DESCRIPTORS, soft // 4)))
