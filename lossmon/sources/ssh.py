"""Logs on another host: `host:path`, `ssh://[user@]host[:port]/path`.

One connection a host serves all its logs. A broken connection is made again,
later and later, and each log goes on at the byte where it was.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

from lossmon.errors import SourceError
from lossmon.model import clean_text
from lossmon.record import record
from lossmon.sources.address import Address
from lossmon.sources.base import Tail
from lossmon.sources.listing import MAX_DEPTH, Listing, newest_logs
from lossmon.sources.patterns import fits
from lossmon.sources.polled import PolledTail
from lossmon.sources.poller import Poller
from lossmon.sources.rotation import age_of
from lossmon.sources.ssh_connection import SshConnection
from lossmon.sources.store import AT_PLACE, Info, IsDirectoryError, MissingError, Part, Store

_MAX_LISTED: Final = 4000
_MAX_PARTS: Final = 500
"""Older parts of a log that are listed; each costs the far side a process."""
_FRACTION: Final = re.compile(r"\.\d+")
LISTING_SECONDS: Final = 120.0
"""Given to a far host to list a directory: some thousand files on a slow file system."""
_MAGIC: Final = re.compile(r"[*?\[]")


class SshStore(Store):
    """One file on the far side; with `zipped` its text is what is packed in it."""

    def __init__(
        self, connection: SshConnection, path: str, label: str, *, zipped: bool = False
    ) -> None:
        self._connection = connection
        self._path = path
        self._label = label
        self._word = quoted(path)
        self._zipped = zipped
        self._placed: Info | None = None
        """What was said when it was asked where the file lies."""

    def info(self) -> Info:
        # Where a file lies without links costs the far side a process: asked of each file once.
        if self._placed is not None:
            info = self._ask_info()
            if info.identity == self._placed.identity:
                return replace(info, place=self._placed.place)
        self._placed = self._ask_info('; place "$f" 2>/dev/null')
        return self._placed

    def _ask_info(self, further: str = "") -> Info:
        # The directory first: what comes into it after this is seen at the next look.
        answer = self._connection.ask(
            f"f={self._word}\n"
            'if [ -d "$f" ]; then echo d; elif [ ! -e "$f" ]; then echo n\n'
            'elif [ ! -f "$f" ]; then echo s; elif [ ! -r "$f" ]; then echo u\n'
            'else look "${f%/*}/" "$f" </dev/null 2>/dev/null'
            f"{further}; fi",
            16384,
        )
        text = answer.decode("utf-8", "surrogateescape")
        problem = text.strip()
        if problem in _PROBLEMS:
            kind = _KINDS.get(problem, SourceError)
            raise kind(f"{self._label}: {_PROBLEMS[problem]}")
        around, _, rest = text.partition("\n")
        token, _, place = rest.partition("\n")
        stamp = _Stamp.of(token)
        if stamp is None:
            said = clean_text(problem, 80)
            raise SourceError(f"{self._label}: its host answers {said!r} when asked for its size")
        return Info(
            stamp.size, token, stamp.inode, stamp.modified, around, place.removesuffix("\n")
        )

    def fetch(self, start: int, length: int) -> bytes:
        if length <= 0:
            return b""
        # Bounded over there: a file may grow faster than the line carries it.
        cut = f"| head -c {length}"
        if self._zipped:
            words = f"gzip -dc {self._word} 2>/dev/null </dev/null | tail -c +{start + 1} {cut}"
        else:
            words = f"tail -c +{start + 1} {self._word} 2>/dev/null </dev/null {cut}"
        return self._connection.ask(words, length)

    def older(self, place: str, *, left: bool) -> list[Part]:
        path = place or self._path
        itself = '"$f" ' if left else ""
        answer = self._connection.ask(
            f"f={quoted(path)}\nn=0\n"
            f'for p in {itself}"$f".[0-9]* "$f"-[0-9]*; do\n'
            f'  [ -f "$p" ] || continue; n=$((n+1)); [ "$n" -gt {_MAX_PARTS} ] && break\n'
            '  look "$p" </dev/null 2>/dev/null; printf \'\\0%s\\0\' "$p"\n'
            "done",
            _MAX_PARTS * 400,
        )
        words = answer.decode("utf-8", "surrogateescape").split("\0")
        base = path.rsplit("/", 1)[-1]
        parts: dict[tuple[int, str], Part] = {}
        for line, name in zip(words[::2], words[1::2], strict=False):
            stamp = _Stamp.of(line)
            suffix = name.rsplit("/", 1)[-1].removeprefix(base)
            zipped = suffix.endswith(".gz")
            age = age_of(suffix.removesuffix(".gz")) if suffix else AT_PLACE
            # While a part is being zipped both are there, and the other one is whole.
            if stamp is None or age is None or (age in parts and zipped):
                continue
            parts[age] = Part(
                SshStore(self._connection, name, self._label, zipped=zipped),
                name,
                stamp.inode,
                None if zipped else stamp.size,
                stamp.modified,
                age,
                zipped,
            )
        return [parts[age] for age in sorted(parts)]


@record
class _Stamp:
    """What `look` prints of a file."""

    inode: str
    size: int
    modified: float | None

    @staticmethod
    def of(line: str) -> _Stamp | None:
        """Read a line: inode, bytes, whole seconds, and the time with its fraction."""
        fields = line.split(None, 3)
        if len(fields) < 4 or not (fields[0].isascii() and fields[0].isdigit()):
            return None
        if not (fields[1].isascii() and fields[1].isdigit()):
            return None
        modified = None
        if fields[2].isascii() and fields[2].isdigit():
            fraction = _FRACTION.search(fields[3])
            modified = float(fields[2] + (fraction.group() if fraction else ""))
        return _Stamp(fields[0], int(fields[1]), modified)


_PROBLEMS: Final = {
    "d": "is a directory; end it with a slash to follow the logs in it",
    "n": "does not exist there (yet)",
    "s": "is not a regular file",
    "u": "may not be read by that user",
}
_KINDS: Final = {"d": IsDirectoryError, "n": MissingError}


class SshHost:
    """A connection and the poller that uses it; others for listings, which take their time."""

    def __init__(self, user: str, host: str, port: int | None) -> None:
        self.connection = SshConnection(host, user, port)
        self.poller = Poller(f"ssh-{host}", on_idle=self.connection.close)
        self.listing = SshConnection(host, user, port)
        self.lister = Poller(f"ssh-list-{host}", on_idle=self.listing.close)


@cache
def _host(user: str, host: str, port: int | None, command: str) -> SshHost:
    return SshHost(user, host, port)


def _host_of(address: Address) -> SshHost:
    # Part of the key: another command is another way to the host.
    return _host(address.user, address.host, address.port, os.environ.get("LOSSMON_SSH", ""))


def open_ssh(
    address: Address, *, follow: bool = True, on_wake: Callable[[], None] | None = None
) -> Tail:
    """Return the tail of a path, which is followed without asking whether it is there."""
    return _open(address, address.path, address.text, follow, on_wake)


def _open(
    address: Address, path: str, label: str, follow: bool, on_wake: Callable[[], None] | None
) -> Tail:
    host = _host_of(address)
    store = SshStore(host.connection, path, clean_text(label, 300))
    return PolledTail(label, store, host.poller, follow=follow, on_wake=on_wake)


class SshListing(Listing):
    """The logs in a directory (ended with a slash) or of a glob on another host."""

    def __init__(
        self,
        address: Address,
        *,
        follow: bool = True,
        on_wake: Callable[[], None] | None = None,
    ) -> None:
        host = _host_of(address)
        super().__init__(address.text, host.lister, follow=follow, on_wake=on_wake)
        self._address = address
        self._connection = host.listing

    def find(self) -> list[str]:
        answer = self._connection.ask(
            _search_script(self._address.path), _MAX_LISTED * 400, LISTING_SECONDS
        )
        return _logs_in(answer, self._address.path)

    def open(self, path: str) -> Tail:
        label = self._address.with_path(path)
        return _open(self._address, path, label, self.follow, self.on_wake)

    def close(self) -> None:
        super().close()
        self._connection.interrupt()


def _logs_in(answer: bytes, pattern_path: str) -> list[str]:
    """Return the logs among the entries that the far side printed, the newest first."""
    pattern = [part for part in pattern_path.split("/") if part]
    if pattern[:1] == ["~"]:
        pattern[0] = "**"  # the far side has put its home directory there
    found: list[tuple[str, float]] = []
    words = answer.decode("utf-8", "surrogateescape").split("\0")
    for stamp, name in zip(words[::2], words[1::2], strict=False):
        fields = stamp.split()
        path = name.removeprefix("./")
        if not path:
            continue
        if "**" in pattern and not fits([part for part in path.split("/") if part], pattern):
            continue
        seconds = fields[2] if len(fields) > 2 else ""
        found.append((path, float(seconds) if seconds.isdigit() else 0.0))
    return newest_logs(found)


def _search_script(path: str) -> str:
    if "**" in path:
        base = path.partition("**")[0].rpartition("/")[0]
        roots = _pattern(base or ("/" if path.startswith("/") else "."))
    else:
        roots = _pattern(path.rstrip("/") or "/")
    return f"""\
