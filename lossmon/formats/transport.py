r"""What containers, schedulers and recorders put around every line of a log, taken off again.

`docker logs` keeps `{"log":"step 1 loss 2.3\n","stream":"stdout",…}`, `kubectl
logs --timestamps` and GitHub Actions put a time before each line, journald a
host and a process too; PowerShell redirects into UTF-16. What is left is the
log that the script wrote, and it is recognised and read as that. A head is only
taken for wrapped where (nearly) all of its lines are.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.base import Context, Format, Grouping, Parser, Sniff, StreamFormat
from lossmon.formats.json_text import loads
from lossmon.formats.lines import MAX_LINE
from lossmon.model import Batch, RunInfo, concatenate
from lossmon.record import record

_LOOKED_INTO: Final = 16384
_LOOKED_AT: Final = 20
"""Bytes and lines of a head that are tried."""
_SHARE: Final = 0.9
"""Of these so many must be wrapped: a crash may leave others."""
_LEAST: Final = 3
"""Stamped lines that are needed; one record of a container's JSON may be a whole run's bars."""
_PIECES: Final = ("log", "data")
"""Keys under which Docker and Kaggle keep what a process printed, with the ends of its lines."""
_MESSAGES: Final = ("message", "msg", "MESSAGE", "line", "textPayload", "@message")
"""Keys under which loggers keep a line."""

_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_CLOCK: Final = rb"\d{2}:\d{2}:\d{2}"
_STAMP: Final = rb"\d{4}-\d{2}-\d{2}T" + _CLOCK
_PROCESS: Final = rb"(?:[\w.-]{1,80}+ [\w./@-]{1,80}+\[\d{1,9}+\]: )?+"
_PREFIX: Final = late(
    # CRI's files, `kubectl logs --timestamps`, GitHub Actions, `gh run view --log`
    rb"(?:[^\t\n]{1,80}+\t[^\t\n]{1,80}+\t\xef?+\xbb?+\xbf?+)?"
    + _STAMP
    + rb"(?:\.\d{3,9}+)?(?:Z|[+-]\d{2}:?\d{2}) (?:std(?:out|err) [FP] )?+"
    # journald and syslog behind either (`host python[1234]: `), `ts` of moreutils
    + _PROCESS
    + rb"|[A-Z][a-z]{2} [ \d]\d "
    + _CLOCK
    + rb" "
    + _PROCESS
    # Compose, `mpirun --tag-output`, and that of SageMaker
    + rb"|(?!(?i:epoch|ep|step|iter|batch)[_-])"
    rb"[A-Za-z][A-Za-z.]{0,40}+(?:[_-][A-Za-z.]{1,40}+){0,4}+[_-]\d{1,4}+ {1,30}+\| "
    rb"|\[\d{1,4}+,(?:\d{1,6}+|mpirank:\d{1,6}+,[\w.-]{1,80}+)\]<std(?:out|err)>: ?"
)

_WRITTEN_OUT: Final = ((b"#015", b"\r"), (b"#033[", b"\x1b["))
"""What syslog makes of the characters that redraw a line."""
_BACKSPACES: Final = late(rb"(?:#010){2,}+")
_REDRAWN: Final = b"\n#015"
_LEAST_REDRAWN: Final = 2
"""Lines that begin so, before a head is taken for one of SageMaker's."""


@record
class Transport:
    """One way of wrapping: how it is called, and what takes a line out of it."""

    name: str
    title: str
    unwrap: Callable[[bytes], bytes | None] | None
    """Takes a line without its end; returns what was printed with the end that it had there,
    None if the line is not wrapped so. Without either: the bytes are UTF-16."""
    told: Callable[[bytes], tuple[str | None, bytes | None]] | None = None
    """In place of `unwrap`: returns which process printed a record, if anything says it, and the
    record; lines that hold none are left out."""
    readers: tuple[str, ...] | None = None
    """Formats that are asked for what is inside; None: all of them."""


