"""The index of formats says what importing them says, and hides no claim."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lossmon.formats import _index, registry
from lossmon.formats.__main__ import entry_of
from lossmon.formats.base import HEAD_BYTES, Format
from lossmon.formats.head import Head

DATA = Path(__file__).parents[1] / "data"
LOGS = sorted(path for path in DATA.rglob("*") if path.is_file())
FORMATS = registry.formats()


def heads() -> list[tuple[str, bytes]]:
    found = [(fmt.name, fmt.sample.encode()) for fmt in FORMATS]
    for path in LOGS:
        data = path.read_bytes()[:HEAD_BYTES]
        found += [(path.name, data), (path.name, data[: len(data) // 3])]
    return found


def test_the_index_is_current() -> None:
    named = {name: eval(entry_of(name), {"Entry": _index.Entry}) for name in registry.modules()}
    assert named == _index.INDEX, "run `python -m lossmon.formats`"


def test_no_format_claims_a_head_that_its_index_denies() -> None:
    for name, data in heads():
        head = Head(data)
        for fmt in FORMATS:
            if fmt.needles and not any(needle in head.text for needle in fmt.needles):
                assert fmt.sniff(head, name) is None, (fmt.name, name)
            if fmt.binary and len(head) >= 12 and b"\0" not in head[:64]:
                assert fmt.sniff(head, name) is None, (fmt.name, name)


def everyone_asked(head: bytes, filename: str) -> list[tuple[float, str]]:
    """What `recognise` says where every format is imported and asked."""

    def ask(formats: list[Format]) -> list[tuple[float, str]]:
        sniffs = [(fmt.sniff(Head(head), filename), fmt.name) for fmt in formats]
        return [(-s.confidence, name) for s, name in sniffs if s and s.confidence >= registry.LEAST]

    claims = ask([fmt for fmt in FORMATS if not fmt.last_resort])
    if not any(-confidence >= registry.SURE for confidence, _ in claims):
        last = ask([fmt for fmt in FORMATS if fmt.last_resort])
        claims += [claim for claim in last if claim[1] != "text"]
        claims += [claim for claim in last if claim[1] == "text" and not claims]
    return sorted(claims, key=lambda claim: claim[0])


def test_claims_are_those_of_all_formats() -> None:
    for name, data in heads():
        found = [(-sniff.confidence, fmt.name) for sniff, fmt in registry.recognise(data, name)]
        assert found == everyone_asked(data, name), name


def test_formats_are_had_by_name() -> None:
    for fmt in FORMATS:
        assert registry.get(fmt.name) is fmt
    assert {fmt.name for fmt in registry.table_formats()} == {
        fmt.name for fmt in FORMATS if fmt.kind == "table"
    }


@pytest.mark.parametrize("head", ['{"step": 1, "loss": 2.5}\n', "step,loss\n1,2.5\n2,2.4\n"])
def test_a_plain_log_imports_few_formats(head: str) -> None:
    code = (
        "import sys; from lossmon.formats import registry\n"
        f"registry.recognise({head.encode()!r}, 'log')\n"
        "print(sum(name.startswith('lossmon.formats.') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 30
