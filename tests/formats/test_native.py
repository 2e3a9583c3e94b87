"""Real runs of 25 frameworks: what is read from each file against what the program recorded.

The logs lie beside the project and are not part of it; where they are absent
the tests are skipped. Every file of a run is read. A file that differs from
what the program recorded, because it does not hold the same, stands in
`EXPLAINED` with its reason and with what it does hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from lossmon.model import Role, SeriesView
from tests.formats.native_table import files_of
from tests.formats.reading import read_file, read_tree
from tests.formats.truth import NATIVE, Truth, differences, load_truth, same_value

pytestmark = pytest.mark.skipif(
    not NATIVE.is_dir(), reason="the logs of real runs are kept outside the repository"
)

Expected = dict[str, Any]


@dataclass(frozen=True)
class Explained:
    """Why a file differs from what its program recorded, and what it holds instead."""

    pattern: str
    reason: str
    change: Expected = field(default_factory=dict)
    """Expected values to replace; None: not compared."""
    derive: Callable[[Truth, Path], Expected] | None = None
    """The same, worked out from what was recorded."""
    points: bool = True
    """Whether the file holds a curve that is read on its own."""


def at_evaluations(truth: Truth, path: Path) -> Expected:
    return {"train_points": len(truth.eval), "first_step": truth.eval[0][0]}


def epochs_from_1(truth: Truth, path: Path) -> Expected:
    best = truth.expected["best_eval_step"]
    return {
        "first_step": truth.expected["first_step"] + 1,
        "last_step": truth.expected["last_step"] + 1,
        "best_eval_step": None if best is None else best + 1,
    }


def of_the_last_batch(truth: Truth, path: Path) -> Expected:
    return {"final_train_loss": truth.expected.get("last_batch_loss"), "first_step": None}


def last_frame_only(truth: Truth, path: Path) -> Expected:
    return {
        **of_the_last_batch(truth, path),
        "train_points": 1,
        "eval_points": 1,
        "best_eval_loss": None,
    }


def up_to_the_checkpoint(truth: Truth, path: Path) -> Expected:
    step = int(path.parent.name.removeprefix("checkpoint-"))
    if step >= truth.expected["last_step"]:
        return {}
    if "overlap_train_steps" in truth.expected:  # truth.json ends with the first process
        every = 10
        return {
            "train_points": step // every,
            "eval_points": step // 50,
            "last_step": step,
            **dict.fromkeys(("final_train_loss", "final_eval_loss", "best_eval_loss")),
        }
    train = [row for row in truth.train if row[0] <= step]
    evals = [row for row in truth.eval if row[0] <= step]
    best = min(evals, key=lambda row: row[1])
    return {
        "train_points": len(train),
        "eval_points": len(evals),
        "last_step": train[-1][0],
        "final_train_loss": train[-1][1],
        "final_eval_loss": evals[-1][1],
        "best_eval_loss": best[1],
        "best_eval_step": best[0],
    }


def of_process(name: str) -> Callable[[Truth, Path], Expected]:
    return lambda truth, path: truth.meta[name]


STEP_UNKNOWN = ("first_step", "last_step", "best_eval_step")

EXPLAINED = (
    *(
        Explained(
            f"{tracker}/*/console.pipe.txt",
            "the console prints the losses at evaluations alone; the tracker got every step",
            derive=at_evaluations,
        )
        for tracker in (
            "aim",
            "dvclive",
            "generic-csv",
            "generic-jsonl",
            "mlflow",
            "tensorboard-torch",
            "trackio",
            "wandb",
        )
    ),
    Explained("wandb/*/files/output.log", "a copy of the console's text", derive=at_evaluations),
    Explained(
        "keras/*/console.*", "Keras counts epochs from 1 on the console", derive=epochs_from_1
    ),
    Explained(
        "lightning/*/console.pipe.txt",
        "Rich's bar writes its last frame alone into a pipe",
        derive=last_frame_only,
    ),
    Explained(
        "lightning/healthy/console.*",
        "the tqdm bar shows every batch, the logger every tenth",
        {"train_points": 228},
        derive=of_the_last_batch,
    ),
    Explained(
        "lightning/healthy-default-bar/console.pty.txt",
        "Rich's bar is redrawn by time: about every other batch is shown",
        {"train_points": 156},
        derive=of_the_last_batch,
    ),
    Explained(
        "accelerate/*/console.*",
        "the bar shows the loss of a micro-batch, the tracker their mean; no evaluation is printed",
        {"eval_points": 0, "final_train_loss": None, "best_eval_loss": None},
    ),
    Explained(
        "diffusers/*/console.*",
        "the bar shows the loss of a micro-batch, the tracker their mean",
        {"final_train_loss": None},
    ),
    Explained("accelerate/*/out/native/*/events.*", "hyper-parameters, no curve", points=False),
    Explained(
        "tensorboard-torch/hparams/runs/x/*/events.*", "hyper-parameters, no curve", points=False
    ),
    Explained(
        "plain-pytorch/epoch-line/console.*",
        "the lines say the epoch alone, the program counted 40 steps an epoch",
        {"first_step": 1, "last_step": 15, "best_eval_step": 15},
    ),
    Explained(
        "transformers/accum-firststep/*",
        "two evaluation sets of 6 points, the first is judged",
        {"eval_points": 6, "final_eval_loss": 2.4495062828063965},
    ),
    Explained(
        "*/checkpoint-*/trainer_state.json",
        "the history up to the checkpoint",
        derive=up_to_the_checkpoint,
    ),
    Explained(
        "transformers/accum-firststep/out/checkpoint-150/trainer_state.json",
        "two evaluation sets of 6 points, at the last step",
        {"eval_points": 6, "final_eval_loss": 2.4495062828063965},
    ),
    Explained(
        "*/resumed/console.appended.pipe.txt",
        "both processes: three training steps stand there twice",
        {"train_points": 43},
    ),
    Explained("*/resumed/console1.*", "the first process", derive=of_process("first_process")),
    Explained("*/resumed/console2.*", "the second process", derive=of_process("second_process")),
    Explained(
        "*/resumed/out/runs/*", "one of the two processes: read together below", points=False
    ),
    Explained(
        "catboost/*/catboost_info/learn*", "half of the run: read together below", points=False
    ),
    Explained(
        "catboost/*/catboost_info/test*", "half of the run: read together below", points=False
    ),
    Explained("dvclive/*/dvclive/*", "one metric a file: read together below", points=False),
    Explained("mlflow/file-store/mlruns/*", "one metric a file: read together below", points=False),
    Explained(
        "tensorboard-torch/add-scalars/runs/x/losses_*", "one curve of add_scalars", points=False
    ),
)

# Files that hold no curve, whatever the framework.
NO_LOGS = re.compile(
    r"(?:config|adapter_config)\.json|README\.md|hparams\.ya?ml|dvc\.yaml|params\.yaml|meta\.yaml"
    r"|cfg\.cfg|requirements\.txt|debug(?:-internal)?\.log|time_left\.tsv"
)

RUNS = sorted(path.parent for path in NATIVE.glob("*/*/meta.json"))
FILES = [
    path
    for run in RUNS
    for path in files_of(run)
    if ".aim" not in path.parts and "params" not in path.parts and "tags" not in path.parts
]


def label(path: Path) -> str:
    return str(path.relative_to(NATIVE))


def explanation(path: Path) -> Explained | None:
    """Return the last entry that fits a file: the special ones stand after the general."""
    found = [entry for entry in EXPLAINED if fnmatchcase(label(path), entry.pattern)]
    return found[-1] if found else None


def run_of(path: Path) -> Path:
    return NATIVE / Path(*path.relative_to(NATIVE).parts[:2])


def different_points(series: SeriesView | None, recorded: list[tuple[float, float]]) -> list[str]:
    """Return the points that differ from those recorded, where there are equally many."""
    if series is None or len(series) != len(recorded):
        return []
    pairs = zip(series.steps, series.values, recorded, strict=True)
    return [
        f"{step:g}: {value:g} not {wanted}"
        for step, value, wanted in pairs
        if step != wanted[0] or not same_value(float(value), wanted[1])
    ][:3]


@pytest.mark.parametrize("path", FILES, ids=label)
def test_file(path: Path) -> None:
    reading = read_file(path)
    if NO_LOGS.fullmatch(path.name):
        assert not reading.run.series, f"invented by {reading.format_name}"
        return
    assert reading.format is not None, "not recognised"
    assert reading.bad_records == 0
    explained = explanation(path)
    if explained is not None and not explained.points:
        return
    truth = load_truth(run_of(path))
    expected = dict(truth.expected)
    if explained is not None:
        expected.update(explained.derive(truth, path) if explained.derive else {})
        expected.update(explained.change)
    train, evaluation = reading.judged()
    assert differences(expected, train, evaluation) == []
    if explained is None and "overlap_train_steps" not in expected:
        assert different_points(train, truth.train) == []
        assert different_points(evaluation, truth.eval) == []


def test_both_evaluation_sets_are_kept_apart() -> None:
    run = NATIVE / "transformers" / "accum-firststep"
    read = read_file(run / "out" / "trainer_state.json").run
    losses = {n: len(s) for n, s in read.series.items() if s.role is Role.EVAL_LOSS}
    assert losses == {"eval_code_loss": 6, "eval_prose_loss": 6}


JOINED = [
    ("catboost/healthy", "catboost-tsv"),
    ("catboost/healthy", "tensorboard"),
    ("catboost/early-stop", "catboost-tsv"),
    ("catboost/early-stop", "tensorboard"),
    ("dvclive/healthy", "dvclive"),
    ("mlflow/file-store", "mlflow-files"),
    ("tensorboard-torch/add-scalars", "tensorboard"),
    ("transformers/healthy", "hf-trainer-state"),
    ("transformers/resumed", "hf-trainer-state"),
    ("transformers4/resumed", "hf-trainer-state"),
    ("trackio/healthy", "trackio"),
    ("mlflow/sqlite-default", "mlflow-sqlite"),
]


@pytest.mark.parametrize(("name", "format_name"), JOINED)
def test_files_of_a_run_read_together(name: str, format_name: str) -> None:
    truth = load_truth(NATIVE / name)
    readings = [r for r in read_tree(NATIVE / name) if r.format_name == format_name]
    assert readings
    found = [differences(truth.expected, *reading.judged()) for reading in readings]
    # A folder may hold another run too (trackio keeps a project's runs in one file).
    assert [] in found, found
