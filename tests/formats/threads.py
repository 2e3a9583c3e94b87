"""Logs as people paste them into threads: the wording of each is a public log's, the numbers ours.

Unlike the cases of `unforeseen` these are whole short texts, for what rests on the order of lines:
lines printed twice, evaluations between them, several reports in one line.
"""
# ruff: noqa: E501 - a line here is a line of a log

from __future__ import annotations

from typing import NamedTuple

Points = tuple[tuple[float, float], ...]


class Thread(NamedTuple):
    """A text and what must be read of it."""

    name: str
    source: str
    """Repository and number of the issue or pull request, or path of what prints the lines."""
    text: str
    train: Points = ()
    """Steps and values of the series judged as training."""
    eval: Points = ()
    format: str = "text"
    series: tuple[str, ...] = ()
    """Further series that must be there."""
    file: str = "train.log"


THREADS = [
    Thread(
        "two handlers",
        "tensorflow/models #2980",
        "INFO:tensorflow:global step 1: loss = 79.5 (57.1 sec/step)\n"
        "INFO:tensorflow:global step 1: loss = 79.5 (57.1 sec/step)\n"
        "INFO:tensorflow:Recording summary at step 1.\n"
        "INFO:tensorflow:global_step/sec: 0.03\n"
        "INFO:tensorflow:global step 2: loss = 72.25 (17.1 sec/step)\n"
        "INFO:tensorflow:global step 2: loss = 72.25 (17.1 sec/step)\n"
        "INFO:tensorflow:global step 3: loss = 67.125 (16.5 sec/step)\n"
        "INFO:tensorflow:global step 3: loss = 67.125 (16.5 sec/step)\n",
        train=((1, 79.5), (2, 72.25), (3, 67.125)),
    ),
    Thread(
        "two handlers with prefixes of their own",
        "TannerGilbert/Tensorflow-Object-Detection-API-Train-Model #6",
        "I0912 11:40:27.956218 139735 model_lib_v2.py:652] Step 100 per-step time 0.813s loss=1.25\n"
        "INFO:tensorflow:Step 200 per-step time 0.831s loss=nan\n"
        "I0912 11:41:51.976096 139735 model_lib_v2.py:652] Step 200 per-step time 0.831s loss=nan\n"
        "INFO:tensorflow:Step 300 per-step time 0.844s loss=1.375\n"
        "I0912 11:43:14.231966 139735 model_lib_v2.py:652] Step 300 per-step time 0.844s loss=1.375\n",
        train=((100, 1.25), (200, float("nan")), (300, 1.375)),
    ),
    Thread(
        "ranks whose speeds differ",
        "pytorch/torchtitan #2389",
        "[titan] 2026-02-24 19:46:17,508 - root - INFO - step:  4  loss:  7.62500  grad_norm: 26.6250  memory: 66.91GiB(37.51%)  tps: 10,050  tflops: 314.71  mfu: 13.99%\n"
        "[titan] 2026-02-24 19:46:17,508 - root - INFO - step:  4  loss:  7.62500  grad_norm: 26.6250  memory: 66.91GiB(37.51%)  tps: 10,049  tflops: 314.69  mfu: 13.99%\n"
        "[titan] 2026-02-24 19:46:19,145 - root - INFO - step:  5  loss:  7.12500  grad_norm: 46.5000  memory: 66.91GiB(37.51%)  tps: 10,007  tflops: 313.36  mfu: 13.93%\n"
        "[titan] 2026-02-24 19:46:19,145 - root - INFO - step:  5  loss:  7.12500  grad_norm: 46.5000  memory: 66.91GiB(37.51%)  tps: 10,008  tflops: 313.37  mfu: 13.93%\n",
        train=((4, 7.625), (5, 7.125)),
        format="torchtitan",
    ),
    Thread(
        "devices",
        "pytorch/xla #4324",
        "".join(
            f"| Training Device=xla:0/{device} Epoch=1 Step={step} Loss={loss} Rate={545.2 + device} GlobalRate=300.6 Time=01:52:42\n"
            for step, loss in ((340, 0.375), (360, 0.25), (380, 0.125))
            for device in (5, 7, 2)
        ),
        train=((340, 0.375), (360, 0.25), (380, 0.125)),
    ),
    Thread(
        "an estimator's one evaluation",
        "tensorflow/tensorflow #43014",
        "INFO:tensorflow:loss = 96.5, step = 0\n"
        "INFO:tensorflow:global_steps = 0, loss = 96.5\n"
        "INFO:tensorflow:global_step/sec: 0.803899\n"
        "INFO:tensorflow:loss = 4.25, step = 100 (124.394 sec)\n"
        "INFO:tensorflow:loss = 3.75, step = 200 (124.394 sec)\n"
        "INFO:tensorflow:Saving dict for global step 200: accuracy = 0.5, global_step = 200, loss = 3.5\n",
        train=((0, 96.5), (100, 4.25), (200, 3.75)),
        eval=((200, 3.5),),
    ),
    Thread(
        "losses under a step",
        "allenai/OLMo #692",
        "".join(
            f"2024-08-06 09:59:26.181 intern-studio-160750:0  olmo.train:908  INFO    [step={step}/739328,epoch=0]\n"
            f"    optim/total_grad_norm=231.7\n    train/CrossEntropyLoss={loss}\n    train/Perplexity=195,153\n"
            f"    throughput/total_tokens={step},048,576\n    System/Peak GPU Memory (MB)=46,911\n"
            for step, loss in ((1, 12.5), (2, 1.75e-06), (3, 0.0), (4, 0.0))
        ),
        train=((1, 12.5), (2, 1.75e-06), (3, 0.0), (4, 0.0)),
    ),
    Thread(
        "a loss of nothing",
        "RUCAIBox/RecBole #1533",
        "".join(
            f"12 Nov 21:12    INFO  epoch {epoch} training [time: 17.81s, train loss: 0.0000]\n"
            f"12 Nov 21:13    INFO  epoch {epoch} evaluating [time: 1.53s, valid_score: 0.735000]\n"
            "12 Nov 21:13    INFO  valid result: \n"
            "precision@5 : 0.5674    recall@5 : 0.5674    hit@5 : 0.9968\n"
            for epoch in range(4)
        ),
        train=((0, 0), (1, 0), (2, 0), (3, 0)),
    ),
    Thread(
        "evaluated at each report",
        "mesolitica/NLP-Models-Tensorflow #10",
        "Epoch   0 Batch   50/225 - Loss: 3.25 - perplextity: 25.5\n"
        "Epoch   0 Batch   50/225 - Test Loss: 3.5 - Test perplextity: 24.0\n"
        "Epoch   0 Batch  100/225 - Loss: 3.125 - perplextity: 23.0\n"
        "Epoch   0 Batch  100/225 - Test Loss: 2.75 - Test perplextity: 15.7\n"
        "Epoch   1 Batch   50/225 - Loss: 2.5 - perplextity: 12.8\n"
        "Epoch   1 Batch   50/225 - Test Loss: 2.625 - Test perplextity: 12.3\n",
        train=((50, 3.25), (100, 3.125), (275, 2.5)),
        eval=((50, 3.5), (100, 2.75), (275, 2.625)),
    ),
    Thread(
        "a step over the run among others",
        "microsoft/LMOps #130",
        "".join(
            f"train | data_epochs  0/10 | inner iter: {inner:3}/  8 | ppo epoch:  {ppo}/ 4 | global iter: {step:6}/  5000| tot_loss: {loss} | rl_loss: -0.0407 | reward: 0.0000 | lr: 2.5000e-07\n"
            for step, inner, ppo, loss in ((12, 5, 2, 2.5), (13, 7, 2, 2.25), (14, 1, 3, 3.125))
        ),
        train=((12, 2.5), (13, 2.25), (14, 3.125)),
    ),
    Thread(
        "updates since the last line, and in all",
        "facebookresearch/ParlAI #2567",
        "".join(
            f"[ time:{20 + step}.0s total_exs:540 epochs:0.01 ] {{'exs': 540, 'mean_loss': {loss}, 'lr': 1.8e-05, 'updates': {new}, 'total_train_updates': {step}}}\n"
            for step, new, loss in ((18, 18, 9.25), (37, 19, 6.5), (56, 19, 5.75))
        ),
        train=((18, 9.25), (37, 6.5), (56, 5.75)),
    ),
    Thread(
        "steps of an episode",
        "keras-rl/keras-rl #80",
        "".join(
            f" {step}/50000: episode: {episode}, duration: 0.073s, episode steps: {length}, steps per second: 178, episode reward: {length}.000, mean reward: 1.000 [1.000, 1.000], loss: {loss}, mean_q: 46.006168\n"
            for step, episode, length, loss in (
                (39160, 569, 13, 78.75),
                (39497, 570, 337, 5.25),
                (39943, 571, 446, 5.5),
            )
        ),
        train=((39160, 78.75), (39497, 5.25), (39943, 5.5)),
    ),
    Thread(
        "three returns",
        "yamatokataoka/reinforcement-learning-replications #7",
        "".join(
            f"2020-10-10 08:34:38,694 — rl_replicas.vpg.vpg — INFO — Epoch: {epoch}\n"
            f"2020-10-10 08:34:38,694 — rl_replicas.vpg.vpg — INFO — Average Episode Return: {35.25 + epoch}\n"
            f"2020-10-10 08:34:38,695 — rl_replicas.vpg.vpg — INFO — Maximum Episode Return: {102.5 + epoch}\n"
            f"2020-10-10 08:34:38,695 — rl_replicas.vpg.vpg — INFO — Value Function Loss: {9.5 - epoch}\n"
            for epoch in range(1, 5)
        ),
        train=((1, 8.5), (2, 7.5), (3, 6.5), (4, 5.5)),
        series=("Average Episode Return", "Maximum Episode Return"),
    ),
    Thread(
        "two words as one",
        "Alpha-VLLM/LLaMA2-Accessory #48",
        "[05:25:06.033566] Epoch: [0]  [0/1504]  lr: 0.000012  closs: 0.875 (0.9249)  time: 5.8674  data: 1.3491  max mem: 51710\n"
        "[05:25:52.210291] Epoch: [0]  [10/1504]  lr: 0.000012  closs: 0.75 (0.9352)  time: 4.7312  data: 0.1228  max mem: 51710\n"
        "[05:26:38.097359] Epoch: [0]  [20/1504]  lr: 0.000012  closs: 0.625 (0.9312)  time: 4.6031  data: 0.0002  max mem: 51710\n",
        train=((0, 0.875), (10, 0.75), (20, 0.625)),
    ),
    Thread(
        "several dicts in one line",
        "modelscope/ms-swift #4146",
        "{'loss': 0.5, 'grad_norm': 25.8, 'learning_rate': 1e-06, 'epoch': 0.24, 'global_step/max_steps': '11/94', 'percentage': '11.70%'} "
        "{'loss': 0.375, 'grad_norm': 18.5, 'learning_rate': 1e-06, 'epoch': 0.26, 'global_step/max_steps': '12/94', 'percentage': '12.77%'} "
        "{'loss': 0.25, 'grad_norm': 20.4, 'learning_rate': 9e-07, 'epoch': 0.28, 'global_step/max_steps': '13/94', 'percentage': '13.83%'}\n",
        train=((11, 0.5), (12, 0.375), (13, 0.25)),
        format="hf-trainer-console",
    ),
    Thread(
        "an evaluation's loss repeated",
        "NVIDIA-BioNeMo/bionemo-recipes #740",
        "Training epoch 0, iteration 0/149 | lr: 3e-05 | global_batch_size: 1 | global_step: 0 | reduced_train_loss: 1.25 | train_step_timing in s: 0.03146\n"
        "Training epoch 0, iteration 1/149 | lr: 3e-05 | global_batch_size: 1 | global_step: 1 | reduced_train_loss: 1.5 | train_step_timing in s: 0.03146 | val_loss: 4.125\n"
        "Training epoch 0, iteration 2/149 | lr: 3e-05 | global_batch_size: 1 | global_step: 2 | reduced_train_loss: 1.375 | train_step_timing in s: 0.03157 | val_loss: 4.125\n"
        "Training epoch 0, iteration 3/149 | lr: 3e-05 | global_batch_size: 1 | global_step: 3 | reduced_train_loss: 1.125 | train_step_timing in s: 0.03157 | val_loss: 3.875\n",
        train=((0, 1.25), (1, 1.5), (2, 1.375), (3, 1.125)),
        eval=((1, 4.125), (3, 3.875)),
        format="nemo",
    ),
    Thread(
        "an old fork of Megatron",
        "THUDM/Chinese-Transformer-XL #7",
        " iteration      900/    3000 | elapsed time per iteration (ms): 11070.0 | learning rate 9.133E-06 | lm loss 4.750000E+00 | loss scale 0.1 |\n"
        " iteration     1000/    3000 | elapsed time per iteration (ms): 12955.2 | learning rate 8.807E-06 | lm loss NAN | loss scale 0.1 |\n"
        " validation loss at iteration 1000 | LM loss: 4.500000E+00 | LM PPL: 9.034661E+01\n",
        train=((900, 4.75), (1000, float("nan"))),
        eval=((1000, 4.5),),
        format="megatron",
        series=("validation LM PPL",),
    ),
    Thread(
        "fairseq before it counted updates",
        "facebookresearch/fairseq #301",
        "| epoch 004 | valid on 'valid' subset  1000 / 1311 loss=3.25\n"
        "| epoch 004 | valid on 'valid' subset | valid loss 3.75 | valid ppl 12.94\n"
        "| epoch 005  1000 / 8000 loss=2.25 (3.20), wps=959, wpb=897, bsz=32, lr=0.001, clip=100%, gnorm=2.7374\n"
        "| epoch 005  2000 / 8000 loss=2.125 (3.14), wps=960, wpb=900, bsz=32, lr=0.001, clip=100%, gnorm=2.7204\n"
        "| epoch 005 | train loss 2.92 | train ppl 7.59 | s/checkpoint    7748 | words/s    961 | bsz    32 | lr 0.001000 | gnorm 2.6727\n"
        "| epoch 005 | valid on 'valid' subset | valid loss 3.125 | valid ppl 8.78\n",
        train=((33000, 2.25), (34000, 2.125)),
        eval=((32000, 3.75), (40000, 3.125)),
        format="fairseq",
    ),
    Thread(
        "bars, and lines of a logger",
        "speechbrain/speechbrain #2216",
        "".join(
            f"speechbrain.utils.epoch_loop - Going into epoch {epoch}\n"
            f"100%|██████████| 190/190 [03:08<00:00,  1.01it/s, train_loss={loss}]\n"
            "100%|██████████| 137/137 [01:43<00:00,  1.33it/s]\n"
            f"speechbrain.utils.train_logger - epoch: {epoch}, lr: 1.00e+00 - train loss: {loss} - valid loss: {loss + 0.5}, valid CER: 35.42, valid WER: 39.14\n"
            for epoch, loss in ((1, 0.875), (2, 0.75), (3, 0.625))
        ),
        train=((190, 0.875), (380, 0.75), (570, 0.625)),
        eval=((190, 1.375), (380, 1.25), (570, 1.125)),
        format="tqdm",
    ),
    Thread(
        "the sum of the parts",
        "WongKinYiu/yolor #94",
        "     Epoch   gpu_mem       box       obj       cls     total   targets  img_size\n"
        "      0/49     8.55G    0.0194   0.03467  0.003309   0.05738        12       448: 100% 1626/1626 [22:57<00:00,  1.18it/s]\n"
        "\n"
        "     Epoch   gpu_mem       box       obj       cls     total   targets  img_size\n"
        "      1/49     11.9G   0.01943   0.03224   0.00101   0.05250        13       448: 100% 1626/1626 [22:55<00:00,  1.18it/s]\n",
        train=((0, 0.05738), (1, 0.0525)),
        format="ultralytics",
        series=("box_loss",),
    ),
    Thread(
        "a sum beside its list",
        "svc-develop-team/so-vits-svc #169",
        "2023-04-18 09:48:11,453\t44k\tINFO\tLosses: [1.25, 4.0, 12.25, 18.5, -0.05], step: 21400, lr: 5.85e-05, reference_loss: 35.95\n"
        "2023-04-18 09:48:12,646\t44k\tINFO\t====> Epoch: 4274, cost 7.40 s\n"
        "2023-04-18 09:58:11,453\t44k\tINFO\tLosses: [1.25, 4.0, 12.25, 18.25, -0.05], step: 21600, lr: 5.85e-05, reference_loss: 35.7\n",
        train=((21400, 18.5), (21600, 18.25)),
        format="vits",
        series=("reference_loss",),
    ),
    Thread(
        "records within records",
        "caikit/caikit-nlp #208",
        "".join(
            f'{{"name": "loss", "data": {{"epoch": 0.01, "step": {step}, "value": {loss}, "timestamp": "2023-09-26T19:25:18.737364"}}}}\n'
            for step, loss in ((1, 3.75), (2, 4.5), (3, 4.25))
        ),
        train=((1, 3.75), (2, 4.5), (3, 4.25)),
        format="long-jsonl",
        file="training_logs.jsonl",
    ),
    Thread(
        "blocks of a trial, another one's between",
        "ray-project/ray #27093",
        "== Status ==\nNumber of trials: 2/2 (2 RUNNING)\n\n"
        + "".join(
            f"Result for PPO_CartPole-v0_120b5_0000{trial}:\n"
            f"  counters:\n    num_env_steps_trained: {steps}\n  custom_metrics: {{}}\n  date: 2022-07-27_15-41-01\n"
            f"  episode_reward_mean: {22.5 + trial}\n  info:\n    learner:\n      default_policy:\n        learner_stats:\n"
            f"          cur_lr: 4.99e-05\n          policy_loss: -0.035\n          total_loss: {loss + trial}\n"
            f"  timesteps_total: {steps}\n  training_iteration: {steps // 4000}\n\n"
            for steps, loss in ((4000, 8.875), (8000, 8.5), (12000, 8.125))
            for trial in (0, 1)
        ),
        train=((4000, 8.875), (8000, 8.5), (12000, 8.125)),
        format="rllib",
        series=("episode_reward_mean", "cur_lr"),
    ),
    Thread(
        "an evaluation between the frames of a bar",
        "Fictionarry/TalkingGaussian #53",
        "".join(
            f"Training progress:  44%|####8     | {step}/50000 [09:23<08:34, 54.45it/s, Loss={loss}, Mouth=13.0-21.6]\n"
            f"[ITER {step}] Evaluating test: L1 {loss / 2} PSNR 34.75 [26/11 18:13:40]\n\n"
            f"[ITER {step}] Evaluating train: L1 {loss / 4} PSNR 35.0 [26/11 18:13:43]\n\n"
            f"[ITER {step}] Saving Gaussians [26/11 18:12:47]\n"
            for step, loss in ((20000, 0.125), (22000, 0.0625))
        ),
        train=((20000, 0.125), (22000, 0.0625)),
        eval=((20000, 0.0625), (22000, 0.03125)),
        format="tqdm",
        series=("test/PSNR", "train/L1"),
    ),
    Thread(
        "steps since the start, and of the epoch",
        "open-mmlab/OpenPCDet #1156",
        "2022-10-23 03:18:48,048   INFO  epoch: 3/120, acc_iter=1084, cur_iter=270/271, batch_size=1, loss=5.25, lr=0.00034\n"
        "train:   0%|          | 0/271 [00:00<?, ?it/s]2022-10-23 03:18:50,691   INFO  epoch: 4/120, acc_iter=1085, cur_iter=0/271, batch_size=4, loss=4.125, lr=0.00034\n"
        "2022-10-23 03:18:58,579   INFO  epoch: 4/120, acc_iter=1100, cur_iter=15/271, batch_size=4, loss=4.75, lr=0.00034\n",
        train=((1084, 5.25), (1085, 4.125), (1100, 4.75)),
    ),
    Thread(
        "processes named in the line",
        "DefangChen/SimKD #15",
        "".join(
            f"Epoch: [1][{batch}/5005]\tGPU {gpu}\tTime: 15.908\tLoss {loss + gpu}\tAcc@1 0.101\tAcc@5 0.552\n"
            for batch, loss in ((0, 7.5), (200, 7.25), (400, 6.75))
            for gpu in (3, 2, 0)
        ),
        train=((0, 10.5), (200, 10.25), (400, 9.75)),
    ),
    Thread(
        "vali",
        "zhouhaoyi/Informer2020 #112",
        "".join(
            f"        iters: 100, epoch: {epoch} | loss: {loss}\n"
            "        speed: 0.3345s/iter; left time: 267.9004s\n"
            f"        iters: 200, epoch: {epoch} | loss: {loss - 0.0625}\n"
            f"Epoch: {epoch} cost time: 40.65849328041077\n"
            f"Epoch: {epoch}, Steps: 225 | Train Loss: {loss} Vali Loss: {loss + 0.25} Test Loss: {loss + 0.5}\n"
            "Validation loss decreased (0.161065 --> 0.141613).  Saving model ...\n"
            for epoch, loss in ((1, 0.5), (2, 0.375), (3, 0.25))
        ),
        train=((100, 0.5), (200, 0.4375), (325, 0.375), (425, 0.3125), (550, 0.25), (650, 0.1875)),
        eval=((225, 0.75), (450, 0.625), (675, 0.5)),
    ),
    Thread(
        "LightGBM in R",
        "lightgbm-org/LightGBM #3145",
        "".join(
            f"[{step}]:    train's l2:{loss}    valid's l2:{loss + 0.125}\n"
            for step, loss in ((5, 0.75), (6, 0.5), (7, 0.375))
        ),
        train=((5, 0.75), (6, 0.5), (7, 0.375)),
        eval=((5, 0.875), (6, 0.625), (7, 0.5)),
        format="lightgbm",
    ),
    Thread(
        "LightGBM in R, printed",
        "lightgbm-org/LightGBM #3513",
        "".join(
            f"[1] \"[{step}]:  train's l2:{loss}  train's auc:0.994714  valid1's l2:{loss + 0.125}  valid1's auc:0.99\"\n"
            for step, loss in ((5, 0.75), (6, 0.5), (7, 0.375))
        ),
        train=((5, 0.75), (6, 0.5), (7, 0.375)),
        eval=((5, 0.875), (6, 0.625), (7, 0.5)),
        format="lightgbm",
    ),
    Thread(
        "CatBoost behind blanks",
        "catboost/catboost #1028",
        "87:     learn: 0.75        test: 0.875 best: 0.75 (1)     total: 45.4s    remaining: 1h 42m 22s\n"
        "88:     learn: 0.625       test: 0.5 best: 0.5 (88)     total: 45.9s    remaining: 1h 42m 18s\n",
        train=((87, 0.75), (88, 0.625)),
        eval=((87, 0.875), (88, 0.5)),
        format="catboost",
    ),
    Thread(
        "CatBoost of before",
        "catboost/catboost #274",
        "0:      learn 0.625passed: 17.4 sec      total: 3m 13s   remaining: 3h 42m 6s\n"
        "1:      learn 0.5passed: 17.5 sec      total: 3m 30s   remaining: 1h 59m 20s\n",
        train=((0, 0.625), (1, 0.5)),
        format="catboost",
    ),
    Thread(
        "Flair of before",
        "flairNLP/flair #517",
        "2019-02-19 18:37:07,467 epoch 1 - iter 0/249 - loss 0.5\n"
        "2019-02-19 18:37:11,947 epoch 1 - iter 240/249 - loss 0.375\n"
        "2019-02-19 18:37:12,097 EPOCH 1 done: loss 0.0350 - lr 0.1000 - bad epochs 0\n"
        "2019-02-19 18:37:12,571 DEV  : loss 0.625 - f-score 0.5586 - acc 0.5586\n"
        "2019-02-19 18:37:13,162 TEST : loss 0.75 - f-score 0.5521 - acc 0.5521\n",
        train=((0, 0.5), (240, 0.375)),
        eval=((240, 0.625),),
        format="flair",
        series=("dev/f-score", "test/loss"),
    ),
    Thread(
        "a reconstruction before the discriminator beside it",
        "TencentARC/GFPGAN #270",
        "2022-09-26 16:29:11,822 INFO: [train..][epoch:  0, iter:  25,390, lr:(2.000e-04,)] "
        "[eta: 6 days, 20:45:25, time (data): 0.676 (0.005)] l_g_pix: 0.5000 l_g_gan: 1.0000 "
        "l_d: 0.0041 real_score: 5.5069 fake_score: -128.0000 \n"
        "2022-09-26 16:29:12,342 INFO: [train..][epoch:  0, iter:  25,391, lr:(2.000e-04,)] "
        "[eta: 6 days, 20:45:16, time (data): 0.674 (0.005)] l_g_pix: 0.3750 l_g_gan: 1.5000 "
        "l_d: 0.0025 real_score: 5.9783 fake_score: -489.0000 \n"
        "2022-09-26 16:29:13,007 INFO: [train..][epoch:  0, iter:  25,392, lr:(2.000e-04,)] "
        "[eta: 6 days, 20:45:13, time (data): 0.673 (0.005)] l_g_pix: 0.2500 l_g_gan: 1.0000 "
        "l_d: 0.0172 real_score: 4.0559 fake_score: -114.0000 \n",
        train=((25390, 0.5), (25391, 0.375), (25392, 0.25)),
        series=("l_d",),
    ),
    Thread(
        "Lightning's bars where none are drawn",
        "Lightning-AI/pytorch-lightning #3866",
        "Epoch 0:  97% 1651/1702 [13:00<00:24,  2.11it/s, loss=0.5, v_num=0, train_loss=0.149]\n"
        "Epoch 0:  97% 1652/1702 [13:01<00:23,  2.11it/s, loss=0.375, v_num=0, train_loss=0.149]\n",
        train=((1650, 0.5), (1651, 0.375)),
        format="lightning-console",
    ),
    Thread(
        "SageMaker writes out what redraws a line",
        "aws-samples/sagemaker-distributed-training-workshop #6",
        "[1,mpirank:0,algo-1]<stdout>:#015Epoch 0:  50% 1/2 [00:00<00:00,  6.54it/s, loss=0.5, v_num=0]\n"
        "[1,mpirank:0,algo-1]<stdout>:#015Validation: 0it [00:00, ?it/s]#033[A\n"
        "[1,mpirank:0,algo-1]<stdout>:#015Epoch 0: 100% 2/2 [00:00<00:00, 12.33it/s, loss=0.375, "
        "v_num=0]        #015Epoch 1:   0% 0/2 [00:00<?, ?it/s, loss=0.375, v_num=0]\n"
        "[1,mpirank:0,algo-1]<stdout>:#015Epoch 1:  50% 1/2 [00:00<00:00, 35.1it/s, loss=0.25, v_num=0]\n",
        train=((0, 0.5), (1, 0.375), (2, 0.25)),
        format="lightning-console+stamped",
    ),
    Thread(
        "how far a score varies",
        "Unity-Technologies/ml-agents #182",
        "".join(
            f"Step: {step}0000. Mean Reward: -{step}.5. Std of Reward: 0.0786144832296523.\n"
            for step in (1, 2, 3, 4, 5)
        ),
        series=("Mean Reward", "Std of Reward"),
    ),
    Thread(
        "scvi-tools' bar counts epochs",
        "haniffalab/skin_fibroblast_atlas #2",
        "\rTraining:   0%|          | 0/30 [00:00<?, ?it/s]"
        "\rEpoch 1/30:   0%|          | 0/30 [00:00<?, ?it/s]"
        "\rEpoch 1/30:   3%|▎         | 1/30 [02:34<1:14:52, 154.90s/it, v_num=1, train_loss=1.5e+3]"
        "\rEpoch 2/30:   3%|▎         | 1/30 [02:34<1:14:52, 154.90s/it, v_num=1, train_loss=1.5e+3]"
        "\rEpoch 2/30:   7%|▋         | 2/30 [05:05<1:11:07, 152.40s/it, v_num=1, train_loss=1.5e+3]"
        "\rEpoch 2/30:   7%|▋         | 2/30 [05:05<1:11:07, 152.40s/it, v_num=1, train_loss=1.25e+3]"
        "\rEpoch 3/30:   7%|▋         | 2/30 [05:05<1:11:07, 152.40s/it, v_num=1, train_loss=1.25e+3]\n",
        train=((1, 1500), (2, 1250)),
        format="lightning-console",
    ),
    Thread(
        "many measures in a line",
        "flashlight/wav2letter #947",
        "".join(
            f"epoch:        1 | nupdates: {step:12d} | lr: 0.025000 | lrcriterion: 0.020000 | "
            "scale-factor: 1.000000 | runtime: 00:00:00 | bch(ms): 231.65 | smp(ms): 0.06 | "
            "fwd(ms): 98.37 | crit-fwd(ms): 2.38 | bwd(ms): 103.77 | optim(ms): 29.11 | "
            f"loss: {loss:10.5f} | train-TER: 16.26 | train-WER: 52.17 | dev-loss: {loss + 1:10.5f} | "
            "dev-TER:  7.90 | dev-WER: 20.57 | test-loss:    4.10762 | test-TER: 18.19 | "
            "test-WER: 46.77 | avg-isz: 000 | avg-tsz: 042 | max-tsz: 080 | avr-batchsz:    4.00 | "
            "hrs:    0.00 | thrpt(sec/sec): 0.00 | timestamp: 2021-03-12 09:16:04\n"
            for step, loss in ((40, 2.5), (44, 2.25), (48, 2))
        ),
        train=((40, 2.5), (44, 2.25), (48, 2)),
        eval=((40, 3.5), (44, 3.25), (48, 3)),
    ),
    Thread(
        "Vowpal Wabbit's passes",
        "VowpalWabbit/vowpal_wabbit #113",
        "average    since         example     example  current  current  current  current\n"
        "loss       last          counter      weight    label  predict features     pass\n"
        "0.500000   0.500000            3         3.0   0.0000   0.0000        4        0\n"
        "0.375000   0.250000         1392      1392.0   0.0000   0.0000        4        1\n",
        train=((3, 0.5), (1392, 0.25)),
        format="vowpal-wabbit",
    ),
    Thread(
        "DeePMD-kit of before",
        "deepmodeling/deepmd-kit #781",
        "# batch      l2_tst    l2_trn    l2_e_tst  l2_e_trn    l2_f_tst  l2_f_trn         lr\n"
        "      0    3.75e+01  3.25e+01    1.03e+01  1.03e+01    8.22e-01  8.74e-01    1.0e-03\n"
        "    100    2.75e+01  2.50e+01    6.05e-01  5.98e-01    8.46e-01  8.38e-01    1.0e-03\n"
        "    200    2.50e+01  2.25e+01    8.94e-02  8.85e-02    7.95e-01  8.16e-01    1.0e-03\n",
        train=((0, 32.5), (100, 25), (200, 22.5)),
        eval=((0, 37.5), (100, 27.5), (200, 25)),
        format="csv",
        file="lcurve.out",
    ),
    Thread(
        "MATLAB's table, whose header has two lines",
        "trainNetwork's progress as public repositories keep it",
        "Initializing input data normalization.\n"
        "|======================================================================================================================|\n"
        "|  Epoch  |  Iteration  |  Time Elapsed  |  Mini-batch  |  Validation  |  Mini-batch  |  Validation  |  Base Learning  |\n"
        "|         |             |   (hh:mm:ss)   |   Accuracy   |   Accuracy   |     Loss     |     Loss     |      Rate       |\n"
        "|======================================================================================================================|\n"
        "|       1 |           1 |       00:00:05 |        9.38% |       10.12% |       2.5000 |       2.2500 |          0.0100 |\n"
        "|       2 |          50 |       00:00:07 |       51.56% |              |       1.7500 |              |          0.0100 |\n"
        "|       3 |         100 |       00:00:09 |       60.16% |       58.20% |       1.2500 |       1.3750 |          0.0100 |\n"
        "|======================================================================================================================|\n"
        "Training finished: Max epochs completed.\n",
        train=((1, 2.5), (50, 1.75), (100, 1.25)),
        eval=((1, 2.25), (100, 1.375)),
        format="text-table",
        series=("Mini-batch Accuracy", "Base Learning Rate"),
    ),
    Thread(
        "a table whose first column does not count",
        "KellerJordan/cifar10-airbench airbench94.py",
        "-------------------------------------------------------------------------------------------------------------------\n"
        "|  run     |  epoch  |  train_loss  |  val_loss  |  train_acc  |  val_acc  |  tta_val_acc  |  total_time_seconds  |\n"
        "-------------------------------------------------------------------------------------------------------------------\n"
        "|       0  |      0  |      1.7500  |    1.8750  |     0.3812  |   0.5123  |               |              0.9123  |\n"
        "|          |      1  |      1.5000  |    1.6250  |     0.5812  |   0.6123  |               |              1.8123  |\n"
        "|          |      2  |      1.2500  |    1.3750  |     0.6812  |   0.7123  |               |              2.7123  |\n"
        "|          |   eval  |      1.2500  |    1.3750  |     0.6812  |   0.7123  |       0.7312  |              2.8123  |\n"
        "-------------------------------------------------------------------------------------------------------------------\n",
        train=((0, 1.75), (1, 1.5), (2, 1.25)),
        eval=((0, 1.875), (1, 1.625), (2, 1.375)),
        format="text-table",
        series=("val_acc",),
    ),
    Thread(
        "gbm in R",
        "gbm-developers/gbm src/gbmentry.cpp",
        "Iter   TrainDeviance   ValidDeviance   StepSize   Improve\n"
        "     1        1.5000          1.6250     0.1000    0.1291\n"
        "     2        1.2500          1.5000     0.1000    0.0812\n"
        "     3        1.1250          1.3750     0.1000    0.0612\n"
        "    20        0.8750          1.2500     0.1000    0.0112\n\n",
        train=((1, 1.5), (2, 1.25), (3, 1.125), (20, 0.875)),
        eval=((1, 1.625), (2, 1.5), (3, 1.375), (20, 1.25)),
        format="text-table",
    ),
    Thread(
        "nolearn's columns have names of two words",
        "dnouri/nolearn nolearn/lasagne/tests/test_handlers.py",
        "# Neural Network with 212770 learnable parameters\n\n"
        "  epoch    train loss    valid loss    train/val    valid acc  dur\n"
        "-------  ------------  ------------  -----------  -----------  -----\n"
        "      1       \x1b[36m0.75000\x1b[0m       \x1b[32m0.87500\x1b[0m      0.85714      0.74123  1.23s\n"
        "      2       \x1b[36m0.50000\x1b[0m       \x1b[32m0.62500\x1b[0m      0.80000      0.84123  1.21s\n"
        "      3       \x1b[36m0.37500\x1b[0m       0.68750      0.54545      0.85123  1.22s\n",
        train=((1, 0.75), (2, 0.5), (3, 0.375)),
        eval=((1, 0.875), (2, 0.625), (3, 0.6875)),
        format="skorch",
        series=("valid acc",),
    ),
    Thread(
        "a test set's loss between bars",
        "pytorch/examples mnist/main.py, its loop behind a bar",
        "".join(
            f"Epoch {epoch}: 100%|██████████| 40/40 [00:01<00:00, 30.1it/s, loss={loss}]\n"
            f"Test set: Average loss: {loss + 0.25}, Accuracy: 9123/10000 (91%)\n"
            for epoch, loss in ((1, 0.75), (2, 0.5), (3, 0.375))
        ),
        train=((40, 0.75), (80, 0.5), (120, 0.375)),
        eval=((40, 1.0), (80, 0.75), (120, 0.625)),
        format="tqdm",
    ),
    Thread(
        "a history by epoch, which no entry says again",
        "records of epochs dumped as one object",
        '{"0": {"train_loss": 0.75, "val_loss": 1.0}, "1": {"train_loss": 0.5, "val_loss": 0.75},'
        ' "2": {"train_loss": 0.25, "val_loss": 0.625}}',
        train=((0, 0.75), (1, 0.5), (2, 0.25)),
        eval=((0, 1.0), (1, 0.75), (2, 0.625)),
        format="json-history",
        file="history.json",
    ),
    Thread(
        "SageMaker's log of Keras' bars",
        "aws-samples/amazon-sagemaker-script-mode #11",
        "".join(
            f"Epoch {epoch}/30\n"
            f"#0151/4 [======>.......................] - ETA: 0s - loss: {loss + 1}"
            + "#010" * 61
            + f"#0154/4 [==============================] - 0s 56ms/step - loss: {loss} - val_loss: {loss - 8}\n"
            for epoch, loss in ((1, 522.5), (2, 498.25), (3, 480.5))
        ),
        train=((1, 522.5), (2, 498.25), (3, 480.5)),
        eval=((1, 514.5), (2, 490.25), (3, 472.5)),
        format="keras-console+escaped",
    ),
    Thread(
        "a run called after a test",
        "Unity-Technologies/ml-agents #3004",
        "".join(
            f"INFO:mlagents.trainers: gpu_test: FindTheTarget: Step: {step}000. Time Elapsed: {step}.900 s Mean Reward: 0.{step}. Std of Reward: 0.471. Training.\n"
            for step in range(15, 21)
        ),
        series=("Mean Reward", "Std of Reward"),
    ),
    Thread(
        "an objective that falls",
        "k2-fsa/snowfall #62",
        "".join(
            f"2021-01-01 16:06:{batch:02d},566 INFO [train.py:211] batch {batch}, epoch 0/8 global average objf: {loss} over {29888 * (batch + 1)}.0 frames (100.0% kept), current batch average objf: {loss - 0.25} over 29888 frames (100.0% kept) avg time waiting for batch 0.571s\n"
            for batch, loss in ((0, 2.25), (10, 1.75), (20, 1.625), (30, 1.5), (40, 1.375))
        ),
        train=((0, 2.25), (10, 1.75), (20, 1.625), (30, 1.5), (40, 1.375)),
        series=("batch average objf",),
    ),
    Thread(
        "a split that a record's name says",
        "pytorch/audio #632",
        "".join(
            f'{{"name": "{name}", "epoch": {epoch}, "cumulative loss": {21 * loss}, "cer": 0.0, "average loss": {loss}, "time": 20.7}}\n'
            for epoch in range(3)
            for name, loss in (("train", 2.5 - epoch / 4), ("validation", 2.75 - epoch / 4))
        ),
        train=((0, 2.5), (1, 2.25), (2, 2.0)),
        eval=((0, 2.75), (1, 2.5), (2, 2.25)),
        format="jsonl",
        file="log.jsonl",
    ),
    Thread(
        "how many updates of how many",
        "naver/posebert #1",
        "".join(
            f"Epoch:  0 Update/Total:  {update}/3958 Total_Loss:  {loss} Pose_Loss:  0.0017 Joints_Loss:  0.0016\n"
            for update, loss in ((1900, 0.5), (2000, 0.4375), (2100, 0.375), (2200, 0.25))
        ),
        train=((1900, 0.5), (2000, 0.4375), (2100, 0.375), (2200, 0.25)),
    ),
    Thread(
        "minibatches between a first and a last",
        "microsoft/CNTK #675, its criteria named as Source/SGDLib/SGD.cpp does",
        "".join(
            "".join(
                f"06/14/2016 10:11:12:  Epoch[ {epoch} of 5]-Minibatch[ {10 * part + 1:3d}- {10 * part + 10:3d}, {20 * part}.00%]: ce = {loss - part / 8:.8f} * 1000; errs = 12.300% * 1000; time = 0.0159s; samplesPerSecond = 62703.8\n"
                for part in range(2)
            )
            + f"06/14/2016 10:11:12: Finished Epoch[ {epoch} of 5]: [Training] ce = {loss:.8f} * 2000; errs = 12.300% * 2000; totalSamplesSeen = {2000 * epoch}; learningRatePerSample = 0.003125; epochTime=1.23s\n"
            for epoch, loss in ((1, 2.5), (2, 2.25), (3, 2.0))
        ),
        train=((10, 2.5), (20, 2.375), (30, 2.25), (40, 2.125), (50, 2.0), (60, 1.875)),
        series=("epoch/ce",),
    ),
    Thread(
        "ML.NET where commas are points",
        "dotnet/machinelearning-samples #717",
        "".join(
            f"Phase: Training, Dataset used:      Train, Batch Processed Count:  17, Epoch:   {epoch}, Accuracy:  0,4882352, Cross-Entropy: {7 - epoch},5E+12\n"
            f"Phase: Training, Dataset used: Validation, Batch Processed Count:   3, Epoch:   {epoch}, Accuracy:        0,1\n"
            for epoch in range(4)
        ),
        train=((0, 7.5e12), (1, 6.5e12), (2, 5.5e12), (3, 4.5e12)),
        series=("Accuracy", "val/Accuracy"),
    ),
]
