"""`FsspecStore`: one object of a store that fsspec reaches.

An object cannot be appended to: its writer replaces it by a longer one. What
is new is fetched as a range, with enough of the old bytes to see whether they
are the same. What is beside it is listed only where they are not.
"""

from __future__ import annotations

import datetime
import inspect
import io
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from lossmon.errors import SourceError
from lossmon.model import clean_text
from lossmon.sources.rotation import MAX_ENTRIES, age_of
from lossmon.sources.store import Info, IsDirectoryError, MissingError, Part, Store
from lossmon.sources.zipped import MAX_UNREAD, unzipped

_TIMES: Final = ("LastModified", "last_modified", "mtime", "modified", "updated", "created")


class FsspecStore(Store):
    """One object. Whatever a file system raises becomes a SourceError in one line."""

    def __init__(self, filesystem: Any, path: str, label: str, *, zipped: bool = False) -> None:
        """With `zipped` its text is what is packed in it."""
        self._filesystem = filesystem
        self._path = path
        self._label = label
        self._zipped = zipped
        self._packed: bytes | None = None
        """Of a zipped one: its end alone says nothing, so it is fetched whole, and once."""

    def info(self) -> Info:
        try:
            self._filesystem.invalidate_cache()
            found: Mapping[str, Any] = self._filesystem.info(self._path)
            modified = modified_of(found)
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
        if self._zipped:
            if self._packed is None:
                self._packed = self._range(0, MAX_UNREAD)
            return unzipped(io.BytesIO(self._packed), start, length)
        return self._range(start, length)

    def _range(self, start: int, length: int) -> bytes:
        try:
            return bytes(self._filesystem.cat_file(self._path, start=start, end=start + length))
        except Exception as error:
            # Some stores refuse a range that begins where the object ends.
            if self.info().size <= start:
                return b""
            raise self._failure(error) from error

    def older(self, place: str, *, left: bool) -> list[Part]:
        directory, _, base = self._path.rpartition("/")
        parts: dict[tuple[int, str], Part] = {}
        for path, found in self._listed(directory, base):
            suffix = path.rpartition("/")[2].removeprefix(base)
            zipped = suffix.endswith(".gz")
            age = age_of(suffix.removesuffix(".gz"))
            size = found.get("size")
            # While a part is being zipped both are there, and the other one is whole.
            if age is None or (age in parts and zipped) or not isinstance(size, int):
                continue
            parts[age] = Part(
                FsspecStore(self._filesystem, path, self._label, zipped=zipped),
                path,
                "",
                None if zipped else size,
                modified_of(found),
                age,
                zipped,
            )
        return [parts[age] for age in sorted(parts)]

    def _listed(self, directory: str, base: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the objects beside it whose names begin as its own, in some order.

        There are none where the store lists nothing to this user.
        """
        try:
            self._filesystem.invalidate_cache()
            if "prefix" in inspect.signature(self._filesystem.find).parameters:
                # The store itself looks for the names: a request, however much lies beside them.
                objects = self._filesystem.find(directory, prefix=base, detail=True).items()
            else:
                objects = [
                    (str(found["name"]), found)
                    for found in self._filesystem.ls(directory or "/", detail=True)
                ]
        except Exception as error:
            if _is_refusal(error):
                return []
            raise self._failure(error) from error
        return [
            (path, found)
            for path, found in islice(objects, MAX_ENTRIES)
            if found.get("type") == "file"
            and path.rpartition("/")[0].strip("/") == directory.strip("/")
            and path.rpartition("/")[2].startswith(base)
        ]

    def _failure(self, error: Exception) -> SourceError:
        if isinstance(error, FileNotFoundError):
            return MissingError(f"{self._label}: does not exist there (yet)")
        return failure(self._label, error)


def failure(label: str, error: Exception) -> SourceError:
    """Return whatever a file system has raised as an error in one line."""
    text = clean_text(str(error).strip().partition("\n")[0], 300)
    return SourceError(f"{label}: {type(error).__name__}: {text}")


def modified_of(found: Mapping[str, Any]) -> float | None:
    """Return when an object was written (seconds since 1970), if its store says so."""
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


def _is_refusal(error: Exception) -> bool:
    """Whether a store will answer so again, however often it is asked."""
    if isinstance(error, (FileNotFoundError, PermissionError, NotImplementedError)):
        return True
    status = getattr(error, "status", None)  # of aiohttp, where it is not translated
    return status in (400, 401, 403, 404, 405, 501)
