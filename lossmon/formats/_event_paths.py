"""Names of metrics and runs from where an event file stands.

A run is a folder. The folders that `add_scalars`, Keras (`train`,
`validation`) and CatBoost (`learn`, `test`) make inside it are parts of it:
their files hold the same tags, and the folder's name tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from lossmon.formats.base import Grouping

_TRAIN_FOLDERS: Final = frozenset(["train", "training", "learn"])
_EVAL_FOLDERS: Final = frozenset(
    ["test", "testing", "eval", "evaluation", "val", "valid", "validation", "dev"]
)
SPLIT_FOLDERS: Final = _TRAIN_FOLDERS | _EVAL_FOLDERS
"""Folders that say which data their event files were measured on."""


def metric_name(tag: str, folder: str) -> str:
    """Return the metric's name for a tag in a folder of its run.

    `add_scalars("losses", {"train": …})` writes the tag `losses` into the
    folder `losses_train`: that is `losses/train`. In `validation/` the tag
    `epoch_loss` is `validation/epoch_loss`. A folder that is only a time
    (`add_hparams`) adds nothing.
    """
    if not folder or is_time(folder):
        return tag
    prefix = tag.replace("/", "_") + "_"
    if folder.startswith(prefix) and len(folder) > len(prefix):
        return f"{tag}/{folder[len(prefix) :]}"
    if tag.startswith(folder + "/"):
        return tag
    return f"{folder}/{tag}"


def is_time(folder: str) -> bool:
    """Say whether a folder's name is only a time: `add_hparams` puts a run's end results there."""
    return folder.replace(".", "", 1).isdigit()


def group(path: PurePosixPath) -> Grouping:
    """Return the run of an event file, by its own path alone."""
    folder = path.parent
    if folder.name.lower() in SPLIT_FOLDERS:
        return Grouping(folder.parent, f"{folder.name}/{path.name}")
    return Grouping(folder, path.name)


def group_all(paths: Sequence[PurePosixPath]) -> dict[PurePosixPath, Grouping]:
    """Group by folder; what the writer of a folder's own file made beneath it belongs to it.

    A folder called `test` alone may be an experiment of that name: it is a part
    only where the training's own files are beside or above it.
    """
    writers: dict[PurePosixPath, set[str]] = {}
    trained = {path.parent.parent for path in paths if path.parent.name.lower() in _TRAIN_FOLDERS}
    for path in paths:
        writers.setdefault(path.parent, set()).add(_writer(path.name))
    groups = {}
    for path in paths:
        folder = path.parent
        alone = folder.parent not in trained and folder.parent not in writers
        if folder.name.lower() in _EVAL_FOLDERS and alone:
            groups[path] = Grouping(folder, path.name)
        else:
            groups[path] = group(path)
    runs = {path.parent: groups[path].run for path in paths}
    for path in paths:
        folder = path.parent
        above = folder.parent
        if runs[folder] != folder or above not in writers or above == folder:
            continue
        split = folder.name.rsplit("_", 1)[-1].lower() in SPLIT_FOLDERS
        if split or _writer(path.name) in writers[above]:
            run = runs[above]
            groups[path] = Grouping(run, path.relative_to(run).as_posix())
    return groups


def _writer(filename: str) -> str:
    """Return host and process of `events.out.tfevents.<seconds>.<host>.<pid>.<n>`, else all."""
    words = filename.removesuffix(".v2").split(".")
    if len(words) < 7 or not words[-1].isdigit() or not words[-2].isdigit():
        return filename
    return ".".join(words[4:-1])
