"""`--dask` with a real scheduler, two worker processes, and an S3-compatible store."""

from __future__ import annotations

import csv
import importlib
import io
import json
import operator
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lossmon.cli.main import main
from lossmon.cluster import Job, gather, spread
from lossmon.cluster import work as work_module
from lossmon.cluster.shares import Share
from lossmon.settings import Settings
from tests.cli.command import DEMO, lossmon

gather_module = importlib.import_module("lossmon.cluster.gather")

# distributed's own threads and sockets at its end are not ours.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.xdist_group("cluster"),
]


def called(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """The command in this process: `distributed` takes a second to import."""
    code = main([str(one) for one in arguments])
    out, err = capsys.readouterr()
    return code, out, "".join(line for line in err.splitlines(True) if "places read" not in line)


def test_a_report_says_what_one_machine_says(
    scheduler: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def runs(*extra: str) -> dict[str, dict[str, object]]:
        code, out, err = called(capsys, "report", DEMO, "--format", "json", *extra)
        assert (code, err) == (0, "")
        found = {run["source"]: run for run in json.loads(out)["runs"]}
        for run in found.values():
            for event in run["events"]:
                event.pop("time")  # of a log that was read at once: when that was
        return found

    here, there = runs(), runs("--dask", scheduler)
    assert len(there) == 11
    assert here == there


def test_a_page_has_every_run(scheduler: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = called(capsys, "report", DEMO, "--dask", scheduler, "--format", "html")
    assert (code, err) == (0, "")
    assert all(name in out for name in ("overfitting-small-set", "nan-masked", "seed-3"))
    assert out.count("<svg ") == 11


def test_a_sweep_is_compared_as_on_one_machine(
    scheduler: str, sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def compared(*extra: str) -> dict[str, Any]:
        code, out, err = called(capsys, "compare", sweep, "--format", "json", *extra)
        assert (code, err) == (0, "")
        found: dict[str, Any] = json.loads(out)
        return found

    here, there = compared(), compared("--dask", scheduler)
    assert {group["name"]: group["runs"] for group in there["groups"]} == {"low": 3, "high": 3}
    assert there["tests"][0]["larger_than_seeds"] == "yes"
    assert here["target"] == there["target"]
    for row in there["runs"]:
        (other,) = (run for run in here["runs"] if run["source"] == row["source"])
        for key in ("final", "final_error", "best", "best_step", "target_step", "reduction"):
            assert row[key] == other[key]


def test_a_store_is_read_by_the_workers(
    tmp_path: Path, scheduler: str, sweep: Path, s3: dict[str, str]
) -> None:
    code = (
        "import sys, s3fs\nfs = s3fs.S3FileSystem()\nfs.mkdir('sweeps')\n"
        "fs.put(sys.argv[1] + '/', 'sweeps/one/', recursive=True)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(sweep)], check=True, env={**s3}, cwd=tmp_path)
    done = lossmon(
        "report", "s3://sweeps/one/", "--dask", scheduler, "--format", "jsonl", cwd=tmp_path, **s3
    )
    assert done.returncode == 0, done.stderr
    assert all(b"places read" in line for line in done.stderr.splitlines())
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    assert {run["name"] for run in runs} == {
        f"{name}/seed-{seed}" for name in ("low", "high") for seed in range(3)
    }
    assert all(run["series"][0]["points"] == 80 for run in runs)


def test_points_come_as_they_are_read(
    tmp_path: Path, scheduler: str, sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "all.csv"
    arguments = ("report", sweep, "--dask", scheduler, "--format", "csv", "-o", target)
    assert called(capsys, *arguments) == (0, "", "")
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert len(rows) == 6 * 80
    assert {row["run"] for row in rows} >= {"low/seed-0", "high/seed-2"}


def test_what_fails_is_listed_and_the_others_are_reported(
    scheduler: str, sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sweep / "broken.txt").write_text("Dear diary,\nno training today.\n" * 5)
    code, out, err = called(
        capsys, "report", sweep / "low", sweep / "broken.txt", "--dask", scheduler,
        "--format", "json",
    )  # fmt: skip
    assert code == 4
    (line,) = err.splitlines()
    assert "broken.txt" in line
    runs = json.loads(out)["runs"]
    assert sum(bool(run["series"]) for run in runs) == 3
    assert [run["error"] is None for run in runs].count(False) == 1


def test_a_worker_that_does_not_see_a_path_says_so(tmp_path: Path, scheduler: str) -> None:
    found = spread([str(DEMO / "nan"), str(DEMO / "noisy")], Settings())
    gone = Share((str(tmp_path / "not-here.log"),), searched=False)
    found = type(found)((*found.shares, gone), found.root)
    told = []
    outcomes = list(gather(scheduler, found, Job(found.root, Settings()), told.append))
    assert sorted(one.index for one in outcomes) == [0, 1, 2]
    (lost,) = (one for one in outcomes if one.index == 2)
    assert "not-here.log" in str(lost.runs[0].digest.run.error)
    assert (told[-1].done, told[-1].runs, told[-1].unread, told[-1].workers) == (3, 3, 1, 2)


class Poison(Share):
    """A share that cannot even be unpickled on a worker."""

    def __reduce__(self) -> tuple[object, ...]:
        return operator.truediv, (1, 0)


def test_a_share_whose_worker_fails_is_lost_alone(scheduler: str) -> None:
    found = spread([str(DEMO / "nan")], Settings())
    found = type(found)((*found.shares, Poison(("/poison",))), found.root)
    outcomes = {one.index: one for one in gather(scheduler, found, Job("/", Settings()))}
    assert outcomes[0].lost is None
    assert not outcomes[0].runs[0].digest.empty
    assert "its worker failed" in (outcomes[1].lost or "")
    assert outcomes[1].runs[0].digest.empty


def test_what_crosses_the_network_is_small() -> None:
    import pickle

    outcomes = work_module.read_shares(
        [Share((str(DEMO / "noisy" / "log.txt"),))], Job(str(DEMO), Settings())
    )
    assert len(pickle.dumps(outcomes)) < 40_000


@pytest.mark.parametrize(
    ("address", "code", "words"),
    [("tcp://127.0.0.1:1", 4, "no scheduler answers"), ("nonsense://x", 2, "tcp://host:port")],
)
def test_a_wrong_address_is_one_line(
    address: str,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    monkeypatch.setattr(gather_module, "CONNECT_SECONDS", 0.3)
    found, out, err = called(capsys, "report", DEMO / "nan", "--dask", address)
    (line,) = err.splitlines()
    assert (found, out, words in line) == (code, "", True), line


def test_without_the_package_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["report", str(DEMO / "nan"), "--dask", "tcp://127.0.0.1:8786"]) == 2
    assert "pip install 'lossmon[cluster]'" in capsys.readouterr().err
