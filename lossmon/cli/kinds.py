"""Lists of event kinds and durations, as options name them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from lossmon.model import EVENT_KINDS, Event, RunView

_UNITS: Final = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}


def event_kinds(text: str) -> tuple[str, ...]:
    """Parse `plateau,divergence` (argparse type); `any` means every kind that warns."""
    kinds = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [kind for kind in kinds if kind not in EVENT_KINDS]
    if unknown or not kinds:
        raise argparse.ArgumentTypeError(
            f"{', '.join(unknown) or 'nothing'}: no such event; known: {', '.join(EVENT_KINDS)}"
        )
    return kinds


def seconds(text: str) -> float:
    """Parse `90`, `90s`, `15m`, `2h`, `1d` into seconds (argparse type)."""
    number = text.strip().lower()
    unit = ""
    while number and number[-1].isalpha():
        unit = number[-1] + unit
        number = number[:-1]
    try:
        value = float(number) * _UNITS[unit or "s"]
    except (ValueError, KeyError):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write 90s, 2h …") from None
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: it should be 0 or more")
    return value


def standing(run: RunView, kinds: Sequence[str]) -> list[Event]:
    """Return the run's events of these kinds that were never cleared."""
    return [event for event in run.standing if event.kind in kinds]
