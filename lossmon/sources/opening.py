"""Which tail a source is read with."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING

from lossmon.sources.address import Address, parse
from lossmon.sources.base import Tail
from lossmon.sources.documents import FileDocumentTail
from lossmon.sources.files import FileTail
from lossmon.sources.rotation import open_regular, pread

if TYPE_CHECKING:
    from lossmon.sources.listing import Listing


def is_stream(source: str) -> bool:
    """Whether `source` is read by itself: it cannot be looked into as files can (UsageError)."""
    address = parse(source)
    return address.kind not in ("path", "glob") or _is_pipe(address.path)


def _is_pipe(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def is_far(source: str) -> bool:
    """Whether `source` lies on another host or in a store."""
    return parse(source).kind in ("ssh", "url")


def is_listing(source: str) -> bool:
    """Whether `source` is a directory or a glob far away, which stands for several logs."""
    address = parse(source)
    return is_far(source) and (address.path.endswith("/") or address.magic)


def open_listing(
    source: str, *, follow: bool = True, on_wake: Callable[[], None] | None = None
) -> Listing:
    """Return what lists a source for which `is_listing` holds; it has begun to look.

    Without `follow` it is listed once, and so is what is opened through it.
    `on_wake` is called from other threads whenever something has come.
    UsageError as `parse`.
    """
    address = parse(source)
    listing: Listing
    if address.kind == "ssh":
        from lossmon.sources.ssh import SshListing

        listing = SshListing(address, follow=follow, on_wake=on_wake)
    else:
        from lossmon.sources.remote import FsspecListing

        listing = FsspecListing(address, follow=follow, on_wake=on_wake)
    listing.start()
    return listing


def open_stream(
    source: str, *, follow: bool = True, on_wake: Callable[[], None] | None = None
) -> Tail:
    """Return the tail of one source for which `is_stream` holds, but not `is_listing`.

    Does not wait for the far side. Without `follow` it ends at what is there
    at the first look. `on_wake` is called from other threads whenever
    something has come. UsageError as `parse`.
    """
    address = parse(source)
    if address.kind == "stdin":
        from lossmon.sources.stdin import open_stdin

        return open_stdin(on_wake)
    if address.kind == "ssh":
        from lossmon.sources.ssh import open_ssh

        return open_ssh(address, follow=follow, on_wake=on_wake)
    if address.kind == "url":
        from lossmon.sources.remote import open_remote

        return open_remote(address, follow=follow, on_wake=on_wake)
    return _open_pipe(address)


def _open_pipe(address: Address) -> Tail:
    from lossmon.sources.fifo import FifoTail

    return FifoTail(address.path)


def open_file(path: str, *, document: bool = False) -> Tail:
    """Return the tail of a file on this host; a gzipped one is handed on unzipped."""
    if document:
        return FileDocumentTail(path)
    if _is_gzip(path):
        from lossmon.sources.gz import open_gzip

        return open_gzip(path)
    return FileTail(path)


def _is_gzip(path: str) -> bool:
    try:
        descriptor = open_regular(path)
    except OSError:
        return path.endswith(".gz")
    try:
        return pread(descriptor, 2, 0) == b"\x1f\x8b"
    except OSError:
        return False
    finally:
        os.close(descriptor)
