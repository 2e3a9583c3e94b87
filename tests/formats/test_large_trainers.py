"""Megatron-LM, GPT-NeoX, DeepSpeed, torchtune, torchtitan, LitGPT, MLX-LM, Composer, verl, …"""

from __future__ import annotations

import math

import numpy as np
import pytest

from lossmon.formats.base import Context
from lossmon.formats.registry import get
from lossmon.model import Role, RoleMap, choose_judged, concatenate, role_of
from tests.formats import contract
from tests.formats.console_samples import claim, points, read_sample, read_text


def test_megatron() -> None:
    run, parser = read_sample("megatron", "console.txt")
    train = run.view("lm loss")
    assert train.steps.tolist() == list(range(10, 301, 10))
    assert train.steps[np.isnan(train.values)].tolist() == [290]
    assert run.view("validation lm loss").steps.tolist() == [100, 200, 300]
    assert run.view("test lm loss").steps.tolist() == [300]
    assert run.view("consumed samples").values[0] == 640
    sizes = {name: len(series) for name, series in run.series.items()}
    assert choose_judged(sizes, RoleMap()) == ("lm loss", "validation lm loss")
    assert parser.info.total_steps == 300
    assert parser.info.finished


def test_megatron_older_lines() -> None:
    text = (
        "  iteration      100/   500000 | consumed samples: 25600 | elapsed time per iteration"
        " (ms): 1.0 | learning rate: 1.0E-04 | lm loss: 7.5E+00 | loss scale: 1.0 |\n"
        " validation loss at iteration 100 | lm loss value: 7.4E+00 | lm loss PPL: 1.6E+03 | \n"
        " validation loss at the end of training for val data | lm loss value: 7.3E+00 |"
        " lm loss PPL: 1.5E+03 | \n"
    )
    run, parser = read_text("megatron", "7: " + text.replace("\n", "\n7: "))
    assert points(run, "validation lm loss") == [(100.0, 7.4), (100.0, 7.3)]
    assert points(run, "learning rate") == [(100.0, 1e-4)]
    assert parser.info.finished


def test_gpt_neox_before_the_engine_it_runs_on() -> None:
    run, parser = read_sample("gpt-neox", "console.txt")
    assert run.view("lm_loss").steps.tolist() == list(range(10, 201, 10))
    assert run.view("validation lm_loss").steps.tolist() == [100, 200]
    assert run.view("approx flops per GPU").values[0] == 44.2e12
    assert run.view("samples/sec").values[0] == 27.913
    assert parser.info.crashed


def test_deepspeed_chat_perplexities_stand_at_the_last_step() -> None:
    run, parser = read_sample("deepspeed", "chat-sft.txt")
    assert points(run, "eval_perplexity") == [
        (0.0, 4998.29638671875),
        (60.0, 2.0179834365844727),
        (120.0, 1.9541),
    ]
    assert run.view("lr").steps.tolist() == list(range(10, 121, 10))
    assert parser.info.total_epochs == 2
    assert parser.info.finished


def test_deepspeed_chat_ppo() -> None:
    run, _ = read_sample("deepspeed", "chat-ppo.txt")
    assert run.view("act_loss").steps.tolist() == list(range(20))
    assert run.view("average_reward_score").steps.tolist() == list(range(20))
    assert role_of("average_reward_score") is Role.SCORE


def test_deepspeed_chat_rewards() -> None:
    text = (
        "***** Evaluating reward, Epoch 0/1 *****\n"
        "chosen_last_scores (higher is better) : 2.81, acc (higher is better) : 0.49\n"
        "***** Evaluating rewards, Epoch 1/1 *****\nchosen: -31.9, rejected: -33.9, loss: 0.665\n"
        "Epoch 1/1 with loss 0.57\n"
    )
    run, _ = read_text("deepspeed", text)
    assert points(run, "eval_accuracy") == [(0.0, 0.49)]
    assert points(run, "eval_loss") == [(0.0, 0.665)]
    assert points(run, "epoch_loss") == [(0.0, 0.57)]


