"""DVCLive's TSV files: one run a folder, one metric a file."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from lossmon.formats.base import Context
from lossmon.formats.dvclive import FORMAT
from tests.formats.reading import rows_of

DATA = Path(__file__).resolve().parents[1] / "data" / "dvclive"
SUMMARY = b'{\n    "train": {\n        "loss": 0.2\n    },\n    "step": 300\n}'


def parse(text: str, part: str = "train/loss.tsv") -> tuple[list[tuple[object, ...]], int]:
    parser = FORMAT.parser(Context("loss.tsv", part))
    batches = [parser.feed(text.encode()), parser.finish()]
    return [row for batch in batches for row in rows_of(batch)], parser.bad_records


def test_lines_of_a_metric() -> None:
    rows, bad = parse("step\tloss\n1\t2.5\n2\tnan\n")
    assert bad == 0
    assert rows == [
        ("1.0", "nan", "nan", (("train/loss", "2.5"),)),
        ("2.0", "nan", "nan", (("train/loss", "nan"),)),
    ]


def test_lines_of_the_first_versions() -> None:
    rows, _ = parse("timestamp\tstep\tloss\n1650000000000\t0\t2.5\n", "loss.tsv")
    assert rows == [("0.0", "nan", "1650000000.0", (("loss", "2.5"),))]


def test_what_is_no_row_is_counted() -> None:
    rows, bad = parse("step\tloss\n1\t2.5\nx\t1\n2\n3\t1\t1\n4\tinfinite\nstep\tloss\n5\t1.5\n")
    assert [row[0] for row in rows] == ["1.0", "5.0"]
    assert bad == 4


def test_one_folder_is_one_run() -> None:
    root = PurePosixPath("exp/dvclive")
    paths = [
        root / "plots/metrics/train/loss.tsv",
        root / "plots/metrics/lr.tsv",
        root / "metrics.json",
    ]
    groups = FORMAT.group_all(paths)
    assert {group.run for group in groups.values()} == {root}
    assert [groups[path].part for path in paths[:2]] == ["train/loss.tsv", "lr.tsv"]
    assert paths[2] not in groups
    old = FORMAT.group(PurePosixPath("dvclive/scalars/val/loss.tsv"))
    assert (str(old.run), old.part) == ("dvclive", "val/loss.tsv")


@pytest.mark.parametrize(
    ("head", "filename", "taken"),
    [
        (b"step\tloss\n1\t2.5\n", "loss.tsv", True),
        (b"step\tloss\r\n1\t2.5\r\n", "loss.tsv", True),
        (b"timestamp\tstep\tloss\n", "loss.tsv", True),
        (b"step\tother\n1\t2.5\n", "loss.tsv", False),
        (b"epoch\tloss\n1\t2.5\n", "loss.tsv", False),
        (b"step\tloss\n1\t2.5\n", "loss.csv", False),
        (b"step\tloss", "loss.tsv", False),
        (SUMMARY, "metrics.json", True),
        (b'{"iteration": 19, "total_loss": 1.5}\n', "metrics.json", False),
        (b'{"epoch": 1, "step": 2}', "metrics.json", False),
    ],
)
def test_sniffs_the_header_and_the_name(head: bytes, filename: str, taken: bool) -> None:
    assert (FORMAT.sniff(head, filename) is not None) is taken


def test_the_summary_holds_no_points() -> None:
    parser = FORMAT.parser(Context("metrics.json", "metrics.json"))
    assert len(parser.feed(SUMMARY)) == 0
    assert len(parser.finish()) == 0
    assert parser.bad_records == 0
