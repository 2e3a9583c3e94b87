"""What the numbers of a line mean, judged from the words before each."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from lossmon.formats._late import late
from lossmon.formats.general_names import (
    BATCH_WORDS,
    EPOCH_WORDS,
    EVAL_WORDS,
    STEP_WORDS,
    SUMMARY_WORDS,
    TRAIN_WORDS,
    measured_when,
    name_before,
    split_said,
    sums_up,
    with_split,
)
from lossmon.formats.general_splits import pair_of_splits, same_on
from lossmon.model import Role, clean_name, role_of
from lossmon.model.roles import ERRORS, LOST, measure_of, words
from lossmon.record import record

MAX_NUMBERS: Final = 32
"""A line with more numbers is data, not a report of training."""
MAX_SHAPE: Final = 512
"""Characters of text between the numbers: what people read is shorter."""
_LETTERS: Final = frozenset("esitk")
"""`e: 3 s: 100 loss: …`: counters of one letter, before any metric."""
# With one of these a counter's name is a setting, not where training stands.
_SETTING_WORDS: Final = frozenset((
    "warmup", "max", "num", "save", "log", "logging", "per", "accum", "accumulation", "size",
    "remaining", "left", "every", "interval", "patience", "freq", "frequency", "decay", "total",
    "n", "first", "best", "last",
))  # fmt: skip
_COUNTERS_DESPITE: Final = frozenset(["num_updates", "total_timesteps", "num_steps", "total_steps"])
# Numbers that belong to the machine or the clock.
_IGNORED_WORDS: Final = frozenset((
    "time", "eta", "elapsed", "remaining", "sec", "secs", "second", "seconds", "s", "ms", "min",
    "mins", "minutes", "hour", "hours", "h", "d", "runtime", "date", "duration", "took", "pid",
    "port", "gpu", "gpus", "mem", "memory", "seed", "line", "lineno", "rank", "device", "cuda",
    "version", "size", "params", "parameters", "id", "index",
))  # fmt: skip
_LEVELS: Final = frozenset(("INFO", "DEBUG", "WARNING", "WARN", "ERROR", "CRITICAL", "Info"))
_UNIT: Final = late(r"[%A-Za-zµ]++(?:/[A-Za-z]++)?")
_NAME_BEHIND: Final = late(
    r"[ \t]([A-Za-z_]{2,24}+(?: loss)?+)(?=[ \t]?[,;|)]|[ \t]?$|[ \t][A-Za-z])"
)
"""`2.31 loss, 0.01 LR`: names behind their numbers."""
_ASSIGNED: Final = frozenset((":", "=", "->", "=>", "is", "was", "is:", "was:", ") =", "):"))
_LOSSES_OF: Final = late(r"(?i)\bloss(?:es)?\W{0,4}\{")
"""`Losses {'ner': 100.2}`: what the keys name are losses."""
_FILE_ENDING: Final = late(
    r"\.(?:ckpt|pth?|h5|hdf5|bin|safetensors|png|jpe?g|pdf|json|txt|csv|pkl|np[yz]|onnx|zip|tar|keras"
    r"|weights|msgpack|log)\b"
)
_ENUMERATED: Final = frozenset((
    "fold", "seed", "trial", "trade", "run", "exp", "experiment", "subject", "patient", "quarter",
    "q", "year", "week", "day", "month", "config", "sample", "file", "user", "player", "team",
    "commit", "version", "line", "page", "chapter", "question", "claim", "policy", "order",
    "invoice", "item", "ticket", "account", "customer", "region", "branch", "store", "case",
))  # fmt: skip
"""Things that lines may go through one by one; training does not go on with them."""
_MEASURED: Final = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.SCORE)
"""`Epoch 3Loss: 0.5`: no unit."""
_LOCATION: Final = late(r"[\w.]:([A-Za-z_<]\w{0,60}>?):$")
"""`yolox.core.trainer:after_iter:254`: a place in the source, as loguru logs it."""
_CLU_STEP: Final = "] ["
"""`logging_writer.py:48] [100] loss=…`: the step as CLU's metric writers log it."""
_CJK_COUNTERS: Final = {"轮": "epoch", "輪": "epoch", "步": "step"}


