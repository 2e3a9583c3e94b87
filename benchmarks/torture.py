"""Random schedules of what can happen to a log, against an oracle that knows every line.

    python -m benchmarks.torture --schedules 1000

A schedule appends lines (also half ones), rotates in both ways of logrotate,
truncates, replaces, renames, deletes and pauses, and lets the tail look in
between at random. The oracle counts

* lost: lines that were never handed on although the operations left them
  readable to whoever had looked as often as the tail did,
* doubled: lines handed on more than once,
* disordered: lines handed on before an earlier one,
* foreign: lines that nobody wrote.

Excused are only lines cut off, or deleted with a file that was never there at
a look, before they were handed on.
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import schedules
from lossmon.sources.descriptors import DescriptorPool
from lossmon.sources.files import FileTail


@dataclass
class Outcome(schedules.Outcome):
    """What became of the lines of one schedule."""

    delivered: int = 0
    excused: int = 0


@dataclass
class _Generation:
    """One file's worth of lines."""

    lines: list[bytes] = field(default_factory=list)
    opened: bool = False
    """The tail looked while it was at the path and not empty."""
    half: bytes = b""
    """The part of a last line that is written without its end."""


class _Reader:
    """Puts the tail's bytes together to lines, as a parser does."""

    def __init__(self, path: Path, random_: random.Random, descriptors: int) -> None:
        self.tail = FileTail(str(path), DescriptorPool(descriptors))
        self.lines: list[bytes] = []
        self._partial = b""
        self._random = random_

    def look(self, force: bool = False) -> None:
        """Read until the tail says that there is nothing more."""
        while force or self.tail.changed():
            read = self.tail.read(self._random.choice([7, 100, 4096, 1 << 18]))
            if read.cut:
                self._end_line()
            *whole, self._partial = (self._partial + read.data).split(b"\n")
            self.lines += whole
            if not read.more:
                return

    def _end_line(self) -> None:
        if self._partial:
            self.lines.append(self._partial)
            self._partial = b""

    def finish(self) -> None:
        """Read the rest; a last half line counts."""
        self.look(force=True)
        self._end_line()
        self.tail.close()


