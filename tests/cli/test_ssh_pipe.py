"""`ssh host tail -F log | lossmon -`: a real sshd, a real terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.terminal import changed_modes
from tests.cli.test_terminal_faults import COMMAND, Shell
from tests.servers import SshServer


def rows(start: int, stop: int) -> str:
    """Return lines as a trainer logs them."""
    return "".join(
        json.dumps({"step": n, "loss": 3 / (n + 1) + 0.5}) + "\n" for n in range(start, stop)
    )


def at_step(step: int) -> Callable[[str], bool]:
    """Whether the numbers of the run are those of a step."""
    return lambda text: re.search(rf"step +{step}\b", text) is not None


@pytest.mark.parametrize("option", ["", "-tt"])
def test_keys_answer_and_the_end_of_a_cut_connection_finishes_the_run(
    ssh_server: SshServer, tmp_path: Path, option: str
) -> None:
    """With a terminal of its own (`-t`) the far side ends its lines with CR LF."""
    log = tmp_path / "far.jsonl"
    log.write_text(rows(0, 40))
    far = f"{ssh_server.command} {option} trainer tail -n +1 -F {log}"
    script = f"{far} </dev/null | {COMMAND} -; echo left $?"
    with Shell(script, tmp_path) as terminal:
        terminal.until(at_step(39))
        terminal.type("?")
        terminal.until(lambda text: "lossmon: help" in text)
        terminal.type("\x1b")
        terminal.until(lambda text: "lossmon: help" not in text)
        with log.open("a") as file:
            file.write(rows(40, 41))
        terminal.until(at_step(40))
        with log.open("a") as file:
            file.write('{"step": 41, "lo')  # the line is cut in the middle of this one
        assert ssh_server.cut()
        text = terminal.until(lambda text: "finished" in text)
        assert at_step(40)(text)
        terminal.type("1")
        terminal.until(lambda text: "lossmon  runs" in text)
        terminal.type("q")
        terminal.until(lambda text: "left 0" in text)
        terminal.end()
        assert terminal.after == terminal.before
        assert not changed_modes(terminal.raw)
        assert b"Traceback" not in terminal.raw
