"""MLflow: the database and the file store."""

from __future__ import annotations

import math
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath

import pytest

from lossmon.formats import mlflow_files, mlflow_sqlite
from lossmon.formats.base import Context, TableCursor
from lossmon.model import Run
from lossmon.sources.database import open_readonly, tables
from tests.formats import stores
from tests.formats.contract import check_batch
from tests.formats.reading import rows_of

DATA = Path(__file__).resolve().parents[1] / "data"
DATABASE = mlflow_sqlite.FORMAT
FILES = mlflow_files.FORMAT
LARGEST = sys.float_info.max


def test_reads_the_database_of_a_real_run() -> None:
    with closing(open_readonly(DATA / "mlflow-sqlite" / "mlflow.db")) as connection:
        assert DATABASE.matches(tables(connection)) is not None
        (run,) = DATABASE.runs(connection)
        cursor = TableCursor()
        batch = stores.read(DATABASE, connection, run.key, cursor)
    assert run.name == "healthy"
    assert len(batch) == 60  # those of eval were logged in the same call as those of training
    sizes = {column.name: len(column.values) for column in batch.columns}
    assert sizes["train/loss"] == 60
    assert sizes["val/loss"] == 15
    assert batch.steps[0] == 5
    assert batch.steps[-1] == 300
    assert batch.times is not None
    assert batch.times[0] == 1795385094.010
    assert cursor.info.finished
    assert cursor.info.facts["lr"] == "0.3"


def test_one_call_is_one_row_whatever_the_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = []
    with closing(stores.mlflow(tmp_path / "a.db")) as connection:
        connection.execute("INSERT INTO runs VALUES ('r', 'n', 'RUNNING', 1, NULL, 'active')")
        for step in range(1, 30):
            for key, value in (("loss", 1.0 / step), ("lr", 0.1), ("acc", 0.5)):
                connection.execute(
                    "INSERT INTO metrics VALUES (?, ?, ?, 'r', ?, 0)",
                    (key, value, 1_700_000_000_000 + step, step),
                )
            cells = (("acc", "0.5"), ("loss", repr(1.0 / step)), ("lr", "0.1"))
            time = repr((1_700_000_000_000 + step) / 1000)
            rows.append((repr(float(step)), "nan", time, cells))
        for piece in (1, 2, 7, 10**6):
            monkeypatch.setattr(mlflow_sqlite, "PIECE", piece)
            cursor = TableCursor()
            assert rows_of(stores.read(DATABASE, connection, "r", cursor)) == rows
            assert len(stores.read(DATABASE, connection, "r", cursor)) == 0


def test_reads_only_what_is_new(tmp_path: Path) -> None:
    with closing(stores.mlflow(tmp_path / "a.db")) as connection:
        connection.execute("INSERT INTO runs VALUES ('r', 'n', 'RUNNING', 1, NULL, 'active')")
        cursor = TableCursor()
        for step in range(1, 5):
            connection.execute("INSERT INTO metrics VALUES ('loss', 1, 5, 'r', ?, 0)", (step,))
            connection.execute("INSERT INTO metrics VALUES ('loss', 9, 5, 'other', ?, 0)", (step,))
            batch = stores.read(DATABASE, connection, "r", cursor)
            assert batch.steps.tolist() == [float(step)]
        assert not cursor.info.finished
        connection.execute("UPDATE runs SET status = 'KILLED'")
        assert len(stores.read(DATABASE, connection, "r", cursor)) == 0
        assert cursor.info.crashed


def test_nan_and_infinities(tmp_path: Path) -> None:
    with closing(stores.mlflow(tmp_path / "a.db")) as connection:
        connection.execute("INSERT INTO runs VALUES ('r', 'n', 'RUNNING', 1, NULL, 'active')")
        for step, (value, is_nan) in enumerate([(0.0, 1), (LARGEST, 0), (-LARGEST, 0), (0.0, 0)]):
            connection.execute(
                "INSERT INTO metrics VALUES ('loss', ?, 5, 'r', ?, ?)", (value, step + 1, is_nan)
            )
        batch = stores.read(DATABASE, connection, "r", TableCursor())
    assert [repr(value) for value in batch.columns[0].values.tolist()] == [
        "nan",
        "inf",
        "-inf",
        "0.0",
    ]


