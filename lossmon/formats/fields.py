"""What the fields of a structured record are: which is the step, the epoch, the time.

JSON lines and tables name them freely (`step`, `global_step`, `iter`,
`time/total_timesteps`, `num_updates` …). A name decides what a field may be;
the values, row by row, whether it is (see `axis`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from functools import lru_cache
from typing import Final

from lossmon.formats.base import Sniff
from lossmon.model import Role, role_of
from lossmon.model.roles import words


class Kind(Enum):
    """What a field's name says it is."""

    STEP = auto()
    EPOCH = auto()
    TIME = auto()
    TOTAL_STEPS = auto()
    TOTAL_EPOCHS = auto()
    TAG = auto()
    METRIC = auto()


# The surest first: a counter of optimizer steps over the whole run, then environment steps
# (reinforcement learning), then counters that may begin anew each epoch, then mere row numbers.
_STEP_NAMES: Final = (
    "trainer/global_step", "global_step", "global_steps", "globalstep", "step", "steps", "_step",
    "current_steps", "current_step", "train_step", "train_steps", "training_step", "step_num",
    "opt_step", "optimizer_step", "num_updates", "train_num_updates", "valid_num_updates",
    "total_timesteps", "timesteps", "timestep", "num_timesteps", "timesteps_total",
    "total_env_steps", "env_steps", "env_step", "num_env_steps", "totalenvinteracts", "frames",
    "global_iter", "global_iteration", "iter_num", "iter", "iters", "iteration", "iterations",
    "itr", "it", "train_iter", "train_iteration", "training_iteration", "n_iter", "niter",
    "update", "updates", "n_updates", "batch_num", "batch_idx", "batch_id", "batch", "batches",
    "minibatch", "mini_batch", "round", "boosting_round", "generation", "episode", "episodes",
    "i", "idx", "index", "unnamed: 0", "",
)  # fmt: skip
STEP_RANK: Final = {name: rank for rank, name in enumerate(_STEP_NAMES)}
_ROW_NUMBERS: Final = frozenset(("i", "idx", "index", "unnamed: 0", ""))

_EPOCHS: Final = frozenset(
    ("epoch", "epochs", "_epoch", "current_epoch", "epoch_num", "train_epoch", "epoch_idx", "ep",
     "epoch_number", "global_epoch", "train_epochs", "valid_epoch")
)  # fmt: skip
_TIMES: Final = frozenset(
    ("timestamp", "_timestamp", "time", "wall_time", "walltime", "datetime", "date", "created_at",
     "ts", "asctime", "@timestamp", "created", "wall", "log_time")
)  # fmt: skip
_TOTAL_STEPS: Final = frozenset(
    ("total_steps", "max_steps", "num_steps", "total_iters", "max_iters", "num_training_steps",
     "total_iterations", "max_iterations", "train_steps_total", "total_step", "max_step")
)  # fmt: skip
_TOTAL_EPOCHS: Final = frozenset(
    ("num_epochs", "total_epochs", "max_epochs", "num_train_epochs", "n_epochs", "max_epoch")
)
_TAGS: Final = frozenset(
    ("mode", "split", "phase", "stage", "subset", "dataset", "type", "event", "set", "partition")
)
_TRAIN_TAGS: Final = frozenset(("train", "training", "trn", "train_inner", "fit", "learn"))
_EVAL_TAGS: Final = frozenset(
    ("val", "valid", "validation", "eval", "evaluation", "test", "testing", "dev", "validate")
)


_STATISTICS: Final = frozenset((("num",), ("std",), ("count",), ("var",), ("min",), ("max",)))
"""Last words of fields that stand beside a mean."""


@lru_cache(maxsize=4096)
def kind_of(key: str) -> Kind:
    """Return what a field's name says it is (`METRIC` where it says nothing else)."""
    name, last = _forms(key)
    for form in (name, last):
        if form in STEP_RANK:
            return Kind.STEP
        if form in _TOTAL_STEPS:
            return Kind.TOTAL_STEPS
    for known, kind in (
        (_EPOCHS, Kind.EPOCH),
        (_TIMES, Kind.TIME),
        (_TOTAL_EPOCHS, Kind.TOTAL_EPOCHS),
    ):
        if name in known or last in known:
            return kind
    return Kind.TAG if name in _TAGS else Kind.METRIC


