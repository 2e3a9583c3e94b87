"""How much of the logs of others is read right: `python -m benchmarks.reading`.

Three figures, over what lies beside the project (a part whose folder is absent
is left out):

* real runs (`../shared/native`): files whose counts, first and last step, final
  and best values are those that the program itself recorded, or those that the
  tests explain one by one;
* logs by others (`../shared/corpus`): numbers of points within 1 % of their
  labels, and the CPU seconds a megabyte of the slowest;
* files that are no logs: how many became a run.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.measure import HEADER, Figure
from tests.formats import corpus_table, no_logs, test_corpus, test_native, test_not_logs
from tests.formats.reading import read_file
from tests.formats.truth import CORPUS, NATIVE


def real_runs() -> list[Figure]:
    """Files of real runs, one by one; a run agrees if all of its files do."""
    files, plain = 0, 0
    runs: dict[Path, bool] = {}
    for path in test_native.FILES:
        run = test_native.run_of(path)
        files += 1
        explained = test_native.explanation(path)
        try:
            test_native.test_file(path)
            agrees = True
        except AssertionError as error:
            print(f"differs: {test_native.label(path)}: {str(error).splitlines()[0]}")
            agrees = False
        plain += agrees and explained is None
        runs[run] = runs.get(run, True) and agrees
    agreeing = sum(runs.values())
    return [
        Figure("real runs of which every file agrees", 100 * agreeing / len(runs), "%", 98, True,
               f"{agreeing} of {len(runs)} runs, {files} files, {plain} without an explanation"),
    ]  # fmt: skip


def others() -> list[Figure]:
    """Logs by others against their labels, and how long they take."""
    labels = corpus_table.labels()
    right, labelled, explained = 0, 0, 0
    slowest, slowest_name = 0.0, ""
    for folder in sorted((CORPUS / "files").iterdir()):
        size = sum(path.stat().st_size for path in folder.iterdir())
        start = time.process_time()
        readings = test_corpus.read(folder)
        taken = (time.process_time() - start) / max(size / 1e6, 0.1)
        if taken > slowest:
            slowest, slowest_name = taken, folder.name
        wanted = labels.get(folder.name)
        if wanted is None:
            continue
        labelled += 1
        if folder.name in test_corpus.EXPLAINED:
            wanted = test_corpus.EXPLAINED[folder.name][0]
            explained += 1
        counts = [
            sum(len(series) for series in found if series is not None)
            for found in zip(*(reading.judged() for reading in readings), strict=True)
        ]
        expected = [wanted["train"], wanted["eval"]]
        names = {reading.format_name for reading in readings}
        fits = all(abs(n - m) <= 0.01 * m for n, m in zip(counts, expected, strict=True))
        fits &= names == {test_corpus.FORMATS.get(folder.name, next(iter(names)))}
        right += fits
        if not fits:
            print(f"differs: {folder.name}: {counts} not {expected}, {names}")
    return [
        Figure("logs by others, counts within 1 % of their labels", 100 * right / labelled, "%",
               97, True, f"{right} of {labelled}, {explained} of them by an explained count"),
        Figure("the slowest of them, for each megabyte", slowest, "s CPU", 1, False,
               f"{slowest_name}; of those under 0.1 MB the whole counts as 0.1"),
    ]  # fmt: skip


def no_runs() -> list[Figure]:
    """Files and texts that are no logs."""
    files = sum(bool(read_file(path).run.series) for path in test_not_logs.FILES)
    texts = sum(
        bool(test_not_logs.recognise(text.encode(), name))
        for name, text in (
            *test_not_logs.SNIPPETS.items(),
            *((name, no_logs.text_of(name)) for name in no_logs.NAMES),
        )
    )
    number = len(test_not_logs.FILES) + len(test_not_logs.SNIPPETS) + len(no_logs.NAMES)
    return [
        Figure("files and texts that are no logs, read as a run", files + texts, "", 0, False,
               f"of {number}"),
    ]  # fmt: skip


def main() -> int:
    """Print the table; exit 1 if a figure is not reached."""
    figures: list[Figure] = []
    if NATIVE.is_dir():
        figures += real_runs()
    if CORPUS.is_dir():
        figures += others()
    figures += no_runs()
    print(HEADER)
    for figure in figures:
        print(figure.row())
    return int(not all(figure.reached for figure in figures))


if __name__ == "__main__":
    raise SystemExit(main())
