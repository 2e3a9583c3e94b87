"""The HTML report in a real browser: offline, in light and in dark, on paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import lossmon
from lossmon.report import html_report
from tests.browser import browser, needs_browser, recording_proxy
from tests.cli.command import DEMO
from tests.pixels import pixels
from tests.report.test_formats import hostile

pytestmark = [needs_browser, pytest.mark.xdist_group("browser")]

OWN = (b"google.com", b"googleapis.com", b"gvt1.com")
"""Whom the browser itself asks, whatever the page."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = lossmon.read([DEMO / "overfitting", DEMO / "nan"])
    target = tmp_path_factory.mktemp("page") / "report.html"
    beacon = hostile()
    named = type(beacon)(
        **{**beacon.__dict__, "name": '<img src="http://evil.example/x.png">', "id": "evil"}
    )
    target.write_text(html_report.render([*runs, named]), encoding="utf-8")
    return target


def asked(folder: Path, page: Path) -> tuple[bytes, list[bytes]]:
    """Return the document as the browser sees it, and the requests that left it."""
    with recording_proxy() as (proxy, seen):
        document = browser(
            folder, f"--proxy-server={proxy}", "--proxy-bypass-list=<-loopback>", "--dump-dom",
            page.as_uri(),
        )  # fmt: skip
    return document, [line for line in seen if not own(line)]


def own(line: bytes) -> bool:
    """Say whether the browser asks of itself: a connection kept ready, a probe of its names."""
    host = (
        line.partition(b"://")[2].partition(b"/")[0] or line.partition(b" ")[2].partition(b" ")[0]
    )
    return not line or b"." not in host or any(name in line for name in OWN)


def test_no_request_leaves_the_page(tmp_path: Path, page: Path) -> None:
    document, requests = asked(tmp_path, page)
    assert requests == []
    assert document.count(b"<svg ") == 4
    assert b"overfitting" in document
    # The same page without its policy and escaping would ask: the recorder does see.
    other = tmp_path / "other.html"
    other.write_text('<img src="http://evil.example/x.png">')
    assert any(b"evil.example" in line for line in asked(tmp_path, other)[1])


def test_light_and_dark_follow_the_reader(tmp_path: Path, page: Path) -> None:
    grounds = []
    for number, options in enumerate(([], ["--blink-settings=preferredColorScheme=0"])):
        picture = tmp_path / f"{number}.png"
        size = "--window-size=700,160"
        browser(tmp_path, *options, size, f"--screenshot={picture}", page.as_uri())
        drawn = pixels(picture.read_bytes())
        grounds.append(int(np.median(drawn[..., 1])))
    light, dark = grounds
    assert light > 230
    assert dark < 40


def test_it_prints(tmp_path: Path, page: Path) -> None:
    target = tmp_path / "report.pdf"
    browser(tmp_path, f"--print-to-pdf={target}", page.as_uri())
    data = target.read_bytes()
    assert data.startswith(b"%PDF-")
    assert 3 <= data.count(b"/Type /Page\n") <= 8
