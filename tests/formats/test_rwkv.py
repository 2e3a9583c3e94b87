"""RWKV-LM's log, whose numbers have no names."""

from __future__ import annotations

import pytest

from lossmon.formats import registry
from lossmon.formats.base import Context
from tests.formats.console_samples import read_sample
from tests.formats.reading import parse

LINE = "12 2.345678 10.4404 0.00059213 2024-01-05 10:41:12.345678 12"


def test_the_arguments_say_how_many_epochs_are_planned() -> None:
    _, parser = read_sample("rwkv", "train_log.txt")
    assert parser.info.total_epochs == 20


def test_a_log_of_version_4_has_no_head() -> None:
    data = f"{LINE} \n".encode()
    claims = registry.recognise(data, "mylog.txt")
    assert claims[0][1].name == "rwkv"
    batch, _ = parse(claims[0][1], data, Context("mylog.txt"))
    assert batch.steps.tolist() == [12]
    assert {column.name: column.values.tolist() for column in batch.columns} == {
        "loss": [2.345678],
        "ppl": [10.4404],
        "lr": [0.00059213],
    }


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace("10.4404", "11.4404"),  # no exponential of the loss
        LINE.replace(" 12", "", 1).replace("12 2.", "2."),
        LINE.replace("2024-01-05 ", ""),
    ],
)
def test_other_rows_of_numbers_are_none(line: str) -> None:
    claims = registry.recognise(f"{line}\n".encode() * 4, "mylog.txt")
    assert all(fmt.name != "rwkv" for _, fmt in claims)


def test_a_diverged_run_is_read() -> None:
    fmt = registry.get("rwkv")
    batch, parser = parse(fmt, LINE.replace("2.345678 10.4404", "nan nan").encode(), Context("x"))
    assert batch.steps.tolist() == [12]
    assert parser.bad_records == 0
