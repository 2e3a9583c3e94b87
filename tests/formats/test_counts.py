"""Numbers as people print them: decimal commas, thousands, exponents, `k` and `M`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import registry
from lossmon.formats._counts import comma_number, count_of, is_count, with_points, with_whole_counts
from lossmon.formats.base import HEAD_BYTES, Context
from lossmon.formats.console import number
from lossmon.formats.pairs import to_float
from lossmon.model import Batch
from tests.formats import contract
from tests.formats.reading import parse, rows_of

LOSSES = [round(2.5 / (1 + 0.1 * n), 4) for n in range(1, 61)]
STEPS = [1000.0 * n for n in range(1, 61)]
PAIRS = list(zip(STEPS, LOSSES, strict=True))


def comma(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}f}".replace(".", ",")


COMMAS = {
    "colons": [f"step {n}: loss: {comma(loss)}" for n, loss in enumerate(LOSSES, 1)],
    "three-digits": [f"step={n} loss={comma(loss, 3)}" for n, loss in enumerate(LOSSES, 1)],
    "exponent": [f"step {n} | loss {comma(loss)} | lr 1,5e-04" for n, loss in enumerate(LOSSES, 1)],
    "semicolons": [
        "step;loss",
        *(f"{n};{comma(loss)}" for n, loss in enumerate(LOSSES, 1)),
    ],
    "quoted": ["step,loss", *(f'{n},"{comma(loss)}"' for n, loss in enumerate(LOSSES, 1))],
    "tabs": ["step\tloss", *(f"{n}\t{comma(loss, 3)}" for n, loss in enumerate(LOSSES, 1))],
    "json": [f'{{"step": {n}, "loss": "{comma(loss)}"}}' for n, loss in enumerate(LOSSES, 1)],
}
COUNTS = {
    "thousands": [f"step {int(n):,}/60,000 | loss {loss}" for n, loss in PAIRS],
    "underscores": [f"step {int(n):_} | loss {loss}" for n, loss in PAIRS],
    "scientific": [f"step={n:.2e} loss={loss}" for n, loss in PAIRS],
    "exponent": [f"epoch 1 iter: {n / 1000:.1f}e3 loss: {loss}" for n, loss in PAIRS],
    "point": [f"step {n} loss {loss}" for n, loss in PAIRS],
    "k": [f"step {n / 1000:g}k loss {loss}" for n, loss in PAIRS],
    "K-of": [f"iter {n / 1000:g}K/60K loss {loss}" for n, loss in PAIRS],
    "M": [f"step: {n / 1e6:.3f}M loss: {loss}" for n, loss in PAIRS],
    "tokens": [f"{n / 1e6:.3f}M tokens | loss {loss}" for n, loss in PAIRS],
    "tokens-first": [f"tokens: {n / 1e3:g}k | loss: {loss}" for n, loss in PAIRS],
    "csv": ["step,loss", *(f"{n / 1e3:g}k,{loss}" for n, loss in PAIRS)],
    "csv-quoted": [
        "step,loss",
        *(f'"{int(n):,}",{loss}' for n, loss in PAIRS),
    ],
    "json": [f'{{"step": "{int(n):,}", "loss": {loss}}}' for n, loss in PAIRS],
    "json-k": [f'{{"step": "{n / 1e3:g}k", "loss": {loss}}}' for n, loss in PAIRS],
}


def text_of(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def read(data: bytes) -> Batch:
    claims = registry.recognise(data[:HEAD_BYTES], "out.log")
    assert claims
    batch, parser = parse(claims[0][1], data, Context("out.log"))
    assert parser.bad_records == 0
    return batch


def values(batch: Batch, name: str) -> list[float]:
    return next(column for column in batch.columns if column.name == name).values.tolist()


@pytest.mark.parametrize("case", COMMAS)
def test_commas_for_points(case: str) -> None:
    batch = read(text_of(COMMAS[case]))
    assert batch.steps.tolist() == list(range(1, 61))
    assert values(batch, "loss") == pytest.approx(LOSSES, abs=6e-4)


@pytest.mark.parametrize("case", COUNTS)
def test_steps(case: str) -> None:
    batch = read(text_of(COUNTS[case]))
    assert batch.steps.tolist() == STEPS
    assert values(batch, "loss") == LOSSES


@pytest.mark.parametrize("case", [*COMMAS, *(f"+{case}" for case in COUNTS)])
@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.integers(0, 3000), max_size=12))
def test_any_cut_gives_the_same_rows(case: str, cuts: list[int]) -> None:
    lines = COUNTS[case[1:]] if case.startswith("+") else COMMAS[case]
    data = text_of([*lines, *lines[-20:]])
    fmt = registry.recognise(data, "out.log")[0][1]
    whole, _ = contract.read(fmt, Context("out.log"), [data])
    pieces, _ = contract.read(fmt, Context("out.log"), contract.cut(data, cuts))
    single, _ = contract.read(fmt, Context("out.log"), [bytes([byte]) for byte in data])
    assert rows_of(pieces) == rows_of(whole) == rows_of(single)


def test_thousands_stay_thousands_where_points_are_points() -> None:
    lines = [f"step {n} loss: {12_345.5 - 100 * n:,} lr: 0.5 gpus: 0,1" for n in range(1, 9)]
    batch = read(text_of(lines))
    assert values(batch, "loss") == [12_345.5 - 100 * n for n in range(1, 9)]


def test_tokens_of_a_batch_are_no_step() -> None:
    lines = [f"step {n} | 1.2M tokens/s | loss {loss}" for n, loss in enumerate(LOSSES, 1)]
    assert read(text_of(lines)).steps.tolist() == list(range(1, 61))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0,532", 0.532), ("1,5", 1.5), ("2,0643", 2.0643), ("1,5e-04", 1.5e-4),
        ("1,234", 1234.0), ("12,345,678", 12345678.0), ("1,234.5", 1234.5), ("1,2,3", None),
        ("a,5", None),
    ],
)  # fmt: skip
def test_what_a_comma_is(text: str, expected: float | None) -> None:
    assert comma_number(text) == expected


def test_no_thousands_begin_with_nothing() -> None:
    assert to_float("0,532") == number("0,532") == 0.532
    assert to_float("1,234") == number("1,234") == 1234.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12k", 12_000.0), ("1.2M", 1_200_000.0), ("12,000", 12_000.0), ("0,5", None), ("k", None)],
)
def test_counts(text: str, expected: float | None) -> None:
    assert count_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1e+03", True), ("1.5e3", True), ("240.0", True), ("1.0005e2", False), ("0.5", False)],
)
def test_what_counts(text: str, expected: bool) -> None:
    assert is_count(text) is expected


def test_lists_keep_their_commas() -> None:
    assert with_points("gpus 0,1,2 loss 0,5, lr 0,1") == "gpus 0,1,2 loss 0.5, lr 0.1"


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("step 12k loss 0.5", "step 12000 loss 0.5"),
        ("1.5k/12k", "1.5k/12k"),
        ("step 1.5k/12k", "step 1500/12000"),
        ("step 3, 12k/s", "step 3, 12k/s"),
        ("12k steps/s", "12k steps/s"),
        ("0.5M tokens per step", "0.5M tokens per step"),
        ("1.2B tokens loss 2.1", "step 1200000000 loss 2.1"),
    ],
)
def test_counts_written_out(line: str, written: str) -> None:
    assert with_whole_counts(line) == written
