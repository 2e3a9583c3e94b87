"""The input thread: keys as they come, and its end as soon as it is wanted."""

from __future__ import annotations

import os
import queue
import select
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from textual import events

if sys.platform == "win32":
    pytest.skip("the driver of Unix terminals", allow_module_level=True)

from lossmon.tui.driver import TerminalDriver, _Waking

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
            self.cursor_origin = None
            self._down_buttons = []

        def send_message(self, message: Any) -> None:
            told.append(type(message).__name__)

    driver = Telling()
    for message in (events.Key("a", "a"), events.AppFocus()):
        message.set_sender = lambda app: None  # type: ignore[method-assign,assignment,return-value]
        driver.process_message(message)
    assert told == ["comes", "Key", "AppFocus"]
