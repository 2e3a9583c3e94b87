"""Lightning's bars: steps from 0 over all epochs, validations once each."""

from __future__ import annotations

import pytest

from tests.formats.console_samples import claim, points, read_sample, read_text

NAME = "lightning-console"
HEAD = "GPU available: False, used: False\n"


def frame(epoch: int, n: int, total: int, values: str) -> str:
    return (
        f"\rEpoch {epoch}:  50%|█████     | {n}/{total} [00:00<00:01, 9.5it/s, v_num=0, {values}]"
    )


VALIDATION = "\rValidation DataLoader 0: 100%|██████████| 2/2 [00:00<00:00, 10.7it/s]\x1b[A"


def test_tqdm_bar() -> None:
    run, parser = read_sample(NAME, "tqdm.txt")
    train = run.view("train_loss")
    assert train.steps.tolist() == list(range(228))
    assert (train.values[0], train.values[-1]) == (2.3, 0.49)
    assert run.view("val_loss").steps.tolist() == [37, 75, 113, 151, 189, 227]
    assert run.view("val_loss").values[-1] == 0.531
    assert train.epochs is not None
    assert train.epochs[-1] == 6
    assert parser.info.total_epochs == 6
    assert parser.info.finished


def test_rich_bar_in_a_terminal() -> None:
    run, parser = read_sample(NAME, "rich-terminal.txt")
    assert run.view("val_loss").steps.tolist() == [38 * epoch - 1 for epoch in range(1, 9)]
    assert run.view("val_loss").values[[0, -1]].tolist() == [2.055, 0.375]
    train = run.view("train_loss")
    assert (train.steps[-1], train.values[-1]) == (303, 0.395)
    assert parser.info.total_epochs == 8


def test_rich_bar_in_a_pipe_shows_its_last_frame_only() -> None:
    run, parser = read_sample(NAME, "rich-pipe.txt")
    assert points(run, "train_loss_step") == [(227.0, 0.416)]
    assert points(run, "train_loss_epoch") == [(227.0, 0.594)]
    assert points(run, "val_loss") == [(227.0, 0.527)]
    assert parser.info.finished


def test_the_last_frame_of_a_batch_holds_its_loss() -> None:
    text = (
        HEAD + frame(0, 1, 4, "loss=9.0") + frame(0, 2, 4, "loss=9.0") + frame(0, 2, 4, "loss=8.0")
    )
    assert points(read_text(NAME, text + "\n")[0], "loss") == [(0.0, 9.0), (1.0, 8.0)]


def test_equal_validations_are_two_points() -> None:
    text = HEAD
    for epoch in range(2):
        old = "loss=1.0" if epoch == 0 else "loss=1.0, val_loss=0.5"
        text += frame(epoch, 1, 2, old) + frame(epoch, 2, 2, old) + VALIDATION
        text += frame(epoch, 2, 2, "loss=1.0, val_loss=0.5")
    assert points(read_text(NAME, text + "\n")[0], "val_loss") == [(1.0, 0.5), (3.0, 0.5)]


def test_validation_within_an_epoch() -> None:
    text = HEAD + frame(0, 1, 4, "loss=4.0") + frame(0, 2, 4, "loss=3.0") + VALIDATION
    text += frame(0, 2, 4, "loss=3.0, val_loss=3.5") + frame(0, 3, 4, "loss=2.0, val_loss=3.5")
    run, _ = read_text(NAME, text + "\n")
    assert points(run, "val_loss") == [(1.0, 3.5)]
    assert points(run, "loss") == [(0.0, 4.0), (1.0, 3.0), (2.0, 2.0)]


def test_values_of_the_sanity_check_are_no_points() -> None:
    text = HEAD + "\rSanity Checking DataLoader 0: 100%|███| 2/2 [00:00<00:00, 5.1it/s]"
    text += frame(0, 0, 4, "val_loss=9.9") + frame(0, 1, 4, "loss=4.0, val_loss=9.9")
    assert "val_loss" not in read_text(NAME, text + "\n")[0].series


def test_interrupted() -> None:
    text = HEAD + frame(0, 1, 4, "loss=4.0") + "\n"
    text += "Detected KeyboardInterrupt, attempting graceful shutdown ...\n"
    assert read_text(NAME, text)[1].info.crashed


@pytest.mark.parametrize(("mark", "name"), [(HEAD, NAME), ("", "tqdm")])
def test_bars_of_others_are_left_to_them(mark: str, name: str) -> None:
    text = mark + "\rEpoch 1:  50%|█████     | 1/2 [00:00<00:01, 9.5it/s, loss=1.0]\n"
    assert claim(text) == name


def test_a_step_that_the_bar_shows_goes_first() -> None:
    text = "".join(
        frame(0, n, 99, f"reduced_train_loss=9.{n}, global_step={500 + n}.0") for n in (1, 2, 3)
    )
    run, _ = read_text(NAME, HEAD + text + "\n")
    assert run.view("reduced_train_loss").steps.tolist() == [501, 502, 503]


def test_loaders_without_a_length() -> None:
    text = HEAD + "".join(
        f"\rEpoch {epoch}: |          | {n}/? [00:00<00:00, 9.5it/s, v_num=0, loss={n}.5]"
        for epoch in (0, 1)
        for n in (1, 2, 3)
    )
    assert claim(text + "\n") == NAME
    run, _ = read_text(NAME, text + "\n")
    assert run.view("loss").steps.tolist() == [0, 1, 2, 3, 4, 5]


def reached(epoch: int, value: float) -> str:
    return (
        f"Epoch {epoch}, global step {38 * (epoch + 1)}: 'val_loss' reached {value:.5f} "
        f"(best {value:.5f}), saving model to '/runs/epoch={epoch}-step=38.ckpt' as top 1\n"
    )


def test_best_values_are_points_where_there_are_no_bars() -> None:
    text = "".join(reached(epoch, 2 / (epoch + 1)) for epoch in (0, 1, 4))
    missed = "Epoch 2, global step 114: 'val_loss' was not in top 1\n"
    assert claim(text) == "lightning-console"
    run, parser = read_text("lightning-console", text + missed)
    assert points(run, "val_loss") == [(37, 2.0), (75, 1.0), (189, 0.4)]
    assert parser.bad_records == 0


def test_best_values_are_no_second_points_of_what_the_bars_show() -> None:
    bar = "Epoch {}: 100%|███| 38/38 [00:00<00:00, 9.1it/s, v_num=0, train_loss=1.1, val_loss={}]\n"
    text = bar.format(0, 2.0) + reached(0, 2.0) + bar.format(1, 1.0) + reached(1, 1.0)
    run, _ = read_text("lightning-console", text)
    assert points(run, "val_loss") == [(37, 2.0), (75, 1.0)]
    text = bar.format(0, 2.0).replace(", val_loss=2.0", "") + reached(0, 2.0) + bar.format(1, 1.0)
    run, _ = read_text("lightning-console", text)
    assert points(run, "val_loss") == [(75, 1.0)]
