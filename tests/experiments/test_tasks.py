"""The made data of the experiments: what is held out stays apart, answers are scored rightly."""

from __future__ import annotations

import pytest

from experiments.fine_tuning.tasks import (
    HELD_OUT,
    LONGEST_ANSWER,
    ROW,
    TASKS,
    decode,
    encode,
    run_code,
)


@pytest.mark.parametrize("name", TASKS)
def test_examples_differ_fit_and_are_right(name: str) -> None:
    task = TASKS[name]
    held_out = task.examples(HELD_OUT, 0)
    asked = frozenset(example.prompt for example in held_out)
    training = task.examples(1024, 1, without=asked)
    assert len(asked) == HELD_OUT
    assert not asked & {example.prompt for example in training}
    for example in held_out + training:
        text = example.prompt + example.answer
        assert decode(encode(text)) == text
        assert len(text) <= ROW
        assert len(example.answer) <= LONGEST_ANSWER
        answer = example.answer.removesuffix("\n")
        assert task.right(answer, answer)
        assert not task.right("", answer)


def test_examples_are_the_same_for_a_seed_and_others_for_another() -> None:
    task = TASKS["instruct"]
    assert task.examples(50, 3) == task.examples(50, 3)
    assert task.examples(50, 3) != task.examples(50, 4)


@pytest.mark.parametrize(
    ("said", "x", "value"),
    [("x*2-7", 5, 3), ("(x+3)*2", 1, 8), ("-x", 2, -2), ("y", 1, None), ("x**9**9", 2, None),
     ("__import__('os')", 1, None), ("x +", 1, None), ("(" * 5000, 1, None), ("", 1, None)],
)  # fmt: skip
def test_code_is_walked_never_evaluated(said: str, x: int, value: int | None) -> None:
    assert run_code(said, x) == value


def test_another_way_to_write_the_same_code_is_right() -> None:
    right = TASKS["code"].right
    assert right("2*x+4", "(x+2)*2")
    assert not right("x*2", "x+2")
