"""The options of alerts (`--on`, `--run`, `--kill` …) and what they make."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from lossmon.cli.kinds import event_kinds, seconds
from lossmon.errors import UsageError
from lossmon.model import clean_text

if TYPE_CHECKING:
    from lossmon.alerts import Action, Dispatcher
    from lossmon.monitor import Monitor
    from lossmon.settings import Settings

DEFAULT_KINDS: Final = ("divergence", "nonfinite", "overfitting", "stalled", "not_learning")
"""What alerts without `--on` tell: what a person should act on."""

RUN_SECONDS: Final = 60.0


def add_alerts(parser: argparse.ArgumentParser) -> None:
    """Add the options of alerts."""
    group = parser.add_argument_group(
        "alerts", "each event once, and again only after it cleared; see `lossmon explain alerts`"
    )
    group.add_argument(
        "--on",
        metavar="KIND[,KIND]",
        type=event_kinds,
        help=f"events that alert (default: {','.join(DEFAULT_KINDS)}); alone it rings",
    )
    group.add_argument("--bell", action="store_true", help="ring the terminal's bell")
    group.add_argument("--notify", action="store_true", help="a notification of the terminal")
    group.add_argument(
        "--run",
        metavar="CMD",
        dest="alert_command",
        help="call a command, without a shell, e.g. 'notify.sh {run} {kind} {step}'; "
        "also {severity} {message} {source} {onset}",
    )
    group.add_argument(
        "--run-timeout",
        metavar="TIME",
        type=seconds,
        default=RUN_SECONDS,
        help="end the command after this (default 60s)",
    )
    group.add_argument(
        "--notify-url",
        metavar="URL",
        action="append",
        help="a service that apprise knows (ntfy://, slack://, mailto:// …); may be repeated; "
        "needs lossmon[notify]",
    )
    group.add_argument(
        "--kill",
        metavar="PID",
        type=int,
        help="with --on: send SIGTERM, once, to this process. It must be yours and live when "
        "lossmon starts, and is known by its start time too: a number given to another process "
        "is never hit",
    )


def monitor_from(
    options: argparse.Namespace,
    sources: Sequence[str],
    settings: Settings,
    *,
    report: Callable[[str], None] | None = None,
    default: Sequence[str] = DEFAULT_KINDS,
    from_start: bool = False,
) -> tuple[Monitor, Dispatcher | None]:
    """Return a monitor, with the dispatcher of its alerts if the options ask for any.

    `report` is called with a line for each thing an alert did or failed at.
    `default` are the kinds without `--on`; `from_start`: what stands already counts.
    """
    from lossmon.monitor import Monitor

    actions = _actions(options)
    if not actions:
        return Monitor(sources, settings), None
    from lossmon.alerts import AlertingMonitor, Dispatcher

    kinds = options.on or default
    dispatcher = Dispatcher(kinds, actions, from_start=from_start, report=report)
    return AlertingMonitor(sources, settings, dispatcher), dispatcher


def _actions(options: argparse.Namespace) -> list[Action]:
    actions: list[Action] = []
    if options.kill is not None:
        if options.on is None:
            raise UsageError("--kill wants --on: say which events end the training")
        from lossmon.alerts.kill import Kill

        actions.append(Kill(options.kill))
    if options.alert_command is not None:
        from lossmon.alerts.command import Command

        actions.append(Command(options.alert_command, options.run_timeout))
    if options.notify_url:
        from lossmon.alerts.urls import NotifierUrls

        actions.append(NotifierUrls(options.notify_url))
    if options.notify:
        from lossmon.alerts.terminal import TerminalNotice

        actions.append(TerminalNotice())
    if options.bell or (options.on is not None and not actions):
        from lossmon.alerts.terminal import Bell

        actions.append(Bell())
    return actions


def tell(line: str) -> None:
    """Say what an alert did on standard error."""
    sys.stderr.write(f"lossmon: {clean_text(line)}\n")
    sys.stderr.flush()
