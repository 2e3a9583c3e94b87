"""A log that may not be read, and may be later: in a process that is no superuser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.cli.command import ROOT, environment
from tests.monitor.test_monitor import lines

SCRIPT = """
import json, os, pathlib, sys
import watchdog.observers  # what is loaded later could not be read then
from lossmon.monitor import Monitor
from lossmon.settings import Settings

folder = pathlib.Path(sys.argv[1])
with Monitor([str(folder / "open.jsonl")]) as monitor:
    next(s for s in monitor.follow() if s.runs and s.runs[0].series)  # loads all that is needed
if os.geteuid() == 0:  # a superuser may read everything
    import pwd
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setresgid(*[nobody.pw_gid] * 3)
    os.setresuid(*[nobody.pw_uid] * 3)
sources = [str(folder / name) for name in ("named.jsonl", "searched")]
with Monitor(sources, Settings(poll_seconds=0.05)) as monitor:
    for snapshot in monitor.follow():
        said = {run.name: [run.error, sum(map(len, run.series))] for run in snapshot.runs}
        print(json.dumps(said), flush=True)
        if [points for _, points in said.values()] == [int(sys.argv[2])] * 2:
            break
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another thing there")
def test_a_log_that_may_be_read_later_is_read_then(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005 and os.geteuid() == 0:
            # pytest's own folder is its user's alone
            if folder.name.startswith(("pytest-", "test_")):
                folder.chmod(0o755)
            else:
                pytest.skip(f"{folder} is closed to other users")
    logs = [tmp_path / "named.jsonl", tmp_path / "searched" / "metrics.jsonl"]
    logs[1].parent.mkdir()
    for number, log in enumerate((*logs, tmp_path / "open.jsonl"), start=1):
        log.write_text(lines(1, 21).replace('"loss": ', f'"loss": {number}'))
    for log in logs:
        log.chmod(0)
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), str(tmp_path), "20"], cwd=ROOT,
        env={**environment(tmp_path), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None

        def until(count: int, words: str | None) -> None:
            """Wait until each run has so many points, and says such words of its log."""
            for line in process.stdout:  # type: ignore[union-attr]
                said = json.loads(line)
                if said and all(
                    points == count and (error is None) == (words is None) and (words or "") in
                    (error or "") for error, points in said.values()
                ) and len(said) == (1 if count == 0 else 2):  # fmt: skip
                    return
            pytest.fail(process.stderr.read())  # type: ignore[union-attr]

        until(0, "may not read it")  # what was searched for is none of the user's business
        for log in logs:
            log.chmod(0o644)
        until(20, None)
        assert process.wait(20) == 0
