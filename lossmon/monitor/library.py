"""`Library`: which runs there are, from what the user named; grows while it is watched.

Files are claimed by formats one by one, newest first, and grouped into runs
by their paths. Grouping is declared, not remembered: after each batch of
files the runs that should be are compared with those that are, so that a
folder that fills up in any order ends up the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from lossmon.errors import SourceNotFound
from lossmon.formats.base import Context, DocumentFormat, Format, TableFormat
from lossmon.model import RunView
from lossmon.monitor.feeds import Feed, feed_of
from lossmon.monitor.files import KnownFiles
from lossmon.monitor.findings import Finding, findings
from lossmon.monitor.held import HeldTail
from lossmon.monitor.naming import run_names
from lossmon.monitor.streams import Streams
from lossmon.monitor.tables import Tables
from lossmon.monitor.tracked import FeedFactory, TrackedRun
from lossmon.monitor.waiting import waiting_rows
from lossmon.record import record
from lossmon.settings import Settings
from lossmon.sources.discovery import Finder
from lossmon.sources.opening import is_far, is_stream, open_file

BATCH: Final = 32
"""Files claimed before their runs are made: small enough for a first picture at once."""

PIECE: Final = 8
"""Files claimed before others get their turn: a claim takes about a millisecond."""

BATCH_SHARE: Final = 8
"""Where n files are known, n/8 are claimed at once: grouping and naming are over all of them, and
would else take a time that grows with the square of the files."""

MAX_RUNS: Final = 5000
"""Runs watched at once; further ones are named in a notice, not read."""


@record(frozen=False)
class _Far:
    """A log on another host or in a store that a format has claimed."""

    name: str
    """In the words of the user."""
    format: Format
    tail: HeldTail | None
    """With the bytes that were read ahead; None once a feed has it."""


class Library:
    """The runs below the sources that the user named."""

    def __init__(
        self,
        sources: Sequence[str],
        settings: Settings,
        *,
        wait: bool = False,
        on_wake: Callable[[], None] | None = None,
        searched: bool = False,
        names: Callable[[Sequence[str]], list[str]] = run_names,
    ) -> None:
        """With `wait`, what does not exist yet is waited for; without, it is an error.

        `on_wake` is called from other threads when a stream has brought something.
        `searched`: the sources were found by a search, not named by a person, and need not be
        logs. `names` gives runs their names from their paths.
        """
        self.settings = settings
        self._names = names
        self._notices: tuple[str, ...] = ()
        self.runs: dict[str, TrackedRun] = {}
        self._files = KnownFiles(settings, searched=searched)
        self._far: dict[PurePosixPath, _Far] = {}
        self._pipes: set[str] = set()
        """Runs that are read from a pipe: each is one by itself."""
        self._tables = Tables(self._notice)
        self._wait = wait
        self._locals = [source for source in sources if not is_stream(source)]
        self._finder = Finder(self._locals, wait=wait)
        self._streams = Streams(
            [source for source in sources if is_stream(source)],
            settings,
            follow=wait,
            on_wake=on_wake,
            searched=searched,
        )

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of the search."""
        return (*self._finder.notices, *self._streams.notices, *self._notices)

    @property
    def searched(self) -> frozenset[str]:
        """Runs that were found in directories, not named by the user one by one."""
        named = {file.path for file in self._files if file.explicit}
        return frozenset(
            run_id
            for run_id, run in self.runs.items()
            if not run.streaming and (not named or named.isdisjoint(run.watched))
        )

    @property
    def directories(self) -> tuple[str, ...]:
        """Directories whose changes may mean a new run or new bytes."""
        return self._finder.directories

    # ---- finding

    def scan(self) -> Iterator[bool]:
        """Search in pieces: yields between them, True if runs were added or changed."""
        formats: dict[str, Format] = {}
        waiting = 0
        for candidate in self._finder.find():
            formats.update(self._files.add(candidate))
            waiting += 1
            if waiting >= max(BATCH, len(self._files) // BATCH_SHARE):
                yield self._make_runs(formats)
                formats, waiting = {}, 0
            elif waiting % PIECE == 0:
                yield False
        changed = self._make_runs(formats)
        changed |= self.poll_streams()
        yield changed

    def _make_runs(self, formats: Mapping[str, Format]) -> bool:
        """Make the runs of these formats anew from their files; True if some are others now."""
        changed = False
        for fmt in formats.values():
            changed |= self._table_runs(fmt) if isinstance(fmt, TableFormat) else self._group(fmt)
        if changed:
            self._name_runs()
        return changed

    def rescan_tables(self) -> bool:
        """Look for runs that were added to databases that are known."""
        changed = False
        for fmt in self._files.formats():
            if isinstance(fmt, TableFormat):
                changed |= self._table_runs(fmt)
        if changed:
            self._name_runs()
        return changed

    def _paths_of(self, fmt: Format) -> list[PurePosixPath]:
        near = [file.pure for file in self._files.of(fmt)]
        return near + [path for path, far in self._far.items() if far.format.name == fmt.name]

    def _group(self, fmt: Format) -> bool:
        """Make the runs of one format be those that its grouping of all its files says."""
        wanted: dict[str, dict[str, PurePosixPath]] = {}
        for path, grouping in fmt.group_all(self._paths_of(fmt)).items():
            parts = wanted.setdefault(self._text_of(grouping.run, path), {})
            parts[grouping.part or path.name] = path
        changed = False
        prefix = f"{fmt.name}:"
        for run_id in [key for key in self.runs if key.startswith(prefix)]:
            run = self.runs[run_id]
            if run_id in self._pipes:
                continue
            if set(run.parts) - set(wanted.get(run_id.removeprefix(prefix), {})):
                run.close()
                del self.runs[run_id]
                changed = True
        for run_path, parts in wanted.items():
            changed |= self._want(fmt, run_path, parts)
        return changed

    def _text_of(self, run: PurePosixPath, path: PurePosixPath) -> str:
        """Return where a run lies in the words of the user, which are no path if it is far away."""
        far = self._far.get(path)
        if far is None:
            return str(run)
        if run == path:
            return far.name
        inner = path.relative_to(run).as_posix()
        return far.name.removesuffix(inner).removesuffix("/")

    def _want(self, fmt: Format, run_path: str, parts: dict[str, PurePosixPath]) -> bool:
        run_id = f"{fmt.name}:{run_path}"
        run = self.runs.get(run_id)
        if run is not None:
            fresh = parts.keys() - set(run.parts)
            for part in sorted(fresh):
                run.add_part(part, self._factory(fmt, parts[part], part))
            return bool(fresh)
        if self._full():
            return False
        factories = {part: self._factory(fmt, path, part) for part, path in parts.items()}
        if fmt.unsupported is not None:
            factories = {}
        first = next(iter(parts.values()))
        far = self._far.get(first)
        source = str(first) if far is None else far.name
        self.runs[run_id] = TrackedRun(
            run_id,
            run_path,
            source if len(parts) == 1 else run_path,
            fmt,
            factories,
            self.settings,
            None if far is not None else _checkpoint_directory(run_path, parts),
        )
        return True

    def _table_runs(self, fmt: TableFormat) -> bool:
        from lossmon.monitor.table_feed import TableFeed

        changed = False
        for path, entry in self._tables.runs(fmt, [file.path for file in self._files.of(fmt)]):
            run_id = f"{fmt.name}:{path}:{entry.key}"
            if run_id in self.runs or self._full():
                continue
            run = TrackedRun(
                run_id,
                f"{path}/{entry.name}",
                path,
                fmt,
                {entry.key: partial(TableFeed, Path(path), fmt, entry.key)},
                self.settings,
            )
            run.own_name = entry.name
            self.runs[run_id] = run
            changed = True
        return changed

    def _factory(self, fmt: Format, path: PurePosixPath, part: str) -> FeedFactory:
        context = Context(filename=path.name, part=part)
        far = self._far.get(path)
        if far is not None:
            return partial(self._open_far, far, context)
        return partial(_open_local, fmt, str(path), context)

    def _open_far(self, far: _Far, context: Context) -> Feed:
        held, far.tail = far.tail, None
        tail = held if held is not None else self._streams.opened_anew(far.name)
        return feed_of(tail, far.format, context)

    def _full(self) -> bool:
        if len(self.runs) < MAX_RUNS:
            return False
        self._notice(f"more than {MAX_RUNS} runs found: the others are not read")
        return True

    def _notice(self, text: str) -> None:
        if text not in self._notices:
            self._notices = (*self._notices[-19:], text)

    def _name_runs(self) -> None:
        runs = list(self.runs.values())
        for run, name in zip(runs, self._names([run.path for run in runs]), strict=True):
            run.rename(name)

    # ---- streams

    def poll_streams(self, final: bool = False) -> bool:
        """Read ahead in streams that no format has claimed yet; True if one became a run.

        With `final` nothing more will come. SourceNotFound then if a far
        directory or glob, which was not to be waited for, holds nothing.
        """
        changed = False
        formats: dict[str, Format] = {}
        for name, tail, fmt in self._streams.claimed(final):
            if is_far(name):
                self._far[_far_path(name)] = _Far(name, fmt, tail)
                formats[fmt.name] = fmt
                continue
            run_id = f"{fmt.name}:{name}"
            context = Context(filename=PurePosixPath(name).name, part=name)
            self._pipes.add(run_id)
            self.runs[run_id] = TrackedRun(
                run_id,
                "stdin" if name == "-" else name,
                name,
                fmt,
                {name: partial(feed_of, tail, fmt, context)},
                self.settings,
            )
            changed = True
        for fmt in formats.values():
            changed |= self._group(fmt)
        if changed:
            self._name_runs()
        if final and not self._wait:
            self._streams.check()
        return changed

    @property
    def streams_open(self) -> bool:
        """Whether a stream without a format may still bring bytes."""
        return self._streams.open

    @property
    def streams_wake(self) -> bool:
        """Whether each stream without a format tells when something came."""
        return self._streams.wakes

    # ---- what is no run

    def waiting(self) -> tuple[RunView, ...]:
        """Return a row for each source that the user named and that is no run (yet)."""
        return waiting_rows(self._files, self._streams, self._finder.missing, wait=self._wait)

    def explain(self) -> list[Finding]:
        """Say of each file that was found what it is taken for (SourceNotFound as `scan`)."""
        for _ in self.scan():
            pass
        self.poll_streams(final=True)
        groups: dict[str, str] = {}
        for fmt in self._files.formats():
            if not isinstance(fmt, TableFormat):
                groups.update(
                    (str(path), str(grouping.run))
                    for path, grouping in fmt.group_all(self._paths_of(fmt)).items()
                )
        found = findings(self._files, groups)
        if not found:
            raise SourceNotFound(
                f"{', '.join(self._locals) or 'the sources'}: no file in it is a training log"
            )
        return found

    def close(self) -> None:
        """Release all files and connections."""
        for run in self.runs.values():
            run.close()
        for far in self._far.values():
            if far.tail is not None:  # no run had room for it
                far.tail.close()
        self._streams.close()


def _far_path(name: str) -> PurePosixPath:
    """Return a path that stands for a far log: in one folder are those of one folder there."""
    host, colon, path = name.partition(":")
    # `host:log` lies at home; as it is written it would lie in the folder of all hosts.
    return PurePosixPath(name if path.startswith(("/", "~")) else f"{host}{colon}~/{path}")


def _open_local(fmt: Format, path: str, context: Context) -> Feed:
    return feed_of(open_file(path, document=isinstance(fmt, DocumentFormat)), fmt, context)


def _checkpoint_directory(run_path: str, parts: Mapping[str, PurePosixPath]) -> Path:
    """Return where the run's checkpoints would lie: its folder, or the one its log lies in."""
    only = str(next(iter(parts.values())))
    path = Path(run_path) if len(parts) > 1 or run_path != only else Path(only).parent
    return path.parent if path.name.startswith("checkpoint-") else path
