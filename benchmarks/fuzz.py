"""Damaged logs over all parsers: none may raise, take over a second, or eat the memory.

    nice -n 10 python -m benchmarks.fuzz --inputs 1000000

An input is a piece of a sample of `tests/data`, damaged in a few places:
cut, flipped, doubled, shuffled, spliced with a sample of another format, with
numbers, brackets and escape sequences that are known to hurt. Binary formats
are damaged inside their records too, under checksums that fit, since damage
that a checksum catches never reaches a parser. Databases get damaged pages,
and sound pages with hostile cells.

Each input is fed in chunks to its format's parser (now and then to another
format's), and the batches are checked. It depends on the seed and its number
alone: `--only N` runs one again.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from lossmon.formats.base import Context, Format, TableCursor, TableFormat
from lossmon.formats.registry import formats, recognise
from lossmon.sources.database import UNREADABLE, open_readonly, tables
from tests.formats import contract, encoding, stores

SLOW = 1.0
"""CPU seconds that no input may take; the machine may be busy, so that it is not wall time."""

HANGS = 20.0
"""CPU seconds after which an input is given up, so that the others are run."""

MAX_MEMORY = 300
"""MiB of resident memory at the peak, interpreter and numpy included."""

_SIZES = (200, 400, 400, 800, 800, 1500, 4000, 16_000)
"""Bytes of a piece: small ones are many, since damage meets state within a few records."""

_NASTY: Sequence[bytes] = (
    b"\0", b"\0" * 40, b"\xff\xfe\xfd", b"\xc3", b"\x1b[31m", b"\x1b]0;t\x07",
    b"\x1b]52;c;AAAA\x07",
    b"9" * 400, b"1e999", b"-1e-999", b"1" + b"0" * 30, b"nan", b"NaN", b"-inf", b"Infinity",
    b"0x1p3", b"1_000", b"\r", b"\x08\x08", b"\n", b"\r\n", b"\n\n\n", b"{" * 200, b"[" * 3000,
    b'{"a":' * 500, b'"', b"'", b"\\", b"\\u0000", b"loss: ", b"loss=", b"step ", b" | ", b"% ",
    b"step 99999999999999999999999 ", b",,,,", b"\t", b":", b"=", b"{", b"}", b"[", b"]", b"(",
    b"\xe2\x80\xae", "\u0661\u0662".encode(), b"\xef\xbb\xbf", b"epoch 1e308", b"[red]", b"-", b".",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\xff\xff\xff\xff\xff\xff\xff\x0f", b"a" * 5000,
    b" " * 5000, b"1 " * 2000, b"1," * 2000, b"a=" * 2000, b"1:1:1:" * 300, b"0.1.2.3e4e5",
)  # fmt: skip

_CELLS: Sequence[object] = (
    None, "", "nan", "1e999", "{" * 5000, "x" * 10_000, "1e-999",
    '{"loss": 1e999}', '{"loss": [1, {"a": 2}]}',
    b"\xff\xfe", -(1 << 63), (1 << 63) - 1, 1e308, float("inf"), "\x1b[31m[red]\u202e",
    '{"loss": "NaN", "step": null}', "[" * 2000, "2024-13-45T99:99:99", '{"\ud800": 1}', 0, "1",
)  # fmt: skip


@dataclass
class Result:
    """What a number of inputs did."""

    inputs: int = 0
    rows: int = 0
    slowest: float = 0.0
    slowest_input: str = ""
    failures: list[str] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Sum up."""
        self.inputs += other.inputs
        self.rows += other.rows
        if other.slowest > self.slowest:
            self.slowest, self.slowest_input = other.slowest, other.slowest_input
        self.failures += other.failures


class _TooSlow(BaseException):
    """Not an `Exception`, so that no parser takes it for a bad record."""


def _give_up(number: int, frame: FrameType | None) -> None:
    raise _TooSlow


