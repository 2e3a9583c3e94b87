"""The watcher: real events, real limits, and file systems that are told to have none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.sources import events, watch
from lossmon.sources.mounts import filesystem
from lossmon.sources.watch import Watcher

from .conftest import PATIENCE

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")

NFS = (
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "30 22 0:40 / {point} rw,relatime shared:9 - nfs4 server:/x rw,vers=4.2\n"
)


@pytest.fixture
def watcher():
    watcher = Watcher()
    yield watcher
    watcher.close()


def until_dirty(watcher: Watcher, path: Path) -> None:
    """Wait for a path to be worth a look."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        watcher.wait(1.0)
        if str(path) in watcher.dirty():
            return
    pytest.fail(f"no hint for {path}")


def no_sweep(watcher: Watcher) -> None:
    """Let nothing but events give hints."""
    watcher.dirty()
    watcher._sweep.clear()


@linux
def test_event_of_an_append(watcher: Watcher, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    watcher.watch(str(log))
    assert watcher.mode(str(log)).kind == "events"
    no_sweep(watcher)
    log.write_text("x")
    until_dirty(watcher, log)


@linux
def test_events_of_coming_and_going(watcher: Watcher, tmp_path: Path) -> None:
    log = tmp_path / "log"
    watcher.watch(str(log))
    watcher.watch(str(tmp_path))
    for change in (log.touch, lambda: log.rename(f"{log}.1"), log.touch, log.unlink):
        no_sweep(watcher)
        change()
        until_dirty(watcher, log)
    no_sweep(watcher)
    (tmp_path / "new-run").mkdir()
    until_dirty(watcher, tmp_path)


@linux
def test_append_through_a_link_is_seen(watcher: Watcher, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    real = tmp_path / "runs" / "log"
    real.touch()
    link = tmp_path / "latest"
    link.symlink_to(real)
    watcher.watch(str(link))
    no_sweep(watcher)
    real.write_text("x")
    until_dirty(watcher, link)


@linux
def test_link_that_is_switched_is_followed(watcher: Watcher, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log").touch()
    link = tmp_path / "latest"
    link.symlink_to("a")
    log = link / "log"
    watcher.watch(str(log))
    watcher.dirty()
    link.unlink()
    link.symlink_to("b")
    until_dirty(watcher, log)  # by the sweep, which follows it
    no_sweep(watcher)
    (tmp_path / "b" / "log").write_text("x")
    until_dirty(watcher, log)


@linux
def test_directory_made_again_is_watched_again(
    watcher: Watcher, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(events, "REARM_SECONDS", 0.0)
    directory = tmp_path / "run"
    log = directory / "log"
    directory.mkdir()
    watcher.watch(str(log))
    shutil.rmtree(directory)
    watcher.wait(1.2)
    watcher.dirty()
    directory.mkdir()
    log.touch()
    until_dirty(watcher, log)
    assert watcher.mode(str(log)).kind == "events"
    no_sweep(watcher)
    log.write_text("x")
    until_dirty(watcher, log)


def test_lost_events_are_made_up_for_by_the_sweep(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(Watcher, "_note", lambda self, names: None)  # every event is lost
    watcher = Watcher(interval=0.05)
    log = tmp_path / "log"
    log.touch()
    watcher.watch(str(log))
    watcher.dirty()
    log.write_text("x")
    until_dirty(watcher, log)
    watcher.close()


def test_file_system_without_events_is_polled_and_said_once(tmp_path: Path) -> None:
    mountinfo = tmp_path / "mountinfo"
    remote = tmp_path / "with space"
    remote.mkdir()
    mountinfo.write_text(NFS.format(point=str(remote).replace(" ", "\\040")))
    watcher = Watcher(mountinfo=str(mountinfo))
    for name in ("a", "b"):
        watcher.watch(str(remote / name))
    mode = watcher.mode(str(remote / "a"))
    assert (mode.kind, mode.reason) == ("polling", "nfs4 does not report every change")
    (notice,) = watcher.notices()
    assert "nfs4" in notice
    assert watcher.notices() == []
    no_sweep(watcher)
    for entry in watcher._paths.values():  # busy paths have their turn within half a second
        assert watcher._pause(entry, entry.changed_at) <= 0.5
    watcher.close()


@pytest.mark.parametrize(
    ("kind", "reports", "network"),
    [
        ("ext4", True, False),
        ("tmpfs", True, False),
        ("nfs", False, True),
        ("cifs", False, True),
        ("lustre", False, True),
        ("9p", False, True),
        ("fuse.sshfs", False, True),
        ("overlay", False, False),
        ("virtiofs", False, False),
        ("something-new", False, False),
    ],
)
def test_file_systems(tmp_path: Path, kind: str, reports: bool, network: bool) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(f"1 0 8:1 / / rw - ext4 d rw\n2 1 0:1 / /data rw - {kind} d rw\n")
    found = filesystem("/data/run/log", str(mountinfo))
    assert (found.type, found.events, found.network) == (kind, reports, network)
    assert filesystem("/database", str(mountinfo)).type == "ext4"


@pytest.mark.parametrize(
    "text", ["", "garbage", "1 2 3 4 5 6 -\n", "1 0 8:1 / / rw - \n", "\0\xff"]
)
def test_mountinfo_that_is_garbage_means_unknown(tmp_path: Path, text: str) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_bytes(text.encode("latin-1"))
    assert filesystem("/data", str(mountinfo)).events


@linux
@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_inotify_limit_reached(tmp_path: Path, limit: str) -> None:
    """In a user namespace of its own, where the kernel's limit can be set for nobody else."""
    script = textwrap.dedent(
        f"""
        import pathlib, sys, time
        pathlib.Path("/proc/sys/user/{limit}").write_text("0")
        from lossmon.sources.watch import Watcher
        watcher = Watcher()
        log = pathlib.Path(sys.argv[1])
        for name in "abc":
            (log.parent / name).mkdir()
            watcher.watch(str(log.parent / name / "log"))
        watcher.watch(str(log))
        mode = watcher.mode(str(log))
        notices = watcher.notices()
        watcher.dirty()
        log.write_text("x")
        end = time.monotonic() + 10
        while str(log) not in watcher.dirty() and time.monotonic() < end:
            watcher.wait(1.0)
        print(mode.kind, len(notices), "inotify" in notices[0], time.monotonic() < end)
        watcher.close()
        """
    )
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", script]
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare on this machine")
    done = subprocess.run(
        [*command, str(tmp_path / "log")], capture_output=True, text=True, timeout=60, check=False
    )
    if "unshare failed" in done.stderr or "Permission denied" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr.strip()[-100:]}")
    assert done.stdout.split() == ["polling", "1", "True", "True"], done.stderr


def test_two_thousand_files(tmp_path: Path) -> None:
    before = threading.active_count()
    watcher = Watcher(interval=0.05)
    paths = []
    for number in range(2000):
        directory = tmp_path / f"{number % 200}"
        directory.mkdir(exist_ok=True)
        paths.append(directory / f"{number}.log")
        watcher.watch(str(paths[-1]))
    assert threading.active_count() <= before + 2 * events.MAX_DIRECTORIES + 4
    watcher.dirty()
    assert sum(watcher.mode(str(path)).kind == "polling" for path in paths) > 0
    for path in (paths[0], paths[777], paths[1999]):
        path.write_text("x")
        until_dirty(watcher, path)
    watcher.close()
    assert threading.active_count() == before


@linux
def test_busy_directory_takes_the_place_of_a_quiet_one(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(events, "MAX_DIRECTORIES", 2)
    watcher = Watcher(interval=0.05)
    logs = [tmp_path / name / "log" for name in "abc"]
    for log in logs:
        log.parent.mkdir()
        watcher.watch(str(log))
    watcher.dirty()
    assert [watcher.mode(str(log)).kind for log in logs] == ["events", "events", "polling"]
    logs[2].write_text("x")
    until_dirty(watcher, logs[2])
    assert watcher.mode(str(logs[2])).kind == "polling"  # nobody has been quiet for long
    monkeypatch.setattr(events, "SWAP_SECONDS", -1.0)
    logs[2].write_text("xy")
    until_dirty(watcher, logs[2])
    assert watcher.mode(str(logs[2])).kind == "events"
    assert [watcher.mode(str(log)).kind for log in logs[:2]].count("polling") == 1
    no_sweep(watcher)
    logs[2].write_text("xyz")
    until_dirty(watcher, logs[2])
    watcher.close()


def test_quiet_paths_are_swept_less_often(watcher: Watcher, tmp_path: Path) -> None:
    watcher.watch(str(tmp_path / "log"))
    (entry,) = watcher._paths.values()
    pauses = [watcher._pause(entry, entry.changed_at + age) for age in (0, 10, 60, 100, 86400)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1.1
    assert pauses[-1] <= watch.MAX_SWEEP_EVENTS


@given(
    now=st.floats(0, 1e9),
    pause=st.floats(0.01, 3600),
)
def test_a_turn_on_the_grid_comes_in_time_and_never_at_once(now: float, pause: float) -> None:
    due = watch._on_grid(now, pause)
    assert now + pause / 2 - 1e-6 <= due <= now + pause


@pytest.mark.parametrize("pause", [1.0, 2.5, 10.0])
def test_turns_of_many_paths_come_together(pause: float) -> None:
    turns = {watch._on_grid(100 + number / 100, pause) for number in range(1000)}
    assert len(turns) <= 1 + 10 / (pause / 4)


def test_quiet_paths_wait_longer_in_a_crowd_and_busy_ones_do_not(tmp_path: Path) -> None:
    pauses = []
    for count in (1, 1000):
        watcher = Watcher()
        for number in range(count):
            watcher.watch(str(tmp_path / f"{number}"))
        entry = next(iter(watcher._paths.values()))
        pauses.append([watcher._pause(entry, entry.changed_at + age) for age in (0, 30)])
        watcher.close()
    (busy, quiet), (busy_in_crowd, quiet_in_crowd) = pauses
    assert busy_in_crowd == busy
    assert quiet < quiet_in_crowd <= watch.MAX_SWEEP_EVENTS


def test_probe_decides_in_the_sweep(tmp_path: Path) -> None:
    watcher = Watcher(interval=0.01)
    answers = iter([False, True])
    watcher.watch(str(tmp_path / "log"), lambda: next(answers, False))
    until_dirty(watcher, tmp_path / "log")
    watcher.close()


def test_wake_ends_a_wait(watcher: Watcher) -> None:
    threading.Timer(0.05, watcher.wake).start()
    began = time.monotonic()
    assert watcher.wait(PATIENCE)
    assert time.monotonic() - began < PATIENCE


def test_unwatched_path_is_forgotten(watcher: Watcher, tmp_path: Path) -> None:
    log = tmp_path / "log"
    watcher.watch(str(log))
    watcher.unwatch(str(log))
    watcher.unwatch(str(log))
    log.write_text("x")
    assert watcher.dirty() == set()
    assert not watcher._aliases
    assert len(watcher._events) == 0


def test_close_twice_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    watcher = Watcher()
    watcher.watch(str(tmp_path / "log"))
    watcher.close()
    watcher.close()
    assert threading.active_count() == before
    watcher.watch(str(tmp_path / "other"))
    assert watcher.dirty() == set()


def test_import_does_not_load_watchdog() -> None:
    code = "import lossmon.sources.watch, sys; sys.exit('watchdog' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=os.environ).returncode == 0
