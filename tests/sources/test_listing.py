"""Which of what a far place holds are logs, whatever kind of place it is."""

from __future__ import annotations

from lossmon.sources.listing import newest_logs


def test_logs_come_newest_first_without_what_rotation_moved_away() -> None:
    found = [
        ("a/train.log", 10.0),
        ("a/train.log.1", 9.0),
        ("b/old.log.1", 3.0),  # whose log is gone: one by itself
        ("b/model.safetensors", 99.0),
        ("b/.hidden.log", 98.0),
        ("c/metrics.jsonl", 20.0),
        ("c/train.log.1", 1.0),  # of a log in another folder, so not of that one
    ]
    assert newest_logs(found) == ["c/metrics.jsonl", "a/train.log", "b/old.log.1", "c/train.log.1"]