class Fuzzer:
    """Makes and runs inputs; the same for the same seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self._folder = folder
        self._tables = [fmt for fmt in formats() if isinstance(fmt, TableFormat)]
        self._fed = contract.fed_formats()
        self._samples: list[tuple[Format, Path, bytes]] = [
            (fmt, path, path.read_bytes()) for fmt in self._fed for path in contract.samples(fmt)
        ]
        # Each format the same share, however many samples it has.
        self._by_format = {
            fmt.name: [sample for sample in self._samples if sample[0] is fmt] for fmt in self._fed
        }
        self._names = [name for name, samples in self._by_format.items() if samples]
        self._databases = [
            path.read_bytes()
            for fmt in self._tables
            for path in contract.samples(fmt)
            if path.read_bytes().startswith(b"SQLite")
        ]

    def run(self, number: int) -> Result:
        """Run input `number`; what it raises is a failure, not raised on."""
        rng = random.Random(self.seed << 40 | number)
        kind = rng.random()
        began = time.process_time()
        if kind < 0.004:
            name, work = self._database(rng)
        elif kind < 0.02:
            name, work = self._event_file(rng)
        elif kind < 0.035:
            name, work = self._wandb_file(rng)
        else:
            name, work = self._sample(rng)
        result = Result(1)
        label = f"{number} ({name})"
        signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
        try:
            began = time.process_time()
            result.rows = work()
        except _TooSlow:
            result.failures.append(f"{label}: given up after {HANGS} s of CPU")
        except Exception as error:  # noqa: BLE001 - whatever leaves a parser is what is looked for
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}:{last.lineno}"
            result.failures.append(f"{label}: {type(error).__name__}: {error!s:.200} at {place}")
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        result.slowest = time.process_time() - began
        result.slowest_input = label
        if SLOW < result.slowest < HANGS:
            result.failures.append(f"{label}: {result.slowest:.2f} s of CPU")
        return result

    # ---- inputs

    def _sample(self, rng: random.Random) -> tuple[str, Callable[[], int]]:
        fmt, path, data = rng.choice(self._by_format[rng.choice(self._names)])
        damaged = self._damage(rng, _piece(rng, data))
        context = contract.context_of(fmt, path)
        reader = rng.choice(self._fed) if rng.random() < 0.05 else fmt
        if rng.random() < 0.02:
            return f"recognise {path.name}", lambda: _recognised(damaged, path.name)
        return reader.name, lambda: _feed(reader, context, _chunks(rng, damaged))

    def _event_file(self, rng: random.Random) -> tuple[str, Callable[[], int]]:
        values = [
            encoding.simple(rng.choice(("loss", "val/loss", "\x1b[2J", "")), rng.random()),
            encoding.tensor("loss", rng.randbytes(rng.randrange(12)), rng.choice(("", "scalars"))),
            encoding.tensor("text", encoding.field(8, b"words"), "text"),
        ]
        records = [encoding.version_event()]
        for _ in range(rng.randrange(1, 6)):
            step = rng.choice((0, 1, 5, (1 << 63) - 1, -1, rng.getrandbits(64)))
            records.append(encoding.event(step, *rng.sample(values, rng.randrange(1, 4))))
        records = [_flip(rng, record) if rng.random() < 0.5 else record for record in records]
        data = b"".join(map(encoding.record, records))
        if rng.random() < 0.2:
            length = rng.choice((1 << 60, 1 << 31, 1 << 24, 0)).to_bytes(8, "little")
            crc = encoding.masked(encoding.crc32c(length)).to_bytes(4, "little")
            data += length + crc + rng.randbytes(50)
        fmt = next(fmt for fmt in self._fed if fmt.name == "tensorboard")
        return fmt.name, lambda: _feed(fmt, Context("events.out.tfevents.1.h"), _chunks(rng, data))

    def _wandb_file(self, rng: random.Random) -> tuple[str, Callable[[], int]]:
        texts = ("0.5", "NaN", '"Infinity"', "{", "[" * 900, "1e999", '{"a": {"b": 1}}', "null", "")
        records = []
        for step in range(rng.randrange(1, 6)):
            keys = rng.sample(("loss", "_step", "_timestamp", "_runtime", "val.loss", "\x1b]"), 3)
            record = encoding.history(step, {key: rng.choice(texts) for key in keys})
            records.append(_flip(rng, record) if rng.random() < 0.5 else record)
        data = encoding.wandb_file(records)
        fmt = next(fmt for fmt in self._fed if fmt.name == "wandb")
        return fmt.name, lambda: _feed(fmt, Context("run-1.wandb"), _chunks(rng, data))

    def _database(self, rng: random.Random) -> tuple[str, Callable[[], int]]:
        path = self._folder / "fuzz.db"
        for stale in self._folder.glob("fuzz.db*"):
            stale.unlink()
        if rng.random() < 0.5:
            data = bytearray(rng.choice(self._databases))
            for _ in range(rng.choice((1, 5, 50))):
                data[rng.randrange(100, len(data))] = rng.randrange(256)
            if rng.random() < 0.3:
                del data[rng.randrange(len(data)) :]
            path.write_bytes(data)
        else:
            store = rng.choice((stores.mlflow, stores.trackio))
            _fill(rng, store(path))
        return "database", lambda: self._read_database(path)

    def _read_database(self, path: Path) -> int:
        rows = 0
        try:
            connection = open_readonly(path)
            try:
                found = tables(connection)
                for fmt in self._tables:
                    if fmt.matches(found) is None:
                        continue
                    for run in fmt.runs(connection)[:20]:
                        rows += len(stores.read(fmt, connection, run.key, TableCursor()))
            finally:
                connection.close()
        except UNREADABLE:
            return rows  # what the monitor shows in the run's row
        return rows

    def _damage(self, rng: random.Random, piece: bytes) -> bytes:
        data = bytearray(piece)
        for _ in range(rng.choice((1, 1, 2, 3, 6))):
            kind = rng.randrange(10)
            place = rng.randrange(len(data) + 1)
            if kind == 0:
                del data[place:]
            elif kind == 1:
                data[:] = _flip(rng, bytes(data))
            elif kind == 2:
                del data[place : place + rng.choice((1, 2, 10, 100))]
            elif kind == 3:
                end = data.find(b"\n", place) + 1 or len(data)
                start = max(0, data.rfind(b"\n", 0, place) + 1)
                data[place:place] = data[start:end] * rng.choice((1, 1, 2, 5))
            elif kind in (4, 5):
                data[place:place] = rng.choice(_NASTY)
            elif kind == 6:
                lines = bytes(data).split(b"\n")
                rng.shuffle(lines)
                data = bytearray(b"\n".join(lines))
            elif kind == 7:
                # A number becomes another one: the damage that still looks like a log.
                digits = [
                    at
                    for at in range(place, min(place + 60, len(data)))
                    if data[at] in b"0123456789"
                ]
                for at in digits[: rng.choice((1, 3, 12))]:
                    data[at] = rng.choice(b"0123456789.-e")
            elif kind == 8:
                # Pumped: what an expression that can match it in many ways is slow at.
                data[place:place] = data[place : place + rng.choice((1, 1, 2, 5))] * rng.choice(
                    (40, 100, 350, 3000)
                )
            else:
                other = rng.choice(self._samples)[2]
                data[place:place] = _piece(rng, other)[: rng.choice((20, 200))]
        return bytes(data)


def _piece(rng: random.Random, data: bytes) -> bytes:
    size = rng.choice(_SIZES)
    if rng.random() < 0.7 or len(data) <= size:
        return data[:size]
    start = rng.randrange(len(data) - size)
    return data[:60] + data[start : start + size]  # with its signature or header


def _flip(rng: random.Random, data: bytes) -> bytes:
    flipped = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 20))):
        if flipped:
            flipped[rng.randrange(len(flipped))] = rng.randrange(256)
    return bytes(flipped)


def _chunks(rng: random.Random, data: bytes) -> list[bytes]:
    return contract.cut(data, [rng.randrange(1 << 16) for _ in range(rng.choice((0, 1, 1, 4)))])


def _feed(fmt: Format, context: Context, chunks: list[bytes]) -> int:
    batch, parser = contract.read(fmt, context, chunks)
    if parser.bad_records < 0:
        raise AssertionError("a negative count of bad records")
    return len(batch)


def _recognised(data: bytes, name: str) -> int:
    recognise(data, name)
    return 0


def _fill(rng: random.Random, connection: sqlite3.Connection) -> None:
    """Put hostile cells into every table of a store."""
    names = [
        row[0] for row in connection.execute("select name from sqlite_master where type='table'")
    ]
    for table in names:
        if table.startswith("sqlite_"):
            continue
        columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
        for _ in range(rng.randrange(1, 5)):
            cells = [rng.choice((*_CELLS, "a", "a", "a", "loss", 1, 2.5)) for _ in columns]
            marks = ", ".join("?" * len(columns))
            try:
                connection.execute(f"insert or ignore into {table} values ({marks})", cells)
            except (sqlite3.Error, UnicodeEncodeError):
                continue  # a cell that this table cannot hold
    connection.close()


_PROGRESS = 50_000


def run(inputs: Sequence[int], seed: int = 0, seconds: float | None = None) -> Result:
    """Run inputs by their numbers, at most for `seconds`; main thread only (a timer's signal)."""
    total = Result()
    end = None if seconds is None else time.monotonic() + seconds
    before = signal.signal(signal.SIGVTALRM, _give_up)
    try:
        with tempfile.TemporaryDirectory(prefix="lossmon-fuzz-") as name:
            fuzzer = Fuzzer(seed, Path(name))
            for number in inputs:
                found = fuzzer.run(number)
                total.add(found)
                # Said at once: a run that is stopped has not been for nothing.
                for failure in found.failures:
                    print(failure, file=sys.stderr, flush=True)
                if total.inputs % _PROGRESS == 0:
                    print(f"{total.inputs:,} inputs, {len(total.failures)} failures", flush=True)
                if end is not None and time.monotonic() > end:
                    break
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return total


def _distinct(failures: Sequence[str]) -> list[str]:
    """Return one failure of each sort, with how often it was met."""
    sorts: dict[str, list[str]] = {}
    for failure in failures:
        sort = re.sub(r"0x[0-9a-f]+|[0-9]+(?!$)", "", failure)
        sorts.setdefault(sort, []).append(failure)
    return [f"{len(same)} × {same[0]}" for same in sorts.values()]


def main() -> int:
    """Print what was found; exit 1 if an input raised, was slow, or memory grew too far."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--only", type=int, help="run this input alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, help="stop after so long")
    options = parser.parse_args()
    first, stop = options.first, options.first + options.inputs
    if options.only is not None:
        first, stop = options.only, options.only + 1
    began = time.perf_counter()
    result = run(range(first, stop), options.seed, options.seconds)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for failure in _distinct(result.failures)[:50]:
        print(failure, file=sys.stderr)
    print(f"inputs {result.inputs:,} (seed {options.seed}, from {first})")
    print(f"rows read {result.rows:,}")
    print(f"failures {len(result.failures)}")
    print(f"slowest {result.slowest:.2f} s of CPU: input {result.slowest_input} (limit {SLOW} s)")
    print(f"memory {memory:.0f} MiB (limit {MAX_MEMORY})")
    print(f"seconds {time.perf_counter() - began:.0f}")
    return int(bool(result.failures) or memory > MAX_MEMORY)


if __name__ == "__main__":
    raise SystemExit(main())
