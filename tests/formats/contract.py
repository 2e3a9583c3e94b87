"""What every format must hold, whatever it reads; `test_contract` asks it of all of them.

Other packages that register a format can use these checks too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np

from lossmon.formats.base import Context, Format, Parser, TableFormat
from lossmon.formats.head import Head
from lossmon.formats.registry import formats
from lossmon.model import Batch, clean_name, concatenate

DATA = Path(__file__).resolve().parents[1] / "data"


def fed_formats() -> list[Format]:
    """Return the formats that are fed bytes (all but databases)."""
    return [fmt for fmt in formats() if not isinstance(fmt, TableFormat)]


def samples(fmt: Format) -> list[Path]:
    """Return a format's samples: the files of tests/data/<name>/ that hold points."""
    folder = DATA / fmt.name
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "README.md")


def extract(fmt: Format, path: Path, size: int) -> bytes:
    """Return some `size` bytes of a sample among which points are.

    Its beginning if points are there; else the first lines, which may name the columns or
    the trainer, and the lines before the first points; of a binary file as much as it takes.
    """
    data = path.read_bytes()
    context = context_of(fmt, path)
    end = size
    while end < len(data) and not len(read(fmt, context, [data[:end]])[0]):
        end += size // 2
    if end <= size or Head(data).binary:
        return data[:end]
    head = data[: data.find(b"\n", size // 4) + 1]
    start = max(len(head), data.find(b"\n", end - size + len(head)) + 1)
    found = head + data[start:end]
    return found if len(read(fmt, context, [found])[0]) else data[:end]


def context_of(fmt: Format, path: Path) -> Context:
    """Return the context that a monitor would give the parser of a file."""
    relative = PurePosixPath(path.relative_to(DATA / fmt.name))
    return Context(path.name, fmt.group(relative).part)


def new_parser(fmt: Format, context: Context) -> Parser:
    """Return a fresh parser of a stream or document format."""
    parser: Parser = fmt.parser(context)  # type: ignore[attr-defined]
    return parser


def read(fmt: Format, context: Context, pieces: list[bytes]) -> tuple[Batch, Parser]:
    """Feed `pieces`, check every batch, and return all rows with the parser."""
    parser = new_parser(fmt, context)
    batches = [parser.feed(piece) for piece in pieces]
    batches.append(parser.finish())
    for batch in batches:
        check_batch(batch)
    return concatenate(batches), parser


def check_batch(batch: Batch) -> None:
    """Assert that a batch is what `Batch` promises."""
    n = len(batch)
    assert batch.steps.shape == (n,)
    assert batch.steps.dtype == np.float64
    assert np.isfinite(batch.steps).all()
    for optional in (batch.epochs, batch.times):
        if optional is not None:
            assert optional.shape == (n,)
            assert optional.dtype == np.float64
    names = [column.name for column in batch.columns]
    assert len(set(names)) == len(names)
    for column in batch.columns:
        assert column.name == clean_name(column.name)
        assert column.values.dtype == np.float64
        if column.rows is None:
            assert column.values.shape == (n,)
        else:
            assert column.rows.dtype == np.int64
            assert column.rows.shape == column.values.shape
            assert (np.diff(column.rows) > 0).all()
            assert column.rows.size == 0 or (column.rows[0] >= 0 and column.rows[-1] < n)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes at the given places (any order, any value)."""
    places = sorted({place % (len(data) + 1) for place in cuts} | {0, len(data)})
    return [data[start:stop] for start, stop in pairwise(places)]


def mutations(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield damaged copies: truncated, bytes flipped, bytes dropped, lines doubled or swapped."""
    rng = random.Random(seed)
    for _ in range(count):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 5))):
            kind = rng.randrange(6)
            place = rng.randrange(len(damaged) + 1)
            if kind == 0:
                del damaged[place:]
            elif kind == 1:
                for _ in range(rng.choice((1, 3, 20))):
                    if damaged:
                        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            elif kind == 2:
                del damaged[place : place + rng.choice((1, 2, 10, 100))]
            elif kind == 3:
                end = damaged.find(b"\n", place) + 1 or len(damaged)
                damaged[place:place] = damaged[max(0, damaged.rfind(b"\n", 0, place) + 1) : end]
            elif kind == 4:
                damaged[place:place] = rng.choice(_NASTY)
            else:
                lines = bytes(damaged).split(b"\n")
                rng.shuffle(lines)
                damaged = bytearray(b"\n".join(lines))
        yield bytes(damaged)


_NASTY = (
    b"\0" * 40,
    b"\xff\xfe\xfd",
    b"\x1b[31m",
    b"\x1b]0;",
    b"9" * 400,
    b"1e999",
    b"-1e-999",
    b"nan",
    b"NaN",
    b"Infinity",
    b"\r",
    b"\x08\x08",
    b"{" * 200,
    b"[" * 3000,
    b'"',
    b"'",
    b"\\",
    b"loss: ",
    b"step 99999999999999999999999 ",
    b",,,,",
    "\u202e\u0661\u0662".encode(),
    b"\n\n\n",
)
