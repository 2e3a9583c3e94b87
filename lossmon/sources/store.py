"""`Part` and `Store`: what can be said of a file, here or far away, and handed out of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from lossmon.errors import SourceError
from lossmon.record import record

AT_PLACE: Final = (-2, "")
"""Age of a file that lies where the log was before its name led elsewhere: the newest part."""

Key = tuple[str, int | None, float | None, bool]


@record
class Info:
    """What the far side says of a file.

    `token` changes whenever the content may have; `identity` is that of the
    file behind the name (empty where there is none), `modified` is when it was
    written, by the far side's clock (seconds since 1970). `around` changes
    whenever files come or go beside it (empty where that is not told), `place`
    is its name without links.
    """

    size: int
    token: str
    identity: str = ""
    modified: float | None = None
    around: str = ""
    place: str = ""


class IsDirectoryError(SourceError):
    """What was asked for as a file is a directory."""


class MissingError(SourceError):
    """Nothing has the name."""


class Text(ABC):
    """Bytes that can be asked for piece by piece."""

    @abstractmethod
    def fetch(self, start: int, length: int) -> bytes:
        """Return up to `length` bytes from `start` on; fewer only at the end."""


class Store(Text):
    """One file on the far side. All calls come from one thread and may block, bounded in time.

    SourceError says in one line what is wrong; it may be over at the next call.
    """

    @abstractmethod
    def info(self) -> Info:
        """Return how the file is now; SourceError if it is not there."""

    def older(self, place: str, *, left: bool) -> Sequence[Part]:
        """Return the older parts of the log that lay at `place` (`Info.place`), the newest first.

        `left`: the name leads elsewhere now, so that the file at `place` is one itself.
        """
        return ()

    def close(self) -> None:
        """Release what is held for this file."""
        return


@record
class Part:
    """What rotation made of an older generation of a log.

    `size` is None where it is not that of its text (it is `zipped`).
    """

    text: Text
    name: str
    identity: str
    size: int | None
    modified: float | None
    age: tuple[int, str]
    """Sorts the newest first among parts named in the same way."""
    zipped: bool = False

    @property
    def key(self) -> Key:
        """What tells it under each name from others, also from one that was given its inode."""
        return self.identity, self.size, self.modified, self.zipped