@record(frozen=False)
class Layout:
    """What the numbers of a shape are; each is an index into the line's numbers, or None."""

    metrics: list[tuple[int, str]] = field(default_factory=list)
    epoch: int | None = None
    epoch_total: int | None = None
    step: int | None = None
    step_total: int | None = None
    batchwise: bool = False
    """`step` counts batches, which begin anew in each epoch."""
    plural: bool = False
    """The counter is called `steps` or `epochs`: without a metric beside it, a setting."""
    validating: bool = False
    """`step` counts the batches of an evaluation."""
    rank: int | None = None
    guessed: bool = False
    """`train=0.41 val=0.53`, `error 0.2`: losses only if they fall."""
    letter: bool = False
    """The only loss is called `L`: much more must speak for it."""
    enumerates: bool = False
    """The line is one of several things: `fold 3: loss 0.5`."""
    has_loss: bool = False
    has_score: bool = False

    @property
    def counts(self) -> bool:
        """Whether the line says where training stands."""
        return self.step is not None or self.epoch is not None

    @property
    def used(self) -> list[int]:
        """Indices of the numbers that matter, increasing."""
        found = {index for index, _ in self.metrics}
        places = (self.epoch, self.epoch_total, self.step, self.step_total, self.rank)
        found.update(place for place in places if place is not None)
        return sorted(found)


