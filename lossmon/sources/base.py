"""What a tail is: bytes of one source, read in order, with what happened to it said.

A tail knows nothing of records. It promises that every byte that stays
readable is handed on once and in order, and it says when the ground moved:
the file was cut, replaced, or another one took its name. What that means for
the run (go on, or begin anew) the format decides, with `Read.cut` and the
heads of before and now.

All calls come from one thread; none blocks for long: a tail over a network
reads ahead by itself and hands on what is there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from lossmon.record import record


@record
class Read:
    """What one look brought.

    `cut`: set on the first read after the source was made shorter
    (`truncated`), or another file took its name (`replaced`; what was left in
    the old one has been handed on before). `data` then begins at offset 0 of
    what is there now. `more`: further bytes are there already. `ended`: none
    will ever come (standard input was closed). `position` and `size` are
    bytes, for progress; `size` is None where it is not known. `error`: one
    line for people; the tail stays usable and tries again at the next look.
    """

    data: bytes = b""
    cut: Literal["", "truncated", "replaced"] = ""
    more: bool = False
    ended: bool = False
    position: int = 0
    size: int | None = None
    error: str | None = None


class Tail(ABC):
    """Reads one source from its beginning to its end, and on as it grows."""

    path: str
    """The source in the words of the user, for messages."""
    streams: bool = False
    """Whether bytes come by themselves (a pipe, a connection): reading once must wait for them."""
    local: bool = True
    """Whether `path` is a file on this host, which can be watched for changes."""

    wakes: bool = True
    """Whether what comes is told (by a watched file's events, by a thread of its own): where it
    is not, someone must ask again and again."""

    @abstractmethod
    def changed(self) -> bool:
        """Say cheaply (one stat at most) whether a `read` may bring something new."""

    @abstractmethod
    def read(self, limit: int) -> Read:
        """Return at most `limit` further bytes; never raises for what the source does."""

    @property
    def modified(self) -> float | None:
        """When the source was last written (seconds since 1970), None if unknown."""
        return None

    @property
    def is_directory(self) -> bool:
        """Whether the source turned out to be no file but a directory."""
        return False

    @abstractmethod
    def close(self) -> None:
        """Release what is held; may be called twice."""


class DocumentTail(Tail):
    """Reads a document whole each time it changes.

    Each change starts again at offset 0 with `cut="replaced"` on the first
    read; `Read.more` is False on the last piece of one version. A version that
    changes while it is read is begun anew.
    """
