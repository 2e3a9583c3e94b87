"""What a run is: rows of named numbers in order of arrival, and what was found in them.

The vocabulary is the contract's: run, source, series, segment, role, event,
verdict. Nothing here knows where bytes come from, how they were parsed, or
how a result is shown.

`Batch` is what parsers hand up, `Run` stores it (`Series` are its columns),
`RunView` is the immutable picture that the worker thread hands to screens and
reports, `Event`, `Verdict` and `Summary` are what the analysis says.
"""

from lossmon.model.batch import Batch, BatchBuilder, Column, concatenate
from lossmon.model.findings import (
    EVENT_KINDS,
    Event,
    EventKind,
    Forecast,
    GapRating,
    NoiseRating,
    Point,
    ReductionRating,
    RunState,
    Severity,
    Shape,
    Status,
    Summary,
    Verdict,
)
from lossmon.model.names import MAX_NAME, clean_name, clean_text
from lossmon.model.roles import Role, RoleMap, choose_judged, is_other_evaluation, role_of
from lossmon.model.run import Run, RunInfo, Series
from lossmon.model.view import LeftOut, RunView, SeriesView
from lossmon.model.wording import rounded

__all__ = [
    "EVENT_KINDS",
    "MAX_NAME",
    "Batch",
    "BatchBuilder",
    "Column",
    "Event",
    "EventKind",
    "Forecast",
    "GapRating",
    "LeftOut",
    "NoiseRating",
    "Point",
    "ReductionRating",
    "Role",
    "RoleMap",
    "Run",
    "RunInfo",
    "RunState",
    "RunView",
    "Series",
    "SeriesView",
    "Severity",
    "Shape",
    "Status",
    "Summary",
    "Verdict",
    "choose_judged",
    "clean_name",
    "clean_text",
    "concatenate",
    "is_other_evaluation",
    "role_of",
    "rounded",
]
