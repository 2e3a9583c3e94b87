"""Loops over epochs that print none: their counter begins anew, the run goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import registry
from lossmon.formats.base import HEAD_BYTES, Context
from lossmon.formats.keras_console import KerasConsoleParser
from lossmon.model import Batch
from tests.formats import contract
from tests.formats.reading import parse, rows_of


def loss(step: float) -> float:
    return 2 / (1 + 0.05 * step)


LINES: dict[str, tuple[Callable[[int, float], str], range]] = {
    "step": (lambda step, value: f"step {step} loss {value:.4f}", range(1, 41)),
    "iter": (lambda step, value: f"iter {step}: loss={value:.4f} lr=0.001", range(10, 41, 10)),
    "zero": (lambda step, value: f"Step: {step} | Loss: {value:.4f}", range(0, 40, 5)),
}


def loops(kind: str, epochs: int = 5, again: bool = False) -> bytes:
    """Return a log of `epochs` loops of 40 steps; `again`: each begins at the first loss."""
    line, steps = LINES[kind]
    return "".join(
        line(step, loss(step + (0 if again else 40 * epoch))) + "\n"
        for epoch in range(epochs)
        for step in steps
    ).encode()


def read(data: bytes) -> tuple[str, Batch, bool]:
    claims = registry.recognise(data[:HEAD_BYTES], "out.log")
    assert claims
    batch, parser = parse(claims[0][1], data, Context("out.log"))
    return claims[0][1].name, batch, parser.info.steps_estimated


@pytest.mark.parametrize("kind", LINES)
def test_one_curve_goes_on(kind: str) -> None:
    _, batch, estimated = read(loops(kind))
    steps = LINES[kind][1]
    assert batch.steps.tolist() == [step + 40 * epoch for epoch in range(5) for step in steps]
    assert estimated


@pytest.mark.parametrize("kind", LINES)
def test_a_script_that_was_started_again_is_no_loop(kind: str) -> None:
    _, batch, estimated = read(loops(kind, again=True))
    assert batch.steps.tolist() == [*LINES[kind][1]] * 5
    assert not estimated


def test_a_resume_from_a_checkpoint_is_no_loop() -> None:
    steps = [*range(10, 410, 10), *range(310, 610, 10)]
    text = "".join(f"step {step} loss {loss(step):.4f}\n" for step in steps)
    assert read(text.encode())[1].steps.tolist() == steps


@pytest.mark.parametrize("kind", LINES)
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 9000), max_size=20))
def test_any_cut_gives_the_same_rows(kind: str, cuts: list[int]) -> None:
    data = loops(kind, 12)
    fmt = registry.recognise(data, "out.log")[0][1]
    whole, _ = contract.read(fmt, Context("out.log"), [data])
    pieces, _ = contract.read(fmt, Context("out.log"), contract.cut(data, cuts))
    single, _ = contract.read(fmt, Context("out.log"), [bytes([byte]) for byte in data])
    assert rows_of(pieces) == rows_of(whole) == rows_of(single)


def bar(step: int, steps: int, value: float) -> str:
    done = 30 * step // steps
    return f"\r{step}/{steps} [{'=' * done}>{'.' * (29 - done)}] - ETA: 1s - loss: {value:.4f}"


def test_bars_of_keras_without_epochs() -> None:
    text = "".join(
        "".join(bar(step, 40, loss(40 * epoch + step)) for step in range(1, 40))
        + f"\r40/40 [{'=' * 30}] - 2s 5ms/step - loss: {loss(40 * epoch):.4f} - val_loss: 0.5000\n"
        + f"10/10 [{'=' * 30}] - 0s 5ms/step - loss: 9.0000\n"
        for epoch in range(6)
    )
    name, batch, estimated = read(text.encode())
    assert name == "keras-console"
    assert batch.steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert {column.name for column in batch.columns} == {"loss", "val_loss"}
    assert estimated


def test_bars_of_keras_behind_an_epoch_are_counted_by_it() -> None:
    text = "".join(
        f"Epoch {epoch}/3\n40/40 - 2s - 5ms/step - loss: {loss(epoch):.4f}\n"
        f"40/40 - 0s - 5ms/step - loss: 9.0000\n"
        for epoch in (1, 2, 3)
    )
    batch, parser = parse_keras(text)
    assert batch.steps.tolist() == [1, 2, 3]
    assert not parser.info.steps_estimated


def parse_keras(text: str) -> tuple[Batch, KerasConsoleParser]:
    parser = KerasConsoleParser()
    return parser.feed(text.encode()), parser
