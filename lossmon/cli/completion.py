"""`lossmon completion bash|zsh|fish`: a completion script made from the commands' own parsers.

The script holds every option as text: completing starts no Python.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from typing import Final

from lossmon.record import record

EPILOG: Final = """\
examples:
  lossmon completion bash > ~/.local/share/bash-completion/completions/lossmon
  lossmon completion zsh > ~/.zfunc/_lossmon          with ~/.zfunc in fpath, before compinit
  lossmon completion fish > ~/.config/fish/completions/lossmon.fish
"""


@record
class Option:
    """One option: its names, its help, and what it takes."""

    names: tuple[str, ...]
    help: str
    takes: bool
    choices: tuple[str, ...] = ()
    files: bool = False


@record
class Command:
    """One command with its options and the words that may follow it."""

    name: str
    help: str
    options: tuple[Option, ...]
    words: tuple[str, ...] = ()
    files: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    scripts: dict[str, Callable[[list[Command]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
    sys.stdout.write(scripts[options.shell](commands()))
    return 0


def commands() -> list[Command]:
    """Return every command, read from its parser."""
    from lossmon.cli.main import COMMANDS
    from lossmon.explain import pages

    found = []
    for name, (module, text) in COMMANDS.items():
        parser = argparse.ArgumentParser(add_help=True)
        importlib.import_module(module).add_arguments(parser)
        words: tuple[str, ...] = tuple(pages()) if name == "explain" else ()
        files = False
        options = []
        for action in parser._actions:
            choices = _choices(action)
            if action.option_strings:
                takes = action.nargs != 0
                options.append(
                    Option(
                        tuple(action.option_strings),
                        (action.help or "").partition(";")[0],
                        takes,
                        choices,
                        takes and action.metavar == "FILE",
                    )
                )
            else:
                words += choices
                files |= action.metavar == "SOURCE"
        found.append(Command(name, text, tuple(options), words, files))
    return found


def _choices(action: argparse.Action) -> tuple[str, ...]:
    from lossmon.model import EVENT_KINDS

    if action.choices:
        return tuple(str(choice) for choice in action.choices)
    return tuple(EVENT_KINDS) if str(action.metavar).startswith("KIND") else ()


def bash(found: list[Command]) -> str:
    """Return the script for bash."""
    lines = [
        "# lossmon's completion for bash, made by `lossmon completion bash`",
        "_lossmon() {",
        '    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"',
        '    local command="${COMP_WORDS[1]}" words="" files=1',
        "    COMPREPLY=()",
        '    case "$command" in',
    ]
    for command in (*found, next(c for c in found if c.name == "watch")):
        default = command is not found[0] and command.name == "watch"
        lines.append(f"    {'*' if default else command.name})")
        lines.append('        case "$prev" in')
        for option in command.options:
            if option.takes:
                does = "files=1" if option.files else "files="
                names, choices = "|".join(option.names), " ".join(option.choices)
                lines.append(f'        {names}) words="{choices}" {does} ;;')
        names = " ".join(name for option in command.options for name in option.names)
        words = " ".join(command.words)
        lines += [
            "        *)",
            f'            words="{words}"; files={"1" if command.files else ""}',
            f'            [[ "$cur" == -* ]] && words="{names}" files= ;;',
            "        esac ;;",
        ]
    names = " ".join(command.name for command in found)
    lines += [
        "    esac",
        f'    [[ $COMP_CWORD -eq 1 && "$cur" != -* ]] && words="{names}" files=1',
        '    COMPREPLY=($(compgen -W "$words" -- "$cur"))',
        '    [[ -n "$files" ]] && COMPREPLY+=($(compgen -f -- "$cur"))',
        "}",
        "complete -o filenames -F _lossmon lossmon",
    ]
    return "\n".join(lines) + "\n"


def zsh(found: list[Command]) -> str:
    """Return the script for zsh."""
    lines = [
        "#compdef lossmon",
        "# lossmon's completion for zsh, made by `lossmon completion zsh`",
        "_lossmon() {",
        "    local -a commands",
        "    commands=(",
        *(f"        {_quoted(f'{c.name}:{c.help}')}" for c in found),
        "    )",
        "    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then",
        "        _describe command commands",
        "        _files",
        "        return",
        "    fi",
        "    case $words[2] in",
    ]
    for command in found:
        pattern = "watch|*" if command.name == "watch" else command.name
        if command.name != "watch":
            lines += [f"    {pattern})", *_zsh_arguments(command), "        ;;"]
    watch = next(command for command in found if command.name == "watch")
    lines += ["    *)", *_zsh_arguments(watch), "        ;;", "    esac", "}", '_lossmon "$@"']
    return "\n".join(lines) + "\n"


def _zsh_arguments(command: Command) -> list[str]:
    lines = ["        _arguments \\"]
    for option in command.options:
        text = option.help.replace("[", "(").replace("]", ")").replace(":", "\\:")
        for name in option.names:
            spec = f"{name}[{text}]"
            if option.takes:
                values = "_files" if option.files else f"({' '.join(option.choices)})"
                spec += f":value:{values}"
            lines.append(f"            {_quoted(spec)} \\")
    rest = "_files" if command.files else f"({' '.join(command.words)})"
    lines.append(f"            {_quoted('*:word:' + rest)}")
    return lines


def fish(found: list[Command]) -> str:
    """Return the script for fish."""
    names = " ".join(command.name for command in found)
    lines = ["# lossmon's completion for fish, made by `lossmon completion fish`"]
    none = f"not __fish_seen_subcommand_from {names}"
    for command in found:
        seen = f"__fish_seen_subcommand_from {command.name}"
        lines.append(
            f"complete -c lossmon -n {_quoted(none)} -a {command.name} -d {_quoted(command.help)}"
        )
        if command.words:
            words = _quoted(" ".join(command.words))
            lines.append(f"complete -c lossmon -n {_quoted(seen)} -f -a {words}")
        for option in command.options:
            parts = [f"complete -c lossmon -n {_quoted(seen)}"]
            parts += [
                f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
                for name in option.names
            ]
            if option.takes:
                parts.append("-r" if option.files else "-x")
            if option.choices:
                parts.append(f"-a {_quoted(' '.join(option.choices))}")
            lines.append(" ".join([*parts, f"-d {_quoted(option.help)}"]))
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return text in single quotes, as all three shells read it."""
    return "'" + text.replace("'", "’") + "'"
