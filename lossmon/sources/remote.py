"""Logs in object stores and wherever fsspec reaches: `s3://`, `gs://`, `hf://`, `memory://` …

Needs the extra `remote` (fsspec, and the package of the store).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from lossmon.errors import SourceNotFound, UsageError
from lossmon.model import clean_text
from lossmon.sources.address import Address
from lossmon.sources.base import Tail
from lossmon.sources.listing import MAX_DEPTH, Listing, newest_logs
from lossmon.sources.object_store import FsspecStore, failure, modified_of
from lossmon.sources.polled import PolledTail
from lossmon.sources.poller import Poller


@cache
def _poller(protocol: str) -> Poller:
    return Poller(protocol)


def open_remote(
    address: Address, *, follow: bool = True, on_wake: Callable[[], None] | None = None
) -> Tail:
    """Return the tail of an object; UsageError where the package for its store is missing."""
    filesystem, path = _filesystem(address.text)
    return _open(filesystem, path, address.text, follow, on_wake)


def _open(
    filesystem: Any, path: str, label: str, follow: bool, on_wake: Callable[[], None] | None
) -> Tail:
    store = FsspecStore(filesystem, path, clean_text(label, 300))
    poller = _poller(label.partition("://")[0])
    return PolledTail(label, store, poller, follow=follow, on_wake=on_wake)


class FsspecListing(Listing):
    """The logs below a prefix (ended with a slash) or of a glob; UsageError as `open_remote`."""

    def __init__(
        self,
        address: Address,
        *,
        follow: bool = True,
        on_wake: Callable[[], None] | None = None,
    ) -> None:
        self._filesystem, self._path = _filesystem(address.text)
        self._magic = address.magic
        poller = _poller(f"{address.text.partition('://')[0]}-list")
        super().__init__(address.text, poller, follow=follow, on_wake=on_wake)

    def find(self) -> list[str]:
        return _find(self._filesystem, self._path, self._magic, self.source)

    def open(self, path: str) -> Tail:
        label = str(self._filesystem.unstrip_protocol(path))
        protocol, mark, rest = label.partition("://")
        if not self.source.partition("://")[2].startswith("/"):
            label = protocol + mark + rest.lstrip("/")  # as the user writes it
        return _open(self._filesystem, path, label, self.follow, self.on_wake)


def list_remote(address: Address) -> list[str]:
    """Return the URLs of all logs that a prefix or glob stands for (else the one), newest first.

    Errors as `open_remote`.
    """
    if not (address.text.endswith("/") or address.magic):
        return [address.text]
    filesystem, path = _filesystem(address.text)
    # Without a depth a store lists a thousand objects a request, not a folder.
    found = _find(filesystem, path, address.magic, address.text, None)
    if not found:
        raise SourceNotFound(f"{address.text}: no log found there")
    return [str(filesystem.unstrip_protocol(one)) for one in found]


def _filesystem(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise UsageError(
            f"{url}: needs fsspec; install it with: pip install 'lossmon[remote]'"
        ) from error
    try:
        filesystem, path = url_to_fs(url)
    except ImportError as error:
        raise UsageError(f"{url}: {error}") from error
    except ValueError as error:
        raise UsageError(f"{url}: {error}; is it a path? There is no such file") from error
    return filesystem, str(path)


def _find(
    filesystem: Any, path: str, magic: bool, label: str, depth: int | None = MAX_DEPTH
) -> list[str]:
    try:
        filesystem.invalidate_cache()
        if magic:
            found = filesystem.glob(path, detail=True)
        else:
            found = filesystem.find(path, maxdepth=depth, detail=True)
    except FileNotFoundError:
        return []  # a prefix is there as soon as an object below it is
    except Exception as error:
        raise failure(label, error) from error
    return newest_logs(
        (str(name), modified_of(info) or 0.0)
        for name, info in found.items()
        if info.get("type") == "file"
    )
