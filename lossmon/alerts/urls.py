"""Notifier URLs (Slack, ntfy, mail, Telegram …) through apprise, the extra `notify`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lossmon.alerts.fresh import Alert
from lossmon.errors import UsageError
from lossmon.model import clean_text


class NotifierUrls:
    """Sends each alert to all URLs. They hold secrets: only their schemes are ever shown."""

    name = "notify-url"

    def __init__(self, urls: Sequence[str]) -> None:
        """UsageError if apprise is not installed or does not know a URL."""
        try:
            import apprise
        except ImportError as error:
            raise UsageError("--notify-url needs apprise: pip install 'lossmon[notify]'") from error
        self._schemes = ", ".join(dict.fromkeys(url.partition(":")[0][:20] for url in urls))
        self._apprise: Any = apprise.Apprise()
        for url in urls:
            if not self._apprise.add(url):
                raise UsageError(
                    f"--notify-url: apprise does not know this {url.partition(':')[0][:20]} URL"
                )

    def __call__(self, alert: Alert) -> str | None:
        """Send it; return a line if a service refused."""
        sent = self._apprise.notify(
            title=clean_text(f"lossmon: {alert.title}", 200),
            body=clean_text(f"step {alert.event.step:,.12g}: {alert.event.message}"),
            interpret_escapes=False,
        )
        return None if sent else f"--notify-url: {self._schemes}: not delivered"
