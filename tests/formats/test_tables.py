"""Tables of text: all ways of reading a block give the same rows; headers, comments, delimiters."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import _floats
from lossmon.formats.base import Context
from lossmon.formats.delimited import FORMAT
from lossmon.formats.registry import get, recognise
from lossmon.formats.table_text import TableParser
from lossmon.model import Batch, concatenate
from tests.formats.contract import check_batch, cut
from tests.formats.reading import rows_of


class LineByLine(TableParser):
    """The slow way alone."""

    def _columns(self, block: bytes) -> None:
        return None


def read(
    data: bytes | str, cuts: list[int] | None = None, kind: type[TableParser] = TableParser
) -> tuple[Batch, TableParser]:
    parser = kind()
    raw = data.encode() if isinstance(data, str) else data
    batches = [parser.feed(piece) for piece in cut(raw, cuts or [])]
    batches.append(parser.finish())
    batch = concatenate(batches)
    check_batch(batch)
    return batch, parser


def values(batch: Batch, name: str) -> list[float]:
    return next(column for column in batch.columns if column.name == name).values.tolist()


CELL = st.one_of(
    st.floats().map(repr),
    st.floats(0, 5).map(lambda x: f"{x:.4f}"),
    st.integers(-5, 10**18).map(str),
    st.sampled_from(["", "", "nan", "NaN", "inf", "-inf", "Infinity", "+1", ".5", "1.", "007",
                     "1e5", "1e999", "NA", "x", "train", "val", " 3 ", "-", "1_000", "0x10",
                     chr(34) + "2.5" + chr(34), "١",
                     "2024-01-02T03:04:05", "00:05", "#", "8123456789012345e15", "9e30",
                     "7123456789012345e15",
                     "nan0"]),
)  # fmt: skip
NAMES = st.sampled_from(
    ["step,loss,lr", "epoch,loss,val_loss", "loss,step,time", "mode,step,loss", "loss,loss,step"]
)


@settings(max_examples=200, deadline=None)
@given(
    header=NAMES,
    rows=st.lists(
        st.one_of(
            st.lists(CELL, min_size=3, max_size=3).map(",".join),
            st.tuples(st.integers(0, 99), st.floats(0, 9), st.floats(0, 1)).map(
                lambda row: ",".join(map(str, row))
            ),
            st.lists(CELL, max_size=5).map(",".join),
            st.sampled_from(["", "step,loss,lr", "epoch,step,loss", "# comment", " "]),
        ),
        max_size=25,
    ),
    cuts=st.lists(st.integers(0, 3000), max_size=5),
    delimiter=st.sampled_from([",", ";", "\t"]),
    many=st.booleans(),
)
def test_all_ways_give_the_same(
    header: str, rows: list[str], cuts: list[int], delimiter: str, many: bool
) -> None:
    data = "\n".join([header, *rows]).replace(",", delimiter).encode() + b"\n"
    slow, slow_parser = read(data, kind=LineByLine)
    with pytest.MonkeyPatch.context() as patch:
        if many:
            patch.setattr(_floats, "_MANY", 0)  # as in a long block
        fast, fast_parser = read(data, cuts)
    assert rows_of(fast) == rows_of(slow)
    assert fast_parser.bad_records == slow_parser.bad_records
    assert fast_parser.info == slow_parser.info


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(
        st.tuples(st.integers(0, 9999), st.one_of(st.none(), st.floats()), st.floats(0, 1)),
        min_size=1,
        max_size=6,
    )
)
def test_long_regular_blocks(cells: list[tuple[int, float | None, float]]) -> None:
    rows = [f"{a},{'' if b is None else b!r},{c!r}" for a, b, c in cells] * 40
    data = "\n".join(["step,loss,lr", *rows]) + "\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_floats, "_MANY", 0)
        fast = rows_of(read(data, [len(data) // 2])[0])
    assert fast == rows_of(read(data, kind=LineByLine)[0])


def test_regular_rows_take_the_fast_way(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"{i},{1 / (i + 1)},{'' if i % 3 else 0.5},nan\n" for i in range(2000))
    data = ("step,loss,val_loss,grad_norm\n" + rows).encode()
    parser = TableParser()
    parser.feed(data[:3000])

    def refuse(self: TableParser, text: str) -> None:
        raise AssertionError("read line by line")

    monkeypatch.setattr(TableParser, "line", refuse)
    assert len(parser.feed(data[3000:])) > 1700


def test_a_lap_that_begins_in_a_row_without_a_metric_is_one_in_a_block_of_its_own() -> None:
    data = "epoch,step,loss\n0,0,2.5\n0,1,2.4\n1,0,\n"
    for cuts in ([], [data.index("1,0,")]):
        assert read(data, cuts)[1].info.steps_estimated


@pytest.mark.parametrize("nan", ["0.5", "nan"])
def test_a_number_that_is_the_stand_in_of_an_empty_cell_is_read(nan: str) -> None:
    data = f"step,loss,lr\n0,7.123456789012345e+30,0.1\n1,,{nan}\n2,2.5,0.1\n"
    batch, _ = read(data, [data.index("\n") + 1])  # the rows in a block of their own
    assert values(batch, "loss") == [7.123456789012345e30, 2.5]


def test_sparse_cells_and_logged_nan_differ() -> None:
    batch, _ = read("step,loss,val_loss\n1,2.0,\n2,nan,\n3,,1.5\n4,-inf,\n")
    found = values(batch, "loss")
    assert found[0] == 2.0
    assert math.isnan(found[1])
    assert found[2] == -math.inf
    assert values(batch, "val_loss") == [1.5]


@pytest.mark.parametrize(
    "text",
    [
        "step, train loss ,val loss\n  1 , 2.5 , 3.5 \n",
        '"step","train loss","val loss"\n"1","2.5","3.5"\n',
        "step\ttrain loss\tval loss\n1\t2.5\t3.5\n",
        "step;train loss;val loss\n1;2,5;3,5\n",
        "step|train loss|val loss\n1|2.5|3.5\n",
        '#{"t_start": 1}\nstep,train loss,val loss\n1,2.5,3.5\n',
        "\ufeffstep,train loss,val loss\r\n1,2.5,3.5\r\n",
    ],
)
def test_dialects(text: str) -> None:
    batch, parser = read(text)
    assert batch.steps.tolist() == [1]
    assert values(batch, "train loss") == [2.5]
    assert values(batch, "val loss") == [3.5]
    assert parser.bad_records == 0
    claims = recognise(text.encode(), "metrics.txt")
    assert claims
    assert claims[0][1].name == "csv"


def test_header_in_a_comment_over_blanks() -> None:
    text = "#  step   rmse_val   rmse_trn\n   0   1.05e+01   1.10e+01\n 100   7.63e+00   9.65e+00\n"
    batch, parser = read(text)
    assert batch.steps.tolist() == [0, 100]
    assert values(batch, "rmse_val") == [10.5, 7.63]
    assert parser.bad_records == 0


def test_header_that_changes_in_the_middle() -> None:
    batch, parser = read(
        "step,loss\n1,2.0\nstep,loss,val_loss\n2,1.5,3.0\nstep,loss,val_loss\n3,1,2\n"
    )
    assert batch.steps.tolist() == [1, 2, 3]
    assert values(batch, "val_loss") == [3.0, 2.0]
    assert parser.bad_records == 0


def test_rows_of_another_length_are_bad() -> None:
    batch, parser = read("step,loss\n1,2.0\n2\n3,1,2\n4,0.5\n")
    assert batch.steps.tolist() == [1, 4]
    assert parser.bad_records == 2


def test_epochs_alone_count() -> None:
    batch, _ = read("epoch,loss\n0,2.0\n1,1.5\n0,1.9\n")
    assert batch.steps.tolist() == [0, 1, 0]


def test_index_column_of_pandas_is_a_row_number() -> None:
    batch, _ = read(",step,loss\n0,10,2.0\n1,20,1.5\n")
    assert batch.steps.tolist() == [10, 20]
    assert [column.name for column in batch.columns] == ["loss"]


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("step,loss\n1,2.0\n", True),
        ("step,loss\n", True),
        ("epoch,accuracy\n1,0.5\n", True),
        ("loss\n1\n", False),
        ("id,name,city\n1,Ada,Rome\n", False),
        ("id,name,score\n1,Ada,3.5\n2,Bob,4\n", False),
        ("date,open,high,low,close,return\n2024-01-02,1,2,3,4,0.1\n", False),
        ("policy,region,loss\nA7,north,1000\nB2,south,2000\n", False),
        ("name,version,license\nnumpy,2.0,BSD\n", False),
        ("index,cost,price\n1,2,3\n", False),
        ("step,loss\nthe loss of a step\nis not a number here, or is it\n", False),
        ("we saw a step, and the loss\nfell.\n", False),
    ],
)
def test_only_training_logs_are_claimed(text: str, claimed: bool) -> None:
    sniff = FORMAT.sniff(text.encode(), "table.csv")
    assert (sniff is not None and sniff.confidence >= 0.2) is claimed


def test_written_anew_or_continued() -> None:
    old = b"epoch,step,train_loss\n0,9,2.25\n"
    assert not FORMAT.continues(old, b"epoch,step,train_loss,val_loss\n0,9,2.25,\n")
    assert not FORMAT.continues(old, b"epoch,step,train_loss\n0,9,2.5\n")
    assert not FORMAT.continues(old, b"epo")
    assert not FORMAT.continues(old, b"")
    assert FORMAT.continues(old, b"0,19,2.1\n")


def test_two_files_of_catboost_are_one_run() -> None:
    fmt = get("catboost-tsv")
    runs = {
        fmt.group(Path("x/catboost_info") / name) for name in ("learn_error.tsv", "test_error.tsv")
    }
    assert {grouping.run for grouping in runs} == {Path("x/catboost_info")}
    assert {grouping.part for grouping in runs} == {"learn", "test"}


def test_monitor_steps_are_lengths_summed() -> None:
    text = b'#{"t_start": 1700000000.0, "env_id": "CartPole-v1"}\nr,l,t\n20.0,20,1.5\n30.0,30,2.5\n'
    claims = recognise(text, "0.monitor.csv")
    assert claims[0][1].name == "sb3-monitor"
    parser = claims[0][1].parser()  # type: ignore[attr-defined]
    batch = concatenate([parser.feed(text), parser.finish()])
    assert batch.steps.tolist() == [20, 50]
    assert batch.times.tolist() == [1700000001.5, 1700000002.5]
    assert values(batch, "episode_reward") == [20, 30]


def test_padded_headers_of_ultralytics() -> None:
    text = (
        "               epoch,      train/box_loss,    metrics/mAP50(B),        val/box_loss\n"
        "                   1,              1.1584,              0.4321,              1.2034\n"
    )
    batch, parser = read(text)
    assert parser.bad_records == 0
    assert values(batch, "val/box_loss") == [1.2034]
    assert recognise(text.encode(), "results.csv")[0][1].name == "csv"


def test_export_of_a_tracker_with_quoted_names() -> None:
    text = (
        '"Step","run-1 - train/loss","run-1 - train/loss__MIN"\n"0","2.5","2.5"\n"10","2.0","2.0"\n'
    )
    batch, _ = read(text)
    assert batch.steps.tolist() == [0, 10]
    assert values(batch, "run-1 - train/loss") == [2.5, 2.0]


def test_name_of_a_tensorboard_download() -> None:
    text = b"Wall time,Step,Value\n1700000000.5,10,2.5\n1700000001.5,20,2.0\n"
    fmt = recognise(text, "run-a-tag-val_loss.csv")[0][1]
    parser = fmt.parser(Context("run-a-tag-val_loss.csv"))  # type: ignore[attr-defined]
    batch = concatenate([parser.feed(text), parser.finish()])
    assert values(batch, "val_loss") == [2.5, 2.0]
    assert batch.steps.tolist() == [10, 20]
    assert batch.times.tolist() == [1700000000.5, 1700000001.5]
