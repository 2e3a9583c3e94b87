"""Many fine-tunings over task types, seeds, learning rates, batch sizes and amounts of data.

::

    python -m experiments.fine_tuning.loss_curve_analysis capture --jobs 2
    python -m experiments.fine_tuning.loss_curve_analysis tables
    python -m experiments.fine_tuning.loss_curve_analysis curves answer

`capture` trains what the plan holds and the results do not hold yet; each run is read
by lossmon from the `trainer_state.json` that it wrote, and its curves and verdicts go
to `results/runs.jsonl`, which is kept in the repository. `tables` reads only that file
and answers five questions; `curves` draws a task's runs in the terminal.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from experiments.fine_tuning import tables
from experiments.fine_tuning.tables import Captured
from experiments.fine_tuning.tasks import TASKS

if TYPE_CHECKING:
    from experiments.fine_tuning.runs import Setting

RESULTS: Final = Path(__file__).parent / "results" / "runs.jsonl"
MEASURED: Final = Path(__file__).parents[2] / "lossmon" / "analysis" / "measured.json"
README: Final = Path(__file__).parents[1] / "README.md"
TABLES: Final = "<!-- What follows is written by `tables --keep`. -->"
BASE: Final[dict[str, Any]] = {
    "method": "lora", "examples": 1400, "rate": 5e-3, "batch": 64, "steps": 180,
}  # fmt: skip
RATES: Final = (3.0, 1e-4, 1e-3, 2e-2)
"""The first breaks the model in its first steps, the second hardly learns."""
BATCHES: Final = (8, 16)
FEW: Final = (32, 128)
"""Numbers of examples so small that a model learns them by heart."""


def plan() -> Iterator[dict[str, Any]]:
    """Settings of all runs: the base over six seeds; one thing changed, over fewer.

    In rounds, so that what is captured at any moment is a plan with fewer seeds: a round
    has the next seed of each change, and three seeds of the base.
    """
    changes: list[tuple[dict[str, Any], int]] = [({"examples": few}, 3) for few in FEW]
    changes += [({"rate": rate}, 2) for rate in RATES]
    changes += [({"batch": batch}, 2) for batch in BATCHES]
    changes += [({"method": "qlora"}, 2)]
    for number in range(1, 4):
        of_base = range(3 * number - 2, 3 * number + 1) if number < 3 else ()
        settings: list[tuple[dict[str, Any], int]] = [({}, seed) for seed in of_base]
        settings += [(change, number) for change, seeds in changes if number <= seeds]
        for change, seed in settings:
            for task in TASKS:
                yield {**BASE, **change, "task": task, "seed": seed}


def read(setting: Setting, state: Path) -> Captured:
    """What lossmon reads in a run's log, and says of it."""
    import lossmon

    (run,) = lossmon.read(state)
    train, evals, scores = run.train, run.eval, run.get("eval_score")
    if train is None or evals is None or scores is None:
        raise RuntimeError(f"{state}: series are missing: {[s.name for s in run.series]}")
    summary = run.summary
    overfitting = next((e for e in run.events if e.kind == "overfitting" and e.stands), None)
    return Captured(
        setting=asdict(setting),
        train=[(s, round(v, 5)) for s, v in zip(train.steps, train.values, strict=True)],
        evals=[
            (s, round(v, 5), a)
            for s, v, a in zip(evals.steps, evals.values, scores.values, strict=True)
        ],
        status=run.verdict.status,
        shape=run.verdict.shape,
        reduction=summary.reduction,
        reduction_rating=summary.reduction_rating,
        gap=summary.gap,
        gap_rating=summary.gap_rating,
        noise=summary.noise,
        half_way_step=summary.half_way_step,
        overfitting_step=overfitting.step if overfitting else None,
    )


def _one(values: dict[str, Any], folder: Path) -> Captured:
    """Train one run in a process of its own, and read it."""
    import torch

    from experiments.fine_tuning.base_model import base_model
    from experiments.fine_tuning.runs import Setting, fine_tune

    torch.set_num_threads(1)  # as many processes as cores: more threads would wait
    setting = Setting(**values)
    base = base_model(folder / "base-model")
    return read(setting, fine_tune(setting, base, folder / setting.name, quiet=True))


def load(path: Path = RESULTS) -> list[Captured]:
    """The runs captured so far, each once: two captures may have run side by side."""
    if not path.exists():
        return []
    found: dict[str, Captured] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            run = Captured(**json.loads(line))
            found.setdefault(json.dumps(run.setting, sort_keys=True), run)
    return list(found.values())


def capture(folder: Path, jobs: int, only: str | None = None) -> int:
    """Train what is missing (`only` where this setting is changed); a run is kept as it ends."""
    from experiments.fine_tuning.base_model import base_model

    done = [run.setting for run in load()]
    todo = [values for values in plan() if values not in done]
    if only is not None:
        todo = [values for values in todo if values[only] != BASE[only]]
    print(f"{len(done)} runs captured, {len(todo)} to go", file=sys.stderr)
    if not todo:
        return 0
    base_model(folder / "base-model")
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    failed = 0
    with RESULTS.open("a", encoding="utf-8") as file:
        for number, (values, run) in enumerate(_trained(todo, folder, jobs), 1):
            if isinstance(run, BaseException):
                failed += 1
                print(f"failed: {values}: {run}", file=sys.stderr)
                continue
            file.write(json.dumps(run.to_json()) + "\n")
            file.flush()
            loss, score = run.evals[-1][1:]
            print(f"{number}/{len(todo)} {values} loss {loss} score {score}", file=sys.stderr)
    return 1 if failed else 0


