"""What the numbers of a line mean, judged from the words before each."""

from __future__ import annotations

from typing import Final

from lossmon.formats._counts import is_count
from lossmon.formats._late import late
from lossmon.formats.general_counters import (
    UNIT,
    bracketed_step,
    counted,
    counter,
    counts_both,
    epoch_and_batch,
    is_duration,
    is_location,
    leads,
    lists_epoch_and_step,
    set_total,
    sets_a_counter,
)
from lossmon.formats.general_layout import Layout
from lossmon.formats.general_metrics import (
    LEVELS,
    MEASURED,
    is_lost,
    losses,
    metric,
    name_behind,
    step_then_loss,
    take_letter,
)
from lossmon.formats.general_names import (
    BATCH_WORDS,
    EPOCH_WORDS,
    EVAL_WORDS,
    STEP_WORDS,
    SUMMARY_WORDS,
    TRAIN_WORDS,
    closes_measured_over,
    is_tf_evaluation,
    measured_over,
    measured_when,
    name_before,
    split_said,
    sums_up,
)
from lossmon.formats.general_splits import pair_of_splits, same_on
from lossmon.model import Role, role_of
from lossmon.model.roles import ERRORS, measure_of, words

MAX_NUMBERS: Final = 80
"""A line with more numbers is data, not a report of training."""
MAX_SHAPE: Final = 1536
"""Characters of text between the numbers: what people read is shorter."""
_ASSIGNED: Final = frozenset(
    (":", "=", "->", "=>", "is", "was", "is:", "was:", "is :", ") =", "):")
)
_BECOMES: Final = frozenset(("->", "-->", "=>", "→"))
_LOSSES_OF: Final = late(r"(?i)\bloss(?:es)?\W{0,4}\{")
"""`Losses {'ner': 100.2}`: what the keys name are losses."""
_FILE_ENDING: Final = late(
    r"\.(?:ckpt|pth?|h5|hdf5|bin|safetensors|png|jpe?g|pdf|json|txt|csv|pkl|np[yz]|onnx|zip|tar|keras"
    r"|weights|msgpack|log)\b"
)
_PROCESSES: Final = frozenset(("gpu", "device", "worker", "proc", "process"))
_OVER: Final = (("over",), ("per",))
_FRAMES: Final = frozenset("│┃║|")
_INDEXES: Final = late(r"\][A-Za-z]")
_ENUMERATED: Final = frozenset((
    "fold", "seed", "trial", "trade", "run", "exp", "experiment", "subject", "patient", "quarter",
    "q", "year", "week", "day", "month", "config", "sample", "file", "user", "player", "team",
    "commit", "version", "line", "page", "chapter", "question", "claim", "policy", "order",
    "invoice", "item", "ticket", "account", "customer", "region", "branch", "store", "case",
))  # fmt: skip
"""Things that lines may go through one by one; training does not go on with them."""


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
    awaited = over = ""
    of_losses = False
    splits: list[tuple[int, str]] = []
    if epoch_and_batch(texts, values):
        layout.epoch, layout.step, layout.batchwise = 0, 1, True
        dated = 1
    for index, value in enumerate(values):
        if texts[index + 1 : index + 3] in (["/", "/"], ["-", "-"]):
            dated = index + 2  # the three numbers of a date
        if index <= dated:
            continue
        label, following = texts[index], texts[index + 1]
        bare = label.strip(" \t")
        if index:
            unit = UNIT.match(label)
            if unit is not None and role_of(unit.group()) not in MEASURED:
                label = label[unit.end() :]
        if _specifies(label, value, following):
            continue
        # `Step: 120. Epoch: 3.`: the stop is the sentence's
        ended = value[-1] == "." and following[:1] in (" ", "")
        whole = (value[:-1] if ended else value).lstrip("+").replace(",", "").isdigit()
        opened = "{" in label and _LOSSES_OF.search(label) is not None
        of_losses = opened or (of_losses and "}" not in label)
        if awaited and label.strip(" \t") in _ASSIGNED:
            metric(layout, index, awaited, True, label, context, taken)
            awaited = ""
            continue
        if bare == "-" and whole and layout.step is None and layout.epoch == index - 1 >= 0:
            layout.step, layout.batchwise = index, True  # `epoch 1-599`
            continue
        if bare == "-" and whole and layout.step == index - 1 >= 0:
            layout.step = index  # `Minibatch[1- 500]`: a line stands after its last
            continue
        if label[-1:] == "[" and label[-2:-1].isalpha() and _INDEXES.match(following):
            continue  # `EvalErr[0]PerSample`
        if (index and label == ":") or (following == ":" and index + 1 < len(values)):
            context = split_said(label, context)
            continue  # a clock
        bare = label.strip(" \t")  # without a unit before it
        if index and bare in ("/", "of", "out of"):
            if following.startswith(" * Epoch "):
                layout.epoch_total = index  # `3/10 * Epoch 3 (train): …`
            else:
                set_total(layout, index, anonymous if whole else None)
            anonymous = None
            continue
        anonymous = None
        if whole and (averaged := measured_over(label, following)):
            over = averaged  # `loss (for 1 batch) at step 3: 0.5`, `loss (last 100 iters): 0.5`
            continue
        if over and not whole and closes_measured_over(label):
            metric(layout, index, over, True, label, context, taken)
            over = ""
            continue
        if bare in _BECOMES and layout.metrics and layout.metrics[-1][0] == index - 1:
            layout.metrics[-1] = (index, layout.metrics[-1][1])
            continue  # `loss 2.31 -> 2.05`: what it is now
        if bare == "(" and whole and following.strip(" \t") == "/":
            done = texts[index].startswith("%")  # `Epoch 1: 50% (20/40)`
            if _is_epoch(layout, index - done):
                anonymous = index  # `Epoch: 1/10 (20/40)`: the batch
                continue
        if bare in ("(", "±", "+/-", "+-") and index:
            continue  # an average or a spread of the number before
        if whole and following.startswith(" - ") and is_location(label):
            continue
        if whole and layout.step is None and bracketed_step(texts, index):
            layout.step = index
            continue
        if not whole and (pair := pair_of_splits(label, following)) and index + 1 < len(values):
            metric(layout, index, f"train {pair[0]}", True, label, "", taken)
            metric(layout, index + 1, f"{pair[1]} {pair[0]}", True, label, "", taken)
            dated = index + 1
            continue
        name, explicit, rest = name_before(label)
        if not whole and (beside := same_on(layout.metrics, index, name, label)):
            metric(layout, index, beside, True, label, "", taken)
            continue
        if whole and name and sets_a_counter(name, rest):
            continue  # `Val steps: 25`, `Accumulation Step: 1`
        context = split_said(rest, context)
        split = name
        if name and name.lower() in EVAL_WORDS:
            context, name = EVAL_WORDS[name.lower()], ""
        elif name and name.lower() in TRAIN_WORDS:
            context, name = "", ""
        if split and not name and not whole:
            splits.append((index, f"{split} loss"))
        if (not name or name in LEVELS) and whole and counted(layout, index, following):
            continue
        if not name:
            behind = None if whole else name_behind(label, following, index + 1 < len(values))
            if behind is not None:
                metric(layout, index, behind, True, label, context, taken)
                continue
            starts = following.strip(" \t").startswith(("/", "of "))
            if whole and starts:
                anonymous = index
            elif whole and split and following.strip(" \t") == "[" and layout.epoch is None:
                layout.epoch = index  # `Train: 3 [20/1251]`
            elif index == 0 and whole and leads(label, following):
                lead = index
            continue
        if label.rstrip(" \t")[-1:] in _FRAMES and _is_row(texts, index):
            continue  # `| loss | 1.4 | 0.7 | 1.2 |`: what each is of stands in a header
        if _FILE_ENDING.match(following) is not None:
            return None  # `val_loss=0.53.ckpt`: a listing of files
        parts = words(name)
        if whole and rest[-8:].rstrip(" _").lower().endswith("global"):
            parts = ("global", *parts)
        if parts[-1:] in (("loss",), ("cost",)) and is_lost(rest, following):
            continue
        layout.enumerates |= whole and not _ENUMERATED.isdisjoint(parts[-1:])
        summary |= role_of(name) is not Role.THROUGHPUT and sums_up(rest, name)
        if not parts or summary or set(parts) & SUMMARY_WORDS:
            continue
        if whole and layout.epoch is None and lists_epoch_and_step(texts, index, parts):
            layout.epoch, layout.step = index, index + 1  # `"step": [0, 120]`
            dated = index + 1
            continue
        if whole and layout.label is None and name.lower() in _PROCESSES:
            layout.label = index  # `GPU 3`: of which process it is, if others say the same place
            continue
        if whole and layout.step is None and (first := counts_both(name, following)):
            epoch, step = (index, index + 1) if first in EPOCH_WORDS else (index + 1, index)
            layout.epoch, layout.step = epoch, step
            dated = index + 1
            continue
        if parts[-1] in EPOCH_WORDS and words(rest[-12:])[-1:] in _OVER:
            continue  # `Training acc over epoch: 0.91`
        if whole and is_duration(following) and parts[-1] in STEP_WORDS | BATCH_WORDS:
            continue  # `Step: 123ms`: how long it took
        if whole and following[:1] in "kKM" and following and layout.step is not None:
            continue  # `(20/40) … Step: 1k`: another says it to the step
        counts = whole or ((explicit or index == 0) and parts[-1] in STEP_WORDS and is_count(value))
        if counter(layout, index, name, parts, counts, value, explicit):
            awaited, over = measured_when(rest) or over or awaited, ""
            continue
        if whole and layout.step is None and step_then_loss(texts, values, index, name):
            layout.step = index
            metric(layout, index + 1, name, True, label, context, taken)
            dated = index + 1
            continue
        if of_losses and role_of(name) is Role.OTHER:
            name = f"loss/{name}"
        metric(layout, index, name, explicit, label, context, taken)
        if " " in name:
            context = split_said(name, context)  # `val Loss: 0.5 Acc: 0.8`
    if splits and not (layout.has_loss or layout.has_score) and layout.counts:
        layout.metrics = sorted([*splits[:2], *layout.metrics])
        layout.has_loss = layout.guessed = True
    if layout.counts or lead is not None:
        errors = all(measure_of(name) in ERRORS for name in losses(layout))
        if errors and not layout.has_score:
            take_letter(layout)
    if layout.has_loss and all(measure_of(name) in ERRORS for name in losses(layout)):
        layout.guessed = True
    if layout.step is None and lead is not None and layout.metrics:
        layout.step = lead
    if lead is not None and lead != layout.step and texts[lead + 1].startswith(": "):
        layout.label = lead
    trains = any(role_of(name) is Role.TRAIN_LOSS for _, name in layout.metrics)
    layout.validating = bool(context) and layout.batchwise and not trains
    layout.sums = is_tf_evaluation(texts[0])
    if not layout.metrics and not layout.counts:
        return None
    return layout


def _is_epoch(layout: Layout, index: int) -> bool:
    """Say whether the number before one is an epoch, or how many there are."""
    return index > 0 and index - 1 in (layout.epoch, layout.epoch_total)


def _is_row(texts: list[str], index: int) -> bool:
    """Say whether number `index` is the first of three or more cells of a table's row."""
    between = [text.strip(" \t") for text in texts[index + 1 : index + 3]]
    return index + 2 < len(texts) - 1 and all(text in _FRAMES for text in between)


def _specifies(label: str, value: str, following: str) -> bool:
    """Say whether a number belongs to a format specification: `{loss:.4f}`, `%5.3f`."""
    return (value[0] == "." and following[:1] in ("f", "e", "g", "%")) or (
        label.endswith("%") or following.startswith(("f}", "e}", "g}", "d}"))
    )
