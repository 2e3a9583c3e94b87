"""`KnownFiles`: the files on this host that were found, each with the format that claims it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from lossmon.formats.base import Format
from lossmon.monitor.claims import SEARCH_CONFIDENCE, Claim, claim
from lossmon.record import record
from lossmon.settings import Settings
from lossmon.sources.discovery import Candidate

SURE: Final = 0.6
"""A claim below this is looked at again when the file has grown: its head may tell more."""


@record(frozen=False)
class KnownFile:
    """A file that a format claims, or that waits for one to."""

    path: str
    claim: Claim
    size: int
    explicit: bool
    """Named by the user, not found in a directory."""
    error: str = ""
    """Why it cannot be read."""
    pure: PurePosixPath = PurePosixPath()
    """Its path once more: thousands of them are not to be taken apart at each batch."""


class KnownFiles:
    """All files that were found so far, by their paths.

    `searched`: the sources were found by a search, not named by a person, and need not be logs.
    """

    def __init__(self, settings: Settings, *, searched: bool) -> None:
        self._settings = settings
        self._searched = searched
        self._files: dict[str, KnownFile] = {}

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[KnownFile]:
        return iter(self._files.values())

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def add(self, candidate: Candidate) -> dict[str, Format]:
        """Ask the formats for one file; return, by name, those whose files are others now."""
        explicit = candidate.explicit and not self._searched
        known = self._files.get(candidate.path)
        if known is not None and (
            known.claim.confidence >= SURE
            or (known.size, known.error) == (candidate.size, candidate.error)
        ):
            return {}
        found = self._claim_of(candidate)
        if not explicit and found.confidence < SEARCH_CONFIDENCE:
            found = Claim(None, found.confidence, found.reason)
        formats: dict[str, Format] = {}
        if known is not None and known.claim.format is not None:
            if found.confidence <= known.claim.confidence:
                return {}
            # A longer head told more: the run is read again as what it is.
            formats[known.claim.format.name] = known.claim.format
        self._files[candidate.path] = KnownFile(
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

    def _claim_of(self, candidate: Candidate) -> Claim:
        if candidate.error:
            return Claim(None, 0.0, candidate.error)
        path = Path(candidate.path)
        found = claim(candidate.head, path.name, path, self._settings)
        if found.format is None and candidate.after:
            return claim(candidate.after, path.name, None, self._settings)
        return found

    def formats(self) -> list[Format]:
        """Return the formats that claim files."""
        found = {file.claim.format.name: file.claim.format for file in self if file.claim.format}
        return list(found.values())

    def of(self, fmt: Format) -> list[KnownFile]:
        """Return the files that a format claims."""
        return [file for file in self if file.claim.format and file.claim.format.name == fmt.name]
