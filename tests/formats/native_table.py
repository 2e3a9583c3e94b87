# ruff: noqa: T201 - a table is what this prints
"""Table of every file of ../shared/native: `python -m tests.formats.native_table [WORD…]`.

Words filter by path or by the format's name. Columns: what the file was taken
for and how surely, points of the judged train and eval series, what differs
from what the program recorded.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.formats.reading import read_file
from tests.formats.truth import NATIVE, differences, load_truth

NOT_DATA = {"meta.json", "truth.json", "truth_raw.json", "truth_resumed.json",
            "truth_resumed_raw.json"}  # fmt: skip


def files_of(run: Path) -> list[Path]:
    """Return a run's own files, without what was recorded beside it."""
    return sorted(path for path in run.rglob("*") if path.is_file() and path.name not in NOT_DATA)


def main(words: list[str]) -> None:
    """Print the table."""
    for run in sorted(NATIVE.glob("*/*")):
        if not run.is_dir() or ".aim" in run.parts:
            continue
        truth = load_truth(run)
        for path in files_of(run):
            label = str(path.relative_to(NATIVE))
            if path.stat().st_size == 0 or ".aim" in path.parts:
                continue
            reading = read_file(path)
            if words and not any(word in label or word == reading.format_name for word in words):
                continue
            if reading.format is None:
                print(f"-    {label}")
                continue
            train, evaluation = reading.judged()
            wrong = differences(truth.expected, train, evaluation)
            counts = f"{0 if train is None else len(train)}/{truth.expected['train_points']}"
            evals = f"{0 if evaluation is None else len(evaluation)}"
            evals += f"/{truth.expected['eval_points']}"
            names = f"{None if train is None else train.name}|"
            names += f"{None if evaluation is None else evaluation.name}"
            assert reading.sniff is not None
            print(
                f"{'BAD' if wrong else 'OK ':4} {label}  [{reading.format_name} "
                f"{reading.sniff.confidence:.2f}]  train {counts} eval {evals}  {names}"
                f"  bad {reading.bad_records}  {'; '.join(wrong)}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
