"""Logs in object stores and wherever fsspec reaches: `s3://`, `gs://`, `hf://`, `memory://` …

An object cannot be appended to: its writer replaces it by a longer one. What
is new is fetched as a range, with enough of the old bytes to see whether they
are the same. Needs the extra `remote` (fsspec, and the package of the store).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from lossmon.errors import SourceError, SourceNotFound, UsageError
from lossmon.model import clean_text
from lossmon.sources.address import Address
from lossmon.sources.base import Tail
from lossmon.sources.listing import MAX_DEPTH, Listing, newest_logs
from lossmon.sources.polled import PolledTail
from lossmon.sources.poller import Poller
from lossmon.sources.store import Info, IsDirectoryError, MissingError, Store

_TIMES: Final = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")


class FsspecStore(Store):
    """One object. Whatever a file system raises becomes a SourceError in one line."""

    def __init__(self, filesystem: Any, path: str, label: str) -> None:
        self._filesystem = filesystem
        self._path = path
        self._label = label

    def info(self) -> Info:
        try:
            self._filesystem.invalidate_cache()
            found: Mapping[str, Any] = self._filesystem.info(self._path)
            modified = _modified(found)
            if modified is None:
                modified = _seconds(self._ask_modified())
        except Exception as error:
            raise self._failure(error) from error
        if found.get("type") == "directory":
            raise IsDirectoryError(
                f"{self._label}: is a directory; end it with a slash to follow the logs in it"
            )
        size = found.get("size")
        if not isinstance(size, int):
            raise SourceError(f"{self._label}: the store does not say how long it is")
        # Whatever else the store says of an object (etag, version, generation …).
        said = sorted((key, str(value)) for key, value in found.items())
        return Info(size, repr((said, modified)), modified=modified)

    def _ask_modified(self) -> object:
        try:
            return self._filesystem.modified(self._path)
        except NotImplementedError:
            return None

    def fetch(self, start: int, length: int) -> bytes:
        if length <= 0:
            return b""
        try:
            return bytes(self._filesystem.cat_file(self._path, start=start, end=start + length))
        except Exception as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> SourceError:
        if isinstance(error, FileNotFoundError):
            return MissingError(f"{self._label}: does not exist there (yet)")
        text = clean_text(str(error).strip().partition("\n")[0], 300)
        return SourceError(f"{self._label}: {type(error).__name__}: {text}")


def _modified(found: Mapping[str, Any]) -> float | None:
    for key in _TIMES:
        seconds = _seconds(found.get(key))
        if seconds is not None:
            return seconds
    return None


def _seconds(value: object) -> float | None:
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return None


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
        text = clean_text(str(error).strip().partition("\n")[0], 300)
        raise SourceError(f"{label}: {type(error).__name__}: {text}") from error
    return newest_logs(
        (str(name), _modified(info) or 0.0)
        for name, info in found.items()
        if info.get("type") == "file"
    )