def _json_message(line: bytes) -> bytes | None:
    if line == b"]":
        return b""
    text = line.strip(b" \t").removeprefix(b"[").removeprefix(b",").removesuffix(b"]")
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return None
    value = loads(text.decode("utf-8", "replace"))
    if not isinstance(value, dict):
        return None
    if isinstance(payload := value.get("jsonPayload"), dict):  # Google Cloud's
        value = payload
    for key in _PIECES:
        if isinstance(said := value.get(key), str):
            return said.encode("utf-8", "replace")
    for key in _MESSAGES:
        if isinstance(said := value.get(key), str):
            return said.rstrip("\n").encode("utf-8", "replace") + b"\n"
    return None


def _asciicast(line: bytes) -> bytes | None:
    if line.startswith(b"{"):
        return b""  # the recording's head
    if not line.startswith(b"["):
        return None
    value = loads(line.decode("utf-8", "replace"))
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], str):
        return None
    return value[2].encode("utf-8", "replace") if value[1] == "o" else b""


def _written_out(line: bytes) -> bytes | None:
    if b"#0" in line:
        line = _BACKSPACES.sub(b"", line)
        for written, meant in _WRITTEN_OUT:
            line = line.replace(written, meant)
    return line + b"\n"


def _prefixed(line: bytes) -> bytes | None:
    match = _PREFIX.match(line)
    if match is None:
        return None
    said = line[match.end() :]
    for written, meant in _WRITTEN_OUT if b"#0" in said else ():
        said = said.replace(written, meant)
    return said + b"\n"


def _told(line: bytes) -> tuple[str | None, bytes | None]:
    from lossmon.formats._logged import told  # what reads tables is not needed at each start

    speaker, said = told(line.decode("utf-8", "replace"))
    return speaker, None if said is None else said.encode("utf-8", "replace") + b"\n"


JSON: Final = Transport("json", "in JSON lines of a container or logger", _json_message)
ASCIICAST: Final = Transport("asciicast", "in an asciinema recording", _asciicast)
PREFIXED: Final = Transport("stamped", "behind stamps", _prefixed)
UTF16: Final = Transport("utf-16", "in UTF-16", None)
ESCAPED: Final = Transport("escaped", "with written-out carriage returns", _written_out)
LOGGED: Final = Transport(
    "logged",
    "behind a logger's prefix",
    None,
    _told,
    ("jsonl", "csv", "bare-csv"),
)


def transport_of(head: bytes) -> Transport | None:
    """Say how the lines of a head are wrapped, None where they are not."""
    if head.startswith(_UTF16_BOMS):
        # Plain letters read as they are without their NULs, bars and other scripts do not.
        return UTF16 if head.startswith(b"\xfe") or any(head[3::2]) else None
    if head.count(_REDRAWN, 0, _LOOKED_INTO) >= _LEAST_REDRAWN:
        return ESCAPED
    tried: tuple[Transport, ...] = (PREFIXED,)
    if head.startswith(b'{"version"') and b', "o", "' in head[:4096]:
        tried = (ASCIICAST,)
    elif head.startswith((b"{", b"[")):
        tried = (JSON, PREFIXED)
    lines = head[:_LOOKED_INTO].split(b"\n")[:-1][:_LOOKED_AT]
    lines = [line.rstrip(b"\r") for line in lines if line.strip()]
    return next((one for one in tried if _is_around(one, lines)), None)


def logged_around(head: bytes) -> Transport | None:
    """Return `LOGGED` where records stand behind a logger's prefix, None where none do."""
    from lossmon.formats._logged import is_record, parted

    lines = head[:_LOOKED_INTO].split(b"\n")[:-1]
    lines = [line for line in lines if line and not line.isspace()][:_LOOKED_AT]
    if len(lines) < _LEAST:
        return None
    others = bare = 0
    for line in lines:
        before, said = parted(line.rstrip(b"\r").decode("utf-8", "replace"))
        bare += not before
        others += not is_record(said)
        if bare > (1 - _SHARE) * len(lines) or 2 * others > len(lines):
            return None
    return LOGGED


def _is_around(transport: Transport, lines: list[bytes]) -> bool:
    unwrap = transport.unwrap
    least = _LEAST if transport is PREFIXED else 1
    if unwrap is None or len(lines) < least or unwrap(lines[0]) is None:
        return False
    return sum(unwrap(line) is not None for line in lines) >= _SHARE * len(lines)


