"""Dividing sources into shares by their names, so that no run is cut in two.

A directory is divided into those below it, unless it looks like one run: it
has a folder as loggers make them inside a run's (`checkpoint-500`, `tb`, `csv`,
`train` …), or event files. Its own files are a share of their own. Many
files in one directory are divided by what formats make of their heads, as on
one machine, since only that tells which belong together.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from lossmon.errors import SourceNotFound, UsageError
from lossmon.monitor.library import Library
from lossmon.monitor.naming import generic
from lossmon.settings import Settings
from lossmon.sources.address import parse
from lossmon.sources.discovery import expanded
from lossmon.sources.remote import list_remote
from lossmon.sources.search import MAX_DEPTH, listing

FLAT: Final = 64
"""Log files directly in one directory above which it is divided by what they are."""

HEADS: Final = 2048
"""Files whose heads are looked at together: two of one run are hardly further apart by name."""

_EVENTS: Final = "tfevents"
_INSIDE: Final = frozenset(
    ["catboost_info", "checkpoints", "csv", "dvclive", "eval", "events", "metrics", "plots", "tb",
     "tensorboard", "test", "train", "val", "valid", "validation"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker reads at a time."""

    sources: tuple[str, ...]
    """Absolute paths, or URLs."""
    searched: bool = True
    """Found by a search: what is no log is passed over. A file that was named is not."""

    @property
    def label(self) -> str:
        """What to call it in a message."""
        more = f" and {len(self.sources) - 1} more" if len(self.sources) > 1 else ""
        return f"{self.sources[0]}{more}"


@dataclass(frozen=True, slots=True)
class Spread:
    """All shares, and the path below which runs are named."""

    shares: tuple[Share, ...]
    root: str


def spread(sources: Sequence[str], settings: Settings) -> Spread:
    """Return the shares of sources.

    UsageError for a source that only this machine sees (standard input, ssh),
    SourceNotFound for one that is not there.
    """
    shares: list[Share] = []
    named: list[str] = []
    roots: list[str] = []
    for source in sources:
        address = parse(source)
        if address.kind == "url":
            urls = list_remote(address)
            roots.append(_fixed(source))
            shares += (Share((url,), searched=url != source) for url in urls)
        elif address.kind in ("path", "glob"):
            found = [os.path.abspath(path) for path in expanded(source)]  # noqa: PTH100
            roots.append(os.path.commonpath(found) if found else os.getcwd())  # noqa: PTH109
            directories = [path for path in found if os.path.isdir(path)]  # noqa: PTH112
            named += sorted(set(found) - set(directories))
            seen: set[tuple[int, int]] = set()
            for directory in directories:
                shares += _below(directory, settings, seen)
        else:
            raise UsageError(f"{source}: the workers of a cluster cannot read this; name a path")
    shares += _of_files(named)
    if not shares:
        raise SourceNotFound(f"{', '.join(sources)}: no file there may be a training log")
    return Spread(tuple(dict.fromkeys(shares)), _common(roots))


def _fixed(url: str) -> str:
    """Return the part of a URL before its wildcards, up to a slash."""
    fixed = url
    for magic in "*?[":
        fixed = fixed.partition(magic)[0]
    return fixed.rpartition("/")[0]


def _common(roots: Sequence[str]) -> str:
    if len(set(roots)) == 1:
        return roots[0] if "://" in roots[0] or os.path.isdir(roots[0]) else _parent(roots[0])  # noqa: PTH112
    if any("://" in root for root in roots):
        return ""  # nothing in common: whole paths are the names
    return os.path.commonpath(roots)


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _of_files(paths: Iterable[str]) -> Iterator[Share]:
    """Yield files that were named, those of one neighbourhood together."""
    places: dict[str, list[str]] = {}
    for path in paths:
        above = PurePosixPath(path).parent
        while generic(above.name) and above.parent != above:
            above = above.parent
        places.setdefault(str(above), []).append(path)
    for place, found in places.items():
        if len(found) > FLAT and all(_parent(path) == place for path in found):
            yield from (Share((path,), searched=False) for path in found)
        else:
            yield Share(tuple(found), searched=False)


def _below(
    directory: str, settings: Settings, seen: set[tuple[int, int]], depth: int = 0
) -> Iterator[Share]:
    try:
        status = os.stat(directory)  # noqa: PTH116
    except OSError:
        return
    identity = (status.st_dev, status.st_ino)
    if identity in seen or depth > MAX_DEPTH:  # a link that leads back up
        return
    seen.add(identity)
    files, directories = listing(directory)
    paths = [f"{directory}/{name}" for name in files]
    whole = any(_inside(name) for name in directories) or any(_EVENTS in name for name in files)
    if whole and directories:
        yield Share((directory,))
        return
    if len(files) > FLAT:
        yield from _flat(paths, settings)
    elif paths:
        yield Share(tuple(paths))
    for name in directories:
        yield from _below(f"{directory}/{name}", settings, seen, depth + 1)


def _inside(name: str) -> bool:
    return name.lower() in _INSIDE or name.startswith("checkpoint-")


def _flat(paths: Sequence[str], settings: Settings) -> Iterator[Share]:
    for start in range(0, len(paths), HEADS):
        library = Library(paths[start : start + HEADS], settings, searched=True)
        try:
            findings = library.explain()
        except SourceNotFound:
            continue
        finally:
            library.close()
        runs: dict[str, list[str]] = {}
        for finding in findings:
            if finding.format is not None:
                runs.setdefault(finding.run, []).append(finding.source)
        yield from (Share(tuple(sorted(found))) for _, found in sorted(runs.items()))