def test_deepspeed_pipeline() -> None:
    run, _ = read_sample("deepspeed", "pipeline.txt")
    assert run.view("loss").steps.tolist() == list(range(5, 61, 5))


def test_torchtune_logger() -> None:
    run, _ = read_sample("torchtune", "log_1795657281.txt")
    assert run.view("loss").steps.tolist() == list(range(1, 41))
    assert set(run.series) == {"loss", "lr", "tokens_per_second_per_gpu", "grad_norm"}


def test_torchtune_bar() -> None:
    run, _ = read_sample("torchtune", "bar.txt")
    logged, _ = read_sample("torchtune", "log_1795657281.txt")
    assert points(run, "loss") == points(logged, "loss")


def test_torchtitan() -> None:
    run, parser = read_sample("torchtitan", "console.txt")
    view = run.view("loss")
    assert view.steps.tolist() == [1, *range(5, 51, 5)]
    assert view.steps[np.isnan(view.values)].tolist() == [45]
    assert run.view("tps").values[0] == 12345
    assert len(run.view("mfu").values) == 10
    assert run.view("val_loss").steps.tolist() == [25, 50]
    assert parser.info.total_steps == 50
    assert parser.info.finished


def test_litgpt() -> None:
    run, parser = read_sample("litgpt", "finetune-lora.txt")
    assert run.view("train_loss").steps.tolist() == list(range(1, 49))
    assert run.view("val_loss").steps.tolist() == [16, 32, 48, 48]
    assert points(run, "val_loss")[-1] == (48.0, 0.988)
    assert parser.info.finished


@pytest.mark.parametrize("filename", ["version-0.26.txt", "version-0.32.txt"])
def test_mlx_lm_lines_and_table_of_the_same_run(filename: str) -> None:
    run, parser = read_sample("mlx-lm", filename)
    assert run.view("train_loss").steps.tolist() == list(range(5, 61, 5))
    assert points(run, "train_loss")[-1] == (60.0, 5.319)
    assert points(run, "val_loss") == [(1, 5.784), (20, 5.487), (40, 5.389), (60, 5.31)]
    assert role_of("tokens_per_sec") is Role.THROUGHPUT
    assert parser.info.total_steps == 60
    assert parser.info.finished


def test_litgpt_pretraining_prints_every_second_step() -> None:
    run, parser = read_sample("litgpt", "pretrain.txt")
    assert run.view("train_loss").steps.tolist() == list(range(4, 61, 4))
    assert points(run, "val_loss") == [(20, 2.2787), (40, 1.1864), (60, 1.0239)]
    assert not parser.info.finished


def test_mlx_lm_rows_without_their_header_are_none() -> None:
    run, _ = read_text("mlx-lm", "     5    5.687 \u25bc      375      1.2k\n")
    assert not run.series


def test_mlx_lm_older_lines() -> None:
    text = "Iter 10: Train loss 2.123, It/sec 1.234, Tokens/sec 345.678\n"
    assert claim(text) == "mlx-lm"
    assert points(read_text("mlx-lm", text)[0], "it/s") == [(10.0, 1.234)]


def test_composer_epochs() -> None:
    run, _ = read_sample("composer-console", "epochs.txt")
    assert run.view("loss/train/total").steps.tolist() == list(range(8, 65, 8))
    assert run.view("metrics/eval/CrossEntropy").steps.tolist() == [16, 32, 48, 64]
    assert role_of("metrics/eval/CrossEntropy") is Role.EVAL_LOSS
    assert role_of("metrics/eval/MulticlassAccuracy") is Role.SCORE


def test_composer_batches() -> None:
    run, parser = read_sample("composer-console", "batches.txt")
    assert run.view("loss/train/total").steps.tolist() == [1, *range(5, 41, 5)]
    assert run.view("metrics/eval/CrossEntropy").steps.tolist() == [20, 40]
    assert parser.info.total_steps == 40


