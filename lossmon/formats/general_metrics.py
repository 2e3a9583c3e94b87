"""Metrics in a line of free text: which numbers are losses, scores and rates, and their names."""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.general_layout import Layout
from lossmon.formats.general_names import with_split
from lossmon.model import Role, clean_name, role_of
from lossmon.model.roles import LOST, words

# Numbers that belong to the machine or the clock.
_IGNORED_WORDS: Final = frozenset((
    "time", "eta", "elapsed", "remaining", "sec", "secs", "second", "seconds", "s", "ms", "min",
    "mins", "minutes", "hour", "hours", "h", "d", "runtime", "date", "duration", "took", "pid",
    "port", "gpu", "gpus", "mem", "memory", "seed", "line", "lineno", "rank", "device", "cuda",
    "version", "size", "params", "parameters", "id", "index",
))  # fmt: skip
LEVELS: Final = frozenset(("INFO", "DEBUG", "WARNING", "WARN", "ERROR", "CRITICAL", "Info"))
_NAME_BEHIND: Final = late(
    r"[ \t]([A-Za-z_]{2,24}+(?: loss)?+)(?=[ \t]?[,;|)]|[ \t]?$|[ \t][A-Za-z])"
)
"""`2.31 loss, 0.01 LR`: names behind their numbers."""
MEASURED: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.SCORE)


OBJECTIVES: Final = frozenset(("L", "l", "obj", "f", "F", "fval", "value"))
"""What optimizers call what they minimise, which stands for much else too: `iter=3 obj=0.53`."""


def metric(
    layout: Layout,
    index: int,
    name: str,
    explicit: bool,
    label: str,
    context: str,
    taken: set[str],
) -> None:
    role = role_of(name)
    parts = set(words(name))
    counted = layout.counts and name in OBJECTIVES
    if role is Role.OTHER and (not (explicit or counted) or parts & _IGNORED_WORDS or "." in name):
        return
    if name in LEVELS or (label.endswith(f"({name}:") and role is Role.OTHER):
        return  # `INFO: 3`, `(trainer:732)`: where a logger stands
    if role is Role.THROUGHPUT or role is Role.EPOCH:
        if not explicit:
            return
    elif role is not Role.OTHER and parts & {"time", "sec", "ms"}:
        return
    name = clean_name(with_split(name, context))
    role = role_of(name)
    if name in taken:
        return
    taken.add(name)
    layout.metrics.append((index, name))
    layout.has_loss |= role in (Role.TRAIN_LOSS, Role.EVAL_LOSS)
    layout.has_score |= role is Role.SCORE


def take_letter(layout: Layout) -> None:
    """Take `L=0.53` or `obj=0.53` for the loss of a line that names none."""
    for place, (index, name) in enumerate(layout.metrics):
        if name in OBJECTIVES:
            layout.metrics[place] = (index, "loss")
            layout.has_loss = layout.letter = True
            return


def losses(layout: Layout) -> list[str]:
    return [name for _, name in layout.metrics if role_of(name) in MEASURED[:2]]


def is_lost(rest: str, following: str) -> bool:
    """Say whether packets, money, time are lost: `loss 0.5%`, `stop loss 1.2`, `Time cost=1.2`."""
    if following.startswith("%"):
        return True
    before = words(rest[-24:])
    if not before or before[-1] not in LOST | {"time"}:
        return False
    return role_of(f"{before[-1]} loss") is Role.OTHER


def name_behind(label: str, following: str, more: bool) -> str | None:
    """Return the loss or rate that is named behind its number, None where none is."""
    if label.strip(" \t")[-1:] not in ("", ",", ";", "|", ":"):
        return None
    match = _NAME_BEHIND.match(following)
    if match is None or (more and not following[match.end(1) :].strip(" \t")):
        return None  # `1.2 loss 0.5` names the next number
    wanted = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.LEARNING_RATE)
    return match[1] if role_of(match[1]) in wanted else None


def step_then_loss(texts: list[str], values: list[str], index: int, name: str) -> bool:
    """Say whether a loss's name is followed by its step, then its value: `Train loss 100 0.53`."""
    return (
        role_of(name) in (Role.TRAIN_LOSS, Role.EVAL_LOSS)
        and index + 1 < len(values)
        and texts[index + 1].strip(" \t") in ("", ":")
        and texts[index][-1:] in (" ", "\t")
        and "." in values[index + 1]
    )
