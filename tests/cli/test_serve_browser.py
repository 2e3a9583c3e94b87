"""The served page in a real browser: it loads, shows a live chart, and asks nobody else."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser import OPTIONS, PROGRAM, needs_browser
from tests.cli.command import DEMO, environment
from tests.pixels import pixels

aiohttp = pytest.importorskip("aiohttp", reason="the extra `web` is not installed")
pytest.importorskip("textual_serve", reason="the extra `web` is not installed")
pytestmark = [needs_browser, pytest.mark.xdist_group("browser")]

PATIENCE = 120.0
LINE = (86, 180, 233)
"""The training loss's hue on the dark screen."""
SIZE = (900, 560)


class Page:
    """One page of a browser, told what to do over its debugging protocol."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.requests: dict[str, str] = {}

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            found = message.get("params", {})
            if message.get("method") == "Network.requestWillBeSent":
                self.requests[found["requestId"]] = found["request"]["url"]
            elif message.get("method") == "Network.loadingFailed" and found.get("blockedReason"):
                self.requests.pop(found["requestId"], None)  # the page's policy forbade it
            elif message.get("id") == number:
                result: dict[str, Any] = message["result"]
                return result

    async def value(self, expression: str) -> Any:
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    async def picture(self) -> bytes:
        clip = {"x": 0, "y": 0, "width": SIZE[0], "height": SIZE[1], "scale": 0.5}
        found = await self.call("Page.captureScreenshot", format="png", clip=clip)
        return base64.b64decode(found["data"])


@asynccontextmanager
async def opened_browser(folder: Path) -> AsyncIterator[Page]:
    assert PROGRAM is not None
    profile = folder / "profile"
    process = subprocess.Popen(
        [
            PROGRAM, *OPTIONS, "--remote-debugging-port=0", f"--user-data-dir={profile}",
            f"--window-size={SIZE[0]},{SIZE[1]}", "about:blank",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        said = profile / "DevToolsActivePort"
        while not (said.exists() and "\n" in said.read_text()):
            assert process.poll() is None
            await asyncio.sleep(0.05)
        port = said.read_text().split()[0]
        async with aiohttp.ClientSession() as session:
            pages: list[dict[str, str]] = []
            while not pages:
                answer = await session.get(f"http://127.0.0.1:{port}/json/list")
                pages = [one for one in await answer.json() if one["type"] == "page"]
                await asyncio.sleep(0.05)
            async with session.ws_connect(
                pages[0]["webSocketDebuggerUrl"], max_msg_size=0
            ) as socket:
                page = Page(socket)
                await page.call("Network.enable")
                await page.call("Page.enable")
                yield page
    finally:
        process.terminate()
        process.wait(20)


@asynccontextmanager
async def served(folder: Path, *sources: Path) -> AsyncIterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "lossmon", "serve", *map(str, sources), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder, env=environment(folder),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        url = (await asyncio.to_thread(process.stdout.readline)).decode().strip()
        await _listening(url.partition("?")[0])
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=20)


async def _listening(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                assert (await session.get(address)).status == 403
                return
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.1)  # the address is printed just before it is listened at


def points(picture: bytes, colour: tuple[int, int, int]) -> int:
    """How many pixels have about that colour."""
    drawn = pixels(picture)[..., :3]
    return int((np.abs(drawn - np.array(colour)).max(axis=2) < 40).sum())


async def test_it_shows_a_chart_that_grows(tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    rows = [json.dumps({"step": step, "loss": 3 * 0.97**step + 0.2}) for step in range(200)]
    log.write_text("\n".join(rows[:20]) + "\n")
    async with (
        asyncio.timeout(PATIENCE),
        served(tmp_path, log) as url,
        opened_browser(tmp_path) as page,
    ):
        await page.call("Page.navigate", url=url)
        while not await page.value("document.body?.className.includes('-first-byte')"):
            await asyncio.sleep(0.2)
        assert await page.value("location.search") == ""  # the token is in a cookie by now
        assert await page.value("document.querySelectorAll('.xterm').length") == 1
        while (before := points(await page.picture(), LINE)) < 20:
            await asyncio.sleep(0.3)
        first = await page.picture()
        with log.open("a") as file:
            file.write("\n".join(rows[20:]) + "\n")
        while await page.picture() == first or points(await page.picture(), LINE) < 20:
            await asyncio.sleep(0.3)
        assert before
        (tmp_path / "page.png").write_bytes(await page.picture())
        address = url.partition("/?")[0]
        assert address.startswith("http://127.0.0.1:")
        others = [one for one in page.requests.values() if not one.startswith((address, "data:"))]
        assert others == []


@pytest.mark.parametrize("query", ["", "?token=wrong"])
async def test_without_the_token_the_page_is_empty(tmp_path: Path, query: str) -> None:
    async with (
        asyncio.timeout(PATIENCE),
        served(tmp_path, DEMO / "nan") as url,
        opened_browser(tmp_path) as page,
    ):
        address = url.partition("?")[0]
        await page.call("Page.navigate", url=address + query)
        while await page.value("document.readyState") != "complete":
            await asyncio.sleep(0.1)
        # What is there is the browser's own word on an empty answer.
        assert not await page.value("[...document.scripts].some(script => script.src)")
        assert await page.value("document.querySelectorAll('.xterm, canvas').length") == 0
