"""The checkpoints of a run: found by their names, listed again only when their folder changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lossmon.sources import checkpoints
from lossmon.sources.checkpoints import Checkpoints, find_checkpoints, nearest_checkpoint


def test_names_tell_the_step(tmp_path: Path) -> None:
    for name in ("checkpoint-100", "step_20", "epoch=3-step=380.ckpt", "epoch-7", "notes"):
        (tmp_path / name).mkdir()
    found = find_checkpoints(tmp_path)
    assert [checkpoint.step for checkpoint in found] == [20, 100, 380]
    nearest = nearest_checkpoint(found, 90)
    assert nearest is not None
    assert nearest.name == "checkpoint-100"
    assert find_checkpoints(tmp_path / "none") == ()


def test_a_folder_is_listed_once_while_it_does_not_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = []
    find = checkpoints.find_checkpoints
    monkeypatch.setattr(
        checkpoints, "find_checkpoints", lambda path: listed.append(path) or find(path)
    )
    (tmp_path / "checkpoint-100").mkdir()
    os.utime(tmp_path, (1_000_000_000, 1_000_000_000))
    folder = Checkpoints(tmp_path)
    assert [len(folder.now()) for _ in range(3)] == [1, 1, 1]
    assert len(listed) == 1
    (tmp_path / "checkpoint-200").mkdir()
    assert len(folder.now()) == 2
