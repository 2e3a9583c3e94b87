"""DLLogger, Poutyne and rllab's tables, and how formats count the batches of an epoch."""

from __future__ import annotations

import pytest

from lossmon.model import role_of
from tests.formats.console_samples import claim, points, read_sample, read_text

OF_FIVE = [5.0 * i for i in range(1, 17)]
EPOCHS = [20.0, 40.0, 60.0, 80.0]


def steps(name: str, filename: str, series: str) -> list[float]:
    run, _ = read_sample(name, filename)
    return [step for step, _ in points(run, series)]


@pytest.mark.parametrize("filename", ["console.txt", "words.txt", "log.json", "global.json"])
def test_dllogger_counts_over_the_run(filename: str) -> None:
    assert steps("dllogger", filename, "train.loss") == OF_FIVE
    assert steps("dllogger", filename, "epoch/train.loss") == EPOCHS
    assert steps("dllogger", filename, "val.loss") == EPOCHS, "batches of an evaluation are points"


def test_dllogger_before_any_evaluation_counts_from_what_it_saw() -> None:
    lines = [
        f'DLLL {{"type": "LOG", "step": [{epoch}, {batch}], "data": {{"loss": {2 - batch / 40}}}}}'
        for epoch in (0, 1)
        for batch in (0, 10, 20, 30)
    ]
    run, parser = read_text("dllogger", "\n".join(lines))
    assert [step for step, _ in points(run, "loss")] == [0, 10, 20, 30, 40, 50, 60, 70]
    assert parser.info.steps_estimated


def test_dllogger_iterations_of_an_epoch_stand_third() -> None:
    lines = [
        f"DLL 2024-03-05 10:11:12.345678 - ({epoch}, {batch}, 40) loss : {2 - batch / 40} "
        for epoch in (1, 2)
        for batch in (10, 20, 30, 40)
    ]
    run, parser = read_text("dllogger", "\n".join(lines))
    assert [step for step, _ in points(run, "loss")] == [10, 20, 30, 40, 50, 60, 70, 80]
    assert not parser.info.steps_estimated


def test_dllogger_means_alone() -> None:
    lines = [
        f'DLLL {{"type": "LOG", "step": [{e}], "data": {{"val_loss": {1 / e}}}}}' for e in (1, 2)
    ]
    run, _ = read_text("dllogger", "\n".join(lines))
    assert points(run, "val_loss") == [(1, 1.0), (2, 0.5)]


@pytest.mark.parametrize("filename", ["lines.txt", "bar.txt"])
def test_poutyne(filename: str) -> None:
    run, parser = read_sample("poutyne", filename)
    assert [step for step, _ in points(run, "loss")] == list(range(1, 81))
    assert [step for step, _ in points(run, "epoch/loss")] == EPOCHS
    assert [step for step, _ in points(run, "val_loss")] == EPOCHS
    assert (parser.info.total_steps, parser.info.total_epochs) == (80, 4)


def test_poutyne_before_1_4_and_without_a_count_of_batches() -> None:
    text = "".join(
        "".join(f"\rEpoch {e}/2 ETA 3s Step {b}/2: loss: {3 - e}.5" for b in (1, 2))
        + f"\rEpoch {e}/2 1.20s Step 2/2: loss: 1.{e}, val_loss: 2.{e}\n"
        for e in (1, 2)
    )
    run, _ = read_text("poutyne", text)
    assert [step for step, _ in points(run, "loss")] == [1, 2, 3, 4]
    assert points(run, "val_loss") == [(2, 2.1), (4, 2.2)]
    open_ended = "".join(
        "".join(f"\rEpoch: {e}/2 Step: {b} 0.10s/step loss: {3 - e}.5" for b in (1, 2, 3))
        + f"\rEpoch: {e}/2 Train steps: 3 1.20s loss: 1.{e} val_loss: 2.{e}\n"
        for e in (1, 2)
    )
    run, _ = read_text("poutyne", open_ended)
    assert [step for step, _ in points(run, "loss")] == [1, 2, 3, 4, 5, 6]
    assert points(run, "val_loss") == [(3, 2.1), (6, 2.2)]


