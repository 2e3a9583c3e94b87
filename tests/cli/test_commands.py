"""What holds for every command: help with an example, a place in the README, and in completions."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lossmon import __version__ as lossmon_version
from lossmon.cli import completion, options
from lossmon.cli.main import COMMANDS, main
from tests.cli.command import DEMO, ROOT, lossmon


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    assert "  lossmon" in text.split("examples:")[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_tells_of_it(command: str) -> None:
    assert f"lossmon {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_version_is_said_without_loading_anything(tmp_path: Path) -> None:
    code = (
        "import sys; from lossmon.cli.main import main; main(['--version']); "
        "print('numpy' in sys.modules, 'lossmon.monitor' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == f"lossmon {lossmon_version}\nFalse False\n"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere platformdirs is asked")
@pytest.mark.parametrize("base", [None, "", "/somewhere/else", "not/absolute"])
def test_the_users_configuration_is_where_platformdirs_says(
    base: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from platformdirs import user_config_path

    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if base is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", base)
    assert options._user_config() == user_config_path("lossmon") / "config.toml"


def test_explain_prints_pages(tmp_path: Path) -> None:
    done = lossmon("explain", cwd=tmp_path)
    assert done.returncode == 0
    assert b"overfitting" in done.stdout
    assert lossmon("explain", "half-way", cwd=tmp_path).returncode == 0
    done = lossmon("explain", "overfiting", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert "nearest: overfitting" in line


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_every_command_and_option(shell: str) -> None:
    script = getattr(completion, shell)(completion.commands())
    for command in COMMANDS:
        assert command in script
    for option in ("fail-on", "timeout", "kill", "target"):
        assert option in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not on this machine")
    done = subprocess.run([program, "-n"], input=script.encode(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_bash_completes_words_of_their_place() -> None:
    script = completion.bash(completion.commands())

    def complete(*words: str) -> set[str]:
        array = " ".join(f"'{word}'" for word in words)
        code = (
            f"{script}\nCOMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; _lossmon; "
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(["bash", "-c", code], capture_output=True, cwd="/", check=True)
        return set(done.stdout.decode().split())

    assert {"report", "compare"} <= complete("lossmon", "")
    assert complete("lossmon", "exp") == {"explain"}
    assert "overfitting" in complete("lossmon", "explain", "over")
    assert complete("lossmon", "report", "--fo") == {"--format"}
    assert complete("lossmon", "report", "--format", "ht") == {"html"}
    assert complete("lossmon", "check", "--fail-on", "diver") == {"divergence"}


# ---- slurm, with stand-ins that print what Slurm 23 prints

SQUEUE = """#!/bin/sh
case "$*" in *"--states=RUNNING"*"--format=%i"*) echo 4711; echo 4712_3;; *) exit 1;; esac
"""
SCONTROL = """#!/bin/sh
[ "$1 $2" = "show job" ] || exit 1
case "$3" in
4711) cat <<END
JobId=4711 JobName=train net
   UserId=me(1000) GroupId=me(1000) MCS_label=N/A
   JobState=RUNNING Reason=None Dependency=(null)
   Command=/home/me/train.sh --out StdOut=/nowhere
   WorkDir=@DIR@
   StdErr=@DIR@/my job-4711.out
   StdIn=/dev/null
   StdOut=@DIR@/my job-4711.out
END
;;
4712_3) cat <<END
JobId=4715 ArrayJobId=4712 ArrayTaskId=3 JobName=sweep
   JobState=RUNNING Reason=None Dependency=(null)
   WorkDir=@DIR@
   StdErr=/dev/null
   StdOut=sweep-3.log
END
;;
*) echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1;;
esac
"""


@pytest.fixture
def cluster(tmp_path: Path) -> dict[str, str]:
    """A PATH on which squeue and scontrol are, and the files of two jobs."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("squeue", SQUEUE), ("scontrol", SCONTROL)):
        (programs / name).write_text(text.replace("@DIR@", str(tmp_path)))
        (programs / name).chmod(0o755)
    shutil.copy(DEMO / "overfitting" / "console.txt", tmp_path / "my job-4711.out")
    shutil.copy(DEMO / "healthy" / "console.txt", tmp_path / "sweep-3.log")
    return {"PATH": f"{programs}:/usr/bin:/bin"}


def test_slurm_lists_the_files_of_running_jobs(tmp_path: Path, cluster: dict[str, str]) -> None:
    done = lossmon("slurm", "--list", cwd=tmp_path, **cluster)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().splitlines() == [
        f"4711\t{tmp_path}/my job-4711.out",
        f"4712_3\t{tmp_path}/sweep-3.log",
    ]


def test_slurm_reports(tmp_path: Path, cluster: dict[str, str]) -> None:
    done = lossmon("slurm", "--report", "4711", cwd=tmp_path, **cluster)
    assert done.returncode == 0, done.stderr
    assert "overfitting" in done.stdout.decode()


def test_slurm_says_what_is_wrong(tmp_path: Path, cluster: dict[str, str]) -> None:
    for arguments, code, word in (
        (["99"], 4, "Invalid job id"),
        (["4711; rm x"], 2, "job number"),
        (["--all"], 2, "--all"),
    ):
        done = lossmon("slurm", *arguments, cwd=tmp_path, **cluster)
        (line,) = done.stderr.decode().splitlines()
        assert (done.returncode, word in line) == (code, True), line
    done = lossmon("slurm", cwd=tmp_path, PATH=str(tmp_path))
    assert done.returncode == 2
    assert b"squeue was not found" in done.stderr


def test_only_the_called_commands_module_is_imported(tmp_path: Path) -> None:
    import sys

    code = (
        "import sys\nfrom lossmon.cli.main import main\n"
        f"main(['report', '--format', 'json', {str(DEMO / 'nan' / 'metrics.jsonl')!r}])\n"
        "others = [m for m in sys.modules if m.startswith('lossmon.') and "
        "m.split('.')[1] in ('alerts', 'explain', 'integrations', 'tui')]\n"
        "sys.exit(f'imported: {others}' if others else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_every_module_of_a_command_exists() -> None:
    for module, _ in COMMANDS.values():
        assert hasattr(importlib.import_module(module), "run")