def test_composer_of_llm_foundry() -> None:
    run, parser = read_sample("composer-console", "llm-foundry.txt")
    assert run.view("loss/train/total").steps.tolist() == [1, 2, 3, 4]
    assert parser.info.total_steps == 3200


def test_composer_tokens() -> None:
    text = "[token=65536/1000000]:\n\t Train time/batch: 4\n\t Train loss/train/total: 7.5\n"
    assert points(read_text("composer-console", text)[0], "loss/train/total") == [(5.0, 7.5)]


def test_verl() -> None:
    run, _ = read_sample("verl", "console.txt")
    assert run.view("actor/pg_loss").steps.tolist() == [1, 2, 3, 4, 5]
    assert points(run, "val/test_score/openai/gsm8k") == [(0.0, 0.42)]
    assert points(run, "actor/pg_clipfrac")[0] == (1.0, 0.01)


def test_verl_before_its_first_step() -> None:
    text = "Using LocalLogger is deprecated. The constructor API will change\n" + "sample\n" * 9000
    assert claim(text, "output.log") == "verl"


def test_llama_factory_log() -> None:
    run, parser = read_sample("llama-factory-console", "running_log.txt")
    assert run.view("loss").steps.tolist() == list(range(5, 201, 5))
    assert parser.info.total_steps == 200
    assert parser.info.steps_estimated


def test_llama_factory_lines_printed_twice_are_one_point() -> None:
    run, parser = read_sample("llama-factory-console", "webui-console.txt")
    assert run.view("loss").steps.tolist() == list(range(5, 101, 5))
    assert not parser.info.steps_estimated


def test_llama_factory_new_trainer() -> None:
    run, parser = read_sample("llama-factory-console", "v1.txt")
    assert run.view("loss").steps.tolist() == list(range(10, 101, 10))
    assert run.view("grad_norm").steps.tolist() == list(range(10, 101, 10))
    assert parser.info.total_steps == 100


def test_nan_of_each() -> None:
    lines = {
        "litgpt": "Epoch 1 | iter 4 step 1 | loss train: nan, val: n/a | iter time: 12.34 ms\n",
        "mlx-lm": "Iter 10: Train loss nan, Learning Rate 1.0e-05, It/sec 1.2\n",
        "torchtune": "Step 4 | loss:nan lr:0.0003 \n",
        "verl": "step:1 - actor/pg_loss:nan - reward/mean:-inf\n",
        "deepspeed": "steps: 4 loss: nan iter time (s): 0.186 samples/sec: 53.694\n",
    }
    for name, line in lines.items():
        assert claim(line * 3) == name
        run, _ = read_text(name, line)
        losses = [series for series in run.series if role_of(series) is Role.TRAIN_LOSS]
        assert [math.isnan(run.view(series).values[0]) for series in losses] == [True], name


def test_gpt_neox_slow_enough_to_need_no_prefix() -> None:
    text = " samples/sec: 0.1 | iteration 1/ 9 | approx flops per GPU: 44.2FLOPS | lm_loss: 1.0 |\n"
    assert points(read_text("gpt-neox", text)[0], "approx flops per GPU") == [(1.0, 44.2)]


def test_the_engine_alone_is_left_to_the_trainer_on_it() -> None:
    line = "[2026-01-05 01:51:12,730] [INFO] [logging.py:96:log_dist] [Rank 0] step=350, skipped=6,"
    assert claim((line + " lr=[9.6e-06], mom=[(0.9, 0.95)]\n") * 9) != "deepspeed"


def test_lines_behind_the_launcher_s_prefixes() -> None:
    text = "10.0.0.1: [2026-01-05 01:51:12,730] [INFO] [Rank 0] step=350, skipped=6, lr=[9.6e-06]\n"
    assert points(read_text("deepspeed", text)[0], "lr") == [(350.0, 9.6e-6)]
    text = "[rank0]:[epoch=1][batch=3/9]:\n[rank0]:\t Train loss/train/total: 2.5\n"
    assert points(read_text("composer-console", text)[0], "loss/train/total") == [(3.0, 2.5)]


