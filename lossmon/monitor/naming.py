"""Names for runs: short, unlike each other, and told by what distinguishes them.

`runs/llama-lora/trainer_state.json` is called `llama-lora`: a file name that a
framework gives to every run says nothing, the folder does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

# Names that frameworks and people give to the log of any run.
_GENERIC: Final = frozenset(
    [".", "..", "/", "catboost_info", "catboost_training", "checkpoints", "console", "csv", "data",
     "default", "dvclive", "events", "history", "learn_error", "lightning_logs", "log", "logs",
     "loss", "main", "metric", "metrics", "mlruns", "nohup", "out", "output", "plots", "progress",
     "result", "results", "run", "runs", "slurm", "stderr", "stdout", "tb", "tensorboard",
     "test_error", "train", "train_log", "trainer_log", "trainer_state", "training",
     "validations"]
)  # fmt: skip


def _words(path: str) -> list[str]:
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", ".", "..")]
    return parts or [path]


def generic(part: str) -> bool:
    """Say whether a file or folder is called what any run's is called."""
    stem = part
    for _ in range(2):  # console.pipe.txt, metrics.csv
        stem = stem.rsplit(".", 1)[0] if "." in stem[1:] else stem
    low = stem.lower()
    return (
        low in _GENERIC
        or low.startswith(("events.out", "checkpoint-"))
        or (low.startswith("version_") and low[8:].isdigit())
    )


def run_names(paths: Sequence[str]) -> list[str]:
    """Return a name for each path, the shortest tail of folders that tells them apart.

    Generic parts at the end are left out unless nothing else distinguishes two
    runs; then the whole tail stands.
    """
    whole = [_words(path) for path in paths]
    short = [_without_generic_end(words) for words in whole]
    alike = Counter(map(tuple, short))
    parts = [
        words if alike[tuple(telling)] > 1 else telling
        for words, telling in zip(whole, short, strict=True)
    ]
    chosen = [_short(words) for words in whole]
    depth = [1] * len(paths)
    for _ in range(12):
        counts = Counter(chosen)
        clashing = [index for index, name in enumerate(chosen) if counts[name] > 1]
        if not clashing:
            break
        for index in clashing:
            depth[index] += 1
            chosen[index] = "/".join(parts[index][-depth[index] :])
    return chosen


def names_below(root: str, paths: Sequence[str]) -> list[str]:
    """Return a name for each path that depends on no other run: its path below `root`.

    For runs that are read in many places at once. Generic parts at the end are
    left out unless two of `paths` would be called the same.
    """
    below = [_words(path.removeprefix(root.rstrip("/") + "/") or path) for path in paths]
    short = ["/".join(_without_generic_end(words)) for words in below]
    counts = Counter(short)
    return [
        name if counts[name] == 1 else "/".join(words)
        for name, words in zip(short, below, strict=True)
    ]


def _without_generic_end(words: list[str]) -> list[str]:
    end = len(words)
    while end > 1 and generic(words[end - 1]):
        end -= 1
    return words[:end]


def _short(words: list[str]) -> str:
    for part in reversed(words):
        if not generic(part):
            return part
    return words[-1]
