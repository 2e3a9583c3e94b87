"""Histories in YAML, and tables without a header: what is read, and what is left alone."""

from __future__ import annotations

import pytest

from lossmon.formats._yaml import MAX_DEPTH, NotPlain, load
from lossmon.formats.base import HEAD_BYTES
from lossmon.formats.registry import recognise
from tests.formats.console_samples import claim, points, read_sample, read_text

RECORDS = "- epoch: 1\n  train_loss: 2.5\n  val_loss: 2.7\n- epoch: 2\n  train_loss: 1.5\n"


def taken(text: str, name: str) -> str | None:
    return claim(text, name)


def test_records_of_epochs() -> None:
    run, _ = read_sample("yaml-history", "records.yaml")
    assert len(points(run, "train_loss")) == len(points(run, "val_loss")) == 12
    assert points(run, "lr") == [(float(epoch), 0.004) for epoch in range(1, 13)]


def test_lists_by_name_count_epochs_from_zero() -> None:
    run, parser = read_sample("yaml-history", "lists.yaml")
    assert [step for step, _ in points(run, "val_loss")] == list(range(30))
    assert parser.info.steps_estimated


def test_records_by_number() -> None:
    run, _ = read_sample("yaml-history", "by-epoch.yml")
    assert [step for step, _ in points(run, "loss")] == list(range(1, 11))


@pytest.mark.parametrize("cut", [len(RECORDS) - 4, len(RECORDS) - 17])
def test_a_document_that_is_being_written(cut: int) -> None:
    run, parser = read_text("yaml-history", RECORDS[:cut], "history.yaml")
    assert points(run, "train_loss")[0] == (1, 2.5)
    assert parser.bad_records == 0


def test_numbers_as_yaml_writes_them() -> None:
    text = "- {}\n".format("\n- ".join([".nan", "-.inf", "1.0e-05", "3", "'4.5'", "~"]))
    values = load(text)
    assert values[0] != values[0]
    assert values[1:] == [float("-inf"), 1e-05, 3.0, "'4.5'", None]


def test_nothing_is_expanded() -> None:
    bomb = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\n"
    assert load(bomb) == {"a": "&a [x, x, x]", "b": "&b [*a, *a, *a]"}
    assert load("- !!python/object/apply:os.system ['echo']\n") == [
        "!!python/object/apply:os.system ['echo']"
    ]
    with pytest.raises(NotPlain):
        load("".join(f"{'  ' * depth}k:\n" for depth in range(MAX_DEPTH + 3)))


CONFIGURATIONS = {
    "schedule": "loss:\n- 0.5\n- 0.3\n- 0.1\nepochs: 30\nname: base\n",
    "weights": "loss_weights: [1.0, 0.5, 0.2]\nval_loss_weights: [1.0, 0.5, 0.2]\nlr: 0.1\n",
    "stages": "- epoch: 10\n  lr: 0.1\n- epoch: 20\n  lr: 0.01\n",
    "experiments": "- name: a\n  epochs: 10\n  loss: 0.5\n- name: b\n  epochs: 10\n  loss: 0.4\n",
    "workflow": "on: [push]\njobs:\n  test:\n    steps:\n    - run: pytest\n",
    "lightning": "train_loss: mse\nepoch: 3\nlr: 0.1\n",
}


@pytest.mark.parametrize("text", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_configuration_is_no_history(text: str) -> None:
    assert taken(text, "config.yaml") is None


def test_yaml_is_told_by_the_name() -> None:
    assert taken(RECORDS, "history.yml") == "yaml-history"
    assert taken(RECORDS.replace("- ", "  "), "history.yml") is None


def rows(count: int = 20, width: int = 3) -> str:
    lines = (
        [i + 1, *(round(2.5 / (i + k + 1), 4) for k in range(width - 1))] for i in range(count)
    )
    return "".join(",".join(map(str, line)) + "\n" for line in lines)


def test_bare_rows_are_read_where_the_name_says_log() -> None:
    run, _ = read_text("bare-csv", rows(), "train_log.csv")
    assert points(run, "loss")[:2] == [(1, 2.5), (2, 1.25)]
    assert len(points(run, "column 3")) == 20
    run, _ = read_sample("bare-csv", "val_loss.csv")
    assert [step for step, _ in points(run, "val_loss")] == list(range(1, 31))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (rows(), "data.csv"),
        (rows(), "prices_2024.csv"),
        (rows(count=5), "train_log.csv"),
        ("".join(f"{5 - i % 5},{1 / (i + 1)}\n" for i in range(20)), "train_log.csv"),
        ("".join(f"{i},{i + 0.5}\n" for i in range(20)), "train_log.csv"),
        ("".join(f"{i},{20 - i}\n" for i in range(20)), "train.csv"),
    ],
)
def test_other_rows_are_left_alone(text: str, name: str) -> None:
    assert "bare-csv" not in [fmt.name for _, fmt in recognise(text.encode()[:HEAD_BYTES], name)]
