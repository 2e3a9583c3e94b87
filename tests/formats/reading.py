"""Reading files with the formats that are registered, the way a monitor does it but without one.

`read_file` reads one file with the format that the registry recognises,
`read_tree` a whole directory with files grouped into runs. Both feed the
parsers in chunks. Used by the tests of this room and by the two tables
(`python -m tests.formats.native_table`, `python -m tests.formats.corpus_table`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from lossmon.formats import registry
from lossmon.formats.base import (
    HEAD_BYTES,
    Context,
    Format,
    Parser,
    Sniff,
    TableCursor,
    TableFormat,
)
from lossmon.model import Batch, Run, RunInfo, SeriesView, choose_judged, concatenate
from lossmon.model.roles import RoleMap

CHUNK = 65536
SQLITE_MAGIC = b"SQLite format 3\0"


@dataclass
class Reading:
    """What came out of one file or one run."""

    format: Format | None
    run: Run
    bad_records: int = 0
    sniff: Sniff | None = None
    claims: list[tuple[Sniff, Format]] = field(default_factory=list)
    parts: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[object]:
        return iter((self.format, self.run, self.bad_records))

    @property
    def format_name(self) -> str:
        return "-" if self.format is None else self.format.name

    def judged(self) -> tuple[SeriesView | None, SeriesView | None]:
        """Return the series judged as train and as eval loss."""
        sizes = {name: len(series) for name, series in self.run.series.items()}
        train, evaluation = choose_judged(sizes, RoleMap())
        return (
            None if train is None else self.run.view(train),
            None if evaluation is None else self.run.view(evaluation),
        )


def parse(fmt: Format, data: bytes, context: Context, chunk: int = CHUNK) -> tuple[Batch, Parser]:
    """Feed `data` in chunks to a fresh parser of `fmt`; return all rows and the parser."""
    parser: Parser = fmt.parser(context)  # type: ignore[attr-defined]
    pieces = range(0, len(data), chunk)
    batches = [parser.feed(data[start : start + chunk]) for start in pieces]
    batches.append(parser.finish())
    return concatenate(batches), parser


def read_file(path: Path | str, chunk: int = CHUNK) -> Reading:
    """Read one file with the format it is recognised as (no format: an empty run)."""
    path = Path(path)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(SQLITE_MAGIC):
        runs = read_database(path)
        return max(runs, key=lambda reading: len(reading.run), default=_nothing(path))
    claims = registry.recognise(head, path.name)
    if not claims:
        return _nothing(path)
    sniff, fmt = claims[0]
    part = fmt.group(PurePosixPath(path)).part
    batch, parser = parse(fmt, path.read_bytes(), Context(path.name, part), chunk)
    run = _run(fmt, str(path), [batch], parser.info)
    return Reading(fmt, run, parser.bad_records, sniff, claims, (part,))


def read_database(path: Path) -> list[Reading]:
    """Read every run of an SQLite database with the surest table format."""
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as connection:
        tables = frozenset(name for (name,) in connection.execute("select name from sqlite_master"))
        claims = [
            (sniff, fmt)
            for fmt in registry.formats()
            if isinstance(fmt, TableFormat) and (sniff := fmt.matches(tables)) is not None
        ]
        if not claims:
            return []
        sniff, fmt = max(claims, key=lambda claim: claim[0].confidence)
        assert isinstance(fmt, TableFormat)
        readings = []
        for table_run in fmt.runs(connection):
            cursor = TableCursor()
            known = fmt.unsupported is None  # recognised formats that are refused raise
            batches = list(fmt.read(connection, table_run.key, cursor)) if known else []
            run = _run(fmt, table_run.name, batches, cursor.info)
            readings.append(Reading(fmt, run, cursor.bad_records, sniff, list(claims)))
    connection.close()
    return readings


def read_tree(root: Path) -> list[Reading]:
    """Read all files below `root`, those of one run joined as their format says."""
    found: dict[str, tuple[Format, Sniff, list[Path]]] = {}
    readings: list[Reading] = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
        if head.startswith(SQLITE_MAGIC):
            readings.extend(read_database(path))
            continue
        claims = registry.recognise(head, path.name)
        if claims:
            sniff, fmt = claims[0]
            found.setdefault(fmt.name, (fmt, sniff, []))[2].append(path)
    for fmt, sniff, paths in found.values():
        groups: dict[PurePosixPath, list[tuple[Path, str]]] = {}
        pure = [PurePosixPath(path) for path in paths]
        for path, grouping in fmt.group_all(pure).items():
            groups.setdefault(grouping.run, []).append((Path(path), grouping.part))
        for name, members in groups.items():
            readings.append(_join(fmt, sniff, str(name), members))
    return readings


def _join(fmt: Format, sniff: Sniff, name: str, members: list[tuple[Path, str]]) -> Reading:
    batches: list[Batch] = []
    infos: list[RunInfo] = []
    bad = 0
    for path, part in members:
        batch, parser = parse(fmt, path.read_bytes(), Context(path.name, part))
        batches.append(batch)
        infos.append(parser.info)
        bad += parser.bad_records
    if fmt.combine == "longest":
        longest = max(range(len(batches)), key=lambda index: len(batches[index]))
        batches, infos = [batches[longest]], [infos[longest]]
    elif fmt.combine == "merge" and len(batches) > 1:
        batches = [sort_by_step(concatenate(batches))]
    run = _run(fmt, name, batches, infos[0])
    return Reading(fmt, run, bad, sniff, parts=tuple(part for _, part in members))


def sort_by_step(batch: Batch) -> Batch:
    """Return the rows in order of step, those of one step in order of arrival."""
    order = np.argsort(batch.steps, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    columns = []
    for column in batch.columns:
        rows = np.arange(len(batch)) if column.rows is None else column.rows
        moved = place[rows]
        inner = np.argsort(moved, kind="stable")
        columns.append(type(column)(column.name, column.values[inner], moved[inner]))
    return Batch(
        batch.steps[order],
        tuple(columns),
        None if batch.epochs is None else batch.epochs[order],
        None if batch.times is None else batch.times[order],
    )


def _run(fmt: Format, name: str, batches: Sequence[Batch], info: RunInfo) -> Run:
    run = Run(name, name, fmt.name)
    run.info = info
    for batch in batches:
        run.append(batch)
    return run


def _nothing(path: Path) -> Reading:
    return Reading(None, Run(path.name, str(path), "-"))


def equal_batches(one: Batch, other: Batch) -> bool:
    """Say whether two batches hold the same rows, bit by bit except for NaN payloads."""
    return rows_of(one) == rows_of(other)


def rows_of(batch: Batch) -> list[tuple[object, ...]]:
    """Return the rows as comparable tuples: step, epoch, time and sorted cells as text."""
    cells: list[list[tuple[str, str]]] = [[] for _ in range(len(batch))]
    for column in batch.columns:
        rows = range(len(batch)) if column.rows is None else column.rows.tolist()
        for row, value in zip(rows, column.values.tolist(), strict=True):
            cells[row].append((column.name, repr(value)))
    epochs = [float("nan")] * len(batch) if batch.epochs is None else batch.epochs.tolist()
    times = [float("nan")] * len(batch) if batch.times is None else batch.times.tolist()
    return [
        (repr(step), repr(epoch), repr(time), tuple(sorted(row)))
        for step, epoch, time, row in zip(batch.steps.tolist(), epochs, times, cells, strict=True)
    ]
