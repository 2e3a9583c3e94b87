"""The reader for text that nobody foresaw: what it takes, what it leaves, and that blocks and
lines give the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.formats.base import Context
from lossmon.formats.general import FORMAT, GeneralParser
from lossmon.model import Batch, concatenate


def loss(i: int) -> float:
    """A loss that falls."""
    return round(2.5 * math.exp(-i / 4) + 0.3, 4)


def read(text: str, filename: str = "x.log", chunk: int = 1 << 16) -> tuple[Batch, GeneralParser]:
    data = text.encode()
    parser = GeneralParser(Context(filename))
    batches = [parser.feed(data[at : at + chunk]) for at in range(0, len(data), chunk)]
    return concatenate([*batches, parser.finish()]), parser


def series(batch: Batch, name: str) -> tuple[list[float], list[float]]:
    """Steps and values of one metric."""
    column = next(column for column in batch.columns if column.name == name)
    steps = batch.steps if column.rows is None else batch.steps[column.rows]
    return steps.tolist(), column.values.tolist()


def lines(template: Callable[[int], str], n: int = 6) -> str:
    return "\n".join(template(i) for i in range(n)) + "\n"


SIX: list[float] = [0, 1, 2, 3, 4, 5]
TENS: list[list[float]] = [[*range(0, 600, 100)], [*range(0, 30, 5)], [*range(1, 3000, 598)]]

# Each: the line a script prints, the loss's name, its steps for six lines.
STYLES: list[tuple[str, Callable[[int], str], str, list[float]]] = [
    ("colon", lambda i: f"step {i * 10}: loss {loss(i)}", "loss", [0, 10, 20, 30, 40, 50]),
    (
        "epoch and step of an epoch",
        lambda i: f"Epoch {i // 2 + 1}/10 Step {i % 2 * 20 + 20}/500 - loss: {loss(i):.4f}",
        "loss",
        [20, 40, 520, 540, 1020, 1040],
    ),
    (
        "value and mean",
        lambda i: f"epoch={i // 3 + 1} batch={i % 3 * 10 + 10}/100 loss={loss(i)} ({loss(i) + 1})",
        "loss",
        [10, 20, 30, 110, 120, 130],
    ),
    ("bracket", lambda i: f"[{i * 10:4d}/ 100] loss: {loss(i)}", "loss", [0, 10, 20, 30, 40, 50]),
    ("logging", lambda i: f"INFO:root:Epoch: {i}, Loss: {loss(i)}", "Loss", [0, 1, 2, 3, 4, 5]),
    (
        "batch of the run beside its epoch",
        lambda i: f"{i * 300}/4460 (epoch {i * 300 // 446}), train_loss = {loss(i)}",
        "train_loss",
        [0, 300, 600, 900, 1200, 1500],
    ),
    (
        "epoch with a fraction",
        lambda i: f"{i * 300 + 1}/4460 (epoch {(i * 300 + 1) / 446:.3f}), train_loss = {loss(i)}",
        "train_loss",
        [1, 301, 601, 901, 1201, 1501],
    ),
    ("after", lambda i: f"Cost after iteration {i * 100}: {loss(i)}", "Cost", TENS[0]),
    ("at", lambda i: f"Average loss at step  {i * 5} :  {loss(i)}", "Average loss", TENS[1]),
    ("is", lambda i: f"the loss at epoch {i} is {loss(i)}", "loss", [0, 1, 2, 3, 4, 5]),
    (
        "step between name and value",
        lambda i: f"Train loss {i} {loss(i):.6f} Grad Norm 1.5 2.31s/it",
        "Train loss",
        [0, 1, 2, 3, 4, 5],
    ),
    (
        "name behind",
        lambda i: f"{i:3d}  123.45 ms run, 1.23 ms CL, {loss(i):7.4f} loss, 0.01 LR, 1.9 GB used",
        "loss",
        [0, 1, 2, 3, 4, 5],
    ),
    (
        "metric writer",
        lambda i: f"I0101 10:00:00.1 14 logging_writer.py:48] [{i * 50}] loss={loss(i)}, acc=0.5",
        "loss",
        [0, 50, 100, 150, 200, 250],
    ),
    (
        "loguru's place in the source",
        lambda i: f"| INFO | yolox.trainer:after_iter:254 - iter: {i}/90, total_loss: {loss(i)}",
        "total_loss",
        [0, 1, 2, 3, 4, 5],
    ),
    ("letters", lambda i: f"[10:00:01] [#{i:05d}] Loss A: {loss(i)}, Loss B: 0.5", "Loss A", SIX),
    ("dict of losses", lambda i: f"Losses {{'ner': {loss(i)}}}", "loss/ner", [1, 2, 3, 4, 5, 6]),
    ("range", lambda i: f"INFO: epoch 1-{i * 598 + 1}, loss: {loss(i)} (x)", "loss", TENS[2]),
    ("glued", lambda i: f"Epoch {i}Loss: {loss(i)}", "Loss", [0, 1, 2, 3, 4, 5]),
    ("chinese", lambda i: f"第{i}轮 训练损失: {loss(i)} 验证损失: 0.5", "训练损失", SIX),
    (
        "estimator",
        lambda i: f"INFO:tensorflow:loss = {loss(i)}, step = {i * 100} (2.3 sec)",
        "loss",
        [0, 100, 200, 300, 400, 500],
    ),
    (
        "hydra",
        lambda i: f"[2024-01-01 12:00:0{i},123][train][INFO] - step {i * 50} loss {loss(i)}",
        "loss",
        [0, 50, 100, 150, 200, 250],
    ),
    (
        "cells",
        lambda i: f"| step {i * 100:6d} | train loss {loss(i)} | 12.3s |",
        "train loss",
        [0, 100, 200, 300, 400, 500],
    ),
    (
        "thousands",
        lambda i: f"step {i * 1000:,}: loss={loss(i):.4e}, tokens={i * 1000000:,}",
        "loss",
        [0, 1000, 2000, 3000, 4000, 5000],
    ),
    (
        "tensor",
        lambda i: f"Epoch {i} loss: tensor({loss(i)}, device='cuda:0', grad_fn=<NllLoss0>)",
        "loss",
        [0, 1, 2, 3, 4, 5],
    ),
    ("dict", lambda i: str({"epoch": i, "loss": loss(i)}), "loss", [0, 1, 2, 3, 4, 5]),
    ("loss first", lambda i: f"loss = {loss(i)}, step = {i * 100 + 1} (0.5 sec)", "loss",
     [1, 101, 201, 301, 401, 501]),
    (
        "tutorial brackets",
        lambda i: f"[{i // 3 + 1}, {(i % 3 + 1) * 2000:5d}] loss: {loss(i):.3f}",
        "loss",
        [2000, 4000, 6000, 8000, 10000, 12000],
    ),
    (
        "two brackets",
        lambda i: f"[{i // 3}/5][{i % 3 * 50}/1583]\tLoss_D: {loss(i)}\tLoss_G: {loss(i) * 2}",
        "Loss_D",
        [0, 50, 100, 1583, 1633, 1683],
    ),
    ("lead", lambda i: f"{i * 100} iters, nll={loss(i):.3f}", "nll", [0, 100, 200, 300, 400, 500]),
    ("arrow", lambda i: f"Epoch {i} -> loss: {loss(i)}", "loss", [0, 1, 2, 3, 4, 5]),
    ("glued", lambda i: f"step{i * 5}|loss={loss(i)}", "loss", [0, 5, 10, 15, 20, 25]),
    ("split first", lambda i: f"val: epoch {i}: loss={loss(i)}", "val/loss", [0, 1, 2, 3, 4, 5]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "name", "steps"), [case[1:] for case in STYLES], ids=[case[0] for case in STYLES]
)
def test_reads_the_styles_people_write(
    template: Callable[[int], str], name: str, steps: list[float]
) -> None:
    text = lines(template)
    batch, _ = read(text)
    found, values = series(batch, name)
    assert found == steps
    assert values == pytest.approx([loss(i) for i in range(6)], abs=6e-4)
    sniff = FORMAT.sniff(text.encode(), "train.log")
    assert sniff is not None
    assert sniff.confidence == 0.3
    assert name in sniff.reason


def test_train_and_validation_in_one_line_and_in_lines_of_their_own() -> None:
    batch, _ = read(lines(lambda i: f"Epoch {i}: train loss {loss(i)}, val loss {loss(i) + 1}"))
    assert series(batch, "val loss")[1][0] == loss(0) + 1
    batch, _ = read(
        lines(
            lambda i: (
                f"Epoch {i}/9\n-----\ntrain Loss: {loss(i)} Acc: 0.5{i}\n"
                f"val Loss: {i}.5 Acc: 0.4{i}\n"
            )
        )
    )
    assert series(batch, "train Loss") == ([0, 1, 2, 3, 4, 5], [loss(i) for i in range(6)])
    assert series(batch, "val Loss")[1] == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert series(batch, "val/Acc")[1][0] == 0.4


def test_both_losses_beside_a_batch() -> None:
    batch, _ = read(
        lines(lambda i: f"Elapsed: 00:0{i}:00, Batch {i * 10}, Training Loss: {loss(i)}, "
              f"Validation Loss: {loss(i) + 1}")
    )  # fmt: skip
    assert series(batch, "Training Loss")[0] == [0, 10, 20, 30, 40, 50]
    assert series(batch, "Validation Loss")[0] == [0, 10, 20, 30, 40, 50]


def test_batches_of_an_evaluation_are_no_points_but_the_last_is() -> None:
    batch, _ = read(
        lines(
            lambda e: (
                f"Train: [{e}/6][10/20] loss {loss(e)}\nTrain: [{e}/6][19/20] loss {loss(e)}\n"
                + "".join(f"Test: [{b}/9] loss {e}.{b}\n" for b in range(9))
            )
        )
    )
    assert [column.name for column in batch.columns] == ["loss", "test/loss"]
    assert series(batch, "test/loss") == (
        [19, 39, 59, 79, 99, 119],
        [0.8, 1.8, 2.8, 3.8, 4.8, 5.8],
    )


def test_a_reward_that_is_all_there_is_needs_more_lines() -> None:
    template = "Episode {0}\tAverage Score: {0}.5\n"
    assert len(read("".join(template.format(i) for i in range(4)))[0]) == 0
    batch, _ = read("".join(template.format(i) for i in range(6)))
    assert series(batch, "Average Score")[0] == [0, 1, 2, 3, 4, 5]


def test_a_validation_line_without_a_step_belongs_to_the_step_before() -> None:
    text = lines(
        lambda i: f"step {i * 10} loss {loss(i)}" + (f"\nValidation loss: {i}.25" if i % 2 else "")
    )
    batch, _ = read(text)
    assert series(batch, "Validation loss") == ([10, 30, 50], [1.25, 3.25, 5.25])


def test_a_heading_says_that_an_evaluation_begins() -> None:
    text = lines(
        lambda i: (
            f"Epoch {i + 1}\nloss: {loss(i):.4f}  [   64/60000]\n"
            f"loss: {loss(i):.4f}  [ 6464/60000]\n"
            f"Test Error: \n Accuracy: {44 + i}.7%, Avg loss: {loss(i) + 1:.4f} \n"
        )
    )
    batch, _ = read(text)
    assert len(series(batch, "loss")[0]) == 12
    assert series(batch, "val/Avg loss")[1][0] == pytest.approx(loss(0) + 1)
    assert series(batch, "val/Accuracy")[1][0] == 44.7


def test_a_file_named_for_validation_holds_evaluations() -> None:
    text = lines(lambda i: f"Steps: {i * 1000}\tLoss: {loss(i)}\tPPL: {i + 2}.5")
    assert "val/Loss" in [column.name for column in read(text, "validations.txt")[0].columns]
    assert "Loss" in [column.name for column in read(text, "train.log")[0].columns]


def test_lines_without_any_counter_are_counted() -> None:
    batch, parser = read(lines(lambda i: f"loss: {loss(i)}"))
    assert series(batch, "loss")[0] == [1, 2, 3, 4, 5, 6]
    assert parser.info.steps_estimated


def test_totals_are_noted() -> None:
    _, parser = read(lines(lambda i: f"Epoch {i // 2 + 1}/4 [{i % 2 * 50}/100] loss: {loss(i)}"))
    assert (parser.info.total_epochs, parser.info.total_steps) == (4, 400)
    _, parser = read(lines(lambda i: f"step {i * 10}/300 loss: {loss(i)}"))
    assert parser.info.total_steps == 300


@pytest.mark.parametrize("broken", ["nan", "NaN", "-nan", "inf", "-inf", "Infinity"])
def test_broken_losses_are_points(broken: str) -> None:
    batch, _ = read(lines(lambda i: f"iter {i} loss {loss(i) if i < 3 else broken}"))
    values = series(batch, "loss")[1]
    assert len(values) == 6
    assert not np.isfinite(values[3:]).any()


def test_a_run_that_is_nan_from_the_start_is_read() -> None:
    batch, _ = read(lines(lambda i: f"iter {i} loss nan"))
    assert len(batch) == 6


def test_only_the_first_rank_counts() -> None:
    text = lines(lambda i: "\n".join(f"rank {r} step {i} loss {loss(i) + r}" for r in range(4)))
    batch, _ = read(text)
    assert series(batch, "loss")[1] == [loss(i) for i in range(6)]


def test_summaries_and_settings_are_no_points() -> None:
    text = (
        "Namespace(lr=0.1, epochs=10, batch_size=32, loss='mse', train_loss=0.0)\n"
        "learning_rate: 0.001\nepochs: 100\nweight_decay: 0.01\nloss_weight: 1.5\n"
        + lines(lambda i: f"epoch {i} loss {loss(i)} best_loss {loss(i)}")
        + "best loss: 0.31 at epoch 5\nfinal train_loss 0.312\ntrain_loss: 1.234\n"
        + "Final test loss: 0.400\n"
    )
    batch, _ = read(text)
    assert [column.name for column in batch.columns] == ["loss"]
    assert len(batch) == 6


SOURCE_CODE = """
import torch
class Model(torch.nn.Module):
    def loss(self, x, y, weight=0.5):
        loss = 0
        val_loss = 0.0
        for step in range(100):
            loss += torch.nn.functional.mse_loss(x, y) * 0.1
        loss = loss / 100
        if step % 10 == 0:
            print(f"step:{step}/{total} val_loss:{val_loss:.4f} train_loss:{loss:.4f}")
            print("epoch %d loss %5.3f" % (epoch, loss))
        assert abs(loss - 0.5) < 1e-3
        return 1.0 * loss