def test_lit_gpt_as_it_printed_before() -> None:
    text = (
        "iter 3 step 1: loss 5.2310, iter time: 12.34ms (optimizer.step)\n"
        "step 3: val loss 5.1234, val time: 120.34ms\n"
    )
    assert claim(text) == "litgpt"
    run, _ = read_text("litgpt", text)
    assert points(run, "train_loss") == [(3.0, 5.231)]
    assert points(run, "val_loss") == [(3.0, 5.1234)]


def test_deepspeed_pipeline_with_parts_of_the_loss() -> None:
    text = "steps: 200 loss: 5.5508 lm loss: 5.5103 moe loss: 0.0405 iter time (s): 0.936 \n"
    assert claim(text) == "deepspeed"
    assert points(read_text("deepspeed", text)[0], "moe loss") == [(200.0, 0.0405)]


def test_megatron_before_it_had_colons() -> None:
    run, _ = read_sample("megatron", "year-2019.txt")
    assert run.view("lm loss").steps.tolist() == list(range(10, 101, 10))
    assert {"learning rate", "perplexity", "loss scale"} <= set(run.series)


def test_torchtitan_says_how_many_steps_it_will_make() -> None:
    _, parser = read_sample("torchtitan", "version-0.3.txt")
    assert parser.info.total_steps == 200
    assert parser.info.finished


def test_deepspeed_chat_without_a_printed_step() -> None:
    run, parser = read_sample("deepspeed", "chat-step1.txt")
    assert run.view("eval_perplexity").steps.tolist() == [0, 80, 160, 240]
    assert parser.info.steps_estimated


def test_mlperf_evaluations_without_an_epoch_are_counted_whatever_the_chunks() -> None:
    line = ':::MLL 155851229{}.5 eval_accuracy: {{"value": 0.{}, "metadata": {{"file": "x"}}}}\n'
    text = "".join(line.format(n, n) for n in range(1, 6))
    parser = contract.new_parser(get("mlperf"), Context("log"))
    batches = [parser.feed(piece.encode()) for piece in text.splitlines(keepends=True)]
    steps = concatenate([*batches, parser.finish()]).steps
    assert steps.tolist() == read_text("mlperf", text)[0].view("eval_accuracy").steps.tolist()
    assert steps.tolist() == [1, 2, 3, 4, 5]


def test_paddles_mean_average_precisions_stand_at_the_last_step() -> None:
    line = "[05/01 10:00:00] ppdet.engine INFO: Epoch: [0] [ {}/40] learning_rate: 0.01 loss: {}\n"
    coco = " Average Precision  (AP) @[ IoU={} | area=   all | maxDets=100 ] = {}\n"
    text = (
        "".join(line.format(batch, 3 - batch / 20) for batch in (0, 20, 39))
        + coco.format("0.50:0.95", "0.363")
        + coco.format("0.50     ", "0.512")
        + "[05/01 10:00:00] ppdet.metrics.metrics INFO: mAP(0.50, 11point) = 83.51%\n"
    )
    run, _ = read_text("paddle", text)
    assert points(run, "eval/mAP") == [(40, 0.363), (40, pytest.approx(0.8351))]
    assert role_of("eval/mAP") is Role.SCORE


@pytest.mark.parametrize("damaged", ["inf", "nan", "-4", "1e400"])
def test_nemo_whose_global_step_is_no_step_is_read_by_its_iteration(damaged: str) -> None:
    line = "Training epoch 0, iteration 9/99 | lr: 0.0006 | global_step: {} | val_loss: 9.1\n"
    run, _ = read_text("nemo", line.format(damaged))
    assert points(run, "val_loss") == [(9.0, 9.1)]


def test_a_console_makes_no_row_of_a_step_that_is_no_number() -> None:
    _, parser = read_text("nemo", "")
    parser.add({"loss": 1.0}, math.inf)
    assert (len(parser.rows.take()), parser.bad_records) == (0, 1)
