"""The Trainer's console: steps from the bar or the order of the lines; many lines at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats import hf_console
from lossmon.formats.hf_console import FORMAT
from lossmon.formats.lines import LineParser
from tests.formats.console_samples import claim, points, read_sample, read_text
from tests.formats.reading import rows_of

NAME = "hf-trainer-console"


def bar(n: int, total: int = 400) -> str:
    blocks = "█" * (10 * n // total)
    return f"\r {100 * n // total:3d}%|{blocks:<10}| {n}/{total} [00:00<00:06, 62.1it/s]"


def logged(loss: str, epoch: str) -> str:
    return f"\r              \r{{'loss': {loss}, 'grad_norm': '1.5', 'epoch': {epoch}}}\n"


def test_steps_from_the_bar_drawn_after_the_line() -> None:
    run, parser = read_sample(NAME, "v5-two-eval-sets.txt")
    train = run.view("loss")
    assert train.steps.tolist() == [1.0, *range(7, 148, 7)]
    assert (train.values[0], train.values[-1]) == (5.346, 2.466)
    assert run.view("eval_code_loss").steps.tolist() == [25, 50, 75, 100, 125, 150]
    assert run.view("eval_prose_loss").steps.tolist() == [25, 50, 75, 100, 125, 150]
    assert parser.info.total_steps == 150
    assert parser.info.finished
    assert not parser.info.steps_estimated


def test_resumed_run_goes_back() -> None:
    run, parser = read_sample(NAME, "v4-resumed.txt")
    steps = run.view("loss").steps.tolist()
    assert steps == [*range(10, 231, 10), *range(210, 401, 10)]
    assert run.view("eval_loss").steps.tolist() == list(range(50, 401, 50))
    assert parser.info.finished


def test_nan_is_kept() -> None:
    run, _ = read_sample(NAME, "v5-nan.txt")
    view = run.view("loss")
    assert view.steps[np.isnan(view.values)].tolist() == list(range(70, 301, 5))


def test_bare_nan_of_version_4() -> None:
    run, _ = read_text(NAME, bar(5) + logged("nan", "0.1") + bar(10) + "\n")
    assert points(run, "loss") == [(10.0, math.inf)]


def test_without_bars_the_epochs_and_the_interval_give_steps_and_that_is_said() -> None:
    run, parser = read_sample(NAME, "v5-no-bar.txt")
    assert run.view("loss").steps.tolist() == list(range(10, 201, 10))
    assert run.view("eval_loss").steps.tolist() == [50, 100, 150, 200]
    assert parser.info.steps_estimated


def trainer_lines(
    logging: int,
    per_epoch: int,
    steps: int,
    version: int = 5,
    first: bool = False,
    warmup: int = 0,
    eval_every: int = 0,
    start: int = 0,
) -> tuple[str, list[int], list[int]]:
    """Write what a Trainer prints; also return the steps of its lines and evaluations."""

    def epoch(step: int) -> str:
        said = step / per_epoch
        return f"'{said:.4g}'" if version == 5 else repr(round(said, 2))

    text, trained, evaluated = "", [], []
    for step in range(start + 1, steps + 1):
        if step % logging == 0 or (first and step == 1):
            rate = 1 - (step - 1 - warmup) / (steps - warmup)
            if step <= warmup:
                rate = (step - 1) / warmup
            said = f"'{2e-4 * rate:.4g}'" if version == 5 else repr(2e-4 * rate)
            text += f"{{'loss': 1.5, 'learning_rate': {said}, 'epoch': {epoch(step)}}}\n"
            trained.append(step)
        if eval_every and step % eval_every == 0:
            text += f"{{'eval_loss': 1.5, 'epoch': {epoch(step)}}}\n"
            evaluated.append(step)
    return text, trained, evaluated


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("logging", [1, 5, 10, 50, 100, 500])
@pytest.mark.parametrize("per_epoch", [38, 293, 625, 2930])
@pytest.mark.parametrize(("first", "warmup"), [(False, 0), (True, 0), (False, 2), (False, 20)])
def test_the_rates_tell_the_interval(
    version: int, logging: int, per_epoch: int, first: bool, warmup: int
) -> None:
    if first and (logging == 1 or (logging == 500 and per_epoch < 100)):
        pytest.skip("the first step is logged anyway, or the lines say nothing of it")
    if version == 5 and logging > 10 and not warmup and not first:
        pytest.skip("rates of 4 digits that fall slowly tell no more than that it is long")
    text, steps, _ = trainer_lines(
        logging, per_epoch, 40 * logging, version, first, warmup * logging
    )
    run, parser = read_text(NAME, text)
    assert run.view("loss").steps.tolist() == steps
    assert parser.info.steps_estimated


def test_evaluations_between_the_lines() -> None:
    text, steps, evaluations = trainer_lines(10, 38, 380, eval_every=19)
    run, _ = read_text(NAME, text)
    assert run.view("loss").steps.tolist() == steps
    assert run.view("eval_loss").steps.tolist() == evaluations


def test_a_log_that_begins_in_the_middle() -> None:
    text, steps, _ = trainer_lines(10, 293, 600, start=305)
    run, _ = read_text(NAME, text)
    assert run.view("loss").steps.tolist() == steps


def test_lines_once_an_epoch_and_evaluations_alone_are_counted() -> None:
    text = "".join(logged("1.5", f"{epoch}.0") for epoch in range(1, 6))
    assert read_text(NAME, text)[0].view("loss").steps.tolist() == [1, 2, 3, 4, 5]
    text = "".join(f"{{'eval_loss': 1.5, 'epoch': {epoch}.0}}\n" for epoch in range(4))
    run, parser = read_text(NAME, text)
    assert run.view("eval_loss").steps.tolist() == [0, 1, 2, 3]
    assert parser.info.steps_estimated


def test_without_bars_the_printed_sizes_give_real_steps() -> None:
    header = (
        "***** Running training *****\n  Num examples = 1,000\n  Num Epochs = 2\n"
        "  Total train batch size (w. parallel, distributed & accumulation) = 10\n"
        "  Total optimization steps = 200\n"
    )
    lines = "".join(logged("1.5", f"{step / 100:.2f}") for step in range(5, 201, 5))
    run, parser = read_text(NAME, header + lines)
    assert run.view("loss").steps.tolist() == list(range(5, 201, 5))
    assert parser.info.steps_estimated
    assert parser.info.total_steps == 200
    assert parser.info.total_epochs == 2


def test_a_resumed_run_without_bars_goes_back() -> None:
    epochs = [0.1, 0.2, 0.3, 0.4, 0.5, 0.4, 0.5, 0.6]
    run, _ = read_text(NAME, "".join(logged("1.5", str(epoch)) for epoch in epochs))
    assert run.view("loss").steps.tolist() == [10, 20, 30, 40, 50, 40, 50, 60]


def test_evaluation_bars_are_not_taken_for_the_training_bar() -> None:
    text = (
        bar(0) + bar(10) + logged("2.0", "0.1") + bar(10) + "\n"
        "\r  0%|          | 0/4 [00:00<?, ?it/s]\x1b[A\r     \r\x1b[A"
        "{'eval_loss': '2.5', 'epoch': '0.1'}\n"
        "\r100%|██████████| 4/4 [00:00<00:00, 54.7it/s]\x1b[A\r" + bar(10) + "\n"
    )
    run, _ = read_text(NAME, text)
    assert points(run, "eval_loss") == [(10.0, 2.5)]


def test_the_summary_of_the_run_is_no_point() -> None:
    text = logged("2.0", "0.5") + logged("1.0", "1.0")
    text += "{'train_runtime': '9.2', 'train_loss': '1.5', 'epoch': '1'}\n"
    run, parser = read_text(NAME, text)
    assert "train_loss" not in run.series
    assert parser.info.finished


def test_bar_and_line_in_one_line() -> None:
    """Where nothing cleared the bar before the line was printed."""
    text = (
        bar(7).strip("\r")
        + "{'loss': 2.0, 'epoch': 0.1}\n"
        + bar(10)
        + "{'loss': 1.0, 'epoch': 0.2}\n"
    )
    text += bar(20) + "\n"
    assert points(read_text(NAME, text)[0], "loss") == [(10.0, 2.0), (20.0, 1.0)]


def test_unit_of_supervised_fine_tuning() -> None:
    assert read_sample(NAME, "trl-sft-lora.txt")[1].info.loss_unit == "nats"
    assert read_sample(NAME, "v5-no-bar.txt")[1].info.loss_unit is None


def test_dicts_of_others_are_not_claimed() -> None:
    assert claim("{'training_steps': 5, 'loss': 2.0}\n" * 9) != NAME
    assert claim("{'loss': 'mse', 'epochs': 5, 'lr': 0.1}\n") != NAME


# The fast path takes what the slow path would have taken, or nothing.

VALUE = st.one_of(
    st.floats(allow_nan=True).map(lambda v: f"'{v:.4g}'"),
    st.floats(allow_nan=True, width=32).map(repr),
    st.integers(-5, 10**20).map(str),
    st.sampled_from(
        ["'nan'", "nan", "None", "True", "'1e999'", "'n/a'", "[1, 2]", "'1_0'", "1.", "''"]
    ),
)
KEYS = st.sampled_from(["grad_norm", "learning_rate", "rewards/chosen", "memory (GiB)"])


@st.composite
def dict_line(draw: st.DrawFn, index: int) -> str:
    kind = draw(st.sampled_from(["train"] * 12 + ["eval", "odd", "text"]))
    epoch = draw(st.sampled_from([f"{index / 100:.4g}"] * 12 + ["0.0", "'x'"]))
    if kind == "text":
        return draw(
            st.sampled_from(["Saving model checkpoint", "", "{'a'", "x {'loss': 1, 'epoch': 2}"])
        )
    if kind == "eval":
        return f"{{'eval_loss': {draw(VALUE)}, 'eval_runtime': 1.5, 'epoch': {epoch}}}"
    pairs = [f"'loss': {draw(VALUE)}"] if kind == "train" else []
    pairs += [f"'{key}': {draw(VALUE)}" for key in draw(st.lists(KEYS, max_size=3))]
    line = "{" + ", ".join([*pairs, f"'epoch': {epoch}"]) + "}"
    # Written by two processes at once, or broken: JSON would not mind.
    odd = draw(st.sampled_from([""] * 12 + ["twice", "spaced", "listed", "broken", "indented"]))
    return {
        "": line,
        "twice": line + line,
        "spaced": f"{line} {line}",
        "listed": f"{line},{line}",
        "broken": line.replace(": ", ":\n", 1),
        "indented": f"  {line}",
    }[odd]


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    first = ["{'loss': 5.0, 'grad_norm': 1.0, 'epoch': 0.0}"] * 2
    lines = [draw(dict_line(index)) for index in range(draw(st.integers(1, 20)))]
    regular = "{'loss': '%.4g', 'grad_norm': '0.5', 'epoch': '%.4g'}"
    many = [
        regular % (index, 1 + index / 100) for index in range(draw(st.sampled_from([0, 40, 300])))
    ]
    where = draw(st.integers(0, len(many)))
    return "\n".join([*first, *many[:where], *lines, *many[where:]]).encode() + b"\n"


class _Slow(hf_console.HFConsoleParser):
    block = LineParser.block


@settings(max_examples=80, deadline=None)
@given(logs())
def test_fast_and_slow_agree(data: bytes) -> None:
    fast, slow = FORMAT.parser(), _Slow()
    batches = [fast.feed(data), fast.finish()]
    expected = [slow.feed(data), slow.finish()]
    assert rows_of_all(batches) == rows_of_all(expected)
    assert fast.bad_records == slow.bad_records
    assert fast.info == slow.info


@pytest.mark.parametrize(
    "odd",
    [
        "{0}{0}", "{0} {0}", "{0},{0}", "  {0}", "{0}\n\n", "\n{0}", "{1}\n}}", "{1}\r}}",
        "{1}\r\n}}", "{0}{1}\n}}", "{1}\n}}{0}",
    ],
)  # fmt: skip
def test_objects_that_share_a_line_or_break_one(odd: str) -> None:
    lines = [f"{{'loss': {9 / n:.4f}, 'epoch': {n / 100:.4f}}}" for n in range(1, 601)]
    lines[300] = odd.format(lines[300], lines[300][:-1])
    data = "\n".join([*lines, ""]).encode()
    fast, slow = FORMAT.parser(), _Slow()
    assert rows_of_all([fast.feed(data), fast.finish()]) == rows_of_all(
        [slow.feed(data), slow.finish()]
    )


def rows_of_all(batches: list[hf_console.Batch]) -> object:
    return rows_of(hf_console.concatenate(batches))


def test_fast_path_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the property above says nothing."""
    taken: list[int] = []
    read = hf_console.DictLines.read

    def spy(self: hf_console.DictLines, *args: object) -> object:
        batch = read(self, *args)  # type: ignore[arg-type]
        taken.append(0 if batch is None else len(batch))
        return batch

    monkeypatch.setattr(hf_console.DictLines, "read", spy)
    lines = []
    for step in range(1, 2001):
        lines.append(
            f"{{'loss': '{9 / step:.4g}', 'grad_norm': 'nan', 'epoch': '{step / 100:.4g}'}}"
        )
        if step % 50 == 0:
            lines.append(f"{{'eval_loss': '{10 / step:.4g}', 'epoch': '{step / 100:.4g}'}}")
    run, _ = read_text(NAME, "\n".join(lines))
    assert sum(taken) > 1000
    assert run.view("loss").steps.tolist() == list(range(10, 20_001, 10))
    assert run.view("eval_loss").steps.tolist() == list(range(500, 20_001, 500))


