"""What `scontrol show job` prints, and the files it means.

A record begins with `JobId=` at the start of a line, which may go on with
`ArrayJobId=`, `ArrayTaskId=`, `HetJobId=` (`PackJobId=` before Slurm 20.02) and
ends with `JobName=`, whose value may hold spaces. Paths have a line each.
Whether patterns such as `%x-%j.out` stand in `StdOut=` as they were given
depends on the version, so what is left of them is filled in here; `%N`, the
node, is in none of them (slurm-mail issue 61), and becomes a wildcard.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

MAX_MATCHES: Final = 64
"""Files that a pattern with the node's name may stand for: one a node."""

_FIRST: Final = re.compile(
    r"^JobId=(?P<id>\d{1,10})"
    r"(?: ArrayJobId=(?P<array>\d{1,10}) ArrayTaskId=(?P<task>\S{1,200}))?"
    r"(?: ArrayTaskThrottle=\d{1,10})?"
    r"(?: (?:Het|Pack)JobId=(?P<het>\d{1,10}) (?:Het|Pack)JobOffset=(?P<offset>\d{1,5}))?"
    r" +(?:JobName|Name)=(?P<name>.*)$"
)
_LINE: Final = re.compile(r"^\s+(StdOut|StdErr|WorkDir)=(.*)$")
_USER: Final = re.compile(r"^\s+UserId=([^\s(]{1,64})\(")
_STATE: Final = re.compile(r"^\s+JobState=([A-Z_]{1,30})")
_PATTERN: Final = re.compile(r"%(\d{0,2})([%AaJjxubNnst])")
_NONE: Final = ("", "(null)", "/dev/null")


@dataclass(frozen=True, slots=True)
class Job:
    """One job, task of an array, or part of a heterogeneous job, and where it writes."""

    id: str
    """As people write it: `4711`, `4712_3`, `4720+1`."""
    state: str
    files: tuple[str, ...]


@dataclass(slots=True)
class _Record:
    number: str
    array: str | None
    task: str | None
    het: str | None
    offset: str | None
    name: str
    user: str = ""
    state: str = ""
    directory: str = ""
    files: dict[str, None] = field(default_factory=dict)

    def job(self) -> Job:
        shown = self.number
        if self.array is not None:
            shown = f"{self.array}_{self.task}"
        elif self.het is not None:
            shown = f"{self.het}+{self.offset}"
        paths = (os.path.join(self.directory, file) for file in self.files)  # noqa: PTH118
        found = (path for pattern in paths for path in self._expanded(pattern))
        return Job(shown, self.state, tuple(dict.fromkeys(found)))

    def _expanded(self, path: str) -> list[str]:
        """Return the paths that a pattern stands for; a plain path stands for itself."""
        if "%" not in path:
            return [path]
        values = {
            "%": "%", "j": self.number, "J": self.number, "x": self.name, "u": self.user,
            "A": self.array or self.number, "a": self.task or "4294967294",
        }  # fmt: skip
        if self.task is not None and self.task.isdecimal():
            values["b"] = str(int(self.task) % 10)
        open_end = False

        def value(match: re.Match[str], escape: bool) -> str:
            nonlocal open_end
            width, letter = match[1], match[2]
            if letter not in values:
                open_end = True
                return "*" if escape else match[0]
            text = values[letter]
            if width and text.isdecimal():
                text = text.zfill(min(int(width), 10))
            return glob.escape(text) if escape else text

        plain = _PATTERN.sub(lambda match: value(match, escape=False), path)
        if not open_end:
            return [plain]
        escaped = glob.escape(path)  # leaves % as it is
        pattern = _PATTERN.sub(lambda match: value(match, escape=True), escaped)
        return sorted(glob.glob(pattern))[:MAX_MATCHES] or [plain]  # noqa: PTH207


def jobs(text: str) -> Iterator[Job]:
    """Yield the jobs of the output of `scontrol show job` that have begun and write to files."""
    record: _Record | None = None
    for line in text.splitlines():
        first = _FIRST.match(line)
        if first is not None:
            yield from _done(record)
            record = _Record(
                first["id"], first["array"], first["task"], first["het"], first["offset"],
                first["name"].strip(),
            )  # fmt: skip
        elif record is not None:
            _take(record, line)
    yield from _done(record)


def _take(record: _Record, line: str) -> None:
    found = _LINE.match(line)
    if found is not None:
        key, value = found[1], found[2].strip()
        if key == "WorkDir":
            record.directory = value
        elif value not in _NONE:
            record.files[value] = None
        return
    user, state = _USER.match(line), _STATE.match(line)
    if user is not None:
        record.user = user[1]
    if state is not None:
        record.state = state[1]


def _done(record: _Record | None) -> Iterator[Job]:
    # What waits has no file yet; of an array it is one record for all tasks that wait.
    if record is not None and record.files and record.state != "PENDING":
        yield record.job()
