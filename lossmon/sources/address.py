"""What a user's word for a source means: a path, a glob, `-`, a host's path, a URL."""

from __future__ import annotations

import os
import re
from typing import Final, Literal

from lossmon.errors import UsageError
from lossmon.record import record

Kind = Literal["path", "glob", "stdin", "ssh", "url"]

_STDIN: Final = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]{1,30})(?:::|://)")
# As scp reads it: a host, a colon, a path; brackets for an IPv6 address.
_REMOTE: Final = re.compile(
    r"(?:([^@/:\s\[\]]{1,64})@)?(\[[0-9A-Fa-f:.%]+\]|[^@/:\s\[\]]{1,255}):(.+)", re.S
)
_MAGIC: Final = re.compile(r"[*?\[]")


@record
class Address:
    """A source: where it is, and the path there. `text` is what the user wrote."""

    kind: Kind
    text: str
    path: str
    host: str = ""
    user: str = ""
    port: int | None = None

    @property
    def magic(self) -> bool:
        """Whether the path holds wildcards."""
        return bool(_MAGIC.search(self.path))

    def with_path(self, path: str) -> str:
        """Return the text of another path at the same place."""
        if self.kind != "ssh":
            return path
        if not self.text.startswith("ssh://"):
            head = f"{self.user}@{self.host}" if self.user else self.host
            return f"{head}:{path}"
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if not path.startswith("/"):
            path = f"/{path}" if path.startswith("~/") else f"/~/{path}"
        quoted = path.replace("%", "%25").replace("?", "%3F").replace("#", "%23")
        return f"ssh://{user}{host}{port}{quoted}"


def parse(text: str) -> Address:
    """Return what `text` means; UsageError where it means nothing.

    What exists on this host is a path, whatever it looks like.
    """
    if text in _STDIN:
        return Address("stdin", text, "-")
    if not text or "\0" in text:
        raise UsageError(f"{text!r} is no source: name a file, a directory, a glob, host:path or -")
    local = os.path.expanduser(text)
    if os.path.lexists(local):
        return Address("path", text, local)
    url = _URL.match(text)
    if url is not None:
        return _parse_url(text, url[1].lower())
    remote = _REMOTE.fullmatch(text)
    if remote is not None and not _is_drive(remote[2]):
        user, host, path = remote[1] or "", remote[2].strip("[]"), remote[3]
        return _ssh(text, host, user, None, path)
    if _MAGIC.search(local):
        return Address("glob", text, local)
    return Address("path", text, local)


def _parse_url(text: str, scheme: str) -> Address:
    from urllib.parse import unquote, urlsplit  # paths, which most sources are, need none

    if scheme == "file":
        return Address("path", text, unquote(urlsplit(text).path))
    if scheme not in ("ssh", "sftp"):
        return Address("url", text, text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{text}: {error}; write ssh://[user@]host[:port]/path") from error
    # A glob's `?` is no query here, and a `#` is part of a name.
    path = unquote(parts.path) + (f"?{unquote(parts.query)}" if parts.query else "")
    path += f"#{unquote(parts.fragment)}" if parts.fragment else ""
    if path.startswith("/~/"):
        path = path[1:]
    return _ssh(text, parts.hostname or "", unquote(parts.username or ""), port, path)


def _ssh(text: str, host: str, user: str, port: int | None, path: str) -> Address:
    if not host or host.startswith("-") or user.startswith("-"):
        # ssh would read it as an option, and options can run commands.
        raise UsageError(f"{text}: {host or 'an empty name'!r} is no host name")
    if not path or path == "/~":
        raise UsageError(f"{text}: names no path on {host}; write {host}:path")
    return Address("ssh", text, path, host, user, port)


def _is_drive(host: str) -> bool:
    return os.name == "nt" and len(host) == 1
