"""One real QLoRA fine-tuning on the CPU, to be watched live.

::

    python -m experiments.fine_tuning.basic_qlora --watch
    python -m experiments.fine_tuning.basic_qlora 2>&1 | lossmon -
    python -m experiments.fine_tuning.basic_qlora --examples 32   # it overfits
    python -m experiments.fine_tuning.basic_qlora --rate 3        # it breaks

The base model is trained first, once, into the output folder. With ``--watch`` the
training runs as another process and lossmon's screen over its console; leaving the
screen leaves the training running, and its process number is said.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="basic_qlora", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--task", choices=("instruct", "answer", "code"), default="instruct")
    parser.add_argument("--method", choices=("qlora", "lora"), default="qlora")
    parser.add_argument("--examples", type=int, default=1400)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=180)
    parser.add_argument("-o", "--out", type=Path, default=Path("out/fine_tuning"))
    parser.add_argument("--watch", action="store_true", help="open lossmon over it")
    parser.add_argument(
        "--stop", action="store_true", help="stop when the loss diverges (lossmon's callback)"
    )
    return parser


def _watch(words: list[str], folder: Path) -> int:
    """Start the training apart and show its console."""
    folder.mkdir(parents=True, exist_ok=True)
    console = folder / "console.txt"
    command = [sys.executable, "-u", "-m", "experiments.fine_tuning.basic_qlora", *words]
    with console.open("wb") as log:
        training = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    shown = subprocess.call([sys.executable, "-m", "lossmon", os.fspath(console)])
    if training.poll() is None:
        print(f"the training goes on as process {training.pid}; its log: {console}")
    return shown


def main(words: list[str] | None = None) -> int:
    """Run the command; 0 if the training came to its end."""
    given = sys.argv[1:] if words is None else words
    options = _parser().parse_args(given)
    if options.watch:
        return _watch([word for word in given if word != "--watch"], options.out)

    # The frameworks take seconds to import: not before they are needed.
    from experiments.fine_tuning.base_model import base_model
    from experiments.fine_tuning.runs import Setting, fine_tune
    from lossmon.integrations.hf import LossmonCallback

    setting = Setting(**{field.name: getattr(options, field.name) for field in fields(Setting)})
    watcher = LossmonCallback(stop_on=("divergence", "nonfinite") if options.stop else ())
    base = base_model(options.out / "base-model")
    state = fine_tune(
        setting, base, options.out / setting.name, callbacks=[watcher], checkpoints=True
    )
    print(f"{watcher.watcher.verdict.headline}\nwritten: {state}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
