"""Random schedules through the whole pipeline: real files, the watcher's thread, the parsers.

    python -m benchmarks.torture_monitor --schedules 1000

Where `benchmarks.torture` tortures the tail of one log with what cannot be
foreseen, here one monitor watches six loggers of different kinds at once while
each does what it does to its files, at random and without waiting: lines
appended in pieces and rotated both ways, cut, replaced, moved away and deleted
(once the monitor has them), a table whose header is rewritten, a document
written in place or replaced, a gzipped log that arrives in pieces, event files
with a second one after a resume, a database in both journal modes.

Every point ever written must be in the last snapshot once, and in order. A point counts as lost
once the monitor has asked everything twice in vain since it was written (`Monitor.rounds`): a clock
would call it lost where the computer is merely busy. What took over `LATE` seconds and came is
counted apart.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

from benchmarks.schedules import Outcome, parser, run_all, seeds_of
from lossmon.model import RunView
from lossmon.monitor import Monitor, Snapshot
from lossmon.settings import Settings
from tests.formats import encoding, stores

ROUNDS = 3
"""Rounds in which everything was asked in vain, until a point that did not come is lost: the first
may have begun before it was written."""

LATE = 15.0
"""Seconds after which a point that comes is late."""

HANGS = 900.0
"""Seconds in which no round ends, until the monitor counts as hung."""


class Logger(ABC):
    """A training's logger: writes points, and does to its files what such loggers do."""

    source: str
    """Of its run, as the monitor names it."""
    metric = "loss"

    def __init__(self, folder: Path, random_: random.Random) -> None:
        self.folder = folder
        self.random = random_
        self.steps: list[int] = []
        """Every step that the run must hold, in order."""
        self.done: list[str] = []
        """Its operations, by name: said where something went wrong."""
        self.caught_up: Callable[[], None] = lambda: None
        """Waits until the monitor has all of them: before what is not read would be lost."""
        folder.mkdir()

    def next(self) -> int:
        """Return the next step, which counts as written from now on."""
        self.steps.append(self.steps[-1] + 1 if self.steps else 0)
        return self.steps[-1]

    def loss(self, step: int) -> float:
        """Return a loss for a step; no two loggers have the same, or they would be folded."""
        return LOGGERS.index(type(self)) + 1 + step / 1000

    @property
    @abstractmethod
    def operations(self) -> list[Callable[[], None]]:
        """What may happen; the more often one is named, the more often it does."""

    def end(self) -> None:
        """Close what is open."""
        return


class Lines(Logger):
    """JSON lines, through what a disk's housekeeping does to them."""

    def __init__(self, folder: Path, random_: random.Random) -> None:
        super().__init__(folder, random_)
        self.path = folder / "metrics.jsonl"
        self.source = str(self.path)
        self._moved = 0
        self.append()

    def _line(self) -> bytes:
        step = self.next()
        pad = "x" * self.random.choice([0, 0, 20, 3000])
        return json.dumps({"step": step, "loss": self.loss(step), "note": pad}).encode() + b"\n"

    def _write(self, descriptor: int) -> None:
        for _ in range(self.random.choice([1, 1, 3, 40])):
            line = self._line()
            cut = self.random.randrange(1, len(line)) if self.random.random() < 0.3 else 0
            os.write(descriptor, line[:cut])
            os.write(descriptor, line[cut:])

    def append(self) -> None:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._write(descriptor)
        os.close(descriptor)

    def _shift(self) -> Path:
        number = 1
        while Path(f"{self.path}.{number}").exists():
            number += 1
        for old in range(number, 1, -1):
            Path(f"{self.path}.{old - 1}").rename(f"{self.path}.{old}")
        return Path(f"{self.path}.1")

    def rotate(self) -> None:
        """Logrotate's `create`; the writer may be told a little later."""
        writer = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        self.path.rename(self._shift())
        if self.random.random() < 0.4:
            self._write(writer)
        os.close(writer)
        if self.random.random() < 0.5:
            self.path.touch()
        self.append()

    def copytruncate(self) -> None:
        shutil.copyfile(self.path, self._shift())
        os.truncate(self.path, 0)
        self.append()

    def truncate(self) -> None:
        self.caught_up()
        os.truncate(self.path, 0)
        self.append()

    def replace(self) -> None:
        self.caught_up()
        other = self.path.with_name("new.tmp")
        other.write_bytes(self._line())
        other.replace(self.path)

    def move_away(self) -> None:
        self.caught_up()
        self._moved += 1
        self.path.rename(self.folder / f"kept-{self._moved}.bin")
        self.append()

    def delete(self) -> None:
        self.caught_up()
        self.path.unlink()
        self.append()

    @property
    def operations(self) -> list[Callable[[], None]]:
        rare = [self.truncate, self.replace, self.move_away, self.delete]
        return [self.append] * 10 + [self.rotate, self.copytruncate] * 2 + rare


