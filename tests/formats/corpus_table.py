# ruff: noqa: T201 - a table is what this prints
"""Table of every file of ../shared/corpus: `python -m tests.formats.corpus_table [WORD…]`.

Columns as in `native_table`; expected counts are the labels' (`series`), within 1 %.
"""

from __future__ import annotations

import json
import sys
import time

from tests.formats.reading import read_file
from tests.formats.truth import CORPUS


def labels() -> dict[str, dict[str, int]]:
    """Return the labelled point counts: id → {"train": n, "eval": n}."""
    rows = (json.loads(line) for line in (CORPUS / "labels.jsonl").read_text().splitlines())
    return {row["id"]: row["series"] for row in rows}


def main(words: list[str]) -> None:
    """Print the table."""
    known = labels()
    for folder in sorted((CORPUS / "files").iterdir()):
        wanted = known.get(folder.name)
        for path in sorted(folder.iterdir()):
            start = time.perf_counter()
            reading = read_file(path)
            taken = time.perf_counter() - start
            label = f"{folder.name}/{path.name}"
            if words and not any(word in label or word == reading.format_name for word in words):
                continue
            train, evaluation = reading.judged()
            counts = {"train": 0 if train is None else len(train),
                      "eval": 0 if evaluation is None else len(evaluation)}  # fmt: skip
            good = wanted is None or all(
                abs(counts[key] - wanted[key]) <= 0.01 * wanted[key] for key in wanted
            )
            confidence = 0.0 if reading.sniff is None else reading.sniff.confidence
            print(
                f"{'?' if wanted is None else 'OK' if good else 'BAD':4} {label}  "
                f"[{reading.format_name} {confidence:.2f}]  {counts} of {wanted}  "
                f"{None if train is None else train.name}|"
                f"{None if evaluation is None else evaluation.name}  bad {reading.bad_records}"
                f"  {1e3 * taken:.0f} ms"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
