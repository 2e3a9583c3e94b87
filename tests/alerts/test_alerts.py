"""Alerts: what is news, and that each action does its one thing and never takes others down."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from lossmon.alerts import Alert, Dispatcher, FreshEvents
from lossmon.alerts.command import Command
from lossmon.alerts.kill import Identity, Kill, identify
from lossmon.alerts.terminal import Bell, TerminalNotice, notice
from lossmon.errors import UsageError
from lossmon.model import Event, RunView
from lossmon.monitor import Snapshot

PATIENCE = 30.0


def event(kind: str = "divergence", step: float = 10, cleared: float | None = None) -> Event:
    return Event(kind, "critical", step, step - 5, cleared, "it rises", "loss")  # type: ignore[arg-type]


def view(*events: Event, name: str = "run", loading: float | None = None) -> RunView:
    return RunView(
        name, name, f"{name}.log", "test", "live", None, 1, events=events, loading=loading
    )


def snapshot(*runs: RunView, scanning: bool = False) -> Snapshot:
    return Snapshot(runs, scanning=scanning)


ALERT = Alert("my run", "my run.log", event())


# ---- what is news


def told(fresh: FreshEvents, *runs: RunView, scanning: bool = False) -> list[tuple[str, float]]:
    return [(a.run, a.event.step) for a in fresh.take(snapshot(*runs, scanning=scanning))]


def test_each_event_is_told_once_and_again_only_after_it_cleared() -> None:
    fresh = FreshEvents(["divergence"])
    assert told(fresh, view()) == []
    assert told(fresh, view(event(step=10))) == [("run", 10)]
    assert told(fresh, view(event(step=10))) == []
    assert told(fresh, view(event(step=10), event("plateau", 12))) == []
    cleared = event(step=10, cleared=20)
    assert told(fresh, view(cleared)) == []
    assert told(fresh, view(cleared, event(step=30))) == [("run", 30)]


def test_an_event_that_cleared_between_two_looks_is_told() -> None:
    fresh = FreshEvents(["divergence"])
    told(fresh, view())
    assert told(fresh, view(event(step=10, cleared=11))) == [("run", 10)]


def test_history_is_not_told_unless_it_is_asked_for() -> None:
    assert told(FreshEvents(["divergence"]), view(event())) == []
    assert told(FreshEvents(["divergence"], from_start=True), view(event())) == [("run", 10)]


def test_a_log_that_is_still_read_is_history_until_it_is_whole() -> None:
    fresh = FreshEvents(["divergence"])
    assert told(fresh, view(event(), loading=0.5), scanning=True) == []
    assert told(fresh, view(event())) == []
    assert told(fresh, view(event(), event(step=99))) == []  # the first one stands: no news
    assert told(fresh, view(event(cleared=50), event(step=120))) == [("run", 120)]


def test_a_run_that_appears_later_is_news() -> None:
    fresh = FreshEvents(["divergence"])
    told(fresh, view(name="old"))
    assert told(fresh, view(name="old"), view(event(), name="new")) == [("new", 10)]


# ---- the dispatcher


class Recorder:
    name = "recorder"

    def __init__(self) -> None:
        self.seen: list[float] = []

    def __call__(self, alert: Alert) -> None:
        self.seen.append(alert.event.step)


class Broken:
    name = "broken"

    def __call__(self, alert: Alert) -> None:
        raise RuntimeError("out of order")


def test_a_broken_action_is_reported_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    recorder, lines = Recorder(), list[str]()
    dispatcher = Dispatcher(["divergence"], [Broken(), recorder], report=lines.append)
    dispatcher.offer(snapshot(view()))
    dispatcher.offer(snapshot(view(event(step=10, cleared=11))))
    dispatcher.offer(snapshot(view(event(step=10, cleared=11), event(step=20))))
    dispatcher.close(PATIENCE)
    assert recorder.seen == [10, 20]
    assert len(lines) == 2
    assert all("broken" in line and "RuntimeError" in line for line in lines)


def test_a_slow_action_delays_nobody() -> None:
    gate, recorder = threading.Event(), Recorder()

    class Slow:
        name = "slow"

        def __call__(self, alert: Alert) -> None:
            gate.wait(PATIENCE)

    dispatcher = Dispatcher(["spike"], [Slow(), recorder], from_start=True)
    events = [event("spike", step, step + 1) for step in range(500)]
    dispatcher.offer(snapshot(view(*events)))
    assert any("dropped" in note for note in dispatcher.notes)
    gate.set()
    dispatcher.close(PATIENCE)
    assert recorder.seen


# ---- terminal


def test_the_bell_rings_once() -> None:
    written: list[bytes] = []
    Bell(written.append)(ALERT)
    assert written == [b"\a"]


@pytest.mark.parametrize(
    ("environment", "begin"),
    [
        ({"TERM": "xterm-256color"}, b"\x1b]9;"),
        ({"TERM": "foot"}, b"\x1b]777;notify;"),
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, b"\x1b]99;"),
        ({"TERM": "tmux-256color", "TMUX": "x"}, b"\x1bPtmux;\x1b\x1b]9;"),
    ],
)
def test_each_terminal_gets_its_own_sequence(environment: dict[str, str], begin: bytes) -> None:
    written: list[bytes] = []
    TerminalNotice(written.append, environment)(ALERT)
    assert written[0].startswith(begin)
    assert written[0].endswith(b"\x1b\\")
    assert b"it rises" in written[0]


def test_a_hostile_name_stays_text() -> None:
    sequence = notice("4;3;100\x1b]0;gotcha\a", "a\x9c\x07b", {"TERM": "xterm"})
    body = sequence.removeprefix(b"\x1b]9;").removesuffix(b"\x1b\\")
    assert b"\x1b" not in body
    assert b"\a" not in body
    assert b";" not in body
    assert "\x9c" not in body.decode()


# ---- command


def test_values_stay_within_their_arguments() -> None:
    hostile = Alert("-rf x; $(touch y) {step} '\"\n", "s", event())
    arguments = Command("notify 'a b' --run={run} {run} {kind} {step} {onset}").arguments(hostile)
    assert len(arguments) == 7
    assert arguments[1] == "a b"
    assert arguments[2].startswith("--run=-rf x; $(touch y) {step}")
    assert arguments[3].startswith("_rf x;")
    assert arguments[4:] == ["divergence", "10", "5"]


def test_a_command_is_called_without_a_shell(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    code = "import json,sys; json.dump(sys.argv[2:], open(sys.argv[1], 'w'))"
    command = Command(f"{sys.executable} -c \"{code}\" '{target}' {{run}} {{kind}}")
    assert command(Alert("a; touch b", "s", event())) is None
    assert json.loads(target.read_text()) == ["a; touch b", "divergence"]


def test_a_command_that_fails_or_takes_too_long_is_said() -> None:
    failing = Command(f"{sys.executable} -c \"import sys; sys.exit('no route')\"")
    assert "failed with 1: no route" in (failing(ALERT) or "")
    slow = Command(f'{sys.executable} -c "import time; time.sleep(60)"', timeout=0.2)
    assert "ended after 0.2 s" in (slow(ALERT) or "")
    assert "No such file" in (Command("/no/such/program")(ALERT) or "")


@pytest.mark.parametrize("template", ["", "x '", "x {unknown}"])
def test_a_wrong_template_is_a_usage_error(template: str) -> None:
    with pytest.raises(UsageError):
        Command(template)


# ---- kill


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_the_named_process_gets_sigterm_once() -> None:
    process = sleeper()
    kill = Kill(process.pid)
    assert "SIGTERM sent" in (kill(ALERT) or "")
    assert process.wait(PATIENCE) == -signal.SIGTERM
    assert kill(ALERT) is None


def test_a_process_that_ended_is_left_alone() -> None:
    process = sleeper()
    kill = Kill(process.pid)
    process.kill()
    process.wait(PATIENCE)
    assert "nothing was sent" in (kill(ALERT) or "")


def test_a_reused_number_is_never_hit(monkeypatch: pytest.MonkeyPatch) -> None:
    process = sleeper()
    try:
        kill = Kill(process.pid)
        later = Identity(process.pid, "later", os.geteuid())
        monkeypatch.setattr("lossmon.alerts.kill.identify", lambda pid: later)
        assert "nothing was sent" in (kill(ALERT) or "")
        assert process.poll() is None
    finally:
        process.kill()
        process.wait(PATIENCE)


def test_only_an_own_living_process_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for pid in (-1, 0, 1, os.getpid(), 2**22 + 7):
        with pytest.raises(UsageError):
            Kill(pid)
    process = sleeper()
    try:
        known = identify(process.pid)
        assert known is not None
        other = Identity(known.pid, known.started, known.user + 1)
        monkeypatch.setattr("lossmon.alerts.kill.identify", lambda pid: other)
        with pytest.raises(UsageError, match="another user"):
            Kill(process.pid)
    finally:
        process.kill()
        process.wait(PATIENCE)


def test_a_real_process_of_another_user_is_refused() -> None:
    if os.geteuid() != 0:
        assert identify(1) is not None, "the first process is always there"
        with pytest.raises(UsageError):
            Kill(1)
        pytest.skip("only root can start a process of another user")
    code = "import os, time; os.setuid(65534); print('ready', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(UsageError, match="another user"):
            Kill(process.pid)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


@pytest.mark.skipif(
    not (hasattr(os, "fork") and Path("/proc/sys/kernel/ns_last_pid").exists()),
    reason="numbers of processes can be chosen on Linux alone",
)
def test_a_number_that_the_kernel_gave_again_is_never_hit() -> None:
    first = sleeper()
    kill = Kill(first.pid)
    number = first.pid
    first.kill()
    first.wait(PATIENCE)
    try:
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(number - 1))
    except OSError as error:
        kill.close()
        pytest.skip(f"the next number cannot be chosen here: {error.strerror}")
    other = sleeper()
    try:
        if other.pid != number:
            kill.close()
            pytest.skip("another process was quicker to get the number")
        assert "nothing was sent" in (kill(ALERT) or "")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait(PATIENCE)


# ---- notifier URLs


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # apprise imports imghdr
def test_a_url_is_notified() -> None:
    pytest.importorskip("apprise", reason="the extra `notify` is not installed")
    from lossmon.alerts.urls import NotifierUrls

    got: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            got.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        notify = NotifierUrls([f"json://127.0.0.1:{server.server_port}/"])
        assert notify(ALERT) is None
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert got[0]["title"] == "lossmon: divergence: my run"
    assert "it rises" in got[0]["message"]
    assert "not delivered" in (notify(ALERT) or "")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # apprise imports imghdr
def test_an_unknown_url_is_a_usage_error_that_shows_no_secret() -> None:
    pytest.importorskip("apprise", reason="the extra `notify` is not installed")
    from lossmon.alerts.urls import NotifierUrls

    with pytest.raises(UsageError) as caught:
        NotifierUrls(["nosuch://user:hunter2@host"])
    assert "hunter2" not in str(caught.value)
