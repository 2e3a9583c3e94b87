"""Texts of other kinds that speak of losses, steps and epochs, made a line at a time.

Each is a header and the shape of a line: `i` counts from 1, `f` and `g` are
numbers between 0 and 1 that follow no trend, `k` is `i` modulo 5.
"""

from __future__ import annotations

from typing import Final

_SHAPES: Final[dict[str, tuple[str, str]]] = {
    "housing.csv": ("longitude,rooms,loss_ratio,price\n", "-122.{i},{i},{f:.3f},{i}000"),
    "claims.csv": ("id,cat1,cont1,loss\n", "{i},A,{f:.4f},{g:.2f}"),
    "experiments.csv": ("model,batch_size,lr,epochs,val_loss\n", "net{i},32,0.{i},90,{f:.3f}"),
    "grid.csv": ("lr,batch_size,dropout,val_loss\n", "0.{i},{i},0.{k},{f:.3f}"),
    "trades.csv": ("trade,entry,exit,profit,loss\n", "{i},1{i},2{i},{f:.2f},{g:.2f}"),
    "path.csv": ("distance,path_loss_db\n", "{i}0,{f:.2f}"),
    "weights.csv": ("subject,week,weight_loss\n", "s{i},{k},{f:.2f}"),
    "games.csv": ("game,round,score,result\n", "{i},{k},{i}7,loss"),
    "network.csv": ("time,packets,loss,latency\n", "{i},100,{f:.2f},{g:.1f}"),
    "runs.json": ("[", '{{"name": "run{i}", "epochs": 10, "val_loss": {f:.3f}}},'),
    "evals.jsonl": ("", '{{"question_id": {i}, "model": "x", "loss": {f:.3f}, "answer": "y"}}'),
    "telemetry.jsonl": ("", '{{"ts": 17000000{i:02d}, "host": "a", "packet_loss": {f:.2f}}}'),
    "results.md": ("# Results\n\n| Epoch | Train loss | Val loss |\n|---|---|---|\n",
                   "| {i} | {f:.3f} | {g:.3f} |"),
    "arguments.txt": ("---- arguments ----\n", "  loss_scale_{i} ........... 0.{i}"),
    "namespace.txt": ("", "Namespace(epochs=10, lr=0.{i}, loss='mse', step_size=7, gamma=0.1)"),
    "pip.txt": ("", "  Downloading torch-1.{i}.0.whl ({f:.1f} kB)\n"
                "     ━━━━━━━━━━ {i}.1/100.0 kB {f:.1f} MB/s eta 0:00:00"),
    "nvidia-smi.txt": ("", "|   {k}  Tesla T4   Off  | 00000000:00:04.0 Off |  {i} |\n"
                       "| N/A   36C    P8     9W /  70W |   {i}MiB / 15109MiB |   {k}%  Default |"),
    "pytest.txt": ("", "tests/test_loss.py::test_step[{i}-{f:.2f}] PASSED [ {i}%]"),
    "durations.txt": ("", "{f:.2f}s call     tests/test_loss.py::test_step_{i}"),
    "history.txt": ("", "commit {i}a{i}\n    Fix loss {i}: lower lr to 0.{i}, step {i}0"),
    "change.txt": ("", "@@ -{i},3 +{i},3 @@\n-    loss = {f:.2f}\n+    loss = {g:.2f}"),
    "ping.txt": ("", "2024-03-05 10:11:{i:02d} host10.0.0.{i} loss {f:.2f}% avg {g:.1f} ms"),
    "syslog": ("", "Mar  5 10:11:{i:02d} host kernel: [{f:.6f}] eth0: error {k}, loss {k}"),
    "listing.txt": ("", "epoch={i}-step={i}00-val_loss={f:.4f}.ckpt"),
    "folder.txt": ("", "-rw-r--r-- 1 u u {i} Mar  5 10:{i:02d} epoch_{i}_loss_{f:.4f}.pt"),
    "optuna.txt": ("", "[I 2024-03-05 10:11:{i:02d},345] Trial {i} finished with value: {f:.5f} "
                   "and parameters: {{'lr': {g:.6f}}}. Best is trial 3 with value: 0.1."),
    "search.txt": ("", "[CV {k}/5] END ....alpha={f:.3f}, score=-{g:.3f} total time=   0.{k}s"),
    "folds.txt": ("", "Fold {i}: val loss {f:.4f}"),
    "seeds.txt": ("", "seed {i}: test loss {f:.4f} acc 0.9{k}"),
    "build.txt": ("", "[{i}/200] c++ -O2 -c loss_{i}.cc -o loss_{i}.o"),
    "access.log": ("", '10.0.0.1 - - [05/Mar/2024:10:11:{i:02d}] "GET /loss?step={i}" 200 {i}'),
    "metrics.prom": ("", 'train_loss{{run="{i}",step="{i}"}} {f:.3f}'),
    "accounts.txt": ("", "Q{k} 20{i:02d} revenue {f:.2f} net loss {g:.2f}"),
    "matches.txt": ("", "Round {i}: Team A score {i}2, Team B score {i}3"),
    "chess.txt": ("", "info depth {i} seldepth {i} score cp 2{k} nodes {i}000 nps 123 time {i}"),
    "strategy.txt": ("", "Trade {i}: entry 1.{i:02d} stop loss {f:.2f} profit {g:.2f}"),
    "prices.txt": ("", "2024-03-{i:02d} stop_loss={f:.3f} take_profit={g:.3f}"),
    "layers.txt": ("", "conv2d_{i} (Conv2D)      (None, {i}, 224, 64)      {i}792"),
    "usage.txt": ("usage: train.py [--loss LOSS]\n", "  --loss-{i} FLOAT  loss (default: 0.{i})"),
    "traceback.txt": ("", '  File "train.py", line {i}, in step\n    loss = model(x, {f:.2f})'),
    "listing.asm": ("", "  {i}: 48 89 e5 mov %rsp,%rbp ; loss {i}"),
    "verses.txt": ("", "{k}:{i} and the loss of {i} was great in step {k}"),
    "subtitles.srt": ("", "{i}\n00:00:{i:02d},000 --> 00:00:{i:02d},900\nThe loss was {i}.\n"),
    "robot.txt": ("", "step {i} x=0.{i:02d} y=1.{i:02d} error=0.0{k}"),
    "control.txt": ("", "t=0.{i} setpoint=1.0 error={f:.4f} output={g:.3f}"),
    "video.txt": ("", "frame={i:5d} fps= 25 q=28.0 size= {i}kB time=00:00:{i:02d}.00 speed=1.0x"),
    "rates.txt": ("lr      loss\n", "{f:.5f} {g:.4f}"),
    "ablation.txt": ("Ablation  loss  acc\n", "{i}  {f:.3f}  {g:.3f}"),
    "report.txt": ("     precision    recall  f1-score   support\n",
                   "  {i}   {f:.2f}   {g:.2f}   9"),
    "timetable.txt": ("", "Train {i} 9.{i:02d} test 1.{k} val 2.{k} platform {k}"),
    "beam.txt": ("", "it {i} L={f:.2f} mm E={g:.2f} GPa"),
    "meters.txt": ("", "round {i} test {f:.2f} V dev {g:.2f} A"),
    "plan.txt": ("┃ Step ┃ Action ┃ Loss ┃\n", "│ {i} │ open it │ of pressure │"),
    "scans.txt": ("| Step | Loss (dB) | Port |\n", "| a{i} | {f:.2f} | {k} |"),
    "dmesg.txt": ("", "[{i:5d}.{i:06d}] eth0: link loss {k}, step {i}, retry {k}"),
    "sweep.txt": ("sweep:\n", "  - run: {i}\n    loss: mse\n    lr: {f:.4f}\n    epochs: {i}0"),
    "configs.jsonl": ("", '{{"loss": "mse", "epochs": {i}, "lr": {f:.4f}, "step_size": 7}}'),
    "bench.txt": ("name  mean  loss\n", "test_loss_{i}  {f:.4f}us  {g:.4f}us"),
    "paper.txt": ("", "Table {i} shows that at epoch {i} the loss of model {k} is {f:.2f} [{i}]."),
    "timing.txt": ("", "Iteration {i}: mean {f:.3f} ms, stddev {g:.3f} ms (best of {k})"),
    "solver.txt": ("", "  {i}  residual {f:.3e}  step length {g:.3e}"),
    "rows.txt": ("", "{i} rows in set. Elapsed: {f:.3f} sec. Processed {i}.00 thousand rows"),
    "satellites.txt": ("", "epoch {i} prn {k} lock loss {k} snr {f:.1f}"),
    "insurance.txt": ("", "claim {i}: loss {f:.2f} paid {g:.2f} reserve 0.{k}"),
    "root.txt": ("", "iteration {i} value {f:.4f}  interval {g:.3e}"),
    "latency.txt": ("", "step {i}: Step: {i}3ms loss of {k} packets"),
    "settings.ini": ("", "[train{i}]\nepochs={i}\nloss={f:.1f}\nlr=0.1"),
}  # fmt: skip


def text_of(name: str, lines: int = 40) -> str:
    """Return the whole text of a name."""
    header, shape = _SHAPES[name]
    text = header
    for i in range(1, lines + 1):
        f, g = i * 0.618034 % 1, i * 0.754878 % 1
        text += shape.format(i=i, f=f, g=g, k=i % 5) + "\n"
    return text


NAMES: Final = tuple(_SHAPES)
