"""`lossmon serve` answers to the token alone, and shows the screen to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from lossmon.cli.serve import checked_token
from lossmon.errors import UsageError
from tests.cli.command import DEMO, environment

aiohttp = pytest.importorskip("aiohttp", reason="the extra `web` is not installed")
pytest.importorskip("textual_serve", reason="the extra `web` is not installed")


def test_open_addresses_want_a_token() -> None:
    assert len(checked_token("127.0.0.1", None)) >= 24
    assert checked_token("::1", None) != checked_token("localhost", None)
    for host, token in (("0.0.0.0", None), ("example.org", None), ("127.0.0.1", "short")):
        with pytest.raises(UsageError):
            checked_token(host, token)
    with pytest.raises(UsageError):
        checked_token("0.0.0.0", "with spaces in the token")
    assert checked_token("0.0.0.0", "a" * 32) == "a" * 32


async def test_a_real_server(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lossmon", "serve", str(DEMO / "overfitting"), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=tmp_path,
        env=environment(tmp_path),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = (await asyncio.to_thread(process.stdout.readline)).decode().strip()
        address, _, token = line.partition("/?token=")
        assert address.startswith("http://127.0.0.1:")
        async with asyncio.timeout(40):
            await _nothing_without(address)
            await _everything_with(address, token)
    finally:
        process.terminate()
        process.communicate(timeout=20)


async def _get(session: aiohttp.ClientSession, url: str) -> aiohttp.ClientResponse:
    while True:
        try:
            return await session.get(url)
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.05)  # the address is printed just before it is listened at


async def _nothing_without(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/?token=wrong", "/ws", "/static/js/textual.js", "/download/x"):
            answer = await _get(session, address + path)
            assert (answer.status, await answer.read()) == (403, b""), path


async def _everything_with(address: str, token: str) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        answer = await _get(session, f"{address}/?token={token}")
        assert answer.status == 200
        assert "token" not in str(answer.url)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        foreign = await session.get(f"{address}/ws", headers={"Origin": "http://evil.example"})
        assert foreign.status == 403
        async with session.ws_connect(f"{address}/ws?width=100&height=30") as socket:
            seen = b""
            while b"overfitting" not in seen:
                message = await socket.receive()
                assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT)
                if message.type is aiohttp.WSMsgType.BINARY:
                    seen += message.data
