"""Three task types whose examples are made here, each with a score apart from the loss.

An example is a prompt and its answer, in words and signs. A task's score is the share
of held-out prompts that a model answers right, by greedy decoding: to the letter,
but for *code*, where the expression is run on ten numbers. Held-out prompts are
never among the training examples.

========== ======================================================= ==================
task       prompt                                                  answer
========== ======================================================= ==================
instruct   ``reverse : sun cat map =``                             ``map cat sun``
answer     ``sun cat map dog . what has 2 ? =``                    ``cat``
code       ``double x , then take 7 =``                            ``x * 2 - 7``
========== ======================================================= ==================
"""

from __future__ import annotations

import ast
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

WORDS: Final = [
    "sun", "cat", "map", "dog", "red", "sky", "tin", "oak", "pen", "bee", "fox", "hat", "ice",
    "key", "log", "mud",
]  # fmt: skip
NAMES: Final = ["ann", "bob", "cy", "dan", "eve", "fay", "gus", "hal"]
THINGS: Final = ["tea", "pie", "ham", "fig", "rye", "soy", "nut", "egg"]
ORDERS: Final[dict[str, Callable[[list[str]], list[str]]]] = {
    "reverse": lambda given: given[::-1],
    "sort": sorted,
    "first": lambda given: given[:1],
    "last": lambda given: given[-1:],
    "upper": lambda given: [word.upper() for word in given],
    "swap": lambda given: [given[-1], *given[1:-1], given[0]],
}
"""What an instruction asks of a list of words; `swap` exchanges its ends."""
LARGEST: Final = 20
"""The largest number of an expression; numbers begin at 2."""
NUMBERS: Final = [str(number) for number in range(2, LARGEST + 1)]
ASK: Final = "="
"""Ends a prompt; no line of the base model has it."""
END: Final = "\n"
"""Ends an answer."""
SPOKEN: Final = [
    END, ASK, ".", ",", ":", "?", "has", "of", "who", "what", "x", "then", "double", "triple",
    "add", "take", "+", "-", "*", "(", ")", *NUMBERS, *ORDERS, *WORDS,
    *(word.upper() for word in WORDS), *NAMES, *THINGS,
]  # fmt: skip
"""All words and signs; one token each."""
PAD: Final = 0
"""Fills short rows; never part of a loss (no word)."""
VOCABULARY: Final = 1 + len(SPOKEN)
ROW: Final = 24
"""Longest example, in tokens."""
LONGEST_ANSWER: Final = 8
HELD_OUT: Final = 128
"""Prompts that no training ever sees; the same for all runs of a task."""

_NUMBER: Final = {word: 1 + at for at, word in enumerate(SPOKEN)}


@dataclass(frozen=True)
class Example:
    """What is asked, and the answer; each a text of words and signs with a space between."""

    prompt: str
    answer: str


def encode(text: str) -> list[int]:
    """The numbers of a text's words."""
    return [_NUMBER[word] for word in text.split(" ")]


def decode(numbers: list[int]) -> str:
    """The text of some numbers, without padding."""
    return " ".join(SPOKEN[number - 1] for number in numbers if number != PAD)


def _instruct(source: random.Random) -> Example:
    words = source.sample(WORDS, source.randint(2, 4))
    order = source.choice(sorted(ORDERS))
    return Example(f"{order} : {' '.join(words)} {ASK}", " ".join(ORDERS[order](words)))


def _order(source: random.Random) -> str:
    return _instruct(source).prompt.removesuffix(f" {ASK}")


def _facts(source: random.Random, count: int) -> list[tuple[str, str]]:
    """Different people with different things."""
    return list(zip(source.sample(NAMES, count), source.sample(THINGS, count), strict=True))


def _question(source: random.Random) -> str:
    """What people have, in sentences, and a question without its answer."""
    facts = _facts(source, 3)
    name, thing = source.choice(facts)
    asked = f"who has {thing}" if source.random() < 0.5 else f"what has {name}"
    return f"{_say(facts)} {asked} ?"


def _say(facts: list[tuple[str, str]]) -> str:
    return " ".join(f"{name} has {thing} ." for name, thing in facts)


def _answer(source: random.Random) -> Example:
    words = source.sample(WORDS, source.randint(3, 5))
    places = {"first": 0, "2": 1, "3": 2, "last": -1}
    place = source.choice(sorted(places))
    return Example(f"{' '.join(words)} . what has {place} ? {ASK}", words[places[place]])


def _code(source: random.Random) -> Example:
    said: list[str] = []
    code = "x"
    for at in range(source.randint(1, 2)):
        kind = source.choice(("double", "triple", "add", "take"))
        number = source.randint(2, LARGEST)
        before = f"( {code} )" if at and kind in ("double", "triple") else code
        words, code = {
            "double": ("double x", f"{before} * 2"),
            "triple": ("triple x", f"{before} * 3"),
            "add": (f"add {number}", f"{code} + {number}"),
            "take": (f"take {number}", f"{code} - {number}"),
        }[kind]
        said.append(words)
    return Example(f"{' , then '.join(said)} {ASK}", code)


def _wish(source: random.Random) -> str:
    return _code(source).prompt.removesuffix(f" {ASK}")


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
    """A line for the base model, which ends with its line end.

    Lists that come again (as they were, backwards, in order of the alphabet, in capitals),
    counting, what people have, expressions of x, and the prompts of the tasks alone: what
    a task asks for is met here, never an instruction or a question with its answer.
    """
    (kind,) = source.choices(range(9), (3, 2, 2, 1, 2, 1, 6, 1, 2))
    if kind <= 4:
        known = (WORDS, WORDS + NAMES + THINGS + NUMBERS)[kind in (0, 1, 4)]
        words = source.sample(known, source.randint(2, 5))
        again = (
            words,
            words[::-1],
            sorted(words),
            [word.upper() for word in words],
            [source.choice(words)],
        )[kind]
        line = f"{' '.join(words)} , {' '.join(again)} ."
    elif kind == 5:
        start = source.randint(2, LARGEST - 9)
        line = " ".join(str(start + k) for k in range(source.randint(3, 9))) + " ."
    elif kind == 6:
        facts = _facts(source, source.randint(2, 3))
        again = [
            f"{name} has {thing} ." if source.random() < 0.5 else f"{thing} of {name} ."
            for name, thing in source.choices(facts, k=3)
        ]
        line = f"{_say(facts)} {' '.join(again)}"
    elif kind == 7:
        code = _code(source).answer
        line = f"{code} , {code} ."
    else:
        line = source.choice((_order, _question, _wish))(source)
    return f"{line} {END}"