class Table(Logger):
    """Lightning's CSVLogger: a new metric rewrites the file with another header."""

    def __init__(self, folder: Path, random_: random.Random) -> None:
        super().__init__(folder, random_)
        self.path = folder / "metrics.csv"
        self.source = str(self.path)
        self._columns = ["step", "loss"]
        self._rewrite()

    def _row(self, step: int) -> str:
        extra = ",".join(f"{step / 7:.5f}" for _ in self._columns[2:])
        return f"{step},{self.loss(step)}" + (f",{extra}" if extra else "") + "\n"

    def append(self) -> None:
        with self.path.open("a") as file:
            for _ in range(self.random.choice([1, 2, 30])):
                text = self._row(self.next())
                cut = self.random.randrange(len(text)) if self.random.random() < 0.3 else 0
                file.write(text[:cut])
                file.flush()
                file.write(text[cut:])

    def _rewrite(self) -> None:
        with self.path.open("w") as file:
            file.write(",".join(self._columns) + "\n")
            for step in self.steps:
                file.write(self._row(step))
                if self.random.random() < 0.02:
                    file.flush()

    def new_metric(self) -> None:
        self._columns.append(f"metric_{len(self._columns)}")
        self._rewrite()

    def begin_anew(self) -> None:
        """A new training writes over the old log: only its points count."""
        self.steps = [self.random.randrange(0, 5)]
        self._columns = ["step", "loss"]
        self._rewrite()

    @property
    def operations(self) -> list[Callable[[], None]]:
        return [self.append] * 8 + [self.new_metric, self.begin_anew]


class Document(Logger):
    """A `trainer_state.json`, written in place or replaced in one step."""

    def __init__(self, folder: Path, random_: random.Random) -> None:
        super().__init__(folder, random_)
        self.path = folder / "trainer_state.json"
        self.source = str(self.path)
        self.write()

    def _text(self) -> str:
        for _ in range(self.random.choice([1, 2, 20])):
            self.next()
        history = [{"step": step, "loss": self.loss(step)} for step in self.steps]
        return json.dumps({"global_step": self.steps[-1], "log_history": history}, indent=2)

    def write(self) -> None:
        text = self._text()
        with self.path.open("w") as file:
            middle = self.random.randrange(len(text))
            file.write(text[:middle])
            file.flush()
            if self.random.random() < 0.3:
                time.sleep(self.random.random() * 0.01)
            file.write(text[middle:])

    def replace(self) -> None:
        other = self.folder / "trainer_state.tmp"
        other.write_text(self._text())
        other.replace(self.path)

    @property
    def operations(self) -> list[Callable[[], None]]:
        return [self.write, self.replace]


