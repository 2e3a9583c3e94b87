r"""The shape of a line of free text, and what its numbers mean.

A shape is the line with its numbers taken out: lines that one statement
printed share it. A `Layout` says which of the numbers are metrics and which
count steps, batches or epochs, judged from the words before each number; it is
made once a shape. The expression of a shape then matches whole blocks of such
lines at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from lossmon.formats.pairs import NUMBER
from lossmon.model import Role, clean_name, role_of
from lossmon.model.roles import words

MAX_NUMBERS: Final = 32
"""A line with more numbers is data, not a report of training."""
MAX_SHAPE: Final = 512
"""Characters of text between the numbers: what people read is shorter."""

# A digit inside a name (`top1`, `Acc@5`, `v1.2`) is part of the name, but for glued counters.
_NUMBERS: Final = re.compile(
    rf"((?:(?<![\w@.])|(?i:(?<=step)|(?<=epoch)|(?<=iter)|(?<=rank))){NUMBER})"
)
_GAPS: Final = re.compile(r"[ \t]{2,}+|\t")
_BAR: Final = re.compile(r"%\|[^|]*+\|")
_SPACES: Final = r"[ \t]{1,64}+"

_EVAL_CONTEXT: Final = {
    "val": "val",
    "valid": "val",
    "validate": "val",
    "validating": "val",
    "validation": "val",
    "eval": "val",
    "evaluate": "val",
    "evaluating": "val",
    "evaluation": "val",
    "dev": "dev",
    "heldout": "val",
    "test": "test",
    "testing": "test",
}
_TRAIN_CONTEXT: Final = frozenset(["train", "training", "trn"])
_EPOCH_WORDS: Final = frozenset(["epoch", "epochs", "ep"])
_STEP_WORDS: Final = frozenset((
    "step", "steps", "iter", "iters", "iteration", "iterations", "it", "update", "updates",
    "globalstep", "timestep", "timesteps", "episode", "episodes", "round", "rounds",
))  # fmt: skip
_BATCH_WORDS: Final = frozenset(["batch", "batches", "minibatch", "mb"])
_LETTERS: Final = frozenset("esitk")
"""`e: 3 s: 100 loss: …`: counters of one letter, before any metric."""
# With one of these a counter's name is a setting, not where training stands.
_SETTING_WORDS: Final = frozenset((
    "warmup", "max", "num", "save", "log", "logging", "per", "accum", "accumulation", "size",
    "remaining", "left", "every", "interval", "patience", "freq", "frequency", "decay", "total",
    "n", "first", "best", "last",
))  # fmt: skip
_COUNTERS_DESPITE: Final = frozenset(["num_updates", "total_timesteps", "num_steps", "total_steps"])
# Metrics of the whole run, or of the best so far: no points of a curve.
_SUMMARY_WORDS: Final = frozenset((
    "best", "final", "target", "threshold", "initial", "prev", "previous", "last", "lowest",
    "improved", "from", "to", "min", "minimum", "overall", "vs", "than",
))  # fmt: skip
# Numbers that belong to the machine or the clock.
_IGNORED_WORDS: Final = frozenset((
    "time", "eta", "elapsed", "remaining", "sec", "secs", "second", "seconds", "s", "ms", "min",
    "mins", "minutes", "hour", "hours", "h", "d", "runtime", "date", "duration", "took", "pid",
    "port", "gpu", "gpus", "mem", "memory", "seed", "line", "lineno", "rank", "device", "cuda",
    "version", "size", "params", "parameters", "id", "index",
))  # fmt: skip
_QUALIFIERS: Final = frozenset((
    "train", "training", "trn", "val", "valid", "validation", "test", "testing", "eval",
    "evaluation", "dev", "batch", "step", "epoch", "avg", "average", "mean", "total", "running",
    "smoothed", "smooth", "lm", "mlm", "nsp", "ce", "cross", "entropy", "kl", "reg", "aux",
    "rec", "recon", "reconstruction", "generator", "discriminator", "gen", "disc", "g", "d",
    "actor", "critic", "policy", "value", "learning", "rate", "grad", "gradient", "norm",
    "teacher", "student", "content", "style", "pixel", "perceptual", "adv", "adversarial",
    "main",
))  # fmt: skip
_FOLLOW_SPACE: Final = re.compile(r"([A-Za-z][\w/.-]*+) $")
_NAME: Final = re.compile(r"[^\W\d][\w/.@'-]*+$")
_WRAPPER: Final = re.compile(
    r"(?:(?:tensor|array|float|np\.float\d\d|float\d\d)\(|[\[({<'\"~≈$ \t])$"
)
_PARENTHESES: Final = re.compile(r"([^\W\d][\w/.@-]*+) ?[(\[]([\w @-]{1,24})[)\]]$")
_UNIT: Final = re.compile(r"[%A-Za-zµ]++(?:/[A-Za-z]++)?")
_COMPARISON: Final = ("==", "<=", ">=", "!=", "+=", "-=", "*=", "/=", ":=")
_ASSIGNING: Final = ("=>", "->", "→")
_LINKS: Final = (" is", " was", " of", " at", " are")
_WORDS: Final = re.compile(r"[A-Za-z]++(?:\.py)?")


def split_numbers(line: str) -> list[str]:
    """Return text, number, text, number, …, text; blanks between texts count as one or a tab."""
    if "%|" in line:
        line = _BAR.sub("%", line)
    if "  " in line or "\t" in line:
        line = _GAPS.sub("\t", line)
    return _NUMBERS.split(line.strip(" \t"))


def shape_of(parts: list[str]) -> str:
    """Return the shape of a split line: its texts, joined by NUL where numbers stood.

    Blanks that only align a number (`[  10/ 100]`) are left out.
    """
    shape = "\0".join(parts[::2])
    return _ALIGNED.sub(_aligned, shape) if " \0" in shape or "\t\0" in shape else shape


def _aligned(match: re.Match[str]) -> str:
    return f"{match[1]}\0" if match[1] else " \0"


_ALIGNING: Final = tuple("([{<|/:=,;")
_ALIGNED: Final = re.compile(r"(?:([(\[{<|/:=,;])[ \t]|[ \t])\0")


def _like(value: str, metric: bool) -> str:
    """Return an expression for numbers printed as `value` was (a metric may look otherwise)."""
    if value.isdigit() and not metric:
        return r"\d{1,15}+"
    if not value.lstrip("+-")[:1].isdigit() or "," in value:
        return NUMBER
    if "." in value:
        return r"[-+]?\d{1,15}+\.\d{0,20}+(?:[eE][-+]?\d{1,4}+)?+"
    return r"[-+]?\d{1,15}+(?:\.\d{0,20}+)?+(?:[eE][-+]?\d{1,4}+)?+"


@dataclass(slots=True)
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


def expression(shape: str, layout: Layout, sample: list[str]) -> re.Pattern[str]:
    """Return the expression that matches a whole line of this shape, one group a used number.

    It is narrower than the shape (numbers look as in `sample`, a line's numbers), since that
    is matched several times as fast; lines that it misses are read one by one. Every text in
    it is literal and every repetition possessive: linear time.
    """
    texts = shape.split("\0")
    wanted = set(layout.used)
    counters = wanted - {index for index, _ in layout.metrics}
    pieces = [r"^[ \t]{0,64}+"]
    for index, text in enumerate(texts):
        before_number = index < len(texts) - 1
        body = text[:-1] if before_number and text.endswith((" ", "\t")) else text
        for run in re.split(r"(\t)", body):
            pieces += [r"(?:[ \t]{2,64}+|\t)" if run == "\t" else re.escape(run)]
        if before_number:
            if body.endswith(_ALIGNING):
                pieces.append(r"[ \t]{0,64}+")
            elif body != text:
                pieces.append(_SPACES)
            number = NUMBER if index in counters else _like(sample[index], index in wanted)
            pieces.append(f"({number})" if index in wanted else f"(?:{number})")
    pieces.append(r"[ \t]{0,64}+\n")
    return re.compile("".join(pieces), re.MULTILINE)


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
    for index, value in enumerate(values):
        if texts[index + 1 : index + 3] in (["/", "/"], ["-", "-"]):
            dated = index + 2  # the three numbers of a date
        if index <= dated:
            continue
        label, following = texts[index], texts[index + 1]
        if index:
            unit = _UNIT.match(label)
            if unit is not None:
                label = label[unit.end() :]
        if _specifies(label, value, following):
            continue
        if (index and label == ":") or (following == ":" and index + 1 < len(values)):
            continue  # a clock
        bare = label.strip(" \t")
        whole = value.lstrip("+").replace(",", "").isdigit()
        if index and bare in ("/", "of", "out of"):
            _set_total(layout, index, anonymous if whole else None)
            anonymous = None
            continue
        anonymous = None
        if bare in ("(", "±", "+/-", "+-") and index:
            continue  # an average or a spread of the number before
        name, explicit, rest = _name(label)
        context = _context(rest, context)
        split = name
        if name and name.lower() in _EVAL_CONTEXT:
            context, name = _EVAL_CONTEXT[name.lower()], ""
        elif name and name.lower() in _TRAIN_CONTEXT:
            context, name = "", ""
        if not name:
            starts = following.strip(" \t").startswith(("/", "of "))
            if whole and starts:
                anonymous = index
            elif whole and split and following.strip(" \t") == "[" and layout.epoch is None:
                layout.epoch = index  # `Train: 3 [20/1251]`
            elif index == 0 and whole and _leads(label, following):
                lead = index
            continue
        parts = words(name)
        summary |= _summary(rest)
        if not parts or summary or set(parts) & _SUMMARY_WORDS:
            continue
        if _counter(layout, index, name, parts, whole, value, explicit):
            continue
        _metric(layout, index, name, explicit, context, taken)
    if layout.step is None and lead is not None and layout.metrics:
        layout.step = lead
    layout.validating = bool(context) and layout.batchwise
    if not layout.metrics and not layout.counts:
        return None
    return layout


def _specifies(label: str, value: str, following: str) -> bool:
    """Say whether a number belongs to a format specification: `{loss:.4f}`, `%5.3f`."""
    return (value[0] == "." and following[:1] in ("f", "e", "g", "%")) or (
        label.endswith("%") or following.startswith(("f}", "e}", "g}", "d}"))
    )


def _leads(label: str, following: str) -> bool:
    """Say whether a whole number without a name at a line's beginning may be its step."""
    return label.strip(" \t([#") == "" and not following.startswith(("-", ":", "/", ".", "%", "x"))


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
        return last in _EPOCH_WORDS or last in _STEP_WORDS or last in _BATCH_WORDS
    layout.plural |= last in _EPOCH_WORDS | _STEP_WORDS and last.endswith("s")
    if last in _EPOCH_WORDS:
        if layout.epoch is None and value[0] not in "-nNiI":
            layout.epoch = index
        return True
    if last in _STEP_WORDS and whole:
        # `iter 4 step 1`: the step; but the batch of an epoch yields to a step.
        if layout.step is None or layout.batchwise or last in ("step", "steps"):
            layout.step, layout.step_total, layout.batchwise = index, None, False
        return True
    if last in _BATCH_WORDS and whole:
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
    return last in _STEP_WORDS


def _metric(
    layout: Layout, index: int, name: str, explicit: bool, context: str, taken: set[str]
) -> None:
    role = role_of(name)
    parts = set(words(name))
    if role is Role.OTHER and (not explicit or parts & _IGNORED_WORDS or "." in name):
        return
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


def with_split(name: str, split: str) -> str:
    """Return a loss's or score's name with the split it was measured on, unless it names one."""
    if not split or role_of(name) not in (Role.TRAIN_LOSS, Role.SCORE):
        return name
    if set(words(name)) & (_TRAIN_CONTEXT | _EVAL_CONTEXT.keys()):
        return name
    return f"{split}/{name}"


def _summary(rest: str) -> bool:
    return any(word.lower() in _SUMMARY_WORDS for word in _WORDS.findall(rest[-80:]))


def _context(rest: str, context: str) -> str:
    """Return the split (`val`, `test`, … or none for training) that the words before a name set."""
    for word in _WORDS.findall(rest):
        lower = word.lower()
        if lower in _EVAL_CONTEXT:
            context = _EVAL_CONTEXT[lower]
        elif lower in _TRAIN_CONTEXT:
            context = ""
    return context


def _name(label: str) -> tuple[str, bool, str]:
    """Return the name that a label ends with (or ""), whether `:` or `=` follows, and the rest."""
    text = label[-160:]
    for _ in range(4):
        text = text.rstrip(" \t")
        wrapper = _WRAPPER.search(text[-12:])
        if wrapper is None:
            break
        text = text[: len(text) - (len(wrapper.group()))]
    text = text.rstrip(" \t")
    explicit = False
    if text.endswith(_COMPARISON):
        return "", False, text
    if text.endswith(_ASSIGNING):
        explicit = True
        text = text[:-1].rstrip("-=")
    elif text.endswith((":", "=", "|")):
        explicit = True
        text = text[:-1]
    text = text.rstrip(" \t'\"")
    if explicit:
        text = text.rstrip("}")
    for link in _LINKS:
        if text.endswith(link):
            text = text[: -len(link)]
            explicit = True
            break
    paired = _PARENTHESES.search(text[-64:])
    if paired is not None:
        return paired.group(), explicit, text[: len(text) - len(paired.group())]
    text = text.rstrip("])")
    found = _NAME.search(text[-80:])
    if found is None:
        return "", explicit, text
    name = found.group()
    rest = text[: len(text) - len(name)]
    for _ in range(3):
        word = _FOLLOW_SPACE.search(rest[-40:])
        if word is None or word.group(1).lower() not in _QUALIFIERS:
            break
        if words(name)[:1] and words(name)[0] in _EPOCH_WORDS | _STEP_WORDS | _BATCH_WORDS:
            break  # `train epoch 3`: the word says what is counted, not how it is called
        name = f"{word.group(1)} {name}"
        rest = rest[: len(rest) - len(word.group())]
    return name, explicit, rest
