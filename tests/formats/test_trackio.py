"""trackio projects: rows, runs, axes, and what is no number."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from lossmon.formats import trackio
from lossmon.formats.base import TableCursor
from lossmon.sources.database import open_readonly, tables
from tests.formats import stores
from tests.formats.reading import rows_of

DATA = Path(__file__).resolve().parents[1] / "data" / "trackio"
FORMAT = trackio.FORMAT
INSERT = "INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, ?, ?, ?, ?)"
WHEN = "2026-11-22T22:08:55.500000+00:00"


def test_reads_the_project_of_real_runs() -> None:
    with closing(open_readonly(DATA / "native.db")) as connection:
        assert FORMAT.matches(tables(connection)) is not None
        runs = FORMAT.runs(connection)
        assert [run.name for run in runs] == ["healthy-0", "nan-0"]
        cursor = TableCursor()
        healthy = stores.read(FORMAT, connection, runs[0].key, cursor)
        broken = stores.read(FORMAT, connection, runs[1].key, TableCursor())
    assert healthy.steps.tolist() == [float(step) for step in range(1, 81)]
    assert cursor.info.facts["scen"] == "healthy"
    assert cursor.bad_records == 0
    losses = next(c.values for c in broken.columns if c.name == "train/loss")
    assert len(losses) == 260
    assert repr(losses[-1].item()) == "nan"


def test_reads_only_what_is_new_of_its_run(tmp_path: Path) -> None:
    with closing(stores.trackio(tmp_path / "a.db")) as connection:
        cursor = TableCursor()
        for step in range(3):
            for run in ("a", "b"):
                row = (run, WHEN, "same name", step, f'{{"loss": {step}.5, "run": "{run}"}}')
                connection.execute(INSERT, row)
            batch = stores.read(FORMAT, connection, "a", cursor)
            assert rows_of(batch) == [
                (repr(float(step)), "nan", "1795385335.5", (("loss", f"{step}.5"),))
            ]
        assert [run.key for run in FORMAT.runs(connection)] == ["a", "b"]


def test_pieces_make_no_difference(tmp_path: Path, monkeypatch: object) -> None:
    with closing(stores.trackio(tmp_path / "a.db")) as connection:
        for step in range(10):
            connection.execute(INSERT, ("a", WHEN, "n", step, b'{"loss": 1}'))
        for piece in (1, 3, 10, 1000):
            monkeypatch.setattr(trackio, "PIECE", piece)  # type: ignore[attr-defined]
            batch = stores.read(FORMAT, connection, "a", TableCursor())
            assert batch.steps.tolist() == [float(step) for step in range(10)]


def test_what_is_no_number_is_left_out(tmp_path: Path) -> None:
    content = (
        b'{"loss": "NaN", "up": "Infinity", "text": "7", "yes": true, "none": null, "list": [1],'
        b' "image": {"_type": "trackio.image", "size": 3}, "eval": {"loss": 2}}'
    )
    with closing(stores.trackio(tmp_path / "a.db")) as connection:
        connection.execute(INSERT, ("a", "no time", "n", 4, content))
        for bad in (b"not json", b"[1]", b"{" * 10000, b"\xff\xfe"):
            connection.execute(INSERT, ("a", WHEN, "n", 5, bad))
        connection.execute(INSERT, ("a", WHEN, "n", "x", '{"loss": 1}'))
        cursor = TableCursor()
        batch = stores.read(FORMAT, connection, "a", cursor)
    assert rows_of(batch) == [
        ("4.0", "nan", "nan", (("eval/loss", "2.0"), ("loss", "nan"), ("up", "inf")))
    ]
    assert cursor.bad_records == 5


def test_step_of_the_trainer_is_the_axis(tmp_path: Path) -> None:
    with closing(stores.trackio(tmp_path / "a.db")) as connection:
        for call in range(3):
            metrics = f'{{"train/loss": 1.0, "train/global_step": {call * 10}, "train/epoch": 0.5}}'
            connection.execute(INSERT, ("a", WHEN, "n", call, metrics))
        end = '{"train/train_loss": 2.0, "train/train_runtime": 9, "train/global_step": 20}'
        connection.execute(INSERT, ("a", WHEN, "n", 3, end))
        cursor = TableCursor()
        batch = stores.read(FORMAT, connection, "a", cursor)
    assert batch.steps.tolist() == [0.0, 10.0, 20.0]
    assert batch.epochs is not None
    assert batch.epochs.tolist() == [0.5, 0.5, 0.5]
    assert cursor.info.finished
    assert cursor.info.facts["train_loss"] == "2"


def test_the_first_versions_told_runs_apart_by_name(tmp_path: Path) -> None:
    with closing(stores.trackio(tmp_path / "a.db")) as connection:
        connection.executescript(
            """
            DROP TABLE metrics; DROP TABLE configs;
            CREATE TABLE metrics (id INTEGER PRIMARY KEY, timestamp TEXT, run_name TEXT,
                step INTEGER, metrics TEXT);
            INSERT INTO metrics VALUES (1, '2025-08-01T10:00:00', 'first', 3, '{"loss": 1.5}');
            """
        )
        (run,) = FORMAT.runs(connection)
        batch = stores.read(FORMAT, connection, run.key, TableCursor())
    assert run.name == "first"
    assert batch.steps.tolist() == [3.0]


def test_a_view_is_not_asked_for_the_config(tmp_path: Path) -> None:
    with closing(stores.trackio(tmp_path / "a.db")) as connection:
        connection.executescript(
            """
            DROP TABLE configs;
            CREATE VIEW configs AS
                WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)
                SELECT 'a' AS run_id, x AS config FROM n WHERE x < 0;
            """
        )
        connection.execute(INSERT, ("a", WHEN, "n", 1, '{"loss": 1.5}'))
        batch = stores.read(FORMAT, connection, "a", TableCursor())
    assert batch.steps.tolist() == [1.0]


def test_a_database_of_something_else_is_not_taken() -> None:
    assert FORMAT.matches(frozenset(["metrics"])) is None
    assert FORMAT.matches(frozenset(["metrics", "runs", "experiments", "params"])) is None
