"""This machine at the foot and beside a stalled run's verdict; what is missing is said."""

from __future__ import annotations

import sys
import threading
import types
from dataclasses import replace

import pytest

from lossmon.charts.spec import row_text
from lossmon.machine import Gpu, Looker, Machine
from lossmon.tui.look import Look
from lossmon.tui.machine_watch import MachineWatch, is_elsewhere
from lossmon.tui.panels.machine import machine_height, machine_rows, machine_words
from tests.tui.runs import BUSY, GPU, make_run, overfit, some_runs
from tests.tui.screens import app_over, lines, shown, text

IDLE = replace(BUSY, cpu=0.01, gpus=(replace(GPU, busy=0.0),))


def test_bars_have_their_figures_and_words() -> None:
    rows = [row_text(row) for row in machine_rows(Look(), BUSY, 120, machine_height(BUSY, 40))]
    assert all(len(row) == 120 for row in rows)
    assert "42% of 8 cores, load 3.5" in rows[1]
    assert "12.0 GB of 32.0 GB" in rows[1]
    assert "GPU 0" in rows[2]
    assert "93%" in rows[2]
    assert "NVIDIA A100, 61 °C, 312 W" in rows[2]


def test_many_gpus_take_no_more_than_their_room() -> None:
    many = replace(BUSY, gpus=tuple(replace(GPU, index=index) for index in range(16)))
    height = machine_height(many, 24)
    rows = machine_rows(Look(), many, 80, height)
    assert len(rows) == height <= 6
    assert "more GPUs" in row_text(rows[0])


def test_a_sentence_says_whether_anything_computes() -> None:
    assert machine_words(BUSY).endswith("CPU 42%, memory 38%, GPU 0 93%.")
    assert machine_words(IDLE).endswith("nothing computes here.")
    assert machine_words(None) == ""


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    machine = Looker().look()
    assert "lossmon[machine]" in machine.note
    assert "lossmon[machine]" in row_text(machine_rows(Look(), machine, 80, 2)[1])
    assert "lossmon[machine]" in machine_words(machine)


def test_this_machine_is_read() -> None:
    psutil = pytest.importorskip("psutil", reason="needs lossmon[machine]")
    machine = Looker().look()
    assert machine.cpu is not None
    assert 0 <= machine.cpu <= 1
    assert machine.total == psutil.virtual_memory().total
    assert machine.used is not None
    assert 0 < machine.used < machine.total


def test_gpus_are_read_and_what_the_driver_does_not_say_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("psutil", reason="needs lossmon[machine]")
    nvml = types.ModuleType("pynvml")

    class NVMLError(Exception):
        pass

    def refuse(*_: object) -> None:
        raise NVMLError("Not Supported")

    known: dict[str, object] = {
        "NVMLError": NVMLError,
        "NVML_TEMPERATURE_GPU": 0,
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 1,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetName": lambda handle: b"Tesla",
        "nvmlDeviceGetUtilizationRates": lambda handle: types.SimpleNamespace(gpu=50),
        "nvmlDeviceGetMemoryInfo": lambda handle: types.SimpleNamespace(used=1, total=2),
        "nvmlDeviceGetTemperature": refuse,
        "nvmlDeviceGetPowerUsage": refuse,
    }
    for name, value in known.items():
        setattr(nvml, name, value)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    looker = Looker()
    assert looker.look().gpus == (Gpu(0, "Tesla", 0.5, 1, 2, None, None),)
    looker.close()


def test_the_watch_looks_on_its_own_thread_and_ends() -> None:
    seen: list[str] = []
    looked = threading.Event()

    def tell(machine: Machine) -> None:
        seen.append(threading.current_thread().name)
        looked.set()

    watch = MachineWatch(tell)
    watch.once()
    assert looked.wait(30)
    watch.stop()
    assert seen == ["machine"]


@pytest.mark.parametrize(
    ("source", "elsewhere"),
    [("runs/a/log.txt", False), ("host:log.txt", True), ("ssh://h/x", True), ("-", False),
     ("me@host:/a/b", True), ("dir/with:colon", False)],
)  # fmt: skip
def test_runs_of_other_machines_are_told_apart(source: str, elsewhere: bool) -> None:
    assert is_elsewhere(source) is elsewhere


async def test_the_panel_stands_above_the_foot_and_goes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MachineWatch, "_begin", lambda self: None)
    app = app_over(*some_runs())
    async with shown(app) as pilot:
        before = text(app)
        await pilot.press("H")
        app._machine_seen(BUSY)
        await pilot.pause()
        assert "this machine" in lines(app)[-5]
        assert "42% of 8 cores" in lines(app)[-4]
        assert "GPU 0" in lines(app)[-3]
        assert all(len(line) == 120 for line in lines(app))
        await pilot.press("1")
        await pilot.pause()
        assert "42% of 8 cores" in lines(app)[-4]
        await pilot.press("2", "H")
        await pilot.pause()
        assert text(app) == before


async def test_a_small_screen_says_that_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MachineWatch, "_begin", lambda self: None)
    app = app_over(make_run())
    async with shown(app, (70, 18)) as pilot:
        await pilot.press("H")
        assert "too small" in text(app)


async def test_a_stalled_run_has_the_machine_beside_its_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(MachineWatch, "once", lambda self: asked.append(1))
    app = app_over(make_run(state="stalled"))
    async with shown(app, (200, 60)) as pilot:
        assert asked == [1]
        app._machine_seen(IDLE)
        await pilot.pause()
        assert "nothing computes here" in text(app)
        # Asked once for one silence, not at every picture.
        await pilot.press("l", "l")
        assert asked == [1]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_run_that_fell_silent_is_not_told_to_keep_going(size: tuple[int, int]) -> None:
    app = app_over(make_run(state="stalled"))
    async with shown(app, size):
        words = text(app)
        assert "Nothing was written since 02:46." in words
        assert "python -u" in words
        assert "Go on." not in words
    # What is wrong with its curve is still told, with what to do.
    bad = replace(overfit(), state="stalled")
    app = app_over(bad)
    async with shown(app, (120, 40)):
        assert "Keep the checkpoint of step 800." in text(app)