n=0
found() {{
  n=$((n+1)); [ "$n" -gt {_MAX_LISTED} ] && return
  case "${{1##*/}}" in *.pt|*.pth|*.bin|*.safetensors|*.py|*.png|*.npz|*.pkl) return;; esac
  look "$1" 2>/dev/null </dev/null; printf '\\0%s\\0' "$1"
}}
walk() {{
  for e in "$1"/*; do
    if [ -d "$e" ]; then
      case "${{e##*/}}" in node_modules|site-packages|__pycache__|venv) continue;; esac
      if [ ! -h "$e" ] && [ "$2" -gt 0 ] && [ "$n" -lt {_MAX_LISTED} ]; then
        walk "$e" $(($2-1))
      fi
    elif [ -f "$e" ]; then found "$e"; fi
  done
}}
for r in {roots}; do
  if [ -d "$r" ]; then walk "${{r%/}}" {MAX_DEPTH}; elif [ -f "$r" ]; then found "$r"; fi
done"""


def quoted(path: str) -> str:
    """Return a path as one harmless word of `sh`; `~/` is the home directory over there."""
    if path == "~" or path.startswith("~/"):
        return '"$HOME"' + (shlex.quote(path[1:]) if len(path) > 1 else "")
    # `--` is not understood by every tail; a name cannot pass for an option so either.
    return shlex.quote(path if path.startswith("/") else f"./{path}")


def _pattern(path: str) -> str:
    """Return a glob as a word of `sh` in which the wildcards alone keep their meaning."""
    home = ""
    if path == "~" or path.startswith("~/"):
        home, path = '"$HOME"', path[1:]
    elif not path.startswith("/"):
        path = f"./{path}"
    pieces = re.split(r"([*?]|\[[^\]/'\"$`\\]*\])", path)
    return home + "".join(
        piece if index % 2 else (shlex.quote(piece) if piece else "")
        for index, piece in enumerate(pieces)
    )
