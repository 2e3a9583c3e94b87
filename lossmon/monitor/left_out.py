"""What of a log is in no series, said in sentences: nothing is left out in silence."""

from __future__ import annotations

from lossmon.formats.lines import MAX_LINE
from lossmon.model import LeftOut
from lossmon.model.batch import MAX_SERIES


def sentences(left_out: LeftOut) -> tuple[str, ...]:
    """Return a sentence without a full stop for each reason there was."""
    found = []
    lines, values = left_out.long_lines, left_out.refused
    unread = left_out.records - lines - values
    if lines:
        found.append(f"{_were(lines, 'line', f'of over {MAX_LINE >> 20} MiB')} skipped")
    if values:
        beyond = f"of metrics beyond the first {MAX_SERIES:,} names"
        found.append(f"{_were(values, 'value', beyond)} left out")
    if unread:
        found.append(f"{unread:,} record{'s' * (unread > 1)} could not be read")
    return tuple(found)


def _were(count: int, what: str, which: str) -> str:
    return f"1 {what} {which} was" if count == 1 else f"{count:,} {what}s {which} were"
