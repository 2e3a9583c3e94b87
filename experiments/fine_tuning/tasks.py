"""Three task types whose examples are made here, each with a score apart from the loss.

An example is a prompt and its answer, in characters. A task's score is the share
of held-out prompts that a model answers right, by greedy decoding: to the letter,
but for *code*, where the expression is run on ten numbers. Held-out prompts are
never among the training examples.

========== ================================================== ===================
task       prompt                                             answer
========== ================================================== ===================
instruct   ``reverse: sun cat map``                           ``map cat sun``
answer     ``ann has tea. bob has pie. who has pie?``         ``bob``
code       ``double x, then take 7``                          ``x*2-7``
========== ================================================== ===================
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = "\n abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:?*+-()"
PAD: Final = 0
"""Fills short rows; never part of a loss (index 0, no character of the alphabet)."""
VOCABULARY: Final = 1 + len(ALPHABET)
ROW: Final = 64
"""Longest example, in characters."""
LONGEST_ANSWER: Final = 17
HELD_OUT: Final = 96
"""Prompts that no training ever sees; the same for all runs of a task."""

_NUMBER: Final = {character: 1 + at for at, character in enumerate(ALPHABET)}
WORDS: Final = [
    "sun", "cat", "map", "dog", "red", "sky", "tin", "oak", "pen", "cup", "jam", "bee", "fox",
    "hat", "ice", "key", "log", "mud", "nut", "owl", "pig", "rug", "saw", "toe", "urn", "van",
    "wax", "yak", "zip", "arm", "box", "cow", "den", "elk", "fig", "gum", "hen", "ink", "jar",
    "kit",
]  # fmt: skip
NAMES: Final = [
    "ann", "bob", "cy", "dan", "eve", "fay", "gus", "hal", "ida", "jon", "kim", "lou",
]  # fmt: skip
THINGS: Final = [
    "tea", "pie", "ham", "fig", "rye", "soy", "nut", "egg", "oat", "jam",
]  # fmt: skip


@dataclass(frozen=True)
class Example:
    """What is asked, with the line end after which the answer begins, and the answer with its."""

    prompt: str
    answer: str


def encode(text: str) -> list[int]:
    """The numbers of a text's characters."""
    return [_NUMBER[character] for character in text]


def decode(numbers: list[int]) -> str:
    """The text of some numbers, without padding."""
    return "".join(ALPHABET[number - 1] for number in numbers if number != PAD)


def _instruct(source: random.Random) -> Example:
    words = [source.choice(WORDS) for _ in range(source.randint(2, 4))]
    orders: dict[str, Callable[[list[str]], list[str]]] = {
        "reverse": lambda given: given[::-1],
        "sort": sorted,
        "first": lambda given: given[:1],
        "last": lambda given: given[-1:],
        "upper": lambda given: [word.upper() for word in given],
        "swap ends": lambda given: [given[-1], *given[1:-1], given[0]],
    }
    order = source.choice(sorted(orders))
    return Example(f"{order}: {' '.join(words)}\n", " ".join(orders[order](words)) + "\n")


def _answer(source: random.Random) -> Example:
    names = source.sample(NAMES, 3)
    things = source.sample(THINGS, 3)
    facts = " ".join(f"{n} has {t}." for n, t in zip(names, things, strict=True))
    asked = source.randrange(3)
    if source.random() < 0.5:
        return Example(f"{facts} who has {things[asked]}?\n", names[asked] + "\n")
    return Example(f"{facts} what has {names[asked]}?\n", things[asked] + "\n")


def _code(source: random.Random) -> Example:
    said, code = "x", "x"
    for at in range(source.randint(1, 2)):
        kind = source.choice(("double", "triple", "add", "take"))
        number = source.randint(2, 49)
        before = f"({code})" if at and kind in ("double", "triple") and len(code) > 1 else code
        said = said if at else ""
        words, code = {
            "double": ("double x", f"{before}*2"),
            "triple": ("triple x", f"{before}*3"),
            "add": (f"add {number}", f"{code}+{number}"),
            "take": (f"take {number}", f"{code}-{number}"),
        }[kind]
        said = f"{said}, then {words}" if said else words
    return Example(said + "\n", code + "\n")


def run_code(code: str, x: int) -> int | None:
    """The value of an expression of x with ``+ - *``, or None if it is none.

    Walks the parsed tree: what a model wrote is never evaluated by Python.
    """
    try:
        tree = ast.parse(code.strip(), mode="eval").body
        return _value(tree, x)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr, x: int) -> int:
    match node:
        case ast.Name(id="x"):
            return x
        case ast.Constant(value=int(number)):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, x)
        case ast.BinOp(left=left, op=operation, right=right):
            a, b = _value(left, x), _value(right, x)
            match operation:
                case ast.Add():
                    return a + b
                case ast.Sub():
                    return a - b
                case ast.Mult():
                    return a * b
    raise ValueError("not an expression of x")


def _same_text(given: str, wanted: str) -> bool:
    return given == wanted


def _same_values(given: str, wanted: str) -> bool:
    return all(
        (value := run_code(given, x)) is not None and value == run_code(wanted, x)
        for x in range(10)
    )


@dataclass(frozen=True)
class Task:
    """A task type: how an example is made, and when an answer counts as right."""

    name: str
    make: Callable[[random.Random], Example]
    right: Callable[[str, str], bool]

    def examples(
        self, count: int, seed: int, without: frozenset[str] = frozenset()
    ) -> list[Example]:
        """`count` examples with different prompts, none of them in `without`."""
        source = random.Random(f"{self.name} {seed}")
        found: dict[str, Example] = {}
        while len(found) < count:
            example = self.make(source)
            if example.prompt not in without:
                found.setdefault(example.prompt, example)
        return list(found.values())


TASKS: Final = {
    task.name: task
    for task in (
        Task("instruct", _instruct, _same_text),
        Task("answer", _answer, _same_text),
        Task("code", _code, _same_values),
    )
}


def pretraining_text(source: random.Random) -> str:
    """A line for the base model: words, counting, repetition, and things that people have.

    It shows the words, the digits and that what was said may come again, none of
    the tasks: no instruction, no question, no expression of x.
    """
    kind = source.randrange(7)
    if kind == 0:
        return " ".join(source.choice(WORDS) for _ in range(source.randint(3, 9))) + ".\n"
    if kind == 1:
        words = [source.choice(WORDS + NAMES + THINGS) for _ in range(source.randint(2, 5))]
        return f"{' '.join(words)}, {' '.join(words)}.\n"
    if kind == 2:
        start = source.randint(0, 90)
        return " ".join(str(start + k) for k in range(source.randint(3, 9))) + ".\n"
    if kind == 3:
        word = source.choice(WORDS)
        return f"{word} {word.upper()} {word}, {word.upper()}.\n"
    pairs = [(source.choice(NAMES), source.choice(THINGS)) for _ in range(source.randint(1, 3))]
    said = " ".join(f"{name} has {thing}." for name, thing in pairs)
    name, thing = source.choice(pairs)
    return f"{said} {name} has {thing}.\n"
