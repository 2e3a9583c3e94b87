"""JSON lines: the fast way gives what the slow way gives; steps, epochs, times, totals."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.fields import Kind, kind_of, parse_time
from lossmon.formats.json_lines import JsonLinesParser
from lossmon.formats.jsonl import FORMAT
from lossmon.model import Batch, concatenate
from tests.formats.contract import check_batch, cut
from tests.formats.reading import rows_of


def read(data: bytes | str, cuts: list[int] | None = None, fast: bool = True) -> JsonLinesParser:
    parser = JsonLinesParser()
    parser.fast = fast
    raw = data.encode() if isinstance(data, str) else data
    batches = [parser.feed(piece) for piece in cut(raw, cuts or [])]
    batches.append(parser.finish())
    parser.result = concatenate(batches)  # type: ignore[attr-defined]
    return parser


def batch_of(data: bytes | str, **options: Any) -> Batch:
    result: Batch = read(data, **options).result  # type: ignore[attr-defined]
    check_batch(result)
    return result


def column(batch: Batch, name: str) -> list[tuple[float, float]]:
    found = next(column for column in batch.columns if column.name == name)
    steps = batch.steps if found.rows is None else batch.steps[found.rows]
    return list(zip(steps.tolist(), found.values.tolist(), strict=True))


KEYS = ["step", "loss", "train/loss", "val_loss", "epoch", "time", "mode", "lr", "note", "iter",
        "total_steps", "a b", "ü"]  # fmt: skip
VALUES = st.one_of(
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.integers(0, 100),
    st.floats(0, 10).map(lambda x: f"{x:.4g}"),
    st.sampled_from(["nan", "train", "val", "2024-01-02T03:04:05", "x", "", "1e5", "١"]),
    st.none(),
    st.booleans(),
    st.lists(st.integers(0, 3), max_size=2),
    st.fixed_dictionaries({"loss": st.floats(0, 5)}),
)
PLAIN = st.fixed_dictionaries(
    {"step": st.integers(0, 1000), "loss": st.floats(-5, 5)},
    optional={"val_loss": st.floats(0, 5), "epoch": st.integers(0, 5)},
)
ODD = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)
LINES = st.lists(
    st.one_of(
        PLAIN.map(json.dumps),
        PLAIN.map(json.dumps),
        ODD.map(json.dumps),
        ODD.map(json.dumps).map(lambda text: text[: len(text) // 2]),
        st.sampled_from(["", "{", "}", "[1]", "text", '{"loss": 1} {"loss": 2}', '{"loss":1e999}',
                         '{"lo\\u0073s": 3, "step": 4}', '{"loss": -0, "step": 0}', '{"loss":01}',
                         '{"train_runtime": 3.0, "train_loss": 9.0}', " {} ", '{"loss": -0.0}']),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(lines=LINES, cuts=st.lists(st.integers(0, 4000), max_size=5))
def test_fast_way_gives_what_the_slow_way_gives(lines: list[str], cuts: list[int]) -> None:
    data = "\n".join(lines).encode() + b"\n"
    slow = read(data, fast=False)
    fast = read(data, cuts)
    assert rows_of(fast.result) == rows_of(slow.result)  # type: ignore[attr-defined]
    assert fast.info == slow.info
    assert fast.bad_records == slow.bad_records


@settings(max_examples=50, deadline=None)
@given(some=st.lists(PLAIN, min_size=1, max_size=5), odd=st.lists(ODD, max_size=2))
def test_long_regular_blocks_with_odd_rows(some: list[Any], odd: list[Any]) -> None:
    rows = some * 40
    data = "\n".join(json.dumps(row) for row in [*rows, *odd, *rows]).encode() + b"\n"
    cuts = [len(data) // 3]
    assert rows_of(batch_of(data, cuts=cuts)) == rows_of(batch_of(data, fast=False))


def test_two_records_on_a_line_are_not_taken_for_one_each() -> None:
    good = '{"step": 1, "loss": 2.0}\n'
    double = good.strip() * 2 + "\n"
    for blank in ("\n", " \n"):
        parser = read(good * 100 + double + blank + good * 100, cuts=[1000])
        assert parser.bad_records == 1
        assert len(parser.result) == 200  # type: ignore[attr-defined]


def test_regular_lines_take_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"step": i, "loss": 1 / (i + 1), "note": "x"}) for i in range(2000)]
    data = "\n".join(lines).encode() + b"\n"
    parser = JsonLinesParser()
    parser.feed(data[:5000])

    def refuse(self: JsonLinesParser, text: str) -> None:
        raise AssertionError("read line by line")

    monkeypatch.setattr(JsonLinesParser, "line", refuse)
    assert len(parser.feed(data[5000:])) > 1500


def test_nan_and_infinity_are_values() -> None:
    batch = batch_of(
        '{"step": 1, "loss": NaN}\n{"step": 2, "loss": Infinity}\n{"step": 3, "loss": -Infinity}\n'
        '{"step": 4, "loss": "nan"}\n{"step": 5, "loss": null}\n{"step": 6, "loss": "2.5"}\n'
    )
    values = dict(column(batch, "loss"))
    assert math.isnan(values[1])
    assert values[2] == math.inf
    assert values[3] == -math.inf
    assert math.isnan(values[4])
    assert 5 not in values
    assert values[6] == 2.5


def test_nested_names_are_joined() -> None:
    batch = batch_of('{"step": 20, "losses": {"textcat": 4.9}, "scores": {"a": {"b": 1}}}\n')
    assert {column.name for column in batch.columns} == {"losses/textcat", "scores/a/b"}


def test_surest_counter_is_the_step() -> None:
    batch = batch_of(
        '{"iter": 5, "step": 50, "loss": 1}\n'
        '{"iter": 6, "global_step": 60, "step": 61, "loss": 2}\n'
        '{"time/iterations": 1, "time/total_timesteps": 256, "loss": 3}\n'
        '{"_step": 9, "loss": 4}\n{"current_steps": 10, "total_steps": 100, "loss": 5}\n'
    )
    assert column(batch, "loss") == [(50, 1), (60, 2), (256, 3), (9, 4), (10, 5)]


def test_total_steps_are_the_goal_beside_a_step_and_a_counter_alone() -> None:
    parser = read('{"current_steps": 10, "total_steps": 100, "num_epochs": 3, "loss": 5}\n')
    assert parser.info.total_steps == 100
    assert parser.info.total_epochs == 3
    alone = batch_of('{"total_steps": 100, "loss": 5}\n{"total_steps": 200, "loss": 4}\n')
    assert alone.steps.tolist() == [100, 200]


def test_row_without_step_takes_the_last_one() -> None:
    batch = batch_of(
        '{"step": 10, "loss": 1}\n{"epoch": 1, "val_loss": 2}\n{"step": 20, "loss": 3}\n'
    )
    assert batch.steps.tolist() == [10, 10, 20]


def test_epochs_count_where_nothing_else_does() -> None:
    batch = batch_of('{"epoch": 0, "loss": 1}\n{"epoch": 1, "loss": 2}\n')
    assert batch.steps.tolist() == [0, 1]
    assert batch.epochs is not None
    assert batch.epochs.tolist() == [0, 1]


def test_rows_are_counted_where_nothing_counts() -> None:
    parser = read('{"loss": 1}\n{"lr": null}\n{"loss": 2}\n', cuts=[5, 20])
    assert parser.result.steps.tolist() == [1, 2]  # type: ignore[attr-defined]
    assert parser.info.steps_estimated


@pytest.mark.parametrize("cuts", [[], [40], [100, 101, 230]])
@pytest.mark.parametrize(
    ("first", "expected"), [(1, [1, 2, 3, 4, 5, 6, 7]), (0, [0, 1, 2, 3, 4, 5, 6])]
)
def test_a_counter_that_begins_anew_each_epoch(
    first: int, expected: list[int], cuts: list[int]
) -> None:
    rows = [
        (1, first),
        (1, first + 1),
        (1, first + 2),
        (2, first),
        (2, first + 1),
        (2, first + 2),
        (3, first),
    ]
    data = "".join(f'{{"epoch": {e}, "iter": {i}, "loss": 1.0}}\n' for e, i in rows)
    parser = read(data, cuts=cuts)
    assert parser.result.steps.tolist() == expected  # type: ignore[attr-defined]
    assert parser.info.steps_estimated


def test_a_resumed_counter_goes_back() -> None:
    rows = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (2, 1), (2, 2), (3, 1)]
    data = "".join(f'{{"epoch": {e}, "iter": {i}, "loss": 1.0}}\n' for e, i in rows)
    assert batch_of(data).steps.tolist() == [1, 2, 3, 4, 5, 3, 4, 5]


def test_a_global_counter_is_left_alone() -> None:
    rows = [(0, 10), (0, 20), (1, 30), (1, 40), (1, 30), (1, 40)]
    data = "".join(f'{{"epoch": {e}, "step": {i}, "loss": 1.0}}\n' for e, i in rows)
    parser = read(data)
    assert parser.result.steps.tolist() == [10, 20, 30, 40, 30, 40]  # type: ignore[attr-defined]
    assert not parser.info.steps_estimated


def test_a_tag_tells_the_data() -> None:
    batch = batch_of(
        '{"mode": "train", "iter": 1, "loss": 1}\n'
        '{"mode": "val", "iter": 1, "loss": 2, "val/x": 3}\n'
    )
    assert [column.name for column in batch.columns] == ["loss", "val/loss", "val/x"]


def test_times_in_all_units_and_iso() -> None:
    batch = batch_of(
        '{"step": 1, "loss": 1, "_timestamp": 1700000000.5}\n'
        '{"step": 2, "loss": 1, "timestamp": 1700000001500}\n'
        '{"step": 3, "loss": 1, "time": "2023-11-14T22:13:22+00:00"}\n'
        '{"step": 4, "loss": 1, "time": 0.25}\n'
    )
    assert batch.times is not None
    assert batch.times[:3].tolist() == [1700000000.5, 1700000001.5, 1700000002]
    assert math.isnan(batch.times[3])
    assert column(batch, "time") == [(4, 0.25)]


def test_summary_of_the_run_is_no_point_but_its_end() -> None:
    parser = read('{"step": 1, "loss": 2}\n{"train_runtime": 9.2, "train_loss": 2.5, "step": 1}\n')
    assert [c.name for c in parser.result.columns] == ["loss"]  # type: ignore[attr-defined]
    assert parser.info.finished


def test_broken_records_are_counted_and_text_is_not() -> None:
    parser = read('{"loss": 1}\nWARNING something\n{"loss": \n{"loss": 2}\n')
    assert parser.bad_records == 1
    assert len(parser.result) == 2  # type: ignore[attr-defined]


def test_two_keys_that_clean_to_one_name() -> None:
    batch = batch_of(
        '{"step": 1, "loss": 1, " loss": 2}\n{"step": 2, " loss": 4}\n{"step": 3, "loss": 5}\n'
    )
    assert column(batch, "loss") == [(1, 2), (2, 4), (3, 5)]


def test_too_many_names_are_bounded() -> None:
    data = "".join(f'{{"step": {i}, "loss_{i}": 1, "x{i}": 2}}\n' for i in range(3000))
    parser = read(data, cuts=[9000, 70000])
    assert len(parser.result.columns) == 2000  # type: ignore[attr-defined]
    assert parser.bad_records == 4000


def test_deep_and_hostile_documents() -> None:
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    parser = read(deep + "\n" + "[" * 100_000 + "\n" + '{"loss": ' + "9" * 5000 + "}\n")
    assert len(parser.result) <= 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("records", "claimed"),
    [
        ([{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}], True),
        ([{"epoch": 1, "val_accuracy": 0.5}], True),
        ([{"loss": 2.0}, {"loss": 1.0}], True),
        ([{"id": 1, "name": "Ada", "city": "Rome", "orders": 3}] * 5, False),
        ([{"id": 1, "name": "Ada", "cost": 3.5}] * 5, False),
        ([{"id": 1, "score": 3.5}] * 5, False),
        ([{"index": 1, "precision": 3.5, "text": "x"}] * 5, False),
        ([{"policy": "A", "loss": 10.0}] * 5, False),
        ([{"time": 1.0, "temperature": 20.0}] * 5, False),
        ([{"model": "x", "max_steps": 3}], False),
    ],
)
def test_only_training_logs_are_claimed(records: list[dict[str, Any]], claimed: bool) -> None:
    head = "".join(json.dumps(record) + "\n" for record in records).encode()
    sniff = FORMAT.sniff(head, "data.jsonl")
    assert (sniff is not None and sniff.confidence >= 0.2) is claimed


def test_a_document_on_one_line_is_no_log() -> None:
    summary = b'{"_step": 300, "train/loss": 0.2, "val/loss": 0.3}'
    assert FORMAT.sniff(summary, "wandb-summary.json") is None
    assert FORMAT.sniff(summary + b"\n", "metrics.jsonl") is not None


def test_rotation_and_new_runs() -> None:
    old = b'{"step": 1, "loss": 3}\n{"step": 2, "loss": 2}\n'
    assert FORMAT.continues(old, b'{"step": 3, "loss": 1}\n')
    assert not FORMAT.continues(old, b'{"step": 1, "loss": 3.3}\n')


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("step", Kind.STEP),
        ("Global Step", Kind.STEP),
        ("train/global_step", Kind.STEP),
        ("batch_idx", Kind.STEP),
        ("epoch", Kind.EPOCH),
        ("EPOCH", Kind.EPOCH),
        ("_timestamp", Kind.TIME),
        ("max_steps", Kind.TOTAL_STEPS),
        ("num_train_epochs", Kind.TOTAL_EPOCHS),
        ("mode", Kind.TAG),
        ("step_loss", Kind.METRIC),
        ("steps_per_second", Kind.METRIC),
        ("epoch_loss", Kind.METRIC),
    ],
)
def test_kinds(key: str, kind: Kind) -> None:
    assert kind_of(key) is kind


def test_times_that_are_none() -> None:
    for text in ("12:11:32", "0:00:12", "yesterday", "2024-13-45", "0001-01-01", "9" * 50):
        assert parse_time(text) is None
    assert parse_time("2024-01-02T03:04:05Z") == 1704164645
    assert np.isfinite(parse_time("2024-01-02 03:04:05,123") or np.nan)


def test_configuration_in_a_record_is_no_metric() -> None:
    batch = batch_of(
        '{"training_iteration": 1, "timesteps_total": 4000, "config": {"lr": 0.1, "loss_coef": 1},'
        ' "info": {"learner": {"default": {"learner_stats": {"total_loss": 2.5}}}}}\n'
    )
    assert [c.name for c in batch.columns] == ["info/learner/default/learner_stats/total_loss"]
    assert batch.steps.tolist() == [4000]