class Zipped(Logger):
    """A finished log that arrives gzipped, in pieces, as a copy over a network does."""

    def __init__(self, folder: Path, random_: random.Random) -> None:
        super().__init__(folder, random_)
        self.path = folder / "old.jsonl.gz"
        self.source = str(self.path)
        lines = (json.dumps({"step": n, "loss": self.loss(n)}) + "\n" for n in range(2000))
        self._rest = gzip.compress("".join(lines).encode())
        self.arrive(1000)

    def arrive(self, least: int = 1) -> None:
        count = self.random.randrange(least, least + 500)
        with self.path.open("ab") as file:
            file.write(self._rest[:count])
        self._rest = self._rest[count:]

    def end(self) -> None:
        while self._rest:
            self.arrive(1000)
        self.steps = list(range(2000))

    @property
    def operations(self) -> list[Callable[[], None]]:
        return [self.arrive]


class Events(Logger):
    """TensorBoard's event files: one, and another one after each resume."""

    def __init__(self, folder: Path, random_: random.Random) -> None:
        super().__init__(folder, random_)
        self.source = str(folder)
        self._number = 0
        self._wall = 1.7e9
        self.resume()

    def _path(self) -> Path:
        return self.folder / f"events.out.tfevents.{1_700_000_000 + self._number}.host"

    def append(self) -> None:
        with self._path().open("ab") as file:
            for _ in range(self.random.choice([1, 3, 20])):
                step = self.next()
                self._wall += 1
                data = encoding.record(
                    encoding.event(step, encoding.simple("loss", self.loss(step)), wall=self._wall)
                )
                cut = self.random.randrange(len(data))
                file.write(data[:cut])
                file.flush()
                file.write(data[cut:])

    def resume(self) -> None:
        self._number += 1
        self._path().write_bytes(encoding.record(encoding.version_event(self._wall)))
        self.append()

    @property
    def operations(self) -> list[Callable[[], None]]:
        return [self.append] * 8 + [self.resume]


class Database(Logger):
    """MLflow's store, committed to in both journal modes."""

    def __init__(self, folder: Path, random_: random.Random) -> None:
        super().__init__(folder, random_)
        self.path = folder / "mlflow.db"
        self.source = str(self.path)
        self._connection: sqlite3.Connection = stores.mlflow(self.path)
        self._connection.execute(f"PRAGMA journal_mode = {random_.choice(['wal', 'delete'])}")
        self._connection.execute(
            "INSERT INTO runs VALUES ('r1', 'run', 'RUNNING', 1700000000000, NULL, 'active')"
        )
        self.commit()

    def commit(self) -> None:
        self._connection.execute("BEGIN")
        for _ in range(self.random.choice([1, 3, 50])):
            step = self.next()
            self._connection.execute(
                "INSERT INTO metrics VALUES ('loss', ?, ?, 'r1', ?, 0)",
                (self.loss(step), 1_700_000_000_000 + step * 1000, step),
            )
            if self.random.random() < 0.1:
                time.sleep(0.001)
        self._connection.execute("COMMIT")

    def end(self) -> None:
        self._connection.close()

    @property
    def operations(self) -> list[Callable[[], None]]:
        return [self.commit]


LOGGERS = (Lines, Table, Document, Zipped, Events, Database)