def test_metrics_without_a_step_are_counted(tmp_path: Path) -> None:
    with closing(stores.mlflow(tmp_path / "a.db")) as connection:
        connection.execute("INSERT INTO runs VALUES ('r', 'n', 'RUNNING', 1, NULL, 'active')")
        cursor = TableCursor()
        steps = []
        for number in range(4):
            for key in ("loss", "val_loss"):
                connection.execute(
                    "INSERT INTO metrics (key, value, timestamp, run_uuid) VALUES (?, 1, ?, 'r')",
                    (key, number),
                )
            steps += stores.read(DATABASE, connection, "r", cursor).steps.tolist()
    assert steps == [0.0, 1.0, 2.0, 3.0]
    assert cursor.info.steps_estimated


def log(connection: sqlite3.Connection, key: str, steps: Sequence[int], first_time: int) -> None:
    for number, step in enumerate(steps):
        connection.execute(
            "INSERT INTO metrics VALUES (?, ?, ?, 'r', ?, 0)",
            (key, 1 / (1 + step), first_time + number, step),
        )


@pytest.mark.parametrize("piece", [1, 3, 10**6])
def test_a_final_value_without_a_step_is_no_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(mlflow_sqlite, "PIECE", piece)
    with closing(stores.mlflow(tmp_path / "a.db")) as connection:
        connection.execute("INSERT INTO runs VALUES ('r', 'n', 'RUNNING', 1, NULL, 'active')")
        log(connection, "loss", [0, 10, 20, 30, 0], 1000)
        log(connection, "best", [0], 2000)  # of no curve: a series of its own
        cursor = TableCursor()
        run = Run("r", "r", "mlflow-sqlite")
        run.append(stores.read(DATABASE, connection, "r", cursor))
        assert run.view("loss").steps.tolist() == [0, 10, 20, 30]
        assert run.view("loss").segments == 1
        assert cursor.info.facts["loss (logged without a step)"] == "1"
        # Going on from where it was: the value in between was no start.
        log(connection, "loss", [40, 0, 50], 3000)
        run.append(stores.read(DATABASE, connection, "r", cursor))
        assert run.view("loss").steps.tolist() == [0, 10, 20, 30, 40, 50]
        # Anew from the beginning.
        log(connection, "loss", [0, 10, 20], 4000)
        run.append(stores.read(DATABASE, connection, "r", cursor))
        assert run.view("loss").steps.tolist() == [0, 10, 20, 30, 40, 50, 0, 10, 20]
        assert "loss (logged without a step)" not in cursor.info.facts


def test_deleted_and_empty_runs_are_not_listed(tmp_path: Path) -> None:
    with closing(stores.mlflow(tmp_path / "a.db")) as connection:
        for key, stage in (("a", "active"), ("b", "deleted"), ("c", "active"), ("d", None)):
            connection.execute("INSERT INTO runs VALUES (?, ?, 'RUNNING', 1, NULL, ?)",
                               (key, None, stage))  # fmt: skip
            if key != "c":
                connection.execute("INSERT INTO metrics VALUES ('loss', 1, 5, ?, 1, 0)", (key,))
        assert sorted(run.key for run in DATABASE.runs(connection)) == ["a", "d"]


def test_values_of_other_types_are_counted(tmp_path: Path) -> None:
    with closing(stores.mlflow(tmp_path / "a.db")) as connection:
        connection.execute("INSERT INTO runs VALUES ('r', x'00ff', 7, 1, NULL, 'active')")
        connection.execute("INSERT INTO metrics VALUES ('loss', 'a text', 5, 'r', 1, 0)")
        connection.execute("INSERT INTO metrics VALUES ('loss', 1.5, 'x', 'r', 2, 0)")
        connection.execute("INSERT INTO metrics VALUES (x'41', 2.5, 5, 'r', 3, 0)")
        cursor = TableCursor()
        batch = stores.read(DATABASE, connection, "r", cursor)
    assert cursor.bad_records == 2
    assert batch.steps.tolist() == [3.0]


def test_a_database_of_something_else_is_not_taken() -> None:
    assert DATABASE.matches(frozenset(["metrics", "users"])) is None
    assert DATABASE.sniff(b"SQLite format 3\0", "mlflow.db") is None


# ---- the file store


def parse_metric(
    text: str, part: str = "metrics/train/loss"
) -> tuple[list[tuple[object, ...]], int]:
    parser = FILES.parser(Context("loss", part))
    first, last = parser.feed(text.encode()), parser.finish()
    check_batch(first)
    return rows_of(first) + rows_of(last), parser.bad_records