def layout_of(texts: list[str], values: list[str], context: str = "") -> Layout | None:
    """Say what the numbers of a line mean; None if it reports nothing of a training.

    `context` is the split (`val`) that holds where the line names none.
    """
    if len(values) > MAX_NUMBERS or sum(map(len, texts)) > MAX_SHAPE:
        return None
    layout = Layout()
    taken: set[str] = set()
    summary = False
    anonymous: int | None = None
    lead: int | None = None
    dated = -1
    awaited = ""
    of_losses = False
    splits: list[tuple[int, str]] = []
    if _epoch_and_batch(texts, values):
        layout.epoch, layout.step, layout.batchwise = 0, 1, True
        dated = 1
    for index, value in enumerate(values):
        if texts[index + 1 : index + 3] in (["/", "/"], ["-", "-"]):
            dated = index + 2  # the three numbers of a date
        if index <= dated:
            continue
        label, following = texts[index], texts[index + 1]
        if index:
            unit = _UNIT.match(label)
            if unit is not None and role_of(unit.group()) not in _MEASURED:
                label = label[unit.end() :]
        if _specifies(label, value, following):
            continue
        whole = value.lstrip("+").replace(",", "").isdigit()
        of_losses = _LOSSES_OF.search(label) is not None or (of_losses and "}" not in label)
        if awaited and label.strip(" \t") in _ASSIGNED:
            _metric(layout, index, awaited, True, label, context, taken)
            awaited = ""
            continue
        if label == "-" and whole and layout.step is None and layout.epoch == index - 1 >= 0:
            layout.step, layout.batchwise = index, True  # `epoch 1-599`
            continue
        if (index and label == ":") or (following == ":" and index + 1 < len(values)):
            context = split_said(label, context)
            continue  # a clock
        bare = label.strip(" \t")
        if index and bare in ("/", "of", "out of"):
            _set_total(layout, index, anonymous if whole else None)
            anonymous = None
            continue
        anonymous = None
        if bare in ("(", "±", "+/-", "+-") and index:
            continue  # an average or a spread of the number before
        if whole and following.startswith(" - ") and _is_location(label):
            continue
        if whole and layout.step is None and _bracketed_step(texts, index):
            layout.step = index
            continue
        if not whole and (pair := pair_of_splits(label, following)) and index + 1 < len(values):
            _metric(layout, index, f"train {pair[0]}", True, label, "", taken)
            _metric(layout, index + 1, f"{pair[1]} {pair[0]}", True, label, "", taken)
            dated = index + 1
            continue
        name, explicit, rest = name_before(label)
        if not whole and (beside := same_on(layout.metrics, index, name, label)):
            _metric(layout, index, beside, True, label, "", taken)
            continue
        context = split_said(rest, context)
        split = name
        if name and name.lower() in EVAL_WORDS:
            context, name = EVAL_WORDS[name.lower()], ""
        elif name and name.lower() in TRAIN_WORDS:
            context, name = "", ""
        if split and not name and not whole:
            splits.append((index, f"{split} loss"))
        if (not name or name in _LEVELS) and whole and _counted(layout, index, following):
            continue
        if not name:
            behind = None if whole else _name_behind(label, following, index + 1 < len(values))
            if behind is not None:
                _metric(layout, index, behind, True, label, context, taken)
                continue
            starts = following.strip(" \t").startswith(("/", "of "))
            if whole and starts:
                anonymous = index
            elif whole and split and following.strip(" \t") == "[" and layout.epoch is None:
                layout.epoch = index  # `Train: 3 [20/1251]`
            elif index == 0 and whole and _leads(label, following):
                lead = index
            continue
        if _FILE_ENDING.match(following) is not None:
            return None  # `val_loss=0.53.ckpt`: a listing of files
        parts = words(name)
        if parts[-1:] == ("loss",) and _is_lost(rest, following):
            continue
        layout.enumerates |= whole and not _ENUMERATED.isdisjoint(parts[-1:])
        summary |= sums_up(rest, name)
        if not parts or summary or set(parts) & SUMMARY_WORDS:
            continue
        if _counter(layout, index, name, parts, whole, value, explicit):
            awaited = measured_when(rest)
            continue
        if whole and layout.step is None and _step_then_loss(texts, values, index, name):
            layout.step = index
            _metric(layout, index + 1, name, True, label, context, taken)
            dated = index + 1
            continue
        if of_losses and role_of(name) is Role.OTHER:
            name = f"loss/{name}"
        _metric(layout, index, name, explicit, label, context, taken)
        if " " in name:
            context = split_said(name, context)  # `val Loss: 0.5 Acc: 0.8`
    if splits and not (layout.has_loss or layout.has_score) and layout.counts:
        layout.metrics = sorted([*splits[:2], *layout.metrics])
        layout.has_loss = layout.guessed = True
    if layout.counts and not (layout.has_loss or layout.has_score):
        _take_letter(layout)
    if layout.has_loss and all(measure_of(name) in ERRORS for name in _losses(layout)):
        layout.guessed = True
    if layout.step is None and lead is not None and layout.metrics:
        layout.step = lead
    trains = any(role_of(name) is Role.TRAIN_LOSS for _, name in layout.metrics)
    layout.validating = bool(context) and layout.batchwise and not trains
    if not layout.metrics and not layout.counts:
        return None
    return layout


def _take_letter(layout: Layout) -> None:
    """Take `L=0.53` for the loss of a line that names none."""
    for place, (index, name) in enumerate(layout.metrics):
        if name in ("L", "l"):
            layout.metrics[place] = (index, "loss")
            layout.has_loss = layout.letter = True
            return


def _losses(layout: Layout) -> list[str]:
    return [name for _, name in layout.metrics if role_of(name) in _MEASURED[:2]]


def _is_lost(rest: str, following: str) -> bool:
    """Say whether a loss is of packets or money: `loss 0.5%`, `stop loss 1.2`, `net loss 3.4`."""
    if following.startswith("%"):
        return True
    before = words(rest[-24:])
    return bool(before) and role_of(f"{before[-1]} loss") is Role.OTHER and before[-1] in LOST


def _epoch_and_batch(texts: list[str], values: list[str]) -> bool:
    """Say whether a line begins with `[2,  4000]`, as a well-known tutorial prints them."""
    return (
        len(values) > 2
        and [text.strip(" \t") for text in texts[:2]] == ["[", ","]
        and texts[2].startswith("]")
        and values[0].isdigit()
        and values[1].isdigit()
    )