@lru_cache(maxsize=4096)
def step_rank(key: str) -> int:
    """Return how sure a step field is, 0 the surest; key must be of kind `STEP`."""
    name, last = _forms(key)
    return min(STEP_RANK.get(name, len(STEP_RANK)), STEP_RANK.get(last, len(STEP_RANK)))


def _forms(key: str) -> tuple[str, str]:
    """Return a key in lower case with `_` for blanks and dashes, whole and after the last `/`."""
    name = key.strip().lower()
    if name != "unnamed: 0":
        name = name.replace(" ", "_").replace("-", "_")
    return name, name.rpartition("/")[2] or name


def tag_prefix(value: str) -> str | None:
    """Return what to put before a row's metric names: `val/` for `mode: val`, nothing for train.

    None where the value names no split.
    """
    word = value.strip().lower()
    if word in _TRAIN_TAGS:
        return ""
    return f"{word}/" if word in _EVAL_TAGS else None


def parse_time(text: str) -> float | None:
    """Return an ISO 8601 text as seconds since 1970, None if it is none.

    A time without zone is the writer's local time, taken for ours.
    """
    text = text.strip()
    if not 10 <= len(text) <= 40 or text[4:5] not in "-0123456789":
        return None
    try:
        seconds = datetime.datetime.fromisoformat(text.replace(",", ".")).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
    return seconds if plausible_unix(seconds) else None


FIRST_SECOND: Final = 1e9
LAST_SECOND: Final = 4e9
"""2001 and 2096: a number outside counts seconds of something else (a duration)."""


def plausible_unix(seconds: float) -> bool:
    """Say whether a number may be seconds since 1970 of a training run."""
    return FIRST_SECOND < seconds < LAST_SECOND


# Words that mean a training loss wherever they stand; the other loss words of `roles`
# (`cost`, `l2`, `mae` …) and the scores are common in tables of other things.
_SURE: Final = frozenset(
    ("loss", "losses", "nll", "logloss", "mlogloss", "perplexity", "ppl", "crossentropy")
)
_LOSSES: Final = frozenset((Role.TRAIN_LOSS, Role.EVAL_LOSS))


# Columns of a table of experiments or of other things, where no step or epoch goes on.
_OF_TABLES: Final = frozenset((
    "batch", "dropout", "hidden", "layers", "units", "seed", "momentum", "decay", "width", "depth",
    "heads", "fold", "trial", "run", "model", "params", "packet", "packets", "latency", "jitter",
    "rtt", "price", "profit", "revenue", "trade",
))  # fmt: skip


def judge(
    numeric: Iterable[str],
    text: Iterable[str],
    what: str,
    values: Mapping[str, Sequence[float]] | None = None,
) -> Sniff | None:
    """Say how likely records with these numeric and text fields are a training log.

    A loss needs a step or an epoch beside it, or at least no names of things;
    a mere score (`score`, `return`, `precision`) always needs a step or epoch.
    `values` are the first numbers of the fields: an `epochs` that is the same
    in every record is a setting.
    """
    numeric = list(numeric)
    values = values or {}
    axis = [
        key
        for key in numeric
        if kind_of(key) in (Kind.STEP, Kind.EPOCH) and not _stands_still(values.get(key, ()))
    ]
    counted = any(kind_of(key) is Kind.EPOCH or _forms(key)[1] not in _ROW_NUMBERS for key in axis)
    metrics = [key for key in numeric if kind_of(key) is Kind.METRIC]
    losses = [key for key in metrics if role_of(key) in _LOSSES]
    sure = [key for key in losses if not _SURE.isdisjoint(words(key))]
    scores = [key for key in metrics if role_of(key) is Role.SCORE]
    others = [
        key for key in metrics if role_of(key) is Role.OTHER and words(key)[-1:] not in _STATISTICS
    ]
    things = [key for key in text if kind_of(key) is Kind.METRIC]
    if sure and counted:
        return Sniff(0.6, f"{what} with {sure[0]!r} and a step or epoch")
    of_tables = any(not _OF_TABLES.isdisjoint(words(key)) for key in others)
    if sure and not things and not of_tables and len(others) <= 3 * len(losses):
        return Sniff(0.45, f"{what} with {sure[0]!r}, no step: rows are counted")
    if losses and counted:
        return Sniff(0.45, f"{what} with {losses[0]!r} and a step or epoch")
    if scores and counted and not things:
        return Sniff(0.35, f"{what} with {scores[0]!r} and a step or epoch, but no loss")
    return None


def _stands_still(values: Sequence[float]) -> bool:
    return len(values) >= 3 and len(set(values)) == 1