def test_poutyne_batches_in_a_table() -> None:
    run, _ = read_sample("poutyne-csv", "batches.csv")
    assert [step for step, _ in points(run, "loss")] == list(range(1, 81))
    assert [step for step, _ in points(run, "val_loss")] == EPOCHS
    means, _ = read_sample("poutyne", "lines.txt")
    assert [value for _, value in points(run, "val_loss")] == pytest.approx(
        [value for _, value in points(means, "val_loss")], abs=1e-6
    )


@pytest.mark.parametrize(
    ("filename", "series", "first", "last"),
    [
        ("garage.txt", "GaussianMLPPolicy/LossBefore", (0, 1.07427), 11),
        ("rlkit.log", "trainer/QF1 Loss", (0, 1.07427), 11),
        ("prefixed.log", "LossBefore", (0, 1.07427), 11),
    ],
)
def test_rllab(filename: str, series: str, first: tuple[float, float], last: float) -> None:
    run, _ = read_sample("rllab", filename)
    found = points(run, series)
    assert (found[0], found[-1][0], len(found)) == (first, last, 12)
    assert role_of(series).value == "train_loss"


def test_rllab_takes_no_table_without_a_counter() -> None:
    table = "{rule}\naccuracy    0.91\nloss        0.31\n{rule}\n".format(rule="----------  ------")
    assert claim(table) != "rllab"
    assert claim(table.replace("accuracy", "Epoch   ").replace("0.91", "3")) == "rllab"


def test_a_step_made_of_epoch_and_batch_counts_the_batches_done() -> None:
    """Formats that know that batches count from 0 agree, so that an epoch's last batch stands
    where its evaluation does; a number that is printed as the step stays as it is."""
    logs = {
        "imagenet-example": "Epoch: [{e}][{b}/4]\tTime  0.001 ( 0.008)\tLoss 2.{b}176e+00 (2.2)\n",
        "metric-logger": "Epoch: [{e}]  [{b}/4]  eta: 0:00:01  loss: 2.{b}176 (2.2)  time: 0.1\n",
        "paddle": "[01/01 12:00:00] ppdet.engine INFO: Epoch: [{e}] [{b}/4] learning_rate: 0.1 "
        "loss: 2.{b}176 eta: 0:01:00\n",
    }
    for name, line in logs.items():
        text = "".join(line.format(e=e, b=b) for e in (0, 1) for b in range(4))
        run, _ = read_text(name, text)
        series = next(one for one in run.series if one.lower() == "loss")
        assert [step for step, _ in points(run, series)] == [1, 2, 3, 4, 5, 6, 7, 8], name
    run, _ = read_text("text", "".join(f"iter {i} loss 2.{i}5\n" for i in range(8)))
    assert [step for step, _ in points(run, "loss")] == list(range(8))


def test_vowpal_wabbit_holds_out_from_the_second_pass_on() -> None:
    run, parser = read_sample("vowpal-wabbit", "four-passes.txt")
    assert [step for step, _ in points(run, "loss")] == [2.0**i for i in range(12)]
    assert points(run, "holdout/loss") == [(4096, 0.254417), (8192, 0.203579)]
    assert parser.info.finished


def test_nvlabs_stats_takes_means_over_images() -> None:
    run, _ = read_sample("nvlabs-stats", "edm.jsonl")
    assert [step for step, _ in points(run, "Loss/loss")] == [320.0 * (i + 1) for i in range(20)]
    text = (
        '{"Loss/signs/fake": {"num": 1, "mean": -0.3, "std": 0.1}, "Loss/G/loss": {"num": 1, '
        '"mean": 1.5, "std": 0.1}, "Progress/kimg": {"num": 1, "mean": 4.0, "std": 0}}'
    )
    run, _ = read_text("nvlabs-stats", text, "stats.jsonl")
    assert points(run, "Loss/G/loss") == [(4000, 1.5)]
    assert role_of(next(name for name in run.series if "signs" in name)).value == "other"
