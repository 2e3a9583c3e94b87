"""Reading an open file piece by piece: over large holes, and never another text for the old one."""

from __future__ import annotations

import errno
import os
from typing import Final

from lossmon.sources.fingerprint import Fingerprint
from lossmon.sources.rotation import Identity, pread

MIN_HOLE: Final = 1 << 20
"""Holes of this size are skipped; shorter ones are zeros that a binary format may mean."""


def read_piece(
    descriptor: int, status: os.stat_result, seen: Fingerprint, limit: int
) -> bytes | None:
    """Return up to `limit` bytes at `seen.position` and move it on; None: it is another text.

    The sample is read in one call with what follows it, and the head after
    both: a file that is written anew meanwhile cannot pass for the old one.
    """
    if status.st_size < seen.position:
        return None
    if _pass_hole(descriptor, status, seen):
        return b""
    before = len(seen.sample)
    wanted = min(limit, status.st_size - seen.position)
    data = pread(descriptor, before + wanted, seen.position - before)
    if data[:before] != seen.sample or pread(descriptor, len(seen.head), 0) != seen.head:
        return None
    data = data[before:]
    seen.advance(data)
    return data


def _pass_hole(descriptor: int, status: os.stat_result, seen: Fingerprint) -> bool:
    """Pass over a large hole at the position; True: there is nothing but a hole up to the end.

    A hole up to the end is not passed: whoever reserved it may fill it later.
    """
    if not hasattr(os, "SEEK_DATA") or status.st_blocks * 512 >= status.st_size:
        return False
    if seen.position >= status.st_size:
        return False
    try:
        data_at = os.lseek(descriptor, seen.position, os.SEEK_DATA)
    except OSError as error:
        return error.errno == errno.ENXIO
    if data_at - seen.position >= MIN_HOLE:
        seen.skip(data_at)
    return False


def identity_of(descriptor: int) -> Identity:
    """Return device and inode of an open file."""
    status = os.fstat(descriptor)
    return (status.st_dev, status.st_ino)


def explain(path: str, error: OSError, missing: str = "no longer there") -> str:
    """Return an error as one line for people."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"{path}: {missing}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{path}: this user may not read it"
    return f"{path}: {error.strerror or error}"
