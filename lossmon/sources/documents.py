"""Documents on this host: files that are written anew, whole, at each change."""

from __future__ import annotations

import errno
import os
import stat
from typing import Literal

from lossmon.sources.base import DocumentTail, Read
from lossmon.sources.freshness import SecondLook
from lossmon.sources.mounts import filesystem
from lossmon.sources.pieces import explain
from lossmon.sources.rotation import open_regular, pread

_Signature = tuple[int, ...]


class FileDocumentTail(DocumentTail):
    """Reads a document again from its beginning each time it was written.

    An empty document is one that is just being written: nothing is said of it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._network = filesystem(path).network
        self._descriptor: int | None = None
        self._look = SecondLook()
        self._version: _Signature = ()
        """Of the document being read, or read last."""
        self._position = 0
        self._size = 0
        self._mtime: float | None = None
        self._failed = False

    def changed(self) -> bool:
        if self._descriptor is not None or self._failed:
            return True
        try:
            if self._network:
                os.close(open_regular(self.path))
            return self._look.wanted(_version(os.stat(self.path)))
        except OSError:
            # Missing now: worth one read, which says so.
            return self._look.signature is not None

    def read(self, limit: int) -> Read:
        try:
            return self._read(max(1, limit))
        except OSError as error:
            self._release()
            gone = isinstance(error, FileNotFoundError)
            self._failed = not gone
            self._look.forget()
            lost = "does not exist yet" if self._mtime is None else "no longer there; waiting"
            return Read(position=0, size=None, error=explain(self.path, error, lost))

    def _read(self, limit: int) -> Read:
        begins = self._descriptor is None
        if self._descriptor is None:
            descriptor = self._descriptor = open_regular(self.path)
        else:
            descriptor = self._descriptor
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        version = _version(status)
        if begins and not self._look.wanted(version):
            self._release()
            return Read(position=self._position, size=self._size)
        # Replaced while it is read, the old one is still whole; written in place, it is not.
        if not begins and version[2:] != self._version[2:]:
            begins = True
        self._failed = False
        if begins:
            self._position = 0
            self._look.reading(version, status.st_mtime_ns)
        self._version = version
        self._size, self._mtime = status.st_size, status.st_mtime
        wanted = min(limit, self._size - self._position)
        data = pread(descriptor, wanted, self._position)
        self._position += len(data)
        more = self._position < self._size and len(data) == wanted
        if not more and _version(os.fstat(descriptor))[2:] != version[2:]:
            # Written while the last piece was read; what was handed on is begun anew.
            more = True
        if not more:
            self._release()
        cut: Literal["", "replaced"] = "replaced" if begins and (data or more) else ""
        return Read(data, cut, more, position=self._position, size=self._size)

    @property
    def modified(self) -> float | None:
        return self._mtime

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def close(self) -> None:
        self._release()


def _version(status: os.stat_result) -> _Signature:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