def test_lines_of_a_metric() -> None:
    rows, bad = parse_metric("1795385158663 2.5 5\n1795385158680 nan 10\n1795385158690 1e-3 15")
    assert bad == 0
    assert rows == [
        ("5.0", "nan", "1795385158.663", (("train/loss", "2.5"),)),
        ("10.0", "nan", "1795385158.68", (("train/loss", "nan"),)),
        ("15.0", "nan", "1795385158.69", (("train/loss", "0.001"),)),
    ]


@pytest.mark.parametrize(
    "line",
    ["", "a b c", "1795385158663 2.5 x", "12 2.5 1", "1795385158663 1_0 1", "1795385158663",
     "1795385158663 2.5 1 9", "1795385158663 " + "9" * 500 + " 1", "１795385158663 2.5 1"],
)  # fmt: skip
def test_lines_of_another_kind_are_counted(line: str) -> None:
    rows, bad = parse_metric(line + "\n1795385158663 2.5 5\n")
    assert len(rows) == 1
    assert bad == (line != "")


def test_a_metric_without_steps_is_counted() -> None:
    rows, _ = parse_metric("1795385158663 2.5 0\n1795385158664 2.4 0\n1795385158665 2.3 0\n")
    assert [row[0] for row in rows] == ["0.0", "1.0", "2.0"]


def test_a_final_value_in_a_file_is_no_point() -> None:
    text = "".join(f"179538515866{i} {3 - i / 10} {step}\n" for i, step in enumerate((1, 2, 3, 0)))
    assert [row[0] for row in parse_metric(text)[0]] == ["1.0", "2.0", "3.0"]
    text += "1795385158669 2.9 1\n"
    assert [row[0] for row in parse_metric(text)[0]] == ["1.0", "2.0", "3.0", "0.0", "1.0"]


META = """artifact_uri: file:///mlruns/1/aabb/artifacts
end_time: {end}
lifecycle_stage: active
run_id: aabb1a2780734322a258eca9bc29d617
run_name: 'overfit'
status: {status}
"""


@pytest.mark.parametrize(
    ("status", "finished", "crashed"),
    [("1", False, False), ("3", True, False), ("4", False, True), ("5", False, True)],
)
def test_meta_tells_how_it_ended(status: str, finished: bool, crashed: bool) -> None:
    text = META.format(status=status, end="null").encode()
    sniff = FILES.sniff(text, "meta.yaml")
    assert sniff is not None
    parser = FILES.parser(Context("meta.yaml", "meta.yaml"))
    assert len(parser.feed(text)) == 0
    assert (parser.info.finished, parser.info.crashed) == (finished, crashed)
    assert parser.info.name == "overfit"


def test_meta_written_anew_voids_nothing() -> None:
    before, after = (META.format(status=s, end="null").encode() for s in "13")
    assert FILES.continues(before, after)
    assert not FILES.continues(b"1795385158663 2.5 5\n", b"1795385158663 2.5 5\n1795")


def test_files_of_a_run_are_one() -> None:
    run_id = "aabb1a2780734322a258eca9bc29d617"
    run = PurePosixPath(f"mlruns/5/{run_id}")
    paths = [
        run / "metrics/train/loss",
        run / "metrics/metrics/x",
        run / "meta.yaml",
        PurePosixPath(f"mlruns/5/{'0' * 32}/meta.yaml"),
    ]
    groups = FILES.group_all(paths)
    assert {group.run for group in groups.values()} == {run}
    assert groups[paths[0]].part == "metrics/train/loss"
    assert groups[paths[1]].part == "metrics/metrics/x"
    assert paths[3] not in groups


@pytest.mark.parametrize(
    ("head", "filename"),
    [
        (b"name: experiment\nartifact_location: x\n", "meta.yaml"),
        (b"1 2 3\n4 5 6\n", "data"),
        (b"2024 was 1\n", "notes"),
        (b"1795385158663 2.5\n", "one-line"),
        (b"", "loss"),
    ],
)
def test_other_files_are_not_taken(head: bytes, filename: str) -> None:
    assert FILES.sniff(head, filename) is None


def test_nan_is_a_value() -> None:
    rows, _ = parse_metric("1795385158663 nan 1\n1795385158663 inf 2\n")
    assert math.isnan(float(rows[0][3][0][1]))  # type: ignore[index]
