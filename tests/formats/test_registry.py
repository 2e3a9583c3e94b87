"""The registry: names, ranking, packages that fail, heads worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata

import pytest

from lossmon.errors import UsageError
from lossmon.formats import registry
from lossmon.formats.base import Context, Parser, Sniff, StreamFormat
from lossmon.formats.head import Head
from lossmon.formats.json_lines import JsonLinesParser


class Other(StreamFormat):
    """A format of another package."""

    name = "other"
    title = "Other"
    sample = "other"

    def sniff(self, head: bytes, filename: str) -> Sniff | None:
        return Sniff(0.99, "begins with other") if head.startswith(b"other") else None

    def parser(self, context: Context | None = None) -> Parser:
        return JsonLinesParser(context)


class Twice(Other):
    """A format whose name is taken."""

    name = "jsonl"


NOTHING = 3


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    names = {"good": "Other", "twice": "Twice", "wrong": "NOTHING", "missing": "ABSENT"}
    entries = [
        metadata.EntryPoint(name, f"{__name__}:{value}", registry.ENTRY_POINT_GROUP)
        for name, value in names.items()
    ]
    entries.append(metadata.EntryPoint("gone", "no_such_package:X", registry.ENTRY_POINT_GROUP))
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries)
    monkeypatch.setattr(registry, "_others_installed", lambda: True)
    monkeypatch.setattr(registry, "_FAILURES", [])
    registry.formats.cache_clear()
    registry._others.cache_clear()
    yield
    registry.formats.cache_clear()
    registry._others.cache_clear()


@pytest.mark.usefixtures("entry_points")
def test_formats_of_other_packages() -> None:
    assert registry.recognise(b"other text", "x")[0][1].name == "other"
    assert registry.get("other").title == "Other"
    failures = "\n".join(registry.failures())
    assert len(registry.failures()) == 4
    for word in ("already", "no lossmon.formats.base.Format", "ABSENT", "no_such_package"):
        assert word in failures


def test_unknown_name() -> None:
    with pytest.raises(UsageError, match="no format is called 'nope'"):
        registry.get("nope")


def test_surest_claim_comes_first() -> None:
    head = b'{"mode": "train", "epoch": 1, "iter": 50, "loss": 2.5}\n' * 3
    claims = registry.recognise(head, "a.log.json")
    assert [fmt.name for _, fmt in claims][:2] == ["openmmlab-json", "jsonl"]
    confidences = [sniff.confidence for sniff, _ in claims]
    assert confidences == sorted(confidences, reverse=True)


def test_a_head_is_worked_out_once() -> None:
    head = Head(b'\xef\xbb\xbfone\r\ntwo\x1b[0m\n\n{"loss": NaN}\nlast')
    assert Head.of(head) is head
    assert head.text is head.text
    assert head.lines == ("one", "two", '{"loss": NaN}', "last")
    assert len(head.records) == 1
    assert not head.binary
    assert Head(bytes(range(256)) * 8).binary
    assert Head("loss".encode("utf-16")).lines == ("loss",)
    assert not Head(b"text" + b"\0" * 4000 + b"text").binary
    assert Head(bytes(range(256)) * 8).lines == ()
