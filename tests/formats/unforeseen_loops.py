"""More lines of training loops, as people print them: the second part of `unforeseen`.

`tqdm.write` and f-strings, loggers with and without times, tables with drawn edges, emojis,
percent signs, units, dictionaries, tensors and numpy numbers, letters for names, other languages.
"""
# ruff: noqa: E501 - a line here is a line of a log

from __future__ import annotations

from tests.formats.unforeseen import E1, S0, Case

LOOPS = [
    Case(
        "prettytable",
        header="+-------+------------+----------+\n| Epoch | Train Loss | Val Loss |\n+-------+------------+----------+\n",
        epoch="|   {epoch1}   |   {mean:.4f}   |  {val:.4f}  |",
        end="+-------+------------+----------+\n",
        train=E1,
        eval=E1,
    ),
    Case(
        "valid-word",
        epoch="epoch {epoch1} train {mean:.4f} valid {val:.4f} lr {lr:.1e}",
        train=E1,
        eval=E1,
    ),
    Case(
        "pct-loss",
        step="{pct:3.0f}% |████▌    | {step}/{steps} loss: {loss:.4f}",
        train="step:rising",
    ),
    Case("iter-colon-L", step="Iter {step:05d}: L_total={loss:.4f} L_rec={dloss:.4f}", train=S0),
    Case("fstring-eq", step="step={step} loss.item()={loss:.4f}", train=S0),
    Case("np-float32", step="epoch: {epoch} step: {step} loss: np.float32({loss:.6f})", train=S0),
    Case("quoted-repr", step="{{'step': '{step}', 'loss': '{loss:.4f}'}}", train=S0),
    Case(
        "short-names",
        step="ep {epoch1}/{epochs} | it {step} | L={loss:.2f} | lr {lr:.1e}",
        train=S0,
    ),
    Case(
        "emoji-fire",
        epoch="🔥 Epoch {epoch1}/{epochs} ▸ loss {mean:.4f} ▸ val {val:.4f} ▸ ⏱ {sec:.1f}s",
        train=E1,
        eval=E1,
    ),
    Case(
        "emoji-check",
        epoch="✅ [Epoch {epoch1:02d}] train_loss: {mean:.5f} 📉 val_loss: {val:.5f} 🎯 acc: {acc:.2%}",
        train=E1,
        eval=E1,
    ),
    Case(
        "np-dict",
        epoch="{{'epoch': {epoch1}, 'train_loss': np.float64({mean}), 'val_loss': np.float64({val})}}",
        train=E1,
        eval=E1,
    ),
    Case(
        "tensor-grad",
        step="step {step} loss: tensor({loss:.4f}, grad_fn=<MseLossBackward0>)",
        train=S0,
    ),
    Case(
        "tensor-dict",
        step="{step}: {{'loss': tensor({loss:.4f}, device='cuda:0'), 'acc': tensor({acc:.4f}, device='cuda:0')}}",
        train=S0,
    ),
    Case("tuple", step="({step}, {loss:.6f})", train=""),
    Case(
        "tqdm-write",
        step="[{sec:.1f}s] step={step}/{steps} train/loss={loss:.4f} train/lr={lr:.2e} gpu_mem=10.2GB",
        epoch="  >> eval @ step {step}: loss={val:.4f} acc={acc:.3f}",
        train=S0,
        eval="epoch:step",
    ),
    Case(
        "rich-table",
        header="┏━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━┓\n┃ Epoch ┃ Train Loss ┃ Val Loss ┃\n┡━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━┩\n",
        epoch="│ {epoch1:5d} │ {mean:10.4f} │ {val:8.4f} │",
        end="└───────┴────────────┴──────────┘\n",
        train=E1,
        eval=E1,
    ),
    Case(
        "pipes-ascii",
        header="| epoch | train_loss | val_loss | time |\n|------:|-----------:|---------:|-----:|\n",
        epoch="| {epoch1} | {mean:.4f} | {val:.4f} | {sec:.1f}s |",
        train=E1,
        eval=E1,
    ),
    Case(
        "units",
        step="iter {step} loss {loss:.4f} nats, {sec:.1f} ms/iter, 12.3k tok/s, 9.8 GB",
        train=S0,
    ),
    Case(
        "percent-done",
        step="[{pct:5.1f}%] step {step:>6}/{steps} loss={loss:.4f} (ema {loss:.4f}) eta 00:12:34",
        train=S0,
    ),
    Case(
        "loguru",
        step="2026-03-05 10:11:12.123 | INFO     | train:fit:88 - step={step} loss={loss:.4f} grad_norm={sec:.3f}",
        train=S0,
    ),
    Case(
        "structlog",
        step="2026-03-05T10:11:12Z [info     ] train_step                     epoch={epoch} loss={loss} step={step}",
        train=S0,
    ),
    Case(
        "logfmt",
        step='time="2026-03-05T10:11:12Z" level=info msg="train" step={step} loss={loss:.5f} lr={lr:.3e}',
        train=S0,
    ),
    Case(
        "glog",
        step="I20260305 10:11:12.345678 123 solver.cc:88] iteration={step} total_loss={loss:.5f}",
        train=S0,
    ),
    Case("equals-spaced", step="step = {step} , loss = {loss:.4f} , lr = {lr:.6f}", train=S0),
    Case("arrow-unicode", step="step {step} → loss {loss:.4f}", train=S0),
    Case("loss-first", step="loss={loss:.4f} step={step} epoch={epoch}", train=S0),
    Case("loss-at", step="loss {loss:.4f} at step {step}", train=S0),
    Case(
        "training-loss-at",
        step="Training loss (for one batch) at step {step}: {loss:.4f}",
        epoch="Validation loss at step {step}: {val:.4f}",
        train=S0,
        eval="epoch:step",
    ),
    Case("avg-loss-over", step="[{epoch1}, {batch1:5d}] loss: {loss:.3f}", train="step:rising"),
    Case(
        "bold-ansi",
        step="\x1b[1mStep\x1b[0m \x1b[36m{step}\x1b[0m \x1b[1mloss\x1b[0m \x1b[33m{loss:.4f}\x1b[0m",
        train=S0,
    ),
    Case(
        "flax",
        step="train step: {step}, loss: {loss:.4f}, accuracy: {acc:.2f}",
        epoch="eval step: {step}, loss: {val:.4f}, accuracy: {acc:.2f}",
        train=S0,
        eval="epoch:step",
    ),
    Case(
        "jax-epoch",
        epoch="train epoch: {epoch1}, loss: {mean:.4f}, accuracy: {acc:.2f}\neval epoch: {epoch1}, loss: {val:.4f}, accuracy: {acc:.2f}",
        train=E1,
        eval=E1,
    ),
    Case(
        "metric-colon-list",
        epoch="Epoch {epoch1} metrics: loss={mean:.4f}; val_loss={val:.4f}; val_acc={acc:.4f}",
        train=E1,
        eval=E1,
    ),
    Case(
        "best-marker",
        epoch="Epoch {epoch1:3d}  train {mean:.4f}  val {val:.4f}  (best {val:.4f})",
        train=E1,
        eval=E1,
    ),
    Case(
        "two-cols-paren",
        epoch="Epoch {epoch1}: loss {mean:.4f} (val: {val:.4f}), acc {acc:.3f} (val: {acc:.3f})",
        train=E1,
        eval=E1,
    ),
    Case(
        "k-steps",
        step="step {step} | loss {loss:.4f} | tokens 1.2M | 45.6K tok/s | mfu 41.2%",
        train=S0,
    ),
    Case(
        "global-step",
        epoch="epoch: {epoch1} global_step: {step} train_loss: {mean:.4f} eval_loss: {val:.4f}",
        train="epoch:step",
        eval="epoch:step",
    ),
    Case(
        "gan",
        step="Epoch [{epoch}/{epochs}] Batch {batch}/{batches} Loss D: {dloss:.4f}, loss G: {gloss:.4f}",
        train="step:step:dloss",
    ),
    Case(
        "vae",
        step="epoch {epoch1} step {step}: loss={loss:.2f} recon={loss:.2f} kl={dloss:.4f} beta=1.0",
        train=S0,
    ),
    Case("contrastive", step="[{step}] InfoNCE loss: {loss:.4f} | temp: 0.07", train=S0),
    Case(
        "spanish",
        epoch="Época {epoch1}/{epochs} - pérdida: {mean:.4f} - pérdida_val: {val:.4f}",
        train=E1,
        eval=E1,
    ),
    Case(
        "russian",
        epoch="Эпоха {epoch1}/{epochs}: loss={mean:.4f} val_loss={val:.4f}",
        train=E1,
        eval=E1,
    ),
    Case(
        "korean",
        epoch="에폭 {epoch1}: 학습 손실 {mean:.4f}, 검증 손실 {val:.4f}",
        train=E1,
        eval=E1,
    ),
    Case(
        "japanese",
        epoch="エポック {epoch1} 訓練損失: {mean:.4f} 検証損失: {val:.4f}",
        train=E1,
        eval=E1,
    ),
    Case(
        "comma-decimal-thousands", step="Step 1{step:03d},  loss: {loss:.4f}", train="step:rising"
    ),
    Case("thousands", step="step {step:,} of {steps:,} loss {loss:.4f}", train=S0),
    Case("sci", step="it={step} L={loss:.3e} |g|={sec:.3e}", train=S0),
    Case("ppl-only", epoch="Epoch {epoch1} perplexity {sec:.2f} loss {mean:.3f}", train=E1),
    Case(
        "minutes",
        epoch="Epoch {epoch1} finished in 1m 23s. Training loss: {mean:.4f}. Validation loss: {val:.4f}.",
        train=E1,
        eval=E1,
    ),
    Case(
        "running",
        step="Epoch {epoch1} [{batch}/{batches}] running loss = {loss:.5f}",
        train="step:rising",
    ),
    Case(
        "json-after-prefix",
        step='INFO:train:{{"step": {step}, "loss": {loss:.4f}, "lr": {lr:.6f}}}',
        train=S0,
    ),
    Case(
        "stars",
        epoch="*** epoch {epoch1} *** train: {mean:.4f} *** valid: {val:.4f} ***",
        train=E1,
        eval=E1,
    ),
    Case("eta-before", step="ETA 0:12:34 | {step}/{steps} | loss {loss:.4f}", train=S0),
    Case("hash", step="#{step:05d} loss:{loss:.4f} acc:{acc:.3f}", train=S0),
]
