"""Options that several commands share, and the settings they make."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from lossmon.errors import UsageError
from lossmon.settings import Screen, Settings, load, merged


def add_sources(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add the SOURCE arguments."""
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+" if required else "*",
        help="a file, a glob, a directory to search for runs, - (standard input), "
        "host:path or ssh://, an fsspec URL",
    )


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how sources are read."""
    group = parser.add_argument_group("reading")
    group.add_argument("--train", metavar="NAME", help="judge this series as the training loss")
    group.add_argument("--eval", metavar="NAME", help="judge this series as the evaluation loss")
    group.add_argument(
        "--log-format",
        metavar="FORMAT",
        help="read the sources as this format (`lossmon formats` lists them)",
    )
    group.add_argument(
        "--pattern",
        metavar="REGEX",
        help=r"read text lines with this, e.g. 'step (?P<step>\d+).*loss (?P<loss>[\d.]+)'",
    )


def _user_config() -> Path:
    """Return where the user's own configuration would be."""
    platform: str = sys.platform  # a type checker takes the literal for the only one
    if platform.startswith("linux"):
        # What platformdirs says there (a test holds them together). Loading it brings tempfile,
        # random and the compressors along, at each start.
        base = Path(os.environ.get("XDG_CONFIG_HOME", ""))
        if not base.is_absolute():
            base = Path("~/.config").expanduser()
        return base / "lossmon" / "config.toml"
    from platformdirs import user_config_path

    return user_config_path("lossmon") / "config.toml"


def settings_from(options: argparse.Namespace) -> Settings:
    """Return the settings: files first, then what the command line says."""
    settings = load(Path.cwd(), _user_config())
    given: dict[str, Any] = {}
    names = {
        "train": "train",
        "eval": "eval",
        "log_format": "format",
        "pattern": "pattern",
        "plateau_gain": "plateau_gain",
        "stalled_after": "stalled_after",
        "smoothing": "smoothing",
        "theme": "theme",
    }
    for option, name in names.items():
        value = getattr(options, option, None)
        if value is not None:
            given[name] = value
    if getattr(options, "ascii", False):
        given["ascii"] = True
    if getattr(options, "no_mouse", False):
        given["mouse"] = False
    given["screen"] = _screen_from(options)
    settings = merged(settings, given, "command line")
    if settings.pattern is not None and settings.format is not None:
        raise UsageError("--pattern and --log-format cannot be given together")
    return settings


def _screen_from(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the command line says of the screen."""
    given: dict[str, Any] = {}
    for name in (field.name for field in fields(Screen)):
        value = getattr(options, "run_name" if name == "run" else name, None)
        # A switch that was not given says nothing: a setting may have turned it on.
        if value is not None and value is not False and (name != "run" or isinstance(value, str)):
            given[name] = value
    return given