class Schedule:
    """One monitor over one logger of each kind, and a seeded sequence of what they do."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._random = random.Random(seed)
        self._loggers = [
            kind(folder / kind.__name__.lower(), random.Random(f"{seed} {kind.__name__}"))
            for kind in LOGGERS
        ]
        self._folder = folder
        self._snapshot = Snapshot()
        self._came = threading.Event()
        self._blamed: Logger | None = None
        """The first whose points did not come."""
        self._hung = False
        self._late = 0

    def _take(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._came.set()

    def _view(self, logger: Logger) -> RunView | None:
        # A run of several files is named by the first one that was found, or by its folder.
        runs = (run for run in self._snapshot.runs if run.source.startswith(logger.source))
        return next(runs, None)

    def _held(self, logger: Logger) -> list[int]:
        """Return the steps that the monitor holds, with those whose loss is not theirs as -1."""
        view = self._view(logger)
        if view is None:
            return []
        for series in view.series:
            if series.name == logger.metric:
                return [
                    int(step) if abs(value - logger.loss(int(step))) < 1e-4 else -1
                    for step, value in zip(series.steps, series.values, strict=True)
                ]
        return []

    def _wait_for(self, monitor: Monitor, logger: Logger) -> None:
        """Wait until the monitor has all points, or would have had them by now."""
        began = moved = time.monotonic()
        before = last = monitor.rounds
        while logger.steps and self._held(logger) != logger.steps:
            now, rounds = time.monotonic(), monitor.rounds
            if rounds != last or self._came.is_set():
                last, moved = rounds, now
            self._hung |= now - moved > HANGS
            if self._blamed or self._hung or rounds >= before + ROUNDS:
                self._blamed = self._blamed or logger  # what comes after it would fail as well
                return
            self._came.clear()
            self._came.wait(0.05)
        self._late += time.monotonic() - began > LATE

    def run(self, operations: int) -> Outcome:
        """Run the schedule; count what came of it."""
        # No series is judged: reading is tortured here, and judging took most of the time.
        settings = Settings(refresh_seconds=0.002, poll_seconds=0.05, train="(none)")
        with Monitor([str(self._folder)], settings) as monitor:
            monitor.start(self._take)
            for logger in self._loggers:
                logger.caught_up = partial(self._wait_for, monitor, logger)
                # What was rotated away before anyone looked is another run's.
                logger.caught_up()
            for _ in range(operations):
                if self._blamed is not None:
                    break
                logger = self._random.choice(self._loggers)
                operation = logger.random.choice(logger.operations)
                logger.done.append(operation.__name__)
                operation()
                if self._random.random() < 0.3:
                    time.sleep(self._random.random() * 0.01)
            for logger in self._loggers:
                logger.end()
            for logger in self._loggers:
                self._wait_for(monitor, logger)
            outcome = Outcome(hung=int(self._hung), late=self._late)
            # After a failure the others were not waited for.
            for logger in self._loggers if self._blamed is None else [self._blamed]:
                outcome.add(self._compare(logger))
        return outcome

    def _compare(self, logger: Logger) -> Outcome:
        held, wanted = self._held(logger), set(logger.steps)
        known = [step for step in held if step in wanted]
        found = Outcome(
            written=len(logger.steps),
            lost=len(wanted - set(held)),
            doubled=len(known) - len(set(known)),
            disordered=sum(later < earlier for earlier, later in pairwise(known)),
            foreign=len(held) - len(known),
        )
        if found.failed:
            view = self._view(logger)
            error = None if view is None else view.error
            missing = sorted(wanted - set(held))
            print(
                f"{type(logger).__name__}: {found}; error {error}; lost from {missing[:3]} "
                f"to {missing[-3:]} of {logger.steps[-1]}; held {len(held)}, last {held[-3:]}; "
                f"runs {[run.source for run in self._snapshot.runs]}; "
                f"last done {logger.done[-8:]}",
                file=sys.stderr,
                flush=True,
            )
        return found


def run_schedule(seed: int, operations: int = 60) -> Outcome:
    """Run one schedule in a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="lossmon-torture-") as name:
        return Schedule(seed, Path(name)).run(operations)


def main() -> int:
    """Print a line; exit 1 if a point was lost or doubled."""
    options = parser(__doc__).parse_args()
    total = Outcome()
    began = time.perf_counter()
    done = run_all(
        partial(run_schedule, operations=options.operations),
        seeds_of(options),
        total,
        jobs=options.jobs,
        seconds=options.seconds,
    )
    print(f"{done} schedules in {time.perf_counter() - began:.0f} s: {total}")
    return int(total.failed)


if __name__ == "__main__":
    raise SystemExit(main())
