"""`Finding`: what a source was taken for, and why, in words (`lossmon formats SOURCE`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lossmon.model import clean_text
from lossmon.monitor.files import KnownFile
from lossmon.record import record


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


def findings(files: Iterable[KnownFile], runs: Mapping[str, str]) -> list[Finding]:
    """Return what there is to say of files that were found; `runs` says which run each is part of.

    A file that no format wants is told of only where the user named it.
    """
    found = []
    for file in files:
        fmt = file.claim.format
        if fmt is None and not file.explicit:
            continue
        found.append(
            Finding(
                file.path,
                None if fmt is None else fmt.name,
                "" if fmt is None else fmt.title,
                file.claim.confidence,
                file.claim.reason,
                runs.get(file.path, file.path),
            )
        )
    return found