class Unwrapper:
    """Takes lines out of what is around them, a chunk at a time."""

    def __init__(self, transport: Transport) -> None:
        self._unwrap = transport.unwrap
        self._partial = b""
        self._told = transport.told
        self._speaker: str | None = None
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")

    def __call__(self, data: bytes) -> bytes:
        """Return what the whole lines hold that `data` completes."""
        if self._unwrap is None and self._told is None:
            return self._decoder.decode(data).encode("utf-8", "replace")
        data = self._partial + data
        cut = data.rfind(b"\n") + 1
        self._partial = data[cut:]
        if len(self._partial) > MAX_LINE:  # no record of a wrapper: handed on as it is
            cut, self._partial = len(data), b""
        lines = data[:cut].split(b"\n")
        last = lines.pop()
        return b"".join(map(self._line, lines)) + last

    def rest(self) -> bytes:
        """Return what a last line without its end holds."""
        partial, self._partial = self._partial, b""
        return self._line(partial) if partial else b""

    def _line(self, line: bytes) -> bytes:
        if self._told is not None:
            speaker, record = self._told(line.rstrip(b"\r"))
            self._speaker = self._speaker or speaker
            # The processes of one run print the same records.
            return b"" if record is None or speaker not in (None, self._speaker) else record
        said = None if self._unwrap is None else self._unwrap(line.rstrip(b"\r"))
        return line + b"\n" if said is None else said


class UnwrappingParser(Parser):
    """Hands on to another parser what is left of the lines."""

    def __init__(self, inner: Parser, transport: Transport) -> None:
        self._inner = inner
        self._unwrap = Unwrapper(transport)

    @property
    def context(self) -> Context:  # type: ignore[override]
        """What the inner parser knows of its source."""
        return self._inner.context

    @property
    def info(self) -> RunInfo:  # type: ignore[override]
        """What the log said of its run."""
        return self._inner.info

    @property
    def bad_records(self) -> int:  # type: ignore[override]
        """How many records could not be read."""
        return self._inner.bad_records

    @property
    def long_lines(self) -> int:  # type: ignore[override]
        """How many lines were too long."""
        return self._inner.long_lines

    @property
    def refused(self) -> int:  # type: ignore[override]
        """How many values had no room for their names."""
        return self._inner.refused

    def feed(self, data: bytes) -> Batch:
        return self._inner.feed(self._unwrap(data))

    def finish(self) -> Batch:
        last = self._inner.feed(self._unwrap.rest())
        return concatenate([last, self._inner.finish()])


class Wrapped(StreamFormat):
    """A format whose lines stand inside others."""

    def __init__(self, inner: StreamFormat, transport: Transport) -> None:
        self._inner = inner
        self._transport = transport
        self.name = f"{inner.name}+{transport.name}"
        self.title = f"{inner.title}, {transport.title}"
        self.sample = inner.sample
        self.combine = inner.combine
        self.skip_names = inner.skip_names
        self.unsupported = inner.unsupported
        self.cross_entropy = inner.cross_entropy

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        return self._inner.sniff(unwrapped(head, self._transport), filename)

    def group(self, path: PurePosixPath) -> Grouping:
        return self._inner.group(path)

    def group_all(self, paths: Sequence[PurePosixPath]) -> dict[PurePosixPath, Grouping]:
        return self._inner.group_all(paths)

    def parser(self, context: Context | None = None) -> Parser:
        return UnwrappingParser(self._inner.parser(context), self._transport)


def unwrapped(head: bytes, transport: Transport) -> bytes:
    """Return what a head of bytes holds; its last line may be cut, and is left out."""
    return Unwrapper(transport)(head)


@cache
def wrapped(inner: Format, transport: Transport) -> Format | None:
    """Return a format inside a transport, always the same; None where no lines are read."""
    return Wrapped(inner, transport) if isinstance(inner, StreamFormat) else None


def transports() -> dict[str, Transport]:
    """Return all transports by name."""
    return {one.name: one for one in (JSON, ASCIICAST, PREFIXED, UTF16, ESCAPED, LOGGED)}
