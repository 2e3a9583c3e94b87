"""TensorBoard event files: what is read, what is passed over, and what damage costs."""

from __future__ import annotations

import math
import struct
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import _crc32c, _events, tensorboard
from lossmon.formats._tfrecord import MAX_HELD, RecordReader
from lossmon.formats.base import Context
from lossmon.formats.tensorboard import FORMAT, TensorBoardParser
from lossmon.model import Batch, concatenate
from tests.formats import encoding as enc
from tests.formats.contract import check_batch, cut
from tests.formats.reading import rows_of

DATA = Path(__file__).resolve().parents[1] / "data" / "tensorboard"


def parse(data: bytes, part: str = "events.out.tfevents.1.h") -> tuple[Batch, TensorBoardParser]:
    parser = TensorBoardParser(Context("events.out.tfevents.1.h", part))
    batch = concatenate([parser.feed(data), parser.finish()])
    check_batch(batch)
    return batch, parser


def points(batch: Batch, name: str) -> list[tuple[float, float]]:
    column = next(column for column in batch.columns if column.name == name)
    steps = batch.steps if column.rows is None else batch.steps[column.rows]
    return list(zip(steps.tolist(), column.values.tolist(), strict=True))


names = st.sampled_from(["loss", "train/loss", "eval/loss", "lr", "grad norm", "é", "a" * 40])
floats32 = st.floats(width=32, allow_nan=False)
steps = st.integers(0, 2**62) | st.integers(0, 300)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(steps, st.dictionaries(names, floats32, min_size=1)), max_size=60),
    cuts=st.lists(st.integers(0, 10**6), max_size=6),
)
def test_what_was_written_is_read(
    rows: list[tuple[int, dict[str, float]]], cuts: list[int]
) -> None:
    data = enc.event_file(rows)
    parser = TensorBoardParser()
    batch = concatenate([*[parser.feed(piece) for piece in cut(data, cuts)], parser.finish()])
    check_batch(batch)
    assert parser.bad_records == 0
    written = [
        (repr(float(step)), "nan", repr(1.7e9 + number), ((tag, repr(value)),))
        for number, (step, values) in enumerate(rows)
        for tag, value in values.items()
    ]
    assert rows_of(batch) == written


