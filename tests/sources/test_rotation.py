"""What was rotated is found though the directory's time does not show it, by any clock."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lossmon.sources import rotation
from lossmon.sources.rotation import parts_of


@pytest.mark.parametrize("ahead", [-3600.0, 0.0, 3600.0])
def test_a_rotation_within_one_tick_of_the_directorys_clock_is_found(
    tmp_path: Path, ahead: float
) -> None:
    """A file server's clock may be an hour behind: its directories are never `just changed`."""
    log = tmp_path / "train.log"
    log.write_text("step 1 loss 1.0\n")
    os.utime(tmp_path, (time.time() + ahead - 900, time.time() + ahead - 900))
    assert parts_of(str(log)) == []
    stamp = time.time() + ahead
    (tmp_path / "other.log").touch()
    os.utime(tmp_path, (stamp, stamp))
    assert parts_of(str(log)) == []
    log.rename(tmp_path / "train.log.1")
    log.write_text("step 2 loss 0.9\n")
    os.utime(tmp_path, (stamp, stamp))
    assert [part.name for part in parts_of(str(log))] == ["train.log.1"]


def test_a_directory_that_does_not_change_is_listed_once_for_all_its_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = [tmp_path / f"{number}.log" for number in range(50)]
    for log in logs:
        log.touch()
    os.utime(tmp_path, (1_000_000_000, 1_000_000_000))
    listed = []
    real = os.scandir
    monkeypatch.setattr(rotation.os, "scandir", lambda path: listed.append(path) or real(path))
    assert not any(parts_of(str(log)) for log in logs)
    assert len(listed) == 1
