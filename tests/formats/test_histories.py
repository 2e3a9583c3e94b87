"""Curves as trackers export and scripts save them: long tables, series, bare columns, ranks."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

import pytest

from lossmon.formats import registry
from lossmon.formats.base import HEAD_BYTES, Context
from lossmon.model import Run
from tests.formats.reading import parse
from tests.formats.test_unforeseen import judged

N = 20
TRAIN = [0.3 + 2.2 * math.exp(-i / 8) for i in range(N)]
EVAL = [0.4 + 2.1 * math.exp(-i / 8) for i in range(N)]


def records(rows: Iterable[object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(header: str, rows: Iterable[str]) -> str:
    return header + "\n" + "".join(row + "\n" for row in rows)


def series(values: list[float]) -> dict[str, object]:
    return {"steps": [10 * i for i in range(N)], "timestamps": ["2024"] * N, "values": values}


BOTH = {
    "comet.csv": table(
        "name,value,step,timestamp,epoch",
        (
            f"{name},{values[i]},{10 * i},{1709633472000 + i},"
            for i in range(N)
            for name, values in (("train_loss", TRAIN), ("val_loss", EVAL))
        ),
    ),
    "mlflow.csv": table(
        "run_id,key,value,timestamp,step",
        (
            f"abc,{name},{values[i]},{1709633472000 + i},{10 * i}"
            for name, values in (("train_loss", TRAIN), ("val_loss", EVAL))
            for i in range(N)
        ),
    ),
    "long.jsonl": records(
        {"metric": name, "value": values[i], "step": 10 * i, "time": 1.0 * i}
        for i in range(N)
        for name, values in (("loss", TRAIN), ("val_loss", EVAL))
    ),
    "metrics.json": json.dumps({"training.loss": series(TRAIN), "validation.loss": series(EVAL)}),
}

ONE = {
    "run-train-tag-loss.json": json.dumps(
        [[1709633472.5 + i, 10 * i, value] for i, value in enumerate(TRAIN)]
    ),
    "ranks.csv": table(
        "rank,step,loss", (f"{r},{10 * i},{TRAIN[i] + r}" for i in range(N) for r in (0, 1, 2))
    ),
    "ranks.jsonl": records(
        {"rank": r, "step": 10 * i, "loss": TRAIN[i] + r} for i in range(N) for r in (3, 0)
    ),
    "cloud.json": records(
        {"insertId": "a", "jsonPayload": {"message": f"step {10 * i}: loss={value!r}"}}
        for i, value in enumerate(TRAIN)
    ),
}


def read(name: str, text: str) -> Run:
    data = text.encode()
    claims = registry.recognise(data[:HEAD_BYTES], name)
    assert claims
    batch, parser = parse(claims[0][1], data, Context(name))
    assert parser.bad_records == 0
    run = Run(name, name, claims[0][1].name)
    run.append(batch)
    return run


@pytest.mark.parametrize("name", BOTH)
def test_train_and_validation(name: str) -> None:
    train, evaluation = judged(read(name, BOTH[name]))
    assert train is not None
    assert evaluation is not None
    assert train.values.tolist() == TRAIN
    assert evaluation.values.tolist() == EVAL
    assert train.steps.tolist() == evaluation.steps.tolist() == [10 * i for i in range(N)]


@pytest.mark.parametrize("name", ONE)
def test_one_curve(name: str) -> None:
    train, _ = judged(read(name, ONE[name]))
    assert train is not None
    offset = 3 if name == "ranks.jsonl" else 0
    assert train.values.tolist() == [value + offset for value in TRAIN]
    assert train.steps.tolist() == [10 * i for i in range(N)]


def test_means_of_a_statistic_are_the_curve() -> None:
    rows = [
        {"Loss/G/loss": {"num": 100, "mean": value, "std": 0.1}, "timestamp": 1709633472.5 + i}
        for i, value in enumerate(TRAIN)
    ]
    train, _ = judged(read("stats.jsonl", records(rows)))
    assert train is not None
    assert train.name == "Loss/G/loss/mean"
    assert train.values.tolist() == TRAIN


@pytest.mark.parametrize("name", ["train_loss.txt", "losses.txt", "val-loss.csv"])
def test_bare_numbers_are_losses_where_the_file_is_called_so(name: str) -> None:
    text = "".join(f"{value:.18e}\n" for value in TRAIN)
    run = read(name, text)
    assert [view.values.tolist() for view in map(run.view, run.series)] == [TRAIN]
    assert not registry.recognise(text.encode(), "numbers.txt")
    assert not registry.recognise(b"1\n2\n3\n4\n5\n6\n7\n8\n", name)


@pytest.mark.parametrize(
    "text",
    [
        table("name,value,step", (f"temperature,{i}.5,{i}" for i in range(N))),
        table("name,value", (f"train_loss,{value}" for value in TRAIN)),
        records({"name": "loss", "value": "high", "step": i} for i in range(N)),
        json.dumps({"a": {"steps": [1, 2], "values": [3.5, 4.5]}}),
        json.dumps([[1709633472.5 + i, i, 0.5] for i in range(N)]),
    ],
)
def test_other_things_of_the_same_shape_are_no_runs(text: str) -> None:
    assert not registry.recognise(text.encode(), "x.csv" if "," in text[:20] else "x.json")
