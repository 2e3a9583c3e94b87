"""MLflow's file store (`mlruns/<experiment>/<run>/`), the default before MLflow 3.

Each metric is a file of its own under `metrics/`, named as the metric (a `/`
in the name makes folders), with lines `<milliseconds> <value> <step>`. The
run's `meta.yaml` tells its name and status.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from lossmon.formats._counted_step import CountedSteps, Point
from lossmon.formats.base import Context, Grouping, Parser, Sniff, StreamFormat
from lossmon.formats.lines import LineParser
from lossmon.model import clean_name, clean_text

_META: Final = "meta.yaml"
_METRICS: Final = "metrics"
_RUN_ID_LENGTH: Final = 32

# mlflow.entities.RunStatus
_STATUS: Final = {
    "1": "RUNNING",
    "2": "SCHEDULED",
    "3": "FINISHED",
    "4": "FAILED",
    "5": "KILLED",
}
_FIRST_MS: Final = 1_000_000_000_000  # 2001: a shorter number is no time in milliseconds
_LAST_MS: Final = 5_000_000_000_000
_MAX_NUMBER: Final = 40  # characters; Python writes 24 at most


class MetricParser(LineParser):
    """Lines of one metric in, one row each out."""

    def __init__(self, name: str, context: Context | None = None) -> None:
        super().__init__(context)
        self._name = clean_name(name)
        self._steps = CountedSteps()

    def line(self, text: str) -> None:
        point = _point(text)
        if point is None:
            self.bad_records += 1
            return
        due = self._steps.points(self._name, point, self.info)
        self.info.steps_estimated = self._steps.estimated
        for step, time, value in due:
            self.rows.add(((self._name, value),), step, None, time)


class MetaParser(LineParser):
    """The lines of a run's `meta.yaml`: facts, no rows.

    MLflow writes flat `key: value` lines; a YAML reader is not needed for
    them, and would be one more thing that reads untrusted bytes.
    """

    def line(self, text: str) -> None:
        key, colon, value = text.partition(": ")
        value = value.strip().strip("'\"")
        if not colon or not value:
            return
        if key == "status":
            status = _STATUS.get(value, value)
            self.info.finished = status == "FINISHED"
            self.info.crashed = status in ("FAILED", "KILLED")
            self.info.facts["status"] = clean_text(status, 40)
        elif key == "run_name" or (key == "name" and self.info.name is None):
            self.info.name = clean_name(value)
        elif key in ("run_id", "run_uuid", "experiment_id", "user_id"):
            self.info.facts[key] = clean_text(value, 100)


def _point(text: str) -> Point | None:
    """Return the point of a line, its time in seconds; MLflow before 1.0 wrote no step."""
    words = text.split(" ")
    if not 2 <= len(words) <= 3 or any(len(word) > _MAX_NUMBER for word in words):
        return None
    if not (words[0].isascii() and words[0].isdigit()) or "_" in words[1]:
        return None
    milliseconds = int(words[0])
    if not _FIRST_MS < milliseconds < _LAST_MS:
        return None
    try:
        step = int(words[2]) if len(words) == 3 else 0
        return Point(float(step), milliseconds / 1000, float(words[1]))
    except ValueError:
        return None


class MlflowFilesFormat(StreamFormat):
    """MLflow's file store."""

    name = "mlflow-files"
    title = "MLflow file store (mlruns/<experiment>/<run>/metrics/*)"
    sample = "1795385158663 2.0561131892621445 5"
    combine = "merge"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        if filename.rsplit("/", 1)[-1] == _META:
            if b"artifact_uri:" in head and (b"run_id:" in head or b"run_uuid:" in head):
                return Sniff(0.9, "meta.yaml of an MLflow run")
            return None
        if not head[:1].isdigit():
            return None
        lines = head[:2000].decode("utf-8", "replace").split("\n")
        whole = [line.rstrip("\r") for line in lines[:-1][:20]]
        points = [_point(line) for line in whole]
        if not whole or None in points:
            return None
        if all(line.count(" ") == 2 for line in whole):
            return Sniff(0.9, "lines are '<milliseconds since 1970> <value> <step>'")
        if len(whole) >= 2:
            return Sniff(0.6, "lines are '<milliseconds since 1970> <value>'")
        return None

    def parser(self, context: Context | None = None) -> Parser:
        context = context or Context()
        if context.filename == _META:
            return MetaParser(context)
        name = context.part or context.filename or "metric"
        return MetricParser(name.removeprefix(f"{_METRICS}/"), context)

    def continues(self, old_head: bytes, new_head: bytes) -> bool:
        # meta.yaml is written anew when the status changes; what was read of metrics stands.
        if b"artifact_uri:" in old_head and b"artifact_uri:" in new_head:
            return True
        return super().continues(old_head, new_head)

    def group(self, path: PurePosixPath) -> Grouping:
        parts = path.parts
        if path.name == _META:
            return Grouping(path.parent, _META)
        places = [index for index, part in enumerate(parts[:-1]) if part == _METRICS]
        if not places:
            return Grouping(path, path.name)
        # `metrics` may be a folder of a metric's own name too: the one in the run's folder counts.
        place = next((index for index in places if _is_run_id(parts[index - 1])), places[-1])
        run = PurePosixPath(*parts[:place])
        return Grouping(run, path.relative_to(run).as_posix())

    def group_all(self, paths: Sequence[PurePosixPath]) -> dict[PurePosixPath, Grouping]:
        """Group by run; the meta.yaml of a run without metrics is left out."""
        groups = {path: self.group(path) for path in paths}
        measured = {group.run for path, group in groups.items() if path.name != _META}
        return {
            path: group
            for path, group in groups.items()
            if path.name != _META or group.run in measured
        }


def _is_run_id(part: str) -> bool:
    return len(part) == _RUN_ID_LENGTH and all(char in "0123456789abcdef" for char in part)


FORMAT: Final = MlflowFilesFormat()
