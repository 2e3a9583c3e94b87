"""`Library`: which runs there are, from what the user named; grows while it is watched.

Files are claimed by formats one by one, newest first, and grouped into runs
by their paths. Grouping is declared, not remembered: after each batch of
files the runs that should be are compared with those that are, so that a
folder that fills up in any order ends up the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final

from lossmon.errors import SourceError, SourceNotFound
from lossmon.formats.base import (
    Context,
    DocumentFormat,
    Format,
    StreamFormat,
    TableFormat,
)
from lossmon.model import RunView, Verdict, clean_text
from lossmon.monitor.claims import EMPTY, SEARCH_CONFIDENCE, Claim, claim
from lossmon.monitor.feeds import DocumentFeed, Feed, StreamFeed
from lossmon.monitor.held import HeldTail
from lossmon.monitor.naming import run_names
from lossmon.monitor.streams import Streams
from lossmon.monitor.tracked import FeedFactory, TrackedRun
from lossmon.record import record
from lossmon.settings import Settings
from lossmon.sources.base import Tail
from lossmon.sources.discovery import Candidate, Finder
from lossmon.sources.opening import is_far, is_stream, open_file

BATCH: Final = 32
"""Files claimed before their runs are made: small enough for a first picture at once."""

PIECE: Final = 8
"""Files claimed before others get their turn: a claim takes about a millisecond."""

BATCH_SHARE: Final = 8
"""Where n files are known, n/8 are claimed at once: grouping and naming are over all of them, and
would else take a time that grows with the square of the files."""

SURE: Final = 0.6
"""A claim below this is looked at again when the file has grown: its head may tell more."""

MAX_RUNS: Final = 5000
"""Runs watched at once; further ones are named in a notice, not read."""


@record
class Finding:
    """What one source was taken for, and why."""

    source: str
    format: str | None
    title: str
    confidence: float
    reason: str
    run: str

    def text(self) -> str:
        """Return the finding as lines for people."""
        if self.format is None:
            return f"{clean_text(self.source)}: no format: {clean_text(self.reason)}"
        group = "" if self.run == self.source else f"\n    part of the run {clean_text(self.run)}"
        return (
            f"{clean_text(self.source)}: {self.format} ({self.title})\n"
            f"    {clean_text(self.reason)} (confidence {self.confidence:.2f}){group}"
        )


@record(frozen=False)
class _File:
    """A file that a format claims, or that waits for one to."""

    path: str
    claim: Claim
    size: int
    explicit: bool
    error: str = ""
    """Why it cannot be read."""
    pure: PurePosixPath = PurePosixPath()
    """Its path once more: thousands of them are not to be taken apart at each batch."""


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
        self._searched = searched
        self._names = names
        self._notices: tuple[str, ...] = ()
        self.runs: dict[str, TrackedRun] = {}
        self._files: dict[str, _File] = {}
        self._far: dict[PurePosixPath, _Far] = {}
        self._pipes: set[str] = set()
        """Runs that are read from a pipe: each is one by itself."""
        self._tables_seen: dict[Path, tuple[tuple[int, int], ...]] = {}
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
        named = {file.path for file in self._files.values() if file.explicit}
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
            formats.update(self._claim(candidate))
            waiting += 1
            if waiting >= max(BATCH, len(self._files) // BATCH_SHARE):
                yield self._make_runs(formats)
                formats, waiting = {}, 0
            elif waiting % PIECE == 0:
                yield False
        changed = self._make_runs(formats)
        changed |= self.poll_streams()
        yield changed

    def _claim(self, candidate: Candidate) -> dict[str, Format]:
        """Ask the formats for one file; return, by name, those whose files are others now."""
        explicit = candidate.explicit and not self._searched
        known = self._files.get(candidate.path)
        if known is not None and (
            known.claim.confidence >= SURE
            or (known.size, known.error) == (candidate.size, candidate.error)
        ):
            return {}
        if candidate.error:
            found = Claim(None, 0.0, candidate.error)
        else:
            path = Path(candidate.path)
            found = claim(candidate.head, path.name, path, self.settings)
        if not explicit and found.confidence < SEARCH_CONFIDENCE:
            found = Claim(None, found.confidence, found.reason)
        formats: dict[str, Format] = {}
        if known is not None and known.claim.format is not None:
            if found.confidence <= known.claim.confidence:
                return {}
            # A longer head told more: the run is read again as what it is.
            formats[known.claim.format.name] = known.claim.format
        self._files[candidate.path] = _File(
            candidate.path,
            found,
            candidate.size,
            explicit,
            candidate.error,
            PurePosixPath(candidate.path),
        )
        if found.format is not None:
            formats[found.format.name] = found.format
        return formats

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
        formats = {
            file.claim.format.name: file.claim.format
            for file in self._files.values()
            if isinstance(file.claim.format, TableFormat)
        }
        changed = False
        for fmt in formats.values():
            changed |= self._table_runs(fmt)
        if changed:
            self._name_runs()
        return changed

    def _paths_of(self, fmt: Format) -> list[PurePosixPath]:
        return [
            file.pure
            for file in self._files.values()
            if file.claim.format is not None and file.claim.format.name == fmt.name
        ] + [path for path, far in self._far.items() if far.format.name == fmt.name]

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
        from lossmon.monitor.table_feed import TableFeed, just_written
        from lossmon.sources.database import UNREADABLE, open_readonly, signature

        changed = False
        for file in self._files.values():
            path = Path(file.path)
            if file.claim.format is not fmt or self._tables_seen.get(path) == signature(path):
                continue
            seen = signature(path)
            fresh = just_written(seen)
            try:
                connection = open_readonly(path)
                try:
                    found = fmt.runs(connection)
                finally:
                    connection.close()
            except UNREADABLE as error:
                self._notice(f"{file.path}: {error}")
                continue
            if not fresh:
                self._tables_seen[path] = seen
            for entry in found:
                run_id = f"{fmt.name}:{file.path}:{entry.key}"
                if run_id in self.runs or self._full():
                    continue

                def open_feed(path: Path = path, key: str = entry.key) -> Feed:
                    return TableFeed(path, fmt, key)

                run = TrackedRun(
                    run_id,
                    f"{file.path}/{entry.name}",
                    file.path,
                    fmt,
                    {entry.key: open_feed},
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
        return _feed(tail, far.format, context)

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
                {name: partial(_feed, tail, fmt, context)},
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
        views = [
            self._promised(_idle_view(file.path, file.claim.reason), file.claim.reason == EMPTY)
            for file in self._files.values()
            if file.explicit and file.claim.format is None
        ]
        views.extend(_idle_view(name, reason) for name, reason in self._streams.waiting())
        views.extend(
            replace(_idle_view(name, words), error=None, loading=0.0)
            for name, words in self._streams.listing()
        )
        views.extend(
            self._promised(_idle_view(path, "does not exist yet; waiting for it"), True)
            for path in self._finder.missing
            if path not in self._files  # one that went away is a run still, and says so itself
        )
        return tuple(views)

    def _promised(self, view: RunView, may_come: bool) -> RunView:
        """Return the row of a source without points: no error while they are waited for."""
        return replace(view, error=None) if may_come and self._wait else view

    def explain(self) -> list[Finding]:
        """Say of each file that was found what it is taken for (SourceNotFound as `scan`)."""
        for _ in self.scan():
            pass
        self.poll_streams(final=True)
        groups: dict[str, str] = {}
        for fmt in {file.claim.format for file in self._files.values()} - {None}:
            if fmt is not None and not isinstance(fmt, TableFormat):
                groups.update(
                    (str(path), str(grouping.run))
                    for path, grouping in fmt.group_all(self._paths_of(fmt)).items()
                )
        findings = []
        for file in self._files.values():
            if file.claim.format is None and not file.explicit:
                continue
            fmt = file.claim.format
            findings.append(
                Finding(
                    file.path,
                    None if fmt is None else fmt.name,
                    "" if fmt is None else fmt.title,
                    file.claim.confidence,
                    file.claim.reason,
                    groups.get(file.path, file.path),
                )
            )
        if not findings:
            raise SourceNotFound(
                f"{', '.join(self._locals) or 'the sources'}: no file in it is a training log"
            )
        return findings

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
    return _feed(open_file(path, document=isinstance(fmt, DocumentFormat)), fmt, context)


def _feed(tail: Tail, fmt: Format, context: Context) -> Feed:
    if isinstance(fmt, StreamFormat):
        return StreamFeed(tail, fmt, context)
    if isinstance(fmt, DocumentFormat):
        return DocumentFeed(tail, fmt, context)
    tail.close()
    raise SourceError(f"{tail.path}: a {fmt.name} database cannot be read from here")


def _checkpoint_directory(run_path: str, parts: Mapping[str, PurePosixPath]) -> Path:
    """Return where the run's checkpoints would lie: its folder, or the one its log lies in."""
    only = str(next(iter(parts.values())))
    path = Path(run_path) if len(parts) > 1 or run_path != only else Path(only).parent
    return path.parent if path.name.startswith("checkpoint-") else path


def _idle_view(source: str, reason: str) -> RunView:
    return RunView(
        id=f"waiting:{source}",
        name=clean_text(PurePosixPath(source).name or source, 200),
        source=clean_text(source, 1000),
        format="unknown",
        state="unknown",
        error=clean_text(reason, 500),
        bad_records=0,
        version=hash(reason),
        verdict=Verdict(headline=clean_text(reason, 500)),
    )