@settings(deadline=None, max_examples=40)
@given(
    rows=st.lists(
        st.tuples(steps, st.dictionaries(names, floats32, min_size=1)), min_size=4, max_size=80
    ),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 7)), max_size=5),
)
def test_columns_and_single_records_agree(
    rows: list[tuple[int, dict[str, float]]], flips: list[tuple[int, int]]
) -> None:
    data = bytearray(enc.event_file(rows * 3))
    for place, bit in flips:
        data[place % len(data)] ^= 1 << bit
    columns, parser = parse(bytes(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tensorboard, "_MIN_VECTOR", 10**9)
        single, parser_of_single = parse(bytes(data))
    assert rows_of(columns) == rows_of(single)
    assert parser.bad_records == parser_of_single.bad_records


@given(st.binary(max_size=3000))
@settings(deadline=None, max_examples=25)
def test_crc_is_that_of_the_definition(data: bytes) -> None:
    assert _crc32c.crc32c(data) == enc.crc32c(data)


def test_crc_known_values() -> None:
    # RFC 3720, B.4
    assert _crc32c.crc32c(bytes(32)) == 0x8A9136AA
    assert _crc32c.crc32c(b"\xff" * 32) == 0x62A8AB43
    assert _crc32c.crc32c(b"123456789") == 0xE3069283


def test_one_record_with_several_values_is_one_row() -> None:
    values = (enc.simple("loss", 2.5), enc.simple("lr", 0.5), enc.simple("loss", 2.0))
    batch, _ = parse(enc.record(enc.event(7, *values)))
    assert len(batch) == 1
    assert points(batch, "loss") == [(7.0, 2.0)]
    assert points(batch, "lr") == [(7.0, 0.5)]


F8 = struct.pack("<d", 1.1)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (enc.integer(1, 1) + enc.field(2, b"") + enc.field(4, struct.pack("<f", 0.25)), 0.25),
        (enc.integer(1, 2) + enc.field(4, F8), 1.1),
        (enc.integer(1, 3) + enc.field(4, struct.pack("<i", -3)), -3.0),
        (enc.integer(1, 9) + enc.field(4, struct.pack("<q", 1 << 40)), float(1 << 40)),
        (enc.integer(1, 19) + enc.field(4, np.float16(1.5).tobytes()), 1.5),
        (enc.integer(1, 14) + enc.field(4, struct.pack("<f", 3.0)[2:]), 3.0),
        (enc.integer(1, 1) + enc.field(5, struct.pack("<f", 0.5)), 0.5),
        (enc.integer(1, 1) + struct.pack("<Bf", 5 << 3 | 5, 0.5), 0.5),
        (enc.integer(1, 2) + enc.field(6, F8), 1.1),
        (enc.integer(1, 3) + enc.field(7, enc.varint(-2)), -2.0),
        (enc.integer(1, 9) + enc.integer(10, 12), 12.0),
        (enc.integer(1, 23) + enc.integer(17, (1 << 64) - 1), float((1 << 64) - 1)),
        (enc.integer(1, 19) + enc.integer(13, 0x3E00), 1.5),
        (enc.integer(1, 14) + enc.integer(13, 0x4040), 3.0),
        (enc.integer(1, 1) + enc.field(2, enc.field(2, enc.integer(1, 1)))
         + enc.field(4, struct.pack("<f", 4.0)), 4.0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("plugin", ["", "scalars"])
@pytest.mark.parametrize("count", [1, 20])
def test_tensor_scalars(content: bytes, value: float, plugin: str, count: int) -> None:
    data = b"".join(
        enc.record(enc.event(step, enc.tensor("loss", content, plugin)))
        for step in range(1, count + 1)
    )
    batch, parser = parse(data)
    assert points(batch, "loss") == [(float(step), value) for step in range(1, count + 1)]
    assert parser.bad_records == 0


@pytest.mark.parametrize(
    "value",
    [
        enc.tensor("t", enc.integer(1, 7) + enc.field(8, b"a text"), "text"),
        enc.tensor("t", enc.integer(1, 1) + enc.field(4, struct.pack("<f", 1.0)), "hparams"),
        enc.tensor("t", enc.integer(1, 1) + enc.field(4, struct.pack("<2f", 1.0, 2.0)), "scalars"),
        enc.tensor("t", enc.integer(1, 1) + enc.field(2, enc.field(2, enc.integer(1, 3)))),
        enc.field(1, b"t") + enc.field(4, b"an image"),
        enc.field(1, b"t") + enc.field(5, b"\x09" + F8),
        struct.pack("<Bf", 2 << 3 | 5, 1.0),
    ],
)
def test_what_is_no_scalar_is_passed_over(value: bytes) -> None:
    batch, parser = parse(enc.record(enc.event(3, value)) * 12)
    assert len(batch) == 0
    assert parser.bad_records == 0


def test_nan_and_infinities_are_values() -> None:
    data = enc.event_file(
        [(1, {"loss": math.nan}), (2, {"loss": math.inf}), (3, {"loss": -math.inf})]
    )
    batch, _ = parse(data)
    assert [repr(value) for _, value in points(batch, "loss")] == ["nan", "inf", "-inf"]


def test_a_torn_tail_waits() -> None:
    data = enc.event_file([(step, {"loss": 1.0}) for step in range(20)])
    parser = TensorBoardParser()
    assert len(parser.feed(data[:-7])) == 19
    assert parser.bad_records == 0
    assert len(parser.feed(data[-7:])) == 1
    assert len(parser.finish()) == 0
    assert parser.bad_records == 0


@pytest.mark.parametrize("count", [3, 40])
def test_damage_in_the_middle_costs_its_record_only(count: int) -> None:
    rows = [(step, {"loss": float(step)}) for step in range(count)]
    pieces = [enc.event_file([row])[len(enc.record(enc.version_event())) :] for row in rows]
    victim = count // 2
    for place, bad in ((0, 1), (9, 1), (16, 1), (len(pieces[victim]) - 6, 1)):
        broken = bytearray(pieces[victim])
        broken[place] ^= 0x40
        data = b"".join([*pieces[:victim], bytes(broken), *pieces[victim + 1 :]])
        batch, parser = parse(data)
        expected = [float(step) for step, _ in rows if step != victim]
        assert batch.steps.tolist() == expected
        assert parser.bad_records == bad


def test_finds_its_way_after_a_hole() -> None:
    before = enc.event_file([(step, {"loss": 1.0}) for step in range(30)])
    after = enc.event_file([(step, {"loss": 2.0}) for step in range(30, 60)])
    for hole in (bytes(4096), b"\xff" * 10, b"\0", before[:50], bytes(range(256)) * 40):
        batch, parser = parse(before + hole + after)
        assert batch.steps.tolist() == [float(step) for step in range(60)]
        assert 0 < parser.bad_records <= 2


@pytest.mark.parametrize("length", [1 << 60, (1 << 31) + 1, (1 << 64) - 1])
def test_a_claim_of_an_absurd_length_is_damage(length: int) -> None:
    said = struct.pack("<Q", length)
    header = said + struct.pack("<I", enc.masked(enc.crc32c(said)))
    after = enc.event_file([(5, {"loss": 2.0})])
    batch, parser = parse(header + after)
    assert batch.steps.tolist() == [5.0]
    assert parser.bad_records == 1


def test_a_large_record_is_passed_over_without_being_held() -> None:
    image = enc.field(5, bytes(MAX_HELD + 10))
    length = struct.pack("<Q", len(image))
    large = length + struct.pack("<I", enc.masked(enc.crc32c(length))) + image + bytes(4)
    data = large + enc.record(enc.event(4, enc.simple("loss", 1.5)))
    reader = RecordReader()
    held = 0
    found = 0
    for start in range(0, len(data), 60000):
        found += len(reader.feed(data[start : start + 60000]).starts)
        held = max(held, len(reader._held))
    assert found == 1
    assert held < 70000
    batch, parser = parse(data)
    assert points(batch, "loss") == [(4.0, 1.5)]
    assert parser.bad_records == 0


def test_rhythms_of_lengths_are_framed_like_single_records() -> None:
    usual, with_eval = {"loss": 1.0, "train/grad_norm": 2.0}, {"loss": 1.0, "eval/loss": 3.0}
    rows = [(step, usual if step % 50 else with_eval) for step in range(1, 400)]
    data = enc.event_file(rows)
    whole = RecordReader().feed(data)
    reader = RecordReader()
    lengths = [n for i in range(len(data)) for n in reader.feed(data[i : i + 1]).lengths.tolist()]
    assert whole.lengths.tolist() == lengths


def test_many_tags_are_bounded() -> None:
    values = [enc.simple(f"m{number}", 1.0) for number in range(2100)]
    data = b"".join(enc.record(enc.event(1, value)) for value in values)
    batch, parser = parse(data)
    assert len(batch.columns) == 2000
    assert parser.bad_records == 100


def test_the_summary_of_transformers_is_no_point() -> None:
    sample = next((DATA / "hf").glob("events*"))
    batch, parser = parse(sample.read_bytes())
    columns = {column.name: len(column.values) for column in batch.columns}
    assert columns["train/loss"] == 20
    assert columns["eval/loss"] == 4
    assert "train/train_loss" not in columns
    assert parser.info.finished
    assert float(parser.info.facts["train_loss"]) == pytest.approx(2.28471, abs=1e-5)


def test_a_train_loss_of_that_name_is_a_point_elsewhere() -> None:
    data = enc.event_file([(step, {"train/train_loss": 1.0}) for step in range(5)])
    batch, parser = parse(data)
    assert len(points(batch, "train/train_loss")) == 5
    assert not parser.info.finished


def epochs_of(batch: Batch) -> list[float | None]:
    if batch.epochs is None:
        return [None] * len(batch)
    return [None if math.isnan(epoch) else epoch for epoch in batch.epochs.tolist()]


def test_rows_have_the_epoch_that_follows_at_their_step() -> None:
    batch, _ = parse(
        enc.event_file(
            [
                (10, {"loss": 1.0, "lr": 0.5, "epoch": 0.25}),
                (20, {"loss": 1.0, "epoch": 0.5}),
                (20, {"eval/loss": 2.0, "epoch": 0.5}),
                (25, {"loss": 1.0}),
                (26, {"loss": 1.0}),
                (30, {"epoch": 1.0, "loss": 1.0}),
            ]
        )
    )
    expected = [0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5, None, None, 1.0, 1.0]
    assert epochs_of(batch) == expected


def test_rows_wait_for_their_epoch_and_no_longer_than_their_step() -> None:
    def piece(step: int, tag: str, value: float) -> bytes:
        return enc.record(enc.event(step, enc.simple(tag, value)))

    parser = TensorBoardParser()
    assert len(parser.feed(piece(1, "loss", 3.0))) == 0
    assert epochs_of(parser.feed(piece(1, "epoch", 0.5))) == [0.5, 0.5]
    assert len(parser.feed(piece(2, "loss", 2.0))) == 0
    assert epochs_of(parser.feed(piece(3, "loss", 1.0))) == [None, None]
    assert len(parser.feed(piece(4, "loss", 1.0))) == 1
    assert epochs_of(parser.feed(piece(4, "epoch", 2.0))) == [2.0]
    assert len(parser.feed(piece(5, "loss", 1.0))) == 0
    assert parser.finish().steps.tolist() == [5.0]


def test_a_log_of_one_step_is_not_held_up() -> None:
    parser = TensorBoardParser()
    data = [enc.record(enc.event(0, enc.simple("loss", 1.0))) for _ in range(300)]
    assert sum(len(parser.feed(record)) for record in data) == 300


def test_a_file_beside_the_own_one_shows_its_first_point_at_once() -> None:
    parser = TensorBoardParser(Context("events.x", "test/events.x"))
    assert len(parser.feed(enc.record(enc.event(9, enc.simple("loss", 1.0))))) == 1


tags = st.sampled_from(["loss", "epoch", "eval/loss"])


@settings(deadline=None, max_examples=150)
@given(
    events=st.lists(st.tuples(st.integers(0, 3), tags, st.sampled_from([0.5, 1.0, math.nan]))),
    repeat=st.sampled_from([1, 1, 100]),
    cuts=st.lists(st.integers(0, 10**6), max_size=8),
    folder=st.sampled_from(["", "test/"]),
)
def test_epochs_do_not_depend_on_the_chunks(
    events: list[tuple[int, str, float]], repeat: int, cuts: list[int], folder: str
) -> None:
    data = b"".join(
        enc.record(enc.event(step, enc.simple(tag, value))) * (repeat if tag == "loss" else 1)
        for step, tag, value in events
    )
    whole, _ = parse(data, f"{folder}events.x")
    parser = TensorBoardParser(Context("events.x", f"{folder}events.x"))
    batches = [*[parser.feed(piece) for piece in cut(data, cuts)], parser.finish()]
    for batch in batches:
        check_batch(batch)
    assert rows_of(concatenate(batches)) == rows_of(whole)


@pytest.mark.parametrize(
    ("part", "tag", "name"),
    [
        ("events.x", "loss", "loss"),
        ("losses_train/events.x", "losses", "losses/train"),
        ("Loss_all_val/events.x", "Loss/all", "Loss/all/val"),
        ("validation/events.x", "epoch_loss", "validation/epoch_loss"),
        ("learn/events.x", "MultiClass", "learn/MultiClass"),
        ("eval/events.x", "eval/loss", "eval/loss"),
    ],
)
def test_names_tell_the_folder(part: str, tag: str, name: str) -> None:
    batch, _ = parse(enc.event_file([(1, {tag: 1.0})]), part)
    assert [column.name for column in batch.columns] == [name]


def test_end_results_of_hparams_are_facts() -> None:
    data = enc.event_file([(0, {"hparam/loss": 0.5})])
    batch, parser = parse(data, "1795385289.5850573/events.x")
    assert len(batch) == 0
    assert parser.info.facts == {"hparam/loss": "0.5"}


def grouped(*paths: str) -> dict[str, tuple[str, str]]:
    groups = FORMAT.group_all([PurePosixPath(path) for path in paths])
    return {str(path): (str(group.run), group.part) for path, group in groups.items()}


def test_one_run_a_folder() -> None:
    first, second = "logs/version_0/events.1", "logs/version_1/events.1"
    assert grouped(first, second) == {
        first: ("logs/version_0", "events.1"),
        second: ("logs/version_1", "events.1"),
    }


def test_resumed_files_of_one_folder_are_one_run() -> None:
    groups = grouped("r/events.out.tfevents.1.h.5.0", "r/events.out.tfevents.2.h.9.0")
    assert {run for run, _ in groups.values()} == {"r"}
    assert len({part for _, part in groups.values()}) == 2


def test_folders_that_a_writer_made_belong_to_its_run() -> None:
    root = "runs/x/events.out.tfevents.1795385239.vm.17164.0"
    scalars = "runs/x/losses_train/events.out.tfevents.1795385239.vm.17164.1"
    hparams = "runs/x/1795385289.58/events.out.tfevents.1795385289.vm.17164.2"
    other = "runs/x/y/events.out.tfevents.1795385239.vm.99.0"
    groups = grouped(root, scalars, hparams, other)
    assert groups[root] == ("runs/x", "events.out.tfevents.1795385239.vm.17164.0")
    assert groups[scalars][0] == groups[hparams][0] == "runs/x"
    assert groups[scalars][1] == "losses_train/events.out.tfevents.1795385239.vm.17164.1"
    assert groups[other][0] == "runs/x/y"


def test_splits_are_one_run_and_experiments_are_not() -> None:
    groups = grouped("l/train/e.v2", "l/validation/e.v2", "runs/test/e", "runs/exp1/e")
    assert groups["l/train/e.v2"] == ("l", "train/e.v2")
    assert groups["l/validation/e.v2"] == ("l", "validation/e.v2")
    assert groups["runs/test/e"] == ("runs/test", "e")
    assert groups["runs/exp1/e"] == ("runs/exp1", "e")


def test_sniffs_by_the_first_crc() -> None:
    data = enc.event_file([(1, {"loss": 1.0})])
    named, unnamed = FORMAT.sniff(data, "events.out.tfevents.1"), FORMAT.sniff(data, "data.bin")
    assert named is not None
    assert unnamed is not None
    assert named.confidence > unnamed.confidence > 0.9
    assert FORMAT.sniff(b"", "events.out.tfevents.1") is not None
    assert FORMAT.sniff(enc.record(b"a TFRecord of samples"), "train.tfrecord") is None
    assert FORMAT.sniff(b"loss: 1\n" * 99, "log.txt") is None


def test_layouts_are_not_made_of_what_they_cannot_hold() -> None:
    twice = _events.parse_event(enc.event(3, enc.simple("a", 1.0), enc.simple("b", 2.0)))
    assert not _events.has_layout(twice)
    negative = _events.parse_event(enc.event(-5, enc.simple("a", 1.0)))
    assert negative.step == -5
    assert not _events.has_layout(negative)
