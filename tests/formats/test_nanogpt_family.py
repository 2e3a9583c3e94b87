"""nanoGPT and what came after it: llama2.c, build-nanogpt, nanochat, modded-nanogpt, llm.c."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.formats.console_samples import claim, points, read_sample, read_text


def test_nanogpt_batch_and_estimates_are_two_series() -> None:
    run, parser = read_sample("nanogpt", "healthy.txt")
    assert run.view("loss").steps.tolist() == list(range(0, 501, 10))
    assert run.view("val_loss").steps.tolist() == list(range(0, 501, 50))
    assert points(run, "train_loss")[0] == (0.0, 5.8175)
    assert points(run, "loss")[-1] == (500.0, 2.0173)
    assert parser.info.loss_unit == "nats"
    assert parser.info.facts["parameters"] == "0.07M"
    assert -100.0 not in run.view("mfu").values


def test_nanogpt_nan() -> None:
    run, _ = read_sample("nanogpt", "nan.txt")
    view = run.view("loss")
    assert view.steps[np.isnan(view.values)][0] == 17
    assert np.isnan(run.view("val_loss").values[-1])


def test_nanogpt_in_other_units() -> None:
    text = "step 0: train loss 4.2874, val loss 4.2823\n"
    text += "iter 0: loss 6.1551 BPC, time 63478.93ms, mfu -100.00%\n"
    text += "iter 10: loss 4.6810 BPC, time 49.27ms, mfu 7.56%\n"
    run, parser = read_text("nanogpt", text)
    assert points(run, "loss") == [(0.0, 6.1551), (10.0, 4.681)]
    assert parser.info.loss_unit is None
    assert parser.info.facts["loss unit"] == "BPC"


def test_nanogpt_behind_a_logger() -> None:
    text = "2026-01-05 10:11:12,345 INFO iter 3: loss 2.5, time 49.27ms, mfu 7.56%\n" * 2
    assert claim(text) == "nanogpt"
    assert points(read_text("nanogpt", text)[0], "loss") == [(3.0, 2.5)] * 2


def test_llama2c() -> None:
    run, parser = read_sample("llama2c", "console.txt")
    assert run.view("loss").steps.tolist() == list(range(101))
    assert run.view("val_loss").steps.tolist() == [0, 25, 50, 75, 100]
    assert len(run.view("lr").values) == 101
    assert parser.info.loss_unit == "nats"


def test_build_nanogpt_validation_belongs_to_the_step_after_it() -> None:
    run, _ = read_sample("build-nanogpt", "console.txt")
    assert run.view("loss").steps.tolist() == list(range(200))
    assert points(run, "val_loss")[0] == (0.0, 5.8272)
    assert run.view("val_loss").steps.tolist() == [0, 50, 100, 150, 200]
    assert set(run.series) >= {"lr", "norm", "dt_ms", "tok/sec"}


def test_build_nanogpt_resumed_and_sparse() -> None:
    line = "step   {} | loss: 3.5 | lr 1.5e-04 | norm: 1.8 | dt: 239.62ms | tok/sec: 1068.37\n"
    text = "validation loss: 3.6\n" + line.format(500) + line.format(510) + "validation loss: 3.4\n"
    assert points(read_text("build-nanogpt", text)[0], "val_loss") == [(500.0, 3.6), (520.0, 3.4)]


def test_build_nanogpt_log() -> None:
    run, parser = read_sample("build-nanogpt-log", "log.txt")
    assert run.view("train_loss").steps.tolist() == list(range(200))
    assert points(run, "val_loss")[-1] == (200.0, 2.4856)
    assert parser.bad_records == 0
    hella, parser = read_text("build-nanogpt-log", "0 val 10.9\n0 hella 0.2463\n0 train x\n")
    assert points(hella, "hellaswag_accuracy") == [(0.0, 0.2463)]
    assert parser.bad_records == 1


def test_nanochat() -> None:
    run, parser = read_sample("nanochat", "console.txt")
    assert run.view("loss").steps.tolist() == list(range(200))
    assert points(run, "val_bpb")[-1] == (200.0, 3.585993)
    assert run.view("tok/sec").values[1] == 53722
    assert parser.info.total_steps == 200
    assert parser.info.finished


def test_nanochat_fine_tuning_and_newer_fields() -> None:
    text = (
        "Step 00000 | Validation loss: 1.050123\n"
        "Step 00000/00701 | Training loss: 1.2345| lrm: 1.0| num_tokens: 12,345\n"
        "step 00010/00701 (1.43%) | loss: 1.1 | lrm: 1.00 | dt: 35.71ms | tok/sec: 13,697 |"
        " bf16_mfu: 48.1 | epoch: 1 | total time: 0.01m | eta: 5.1m\n"
        "Step 00700 | CORE metric: 0.2219\n"
    )
    run, _ = read_text("nanochat", text)
    assert points(run, "val_loss") == [(0.0, 1.050123)]
    assert points(run, "train_loss") == [(0.0, 1.2345)]
    assert points(run, "num_tokens") == [(0.0, 12345.0)]
    assert points(run, "core_metric") == [(700.0, 0.2219)]
    assert "eta" not in run.series
    assert "epoch" not in run.series


def test_modded_nanogpt_behind_its_source() -> None:
    run, parser = read_sample("modded-nanogpt", "5bdc3988.txt")
    assert run.view("train_loss").steps.tolist() == list(range(1, 301))
    assert run.view("val_loss").steps.tolist() == [0, 125, 250, 300]
    assert parser.info.total_steps == 300
    assert parser.info.finished


def test_modded_nanogpt_without_train_loss() -> None:
    run, _ = read_sample("modded-nanogpt", "console.txt")
    assert run.view("val_loss").steps.tolist() == [0, 50, 100, 150, 200]
    assert "train_loss" not in run.series


def test_modded_nanogpt_several_runs_and_seconds() -> None:
    line = "step:{}/250 val_loss:3.5 train_time:67.200s step_avg:537.60ms\n"
    text = "".join(line.format(step) for step in (125, 250, 125, 250))
    run, _ = read_text("modded-nanogpt", text)
    assert run.view("val_loss").segments == 2
    assert run.view("train_time_ms").values[0] == pytest.approx(67200)


def test_source_longer_than_a_head_is_told_by_its_print_statement() -> None:
    source = 'print0(f"step:{step}/{train_steps} val_loss:{val_loss:.4f} train_time:{t:.0f}ms")\n'
    assert claim(source + "x = 1\n" * 9000, "5bdc3988-496c-4232.txt") == "modded-nanogpt"
    assert claim(source + "x = 1\n" * 9000, "train_gpt.py") is None


def test_parameter_golf() -> None:
    run, parser = read_sample("parameter-golf", "train.log")
    assert run.view("train_loss").steps.tolist() == list(range(50, 1001, 50))
    assert run.view("val_bpb").steps.tolist() == [0, 200, 400, 600, 800, 1000, 1000]
    assert len(run.view("val_loss").values) == 7
    assert parser.info.finished
    assert parser.info.total_steps == 20000


def test_parameter_golf_with_a_tag() -> None:
    text = "step:10/20 [CE+SWA] train_loss:0.9321 train_time:3480865ms step_avg:870.22ms\n"
    assert points(read_text("parameter-golf", text)[0], "train_loss") == [(10.0, 0.9321)]


def test_llmc_main_log() -> None:
    run, parser = read_sample("llmc-main-log", "main.log")
    assert run.view("train_loss").steps.tolist() == list(range(120))
    assert run.view("val_loss").steps.tolist() == [0, 40, 80, 120]
    assert run.view("hellaswag_accuracy").steps.tolist() == [0, 60]
    assert parser.bad_records == 0


def test_llmc_console_counts_validations_by_steps_done() -> None:
    run, parser = read_sample("llmc-console", "console.txt")
    assert run.view("train_loss").steps.tolist() == list(range(1, 61))
    assert run.view("val_loss").steps.tolist() == [0, 20, 40, 60]
    assert run.view("hellaswag_accuracy").steps.tolist() == [0, 40]
    assert parser.info.finished


def test_llmc_reference() -> None:
    run, _ = read_sample("llmc-console", "reference.txt")
    assert run.view("train_loss").steps.tolist() == list(range(21))
    assert run.view("val_loss").steps.tolist() == [0, 10, 20]


@pytest.mark.parametrize("nan", ["nan", "-nan"])
def test_llmc_nan(nan: str) -> None:
    text = f"step    7/19560 | loss {nan} (+nanz)| norm nan (+nanz)| lr 8.57e-07 | 3056.36 ms\n"
    assert points(read_text("llmc-console", text)[0], "train_loss") == [(7.0, math.inf)]


def test_llama2c_is_read_by_the_format_that_its_first_line_looks_like() -> None:
    text = (
        "step 0: train loss 10.4, val loss 10.5\n0 | loss 10.4 | lr 0.000000e+00 | 9.5ms | mfu 1%\n"
    )
    run, _ = read_text("nanogpt", text)
    assert points(run, "loss") == [(0.0, 10.4)]
    assert points(run, "val_loss") == [(0.0, 10.5)]
