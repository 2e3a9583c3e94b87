"""Attacks: logs that try to reach the terminal, and how what they could send there is told."""

from __future__ import annotations

import json
import os
import re
import struct
import unicodedata
from pathlib import Path

from tests.formats import encoding

ATTACK = (
    "\x1b]52;c;ZXZpbA==\x07\x1b]0;pwned\x07\x1b[2J\x1b[1;1H\x9b31m"
    "[red]x[/red][@click=app.quit]q[/][link=x]\u202e\u200b"
)
"""Clipboard, title, cursor, colour (C1 too), markup, right-to-left, zero width."""

MARKUP = ("[red]red.jsonl", "[@click=app.quit]click.jsonl", "[unclosed.jsonl", "[bold]b.jsonl")
ESCAPES = ("new\nline.jsonl", "esc\x1b]0;pwned\x07\x1b[2J.jsonl", "bidi\u202elnosj.jsonl")


def rows(count: int = 30, **more: float) -> str:
    return "".join(
        json.dumps({"step": step, "loss": 3 / (step + 1) + 0.5, **more}) + "\n"
        for step in range(count)
    )


def deep(folder: Path) -> None:
    lines = ['{"a":' * 100_000 + "1" + "}" * 100_000, "[" * 100_000]
    lines += ['{"step": 31, "loss": 1e999}', '{"step": 1e999, "loss": 1}']
    (folder / "deep.jsonl").write_text(rows() + "\n".join(lines) + "\n")
    (folder / "out").mkdir()
    (folder / "out" / "trainer_state.json").write_text(
        '{"log_history":' + "[" * 100_000 + "]" * 100_000 + "}"
    )


def binary(folder: Path) -> None:
    """Records that claim 2^60 bytes behind sound ones, and garbage under names that are known."""
    length = struct.pack("<Q", 1 << 60)
    claim = length + struct.pack("<I", encoding.masked(encoding.crc32c(length))) + b"x" * 1000
    events = encoding.event_file(
        [(step, {"loss": 0.5 + 1 / (step + 1), ATTACK: 1.0}) for step in range(30)]
    )
    history = [encoding.history(step, {"loss": "0.5", ATTACK: "1.0"}) for step in range(30)]
    noise = bytes(range(256)) * 100
    for name, data in {
        "tb/events.out.tfevents.1.h": events + claim,
        "wb/run-x.wandb": encoding.wandb_file(history) + b"\xff" * 5000,
        "noise/events.out.tfevents.2.h": noise,
        "noise/run-y.wandb": b":W&B" + noise,
        "noise/mlflow.db": b"SQLite format 3\0" + noise,
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)


def build(folder: Path) -> Path:
    """Fill a directory with attacks, and one sound run among them."""
    (folder / "sound.jsonl").write_text(rows())
    (folder / "names.jsonl").write_text(rows(**{ATTACK: 1.0}))
    (folder / "long_names.jsonl").write_text(rows(**{"x" * 1_000_000: 1.0}))
    for name in (*MARKUP, *ESCAPES, os.fsdecode(b"bytes\xff\xfe.jsonl")):
        (folder / name).write_text(rows())
    deep(folder)
    binary(folder)
    (folder / "loop").mkdir()
    (folder / "loop" / "again").symlink_to(folder)
    (folder / "self.jsonl").symlink_to("self.jsonl")
    return folder


_SEQUENCE = re.compile(
    r"\x1b(?:\[(?P<mark>[<-?]?)[0-9;:]*[ $]?(?P<last>[@-~])"
    r"|\](?P<system>[^\x07\x1b]*)(?:\x07|\x1b\\)|(?P<other>.))",
    re.DOTALL,
)
_PLAIN = frozenset("mHABCDGJKu")
_OWN_MODES = frozenset("hlpu")


def raw_of(output: bytes) -> list[str]:
    """Return what in a terminal's input no screen of ours writes: it came from a log."""
    text = output.decode()  # UnicodeDecodeError: bytes of a log
    found = []
    for match in _SEQUENCE.finditer(text):
        allowed = (
            match["last"] in (_OWN_MODES if match["mark"] else _PLAIN)
            if match["last"]
            else match["system"] is not None and match["system"].startswith("22;")  # the pointer
        )
        if not allowed or match[0] in ("\x1b[31m", "\x1b[2J"):
            found.append(match[0])
    rest = _SEQUENCE.sub("", text)
    unsafe = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return found + [c for c in rest if unicodedata.category(c) in unsafe and c not in "\r\n"]
