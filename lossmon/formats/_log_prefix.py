r"""What loggers, launchers and containers put before a line that a script printed.

`2024-03-05 10:11:12,345 - __main__ - INFO - step 3 loss 0.5` says no more than
`step 3 loss 0.5`, and its numbers are no counters. Every repetition is bounded
and gives nothing back: linear time.
"""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late

_CLOCK: Final = r"\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?+(?: ?[AP]M\b)?+"
_MINUTES: Final = r"\d{2}:\d{2}(?![\d:])"
_DATE: Final = r"(?:\d{4}[-/]\d{2}[-/]\d{2}|\d{2}[-/]\d{2}[-/](?:\d{4}|\d{2})(?!\d))"
_ZONE: Final = r"(?:Z\b|[+-]\d{2}:?\d{2}\b)?+"
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_DAY: Final = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LEVEL: Final = (
    r"(?:INFO|DEBUG|WARNING|WARN|ERROR|CRITICAL|NOTICE|TRACE|Info|Debug|Warning|info|debug)"
)
_PLACE: Final = (
    r"[A-Za-z_][\w.]{0,80}+:(?!(?i:epoch|step|iter|batch))[A-Za-z_<][\w<>]{0,60}+:\d{1,6}+"
)

EXPRESSION: Final = (
    r"[ \t]{0,64}+(?>(?:"
    # when: `[2024-03-05 10:11:12]`, `Mar 05 10:11:12`, `[Tue Mar  5 10:11:12 2024]`, `10:11:12`
    rf"[\[(]?+{_DATE}[T _-](?:- )?+{_CLOCK}{_ZONE}[\])]?+"
    rf"|[\[(]?+(?:{_DAY} )?+{_MONTH} {{1,2}}\d{{1,2}} {_CLOCK}(?: \d{{4}}(?![\w/-]))?+[\])]?+"
    # `05 Mar 10:11`, `Tue 05 Mar 2024 10:11:12`
    rf"|[\[(]?+(?:{_DAY},? )?+\d{{1,2}} {_MONTH}(?: \d{{4}})?+ (?:{_CLOCK}|{_MINUTES})[\])]?+"
    rf"|[\[(]?+{_CLOCK}{_ZONE}(?![\d:])[\])]?+"
    # without the year: `03/05 10:11:12`, and Tensorpack's `[0305 10:11:12 @monitor.py:474]`
    rf"|[\[(]?+\d{{2}}[-/]\d{{2}} {_CLOCK}[\])]?+"
    rf"|\[\d{{4}} {_CLOCK} @[\w./-]{{1,80}}+:\d{{1,6}}+\]"
    # glog: `I0305 10:11:12.345678 139 train.py:88]`
    rf"|[IWEF]\d{{4}} {_CLOCK} {{1,8}}\d{{1,20}}+ [\w./-]{{1,80}}+:\d{{1,6}}+\]"
    # who: Ray's workers, containers of Compose, a pod's log
    r"|\((?:[\w.]{1,60}+ )?+(?:pid|ip)=[^()]{1,80}+\)"
    r"|(?!(?i:epoch|ep|step|iter|batch)\b)[A-Za-z][A-Za-z_.]{0,40}+(?:-[A-Za-z_.]{1,40}+){0,4}+"
    r"-\d{1,4}+ {1,30}+\|"
    r"|std(?:out|err) [FP]\b"
    # how bad and where: `- __main__ - INFO -`, `| INFO     | trainer:fit:88 -`, `INFO:root:`
    rf"|[-–—]? ?[\w.]{{1,60}}+ (?:-|—|–) {_LEVEL}(?: ?-| [–—])"
    # a module alone: `speechbrain.utils.train_logger - `, `__main__ - `
    r"|(?:__main__|root) -(?= )"
    r"|[a-z_]\w{0,40}+(?:\.[A-Za-z_]\w{0,40}+){1,6}+ -(?= )"
    rf"|[\[(]?+{_LEVEL}[\])]?+(?=[ :|\]-])(?::[A-Za-z_][\w.]{{0,60}}+(?=:))?+"
    rf"|{_PLACE} -"
    r"|[\[(][\w./-]{1,80}+\.py(?::| |, line )\d{1,6}+[^\])\n]{0,40}+[\])]"
    # what parts these
    r"|(?:[-–—] |\| |: ?)"
    r")[ \t]{0,16}+){1,8}+"
)
"""Matches at a line's beginning; no group."""

_PREFIX: Final = late(EXPRESSION)


def without_prefix(text: str) -> str:
    """Return a line without what a logger put before it (the line itself if it is all prefix)."""
    match = _PREFIX.match(text)
    if match is None:
        return text
    rest = text[match.end() :]
    return rest or text
