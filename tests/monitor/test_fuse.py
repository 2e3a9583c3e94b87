"""A real FUSE mount (bindfs): no event comes of what is written below it, and it may go away."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lossmon.settings import Settings
from lossmon.sources.mounts import filesystem
from tests.monitor.test_monitor import Watched, lines, points


class Mount:
    """A folder that is seen through FUSE at another place."""

    def __init__(self, folder: Path) -> None:
        self.below = folder / "below"
        self.point = folder / "point"
        self.below.mkdir()
        self.point.mkdir()

    def mount(self) -> None:
        done = subprocess.run(
            ["bindfs", "--no-allow-other", str(self.below), str(self.point)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"no FUSE file system may be mounted here: {done.stderr.strip()[-100:]}")

    def unmount(self) -> None:
        tool = shutil.which("fusermount3") or shutil.which("fusermount") or "fusermount"
        subprocess.run([tool, "-u", "-z", str(self.point)], capture_output=True, check=False)


@pytest.fixture
def fuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mount]:
    if not Path("/dev/fuse").exists():
        pytest.skip("there is no /dev/fuse here")
    if shutil.which("bindfs") is None:
        pytest.skip("there is no bindfs on this machine (apt-get install bindfs)")
    # Mounts are remembered for half a minute: a test cannot wait for that.
    monkeypatch.setattr("lossmon.sources.mounts._REFRESH_SECONDS", 0.0)
    mount = Mount(tmp_path)
    mount.mount()
    yield mount
    mount.unmount()


def test_what_is_written_below_a_fuse_mount_is_seen_through_it(fuse: Mount) -> None:
    log = fuse.below / "metrics.jsonl"
    log.write_text(lines(1, 21))
    seen = fuse.point / "metrics.jsonl"
    system = filesystem(str(seen))
    assert system.type.startswith("fuse")
    assert system.network
    assert not system.events
    with Watched(seen, settings=Settings(poll_seconds=0.1)) as watched:
        watched.run(points(20))
        with log.open("a") as file:
            file.write(lines(21, 31))
        watched.run(points(30))
        log.rename(f"{log}.1")  # logrotate's create: what the writer still has to say comes first
        with Path(f"{log}.1").open("a") as file:
            file.write(lines(31, 36))
        log.write_text(lines(36, 41))
        run = watched.run(points(40))
        assert [int(step) for step in run.series[0].steps] == list(range(1, 41))
        (fuse.below / "new").write_text(lines(1, 26).replace('"loss": ', '"loss": 1'))
        (fuse.below / "new").replace(log)
        watched.run(points(25))
        said = [notice for notice in watched.last.notices if "fuse" in notice]
        assert len(said) == 1
        assert "does not report every change" in said[0]


def test_a_fuse_mount_that_goes_away_takes_no_point_along(fuse: Mount) -> None:
    log = fuse.below / "metrics.jsonl"
    log.write_text(lines(1, 21))
    with Watched(fuse.point / "metrics.jsonl", settings=Settings(poll_seconds=0.1)) as watched:
        watched.run(points(20))
        fuse.unmount()
        gone = watched.run(lambda run: run.error is not None)
        assert points(20)(gone)
        with log.open("a") as file:
            file.write(lines(21, 31))
        fuse.mount()
        run = watched.run(points(30))
        assert [int(step) for step in run.series[0].steps] == list(range(1, 31))
