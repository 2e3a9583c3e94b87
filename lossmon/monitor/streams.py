"""`Streams`: sources that bring their bytes by themselves, until each became a run.

Standard input, pipes, logs on other hosts and in object stores. A far
directory or glob stands for several: what its listing finds, now and later,
is added as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lossmon.errors import SourceNotFound
from lossmon.formats.base import Format
from lossmon.monitor.claims import SEARCH_CONFIDENCE, claim
from lossmon.monitor.held import ENOUGH, HeldTail
from lossmon.settings import Settings
from lossmon.sources.base import Tail
from lossmon.sources.opening import is_listing, open_listing, open_stream

if TYPE_CHECKING:  # far sources alone have listings: others need not load them
    from lossmon.sources.listing import Listing

LIKELY: Final = 0.5
"""What a shape that formats share is worth: taken where bytes come too slowly for more."""


class Streams:
    """The streams among the user's sources.

    With `follow` all of them go on for ever; without, each is read to the end
    that it has now. `on_wake` is called from other threads when something came.
    """

    def __init__(
        self,
        sources: Sequence[str],
        settings: Settings,
        *,
        follow: bool,
        on_wake: Callable[[], None] | None = None,
        searched: bool = False,
    ) -> None:
        """`searched`: the sources were found by a search, and need not be logs."""
        self._settings = settings
        self._follow = follow
        self._on_wake = on_wake
        self._unclaimed: dict[str, HeldTail] = {}
        self._opened: set[str] = set()
        """All that were ever opened: a log that two globs fit is one."""
        self._listings: dict[str, Listing] = {}
        self._found: set[str] = set()
        """Found by a listing: not each of them need be a log."""
        self._ways: dict[str, Callable[[], Tail]] = {}
        """How each far log is opened once more, from its beginning."""
        for source in dict.fromkeys(sources):
            if is_listing(source):
                self._list(source)
            else:
                way = partial(open_stream, source, follow=follow, on_wake=on_wake)
                self._unclaimed[source] = HeldTail(way())
                self._ways[source] = way
                self._opened.add(source)
                if searched:
                    self._found.add(source)

    def _list(self, source: str) -> None:
        if source not in self._listings:
            self._listings[source] = open_listing(
                source, follow=self._follow, on_wake=self._on_wake
            )

    @property
    def open(self) -> bool:
        """Whether what has no format yet may still bring bytes, or a listing a log."""
        return any(listing.pending for listing in self._listings.values()) or any(
            not tail.last.ended for tail in self._unclaimed.values()
        )

    @property
    def wakes(self) -> bool:
        """Whether all of them tell when something came."""
        return all(tail.wakes for tail in self._unclaimed.values())

    def claimed(self, final: bool = False) -> Iterator[tuple[str, HeldTail, Format]]:
        """Read ahead, and yield each stream that a format claims now; it is held here no more.

        With `final` a claim on few bytes counts too: nothing more will come.
        """
        self._take_found()
        for name, tail in list(self._unclaimed.items()):
            tail.fetch()
            if tail.is_directory:
                self._drop(name)
                self._list(f"{name}/")
                continue
            if not tail.claimable(final):
                continue
            ended = tail.last.ended or final
            found = claim(tail.head, Path(name).name, None, self._settings)
            sure = found.confidence >= 0.9 or len(tail.head) >= ENOUGH or tail.quiet
            sure |= tail.steady and found.confidence >= LIKELY
            least = SEARCH_CONFIDENCE if name in self._found else 0.0
            if found.format is not None and (sure or ended) and found.confidence >= least:
                del self._unclaimed[name]
                yield name, tail, found.format
            elif tail.full and name in self._found:
                self._drop(name)  # no log: nothing that comes later makes it one

    def opened_anew(self, name: str) -> Tail:
        """Return another tail of a far log that was claimed, from its beginning."""
        return self._ways[name]()

    def _drop(self, name: str) -> None:
        self._unclaimed.pop(name).close()
        del self._ways[name]

    def _take_found(self) -> None:
        for listing in self._listings.values():
            for path in listing.take():
                tail = listing.open(path)
                if tail.path in self._opened:
                    tail.close()
                    continue
                self._opened.add(tail.path)
                self._found.add(tail.path)
                self._ways[tail.path] = partial(listing.open, path)
                self._unclaimed[tail.path] = HeldTail(tail)

    def check(self) -> None:
        """Raise SourceNotFound for a directory or glob that holds nothing, after the last look."""
        for source, listing in self._listings.items():
            if not listing.found and listing.error is None:
                raise SourceNotFound(f"{source}: no log found there")

    def listing(self) -> Iterator[tuple[str, str]]:
        """Yield each far directory or glob that is being asked for the first time, in words."""
        for source, listing in self._listings.items():
            if listing.pending and listing.error is None and not listing.found:
                yield source, listing.state

    def waiting(self) -> Iterator[tuple[str, str, bool]]:
        """Yield each other source that is no run yet, with the reason in words.

        The last one says whether it may yet become one without anything being done.
        """
        for name, tail in self._unclaimed.items():
            if name not in self._found or tail.last.error:
                yield name, tail.state, tail.hopeful
        for source, listing in self._listings.items():
            if not listing.found and (not listing.pending or listing.error is not None):
                yield source, listing.state, False

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know of far directories whose logs are followed."""
        notices = []
        for source, listing in self._listings.items():
            if listing.found and listing.error is not None:
                notices.append(f"new logs cannot be looked for: {listing.error}")
            if listing.left_out:
                notices.append(
                    f"{source}: of its logs the {listing.left_out:,} oldest are not followed"
                )
        return tuple(notices)

    def close(self) -> None:
        """Release connections and pipes of all that became no run."""
        for listing in self._listings.values():
            listing.close()
        for tail in self._unclaimed.values():
            tail.close()
