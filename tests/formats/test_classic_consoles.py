"""Consoles of classic frameworks: steps, names, values and what the log says of itself."""

from __future__ import annotations

import pytest

from lossmon.formats.base import Context
from lossmon.formats.registry import get
from tests.formats.console_samples import claim, points, read_sample, read_text
from tests.formats.contract import DATA
from tests.formats.reading import parse


def steps(name: str, filename: str, series: str) -> list[float]:
    run, _ = read_sample(name, filename)
    return [step for step, _ in points(run, series)]


EVERY_TENTH = [40 * epoch + batch + 1 for epoch in range(8) for batch in (0, 10, 20, 30)]

EVERY_TENTH_AND_LAST = [40 * epoch + i for epoch in range(5) for i in (1, 11, 21, 31, 40)]

# Format, sample, series, its steps.
SAMPLES = [
    ("keras-console", "verbose2.txt", "val_loss", list(range(1, 11))),
    ("keras-console", "verbose1-two-epochs.txt", "loss", [1, 2]),
    ("keras-console", "tensorflow-2.txt", "val_loss", [1, 2, 3, 4, 5]),
    ("fastai", "console.txt", "valid_loss", list(range(8))),
    ("skorch", "console.txt", "valid_loss", list(range(1, 13))),
    ("spacy", "console.txt", "LOSS TEXTCAT", [0, 20, 40, 60, 80, 100, 120]),
    ("xgboost", "early-stop.txt", "eval-rmse", list(range(19))),
    ("lightgbm", "early-stop.txt", "valid_1's l2", list(range(1, 17))),
    ("catboost", "early-stop.txt", "test_loss", list(range(37))),
    ("imagenet-example", "console.txt", "Loss", EVERY_TENTH[:24]),
    ("imagenet-example", "console.txt", "test/Loss", [40, 80, 120, 160, 200, 240]),
    ("mnist-example", "console.txt", "Loss", EVERY_TENTH),
    ("mnist-example", "console.txt", "test_loss", [40 * e for e in range(1, 9)]),
    ("stable-baselines3", "console.txt", "train/loss", [256 * i for i in range(2, 17)]),
    ("spinning-up", "console.txt", "LossV", [4000, 8000, 12000, 16000]),
    ("baselines-table", "console.txt", "loss", [0, 10, 20, 30, 40]),
    ("fairseq", "train.log", "loss", list(range(20, 181, 20))),
    ("fairseq", "train.log", "valid/loss", [60, 120, 180]),
    ("fairseq", "before-0.9.txt", "valid/loss", [1872]),
    ("joeynmt", "train.log", "loss", list(range(10, 121, 10))),
    ("joeynmt", "train.log", "valid/loss", [40, 80, 120]),
    ("joeynmt", "train.log", "epoch_total/loss", [30, 60, 90, 120]),
    ("joeynmt", "version-1.log", "loss", [100, 200, 300, 400, 500, 600]),
    ("joeynmt", "version-1.log", "valid/loss", [300, 600]),
    ("joeynmt", "version-2.log", "loss", [100, 200, 300, 400, 500, 600]),
    ("joeynmt", "validations.txt", "valid/loss", [40, 80, 120]),
    ("opennmt", "console.txt", "valid/perplexity", [40, 80, 120]),
    ("marian", "train.log", "cost", list(range(1000, 9000, 1000))),
    ("marian", "train.log", "valid/cross-entropy", [4000, 8000]),
    ("marian", "version-1.12.log", "cost", list(range(10, 121, 10))),
    ("marian", "version-1.12.log", "valid/cross-entropy", [40, 80, 120]),
    ("mmengine", "mmcv.log", "loss", [50, 100, 150, 237, 287, 337]),
    ("mmengine", "mmengine.log", "val/accuracy/top1", [40, 80, 120, 160]),
    ("detectron2", "log.txt", "total_loss", [19, 39, 59, 79, 99, 119, 139]),
    ("detectron2", "maskrcnn-benchmark.txt", "loss", [50, 100, 150, 200, 250, 300, 350]),
    ("metric-logger", "console.txt", "loss", EVERY_TENTH_AND_LAST),
    ("metric-logger", "console.txt", "test/loss", [40, 80, 120, 160, 200]),
    ("flair", "training.log", "dev/loss", [40, 80, 120, 160, 200]),
    ("caffe", "console.log", "test/loss", [0, 200, 400]),
    ("paddle", "high-level.txt", "loss", list(range(8, 129, 8))),
    ("paddle", "high-level.txt", "eval/loss", [32, 64, 96, 128]),
    ("paddle", "ppcls.log", "eval/loss", [30, 60, 90]),
    ("paddle", "ppseg.log", "loss", list(range(20, 201, 20))),
    ("paddle", "ppdet.log", "loss", [1, 21, 41, 61, 81, 101]),
    ("allennlp", "out.log", "validation_loss", [0, 1, 2, 3]),
    ("mlperf", "result.txt", "train_loss", list(range(512, 5121, 512))),
    ("mlperf", "result.txt", "eval_accuracy", [1024, 2048, 3072, 4096, 5120]),
    ("mlperf", "rnnt.txt", "loss", [95, 276, 457, 638, 819]),
    ("mlperf", "rnnt.txt", "eval_accuracy", [1, 2, 3, 4, 5]),
    ("mlperf", "version-0.6.txt", "eval_accuracy", [0, 1, 2, 3]),
    ("deepmd", "lcurve.out", "rmse_val", list(range(0, 1200, 100))),
    ("deepxde-console", "console.txt", "loss_test", list(range(0, 601, 50))),
    ("rwkv", "train_log.txt", "loss", list(range(20))),
    ("rwkv", "train_log.txt", "lr", list(range(20))),
    ("kaldi", "nnet1.log", "val_loss", list(range(9))),
    ("kaldi", "nnet3.log", "output/loss", list(range(100, 900, 100))),
    ("ultralytics", "version-8.4.txt", "cls_loss", [1, 2, 3]),
    ("ultralytics", "version-8.4.txt", "val/mAP50", [1, 2, 3]),
    ("ultralytics", "yolov8-2023.txt", "box_loss", [1, 2, 3]),
    ("ultralytics", "yolov8-2023.txt", "val/mAP50-95", [1, 2, 3]),
    ("ultralytics", "yolov5.txt", "obj_loss", [0, 1, 2]),
    ("text", "epoch-line.txt", "Val Loss", list(range(1, 16))),
    ("darknet", "pjreddie.txt", "loss", list(range(1, 41))),
    ("darknet", "alexeyab.txt", "avg loss", list(range(1, 31))),
    ("darknet", "alexeyab.txt", "val/mAP", [10, 20, 30]),
    ("vits", "vits.log", "loss_mel", list(range(0, 4800, 200))),
    ("vits", "so-vits-svc.log", "loss_kl", list(range(0, 4800, 200))),
    ("vits", "rvc.log", "loss_gen", list(range(0, 4800, 200))),
    ("unnamed-loss", "makemore.txt", "loss", list(range(0, 200000, 10000))),
    ("unnamed-loss", "translation.txt", "loss", list(range(5000, 80000, 5000))),
    ("unnamed-loss", "names.txt", "loss", list(range(5000, 105000, 5000))),
    ("unnamed-loss", "deepfacelab.txt", "loss_src", list(range(300, 9300, 300))),
    ("yolo-results", "results.txt", "loss", list(range(20))),
    ("yolo-results", "results.txt", "val/box_loss", list(range(20))),
    ("cyclegan", "loss_log.txt", "loss_cycle_A", list(range(100, 2500, 100))),
    ("text-table", "chainer.txt", "main/loss", list(range(1, 13))),
    ("text-table", "chainer.txt", "validation/main/loss", [1, 2, 4, 5, 6, 8, 9, 10, 12]),
    ("text-table", "notebook.txt", "Training Loss", list(range(3, 31))),
    ("text-table", "notebook.txt", "Validation Loss", list(range(1, 31))),
    ("text-table", "boosting.txt", "Train Loss", [*range(1, 11), *range(20, 101, 10)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "filename", "series", "expected"),
    SAMPLES,
    ids=[f"{case[0]}-{case[1]}-{case[2]}" for case in SAMPLES],
)
def test_steps(name: str, filename: str, series: str, expected: list[float]) -> None:
    assert steps(name, filename, series) == expected


FINISHED = [
    ("keras-console", "verbose2.txt"),
    ("spacy", "console.txt"),
    ("lightgbm", "early-stop.txt"),
    ("catboost", "early-stop.txt"),
    ("fairseq", "train.log"),
    ("joeynmt", "train.log"),
    ("joeynmt", "version-1.log"),
    ("marian", "train.log"),
    ("metric-logger", "console.txt"),
    ("flair", "training.log"),
    ("caffe", "console.log"),
    ("mlperf", "result.txt"),
    ("ultralytics", "yolov8-2023.txt"),
    ("ultralytics", "version-8.4.txt"),
]


@pytest.mark.parametrize(("name", "filename"), FINISHED)
def test_a_log_that_says_so_has_finished(name: str, filename: str) -> None:
    _, parser = read_sample(name, filename)
    assert parser.info.finished
    assert not parser.info.crashed


ALL = sorted({(name, filename) for name, filename, *_ in SAMPLES})


@pytest.mark.parametrize(("name", "filename"), ALL)
def test_the_samples_in_lines_of_formats_are_recognised(name: str, filename: str) -> None:
    sample = get(name).sample
    if name in ("keras-console", "xgboost", "catboost", "paddle", "metric-logger", "kaldi"):
        assert claim(sample + "\n") == name


@pytest.mark.parametrize(("name", "filename"), ALL)
def test_a_traceback_at_the_end_is_a_crash(name: str, filename: str) -> None:
    run, _ = read_sample(name, filename)
    view = next(iter(run.series))
    data = (DATA / name / filename).read_bytes()
    crash = b'\nTraceback (most recent call last):\n  File "t.py"\nValueError: no\n'
    crashed, parser = read_text(name, data + crash, filename)
    assert parser.info.crashed or parser.info.finished
    assert points(crashed, view) == points(run, view)


def test_keras_evaluate_after_fit_is_no_epoch() -> None:
    text = (
        "Epoch 1/2\n38/38 - 2s - 57ms/step - loss: 2.1\n"
        "Epoch 2/2\n38/38 - 2s - 57ms/step - loss: 1.9\n"
        "16/16 - 0s - 3ms/step - loss: 0.1\n"
    )
    run, parser = read_text("keras-console", text)
    assert points(run, "loss") == [(1, 2.1), (2, 1.9)]
    assert parser.info.finished


def test_keras_nan_and_a_second_fit() -> None:
    text = "".join(
        f"Epoch {e}/9\n38/38 - 2s - 57ms/step - loss: nan - val_loss: {e}.5\n" for e in (1, 3, 2, 3)
    )
    run, _ = read_text("keras-console", text)
    assert points(run, "loss") == [(epoch, float("inf")) for epoch in (1, 3, 2, 3)]
    assert run.view("val_loss").segments == 2


def test_keras_live_epoch_shows_before_the_next_begins() -> None:
    parser = get("keras-console").parser()  # type: ignore[attr-defined]
    frame = " 2/2 \u2501\u2501\u2501\u2501 0s 5ms/step - loss: 1.5"
    first = parser.feed(f"Epoch 1/9\n{frame}\n{frame} - val_loss: 1.0\n".encode())
    assert len(first) == 1
    assert len(parser.feed(f"Epoch 2/9\n{frame}\n".encode())) == 0
    assert len(parser.feed(f"{frame} - val_loss: 0.9\n".encode())) == 1


def test_xgboost_cv_and_prefixes_and_the_metric_it_judges_by() -> None:
    text = "".join(
        f"[12:00:0{i}] [{i}]\ttrain-error:0.{i}+0.01\ttrain-logloss:{3 - i}.5+0.02"
        f"\ttest-error:0.5+0.1\ttest-logloss:{i}.5+0.3\n"
        for i in range(3)
    )
    run, _ = read_text("xgboost", text)
    assert points(run, "test-logloss") == [(0, 0.5), (1, 1.5), (2, 2.5)]
    assert next(iter(run.series)) == "train-logloss"


def test_lightgbm_repeats_the_best_iteration_which_is_no_point() -> None:
    run, parser = read_sample("lightgbm", "early-stop.txt")
    assert run.view("training's l2").segments == 1
    assert parser.info.facts["best iteration"] == "6"


def test_lightgbm_command_line() -> None:
    text = "".join(
        f"[LightGBM] [Info] Iteration:{i}, training binary_logloss : 0.{9 - i}\n"
        f"[LightGBM] [Info] Iteration:{i}, valid_1 auc : 0.{i}\n"
        for i in (1, 2, 3)
    )
    assert claim(text) == "lightgbm"
    run, _ = read_text("lightgbm", text)
    assert points(run, "valid_1 auc") == [(1, 0.1), (2, 0.2), (3, 0.3)]


def test_fairseq_names_and_its_epoch_means() -> None:
    run, _ = read_sample("fairseq", "train.log")
    assert {"loss", "train/loss", "valid/loss", "gnorm", "lr"} <= run.series.keys()
    assert not any("best" in name for name in run.series)


def test_a_second_validation_subset_is_kept_apart() -> None:
    line = (
        "2022-03-01 10:00:58 | INFO | {0} | epoch 001 | valid on '{0}' subset"
        " | loss {1} | num_updates 60\n"
    )
    run, _ = read_text("fairseq", line.format("valid", 2.5) + line.format("valid_news", 3.5))
    assert points(run, "valid/loss") == [(60, 2.5)]
    assert points(run, "valid_news/loss") == [(60, 3.5)]


def test_detectron2_takes_the_value_before_the_mean_and_the_evaluation() -> None:
    run, _ = read_text(
        "detectron2",
        "eta: 0:01:00  iter: 20  loss: 1.5 (2.0)  time: 0.1 (0.2)  lr: 0.1  max mem: 9\n",
    )
    assert points(run, "loss") == [(20, 1.5)]
    assert run.series.keys() == {"loss", "lr"}
    run, _ = read_sample("detectron2", "log.txt")
    assert points(run, "bbox/AP") == [(139, 21.3012)]


def test_mnist_steps_are_marked_as_estimated() -> None:
    run, parser = read_sample("mnist-example", "console.txt")
    assert parser.info.steps_estimated
    assert points(run, "test_accuracy")[0] == (40, pytest.approx(455 / 517))


def test_deepxde_sums_the_parts() -> None:
    run, _ = read_text(
        "deepxde-console",
        "Step      Train loss    Test loss    Test metric\n"
        "0   [1.00e+00, 2.50e-01]   [2.00e+00, 0.00e+00]   []\n",
    )
    assert points(run, "loss_train") == [(0, 1.25)]
    assert points(run, "loss_test") == [(0, 2.0)]


def test_paddle_high_level_api() -> None:
    text = "".join(
        f"Epoch {e}/2\nstep 10/20 - loss: {3 - e}.5 - acc: 0.5 - 5ms/step\n"
        f"step 20/20 - loss: {3 - e}.4 - acc: 0.6"
        f" - 5ms/step\nEval begin...\nstep 5/5 - loss: 0.{e} - acc: 0.7 - 2ms/step\n"
        for e in (1, 2)
    )
    assert claim(text) == "paddle"
    run, _ = read_text("paddle", text)
    assert points(run, "loss") == [(10, 2.5), (20, 2.4), (30, 1.5), (40, 1.4)]
    assert points(run, "eval/loss") == [(20, 0.1), (40, 0.2)]


def test_joeynmt_version_1_validations() -> None:
    text = "".join(
        f"Steps: {n}000\tLoss: {9 - n}.09145\tPPL: 7.55355\tbleu: {n}.5\tLR: 0.00030000\t*\n"
        for n in (1, 2)
    )
    assert claim(text, "validations.txt") == "joeynmt"
    run, parser = read_text("joeynmt", text)
    assert points(run, "valid/loss") == [(1000, 8.09145), (2000, 7.09145)]
    assert parser.info.best_checkpoint == "2000.ckpt"


def test_joeynmt_tests_after_the_training_are_no_points() -> None:
    run, _ = read_sample("joeynmt", "train.log")
    assert points(run, "valid/bleu") == [(40, 55.18), (80, 95.66), (120, 100.0)]


def test_opennmt_before_its_first_step() -> None:
    text = "[2026-11-26 01:27:11,699 INFO] Start training loop and validate every 40 steps...\n"
    corpora = "[2026-11-26 01:27:11,699 INFO] Weighted corpora loaded so far:\n\t\t\t* a: 1\n"
    assert claim(text + corpora * 2000) == "opennmt"


def test_mlperf_records_that_are_no_json_are_counted() -> None:
    _, parser = read_text(
        "mlperf", ':::MLLOG {"key": "eval_accuracy", "value": }\n' + ":::MLLOG {[[[[\n"
    )
    assert parser.bad_records == 2


def test_none_takes_the_log_of_another() -> None:
    for name, filename in ALL:
        text = (DATA / name / filename).read_text(errors="replace")
        assert claim(text, filename) == name


def test_ultralytics_takes_the_last_frame_and_not_the_best_weights_check() -> None:
    run, parser = read_sample("ultralytics", "yolov8-2023.txt")
    assert [value for _, value in points(run, "box_loss")] == [0.7415, 0.5678, 0.4624]
    assert len(points(run, "val/mAP50")) == 3
    assert parser.info.total_epochs == 3
    assert read_sample("ultralytics", "yolov5.txt")[1].info.total_epochs == 3


def test_detectron2_evaluations_are_not_repeated_with_each_line() -> None:
    run, _ = read_sample("detectron2", "version-0.6.txt")
    assert len(run.view("total_loss")) == 10
    assert run.view("validation_loss").steps.tolist() == [99, 199]
    logged, _ = read_sample("detectron2-json", "version-0.6.json")
    assert logged.view("validation_loss").steps.tolist() == [99, 199]


def test_the_environment_of_openmmlab_is_no_point() -> None:
    run, _ = read_sample("openmmlab-json", "20261126_010203.log.json")
    assert "seed" not in run.series
    assert run.view("loss").steps.tolist() == list(range(10, 161, 10))
    assert run.view("val/loss").steps.tolist() == [40, 80, 120, 160]


def test_spinning_up_counts_on_when_it_prints_three_digits() -> None:
    box = "-------------------\n|             Epoch | {:15.3g} |\n| TotalEnvInteracts | {:15.3g} |"
    box += "\n|             LossV | {:15.3g} |\n-------------------\n"
    text = "".join(box.format(n, 4000 * (n + 1), 300 / (n + 1)) for n in range(1200))
    run, parser = read_text("spinning-up", text)
    view = run.view("LossV")
    assert view.steps.tolist() == [4000.0 * (n + 1) for n in range(1200)]
    assert parser.info.steps_estimated


def test_a_counter_that_no_run_reaches_is_a_damaged_row() -> None:
    rows = ["epoch  main/loss  validation/main/loss", "1  0.85  0.36", "1e9992  0.30  0.22"]
    text = "\n".join([*rows, "3  0.20  0.24", "9" * 15 + "9  0.1  0.1", "4  0.16  0.18"])
    batch, _ = parse(get("text-table"), text.encode(), Context("log.txt"))
    assert batch.steps.tolist() == [1, 3, 4]


def test_outputs_of_caffe_that_share_a_name_are_two() -> None:
    lines = [
        "I0503 21:24:08.507103 23925 solver.cpp:340] Iteration 10000, Testing net (#0)",
        "I0503 21:24:56.591938 23925 solver.cpp:419]     Test net output #0: accuracy_5x5 = 0.98",
        "I0503 21:24:56.591954 23925 solver.cpp:419]     Test net output #1: accuracy_5x5 = 0.81",
        "I0503 21:24:56.591958 23925 solver.cpp:419]     Test net output #2: loss = 0.5",
    ]
    text = "".join(f"{line}\n" for line in lines)
    batch, _ = parse(get("caffe"), text.encode(), Context("x"))
    assert {column.name: column.values.tolist() for column in batch.columns} == {
        "test/accuracy_5x5": [0.98],
        "test/accuracy_5x5 #1": [0.81],
        "test/loss": [0.5],
    }