class Schedule:
    """A seeded sequence of operations on one log."""

    def __init__(
        self, seed: int, directory: Path, *, concurrent: bool = False, descriptors: int = 64
    ) -> None:
        self.random = random.Random(seed)
        self.path = directory / "train.log"
        self.reader = _Reader(self.path, random.Random(seed + 1), descriptors)
        self.generation: _Generation | None = None
        """What is at the path (None: nothing)."""
        self.writer: tuple[int, _Generation] | None = None
        """A descriptor kept open over a rotation, as a writer has that is not told yet."""
        self.order: list[bytes] = []
        self.excused: set[bytes] = set()
        self.log: list[str] = []
        self._concurrent = concurrent
        self._saved = 0

    # ---- the writer

    def _new_line(self) -> bytes:
        number = len(self.order)
        line = f"step {number} loss {self.random.random():.6f} ".encode()
        line += b"x" * self.random.choice([0, 0, 10, 200, 3000])
        self.order.append(line)
        return line

    def append(self) -> None:
        """Write some lines, the last one perhaps without its end."""
        if self.writer is not None:
            descriptor, generation = self.writer
        else:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            descriptor = os.open(self.path, flags)
            if self.generation is None:
                self.generation = _Generation()
            generation = self.generation
        for _ in range(self.random.choice([1, 1, 3, 40])):
            if generation.half:
                os.write(descriptor, generation.half + b"\n")
                generation.half = b""
                continue
            line = self._new_line()
            generation.lines.append(line)
            if self.random.random() < 0.1:
                cut = self.random.randrange(1, len(line))
                os.write(descriptor, line[:cut])
                generation.half = line[cut:]
                self.excused.add(line)  # until it is whole
                break
            os.write(descriptor, line + b"\n")
        else:
            generation.half = b""
        if not generation.half:
            self.excused.difference_update(generation.lines[-50:])
        if self.writer is None:
            os.close(descriptor)

    def _end_generation(self, *, readable: bool) -> None:
        """Nothing more is written to what is at the path; is it still to be had?"""
        generation = self.generation
        if generation is None:
            return
        if generation.half:
            self.excused.add(generation.lines[-1])
        if not readable:
            self.excused.update(generation.lines)

    def _shift(self) -> None:
        number = 1
        while Path(f"{self.path}.{number}").exists():
            number += 1
        for old in range(number, 1, -1):
            Path(f"{self.path}.{old - 1}").rename(f"{self.path}.{old}")

    # ---- operations

    def rotate(self) -> None:
        """Logrotate's `create`: the writer may go on with the old file for a while."""
        if self.generation is None:
            return
        self.reopen()
        if self.random.random() < 0.3:
            self.writer = (os.open(self.path, os.O_WRONLY | os.O_APPEND), self.generation)
        self._shift()
        self.path.rename(f"{self.path}.1")
        if self.writer is None:
            self._end_generation(readable=True)
        self.generation = None
        if self.random.random() < 0.7:
            self.path.touch()
            self.generation = _Generation()

    def reopen(self) -> None:
        """The writer is told that its file was rotated."""
        if self.writer is not None:
            descriptor, generation = self.writer
            os.close(descriptor)
            self.writer = None
            if generation.half:
                self.excused.add(generation.lines[-1])

    def copytruncate(self) -> None:
        """Logrotate's `copytruncate`."""
        if self.generation is None or self.writer is not None:
            return
        self._shift()
        shutil.copyfile(self.path, f"{self.path}.1")
        self._end_generation(readable=True)
        os.truncate(self.path, 0)
        self.generation = _Generation()

    def truncate(self) -> None:
        """What was not read is gone; perhaps new lines follow at once."""
        if self.generation is None or self.writer is not None:
            return
        self._end_generation(readable=False)
        os.truncate(self.path, 0)
        self.generation = _Generation()
        if self.random.random() < 0.7:
            for _ in range(self.random.choice([1, 5, 20])):
                self.append()

    def replace(self) -> None:
        """A new file takes the name in one step."""
        if self.generation is None or self.writer is not None:
            return
        self._end_generation(readable=self.generation.opened)
        fresh = _Generation()
        text = b""
        for _ in range(self.random.choice([0, 1, 30])):
            line = self._new_line()
            fresh.lines.append(line)
            text += line + b"\n"
        other = self.path.with_name("new")
        other.write_bytes(text)
        other.replace(self.path)
        self.generation = fresh

    def rename(self) -> None:
        """Moved away under a name that means nothing."""
        if self.generation is None or self.writer is not None:
            return
        self._end_generation(readable=self.generation.opened)
        self._saved += 1
        self.path.rename(self.path.with_name(f"saved-{self._saved}"))
        self.generation = None

    def delete(self) -> None:
        """Deleted: only who has it open can read the rest."""
        if self.generation is None or self.writer is not None:
            return
        self._end_generation(readable=self.generation.opened)
        self.path.unlink()
        self.generation = None

    def pause(self) -> None:
        """Nothing happens."""
        if self._concurrent:
            time.sleep(self.random.random() * 0.002)

    def look(self) -> None:
        """The tail looks (with `concurrent` it does so all the time, on its own thread)."""
        if self._concurrent:
            self.pause()
            return
        self.reader.look()
        if self.generation is not None and self.path.stat().st_size:
            self.generation.opened = True

    # ---- running

    def run(self, operations: int) -> Outcome:
        """Run the schedule and compare."""
        names = ["append"] * 8 + ["rotate", "copytruncate", "pause"] * 2
        # With a reader on another thread nobody knows what it had seen before a cut.
        names += ["reopen"] if self._concurrent else ["truncate", "replace", "rename", "delete"]
        often = self.random.choice([0.05, 0.3, 0.9])
        names += ["reopen"]
        stop = threading.Event()
        thread = threading.Thread(target=self._look_always, args=(stop,))
        self.reader.look()
        if self._concurrent:
            thread.start()
        for _ in range(operations):
            name = self.random.choice(names)
            self.log.append(name)
            getattr(self, name)()
            if self.random.random() < often:
                self.log.append("look")
                self.look()
        self.reopen()
        if self.generation is None or not self.path.stat().st_size:
            self.append()  # so that the tail leaves a file that was moved away
        if self._concurrent:
            stop.set()
            thread.join()
        self.reader.finish()
        return self._compare()

    def _look_always(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.reader.look()

    def _compare(self) -> Outcome:
        outcome = Outcome(written=len(self.order))
        number = {line: index for index, line in enumerate(self.order)}
        seen: set[bytes] = set()
        last = -1
        for line in self.reader.lines:
            if line not in number:
                # A line cut off in its middle is handed on as what is left of it.
                if not any(one.startswith(line) for one in self.excused):
                    outcome.foreign += 1
                continue
            if line in seen:
                outcome.doubled += 1
                continue
            seen.add(line)
            outcome.delivered += 1
            outcome.disordered += number[line] < last
            last = max(last, number[line])
        outcome.lost = sum(line not in seen and line not in self.excused for line in self.order)
        outcome.excused = sum(line not in seen and line in self.excused for line in self.order)
        return outcome


def run_schedule(
    seed: int, operations: int = 60, *, concurrent: bool = False, descriptors: int = 64
) -> Outcome:
    """Run one schedule in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="lossmon-torture-") as name:
        schedule = Schedule(seed, Path(name), concurrent=concurrent, descriptors=descriptors)
        return schedule.run(operations)


def main() -> int:
    """Print a table; exit 1 if a line was lost or doubled."""
    options = schedules.parser(__doc__).parse_args()
    failed = False
    header = f"{'':34}{'written':>9}{'handed on':>11}{'excused':>9}{'lost':>6}{'doubled':>9}"
    print(header + f"{'disordered':>12}{'foreign':>9}{'seconds':>9}")
    for title, concurrent, share in (
        ("in turns", False, 1.0),
        ("tail on its own thread", True, 0.2),
    ):
        total = Outcome()
        began = time.perf_counter()
        count = schedules.run_all(
            partial(run_schedule, operations=options.operations, concurrent=concurrent),
            schedules.seeds_of(options, share),
            total,
            jobs=options.jobs,
            seconds=options.seconds,
        )
        failed = failed or total.failed
        seconds = time.perf_counter() - began
        print(
            f"{count:6} schedules, {title:<17}{total.written:10}{total.delivered:11}"
            f"{total.excused:9}{total.lost:6}{total.doubled:9}{total.disordered:12}"
            f"{total.foreign:9}{seconds:9.1f}",
            flush=True,
        )
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
