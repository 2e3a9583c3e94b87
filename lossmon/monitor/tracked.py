"""`TrackedRun`: one run from its parts to its verdict, in bounded steps.

Parsing and analysis are two phases: rows are stored first, and the analysis
reads what is stored. So it can begin anew when a better series to judge turns
up, or when a source was written anew, without a byte being read twice, and a
long log never keeps the other runs waiting.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from lossmon.formats.base import Format
from lossmon.model import LeftOut, RoleMap, Run, RunInfo, RunView, SeriesView, clean_text
from lossmon.monitor.assembly import Assembly
from lossmon.monitor.feeds import DocumentFeed, Fed, Feed
from lossmon.monitor.judge import Judge
from lossmon.monitor.left_out import sentences
from lossmon.monitor.pulse import Pulse
from lossmon.monitor.told import combined, completed, facts, lossless
from lossmon.settings import Settings
from lossmon.sources.checkpoints import Checkpoints

SETTLE_SECONDS: Final = 3.0
"""Quiet for so long, a last line without its end is shown as it stands."""

UNJUDGED_ROWS: Final = 64
"""More rows than these are shown before they are judged: that takes longer than a picture."""

FeedFactory = Callable[[], Feed]


class TrackedRun:
    """One run: its feeds, what is stored, what it means.

    `parts` maps the name of each part to what opens it; a part that is written
    anew makes all parts of the run be opened and read again.
    """

    def __init__(
        self,
        run_id: str,
        path: str,
        source: str,
        fmt: Format,
        parts: Mapping[str, FeedFactory],
        settings: Settings,
        directory: Path | None = None,
    ) -> None:
        self.id = run_id
        self.path = path
        """Where the run lies; its name is found from it, beside those of the other runs."""
        self.own_name: str | None = None
        """The name that the log's framework gave to the run, where it has one."""
        self.name = path
        self.source = source
        self.format = fmt
        self.version = 1
        self._roles = RoleMap(settings.train, settings.eval)
        self._factories = dict(parts)
        self._feeds = {part: open_feed() for part, open_feed in parts.items()}
        self._pulse = Pulse(settings.stalled_after)
        self._checkpoints = None if directory is None else Checkpoints(directory)
        self._ahead: tuple[SeriesView, ...] | None = None
        """What was seen ahead of the first load; None: not looked yet."""
        self._view: RunView | None = None
        self._error: str | None = None
        self._given_up = False
        self._left_out = LeftOut()
        self._assembly = Assembly(self._new_run, fmt.combine)
        self._judge = Judge(settings, self._roles)
        self._unread = set(self._feeds)
        """Parts that were never read to the end that they had."""

    @property
    def run(self) -> Run:
        """Its rows; another object once rows that were held are void."""
        return self._assembly.run

    def _new_run(self) -> Run:
        return Run(self.name, self.source, self.format.name, self._roles)

    # ---- reading

    def add_part(self, part: str, open_feed: FeedFactory) -> None:
        """Add a part that appeared later (a further event file, a new checkpoint)."""
        if part not in self._factories:
            self._factories[part] = open_feed
            self._feeds[part] = open_feed()
            self._unread.add(part)

    def rename(self, name: str) -> None:
        """Give the run the name that tells it from the others."""
        if name != self.name:
            self.name = name
            self.version += 1

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts that are read."""
        return tuple(self._factories)

    @property
    def watched(self) -> dict[str, str]:
        """The paths on this host that it is read from, each with its part; streams have none."""
        return {path: part for part, feed in self._feeds.items() for path in feed.paths}

    @property
    def recent(self) -> bytes:
        """The end of its first text source; safe to read from any thread."""
        feeds = list(self._feeds.values())
        return next((feed.recent for feed in feeds if feed.recent), b"")

    @property
    def unread(self) -> bool:
        """Whether a part was never read to its end: it must have its turn without being asked."""
        return bool(self._unread)

    def part_changed(self, part: str) -> bool:
        """Say cheaply whether one part has something new; of what is unread, not."""
        feed = self._feeds.get(part)
        return feed is not None and part not in self._unread and feed.changed()

    @property
    def streaming(self) -> bool:
        """Whether it is fed by a stream that may still bring bytes."""
        return any(feed.streams and not feed.ended for feed in self._feeds.values())

    @property
    def unwatched(self) -> bool:
        """Whether a part of it is no file that can be watched."""
        return any(feed.streams for feed in self._feeds.values())

    @property
    def wakes(self) -> bool:
        """Whether all its sources tell when something came."""
        return all(feed.wakes for feed in self._feeds.values())

    def changed(self) -> bool:
        """Say cheaply whether `step` would find something to do."""
        return (
            any(not self._waits(self._feeds[part]) for part in self._unread)
            or self._judge.behind(self.run)
            or any(feed.changed() for feed in self._feeds.values())
        )

    def step(self, deadline: float) -> bool:
        """Work until nothing is left or `deadline` (monotonic seconds); True: there is more."""
        first = not self._judge.begun and not len(self.run)
        more = self._read(deadline)
        if first and len(self.run) > UNJUDGED_ROWS:
            return True
        return self._analyse(deadline) or more

    def _read(self, deadline: float) -> bool:
        behind = False
        for part, feed in list(self._feeds.items()):
            if behind:
                break  # a later part's rows come after the rest of this one
            waits = self._waits(feed)
            if part in self._unread and (not waits or feed.changed()):
                self._settle_before(part)
            while feed.changed() or (part in self._unread and not waits):
                fed = feed.advance()
                if fed.undo and len(self._feeds) == 1:
                    self._assembly.take_back(fed.undo)
                elif (fed.restart or fed.undo) and not isinstance(feed, DocumentFeed):
                    self._begin_anew(reopen=len(self._feeds) > 1)
                    if part not in self._feeds or self._feeds[part] is not feed:
                        return True
                self._take(part, feed, fed)
                if not fed.more:
                    if not waits:
                        self._read_through(part)
                    break
                if time.monotonic() >= deadline:
                    behind = True
                    break
            if waits and not behind and feed.caught_up:
                self._read_through(part)
        # Rows of several parts wait until each was read once, so that their order can be found.
        if len(self._feeds) == 1 or not self._unread:
            self._store()
        self._note_errors()
        return behind or bool(self._unread)

    def _read_through(self, part: str) -> None:
        """Note that a part was read to the end that it had."""
        if part in self._unread:
            self._unread.discard(part)
            self._assembly.joined()
            self.version += 1  # views said that it was loading

    def _waits(self, feed: Feed) -> bool:
        """Whether a feed's first bytes are waited for, so that its rows can be put in order.

        What is far away comes in pieces, and of several files in any order.
        """
        return feed.streams and len(self._feeds) > 1

    def _settle_before(self, part: str) -> None:
        """Before a part that was added is read, take what the parsers of the others hold back.

        A resumed training writes another file: the last step of the one before
        would come after those of the new one, and look like a step back.
        """
        for other, feed in self._feeds.items():
            if other != part and other not in self._unread:
                self._assembly.hold(other, feed.settle())

    def _begin_anew(self, reopen: bool) -> None:
        """Forget the points; with `reopen` every part is opened and read again."""
        if reopen:
            self.close()
            self._feeds = {name: open_feed() for name, open_feed in self._factories.items()}
        self._assembly.clear()
        self._unread = set(self._feeds)
        self.version += 1

    def _take(self, part: str, feed: Feed, fed: Fed) -> None:
        if isinstance(feed, DocumentFeed):
            if fed.restart:
                self._assembly.document(part, fed.batch)
        elif len(self._feeds) == 1:
            self._assembly.append(fed.batch, *feed.progress)
        else:
            self._assembly.hold(part, fed.batch)

    def _store(self) -> None:
        if self._assembly.store():
            self.version += 1
            self._pulse.grew(time.time())

    def _note_errors(self) -> None:
        if self._given_up:
            return
        error = next((feed.error for feed in self._feeds.values() if feed.error), None)
        left_out = LeftOut()
        for feed in self._feeds.values():
            left_out += feed.left_out
        if (error, left_out) != (self._error, self._left_out):
            self._error, self._left_out = error, left_out
            self.version += 1

    def fail(self, error: Exception, trace: str) -> None:
        """Give the run up after an unforeseen error: its points stay, its row says why."""
        self.close()
        self._feeds = {}
        self._unread = set()
        self._judge.skip(self.run)
        self._given_up = True
        self._error = f"given up after an unforeseen error ({error}); the trace is in {trace}"
        self.version += 1

    def flush(self) -> None:
        """Take what parsers hold back: the sources are read one time only."""
        for part, feed in self._feeds.items():
            self._assembly.hold(part, feed.flush())
        if self._assembly.holds:
            self._store()
        self._note_errors()
        self._analyse(math.inf)

    def close(self) -> None:
        """Release files, pipes and connections."""
        for feed in self._feeds.values():
            feed.close()

    # ---- judging

    def _analyse(self, deadline: float) -> bool:
        if self._judge.go_on(self.run, deadline):
            self.version += 1
        return self._judge.behind(self.run)

    # ---- what others see

    @property
    def info(self) -> RunInfo:
        """What the log said of its run; of several histories, what the longest one said."""
        longest = self._assembly.longest
        if longest is not None and longest in self._feeds:
            return self._feeds[longest].info
        return combined([feed.info for feed in self._feeds.values()] or [RunInfo()])

    @property
    def modified(self) -> float | None:
        """When a part was last written (seconds since 1970)."""
        stamps = [feed.modified for feed in self._feeds.values()]
        return max((stamp for stamp in stamps if stamp is not None), default=None)

    def look(self, now: float) -> None:
        """Find the state at time `now` (seconds since 1970): time alone can change it."""
        self._settle(now)
        info = self.info
        ended = bool(self._feeds) and all(feed.ended for feed in self._feeds.values())
        changed = self._pulse.look(
            now,
            modified=self.modified,
            finished=info.finished,
            crashed=info.crashed,
            ended=ended,
            last_step=self._last_step(),
            total_steps=info.total_steps,
            point_times=self.run.recent_times().tolist(),
        )
        if changed:
            self.version += 1

    def lasts(self, now: float) -> float:
        """Seconds from `now` in which no look is needed while nothing is written."""
        modified = self.modified
        if modified is not None and now - modified < SETTLE_SECONDS:
            return modified + SETTLE_SECONDS - now
        return self._pulse.lasts

    def _settle(self, now: float) -> None:
        """While the source is quiet, take what its parsers hold back for the next line."""
        modified = self.modified
        if self._unread or modified is None or now - modified < SETTLE_SECONDS:
            return
        for part, feed in self._feeds.items():
            self._assembly.hold(part, feed.settle())
        if self._assembly.holds:
            self._store()
            self._analyse(math.inf)

    def _last_step(self) -> float | None:
        return float(self.run.rows(len(self.run) - 1).steps[-1]) if len(self.run) else None

    def _loading(self) -> float | None:
        """Share of the bytes read, while the first load goes on."""
        if not self._unread and not self._judge.behind(self.run):
            return None
        done = sum(feed.progress[0] for feed in self._feeds.values())
        size = sum(feed.progress[1] for feed in self._feeds.values())
        return min(1.0, done / size) if size else 0.0

    def _seen_ahead(self, loading: float | None) -> tuple[SeriesView, ...]:
        """Look ahead once, where a load is under way; forget it once that is done.

        The first picture does not wait for it: the disk may have to fetch each place.
        """
        if loading is None:
            self._ahead = ()
        elif self._ahead is None and self._view is not None and self._view.series:
            feeds = list(self._feeds.values())
            self._ahead = feeds[0].ahead(self._roles) if len(feeds) == 1 else ()
        return self._ahead or ()

    def view(self) -> RunView:
        """Return the run as it is now; the same object while nothing changed."""
        if self._view is None or self._view.version != self.version:
            self._view = self._make_view()
        return self._view

    def _make_view(self) -> RunView:
        info, loading = self.info, self._loading()
        dropped = self.run.dropped
        left_out = self._left_out + LeftOut(dropped, refused=dropped)
        error, verdict = self._error, self._judge.verdict
        if error is None and left_out.records and not len(self.run):
            error = f"no points in it: {'; '.join(sentences(left_out))}"
            verdict = replace(verdict, headline=clean_text(error, 500))
        summary = completed(
            self._judge.summary,
            info,
            self._checkpoints,
            cross_entropy=self.format.cross_entropy,
        )
        if self._judge.begun:
            verdict = lossless(verdict, summary, tuple(self.run.series))
        events = sorted((*self._judge.events, *self._pulse.events), key=lambda e: e.step)
        return RunView(
            id=self.id,
            name=clean_text(self.own_name or info.name or self.name, 200),
            source=clean_text(self.source, 1000),
            format=self.format.name,
            state=self._pulse.state,
            error=None if error is None else clean_text(error, 500),
            left_out=left_out,
            version=self.version,
            series=tuple(self.run.view(name) for name in self.run.series),
            summary=summary,
            verdict=verdict,
            events=tuple(events),
            total_steps=info.total_steps,
            total_epochs=info.total_epochs,
            steps_estimated=info.steps_estimated,
            loading=loading,
            ahead=self._seen_ahead(loading),
            last_growth=self.modified,
            facts=facts(info),
            forecast=self._judge.forecast(info.total_steps),
        )
