"""The input thread: keys as they come, and its end as soon as it is wanted."""

from __future__ import annotations

import asyncio
import os
import queue
import select
import signal
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from textual import events
from textual.geometry import Size

if sys.platform == "win32":
    pytest.skip("the driver of Unix terminals", allow_module_level=True)

from lossmon.tui.driver import TerminalDriver, _Waking
from tests.tui.runs import make_run
from tests.tui.screens import app_over, lines, shown, until

PATIENCE = 20.0


class _Keyboard(TerminalDriver):
    """A driver without an app: what it reads is put into a queue."""

    def __init__(self, fileno: int) -> None:
        self.fileno = fileno
        self.exit_event = _Waking()
        self.read: queue.Queue[Any] = queue.Queue()
        self._debug = False

    def process_message(self, message: Any) -> None:
        self.read.put(message)


@pytest.fixture
def keyboard() -> Iterator[tuple[_Keyboard, int]]:
    reader, writer = os.pipe()
    driver = _Keyboard(reader)
    thread = threading.Thread(target=driver.run_input_thread)
    thread.start()
    yield driver, writer
    driver.exit_event.set()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    driver.exit_event.close()
    os.close(reader)
    os.close(writer)


def test_keys_come_an_escape_by_itself_and_what_is_no_text_ends_nothing(
    keyboard: tuple[_Keyboard, int],
) -> None:
    driver, writer = keyboard
    for data, key in (
        (b"a", "a"), (b"\x1b", "escape"), (b"\xff", None), ("é".encode(), None), (b"q", "q"),
    ):  # fmt: skip
        os.write(writer, data)
        event = driver.read.get(timeout=PATIENCE)
        assert isinstance(event, events.Key)
        assert key is None or event.key == key
    os.write(writer, b"\x1b[A")
    assert driver.read.get(timeout=PATIENCE).key == "up"


class _Resized(TerminalDriver):
    """A driver whose terminal changes its size again while it is asked for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._in_band_window_resize = False
        self._told_size = None
        self.redrawn = 0
        self.sizes = [(20, 5), (100, 30)]
        self.told: list[tuple[int, int]] = []
        self.sent: list[str] = []
        self.cursor_origin = None
        self._down_buttons = []
        self._app: Any = SimpleNamespace(post_message=self._hear, action_redraw=self._redraw)

    def _get_terminal_size(self) -> tuple[int, int]:
        size = self.sizes[0]
        if len(self.sizes) > 1:
            del self.sizes[0]
            os.kill(os.getpid(), signal.SIGWINCH)
        return size

    def send_message(self, message: Any) -> None:
        self.sent.append(message.key)

    def _redraw(self) -> None:
        self.redrawn += 1

    def _hear(self, message: events.Resize) -> None:
        self.told.append((message.size.width, message.size.height))


async def test_a_size_that_was_missed_is_taken_later() -> None:
    """Whatever lost it: the terminal is asked, not the signals."""
    app = app_over(make_run())
    async with shown(app, (80, 24)) as pilot:
        driver = _Resized(asyncio.get_running_loop())
        driver._app, driver.sizes = app, [(100, 30)]
        app._size = Size(100, 30)  # the app knows, its screen was never told
        driver._make_sure()
        await until(pilot, lambda: len(lines(app)) == 30)


async def test_a_size_that_no_signal_told_is_taken_at_a_key() -> None:
    app = app_over(make_run())
    async with shown(app, (80, 24)) as pilot:
        driver = _Resized(asyncio.get_running_loop())
        driver._app, driver.sizes = app, [(100, 30)]
        driver.process_message(events.Key("x", "x"))
        await until(pilot, lambda: len(lines(app)) == 30)
        assert "x" in driver.sent


async def test_the_newest_size_is_told_last() -> None:
    driver = _Resized(asyncio.get_running_loop())
    before = signal.signal(signal.SIGWINCH, driver._size_changed)
    try:
        os.kill(os.getpid(), signal.SIGWINCH)
        async with asyncio.timeout(PATIENCE):
            while len(driver.told) < 2:
                await asyncio.sleep(0)
        assert driver.told == [(20, 5), (100, 30)]
        assert driver.redrawn == 0
        os.kill(os.getpid(), signal.SIGWINCH)  # smaller and back before anybody looked
        async with asyncio.timeout(PATIENCE):
            while not driver.redrawn:
                await asyncio.sleep(0)
    finally:
        signal.signal(signal.SIGWINCH, before)


def test_the_end_is_told_however_often() -> None:
    event = _Waking()

    def readable() -> bool:
        return bool(select.select([event], [], [], 0)[0])

    assert not readable()
    for _ in range(3):
        event.set()
        assert readable()
        assert event.is_set()
    event.clear()
    assert not readable()
    assert not event.is_set()
    event.close()
    event.set()  # after the end it is only an event
    assert event.is_set()


def test_an_app_hears_of_a_key_before_the_key_is_on_its_way() -> None:
    told: list[str] = []

    class Hearing:
        def key_comes(self) -> None:
            told.append("comes")

    class Telling(TerminalDriver):
        def __init__(self) -> None:
            self._app: Any = Hearing()
            self._loop = asyncio.new_event_loop()
            self.cursor_origin = None
            self._down_buttons = []

        def send_message(self, message: Any) -> None:
            told.append(type(message).__name__)

    driver = Telling()
    for message in (events.Key("a", "a"), events.AppFocus()):
        message.set_sender = lambda app: None  # type: ignore[method-assign,assignment,return-value]
        driver.process_message(message)
    driver._loop.close()
    key = events.Key("b", "b")
    key.set_sender = lambda app: None  # type: ignore[method-assign,assignment,return-value]
    driver.process_message(key)  # the last ones come when the loop has ended
    assert told == ["comes", "Key", "AppFocus", "comes", "Key"]
