"""Logs inside what containers, schedulers and recorders write around every line."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import registry
from lossmon.formats.base import HEAD_BYTES, Context
from lossmon.formats.transport import transport_of
from lossmon.model import Batch, concatenate
from tests.formats import contract
from tests.formats.reading import parse, rows_of
from tests.formats.unforeseen import CASES, Case, log_of

STAMP = "2024-03-05T10:11:{:02d}.345678901Z "

Wrap = Callable[[str], bytes]


def before(prefix: str) -> Wrap:
    def wrap(text: str) -> bytes:
        lines = text.split("\n")[:-1]
        return "".join(f"{prefix.format(n % 60)}{line}\n" for n, line in enumerate(lines)).encode()

    return wrap


def docker(text: str) -> bytes:
    lines = text.split("\n")[:-1]
    return "".join(
        json.dumps({"log": line + "\n", "stream": "stdout", "time": STAMP.format(n % 60).strip()})
        + "\n"
        for n, line in enumerate(lines)
    ).encode()


def logger(text: str) -> bytes:
    return "".join(
        json.dumps({"asctime": "2024-03-05 10:11:12", "levelname": "INFO", "message": line}) + "\n"
        for line in text.split("\n")[:-1]
    ).encode()


def kaggle(text: str) -> bytes:
    records = [
        json.dumps({"stream_name": "stdout", "time": 1.5 * n, "data": line + "\n"})
        for n, line in enumerate(text.split("\n")[:-1])
    ]
    return ("[" + "\n,".join(records) + "\n]\n").encode()


def asciinema(text: str) -> bytes:
    head = '{"version": 2, "width": 120, "height": 40, "timestamp": 1709633472}\n'
    pieces = [text[start : start + 37] for start in range(0, len(text), 37)]
    events = [json.dumps([0.1 * n, "o", piece]) for n, piece in enumerate(pieces)]
    return (head + "\n".join(events) + "\n").encode()


def powershell(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("utf-16")


WRAPS: dict[str, Wrap] = {
    "docker": docker,
    "logger": logger,
    "kaggle": kaggle,
    "asciinema": asciinema,
    "kubectl": before(STAMP),
    "cri": before("2024-03-05T10:11:{:02d}.345678901Z stdout F "),
    "actions": before("2024-03-05T10:11:{:02d}.3456789Z "),
    "gh": before("train\tRun python train.py\t2024-03-05T10:11:{:02d}.3456789Z "),
    "journald": before("Mar 05 10:11:{:02d} node-7 python[12345]: "),
    "journald-iso": before("2024-03-05T10:11:{:02d}+0100 node-7 train.sh[12345]: "),
    "ts": before("Mar 05 10:11:{:02d} "),
    "compose": before("trainer-1  | "),
    "mpirun": before("[1,0]<stdout>:"),
    "SageMaker": before("[1,mpirank:0,algo-1]<stdout>:"),
    "utf-16": powershell,
}

BARS = "".join(
    f"\rEpoch {epoch}/3:  50%|█████     | {n}/40 [00:01<00:01, 9.1it/s, loss={2 / (epoch + n):.4f}]"
    for epoch in (1, 2, 3)
    for n in (10, 20, 30, 40)
)
KERAS = "".join(
    f"Epoch {n}/6\n38/38 - 2s - 57ms/step - loss: {2 / n:.4f} - val_loss: {2.1 / n:.4f}\n"
    for n in range(1, 7)
)
HF = "".join(
    f"{{'loss': {3 / n:.4f}, 'grad_norm': 1.2, 'learning_rate': 0.001, 'epoch': {n / 100}}}\n"
    for n in range(1, 30)
)
LOGS = {
    "keras-console": KERAS,
    "hf-trainer-console": HF,
    "tqdm": BARS + "\n",
    "text": log_of(CASES[3]),
}


def read(data: bytes, name: str = "x.log") -> tuple[str, Batch]:
    claims = registry.recognise(data[:HEAD_BYTES], name)
    assert claims
    batch, parser = parse(claims[0][1], data, Context(name))
    assert parser.bad_records == 0
    return claims[0][1].name, batch


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("fmt", LOGS)
def test_reads_what_stands_inside(fmt: str, wrap: str) -> None:
    plain_name, plain = read(LOGS[fmt].encode())
    assert plain_name == fmt
    if fmt == "tqdm" and wrap == "logger":
        pytest.skip("a logger's message is a line")
    name, batch = read(WRAPS[wrap](LOGS[fmt]))
    assert rows_of(batch) == rows_of(plain)
    assert name.partition("+")[0] == fmt


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("case", CASES[::6], ids=lambda case: case.name)
def test_scripts_that_nobody_foresaw(case: Case, wrap: str) -> None:
    text = log_of(case)
    claims = registry.recognise(text.encode()[:HEAD_BYTES], "x.log")
    if not claims:
        assert not registry.recognise(WRAPS[wrap](text)[:HEAD_BYTES], "x.log")
        return
    assert rows_of(read(WRAPS[wrap](text))[1]) == rows_of(read(text.encode())[1])


@pytest.mark.parametrize("wrap", WRAPS)
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 1 << 20), max_size=20))
def test_any_cut_gives_the_same_rows(wrap: str, cuts: list[int]) -> None:
    data = WRAPS[wrap](KERAS)
    fmt = registry.recognise(data, "x.log")[0][1]
    whole, _ = contract.read(fmt, Context("x.log"), [data])
    pieces, _ = contract.read(fmt, Context("x.log"), contract.cut(data, cuts))
    assert rows_of(pieces) == rows_of(whole)


@pytest.mark.parametrize("wrap", WRAPS)
def test_damage_is_survived(wrap: str) -> None:
    data = WRAPS[wrap](KERAS)
    fmt = registry.recognise(data, "x.log")[0][1]
    for damaged in contract.mutations(data, 40, seed=3):
        whole, _ = contract.read(fmt, Context("x.log"), [damaged])
        halves, _ = contract.read(fmt, Context("x.log"), contract.cut(damaged, [701, 702, 1500]))
        assert rows_of(halves) == rows_of(whole)
        transport_of(damaged)


def test_a_copy_goes_on_by_itself() -> None:
    data = docker(KERAS)
    parser = contract.new_parser(registry.recognise(data, "x.log")[0][1], Context("x.log"))
    middle = len(data) // 2
    first = parser.feed(data[:middle])
    copied = copy.deepcopy(parser)
    copied.finish()
    rest = concatenate([parser.feed(data[middle:]), parser.finish()])
    assert len(first) + len(rest) == 6


def test_lines_with_numbers_of_their_own_are_read_as_what_they_are() -> None:
    lines = "".join(
        json.dumps({"message": f"step {n}: loss={9 / n}", "step": n, "loss": 3 / n}) + "\n"
        for n in range(1, 9)
    )
    name, batch = read(lines.encode(), "x.jsonl")
    assert name == "jsonl"
    assert batch.columns[0].values[0] == 3


def test_a_name_with_its_transport_is_a_format() -> None:
    data = docker(KERAS)
    fmt = registry.recognise(data, "x.log")[0][1]
    assert registry.get(fmt.name) is fmt
    assert fmt.name == "keras-console+json"


def test_few_wrapped_lines_are_no_transport() -> None:
    assert transport_of(b"") is None
    assert transport_of(before(STAMP)("one\ntwo\n")) is None
    assert transport_of(before(STAMP)("one\ntwo\n") + b"three\nfour\n") is None
    assert transport_of(b"train | step: 1 | loss 2\n" * 9) is None
