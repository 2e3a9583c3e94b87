"""Bars with a loss behind them: one for the whole training, one an epoch, one for evaluation."""

from __future__ import annotations

from tests.formats.console_samples import claim, points, read_sample, read_text


def frame(text: str, n: int, total: int, values: str) -> str:
    return f"\r{text}:  50%|█████     | {n}/{total} [00:00<00:01, 9.5it/s, {values}]"


def test_one_bar_of_steps() -> None:
    run, parser = read_sample("accelerate-console", "no-trainer.txt")
    view = run.view("step_loss")
    assert view.steps.tolist() == list(range(1, 229))
    assert view.values[-1] == 0.64
    assert parser.info.total_steps == 228
    assert parser.info.total_epochs == 6
    assert parser.info.finished


def test_a_resumed_bar_of_steps_goes_back() -> None:
    text = "".join(frame("Steps", n, 9, f"loss={n}.0") for n in (1, 2, 3, 4, 3, 4, 5))
    run, _ = read_text("accelerate-console", text + "\n")
    assert run.view("loss").steps.tolist() == [1, 2, 3, 4, 3, 4, 5]


def test_a_bar_an_epoch_and_a_line_after_it() -> None:
    run, parser = read_sample("tqdm", "set-postfix.txt")
    assert run.view("train_loss").steps.tolist() == [40, 80, 120, 160, 200, 240]
    assert run.view("val_loss").steps.tolist() == [40, 80, 120, 160, 200, 240]
    assert (run.view("train_loss").values[-1], run.view("val_loss").values[-1]) == (0.1938, 0.1646)
    bars = run.view("bar/loss")
    assert bars.segments == 1
    assert bars.steps[-1] == 240
    assert (bars.steps % 40 == 0).sum() == 6
    assert parser.info.total_steps == 240
    assert parser.info.finished


def test_the_last_frame_of_a_counter_counts() -> None:
    text = "".join(
        frame("Epoch 1/2", n, 4, f"loss={v}") for n, v in [(0, 9), (1, 9), (1, 8), (2, 7)]
    )
    assert points(read_text("tqdm", text + "\n")[0], "bar/loss") == [(1.0, 8.0), (2.0, 7.0)]


def test_evaluation_bars_stand_at_the_step_of_training() -> None:
    text = ""
    for epoch in (1, 2):
        text += "".join(frame(f"Train {epoch}", n, 3, f"loss={n / epoch}") for n in (1, 2, 3))
        text += "".join(frame("Validation", n, 2, f"loss={5 - n / epoch}") for n in (1, 2)) + "\n"
    run, _ = read_text("tqdm", text)
    assert run.view("bar/loss").steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert points(run, "val_loss") == [(3.0, 3.0), (6.0, 4.0)]


def test_loss_in_the_description() -> None:
    text = "".join(
        f"\rLoss: {9 - n:.3f}:  50%|█████     | {n}/8 [00:00<00:01, 9.5it/s]" for n in range(1, 9)
    )
    assert points(read_text("tqdm", text + "\n")[0], "Loss")[-1] == (8.0, 1.0)


def test_bars_without_a_loss_are_not_claimed() -> None:
    assert claim("\rDownloading:  50%|█████     | 5/10 [00:00<00:01, 9.5MB/s]\n" * 9) is None
    assert claim("\rEvaluating:  50%|█████     | 5/10 [00:00<00:01, 9.5it/s, acc=0.5]\n") is None


def test_a_bar_without_words_keeps_the_names() -> None:
    text = "".join(
        f"\r 50%|█████     | {n}/4 [00:00<00:01, 9.5it/s, loss={9 - n}]" for n in (1, 2, 3, 4, 1, 2)
    )
    run, _ = read_text("tqdm", text + "\n")
    assert points(run, "loss") == [
        (1.0, 8.0),
        (2.0, 7.0),
        (3.0, 6.0),
        (4.0, 5.0),
        (5.0, 8.0),
        (6.0, 7.0),
    ]
