"""A log that is rotated at random in logrotate's ways, against an oracle that knows every line.

Between two looks there may be any number of rotations. All that is moved,
copied or zipped stays in the directory, so that nothing may be lost; what is
cut off without a copy is excused.
"""

from __future__ import annotations

import gzip
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

HEADERS: Final = (b"", b"", b"# seed 1\n", b"# " + b"configuration " * 200 + b"\n")
"""What each generation begins with: nothing, a few bytes, some kilobytes."""


class RotatedLog:
    """The writer, logrotate, and the lines that a reader must have seen."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.random = random.Random(seed)
        self.header = self.random.choice(HEADERS)
        self.zipping = self.random.choice(["never", "at once", "delayed"])
        self.dated = self.random.random() < 0.3
        self.copies = self.random.choice([True, False, None])
        """Whether it is rotated by copying, by moving, or by either (None)."""
        self.expected: list[bytes] = []
        self.excused: set[bytes] = set()
        self.done: list[str] = []
        self._here: list[bytes] = []
        """Lines of the present generation."""
        self._half = b""
        # A clock that nobody waits for: each thing is done a second after the one before.
        self._now = time.time() - 100_000
        path.touch()
        self._tick(path)
        self._begin()

    def step(self) -> None:
        """Do something at random."""
        what: Callable[[], None] = self.random.choices(
            [self.append, self.begin_line, self.rotate, self.cut], [6, 2, 4, 0.3]
        )[0]
        self.done.append(what.__name__)
        what()

    def _tick(self, path: Path) -> None:
        self._now += 1.25
        os.utime(path, (self._now, self._now))

    def _write(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)
        self._tick(self.path)

    def _begin(self) -> None:
        self._here = []
        self._half = b""
        if self.header:
            self._write(self.header)

    def _line(self) -> bytes:
        number = len(self.expected)
        padding = b"x" * self.random.choice([0, 0, 0, 20, 600])
        line = b'{"step": %d, "loss": %d%s}' % (number, self.random.getrandbits(32), padding)
        self.expected.append(line)
        self._here.append(line)
        return line

    def append(self) -> None:
        """Write some lines, or the rest of one."""
        if self._half:
            self._write(self._half + b"\n")
            self.excused.discard(self._here[-1])
            self._half = b""
        for _ in range(self.random.choice([0, 1, 1, 2, 30])):
            self._write(self._line() + b"\n")

    def begin_line(self) -> None:
        """Write the first bytes of a line."""
        if self._half:
            return
        line = self._line()
        at = self.random.choice([9, 9, len(line) - 1])
        self._write(line[:at])
        self._half = line[at:]
        self.excused.add(line)

    def cut(self) -> None:
        """Truncate without a copy."""
        self.excused.update(self._here)
        os.truncate(self.path, 0)
        self._tick(self.path)
        self._begin()

    def rotate(self) -> None:
        """Do what logrotate does in the mode of this log."""
        number = 2 if self.zipping == "delayed" else 1
        part = self._make_room()
        copies = self.random.random() < 0.5 if self.copies is None else self.copies
        if copies:
            part.write_bytes(self.path.read_bytes())
            self._tick(part)
            os.truncate(self.path, 0)
        else:
            self.path.rename(part)
            self.path.touch()
        if self.zipping != "never":
            parts = self._parts()
            if len(parts) >= number:
                self._zip(parts[number - 1])
        self._tick(self.path)
        self._tick(self.path.parent)
        self._begin()

    def _parts(self) -> list[Path]:
        """Return what was rotated, the newest first, zipped or not."""
        found = [one for one in self.path.parent.iterdir() if one != self.path]
        if self.dated:
            return sorted(found, key=lambda one: one.name.removesuffix(".gz"), reverse=True)
        return sorted(found, key=lambda one: int(one.name.removesuffix(".gz").rpartition(".")[2]))

    def _make_room(self) -> Path:
        if self.dated:
            return Path(f"{self.path}-20260101-{int(self._now)}")
        for one in reversed(self._parts()):
            stem, _, number = one.name.removesuffix(".gz").rpartition(".")
            ending = ".gz" if one.name.endswith(".gz") else ""
            one.rename(one.with_name(f"{stem}.{int(number) + 1}{ending}"))
        return Path(f"{self.path}.1")

    def _zip(self, part: Path) -> None:
        if part.name.endswith(".gz"):
            return
        zipped = part.with_name(part.name + ".gz")
        zipped.write_bytes(gzip.compress(part.read_bytes(), 1))
        written = part.stat().st_mtime
        os.utime(zipped, (written, written))
        part.unlink()


class Lines:
    """Puts what is read together to lines, as a parser does."""

    def __init__(self) -> None:
        self.whole: list[bytes] = []
        self._partial = b""

    def add(self, cut: str, data: bytes) -> None:
        """Add what one read brought, and the cut before it."""
        if cut:
            self.end()
        *whole, self._partial = (self._partial + data).split(b"\n")
        self.whole += whole

    def end(self) -> None:
        """A last line without its end counts."""
        self.whole.append(self._partial)
        self._partial = b""

    def judge(self, log: RotatedLog) -> str:
        """Return what is wrong with what was read (nothing: it is as it should be)."""
        lines = [line for line in self.whole if line and not log.header.startswith(line)]
        known = {line: number for number, line in enumerate(log.expected)}
        foreign = [
            line
            for line in lines
            if line not in known and not any(one.startswith(line) for one in log.excused)
        ]
        read = [line for line in lines if line in known]
        lost = [line for line in log.expected if line not in set(read) | log.excused]
        doubled = len(read) - len(set(read))
        order = [known[line] for line in read]
        wrong = []
        if lost:
            wrong.append(f"{len(lost)} lost, from {lost[0][:20]!r} on")
        if doubled:
            wrong.append(f"{doubled} doubled")
        if order != sorted(order) and not doubled:
            wrong.append("not in order")
        if foreign:
            wrong.append(f"{len(foreign)} that nobody wrote: {foreign[0][:60]!r}")
        return "; ".join(wrong)