def test_numbers_of_numpy() -> None:
    text = "{'eval_loss': 2.5, 'eval_bleu': np.float64(0.31), 'epoch': 1.0}\n"
    run, _ = read_text(NAME, bar(10) + text + bar(10) + "\n")
    assert points(run, "eval_bleu") == [(10.0, 0.31)]


def test_unsloth_prints_the_sizes_in_one_line() -> None:
    text = (
        "   \\\\   /|    Num examples = 1,000 | Num Epochs = 2 | Total steps = 200\n"
        "\\        /    Total batch size (2 x 5 x 1) = 10\n"
    )
    text += "".join(logged("1.5", f"{step / 100:.2f}") for step in range(1, 40))
    run, parser = read_text(NAME, text)
    assert run.view("loss").steps.tolist() == list(range(1, 40))
    assert parser.info.total_steps == 200


def test_keys_that_no_struct_takes() -> None:
    lines = "{'loss': 2.0, 'gr\x01ad': 1.0, 'a\\b': 3.0, 'epoch': 0.1}\n" * 200
    run, _ = read_text(NAME, lines)
    assert {len(series) for series in run.series.values()} == {200}
    assert len(run.series) == 3


@pytest.mark.parametrize("epoch", ["1e999", "-3", "nan", "9" * 40])
def test_an_epoch_that_no_run_reaches_is_a_damaged_line(epoch: str) -> None:
    lines = [f"{{'loss': {3 - n / 10}, 'epoch': {n / 100}}}" for n in range(9)]
    lines[4] = f"{{'loss': 2.5, 'epoch': {epoch}}}"
    run, parser = read_text("hf-trainer-console", "\n".join(lines))
    assert parser.bad_records == 1
    assert len(run.view("loss")) == 8
