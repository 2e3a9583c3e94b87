"""`.wandb` files: rows, axes, the run's facts, and what damage costs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats._leveldb_log import MAX_RECORD, BlockLogReader
from lossmon.formats.wandb import FORMAT, WandbParser
from lossmon.model import Batch, concatenate
from tests.formats import encoding as enc
from tests.formats.contract import check_batch, cut
from tests.formats.reading import rows_of

DATA = Path(__file__).resolve().parents[1] / "data" / "wandb"


def parse(*records: bytes) -> tuple[Batch, WandbParser]:
    parser = WandbParser()
    batch = parser.feed(enc.wandb_file(records))
    check_batch(batch)
    return batch, parser


def column(batch: Batch, name: str) -> list[float]:
    return next(c.values.tolist() for c in batch.columns if c.name == name)


keys = st.sampled_from(["loss", "train/loss", "eval/loss", "lr", "a.b", "é" * 50])


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(0, 10**12), st.dictionaries(keys, st.floats(), min_size=1), st.booleans()
        ),
        max_size=30,
    ),
    padding=st.integers(0, 33000),
    cuts=st.lists(st.integers(0, 10**6), max_size=6),
)
def test_what_was_written_is_read(
    rows: list[tuple[int, dict[str, float], bool]], padding: int, cuts: list[int]
) -> None:
    records = [enc.field(13, bytes(padding))]  # console output, passed over
    for step, values, nested in rows:
        items = {key: json.dumps(value) for key, value in values.items()}
        records.append(enc.history(step, items | {"_timestamp": "1.7e9"}, nested))
    parser = WandbParser()
    batch = concatenate([parser.feed(piece) for piece in cut(enc.wandb_file(records), cuts)])
    check_batch(batch)
    assert parser.bad_records == 0
    assert rows_of(batch) == [
        (
            repr(float(step)),
            "nan",
            repr(1.7e9),
            tuple(sorted((key, repr(value)) for key, value in values.items())),
        )
        for step, values, _ in rows
    ]


@given(
    sizes=st.lists(st.integers(0, 70000), max_size=6),
    cuts=st.lists(st.integers(0, 10**6), max_size=5),
)
@settings(deadline=None, max_examples=40)
def test_blocks_give_their_records_back(sizes: list[int], cuts: list[int]) -> None:
    records = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    data = enc.wandb_file(records)
    reader = BlockLogReader(7)
    found = [record for piece in cut(data[7:], cuts) for record in reader.feed(piece)]
    assert found == records
    assert reader.bad_records == 0


def test_numbers_in_all_their_spellings() -> None:
    items = {
        "a": "NaN",
        "b": '"NaN"',
        "c": "Infinity",
        "d": '"-Infinity"',
        "e": "7",
        "f": "true",
        "g": '"a text"',
        "h": '{"_type": "histogram", "values": [1, 2]}',
        "i": '{"x": 1.5, "y": {"z": 2}}',
        "j": "[1, 2]",
        "k": "null",
        "l": "1" * 400,
        "m": "{" * 5000,
    }
    batch, parser = parse(enc.history(1, items))
    values = {c.name: c.values.tolist()[0] for c in batch.columns}
    assert math.isnan(values.pop("a"))
    assert math.isnan(values.pop("b"))
    assert values == {
        "c": math.inf,
        "d": -math.inf,
        "e": 7.0,
        "i.x": 1.5,
        "i.y.z": 2.0,
        "l": math.inf,
    }
    assert parser.bad_records == 0


@given(
    item=st.binary(max_size=30)
    | st.builds(
        lambda key, value: enc.field(1, key) + enc.field(16, value),
        st.binary(max_size=20),
        st.sampled_from([b"1.5", b"NaN", b"-Infinity", b"1_0", b" 1", b"N", b"7" * 130, b""]),
    ),
    extra=st.binary(max_size=3),
)
@settings(deadline=None, max_examples=300)
def test_plain_items_are_read_as_by_the_general_way(item: bytes, extra: bytes) -> None:
    data = enc.field(
        2, enc.field(1, item + extra) + enc.field(1, enc.field(1, b"k") + enc.field(16, b"1"))
    )
    fast, parser = parse(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WandbParser, "_plain_item", lambda *_: False)
        slow, parser_of_slow = parse(data)
    assert rows_of(fast) == rows_of(slow)
    assert parser.bad_records == parser_of_slow.bad_records


def test_step_of_the_trainer_is_the_axis() -> None:
    rows = [
        enc.history(call, {"train/loss": "1.0", "train/global_step": str(10 * call + 10)})
        for call in range(4)
    ]
    batch, _ = parse(*rows, enc.history(4, {"eval/loss": "2.0"}))
    assert batch.steps.tolist() == [10.0, 20.0, 30.0, 40.0, 40.0]
    assert {c.name for c in batch.columns} == {"train/loss", "eval/loss"}


def test_step_that_was_defined_is_the_axis() -> None:
    metric = enc.field(12, enc.field(2, b"*") + enc.field(4, b"tokens_step"))
    batch, _ = parse(metric, enc.history(0, {"loss": "1", "tokens_step": "512", "step": "3"}))
    assert batch.steps.tolist() == [512.0]


def test_axis_stays_what_it_was_at_the_first_row() -> None:
    batch, _ = parse(
        enc.history(0, {"loss": "1"}),
        enc.history(1, {"loss": "1"}),
        enc.history(2, {"eval/loss": "1", "step": "500"}),
    )
    assert batch.steps.tolist() == [0.0, 1.0, 2.0]


def test_summary_of_transformers_is_no_point() -> None:
    batch, parser = parse(
        enc.history(0, {"train/loss": "2.0", "train/epoch": "0.5"}),
        enc.history(1, {"train/train_loss": "2.5", "train/train_runtime": "9.0"}),
    )
    assert {c.name for c in batch.columns} == {"train/loss", "train/epoch"}
    assert batch.epochs is not None
    assert batch.epochs.tolist() == [0.5]
    assert parser.info.finished
    assert parser.info.facts["train_loss"] == "2.5"


@pytest.mark.parametrize(("code", "finished"), [(0, True), (1, False), (255, False)])
def test_exit_and_facts(code: int, finished: bool) -> None:
    config = enc.field(1, enc.field(1, b"lr") + enc.field(16, b"0.3"))
    run = enc.field(1, b"abc") + enc.field(3, b"proj") + enc.field(8, b"fine \x1b[31mname")
    batch, parser = parse(
        enc.field(17, run + enc.field(4, config)), enc.field(18, enc.integer(1, code))
    )
    assert len(batch) == 0
    assert parser.info.finished is finished
    assert parser.info.crashed is not finished
    assert parser.info.name == "fine \ufffd[31mname"
    assert parser.info.facts["lr"] == "0.3"
    assert parser.info.facts["project"] == "proj"


def test_run_killed_in_the_middle_is_neither_finished_nor_crashed() -> None:
    data = (DATA / "run-tp1t0k6n.wandb").read_bytes()
    parser = WandbParser()
    batch = parser.feed(data)
    assert parser.bad_records == 0
    assert not parser.info.finished
    assert not parser.info.crashed
    assert batch.steps.tolist() == [float(step) for step in range(1, len(batch) + 1)]
    losses = column(batch, "train/loss")
    assert len(losses) == len(batch) > 100
    assert math.isfinite(losses[0])
    assert losses[-1] > 10 * losses[0]


def test_damage_costs_one_block() -> None:
    records = [
        enc.history(step, {"loss": "1.5", "text": '"' + "x" * 500 + '"'}) for step in range(300)
    ]
    data = bytearray(enc.wandb_file(records))
    data[40000] ^= 0xFF
    parser = WandbParser()
    batch = parser.feed(bytes(data))
    lost = sorted(set(range(300)) - set(batch.steps.astype(int).tolist()))
    assert parser.bad_records >= 1
    assert 0 < len(lost) <= 32768 // 500 + 2
    assert lost == list(range(lost[0], lost[-1] + 1))


def test_damaged_lengths_and_types_cost_their_block() -> None:
    rows = [enc.history(step, {"loss": "1", "text": '"' + "x" * 400 + '"'}) for step in range(99)]
    clean = enc.wandb_file(rows)
    for place in (11, 12, 13):
        data = bytearray(clean)
        data[place] ^= 0xFF
        parser = WandbParser()
        batch = parser.feed(bytes(data))
        assert 0 < len(batch) < 99
        assert batch.steps[-1] == 98
        assert parser.bad_records == 1


def test_holes_are_passed_over() -> None:
    first = enc.wandb_file([enc.history(1, {"loss": "1"})])
    second = enc.wandb_file([enc.field(13, bytes(32768 - 30)), enc.history(2, {"loss": "2"})])
    data = first + bytes(32768 - len(first)) + second[32768:]
    parser = WandbParser()
    batch = parser.feed(data)
    assert batch.steps.tolist()[:1] == [1.0]


def test_a_record_without_end_is_dropped() -> None:
    reader = BlockLogReader(7)
    data = enc.wandb_file([bytes(MAX_RECORD + 100000), b"next"])
    found = []
    for start in range(7, len(data), 1 << 20):
        found += reader.feed(data[start : start + (1 << 20)])
    assert found == [b"next"]
    assert reader.bad_records == 1


def test_another_file_is_not_read() -> None:
    parser = WandbParser()
    assert len(parser.feed(b"loss: 1.0\n" * 1000)) == 0
    assert parser.bad_records == 1


def test_sniffs_its_mark() -> None:
    sniff = FORMAT.sniff(enc.wandb_file([]), "run-1.wandb")
    assert sniff is not None
    assert sniff.confidence > 0.9
    assert FORMAT.sniff(b":W&B is a logger\n", "notes.txt") is None