def _is_location(label: str) -> bool:
    match = _LOCATION.search(label[-80:])
    return match is not None and match[1].lower() not in EPOCH_WORDS | STEP_WORDS | BATCH_WORDS


def _bracketed_step(texts: list[str], index: int) -> bool:
    """Say whether a whole number stands as `[#00120]`, or behind CLU's place in its source."""
    before, following = texts[index], texts[index + 1]
    if not following.startswith("]"):
        return False
    return before.endswith("[#") or (
        before == _CLU_STEP and index > 0 and texts[index - 1].endswith(".py:")
    )


def _name_behind(label: str, following: str, more: bool) -> str | None:
    """Return the loss or rate that is named behind its number, None where none is."""
    if label.strip(" \t")[-1:] not in ("", ",", ";", "|", ":"):
        return None
    match = _NAME_BEHIND.match(following)
    if match is None or (more and not following[match.end(1) :].strip(" \t")):
        return None  # `1.2 loss 0.5` names the next number
    wanted = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.LEARNING_RATE)
    return match[1] if role_of(match[1]) in wanted else None


def _step_then_loss(texts: list[str], values: list[str], index: int, name: str) -> bool:
    """Say whether a loss's name is followed by its step, then its value: `Train loss 100 0.53`."""
    return (
        role_of(name) in (Role.TRAIN_LOSS, Role.EVAL_LOSS)
        and index + 1 < len(values)
        and texts[index + 1].strip(" \t") in ("", ":")
        and texts[index][-1:] in (" ", "\t")
        and "." in values[index + 1]
    )


def _counted(layout: Layout, index: int, following: str) -> bool:
    """Take a counter whose name stands behind it: `3 epochs`, `1epoch:train:1-50batch:`."""
    word = _UNIT.match(following.lstrip(" "))
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


def _specifies(label: str, value: str, following: str) -> bool:
    """Say whether a number belongs to a format specification: `{loss:.4f}`, `%5.3f`."""
    return (value[0] == "." and following[:1] in ("f", "e", "g", "%")) or (
        label.endswith("%") or following.startswith(("f}", "e}", "g}", "d}"))
    )


def _leads(label: str, following: str) -> bool:
    """Say whether a whole number without a name at a line's beginning may be its step."""
    if label.strip(" \t([#") != "":
        return False
    # `120: loss=0.5`, but no clock and no place in a file.
    behind = following[1:] if following.startswith(": ") else following
    return not behind.startswith(("-", ":", "/", ".", "%", "x"))


def _set_total(layout: Layout, index: int, anonymous: int | None) -> None:
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


def _counter(
    layout: Layout,
    index: int,
    name: str,
    parts: tuple[str, ...],
    whole: bool,
    value: str,
    explicit: bool,
) -> bool:
    """Take a number that counts; True if it is dealt with."""
    last = parts[-1]
    if role_of(name) not in (Role.OTHER, Role.EPOCH):
        return False
    joined = "_".join(parts)
    if set(parts) & _SETTING_WORDS and joined not in _COUNTERS_DESPITE:
        return last in EPOCH_WORDS or last in STEP_WORDS or last in BATCH_WORDS
    layout.plural |= last in EPOCH_WORDS | STEP_WORDS and last.endswith("s")
    if last in EPOCH_WORDS:
        if layout.epoch is None and value[0] not in "-nNiI":
            layout.epoch = index
        return True
    if last in STEP_WORDS and whole:
        # `iter 4 step 1`: the step; but the batch of an epoch yields to a step.
        if layout.step is None or layout.batchwise or last in ("step", "steps"):
            layout.step, layout.step_total, layout.batchwise = index, None, False
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


def _metric(
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
    if role is Role.OTHER and (not explicit or parts & _IGNORED_WORDS or "." in name):
        return
    if name in _LEVELS or (label.endswith(f"({name}:") and role is Role.OTHER):
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
