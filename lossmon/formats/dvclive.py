"""DVCLive: a TSV file a metric under `dvclive/plots/metrics/`, all of one folder are one run.

The header is `step<TAB>loss` (the first versions: `timestamp<TAB>step<TAB>loss`);
the metric's whole name is the file's path (`train/loss.tsv`). `metrics.json`
beside them holds each metric's last value only: no points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from lossmon.formats.base import Context, Grouping, Parser, Sniff, StreamFormat
from lossmon.formats.lines import LineParser
from lossmon.model import Batch, clean_name

_SUMMARY: Final = "metrics.json"
_FOLDERS: Final = (("plots", "metrics"), ("plots", "scalars"), ("scalars",))
"""Where the TSV files are, in the folder of the run; the last ones in versions before 2.0."""

_MAX_NUMBER: Final = 40  # characters


class TsvParser(LineParser):
    """Lines of one metric's TSV file in, one row each out."""

    def __init__(self, context: Context | None = None) -> None:
        super().__init__(context)
        self._columns: list[str] = []
        self._name = ""
        self._count = 0
        self.info.facts["framework"] = "dvclive"

    def line(self, text: str) -> None:
        cells = text.split("\t")
        if not self._columns:
            if not _is_header(cells):
                self.bad_records += 1
                return
            self._columns = cells
            part = self.context.part or self.context.filename
            self._name = clean_name(part.removesuffix(".tsv") or cells[-1])
            return
        if cells == self._columns:
            return  # written again by a resumed run
        if len(cells) != len(self._columns):
            self.bad_records += 1
            return
        row = dict(zip(self._columns, cells, strict=True))
        value = _number(cells[-1])
        step = _number(row["step"]) if "step" in row else float(self._count)
        if value is None or step is None or not math.isfinite(step):
            self.bad_records += 1
            return
        self._count += 1
        time = _number(row.get("timestamp", ""))
        if time is not None and not 1e12 < time < 5e12:  # milliseconds
            time = None
        self.rows.add(((self._name, value),), step, None, None if time is None else time / 1000)


class SummaryParser(Parser):
    """`metrics.json`: nothing that is not in the TSV files."""

    def feed(self, data: bytes) -> Batch:
        return Batch.empty()


def _is_header(cells: list[str]) -> bool:
    return len(cells) in (2, 3) and set(cells[:-1]) <= {"step", "timestamp"}


def _number(text: str) -> float | None:
    if len(text) > _MAX_NUMBER or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


class DvcliveFormat(StreamFormat):
    """DVCLive metrics."""

    name = "dvclive"
    title = "DVCLive metrics (dvclive/plots/metrics/**/*.tsv)"
    sample = "step\tloss\n1\t2.232337353870175"
    combine = "merge"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        name = filename.rsplit("/", 1)[-1]
        if name == _SUMMARY:
            return _sniff_summary(head)
        if not name.endswith(".tsv"):
            return None
        line, end, _ = head[:1000].decode("utf-8", "replace").partition("\n")
        cells = line.rstrip("\r").split("\t")
        if not end or not _is_header(cells):
            return None
        if cells[-1].rsplit("/", 1)[-1] == name.removesuffix(".tsv"):
            return Sniff(
                0.9, "a TSV file with the columns step and its own name, as DVCLive writes"
            )
        return None

    def parser(self, context: Context | None = None) -> Parser:
        if context is not None and context.filename == _SUMMARY:
            return SummaryParser(context)
        return TsvParser(context)

    def group(self, path: PurePosixPath) -> Grouping:
        parts = path.parts
        if path.name == _SUMMARY:
            return Grouping(path.parent, _SUMMARY)
        for folder in _FOLDERS:
            size = len(folder)
            for place in range(len(parts) - 1 - size, -1, -1):
                if parts[place : place + size] == folder:
                    part = PurePosixPath(*parts[place + size :]).as_posix()
                    return Grouping(PurePosixPath(*parts[:place]), part)
        return Grouping(path.parent, path.name)

    def group_all(self, paths: Sequence[PurePosixPath]) -> dict[PurePosixPath, Grouping]:
        """Group by folder; `metrics.json` belongs to no run, since it holds no points."""
        return {path: self.group(path) for path in paths if path.name != _SUMMARY}


def _sniff_summary(head: bytes) -> Sniff | None:
    """Recognise DVCLive's `metrics.json`: one indented object, numbers and objects, a step."""
    text = head.decode("utf-8", "replace").rstrip()
    if not (text.startswith('{\n    "') and text.endswith("}")) or '\n    "step": ' not in text:
        return None
    if "[" in text:
        return None
    return Sniff(0.85, "DVCLive's metrics.json: last values only, no points")


FORMAT: Final = DvcliveFormat()
