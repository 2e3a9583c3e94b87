"""`lossmon slurm [JOBID…]`: watch the output files of the user's running Slurm jobs.

`squeue` lists the jobs, `scontrol show job` tells their files (`slurm_jobs`).
Both are called without a shell, with a bound on their time.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from lossmon.cli.alerting import add_alerts
from lossmon.cli.options import add_reading, settings_from
from lossmon.cli.reading import exit_code, read_now
from lossmon.cli.slurm_jobs import Job, jobs
from lossmon.cli.watch import add_screen
from lossmon.errors import SourceError, SourceNotFound, UsageError
from lossmon.model import clean_text

TIMEOUT: Final = 20.0
"""Seconds: a busy controller may take many, and says so on standard error."""

MAX_JOBS: Final = 500

EPILOG: Final = """\
examples:
  lossmon slurm                    all running jobs of yours
  lossmon slurm 4711 4712_3
  lossmon slurm --report           a report, and exit
  lossmon slurm --list             the files that would be watched
"""

_JOB_ID: Final = re.compile(r"^\d{1,10}(_(\d{1,7}|\*))?(\+\d{1,5})?$")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "jobs", metavar="JOBID", nargs="*", help="job numbers (default: your running jobs)"
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--report", action="store_true", help="print a report, and exit")
    group.add_argument("--list", action="store_true", help="print the files, and exit")
    add_screen(parser)
    add_alerts(parser)
    add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Find the files; then watch, report, or list them."""
    found = find_jobs(options.jobs)
    files = list(dict.fromkeys(file for job in found for file in job.files))
    if options.list:
        for job in found:
            for file in job.files:
                sys.stdout.write(f"{job.id}\t{clean_text(file)}\n")
        return 0
    there = [file for file in files if Path(file).exists()]
    if not there:
        named = ", ".join(files) or "none"
        raise SourceNotFound(
            f"{len(found)} jobs, but no output file is to be seen from this host: {named}"
        )
    if options.report:
        from lossmon.report.text import render

        runs = read_now(there, settings_from(options))
        sys.stdout.write(render(runs))
        return exit_code(runs)
    from lossmon.cli import watch

    options.sources, options.tee = there, False
    return watch.run(options)


def find_jobs(ids: list[str]) -> list[Job]:
    """Return the named jobs, or the user's running ones (SourceNotFound if there is none)."""
    wrong = [job for job in ids if not _JOB_ID.match(job)]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is no job number; write 4711 or 4711_3")
    wanted = ids or _running()
    if not wanted:
        raise SourceNotFound("squeue lists no running job of yours; name a JOBID")
    found = (job for one in wanted[:MAX_JOBS] for job in _show(one))
    # An array's number stands for all its tasks, which may be named too.
    return list({job.id: job for job in found}.values())


def _running() -> list[str]:
    user = str(os.getuid())
    listed = _call("squeue", "--noheader", "--states=RUNNING", f"--user={user}", "--format=%i")
    found = (line.strip() for line in listed.splitlines())
    return [line for line in found if _JOB_ID.match(line)]


def _show(job: str) -> list[Job]:
    """Return a job, each task of an array, or each part of a heterogeneous job."""
    return list(jobs(_call("scontrol", "show", "job", job)))


def _call(*arguments: str) -> str:
    try:
        done = subprocess.run(
            arguments, capture_output=True, timeout=TIMEOUT, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise UsageError(
            f"{arguments[0]} was not found: lossmon slurm runs on a host of a Slurm cluster"
        ) from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"{arguments[0]} gave no answer in {TIMEOUT:g} s") from None
    if done.returncode != 0:
        said = clean_text(done.stderr.decode(errors="replace").strip(), 300)
        raise SourceError(f"{arguments[0]}: {said or f'failed with {done.returncode}'}")
    return done.stdout.decode(errors="surrogateescape")
