"""Lines of training scripts that no format here knows: what the general reader is for.

Each case is the shape of lines that public scripts print (the shape alone,
with fields of our own), once a logged step, once an epoch, or both. A log is
made of it with losses that fall, and what must come out is said beside it:
which of the losses are the judged series, and at which steps.

Fields: `epoch` (from 0), `epoch1` (from 1), `epochs`, `batch`, `batch1`, `batches` (of an epoch),
`step`, `step1`, `steps` (of the run), `loss` (of the step; `fortran`: the same with `D` before its
exponent), `mean` (of the epoch), `val`, `acc`, `lr`, `sec`, `pct`, `seen` and `samples` (of an
epoch), `i` (a number of any use).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

EPOCHS = 6
BATCHES = 40
EVERY = 10


class Case(NamedTuple):
    """What a script prints, and what must be read of it: `steps` or `epochs`, and the axis."""

    name: str
    step: str = ""
    """After each tenth batch."""
    epoch: str = ""
    """After each epoch."""
    start: str = ""
    """Before each epoch."""
    train: str = ""
    """`step:AXIS` or `epoch:AXIS`: where the train loss stands, and what its step is (a field,
    `rising` where only the order is known); empty: no train loss is read."""
    eval: str = ""
    header: str = ""
    end: str = ""
    source: str = ""
    """Where the statement that prints it stands: repository and path (or thread)."""


def _values(epoch: int, batch: int) -> dict[str, Any]:
    step = epoch * BATCHES + batch
    loss = 0.31 + 2.2 * math.exp(-step / 90) + 0.01 * math.sin(7 * step)
    last = (epoch + 1) * BATCHES
    mean = 0.33 + 2.2 * math.exp(-(last - BATCHES / 2) / 90)
    return {
        "epoch": epoch, "epoch1": epoch + 1, "epochs": EPOCHS,
        "batch": batch, "batch1": batch + 1, "batches": BATCHES,
        "step": step, "step1": step + 1, "steps": EPOCHS * BATCHES,
        "fortran": f"{loss:.5E}".replace("E", "D"),
        "loss": loss, "mean": mean, "val": 0.47 + 2.1 * math.exp(-last / 80),
        "acc": 0.95 - 0.6 * math.exp(-last / 120), "lr": 3e-4 * (1 - step / (EPOCHS * BATCHES)),
        "sec": 12.25 + 0.1 * math.sin(step), "pct": 100 * batch / BATCHES,
        "seen": batch * 32, "samples": BATCHES * 32, "i": 7 * step % 13,
        "gloss": 1.4 + 0.3 * math.sin(step), "dloss": 0.7 + 0.1 * math.cos(step),
    }  # fmt: skip


def rows(kind: str) -> Iterator[dict[str, Any]]:
    """Yield the values of the logged steps (`step`) or of the ends of epochs (`epoch`)."""
    for epoch in range(EPOCHS):
        if kind == "step":
            for batch in range(0, BATCHES, EVERY):
                yield _values(epoch, batch)
        else:
            yield _values(epoch, BATCHES - 1)


def log_of(case: Case) -> str:
    """Return the whole log of a case."""
    text = case.header
    for epoch in range(EPOCHS):
        if case.start:
            text += case.start.format(**_values(epoch, 0)) + "\n"
        if case.step:
            for batch in range(0, BATCHES, EVERY):
                text += case.step.format(**_values(epoch, batch)) + "\n"
        if case.epoch:
            text += case.epoch.format(**_values(epoch, BATCHES - 1)) + "\n"
    return text + case.end


E1, E0, S0, S1 = "epoch:epoch1", "epoch:epoch", "step:step", "step:step1"

CASES = [
    # Once an epoch.
    Case("keras-like", epoch="Epoch {epoch1}/{epochs} - loss: {mean:.6f}", train=E1),
    Case("bare-names", epoch="Epoch {epoch:4d}/{epochs}  train={mean:.6f}  val={val:.6f}  "
         "lr={lr:.2e}", train=E0, eval=E0),
    Case("val-alone", epoch="Epoch {epoch}: Validation Loss = {val}", eval=E0),
    Case("acc-time", epoch="Epoch {epoch}: Loss={mean:.4f}, Acc={acc:.2f}%, Time={sec:.2f}s",
         train=E0),
    Case("dash", epoch="Epoch {epoch1} - Loss: {mean:.4f}", train=E1),
    Case("iou", epoch="Epoch {epoch1:3d}/{epochs} | loss: {mean:.4f} | acc: {acc:.4f} | "
         "IoU: {acc:.4f}", train=E1),
    Case("two-lines", epoch="Epoch {epoch1}\nLoss: {mean}", train=E1),
    Case("bars-of-splits", epoch="Epoch: {epoch1} | Train Loss: {mean:.4f} | Train Acc: {acc:.4f} "
         "| Val Loss: {val:.4f} | Val Acc: {acc:.4f} | F1: {acc:.4f}", train=E1, eval=E1),
    Case("wide-blanks", epoch="Epoch: {epoch}           Train loss: {mean}   Test loss: {val}    "
         "Test Accuracy: {acc}", train=E0, eval=E0,
         end="-----\nFinal epoch: 5     Train loss: 0.5   Test loss: 0.6     Test Accuracy: 0.9\n"),
    Case("tabbed", epoch="Epoch: {epoch1} \tTraining Loss: {mean:.6f} \tValidation Loss: {val:.6f}"
         "\nValidation loss decreased ({mean:.6f} --> {val:.6f}).  Saving model ...",
         train=E1, eval=E1),
    Case("arrow", epoch="epoch: {epoch} loss => {mean}\nnew weight value => {acc}", train=E0),
    Case("average", epoch="Epoch: {epoch} Average loss: {mean:.4f} Average acc {acc:.4f}%",
         train=E0),
    Case("plain-words", epoch="epoch {epoch} loss {mean}", train=E0),
    Case("colons-glued", epoch="epoch:{epoch} loss:{mean} valid_acc:{acc} best_acc:{acc}",
         train=E0),
    Case("logger", epoch="2024-03-05 10:11:12,345 - train - INFO - Epoch [{epoch1}/{epochs}], "
         "Train Loss: {mean:.6f}, Val Loss: {val:.6f}, LR: {lr:.6f}", train=E1, eval=E1),
    Case("done", epoch="INFO:__main__:Epoch {epoch1} done | loss={mean:.4f} acc={acc:.3f}",
         train=E1),
    Case("splits-on-lines", epoch="Epoch {epoch1}/{epochs}:\n  Train Loss: {mean:.4f}\n"
         "  Val Loss: {val:.4f}\n  ✓ Saved best model", train=E1, eval=E1),
    Case("acc-without-split", epoch="Epoch {epoch1}/{epochs} | Train Loss: {mean:.4f} "
         "Acc: {acc:.4f} | Val Loss: {val:.4f} Acc: {acc:.4f}", train=E1, eval=E1),
    Case("ellipsis", epoch="Epoch: {epoch} ... loss: {mean} ... val loss: {val}", train=E0,
         eval=E0),
    Case("emoji", epoch="  📊 Epoch {epoch1}/{epochs}: Train Loss: {mean:.6f}, "
         "Val Loss: {val:.6f}, LR: {lr:.6f}, Patience: {i}/20", train=E1, eval=E1),
    Case("dots", epoch="Epoch: {epoch1}/{epochs}... Training Loss: {mean:.3f}... "
         "Test Loss: {val:.3f}... ", train=E1, eval=E1),
    Case("epoch-behind", epoch="- Mean training loss: {mean:.4f} ; epoch {epoch1}\n"
         "- Mean training mAP: {acc:.4f} ; epoch {epoch1}", train=E1),
    Case("udacity", epoch="Epoch: {epoch1}/{epochs} Training Loss: {mean:.3f}... "
         "Validation Loss: {val:.3f}... Validation Accuracy {acc:.3f}%", train=E1, eval=E1),
    Case("at-epoch", epoch="At epoch {epoch1:d} - Training loss: {mean:.3e}, "
         "Validation loss: {val:.3e}", train=E1, eval=E1),
    Case("julia", epoch="Epoch {epoch1}: loss = {mean}", train=E1),
    Case("java", epoch="Epoch {epoch}, Error: {mean}", train=E0),
    Case("accuracies", epoch="Epoch {epoch}: train = {acc:.4f} tune = {acc:.4f} val = {acc:.4f}"),
    Case("cv", epoch="2024-03-05 10:11:12,345 INFO Epoch {epoch} TRAIN info loss {mean:.6f}\n"
         "2024-03-05 10:11:12,345 INFO Epoch {epoch} CV info cv_loss {val:.6f}", train=E0,
         eval=E0),
    Case("go", epoch="2024/03/05 10:11:12 Epoch {epoch}: avg loss = {mean:.4f}", train=E0),
    Case("c-bars", epoch="Epoch {epoch1} | loss={mean:.4f} | train_acc={acc:.3f} | "
         "test_acc={acc:.3f} | lr={lr:.6f}", train=E1),
    Case("c-blanks", epoch="epoch {epoch1}/{epochs}  loss={mean:.4f}  train_acc={acc:.2f}%  "
         "test_acc={acc:.2f}%", train=E1),
    Case("underline", start="Epoch {epoch}\n-------------------------------",
         epoch="Train Error: \n Accuracy: {acc:.1f}%, Avg loss: {mean:>8f} \n", train=E0),
    Case("quickstart", start="Epoch {epoch1}\n-------------------------------",
         step="loss: {loss:>7f}  [{seen:>5d}/{samples:>5d}]",
         epoch="Test Error: \n Accuracy: {acc:>0.1f}%, Avg loss: {val:>8f} \n",
         train="step:rising", eval="epoch:rising"),
    Case("transfer-learning", start="Epoch {epoch}/5\n----------",
         epoch="train Loss: {mean:.4f} Acc: {acc:.4f}\nval Loss: {val:.4f} Acc: {acc:.4f}\n",
         train=E0, eval=E0, end="Training complete in 1m 7s\nBest val Acc: 0.947712\n"),
    Case("gcn", epoch="Epoch: {epoch1:04d} loss_train: {mean:.4f} acc_train: {acc:.4f} "
         "loss_val: {val:.4f} acc_val: {acc:.4f} time: 0.0{i}s", train=E1, eval=E1),
    Case("pyg", epoch="Epoch: {epoch1:03d}, Loss: {mean:.4f}, Train: {acc:.4f}, Val: {acc:.4f}, "
         "Test: {acc:.4f}", train=E1),
    Case("dgl", epoch="Epoch {epoch:05d} | Time(s) {sec:.4f} | Loss {mean:.4f} | "
         "Accuracy {acc:.4f} | ETputs(KTEPS) 1234.56", train=E0),
    Case("transformer", start="[ Epoch {epoch} ]",
         epoch="  - (Training)   loss:  {mean: 8.5f}, accuracy: {acc:3.3f} %, elapse: 3.2 min\n"
         "  - (Validation) loss:  {val: 8.5f}, accuracy: {acc:3.3f} %, elapse: 0.1 min",
         train=E0, eval=E0),
    Case("speechbrain", epoch="speechbrain.utils.train_logger - epoch: {epoch1}, lr: {lr:.2e} - "
         "train loss: {mean:.2f} - valid loss: {val:.2f}, valid PER: {acc:.2f}",
         train=E1, eval=E1),
    Case("speechbrain-log", epoch="epoch: {epoch1}, lr: {lr:.2e} - train loss: {mean:.2e} - "
         "valid loss: {val:.2e}, valid WER: 12.{i}", train=E1, eval=E1),
    Case("nnunet-v1", start="\nepoch:  {epoch}",
         epoch="2024-01-01 10:00:00.1: train loss : {mean:.4f}\n"
         "2024-01-01 10:00:01.1: validation loss: {val:.4f}\n"
         "2024-01-01 10:00:02.1: Average global foreground Dice: [0.71, 0.82]\n"
         "2024-01-01 10:00:03.1: lr: {lr:.6f}\n2024-01-01 10:00:04.1: This epoch took {sec:.6f} s",
         train=E0, eval=E0),
    Case("nnunet-v2", start="2024-01-01 10:00:00.123456: Epoch {epoch}\n"
         "2024-01-01 10:00:00.123457: Current learning rate: 0.00998",
         epoch="2024-01-01 10:00:00.123458: train_loss {mean:.4f}\n"
         "2024-01-01 10:00:00.123459: val_loss {val:.4f}\n"
         "2024-01-01 10:00:00.123460: Pseudo dice [np.float32(0.71), np.float32(0.82)]\n"
         "2024-01-01 10:00:00.123461: Epoch time: {sec:.2f} s", train=E0, eval=E0),
    Case("glove", epoch="03/05/24 - 10:11.12AM, iter: {epoch1:03d}, cost: {mean:.6f}", train=E1),
    Case("sklearn-mlp", epoch="Iteration {epoch1}, loss = {mean:.8f}\n"
         "Validation score: {acc:.6f}", train=E1),
    Case("dl4j", step="INFO  ScoreIterationListener - Score at iteration {step} is {loss}",
         train=S0),
    Case("json-in-text", epoch="[{epoch1}] {{'loss': {mean}, 'val_loss': {val}}}", train=E1,
         eval=E1),
    Case("chinese", epoch="第{epoch1}轮 训练损失: {mean:.4f} 验证损失: {val:.4f}",
         train=E1, eval=E1),
    Case("french", epoch="Époque {epoch1}/{epochs} - perte: {mean:.4f} - loss: {mean:.4f}",
         train="epoch:rising"),
    Case("parentheses", epoch="Epoch {epoch1} (train loss: {mean:.4f}, val loss: {val:.4f})",
         train=E1, eval=E1),
    Case("brackets", epoch="[Epoch {epoch1}] [train loss {mean:.4f}] [valid loss {val:.4f}]",
         train=E1, eval=E1),
    Case("took", epoch="Epoch {epoch1} took {sec:.2f}s, train loss {mean:.4f}, test loss {val:.4f}",
         train=E1, eval=E1),
    Case("dev", epoch="epoch {epoch1}: train_loss={mean:.4f} dev_loss={val:.4f} dev_f1={acc:.4f}",
         train=E1, eval=E1),
    Case("holdout", epoch="ep {epoch1} | trn_loss {mean:.4f} | val_loss {val:.4f}", train=E1,
         eval=E1),
    Case("mae", epoch="Epoch {epoch1}, Train MSE: {mean:.4f}, Val MSE: {val:.4f}", train=E1,
         eval=E1),
    Case("table", header="Epoch | Train Loss | Val Loss\n------|------------|---------\n",
         epoch="{epoch1:5d} | {mean:10.4f} | {val:8.4f}", train=E1, eval=E1),
    Case("ppl", epoch="Epoch: {epoch1:02} | Time: 0m {i}s\n\tTrain Loss: {mean:.3f} | "
         "Train PPL: {sec:7.3f}\n\t Val. Loss: {val:.3f} |  Val. PPL: {sec:7.3f}", train=E1,
         eval=E1),
    Case("dev-lines", start="Epoch {epoch1} out of {epochs}",
         epoch="Average Train Loss: {mean}\n- dev loss: {val:.2f}\n- dev UAS: {sec:.2f}",
         train=E1, eval=E1),
    Case("numbers-in-tensors", epoch="epoch {epoch} loss tensor({mean:.4f}, device='cuda:0', "
         "grad_fn=<NllLossBackward0>)", train=E0),
    Case("rounds", epoch="Round {epoch1}, global loss: {mean:.4f}, accuracy: {acc:.4f}", train=E1),
    # Steps, counted over the run.
    Case("step-loss", step="Step {step}: loss = {loss}", train=S0),
    Case("step-parts", step="step {step}: loss {loss:.4f} loss_cause {gloss:.4f} "
         "loss_position {dloss:.4f} acc {acc:.4f} ", train=S0),
    Case("step-rate", step="step {step}: loss = {loss:.3}; {sec:.2} data/sec, excuted {i} minutes",
         train=S0),
    Case("et-rd", step="2024-03-05 10:11:12,345 - INFO - step {step1}, loss = {loss:.6f}, "
         "labeled_loss={gloss:.6f} (wt: *1, lr: {lr:.8f}, et: {sec:.2f} sec, rd: {sec:.2f} min)",
         train=S1),
    Case("absl", step="I0305 10:11:12.345678 140000000000000 train.py:123] Step {step}, "
         "Loss: {loss:f}", train=S0),
    Case("tabs", step="iteration: {step} \tloss: {loss}", train=S0),
    Case("iter-clock", step="iter {step}: loss {loss:.4f}, iter_time {i}s:100ms, "
         "elapsed 00:01:{i:02d}, mfu 41.20%", train=S0),
    Case("slashes", step="[{step1}/{steps}] loss: {loss:.4f}", train=S1),
    Case("gan-steps", step="[{step}/{steps}] Loss_D: {dloss:.4f} Loss_G: {gloss:.4f} "
         "D(x): {acc:.4f} D(G(z)): {acc:.4f} / {acc:.4f} Elapsed {sec:.2f} s, history: 50",
         train=S0 + ":dloss"),
    Case("nerf", step="[TRAIN] Iter: {step} Loss: {loss}  PSNR: {sec}", train=S0),
    Case("estimator", step="INFO:tensorflow:loss = {loss}, step = {step} (4.321 sec)", train=S0),
    Case("object-detection", step="INFO:tensorflow:global step {step1}: loss = {loss:.4f} "
         "(0.512 sec/step)", train=S1),
    Case("tacotron", step="Step {step1:7d} [{sec:.3f} sec/step, loss={loss:.5f}, "
         "avg_loss={loss:.5f}]", train=S1),
    Case("tacotron2", step="Train loss {step} {loss:.6f} Grad Norm {sec:.6f} 0.52s/it",
         epoch="Validation loss {step}: {val:9f}  ", train=S0, eval="epoch:step"),
    Case("ssd", step="timer: 0.1234 sec.\niter {step} || Loss: {loss:.4f} || ", train=S0),
    Case("transformer-xl", step="| epoch   {epoch1} step {step1:8d} | {batch:6d} batches "
         "| lr {lr:.3g} | ms/batch {sec:5.2f} | loss {loss:5.2f} | ppl {sec:9.3f}",
         epoch="-----\n| Eval   {epoch1} at step {step1:8d} | time: {sec:5.2f}s | "
         "valid loss {val:5.2f} | valid ppl {sec:9.3f}\n-----",
         train=S1, eval="epoch:step1"),
    Case("char-rnn", step="{step}/{steps} (epoch {epoch}), train_loss = {loss:.3f}, "
         "time/batch = 0.123", train=S0),
    Case("makemore", step="step {step} | loss {loss:.4f} | step time {sec:.2f}ms",
         epoch="step {step} train loss: {mean} test loss: {val}", train=S0,
         eval="epoch:step"),
    Case("micrograd", step="step {step} loss {loss}, accuracy {acc}%", train=S0),
    Case("mingpt", step="iter_dt {sec:.2f}ms; iter {step}: train loss {loss:.5f}", train=S0),
    Case("llama-cpp", step="train_opt_callback: iter={step:6d} sample={seen}/{samples} "
         "sched=0.500000 loss={loss:.6f} dt=00:00:09 eta=00:12:34 |---->", train=S0),
    Case("splatting", step="[ITER {step}] loss {loss:.7f}",
         epoch="[ITER {step}] Evaluating test: L1 {val} PSNR {sec}", train=S0,
         eval="epoch:step"),
    Case("kl", step="| Step: {step} | Recon Loss {gloss:5.2f} | KL Loss {dloss:5.2f} | "
         "Train Loss {loss:5.2f} | PPL {sec:8.2f} |",
         epoch="| EVAL | Step: {step} | Recon Loss {gloss:5.2f} | KL Loss {dloss:5.2f} | "
         "Eval Loss {val:5.2f} | Eval PPL {sec:8.2f} |", train=S0, eval="epoch:step"),
    Case("rust", step="[INFO  trainer] step={step} loss={loss:.5} lr={lr:.2e} tokens/s=12345",
         train=S0),
    Case("thousands", step="step {step1:,} / 1,000,000 | loss {loss:.4f} | 12,345 tok/s", train=S1),
    Case("update", step="update {step1}: policy loss {gloss:.4f} | loss {loss:.4f}", train=S1),
    Case("torch-distributed", step="[rank0]: step {step} loss {loss:.4f}\n"
         "[rank1]: step {step} loss {gloss:.4f}", train=S0),
    Case("jax", step="{step:5d}: loss={loss:.4f} grad_norm={sec:.3f}", train=S0),
    Case("at-step", step="Loss at step {step}: {loss:.6f}", train=S0),
    Case("after-iterations", step="Cost after iteration {step}: {loss}", train=S0),
    Case("comma", step="iter, {step}, loss, {loss:.4f}", train=S0),
    Case("print-tuple", step="('step', {step}, 'loss', {loss})", train=S0),
    Case("dict", step="{{'step': {step}, 'loss': {loss}, 'lr': {lr}}}", train=S0),
    # Batches of an epoch.
    Case("keras-gan", step="[Epoch {epoch}/{epochs}] [Batch {batch}/{batches}] "
         "[D loss: {dloss:f}] [G loss: {gloss:f}]", train=S0 + ":dloss"),
    Case("gan-acc", step="[Epoch {epoch}/{epochs}] [Batch {batch}/{batches}] [D loss: {dloss:f}, "
         "acc:  50%] [G loss: {gloss:05f}, adv: {gloss:05f}, recon: {gloss:05f}] "
         "time: 0:00:12.345678 ", train=S0 + ":dloss"),
    Case("style", step="[Epoch {epoch}/{epochs}] [Batch {batch}/{batches}] "
         "[content loss: {loss:f}] [style loss: {gloss:f}] [lr: {lr:.4f}]", train=S0),
    Case("batch-loss", step="[Epoch {epoch}/{epochs}] [Batch {batch}/{batches}] [loss: {loss:f}]",
         train=S0),
    Case("dcgan", step="[{epoch}/{epochs}][{batch}/{batches}]\tLoss_D: {dloss:.4f}\t"
         "Loss_G: {gloss:.4f}\tD(x): {acc:.4f}\tD(G(z)): {acc:.4f} / {acc:.4f}",
         train=S0 + ":dloss"),
    Case("word-language-model", step="| epoch {epoch1:3d} | {batch:5d}/{batches:5d} batches | "
         "lr {lr:02.2f} | ms/batch {sec:5.2f} | loss {loss:5.2f} | ppl {sec:8.2f}",
         epoch="-----\n| end of epoch {epoch1:3d} | time: {sec:5.2f}s | valid loss {val:5.2f} | "
         "valid ppl {sec:8.2f}\n-----", train=S0, eval="epoch:rising"),
    Case("dpo", step="INFO   E{epoch1}/{epochs} S{batch1}/{batches} | loss={loss:.4f} "
         "acc={acc:.3f} w_mean=1.000", train="step:rising"),
    Case("swin", step="[2024-03-05 10:11:12 swin] (main.py 171): INFO Train: [{epoch}/{epochs}]"
         "[{batch}/{batches}]\teta 0:12:34 lr {lr:.6f}\ttime 0.1234 (0.2345)\t"
         "loss {loss:.4f} ({mean:.4f})\tgrad_norm {sec:.4f} ({sec:.4f})\tmem 11234MB", train=S0),
    Case("timm", step="Train: {epoch} [{batch:>4d}/{batches} ({pct:>3.0f}%)]  "
         "Loss: {loss:#.4g} ({mean:#.3g})  Time: 0.234s,  547.01/s  (0.345s,  371.01/s)  "
         "LR: {lr:.3e}  Data: 0.010 (0.012)", train=S0),
    Case("yolox", step="2024-03-05 10:11:12 | INFO     | yolox.core.trainer:260 - "
         "epoch: {epoch1}/{epochs}, iter: {batch1}/{batches}, mem: 1234Mb, iter_time: 0.512s, "
         "data_time: 0.001s, total_loss: {loss:.1f}, iou_loss: 3.1, l1_loss: 0.0, "
         "conf_loss: 5.2, lr: {lr:.3e}, size: 640, ETA: 1:23:45", train=S1),
    Case("faster-rcnn", step="[session 1][epoch {epoch1:2d}][iter {batch:4d}/{batches:4d}] "
         "loss: {loss:.4f}, lr: {lr:.2e}\n\t\t\tfg/bg=(128/384), time cost: 5.123456\n"
         "\t\t\trpn_cls: 0.7000, rpn_box: 0.0600, rcnn_cls: 1.2000, rcnn_box 0.2000",
         train=S0),
    Case("hrnet", step="Epoch: [{epoch}/{epochs}] Iter:[{batch}/{batches}], Time: 0.51, "
         "lr: [{lr:.6f}], Loss: {loss:.6f}", train=S0),
    Case("icefall", step="2024-03-05 10:11:12,345 INFO [train.py:876] Epoch {epoch1}, "
         "batch {batch}, loss[loss={loss:.4f}, simple_loss={gloss:.4f}, pruned_loss={dloss:.4f}, "
         "over 5678.00 frames. ], tot_loss[loss={mean:.4f}, simple_loss={gloss:.4f}, "
         "pruned_loss={dloss:.4f}, over 123456.78 frames. ], batch size: 12, lr: {lr:.2e}",
         epoch="2024-03-05 10:11:12,345 INFO [train.py:910] Epoch {epoch1}, "
         "validation: loss={val:.4f}, simple_loss=0.2, pruned_loss=0.1, over 1000.00 frames. ",
         train="step:rising", eval="epoch:rising"),
    Case("coqui", start="\n > EPOCH: {epoch}/{epochs}\n --> runs/x\n\n > TRAINING "
         "(2024-03-05 10:11:12) ",
         step="\n   --> STEP: {batch}/{batches} -- GLOBAL_STEP: {step}\n"
         "     | > loss: {loss:.5f}  ({mean:.5f})\n     | > log_mle: {gloss:.5f}  ({gloss:.5f})\n"
         "     | > current_lr: {lr:.5f} \n     | > step_time: 0.5123  (0.5234)\n",
         train=S0),
    Case("deepspeech", epoch="Epoch {epoch} | Training | Elapsed Time: 0:01:05 | Steps: {batches} "
         "| Loss: {mean:.6f}\nEpoch {epoch} | Validation | Elapsed Time: 0:00:05 | Steps: 10 | "
         "Loss: {val:.6f} | Dataset: dev.csv", train="epoch:rising", eval="epoch:rising"),
    Case("fit-print", step="Epoch {epoch1}, Batch {batch1}/{batches}, Loss: {loss:.4f}",
         epoch="Epoch {epoch1} completed. Average Loss: {mean:.4f}", train=S1),
    Case("bert", step="  Batch {batch1:>5,}  of  {batches:>5,}.    Elapsed: 0:01:{i:02d}. "
         "Loss: {loss:.4f}", start="\n======== Epoch {epoch1} / {epochs} ========\nTraining...",
         epoch="\n  Average training loss: {mean:.2f}\n  Training epcoh took: 0:01:02\n\n"
         "Running Validation...\n  Accuracy: {acc:.2f}\n  Validation Loss: {val:.2f}\n"
         "  Validation took: 0:00:03", train=S1, eval="epoch:rising"),
    Case("accumulated", step="Epoch {epoch1}/{epochs} Step {step1}/{steps} Loss {loss:.4f} "
         "LR {lr:.2e}", train=S1),
    Case("time-in-front", step="[10:11:{i:02d}] epoch {epoch1} [{batch1}/{batches}] "
         "train_loss {loss:.4f}", train=S1),
    Case("slurm", step="0: epoch={epoch} batch={batch}/{batches} loss={loss:.4f}", train=S0),
    Case("val-in-between", step="Epoch: {epoch1}, Step: {step1}, Train Loss: {loss:.4f}",
         epoch="Epoch: {epoch1}, Step: {step1}, Val Loss: {val:.4f}, Val Acc: {acc:.4f}",
         train=S1, eval="epoch:step1"),
    Case("two-eval-sets", epoch="epoch {epoch1} train loss {mean:.4f} val loss {val:.4f} "
         "test loss {val:.4f}", train=E1, eval=E1),
    Case("iter-of-epoch", step="Epoch:{epoch1}    Iter:{batch}/{batches}    "
         "Training loss: {loss:.3f}   Training acc: {acc:.2f}", train=S0),
    Case("cuda", step="Epoch {epoch1}/{epochs}, Iter {batch1}/{batches}, Loss: {loss:.4f}, "
         "Test Accuracy: {sec:.2f}%", train=S1),
    Case("keras-functions", start="Epoch {epoch1}/{epochs}",
         step="Step {batch}: loss={loss}", epoch="Saved model for epoch {epoch1}",
         train="step:rising"),
    Case("validate-heading", step="epoch {epoch1} batch {batch1}/{batches} loss {loss:.4f}",
         epoch="Validating...\nloss: {val:.4f} accuracy: {acc:.4f}", train=S1,
         eval="epoch:rising"),
    Case("steps-restart", step="Epoch {epoch1} Step {batch1} Loss {loss:.4f}",
         train="step:rising"),
    Case("percent", step="Epoch {epoch1} {pct:.0f}% loss: {loss:.4f}", train="step:rising"),
    Case("epoch-fraction", step="epoch {epoch}.{batch:02d} step {step} train loss {loss:.4f}",
         train=S0),
]  # fmt: skip
