"""The real command on a real terminal: what is appended is seen, and nothing is left behind."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.cli.command import DEMO, lossmon
from tests.cli.terminal import Terminal, changed_modes

OVERFITTING = (DEMO / "overfitting" / "console.txt").read_bytes()
HEALTHY_PART = OVERFITTING[: OVERFITTING.index(b"'epoch': '11.67'")]


def test_modes_that_are_left_on_are_seen() -> None:
    assert changed_modes(b"\x1b[?1049h\x1b[?1000;1006h\x1b[?25l\x1b[>1u") == {
        b"1049", b"1000", b"1006", b"25", b"kitty",
    }  # fmt: skip
    assert changed_modes(b"\x1b[?1049h\x1b[?25l\x1b[>1u\x1b[<u\x1b[?1049l\x1b[?25h") == set()


def test_an_appended_line_and_its_warning_come_on_screen(tmp_path: Path) -> None:
    log = tmp_path / "console.txt"
    log.write_bytes(HEALTHY_PART)
    with Terminal(log, cwd=tmp_path) as terminal:
        terminal.until(lambda text: "eval_loss" in text)
        assert "overfitting" not in terminal.text.lower().replace("overfitting is not", "")
        with log.open("ab") as file:
            file.write(OVERFITTING[len(HEALTHY_PART) :])
        best = "2.638"
        terminal.until(lambda text: all(part in text for part in ("overfitting", "480", best)))
        terminal.type("q")
        assert terminal.end() == 0
        assert terminal.after == terminal.before
        assert changed_modes(terminal.raw) == set()


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (240, 70), (20, 5), (1, 1)])
def test_any_size_is_survived_and_left(tmp_path: Path, size: tuple[int, int]) -> None:
    with Terminal(DEMO, cwd=tmp_path) as terminal:
        terminal.until(lambda text: "11 runs" in text and "quit" in text)
        terminal.resize(*size)
        written = len(terminal.raw)
        terminal.until(lambda _: len(terminal.raw) > written)  # drawn at this size, too
        terminal.resize(100, 30)
        terminal.until(lambda text: "11 runs" in text and "quit" in text)
        terminal.type("q")
        assert terminal.end() == 0
        assert b"Traceback" not in terminal.raw
        assert changed_modes(terminal.raw) == set()


def test_the_demo_plays_until_a_warning(tmp_path: Path) -> None:
    with Terminal("demo", "--speed", "20", cwd=tmp_path) as terminal:
        terminal.until(lambda text: "overfitting" in text.lower())
        terminal.type("q")
        assert terminal.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_terminal_as_it_was(
    tmp_path: Path, number: signal.Signals
) -> None:
    with Terminal(DEMO, cwd=tmp_path) as terminal:
        terminal.until(lambda text: "11 runs" in text and "quit" in text)
        terminal.process.send_signal(number)
        terminal.end()
        assert terminal.after == terminal.before
        assert b"Traceback" not in terminal.raw
        assert changed_modes(terminal.raw) == set()


@pytest.mark.parametrize(
    "extra",
    [
        {"TERM": "linux", "COLORTERM": ""},
        {"TERM": "screen-256color", "COLORTERM": ""},
        {"TERM": "dumb"},
        {"NO_COLOR": "1"},
        {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
def test_poor_terminals_work(tmp_path: Path, extra: dict[str, str]) -> None:
    with Terminal(DEMO, cwd=tmp_path, **extra) as terminal:
        terminal.until(lambda text: "11 runs" in text and "quit" in text)
        terminal.type("q")
        assert terminal.end() == 0
        assert b"Traceback" not in terminal.raw
        assert changed_modes(terminal.raw) == set()
        assert terminal.after == terminal.before


def test_the_command_line_chooses_the_view_and_the_panes(tmp_path: Path) -> None:
    with Terminal(DEMO, "--panes", "2x2", cwd=tmp_path) as terminal:
        terminal.until(lambda text: "panes" in text and "split" in text and "11 runs" in text)
        terminal.type("q")
        assert terminal.end() == 0
    with Terminal(DEMO, "--view", "overview", cwd=tmp_path) as terminal:
        terminal.until(lambda text: "best eval" in text and "sort" in text)
        terminal.type("q")
        assert terminal.end() == 0


@pytest.mark.parametrize("arguments", [["--panes", "5x5"], ["--panes", "two"], ["--view", "moon"]])
def test_a_wrong_view_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    done = lossmon(DEMO, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_letters_that_come_with_the_key_of_a_prompt_are_the_prompts(tmp_path: Path) -> None:
    """Over a slow line keys come together: `/q` filters, it does not quit."""
    for name, scale in (("quiet", 1), ("loud", 7)):
        (tmp_path / f"{name}.jsonl").write_text(
            "".join(f'{{"step": {n}, "loss": {scale / (n + 1)}}}\n' for n in range(50))
        )
    with Terminal("--view", "overview", tmp_path, cwd=tmp_path) as terminal:
        terminal.until(lambda text: "loud" in text and "quiet" in text)
        terminal.type("/quie")
        terminal.until(lambda text: "loud" not in text)
        assert "quiet" in terminal.text
        terminal.type("\r")
        terminal.until(lambda text: "? help" in text)  # the prompt is gone
        terminal.type("q")
        assert terminal.end() == 0
