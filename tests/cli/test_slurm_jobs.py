"""What several versions of `scontrol show job` print: arrays, heterogeneous jobs, patterns."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.cli.slurm_jobs import jobs

RECORD = """\
{first} JobName={name}
   UserId=ada(1000) GroupId=ada(1000) MCS_label=N/A
   Priority=4294901494 Nice=0 Account=(null) QOS=normal
   JobState={state} Reason=None Dependency=(null)
   Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0
   Partition=gpu AllocNode:Sid=login1:12345
   NodeList=node[01-02]
   BatchHost=node01
   Command=/home/ada/run.sh JobId=9 StdOut=/etc/passwd
   {line}WorkDir=/home/ada
   StdErr={err}
   StdIn=/dev/null
   StdOut={out}
   Power=

"""
PENDING_ARRAY = "JobId=4712 ArrayJobId=4712 ArrayTaskId=4-10%2 ArrayTaskThrottle=2"


def record(
    first: str,
    out: str,
    err: str = "",
    name: str = "my net",
    state: str = "RUNNING",
    line: str = "",
) -> str:
    return RECORD.format(first=first, out=out, err=err, name=name, state=state, line=line)


def found(text: str) -> dict[str, tuple[str, ...]]:
    return {job.id: job.files for job in jobs(text)}


def test_an_older_and_a_newer_version() -> None:
    older = record("JobId=7", "/home/ada/slurm-7.out", "/home/ada/slurm-7.out")
    newer = record("JobId=8", "out/8.log", "", line="SubmitLine=sbatch run.sh\n   ")
    assert found(older + newer) == {
        "7": ("/home/ada/slurm-7.out",), "8": ("/home/ada/out/8.log",),
    }  # fmt: skip


def test_an_array_is_its_tasks_without_those_that_wait() -> None:
    text = record("JobId=4715 ArrayJobId=4712 ArrayTaskId=3", "/l/slurm-4712_3.out")
    text += record("JobId=4716 ArrayJobId=4712 ArrayTaskId=12", "/l/%x-%A_%3a-%b-%j.%u.out")
    text += record(PENDING_ARRAY, "/l/slurm-4712_4294967294.out", state="PENDING")
    assert found(text) == {
        "4712_3": ("/l/slurm-4712_3.out",),
        "4712_12": ("/l/my net-4712_012-2-4716.ada.out",),
    }


@pytest.mark.parametrize("word", ["Het", "Pack"])
def test_a_heterogeneous_job_is_its_parts(word: str) -> None:
    first = "JobId={} {w}JobId=100 {w}JobOffset={}"
    text = "".join(
        record(first.format(100 + part, part, w=word), f"/l/%j-{part}.out") for part in (0, 1)
    )
    assert found(text) == {"100+0": ("/l/100-0.out",), "100+1": ("/l/101-1.out",)}


def test_the_nodes_name_is_what_files_say(tmp_path: Path) -> None:
    for node in ("n1", "n2"):
        (tmp_path / f"run-5.{node}.log").touch()
    (tmp_path / "run-6.n1.log").touch()
    assert found(record("JobId=5", f"{tmp_path}/run-%j.%N.log"))["5"] == (
        f"{tmp_path}/run-5.n1.log", f"{tmp_path}/run-5.n2.log",
    )  # fmt: skip
    assert found(record("JobId=7", "/l/%j.%N.log"))["7"] == ("/l/7.%N.log",)


def test_signs_in_names_are_no_wildcards(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    files = found(record("JobId=5", f"{tmp_path}/%x.%N.log", name="[a]*"))["5"]
    assert files == (f"{tmp_path}/[a]*.%N.log",)
    assert found(record("JobId=5", "/l/100%%.out"))["5"] == ("/l/100%.out",)


def test_what_writes_nowhere_and_what_is_none() -> None:
    assert found(record("JobId=5", "/dev/null", "(null)")) == {}
    assert found("slurm_load_jobs error: Invalid job id specified\n") == {}
    assert found("") == {}
