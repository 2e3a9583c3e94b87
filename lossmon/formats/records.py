"""From a JSON record to its numbers: nested names flattened, quoted numbers and times read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import numpy as np

from lossmon.formats._counts import comma_number, count_of, is_decimal
from lossmon.formats.axis import Cells
from lossmon.formats.fields import Kind, kind_of, parse_time, tag_prefix
from lossmon.formats.json_text import number
from lossmon.model.batch import FloatArray
from lossmon.model.roles import Role, role_of

MAX_DEPTH: Final = 6
"""Nested objects deeper than this hold no metrics (RLlib's are five deep)."""

_CONFIGURATION: Final = frozenset(
    ("config", "configs", "configuration", "hparams", "hyperparameters", "args", "params", "env")
)
"""Objects of these names hold what a run was started with."""

MAX_FIELDS: Final = 4000
"""Fields taken of one object: twice the names that a run may have."""

SUMMARY_KEYS: Final = frozenset(("train_runtime", "total_flos"))
"""A record with one of them sums up the whole run; its `train_loss` is no point of the curve."""


_NAME: Final = "name"
"""A field called so names things as a rule, but `{"name": "validation", …}` says the split."""


def record_numbers(record: Mapping[str, Any]) -> dict[str, float]:
    """Return a record's numbers by flat name (`losses/textcat`), times among them.

    Other texts, booleans, nulls and lists are left out. In a record that says
    `mode: val` the metrics' names get `val/` before them.
    """
    found: dict[str, float] = {}
    prefix = ""
    for key, value in flat_items(record):
        parsed = number(value)
        if parsed is not None:
            found[key] = parsed
        elif isinstance(value, str):
            kind = kind_of(key)
            if kind is Kind.TIME:
                seconds = parse_time(value)
                if seconds is not None:
                    found[key] = seconds
            elif kind is Kind.TAG or key == _NAME:
                prefix = tag_prefix(value) or prefix
            elif (counted := _said_number(key, kind, value)) is not None:
                found[key] = counted
    return prefixed(found, prefix) if prefix else found


def _said_number(key: str, kind: Kind, text: str) -> float | None:
    """Return a number in words that only its name makes one: a step `12k`, a loss `0,53`."""
    if kind is Kind.STEP:
        return count_of(text)
    if kind is Kind.METRIC and is_decimal(text) and role_of(key) is not Role.OTHER:
        return comma_number(text)
    return None


def flat_items(
    record: Mapping[str, Any], prefix: str = "", depth: int = 1
) -> Iterator[tuple[str, Any]]:
    """Yield a nested object's leaves with the path of their names, joined by `/`."""
    for count, (key, value) in enumerate(record.items()):
        if count >= MAX_FIELDS:
            return
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            if depth < MAX_DEPTH and key not in _CONFIGURATION:
                yield from flat_items(value, f"{name}/", depth + 1)
        else:
            yield name, value


def numbers_beyond(record: Mapping[str, Any]) -> int:
    """Return how many numbers of a record `flat_items` passes over, being too many in one object.

    Counted are the record's own and those of the objects in it.
    """
    if len(record) <= MAX_FIELDS:
        inner = [value for value in record.values() if type(value) is dict]
        return sum(map(_beyond, inner)) if inner else 0
    return _beyond(record)


def _beyond(record: Mapping[str, Any]) -> int:
    rest = islice(record.values(), MAX_FIELDS, None)
    return sum(type(value) is float or type(value) is int for value in rest)


def prefixed(fields: Mapping[str, float], prefix: str) -> dict[str, float]:
    """Return the fields with `prefix` before the names of metrics that lack it."""
    return {
        f"{prefix}{key}"
        if kind_of(key) is Kind.METRIC and not key.startswith(prefix)
        else key: value
        for key, value in fields.items()
    }


def sparse_cells(values: FloatArray) -> Cells:
    """Return a column from numbers where NaN stands for an absent one."""
    absent = np.isnan(values)
    if not absent.any():
        return Cells(values)
    rows = np.flatnonzero(~absent)
    return Cells(values[rows], rows)


def text_cells(key: str, texts: list[str | None]) -> Cells | None:
    """Return the times in a column of texts (None: absent), no cells where it holds none.

    None if a text is a number or names a split: such rows need a look of their own.
    """
    kind = kind_of(key)
    distinct = set(texts)
    distinct.discard(None)
    if any(
        number(text) is not None or _said_number(key, kind, text) is not None
        for text in distinct
        if text is not None
    ):
        return None
    if (kind is Kind.TAG or key == _NAME) and any(
        tag_prefix(text) for text in distinct if text is not None
    ):
        return None
    if kind is not Kind.TIME:
        return Cells(np.empty(0))
    seconds = [None if text is None else parse_time(text) for text in texts]
    return sparse_cells(np.array(seconds, dtype=np.float64))
