"""Counters in a line of free text: which number is the step, the epoch, the batch, a total."""

from __future__ import annotations

from typing import Final

from lossmon.formats._late import late
from lossmon.formats.general_layout import Layout
from lossmon.formats.general_names import BATCH_WORDS, EPOCH_WORDS, EVAL_WORDS, STEP_WORDS
from lossmon.model import Role, role_of
from lossmon.model.roles import words

_LETTERS: Final = frozenset("esitk")
"""`e: 3 s: 100 loss: …`: counters of one letter, before any metric."""
# With one of these a counter's name is a setting, not where training stands.
_SETTING_WORDS: Final = frozenset((
    "warmup", "max", "num", "save", "log", "logging", "per", "accum", "accumulation", "size",
    "remaining", "left", "every", "interval", "patience", "freq", "frequency", "decay", "total",
    "n", "first", "best", "last",
))  # fmt: skip
_COUNTERS_DESPITE: Final = frozenset([
    "num_updates", "total_timesteps", "num_steps", "total_steps", "total_train_updates",
])  # fmt: skip
_DONE: Final = EPOCH_WORDS | STEP_WORDS | BATCH_WORDS
_OVER_THE_RUN: Final = frozenset(("num_updates", "total_train_updates", "acc_iter"))
"""Counters that go before others of their line; those with `global` in their names do too."""
_PLAYED: Final = frozenset(("episode", "episodes", "round", "rounds"))
_BEHIND: Final = frozenset(("done", "seen"))
"""Words behind a counter's name that leave it one: `epochs_done: 3`, `Batches seen: 120`."""
_COUNTED_TIME: Final = late(r"(?:ms|us|µs|ns|s|sec|secs)(?![A-Za-z])")
UNIT: Final = late(r"[%A-Za-zµ]++(?:/[A-Za-z]++)?")
_LOCATION: Final = late(r"[\w.]:([A-Za-z_<]\w{0,60}>?):$")
"""`yolox.core.trainer:after_iter:254`: a place in the source, as loguru logs it."""
_CLU_STEP: Final = "] ["
"""`logging_writer.py:48] [100] loss=…`: the step as CLU's metric writers log it."""
_CJK_COUNTERS: Final = {"轮": "epoch", "輪": "epoch", "步": "step"}


def counter(
    layout: Layout,
    index: int,
    name: str,
    parts: tuple[str, ...],
    whole: bool,
    value: str,
    explicit: bool,
) -> bool:
    """Take a number that counts; True if it is dealt with."""
    if parts[-1] in _BEHIND and len(parts) > 1 and parts[-2] in _DONE:
        parts = (*parts[:-2], parts[-2].removesuffix("es").removesuffix("s"))
        name = " ".join(parts)
    last = parts[-1]
    joined = "_".join(parts)
    if role_of(name) not in (Role.OTHER, Role.EPOCH) and joined not in _OVER_THE_RUN:
        return False
    if set(parts) & _SETTING_WORDS and joined not in _COUNTERS_DESPITE:
        return last in EPOCH_WORDS or last in STEP_WORDS or last in BATCH_WORDS
    layout.plural |= last in EPOCH_WORDS | STEP_WORDS and last.endswith("s")
    if last in EPOCH_WORDS:
        if layout.epoch is None and value[0] not in "-nNiI":
            layout.epoch = index
        return True
    if last in STEP_WORDS and whole:
        over_run = "global" in parts or joined in _OVER_THE_RUN
        if last in _PLAYED and layout.step_total is not None:
            return True  # ` 120/5000: episode: 3, …`: how many were played
        # `iter 4 step 1`: the step; but the batch of an epoch yields to a step.
        replaces = layout.step is None or layout.batchwise or last in ("step", "steps")
        if over_run or (replaces and not layout.over_run):
            layout.step, layout.step_total, layout.batchwise = index, None, False
            layout.over_run = over_run
        return True
    if last in BATCH_WORDS and whole:
        if layout.step is None:
            layout.step, layout.batchwise = index, True
        return True
    if last == "rank" and whole:
        layout.rank = index
        return True
    if explicit and whole and name in _LETTERS and not layout.metrics and layout.step is None:
        if name == "e":
            layout.epoch = index if layout.epoch is None else layout.epoch
        else:
            layout.step, layout.batchwise = index, False
        return True
    return last in STEP_WORDS


def is_duration(following: str) -> bool:
    """Say whether a number is a time, by the unit that stands at it: `Step: 123ms`."""
    return _COUNTED_TIME.match(following) is not None


