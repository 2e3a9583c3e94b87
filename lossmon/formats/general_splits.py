"""Losses of two splits side by side: `train/val loss 2.1/1.7`, `loss 2.1 (val: 1.7)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.general_names import EVAL_WORDS, TRAIN_WORDS, split_said
from lossmon.model import Role, role_of
from lossmon.model.roles import words

_SPLITS: Final = late(r"\b([A-Za-z]{2,10}) ?/ ?([A-Za-z]{2,10})\b")
_MEASURED: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.SCORE)


def pair_of_splits(label: str, following: str) -> tuple[str, str] | None:
    """Return measure and second split of `train/val loss 2.1/1.7` and `loss (train/val): 2 / 1`."""
    if following.strip(" \t") not in ("/", "|", ","):
        return None
    match = _SPLITS.search(label[-60:])
    if match is None or match[1].lower() not in TRAIN_WORDS or match[2].lower() not in EVAL_WORDS:
        return None
    text = label[-60:]
    around = words(text[: match.start()])[-1:] + words(text[match.end() :])[:1]
    measured = [word for word in around if role_of(word) in _MEASURED]
    return (measured[0], EVAL_WORDS[match[2].lower()]) if measured else None


def same_on(metrics: Sequence[tuple[int, str]], index: int, name: str, label: str) -> str:
    """Return what is measured of the evaluation set behind a loss: `loss 2.1 (val: 1.7)`, or "".

    `metrics` are those of the line so far, `name` stands before number `index`.
    """
    if name.lower() not in EVAL_WORDS or not metrics or metrics[-1][0] != index - 1:
        return ""
    measured = metrics[-1][1]
    if role_of(measured) not in (Role.TRAIN_LOSS, Role.SCORE) or split_said(measured, ""):
        return ""
    alone = words(label) == (name.lower(),)
    return f"{EVAL_WORDS[name.lower()]}/{measured.rpartition('/')[2]}" if alone else ""
