"""How long it takes to say what a file is: `python -m benchmarks.sniffing [--by-format] [DIR…]`.

Each file's head (64 KiB at most) is read once and recognised three times; the
least CPU time counts, since that is the machine's doing and not its other
users'. Beside it stands, for the same file in the same run, what reading the
head and one pass of a regular expression over it take. Without a folder: the
project's own samples, the files that are no logs, and what lies beside the
project (`../shared/native`, `../shared/corpus`), if anything does.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lossmon.formats import registry
from lossmon.formats.base import HEAD_BYTES
from lossmon.formats.head import Head
from lossmon.formats.registry import recognise
from lossmon.record import record

LIMIT_MS = 5.0
"""CPU milliseconds that no file may take."""

_ROOT = Path(__file__).resolve().parents[1]
_FOLDERS = (
    _ROOT / "tests" / "data",
    _ROOT.parent / "shared" / "native",
    _ROOT.parent / "shared" / "corpus" / "files",
)
_SQLITE = b"SQLite format 3\0"
_PASS = re.compile(rb"(?i)\b(?:loss|epoch|step)\b[ :=]+(\S+)")


@record
class Timing:
    """One file: what it was taken for, and how many milliseconds each part took."""

    path: Path
    format: str
    sniff: float
    reference: float


def _least(work: Callable[[], object], turns: int = 3) -> float:
    best = float("inf")
    for _ in range(turns):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return 1e3 * best


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def files(folders: list[Path]) -> Iterator[Path]:
    """Yield the files to recognise: all that hold bytes and are no database."""
    found = [path for folder in folders for path in sorted(folder.rglob("*"))]
    if not folders:
        from tests.formats.test_not_logs import FILES

        found = [path for folder in _FOLDERS for path in sorted(folder.rglob("*"))] + FILES
    for path in found:
        if (
            path.is_file()
            and path.stat().st_size
            and not _head(path).startswith(b"SQLite format 3\0")
        ):
            yield path


def timing(path: Path) -> Timing:
    """Recognise one file."""
    head = _head(path)
    claims = recognise(head, path.name)
    return Timing(
        path,
        claims[0][1].name if claims else "-",
        _least(lambda: recognise(head, path.name)),
        _least(lambda: _PASS.findall(_head(path))),
    )


def by_format(path: Path) -> str:
    """Return the formats that take longest on a file, with their milliseconds."""
    spent: dict[str, float] = defaultdict(lambda: float("inf"))
    for _ in range(3):
        head = Head(_head(path))
        start = time.process_time()
        _ = head.text
        spent["the text"] = min(spent["the text"], time.process_time() - start)
        for fmt in registry.formats():
            start = time.process_time()
            fmt.sniff(head, path.name)
            spent[fmt.name] = min(spent[fmt.name], time.process_time() - start)
    longest = sorted(spent, key=lambda name: -spent[name])[:6]
    return ", ".join(f"{name} {1e3 * spent[name]:.2f}" for name in longest)


def main() -> int:
    """Print median, 99th percentile and maximum, and the slowest files; 1 if one is too slow."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--by-format", action="store_true", help="what takes long in the slowest")
    parser.add_argument("--slowest", type=int, default=8, help="files listed")
    options = parser.parse_args()
    registry.formats()  # imports are not what is measured
    timings = [timing(path) for path in files(options.folders)]
    sniffs = np.array([one.sniff for one in timings])
    references = np.array([one.reference for one in timings])
    for what, numbers in (("sniffing", sniffs), ("reading + one regex pass", references)):
        median, high = np.percentile(numbers, [50, 99])
        print(f"{what}: median {median:.2f}, p99 {high:.2f}, max {numbers.max():.2f} ms of CPU")
    late = int((sniffs >= LIMIT_MS).sum())
    print(f"files {len(timings)}; {late} took {LIMIT_MS:g} ms or more")
    print(f"sniffing / reference, of the sums: {sniffs.sum() / references.sum():.2f}")
    for one in sorted(timings, key=lambda one: -one.sniff)[: options.slowest]:
        print(f"{one.sniff:7.2f} ms  ({one.reference:.2f})  {one.format}  {one.path}")
        if options.by_format:
            print("           ", by_format(one.path))
    return int(late > 0)


if __name__ == "__main__":
    raise SystemExit(main())
