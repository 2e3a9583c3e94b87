"""Replays finished logs into a directory at the pace of a live run.

Text logs grow line by line; a document (`trainer_state.json`) is written anew
with a longer history each time and put in place whole, as its trainer does it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Final

from lossmon.errors import SourceNotFound
from lossmon.record import record

SECONDS: Final = 60.0
"""How long a replay lasts at speed 1: long enough to see curves grow, short enough to stay."""

START: Final = 0.2
"""Share of each log that is there at once, so that the first picture shows something."""

FINISH_SPREAD: Final = 0.35
"""Runs end one after the other: the last needs this share longer than the first."""

TICK: Final = 0.1


def demo_logs() -> Path:
    """Return the directory of the logs that come with lossmon (SourceNotFound if missing)."""
    installed = Path(str(resources.files("lossmon"))) / "demo_logs"
    for candidate in (installed, installed.parent.parent / "demo_logs"):
        if candidate.is_dir():
            return candidate
    raise SourceNotFound("the demo logs are missing from this installation; install lossmon again")


@record
class _Part:
    """One file: how to write the first `n` of its `total` pieces."""

    total: int
    write: Callable[[int, int], None]


class Replay:
    """Writes the logs below `source` into `target` on a thread of its own; a context manager."""

    def __init__(self, source: Path, target: Path, speed: float) -> None:
        self.finished = threading.Event()
        self._stop = threading.Event()
        self._duration = SECONDS / speed
        self._parts = [
            _part(path, target / path.relative_to(source))
            for path in sorted(source.rglob("*"))
            if path.is_file() and path.suffix in (".txt", ".jsonl", ".json", ".csv")
        ]
        self._written = [0] * len(self._parts)
        self._thread = threading.Thread(target=self._play, name="replay", daemon=True)

    def __enter__(self) -> Replay:
        self._advance(0.0)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _play(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(min(TICK, self._duration / 20)):
            if self._advance((time.monotonic() - began) / self._duration):
                break
        self.finished.set()

    def _advance(self, progress: float) -> bool:
        """Bring every file to where it is at `progress` (0 to 1); True when all are whole."""
        count = max(1, len(self._parts) - 1)
        for index, part in enumerate(self._parts):
            slower = 1 + FINISH_SPREAD * (index / count - 1)
            share = min(1.0, START + (1 - START) * progress / slower)
            pieces = max(1, int(part.total * share))
            if pieces > self._written[index]:
                part.write(self._written[index], pieces)
                self._written[index] = pieces
        return all(
            written >= part.total for written, part in zip(self._written, self._parts, strict=True)
        )


def _part(source: Path, target: Path) -> _Part:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".json":
        return _document(source, target)
    lines = source.read_bytes().splitlines(keepends=True)

    def append(begin: int, end: int) -> None:
        with target.open("ab") as file:
            file.write(b"".join(lines[begin:end]))

    return _Part(len(lines), append)


def _document(source: Path, target: Path) -> _Part:
    state = json.loads(source.read_text(encoding="utf-8"))
    history = state["log_history"]

    def replace(_: int, end: int) -> None:
        entries = history[:end]
        now = {**state, "log_history": entries}
        for key in ("epoch", "step"):
            now["global_step" if key == "step" else key] = entries[-1].get(key, 0)
        fresh = target.with_suffix(".tmp")
        fresh.write_text(json.dumps(now, indent=2), encoding="utf-8")
        fresh.replace(target)

    return _Part(len(history), replace)