"""


def test_source_code_in_front_of_a_log_gives_nothing() -> None:
    assert len(read(SOURCE_CODE * 4)[0]) == 0
    assert FORMAT.sniff((SOURCE_CODE * 4).encode(), "log.txt") is None
    batch, _ = read(
        SOURCE_CODE
        + lines(lambda i: f"step:{i * 125}/750 val_loss:{loss(i)} train_time:{i}ms")
        + "step:750/750 val_loss:0.3 train_time:9ms\n"
    )
    assert series(batch, "val_loss")[0] == [0, 125, 250, 375, 500, 625, 750]


@pytest.mark.parametrize("name", ["train.py", "README.md", "README", "CHANGELOG", "config.yaml"])
def test_documents_are_told_by_their_names(name: str) -> None:
    assert FORMAT.sniff(lines(lambda i: f"step {i} loss {loss(i)}").encode(), name) is None


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"version 1.{i}: fixed {i} bugs, loss of data no more\n" for i in range(20)),
        "".join(f"{i}. The loss of item {i} is covered in section 2.{i}.\n" for i in range(9)),
        "".join(f'  "loss": 0.{i},\n' for i in range(3)),
        "".join(
            f"192.168.0.{i} - - [01/Jan/2024:12:00:0{i}] GET /loss 200 {i}12\n" for i in range(9)
        ),
        "".join(f"loss {i}\n" for i in range(9)),
        "step 1 loss 0.5\n",
        "",
        "\n\n\n",
    ],
)
def test_other_text_gives_no_points(text: str) -> None:
    assert len(read(text)[0]) == 0
    assert FORMAT.sniff(text.encode(), "x.txt") is None


def test_a_traceback_at_the_end_is_a_crash_and_further_rows_are_not() -> None:
    text = lines(lambda i: f"step {i} loss {loss(i)}")
    crash = 'Traceback (most recent call last):\n  File "x.py", line 3\nRuntimeError: no\n'
    assert read(text + crash)[1].info.crashed
    assert not read(text + crash + "step 7 loss 0.3\nstep 8 loss 0.3\n")[1].info.crashed


def mixed_log(n: int) -> str:
    """Enough lines for blocks to be matched whole, among others of three kinds."""
    rows = ["starting", "lr: 0.1", "epochs: 3"]
    for i in range(n):
        rows.append(
            f"[2024-01-01 12:{i // 60 % 60:02d}:{i % 60:02d}] Epoch {i // 100 + 1}/9"
            f" [{i % 100:3d}/100] loss: {loss(i % 40)} ({loss(i % 40)}) lr {1e-3 / (i + 1):.3g}"
        )
        if i % 50 == 49:
            rows.append(f"  val loss: {loss(i % 30)} acc 0.{i % 90 + 10}")
        if i % 97 == 96:
            rows.append("some noise 123 between")
        if i % 200 == 150:
            rows.append(
                f"[2024-01-01 12:00:00] Epoch {i // 100 + 1}/9 [{i % 100:3d}/100]"
                " loss: nan (1) lr 1"
            )
    return "\n".join(rows) + "\n"


MIXED = mixed_log(900)


def test_an_estimators_evaluation_is_no_training_loss() -> None:
    text = lines(
        lambda i: (
            f"INFO:tensorflow:loss = {loss(i)}, step = {i * 100}\n"
            f"INFO:tensorflow:Saving dict for global step {i * 100}: global_step = {i * 100}, "
            f"loss = {loss(i) + 1}"
        ),
        8,
    )
    batch, _ = read(text)
    assert series(batch, "loss")[1] == [loss(i) for i in range(8)]
    assert series(batch, "val/loss")[1] == [loss(i) + 1 for i in range(8)]


def test_lines_within_one_epoch_are_counted() -> None:
    batch, parser = read(lines(lambda i: f"Epoch 1 train Loss: {loss(i)} Acc: 0.{i + 10}", 30))
    assert series(batch, "train Loss")[0] == list(range(1, 31))
    assert parser.info.steps_estimated


def test_a_saved_models_loss_is_no_point() -> None:
    text = lines(lambda i: f"Epoch {i}: loss {loss(i)}\nSaving model with loss {loss(i):.3f}...", 9)
    batch, _ = read(text)
    assert [column.name for column in batch.columns] == ["loss"]


COUNTERS = {
    "of the run": lambda i: f"{i}/4460 (epoch {i // 446}), train_loss = {loss(i)}",
    "with a fraction": lambda i: f"{i}/4460 (epoch {i / 446:.3f}), train_loss = {loss(i)}",
    "of the epoch": lambda i: f"{i % 223}/223 (epoch {i // 223}), train_loss = {loss(i)}",
}


@pytest.mark.parametrize("counter", COUNTERS)
def test_blocks_do_not_change_what_a_counter_counts(counter: str) -> None:
    text = lines(COUNTERS[counter], 1500)
    by_line, _ = read(text, chunk=60)
    assert series(by_line, "train_loss")[0] == list(range(1500))
    for chunk in (2500, 1 << 20):
        same(by_line, read(text, chunk=chunk)[0])


def same(one: Batch, other: Batch) -> None:
    np.testing.assert_array_equal(one.steps, other.steps)
    assert one.epochs is not None
    assert other.epochs is not None
    np.testing.assert_array_equal(one.epochs, other.epochs)
    assert {column.name for column in one.columns} == {column.name for column in other.columns}
    for column in one.columns:
        assert series(one, column.name)[0] == series(other, column.name)[0]
        np.testing.assert_array_equal(series(one, column.name)[1], series(other, column.name)[1])


def test_blocks_and_single_lines_give_the_same_rows() -> None:
    by_line, _ = read(MIXED, chunk=97)
    steps, _ = series(by_line, "loss")
    assert len(steps) == 900 + 4
    assert steps[:3] == [0, 1, 2]
    assert steps[-1] == 899
    for chunk in (2500, 8192, 1 << 20):
        same(by_line, read(MIXED, chunk=chunk)[0])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, len(MIXED)), max_size=12))
def test_any_cut_gives_the_same_rows(cuts: list[int]) -> None:
    data = MIXED.encode()
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    parser = GeneralParser()
    batches = [parser.feed(data[a:b]) for a, b in pairwise(places)]
    same(concatenate([*batches, parser.finish()]), read(MIXED, chunk=300)[0])


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="epochstiralun 0123456789.,:=|/[](){}-+%#\t\n\r\x1b'\"", max_size=300))
def test_no_text_makes_it_raise(text: str) -> None:
    read(text * 5)
    FORMAT.sniff(text.encode() * 5, "x.log")


@pytest.mark.parametrize(
    "hostile",
    [
        "1," * 20000,
        "1,234" * 4000,
        " " * 50000 + "loss",
        "loss: " * 5000,
        "%|" * 10000,
        "((((" * 5000 + "loss 1",
        "1e" * 8000,
        "loss: 0.5 " * 1500,
        "a/" * 8000,
    ],
    ids=lambda text: text[:8],
)
def test_hostile_lines_are_passed_over(hostile: str) -> None:
    text = lines(lambda i: f"step {i} loss {loss(i)}", 40) + hostile + "\n"
    batch, _ = read(text * 3)
    assert len(series(batch, "loss")[0]) == 120


def test_a_first_line_that_is_damaged_takes_no_steps_away() -> None:
    """Its counter and what would have named it are gone; the lines after it were held for them."""
    text = (
        b"lf = float(l); tot += lf; gs += 1YEpoch [1/1[2021-07-17 20:00:015], Train Los\xc3s: 2.17,"
        b" Val Loss: 2.02, Val Acc: 71.76%\n"
        + b"".join(
            b"Epoch [%d/15], Train Loss: 1.%d, Val Loss: 1.5, Val Acc: 81.24%%\n" % (i, 90 - i)
            for i in range(2, 6)
        )
    )
    for end in range(len(text)):
        read(text[:end].decode("utf-8", "replace"))
    batch, _ = read(text.decode("utf-8", "replace"))
    assert len(batch) >= 4


def test_of_a_loss_before_and_after_a_step_the_later_counts() -> None:
    batch, _ = read(lines(lambda i: f"epoch {i} loss {loss(i):.4f} -> {loss(i + 1):.4f}"))
    steps, values = series(batch, "loss")
    assert steps == [0, 1, 2, 3, 4, 5]
    assert values == [round(loss(i + 1), 4) for i in range(6)]
