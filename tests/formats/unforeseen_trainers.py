"""Lines of well-known trainers that no format here is for: the third part of `unforeseen`.

Dictionaries over several lines, losses told apart by words of any kind, means
of an epoch beside losses of its steps, counters that are printed otherwise.
"""
# ruff: noqa: E501 - a line here is a line of a log

from __future__ import annotations

from tests.formats.unforeseen import E0, E1, S0, S1, Case

TRAINERS = [
    Case(
        "espnet2",
        step="[gpu001] 2024-03-05 10:11:12,345 (trainer:732) INFO: {epoch1}epoch:train:{batch1}-{batch1}batch: iter_time=0.001, forward_time=0.1, loss_ctc={gloss:.3f}, loss_att={dloss:.3f}, acc={acc:.3f}, loss={loss:.3f}, backward_time=0.2, optim0_lr0={lr:.3e}, train_time=0.5",
        epoch="[gpu001] 2024-03-05 10:11:12,345 (trainer:338) INFO: {epoch1}epoch results: [train] iter_time=0.001, forward_time=0.1, loss_ctc=1.2, loss_att=1.3, acc=0.5, loss={mean:.3f}, backward_time=0.2, optim0_lr0=1e-4, train_time=0.5, time=1 minute and 2.3 seconds, total_count={step1}, gpu_max_cached_mem_GB=10.1, [valid] loss_ctc=1.1, cer_ctc=0.3, loss_att=1.2, acc=0.6, cer=0.2, wer=0.5, loss={val:.3f}, time=3.1 seconds, total_count=10, gpu_max_cached_mem_GB=10.1",
        train="step:rising",
        eval="epoch:rising",
    ),
    Case(
        "smp",
        step="train:  25%|██▌       | {batch1}/{batches} [00:10<00:30,  3.9it/s, dice_loss - {loss:.4f}, iou_score - {acc:.4f}]",
        epoch="valid: 100%|██████████| 10/10 [00:03<00:00,  3.9it/s, dice_loss - {val:.4f}, iou_score - {acc:.4f}]",
        start="\nEpoch: {epoch}",
        train="step:rising",
        eval="epoch:rising",
    ),
    Case(
        "levanter",
        step="2024-03-05T10:11:12 - 0 - levanter.tqdm - tqdm_logging.py:139 - INFO :: Progress on:train {step}.0it/{steps}.0it rate:1.1it/s remaining:15:00 elapsed:00:30 postfix:loss={loss:.4f}",
        train=S0,
    ),
    Case(
        "easylm",
        step="\n{{'accuracy': {acc},\n 'gradient_norm': {sec},\n 'learning_rate': {lr},\n 'loss': {loss},\n 'param_norm': 12.3,\n 'step': {step}}}\n",
        train=S0,
    ),
    Case(
        "tf2-od",
        step="INFO:tensorflow:Step {step1} per-step time 0.512s\nI0305 10:11:12.345678 139 model_lib_v2.py:705] Step {step1} per-step time 0.512s\nINFO:tensorflow:{{'Loss/classification_loss': {gloss},\n 'Loss/localization_loss': {dloss},\n 'Loss/total_loss': {loss},\n 'learning_rate': {lr}}}",
        train=S1,
    ),
    Case(
        "orbit",
        step="I0305 10:11:12.345678 139 controller.py:457] train | step: {step1:6d} | steps/sec:    1.2 | output: \n    {{'learning_rate': {lr},\n     'training_loss': {loss}}}",
        epoch="eval | step: {step1:6d} | eval time:    3.2 sec | output: \n    {{'accuracy': {acc},\n     'validation_loss': {val}}}",
        train=S1,
        eval="epoch:step1",
    ),
    Case(
        "recbole",
        epoch="05 Mar 10:11    INFO  epoch {epoch} training [time: 1.23s, train loss: {mean:.4f}]\n05 Mar 10:11    INFO  epoch {epoch} evaluating [time: 0.20s, valid_score: {acc:.6f}]\n05 Mar 10:11    INFO  valid result: \nrecall@10 : 0.0123    mrr@10 : 0.0456    ndcg@10 : 0.0345",
        train=E0,
    ),
    Case(
        "flux-show",
        epoch="(epoch, train_loss, test_loss) = ({epoch1}, {mean}, {val})",
        train=E1,
        eval=E1,
    ),
    Case("flux-show-lines", epoch="epoch = {epoch1}\nloss(x, y) = {mean}", train=E1),
    Case(
        "flux-info-kv",
        epoch="┌ Info: epoch {epoch1}\n│   train_loss = {mean}\n└   val_loss = {val}",
        train=E1,
        eval=E1,
    ),
    Case(
        "mxnet-module",
        step="INFO:root:Epoch[{epoch}] Batch [{batch}-{batch1}]\tSpeed: 1234.56 samples/sec\tcross-entropy={loss:.6f}",
        epoch="INFO:root:Epoch[{epoch}] Train-cross-entropy={mean:.6f}\nINFO:root:Epoch[{epoch}] Time cost=12.345\nINFO:root:Epoch[{epoch}] Validation-cross-entropy={val:.6f}",
        train="step:rising",
        eval="epoch:rising",
    ),
    Case(
        "cntk",
        step=" Minibatch[{batch:4d}-{batch1:4d}]: loss = {loss:.6f} * 640, metric = {sec:.2f}% * 640;",
        epoch="Finished Epoch[{epoch1} of {epochs}]: [Training] loss = {mean:.6f} * 50000, metric = {sec:.2f}% * 50000 10.123s (4939.2 samples/s);",
        train="step:rising",
    ),
    Case(
        "catalyst",
        epoch="{epoch1}/{epochs} * Epoch {epoch1} (train): accuracy01: {acc:.4f} | loss: {mean:.4f} | lr: {lr:.6f} | momentum: 0.9000\n{epoch1}/{epochs} * Epoch {epoch1} (valid): accuracy01: {acc:.4f} | loss: {val:.4f} | lr: {lr:.6f} | momentum: 0.9000",
        train=E1,
        eval=E1,
    ),
    Case(
        "edsr",
        step="[{seen}/{samples}]\t[L1: {loss:.4f}]\t10.1+0.2s",
        start="[Epoch {epoch1}]\tLearning rate: 1.00e-4",
        train="step:rising",
    ),
    Case(
        "ds-chat",
        step="Epoch: {epoch} | Step: {batch} | PPO Epoch: 1 | Actor Loss: {gloss} | Critic Loss: {loss} | Unsupervised Loss: 0.0\nEnd-to-End => Latency: 12.34s, TFLOPs: 1.2, Samples/sec: 1.3, Time/seq 0.77s, Batch Size: 16, Total Seq. Length: 512\nAverage reward score: {acc}\n-------------------------------------------------------------------------------------",
        train=S0,
    ),
    Case("dalle-pytorch", step="{epoch} {batch} loss - {loss}", train="step:rising"),
    Case(
        "rsl-rl",
        step="################################################################################\n                      \x1b[1m Learning iteration {step}/{steps} \x1b[0m                      \n\n                       Computation: 12345 steps/s (collection: 1.234s, learning 0.321s)\n               Value function loss: {loss:.4f}\n                    Surrogate loss: {gloss:.4f}\n             Mean action noise std: 1.00\n                       Mean reward: {acc:.2f}\n               Mean episode length: {sec:.2f}\n--------------------------------------------------------------------------------\n                   Total timesteps: 98304\n                    Iteration time: 1.23s\n                        Total time: 12.34s\n                               ETA: 123.4s\n",
        train=S0,
    ),
    Case(
        "onmt-tf",
        step="2024-03-05 10:11:12.345678: I training.py:189] Step = {step1} ; steps/s = 1.23, source words/s = 12345, target words/s = 12345 ; Learning rate = {lr:.6f} ; Loss = {loss:.6f}",
        epoch="2024-03-05 10:11:12.345678: I evaluation.py:190] Evaluation result for step {step1}: loss = {val:.6f} ; perplexity = {sec:.6f}",
        train=S1,
        eval="epoch:step1",
    ),
    Case(
        "nematus",
        step="INFO: [2024-03-05 10:11:12] Epoch: {epoch} Update: {step1} Loss/word: {loss} Words/sec: 12345.6 Sents/sec: 123.4",
        epoch="Validation loss (AVG/SUM/N_SENTS/N_TOKENS): {val} 1234.5 100 2345",
        train=S1,
        eval="epoch:rising",
    ),
    Case(
        "sockeye2",
        step="[2024-03-05:10:11:12:INFO:sockeye.training:log] Epoch[{epoch}] Batch [{batch}]\tSpeed: 123.45 samples/sec 1234.5 tokens/sec 1.1 updates/sec\tperplexity={loss:.6f}",
        train=S0,
    ),
    Case(
        "tf-nmt-tut",
        step="Epoch {epoch1} Batch {batch} Loss {loss:.4f}",
        epoch="Epoch {epoch1} Loss {mean:.6f}\nTime taken for 1 epoch 123.45 sec\n",
        train="step:rising",
    ),
    Case(
        "effdet",
        step="Step: {step}. Epoch: {epoch}/{epochs}. Iteration: {batch1}/{batches}. Cls loss: {gloss:.5f}. Reg loss: {dloss:.5f}. Total loss: {loss:.5f}",
        epoch="Val. Epoch: {epoch}/{epochs}. Classification loss: 0.5. Regression loss: 0.6. Total loss: {val:1.5f}",
        train=S0,
        eval="epoch:rising",
    ),
    Case(
        "retinanet",
        step="Epoch: {epoch} | Iteration: {batch} | Classification loss: {gloss:1.5f} | Regression loss: {dloss:1.5f} | Running loss: {loss:1.5f}",
        train="step:rising",
    ),
    Case(
        "ijepa",
        step="[{epoch1}, {batch:5d}] loss: {loss:.3f} masks: 11.2 12.3 [wd: 4.00e-02] [lr: {lr:.2e}] [mem: 1.23e+04] (123.4 ms)",
        epoch="avg. loss {mean:.3f}",
        train="step:rising",
    ),
    Case(
        "hifigan",
        step="Steps : {step}, Gen Loss Total : {loss:4.3f}, Mel-Spec. Error : {acc:4.3f}, s/b : 0.512",
        train=S0,
    ),
    Case(
        "dlogger-json",
        step='DLLL {{"timestamp": "1709633472.345", "datetime": "2024-03-05 10:11:12.345", "elapsedtime": "12.3", "type": "LOG", "step": [{epoch}, {step1}], "data": {{"loss": {loss}, "lr": {lr}}}}}',
        train=S1,
    ),
    Case(
        "tfjs",
        epoch="Epoch {epoch1} / {epochs}\neta=0.0 ====================================================>\n1234ms 123us/step - acc={acc:.3f} loss={mean:.3f} val_acc={acc:.3f} val_loss={val:.3f}",
        train=E1,
        eval=E1,
    ),
    Case(
        "fbk",
        epoch="epoch:        {epoch1} | nupdates:         {step1} | lr: 0.000100 | lrcriterion: 0.000000 | runtime: 00:12:34 | bch(ms): 123.45 | smp(ms): 1.23 | fwd(ms): 12.34 | loss:   {mean:.5f} | train-TER: 12.34 | train-WER: 23.45 | dev-clean-loss:   {val:.5f} | dev-clean-TER: 12.3",
        train="epoch:step1",
        eval="epoch:step1",
    ),
    Case(
        "rsl-rl2",
        step="################################################################################\n                      \x1b[1m Learning iteration {step}/{steps} \x1b[0m                      \n\n                       Computation: 12345 steps/s (collection: 1.234s, learning 0.321s)\n             Mean action noise std: 1.00\n          Mean value_function loss: {loss:.4f}\n               Mean surrogate loss: {gloss:.4f}\n                 Mean entropy loss: 12.3\n                       Mean reward: {acc:.2f}\n               Mean episode length: {sec:.2f}\n--------------------------------------------------------------------------------\n                   Total timesteps: 98304\n                    Iteration time: 1.23s\n                      Time elapsed: 00:00:12\n                               ETA: 00:12:34\n",
        train=S0,
    ),
    Case(
        "nemo-rl",
        step="\n========================= Step {step1}/{steps} =========================\n▶ Preparing batch...\n\n📊 Training Results:\n  • Loss: {loss:.4f}\n  • Avg Reward: {acc:.4f}\n  • Mean Generation Length: 123.4567\n\n⏱️  Timing:\n  • Total step time: 12.34s",
        train=S1,
    ),
    Case(
        "informer",
        step="\titers: {batch1}, epoch: {epoch1} | loss: {loss:.7f}\n\tspeed: 0.1234s/iter; left time: 123.4567s",
        epoch="Epoch: {epoch1} cost time: 12.345\nEpoch: {epoch1}, Steps: 40 | Train Loss: {mean:.7f} Vali Loss: {val:.7f} Test Loss: {val:.7f}\nValidation loss decreased ({mean:.6f} --> {val:.6f}).  Saving model ...\nUpdating learning rate to 5e-05",
        train="step:rising",
        eval="epoch:rising",
    ),
    Case(
        "wenet-old",
        step="2024-03-05 10:11:12,345 DEBUG TRAIN Batch {epoch}/{batch} loss {loss:.6f} loss_att {gloss:.6f} loss_ctc {dloss:.6f} lr {lr:.8f} rank 0",
        epoch="2024-03-05 10:11:12,345 DEBUG CV Batch {epoch}/0 loss {val:.6f} loss_att 1.2 loss_ctc 2.3 history loss {val:.6f} rank 0\n2024-03-05 10:11:12,345 INFO Epoch {epoch} CV info cv_loss {val}",
        train=S0,
        eval="epoch:rising",
    ),
    Case(
        "wenet-new",
        step="2024-03-05 10:11:12,345 DEBUG TRAIN | steps/sec 2.33| Batch {epoch}/{batch} loss {loss:.6f} loss_att {gloss:.6f} loss_ctc {dloss:.6f} lr {lr:.8f} grad_norm {sec:.6f} rank 0",
        train=S0,
    ),
    Case(
        "ai-toolkit",
        step="my_lora:  10%|█         | {step1}/{steps} [10:21<1:02:03,  2.07s/it, lr: {lr:.1e} loss: {loss:.3e}]",
        train=S1,
    ),
    Case(
        "simpletuner",
        step="Epoch {epoch1}/{epochs}, Steps:  10%|█         | {step1}/{steps} [00:10<27:00,  1.02it/s, grad_norm=0.1, lr={lr:.3g}, step_loss={loss:.3g}]",
        train=S1,
    ),
    Case(
        "trlx",
        step="[RANK 0] [losses/total_loss: {loss:.2f} | losses/policy_loss: {gloss:.2f} | losses/value_loss: {dloss:.2f}]:  10%|█         | {step1}/{steps} [00:10<01:30,  1.02it/s]",
        train=S1,
    ),
    Case(
        "effdet-bar",
        step="Step: {step}. Epoch: {epoch}/{epochs}. Iteration: {batch1}/{batches}. Cls loss: {gloss:.5f}. Reg loss: {dloss:.5f}. Total loss: {loss:.5f}:  25%|██▌       | {batch1}/{batches} [00:10<00:30,  3.9it/s]",
        train="step:rising",
    ),
    Case(
        "swift",
        step="{{'loss': {loss:.8f}, 'acc': {acc:.8f}, 'grad_norm': 1.2, 'learning_rate': {lr}, 'memory(GiB)': 12.3, 'train_speed(iter/s)': 0.5, 'epoch': 0.{step:03d}, 'global_step/max_steps': '{step1}/{steps}', 'percentage': '10.00%', 'elapsed_time': '10s', 'remaining_time': '1m 30s'}}",
        train=S1,
    ),
    Case(
        "ensmallen",
        epoch="100/100 [====================================================================================================] 100% - 1s 10ms/step - loss: {mean:.4f}",
        start="Epoch {epoch1}/{epochs}",
        train="epoch:rising",
    ),
    Case(
        "paddlenlp",
        step="global step {step1}, epoch: {epoch}, batch: {batch}, loss: {loss:.5f}, speed: 1.23 step/s",
        epoch="eval loss: {val:.5f}, accu: {acc:.5f}",
        train=S1,
        eval="epoch:rising",
    ),
    Case(
        "edl",
        epoch="Epoch #{epoch}: Train loss [{mean:.4f}]; Val loss: MSE [{val:.4f}], L1 [{val:.4f}]",
        train=E0,
        eval=E0,
    ),
    Case(
        "table-ruled",
        step="{epoch1: <10} {batch: <10} {loss: <10.5}",
        start="---------------------------------------------\nEpoch      Iter       Loss      \n---------------------------------------------",
        train="step:rising",
    ),
    Case(
        "gpu-tag",
        step="[GPU0] Epoch {epoch} | Batch {batch}/{batches} | Loss {loss:.4f}\n[GPU1] Epoch {epoch} | Batch {batch}/{batches} | Loss {gloss:.4f}",
        train=S0,
    ),
    Case(
        "node-tag",
        step="[node0:0] step {step} loss {loss:.4f}\n[node1:0] step {step} loss {gloss:.4f}",
        train=S0,
    ),
    Case(
        "slurm-l", step="0: step {step} loss {loss:.4f}\n1: step {step} loss {gloss:.4f}", train=S0
    ),
    Case(
        "slurm-l2",
        step=" 0: step {step} loss {loss:.4f}\n10: step {step} loss {gloss:.4f}",
        train=S0,
    ),
    Case(
        "dlib",
        step="step#: {step1}     learning rate: 0.1   average loss: {loss:.6f}       steps without apparent progress: 12",
        train=S1,
    ),
    Case(
        "json-pretty",
        epoch='{{\n  "epoch": {epoch1},\n  "train_loss": {mean},\n  "val_loss": {val}\n}}',
        train=E1,
        eval=E1,
    ),
    Case(
        "log-train",
        step="Train Epoch: {epoch1:>3}  Step: {batch:>3}  [{seen:>4}/{samples:>4} ({pct: 5.1f}%)]  Loss: {loss:0.6f}  lr_0: {lr:.6f}  [0.123s every   32 data]",
        epoch="Epoch {epoch1:3}  Train Loss: {mean:.4f}\nEpoch {epoch1:3}  Validation Loss: {val:.4f}",
        train="step:rising",
        eval="epoch:rising",
    ),
    Case(
        "epoch-done",
        step="[{step}] loss={loss:.4f}",
        epoch="=============================================\nEpoch {epoch1} done!\nTotal validation loss: {val:.3f}\nAverage validation loss: {val:.3f}",
        train=S0,
        eval="epoch:rising",
    ),
]
