"""Files that are no training logs: no run is read from any of them.

Taken from what is installed here: source code, package metadata, documents,
data, binaries. What a log reader must not do is find a loss in them.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from lossmon.formats.base import HEAD_BYTES
from lossmon.formats.registry import recognise
from tests.formats.no_logs import NAMES, text_of
from tests.formats.reading import read_file

PACKAGES = Path(sysconfig.get_paths()["purelib"])
ROOT = Path(__file__).resolve().parents[2]


def _some(folder: Path, pattern: str, count: int) -> Iterator[Path]:
    """Yield files spread over a folder: large ones too, which say more."""
    if not folder.is_dir():
        return
    found = sorted(path for path in islice(folder.rglob(pattern), 4000) if path.is_file())
    yield from found[:: max(1, len(found) // count)][:count]


def files() -> list[Path]:
    """Return some 400 files of many kinds."""
    found: list[Path] = []
    for pattern, count in (
        ("*.py", 40),
        ("METADATA", 20),
        ("RECORD", 15),
        ("*.txt", 20),
        ("*.json", 20),
        ("*.md", 10),
        ("*.pyi", 10),
        ("*.so", 10),
        ("*.csv", 10),
        ("*.toml", 5),
        ("*.h", 10),
        ("*.pyc", 10),
        ("*.yaml", 5),
        ("*.rst", 5),
        ("*.gz", 5),
        ("*.ipynb", 10),
        ("*.yml", 10),
        ("*.ini", 5),
        ("*.tsv", 5),
        ("*.html", 5),
        ("*.js", 5),
        ("*.xml", 5),
        ("*train*.py", 15),
        ("*loss*.py", 15),
        ("*bench*", 10),
        ("*CHANGE*", 5),
        ("*.log", 10),
    ):
        found.extend(_some(PACKAGES, pattern, count))
    for package in ("torch", "transformers", "sklearn", "scipy", "statsmodels", "river", "numpy"):
        # Code and tables of these speak of losses and epochs.
        found.extend(_some(PACKAGES / package, "*.py", 8))
        found.extend(_some(PACKAGES / package, "*.csv", 6))
    found.extend(_some(ROOT / "lossmon", "*.py", 200))
    found.extend(_some(ROOT, "*.toml", 2))
    found.extend(_some(ROOT, "*.md", 10))
    found.extend(_some(Path("/usr/share/doc"), "*", 30))
    found.extend(_some(Path("/usr/share/common-licenses"), "*", 10))
    found.extend(_some(Path("/etc"), "*.conf", 10))
    found.extend(_some(Path("/var/log"), "*", 15))
    found.append(Path(sys.executable).resolve())
    readable = [path for path in dict.fromkeys(found) if _is_readable(path)]
    return [path for path in readable if not {"tests", "demo_logs", ".git"} & set(path.parts)]


def _is_readable(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


FILES = files()


def test_there_are_enough() -> None:
    assert len(FILES) >= 200


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_run_is_read(path: Path) -> None:
    reading = read_file(path)
    assert not reading.run.series, (
        f"{reading.format_name} ({reading.sniff}) read {list(reading.run.series)[:5]}"
    )


SNIPPETS = {
    "customers.csv": "customer_id,name,age,score\n1,Ada,36,7.5\n2,Grace,45,9\n",
    "prices.csv": "date,open,high,low,close,volume,return\n2024-01-02,1,2,0.5,1.5,100,0.01\n",
    "insurance.csv": "policy,region,loss\nA1,north,1200\nA2,south,0\n",
    "experiments.csv": "model,params,lr,loss,accuracy\nresnet,11M,0.1,0.35,0.9\nvgg,9M,0.01,1,0\n",
    "words.csv": "step,loss\nthe first,a great one\nthe second,a small one\n",
    "orders.jsonl": '{"id": 1, "item": "x", "cost": 3.5}\n{"id": 2, "item": "y", "cost": 4}\n',
    "predictions.jsonl": '{"text": "a", "label": 1, "score": 0.9}\n' * 5,
    "package.json": '{"name": "x", "version": "1.0", "dependencies": {"a": "^1"}}',
    "coco.json": '{"images": [{"id": 1}], "categories": [{"id": 1, "name": "cat"}]}',
    "all_results.json": '{\n    "epoch": 3.0,\n    "eval_loss": 1.2,\n    "train_loss": 2.0\n}',
    "wandb-summary.json": '{"_step": 300, "train/loss": 0.2, "val/loss": 0.3}',
    "config.json": '{"hidden_size": 64, "loss_type": "ce", "num_train_epochs": 3, "lr": 0.1}',
    "numbers.txt": "".join(f"{i} {i * 1.5}\n" for i in range(50)),
    "fractions.txt": "".join(f"{i}/ {i + 3}: {i / (i + 3):.4f}\n" for i in range(20)),
    "download.txt": "".join(f"{i * 10}/ 200: {i * 3.4:.1f} MB\n" for i in range(20)),
    "damage.txt": "In 1998 a 2.3 loss, in 2001 a 3.4 loss, in 2004 a 1.2 loss.\n" * 2,
    "zoo.txt": "model  epochs  loss  top1\nresnet  100  0.9  76.1\nvgg  90  1.1  71.6\n",
    "steps.txt": "Step Action Loss\n1 Open the box\n2 Take it out\n",
    "matrix.txt": "1.0 2.0 3.0\n4.0 5.0 6.0\n" * 20,
    "passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "paper.txt": "We minimise the loss. In step 3 the loss was 0.5, at epoch 10 it had fallen.\n"
    * 3,
    "train.py": "for step in range(10):\n    loss = 1.5\n    print(f'{step} loss {loss:.4f}')\n",
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_no_run_is_read_from_a_snippet(name: str) -> None:
    claims = recognise(SNIPPETS[name].encode()[:HEAD_BYTES], name)
    assert not claims, [(claim, fmt.name) for claim, fmt in claims]


@pytest.mark.parametrize("name", NAMES)
def test_no_run_is_read_from_lines_about_other_things(name: str) -> None:
    claims = recognise(text_of(name).encode()[:HEAD_BYTES], name)
    assert not claims, [(claim, fmt.name) for claim, fmt in claims]


@pytest.mark.parametrize("name", ["report.txt", "report.jsonl", "report.json", "report.md"])
def test_own_reports_are_no_runs(name: str) -> None:
    golden = Path(__file__).parents[1] / "report" / "golden"
    assert not recognise((golden / name).read_bytes()[:HEAD_BYTES], name)
