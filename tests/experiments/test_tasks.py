"""The made data of the experiments: what is held out stays apart, answers are scored rightly."""

from __future__ import annotations

import random

import pytest

from experiments.fine_tuning.tasks import (
    ASK,
    END,
    HELD_OUT,
    LONGEST_ANSWER,
    ROW,
    TASKS,
    VOCABULARY,
    decode,
    encode,
    pretraining_text,
    run_code,
)


@pytest.mark.parametrize("name", TASKS)
def test_examples_differ_fit_and_are_right(name: str) -> None:
    task = TASKS[name]
    held_out = task.examples(HELD_OUT, 0)
    asked = frozenset(example.prompt for example in held_out)
    training = task.examples(1400, 1, without=asked)
    assert len(asked) == HELD_OUT
    assert not asked & {example.prompt for example in training}
    for example in held_out + training:
        text = f"{example.prompt} {example.answer} {END}"
        assert decode(encode(text)) == text
        assert len(encode(text)) <= ROW
        assert len(encode(f"{example.answer} {END}")) <= LONGEST_ANSWER
        assert task.right(example.answer, example.answer)
        assert not task.right("", example.answer)


def test_the_base_model_meets_no_prompt_with_its_answer() -> None:
    source = random.Random(1)
    lines = [pretraining_text(source) for _ in range(3000)]
    assert all(set(encode(line)) <= set(range(1, VOCABULARY)) for line in lines)
    assert not [line for line in lines if ASK in line.split(" ")]
    said = " ".join(lines)
    for task in TASKS.values():
        for example in task.examples(HELD_OUT, 0):
            assert f"{example.prompt.removesuffix(ASK)}{example.answer}" not in said


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