def counts_both(name: str, following: str) -> str:
    """Return which counter stands first behind `Step/Epoch [120/3]`: its word, or ""."""
    first, slash, second = name.lower().rpartition("/")
    if not slash or following.strip(" \t") != "/" or second not in _DONE:
        return ""
    return first if first in _DONE and (first in EPOCH_WORDS) != (second in EPOCH_WORDS) else ""


def counted(layout: Layout, index: int, following: str) -> bool:
    """Take a counter whose name stands behind it: `3 epochs`, `1epoch:train:1-50batch:`."""
    word = UNIT.match(following.lstrip(" "))
    name = word.group().lower() if word else ""
    name = name or _CJK_COUNTERS.get(following.lstrip(" ")[:1], "")
    if name in EPOCH_WORDS and layout.epoch is None:
        layout.epoch = index
    elif name in STEP_WORDS | BATCH_WORDS and layout.step is None:
        layout.step, layout.batchwise = index, name in BATCH_WORDS
    else:
        return False
    layout.plural |= name.endswith("s")
    return True


def set_total(layout: Layout, index: int, anonymous: int | None) -> None:
    before = index - 1
    if before == layout.epoch:
        layout.epoch_total = index
    elif before == layout.step:
        layout.step_total = index
    elif anonymous == before:
        if layout.batchwise and layout.epoch is None:
            # `[3/300][20/1251]`: the first counts epochs
            layout.epoch, layout.epoch_total = layout.step, layout.step_total
            layout.step = None
        if layout.step is None:
            layout.step, layout.step_total, layout.batchwise = before, index, True


def leads(label: str, following: str) -> bool:
    """Say whether a whole number without a name at a line's beginning may be its step."""
    if label.strip(" \t([#") != "":
        return False
    # `120: loss=0.5`, but no clock, no place in a file, no `120ms`.
    behind = following[1:] if following.startswith(": ") else following
    return not behind[:1].isalpha() and not behind.startswith(("-", ":", "/", ".", "%", "x"))


def epoch_and_batch(texts: list[str], values: list[str]) -> bool:
    """Say whether a line begins with epoch and batch: `[2,  4000] loss: 0.5`, `2 40 loss - 0.5`."""
    if len(values) < 3 or not (values[0].isdigit() and values[1].isdigit()):
        return False
    between = [text.strip(" \t") for text in texts[:2]]
    if between == ["[", ","]:  # as a well-known tutorial prints them
        return texts[2].startswith("]")
    return texts[:2] == ["", " "] and texts[2][:1] == " " and role_of(texts[2]) is Role.TRAIN_LOSS


def lists_epoch_and_step(texts: list[str], index: int, parts: tuple[str, ...]) -> bool:
    """Say whether a step is printed as a list of epoch and step: `"step": [0, 120]`."""
    return (
        parts[-1] in STEP_WORDS
        and texts[index].endswith("[")
        and index + 2 < len(texts)
        and texts[index + 1].strip(" ") == ","
        and texts[index + 2].startswith("]")
    )


def sets_a_counter(name: str, rest: str) -> bool:
    """Say whether the word before a counter's name makes it a setting.

    `Accumulation Step: 1` says nothing of where training stands,
    `Val steps: 25` how long an evaluation is, `episode steps: 13` how long an episode was.
    """
    last = words(name)[-1:]
    if not last or last[0] not in STEP_WORDS | BATCH_WORDS or not rest.endswith((" ", "_")):
        return False
    before = words(rest[-24:])[-1:]
    if not before or f"{before[0]}_{last[0]}" in _COUNTERS_DESPITE:
        return False
    if before[0] in EVAL_WORDS or before[0] in _PLAYED:
        return last[0].endswith("s")
    return before[0] in _SETTING_WORDS


def is_location(label: str) -> bool:
    match = _LOCATION.search(label[-80:]) if label.endswith(":") else None
    return match is not None and match[1].lower() not in EPOCH_WORDS | STEP_WORDS | BATCH_WORDS


def bracketed_step(texts: list[str], index: int) -> bool:
    """Say whether a whole number stands as `[#00120]`, or behind CLU's place in its source."""
    before, following = texts[index], texts[index + 1]
    if not following.startswith("]"):
        return False
    return before.endswith("[#") or (
        before == _CLU_STEP and index > 0 and texts[index - 1].endswith(".py:")
    )
