"""The limits that are explained are those that hold."""

from __future__ import annotations

from lossmon.formats.lines import MAX_LINE
from lossmon.monitor.limits import LIMITS, Limit


def test_each_limit_says_what_how_much_and_what_then() -> None:
    assert len({limit.what for limit in LIMITS}) == len(LIMITS)
    for limit in LIMITS:
        assert limit.value > 0
        assert limit.beyond
        assert not limit.beyond.endswith(".")
    assert any(limit.value == MAX_LINE for limit in LIMITS)


def test_amounts_read_well() -> None:
    assert Limit("", 1 << 20, "bytes", "").amount == "1 MiB"
    assert Limit("", 512 << 20, "bytes", "").amount == "512 MiB"
    assert Limit("", 500, "bytes", "").amount == "500 bytes"
    assert Limit("", 2000, "names", "").amount == "2,000 names"
