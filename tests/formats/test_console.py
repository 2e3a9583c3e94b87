"""What console formats share: numbers, bars, ranks, crashes, and what is no log."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats.bars import parse_bar
from lossmon.formats.console import NUM, ConsoleFormat, is_document, number, says_crash
from lossmon.formats.registry import formats
from tests.formats.console_samples import claim, points, read_text

ITER = "iter {}: loss {}, time 51.62ms, mfu 6.57%\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5", 1.5), ("1,234", 1234.0), ("12,345.5", 12345.5), ("1e-05", 1e-5), ("-inf", -math.inf)],
)
def test_number(text: str, value: float) -> None:
    assert number(text) == value


def test_number_refuses_words() -> None:
    assert number("n/a") is None
    assert number("1,x") is None
    assert math.isnan(number("-nan") or 0.0)


@given(st.floats() | st.floats(width=32))
def test_pattern_takes_every_float_that_python_prints(value: float) -> None:
    for text in (repr(value), f"{value:.4g}", f"{value:.6E}", f"{value:.4f}"):
        assert re.fullmatch(NUM, text), text


def test_bar() -> None:
    bar = parse_bar("Epoch 3/6:  45%|####5     | 18/40 [00:01<00:02, 9.8it/s, loss=0.53, lr=3e-3]")
    assert bar is not None
    assert (bar.description, bar.n, bar.total) == ("Epoch 3/6", 18, 40)
    assert bar.values == {"loss": 0.53, "lr": 3e-3}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Loss: 0.532:  10%|#         | 4/40 [00:01<00:02, 9.8it/s]", {"Loss": 0.532}),
        ("ep 1 loss=1.5e-3 | 10%|#   | 4/40 [00:01<00:02, 9.8it/s]", {"loss": 1.5e-3}),
        ("12it [00:01, 9.8it/s, loss=nan]", {"loss": math.nan}),
        ("x:  10%|#  | 4/40 [00:01<?, ?it/s, acc=91.2%, name=resnet]", {"acc": 91.2}),
    ],
)
def test_bar_values(text: str, values: dict[str, float]) -> None:
    bar = parse_bar(text)
    assert bar is not None
    assert bar.values == pytest.approx(values, nan_ok=True)


@pytest.mark.parametrize(
    "text",
    [
        "Steps:  99%|##| 226/228 [00:19<00:00, 12.65it/s, lr=0.001, step_loss=0.6",
        "| model | 45%| done |",
        "100%|",
        "it [",
    ],
)
def test_no_bar(text: str) -> None:
    """A frame cut off in the middle is none: its last number may be cut too."""
    assert parse_bar(text) is None


def test_only_the_first_rank_that_logs_counts() -> None:
    text = "".join(
        f"[rank{rank}]: " + ITER.format(step, 2.0 - rank) for step in (0, 1) for rank in (1, 0)
    )
    run, _ = read_text("nanogpt", text)
    assert points(run, "loss") == [(0.0, 1.0), (1.0, 1.0)]


TRACEBACK = "Traceback (most recent call last):\n  File x\nKeyboardInterrupt\n"


def test_a_traceback_at_the_end_is_a_crash() -> None:
    assert read_text("nanogpt", ITER.format(0, 2.0) + TRACEBACK)[1].info.crashed


def test_a_run_that_logs_on_has_not_crashed() -> None:
    text = ITER.format(0, 2.0) + "[rank3]: " + TRACEBACK + ITER.format(1, 2.0)
    assert not read_text("nanogpt", text)[1].info.crashed


def test_words_of_a_crash() -> None:
    assert says_crash("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB")
    assert says_crash("slurmstepd: error: *** JOB 12 ON n1 CANCELLED DUE TO TIME LIMIT ***")
    assert not says_crash("no traceback here")


@pytest.mark.parametrize("filename", ["train.py", "README.md", "README", "METADATA", "a.ipynb"])
def test_files_that_quote_a_log_are_none(filename: str) -> None:
    text = "".join(ITER.format(step, 2.0) for step in range(9))
    assert is_document(filename, b"")
    assert claim(text, filename) != "nanogpt"
    assert claim(text, "train.log") == "nanogpt"


def test_print_statements_are_no_lines() -> None:
    source = (
        'print(f"iter {iter_num}: loss {lossf:.4f}, time {dt*1000:.2f}ms, mfu {mfu:.2f}%")\n'
        'print(f"step {step:5d} | loss: {loss:.6f} | lr {lr:.4e} | norm: {norm:.4f}")\n'
        'print({"loss": round(loss, 4), "epoch": epoch})\n'
    )
    assert claim(source * 20) is None


def test_recognised_behind_pages_of_other_text() -> None:
    noise = "".join(f"  adam_beta{i} ............ 0.9  UserWarning: {i} of 7\n" for i in range(900))
    assert claim(noise + ITER.format(0, 2.0) + ITER.format(10, 1.9)) == "nanogpt"


HOSTILE = [
    "iter " * 150_000,
    "step:1/2 " * 90_000,
    "{'a': 1, " * 90_000,
    "10%|" * 200_000,
    "| 1/2 [" * 120_000,
    "[" * 800_000,
    "step     1 | loss: 1 " * 40_000,
    " iteration        1/" * 40_000,
    "Epoch 1: " * 80_000,
    "'x': '1', " * 80_000 + "'epoch': 1}",
    "[batch=1/2]" * 70_000,
    "1" * 800_000,
    "steps: 1 " + "a: 1 " * 160_000,
]


@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: line[:12])
def test_hostile_lines_end(line: str) -> None:
    """A pattern that runs away would not come back from these within a day."""
    for fmt in formats():
        if isinstance(fmt, ConsoleFormat) and fmt.__module__.startswith("lossmon."):
            fmt.sniff(line.encode()[:65536], "x.log")
            parser = fmt.parser()
            parser.feed((line + "\n").encode())
            assert len(parser.finish()) <= 1


@pytest.mark.parametrize(("code", "finished"), [("0", True), ("1", False)])
def test_the_end_of_a_recorded_terminal(code: str, finished: bool) -> None:
    text = ITER.format(0, 2.0)
    text += f'Script done on 2026-11-22 21:59:57+00:00 [COMMAND_EXIT_CODE="{code}"]\n'
    info = read_text("nanogpt", text)[1].info
    assert (info.finished, info.crashed) == (finished, not finished)


def test_any_rank_can_crash() -> None:
    text = "[rank0]: " + ITER.format(0, 2.0) + "[rank1]: \n[rank1]: " + TRACEBACK
    run, parser = read_text("nanogpt", text)
    assert parser.info.crashed
    assert points(run, "loss") == [(0.0, 2.0)]
