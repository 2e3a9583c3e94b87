"""Names before numbers in free text, and the words in them that say what is meant."""

from __future__ import annotations

import re
from typing import Final

from lossmon.formats._late import late
from lossmon.model import Role, role_of
from lossmon.model.roles import words

EVAL_WORDS: Final = {
    "val": "val",
    "valid": "val",
    "validate": "val",
    "validating": "val",
    "validation": "val",
    "vali": "val",
    "vld": "val",
    "eval": "val",
    "evaluate": "val",
    "evaluating": "val",
    "evaluation": "val",
    "dev": "dev",
    "cv": "val",
    "heldout": "val",
    "test": "test",
    "testing": "test",
}
TRAIN_WORDS: Final = frozenset(["train", "training", "trn"])
EPOCH_WORDS: Final = frozenset(["epoch", "epochs", "ep"])
STEP_WORDS: Final = frozenset((
    "step", "steps", "iter", "iters", "iteration", "iterations", "iterate", "it", "update",
    "updates", "upd",
    "nupdates", "globalstep", "timestep", "timesteps", "episode", "episodes", "round", "rounds",
))  # fmt: skip
BATCH_WORDS: Final = frozenset(["batch", "batches", "minibatch", "mb"])
# Metrics of the whole run, or of the best so far: no points of a curve.
SUMMARY_WORDS: Final = frozenset((
    "best", "final", "target", "threshold", "initial", "prev", "previous", "last", "lowest",
    "improved", "from", "to", "min", "minimum", "overall", "vs", "than", "saving", "saved", "save",
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
_FOLLOW_SPACE: Final = late(r"([^\W\d][\w/.-]*+) $")
_NAME: Final = late(r"[^\W\d][\w/.@'-]*+$")
_WRAPPER: Final = late(
    r"(?:(?:tensor|[Aa]rray|DeviceArray|float|np\.float\d\d|float\d\d)\(|[\[({<'\"`~≈$↓↑▼▲ \t])$"
)
_PARENTHESES: Final = late(r"([^\W\d][\w/.@-]*+) ?[(\[]([\w @,/-]{1,40})[)\]]$")
_COMPARISON: Final = ("==", "<=", ">=", "!=", "+=", "-=", "*=", "/=", ":=")
_ASSIGNING: Final = ("=>", "->", "→")
_LINKS: Final = (" is", " was", " of", " at", " are")
_WORDS: Final = late(r"(?:(?<=[A-Za-z0-9])_test\b|[A-Za-z]++(?:\.py)?)")
"""Words one by one; but what ends in `_test` (`gpu_test: …`) is how a run is called."""
_TF_EVALUATED: Final = "Saving dict for "
"""TensorFlow's estimators print an evaluation's means under these words."""
_LISTED: Final = late(r"(?:^|, |\()['\"]?([A-Za-z_][\w /-]{0,40})['\"]?,$")
"""`('step', 120, 'loss', 0.5)`: names and numbers printed as a list."""
_WHEN: Final = (" after", " at", " in", " for", " on")
_DL4J_SCORE: Final = "Score at"
"""`Score at iteration 10 is 2.3`: what Deeplearning4j calls a score is the loss."""
_OVER: Final = late(r"(?i) ?\((?:for|over|last|past|of|avg|average|mean|avg of|mean of|) ?$")
_OF_THEM: Final = late(
    r"(?i)[ -]?(?:mini-?)?(?:batch(?:es)?|steps?|iters?|iterations?|epochs?|samples?|episodes?"
    r"|updates?)\b[^():=]{0,12}\)"
)
_LATEST: Final = (" last", "\tlast")
_TOTALS: Final = frozenset(("total", "avg", "average", "mean", "sum"))
"""Words behind `loss` that belong to its name: `Gen Loss Total`."""
_BEHIND_LOSS: Final = _TOTALS | TRAIN_WORDS | EVAL_WORDS.keys()
"""These, and the split that a loss was measured on: `Loss Test 0.53`."""
_NO_NAMES: Final = frozenset((
    "a", "after", "an", "and", "as", "at", "by", "complete", "completed", "done", "end", "ended",
    "finished", "for", "had", "has", "have", "in", "is", "its", "new", "of", "on", "or", "our",
    "reached", "reports", "the", "then", "this", "took", "was", "with", "got", "gives",
    "info", "debug", "warning", "warn", "error", "critical", "s", "sec", "secs", "seconds", "ms",
    "min", "h", "it", "gb", "mb", "nan", "inf",
))  # fmt: skip
"""Words before `loss` that are no part of its name."""
_PARTS_NAMES: Final = late(r"(?:^|[|,;:(\[{<>*#•·\t\]})~=-]|[^\w\s]\s)\s*$")
"""What stands before a name of several words: nothing, or what parts it from others."""
_RETURNS: Final = frozenset(("reward", "rewards", "return", "returns", "score"))


def name_before(label: str) -> tuple[str, bool, str]:
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
    elif text.endswith(" -") and _is_measure(_NAME.search(text[-82:-2].rstrip(" "))):
        explicit = True  # `loss - 0.5`
        text = text[:-1]
    elif text.endswith((":", "=", "|", "│", "┃")):
        explicit = True
        text = text[:-1].removesuffix(":")
    elif text.endswith(",") and (listed := _LISTED.search(text)) is not None:
        return listed[1], True, text[: listed.start()]
    text = text.rstrip(" \t'\"")
    if explicit:
        text = text.rstrip("}")
    for link in _LINKS:
        if text.endswith(link):
            text = text[: -len(link)]
            explicit = True
            break
    paired = _PARENTHESES.search(text[-64:]) if text.endswith((")", "]")) else None
    if paired is not None:
        return paired.group(), explicit, text[: len(text) - len(paired.group())]
    while text.endswith("()") and "." in text[-20:]:
        text = text[: text.rindex(".")]  # `{loss.item()=}`
    text = text.rstrip("])#")
    text = text.rstrip(" ") if text.endswith(" ") else text
    found = _NAME.search(text[-80:])
    if found is None:
        return "", explicit, text
    name = found.group()
    if name.endswith("第"):
        return "", explicit, text  # `第3轮`: what is counted stands behind
    rest = text[: len(text) - len(name)]
    if name.lower().endswith(("/total", "/all")) and len(name) > 6:
        name = name[: name.index("/")]  # `Update/Total: 120/3958`
    if (len(name) <= 2 and name.isalpha()) or name.lower() in _BEHIND_LOSS:
        word = _word_before(rest)
        if word is not None and word.group(1).lower() in ("loss", "losses"):
            name = f"{word.group(1)} {name}"
            rest = rest[: len(rest) - len(word.group())]
    for _ in range(3):
        word = _word_before(rest)
        if word is None or not _qualifies(word.group(1)):
            break
        if words(name)[:1] and words(name)[0] in EPOCH_WORDS | STEP_WORDS | BATCH_WORDS:
            break  # `train epoch 3`: the word says what is counted, not how it is called
        name = f"{word.group(1)} {name}"
        rest = rest[: len(rest) - len(word.group())]
    if rest[-9:].lower().endswith(("std of ", "std. of ")):
        cut = rest.lower().rindex("std")
        name, rest = f"{rest[cut:]}{name}", rest[:cut]
    return _with_words_before(name, rest, explicit)


def _word_before(rest: str) -> re.Match[str] | None:
    """Return the word that a text ends with, before one blank."""
    return _FOLLOW_SPACE.search(rest[-40:]) if rest.endswith(" ") else None


def _is_measure(name: re.Match[str] | None) -> bool:
    return name is not None and role_of(name.group()) in (
        Role.TRAIN_LOSS,
        Role.EVAL_LOSS,
        Role.SCORE,
    )


def _with_words_before(name: str, rest: str, explicit: bool) -> tuple[str, bool, str]:
    """Return a loss's name with the one to three words before it that nothing parts from it.

    `| Value function loss: 0.1` and `Surrogate loss: 0.2` are two losses, not one;
    `Maximum Episode Return: 102` is not the average one.
    """
    returned = not _RETURNS.isdisjoint(words(name)[-1:])
    lowered = name.lower()
    measured = "loss" in lowered or "entropy" in lowered
    if not (measured or returned) or not name.isascii():
        return name, explicit, rest
    longer, before = name, rest
    for _ in range(3):
        word = _word_before(before)
        if word is None or not word[1].isascii():
            break
        lower = word[1].lower()
        counts = lower in EPOCH_WORDS | STEP_WORDS | BATCH_WORDS
        if lower in _NO_NAMES or (counts and not (returned and lower == "episode")):
            return name, explicit, rest
        longer = f"{word[1]} {longer}"
        before = before[: len(before) - len(word.group())]
        if _PARTS_NAMES.search(before[-8:]) is not None:
            return longer, explicit, before
    return name, explicit, rest


def _qualifies(word: str) -> bool:
    """Say whether a word before a name belongs to it: `train loss`, `학습 손실`."""
    if word.isascii():
        lower = word.lower()
        return lower in _QUALIFIERS or (len(word) < 7 and lower.removesuffix(".") in _QUALIFIERS)
    return bool(words(word)) and _QUALIFIERS.issuperset(words(word))


def with_split(name: str, split: str) -> str:
    """Return a loss's or score's name with the split it was measured on, unless it names one."""
    if not split or role_of(name) not in (Role.TRAIN_LOSS, Role.SCORE):
        return name
    if set(words(name)) & (TRAIN_WORDS | EVAL_WORDS.keys()):
        return name
    return f"{split}/{name}"


def split_said(rest: str, context: str) -> str:
    """Return the split (`val`, `test`, … or none for training) that the words before a name set."""
    for word in _WORDS.findall(rest):
        lower = word.lower()
        if lower in EVAL_WORDS:
            context = EVAL_WORDS[lower]
        elif lower in TRAIN_WORDS:
            context = ""
    return "val" if _TF_EVALUATED in rest else context


def measured_when(rest: str) -> str:
    """Return the loss whose counter follows: `Cost after ` of `Cost after epoch 3: 0.5`, or ""."""
    text = rest[-80:].rstrip(" \t").removesuffix(" the")
    for word in _WHEN:
        if text.endswith(word):
            if text.endswith(_DL4J_SCORE):
                return "loss"
            name = name_before(text[: -len(word)])[0]
            measures = (Role.TRAIN_LOSS, Role.EVAL_LOSS, Role.SCORE)
            return name if role_of(name) in measures else ""
    return ""


def measured_over(label: str, following: str) -> str:
    """Return the loss behind whose name a count stands of what it is the mean of, or "".

    `label` ends before the count (`Loss (last `), `following` is what stands behind (` iters): `).
    """
    opened = _OVER.search(label[-20:]) if "(" in label[-20:] else None
    if opened is None or _OF_THEM.match(following) is None:
        return ""
    name = name_before(label[: len(label) - len(opened.group())])[0]
    return name if role_of(name) in (Role.TRAIN_LOSS, Role.EVAL_LOSS) else ""


def closes_measured_over(label: str) -> bool:
    """Say whether a label ends such a count and nothing else: ` iters): `."""
    return _OF_THEM.match(label) is not None and label.rstrip(" \t").endswith(("):", ")=", ") ="))


def is_tf_evaluation(text: str) -> bool:
    """Say whether a line begins as those do in which TensorFlow's estimators sum up one."""
    return _TF_EVALUATED in text


def sums_up(rest: str, name: str = "") -> bool:
    """Say whether the words before a name make its number one of the whole run."""
    lowered = f" {rest[-80:].rstrip().lower()}"
    if lowered.endswith(_LATEST) and _RETURNS & set(words(name)):
        return False  # the last episode's reward is a point
    said = _WORDS.findall(rest[-80:].replace(_TF_EVALUATED, ""))
    return any(word.lower() in SUMMARY_WORDS for word in said)