def _trained(
    todo: list[dict[str, Any]], folder: Path, jobs: int
) -> Iterator[tuple[dict[str, Any], Captured | BaseException]]:
    """Yield each run, or why it failed, as it ends; one job needs no other process."""
    if jobs == 1:
        for values in todo:
            if any(run.setting == values for run in load()):
                continue  # by a capture beside this one
            try:
                yield values, _one(values, folder)
            except Exception as error:  # noqa: BLE001 - the other runs go on, the command says 1
                yield values, error
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(_one, values, folder): values for values in todo}
        for future in as_completed(waiting):
            failure = future.exception()
            yield waiting[future], future.result() if failure is None else failure


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    lines = [f"## {title}", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def all_tables(runs: list[Captured]) -> str:
    """The answers, as Markdown."""
    lora = [run for run in runs if run.setting["method"] == "lora"]
    return "\n".join(
        (
            f"{len(runs)} runs, {sum(len(run.evals) for run in runs)} evaluations. "
            "± is the sd over seeds; brackets are 95 % intervals.\n",
            _table(
                "What became of each setting?",
                ["changed", "runs", "best score", "final score", "verdict of lossmon"],
                tables.settings(runs, BASE),
            ),
            _table(
                "How sensitive is the curve to the seed?",
                ["task", "seeds", "final eval loss", "sd / mean", "final score",
                 "half-way step", "sd of seeds / sd of settings"],
                tables.seeds(lora, BASE),
            ),
            _table(
                "Is eval loss a proxy for the score?",
                ["task", "runs", "rank correlation over checkpoints", "over runs at their end",
                 "score lost by keeping the checkpoint of lowest eval loss"],
                tables.proxy(lora),
            ),
            _table(
                "How do curves differ between task types?",
                ["task", "eval loss before", "reduction", "half-way, share of the run",
                 "noise", "gap", "shape"],
                tables.task_types(lora, BASE),
            ),
            _table(
                "What eval loss is good enough?",
                ["task", "checkpoints", "score ≥ 50 %", "score ≥ 90 %", "score ≥ 99 %"],
                tables.good_enough(lora),
            ),
            _table(
                "Does the rule of 50/20 % reduction agree with the score?",
                ["rating", "runs", "ended with a score ≥ 90 %", "ended below 50 %"],
                tables.reduction_rule(lora),
            ),
            _table(
                "Does the rule of 10/30 % gap agree with the score?",
                ["", "runs", "eval loss ended > 5 % above its best", "score fell significantly"],
                tables.gap_rule(lora),
            ),
            _table(
                "What do 4-bit weights cost?",
                ["task", "seeds", "LoRA: final eval loss", "QLoRA", "LoRA: score", "QLoRA"],
                tables.methods(runs, BASE),
            ),
        )
    )  # fmt: skip


def keep(runs: list[Captured]) -> None:
    """Write what `lossmon explain` cites beside the other measured figures; tables to README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(
        f"{text.partition(TABLES)[0]}{TABLES}\n\n{all_tables(runs)}", encoding="utf-8"
    )
    lora = [run for run in runs if run.setting["method"] == "lora"]
    entry = {
        "command": "python -m experiments.fine_tuning.loss_curve_analysis tables",
        "date": time.strftime("%Y-%m-%d"),
        **tables.findings(lora, BASE),
    }
    known = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.is_file() else {}
    text = json.dumps({**known, "fine_tuning": entry}, indent=2)
    MEASURED.write_text(text + "\n", encoding="utf-8")


def curves(runs: list[Captured], task: str) -> str:
    """A task's evaluation losses and scores, a line a run."""
    lines = []
    for run in runs:
        if run.setting["task"] == task:
            losses = " ".join(f"{loss:6.3f}" for loss in run.eval_losses)
            scores = " ".join(f"{score:6.2f}" for score in run.scores)
            name = " ".join(f"{key} {value}" for key, value in run.setting.items() if key != "task")
            lines.append(f"{name}: {run.status}, {run.shape}\n  loss  {losses}\n  score {scores}")
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="loss_curve_analysis", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("do", choices=("capture", "tables", "curves"))
    parser.add_argument("task", nargs="?", choices=tuple(TASKS), default="instruct")
    parser.add_argument("-o", "--out", type=Path, default=Path("out/loss_curve_analysis"))
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument(
        "--only",
        choices=("examples", "rate", "batch", "method"),
        help="with capture: the runs where this is not the base's",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="with tables: also write them into README, and what `lossmon explain` cites",
    )
    options = parser.parse_args(words)
    if options.do == "capture":
        return capture(options.out, options.jobs, options.only)
    runs = load()
    if not runs:
        print(f"{RESULTS}: nothing captured yet: run `capture` first", file=sys.stderr)
        return 2
    if options.keep:
        keep(runs)
    print(all_tables(runs) if options.do == "tables" else curves(runs, options.task))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
