"""`lossmon serve`: the live screen in a browser (textual-serve, the extra `web`).

The address is loopback and the way in is a random token unless told
otherwise. The first request carries the token in the address; it is put in a
cookie for the page's further requests, and taken out of the address. Without
it nothing is answered but 403, neither page nor script nor socket.
"""

from __future__ import annotations

import argparse
import contextlib
import hmac
import ipaddress
import os
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

from lossmon.cli.options import add_reading, add_sources
from lossmon.errors import UsageError

PORT: Final = 8642
MIN_TOKEN: Final = 16
"""Characters of a token that a person chooses: shorter ones can be tried out."""

_POLICY: Final = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss:"
)
"""textual-serve's page would ask a font of another host: nothing leaves this one."""

COOKIE: Final = "lossmon-token"

EPILOG: Final = """\
examples:
  lossmon serve runs/                              prints the address to open
  ssh -L 8642:localhost:8642 host lossmon serve runs/
  lossmon serve runs/ --host 0.0.0.0 --token "$(openssl rand -hex 16)"

Whoever has the token can read what this process can read: the screen opens files of its sources.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_sources(parser, required=False)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}; 0: any free one")
    parser.add_argument(
        "--token",
        help=f"the way in, at least {MIN_TOKEN} characters (default: a random one); "
        "needed for addresses other than loopback",
    )
    parser.add_argument(
        "--public-url", metavar="URL", help="how browsers reach it, if through a proxy"
    )
    add_reading(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    token = checked_token(options.host, options.token)
    if not 0 <= options.port <= 65535:
        raise UsageError(f"--port {options.port}: not a port")
    try:
        from aiohttp import web
    except ImportError as error:
        raise UsageError("lossmon serve needs pip install 'lossmon[web]'") from error
    # What the page's terminal can do; the one that this runs in may be able to do less.
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    port = _free(options.host, options.port)
    application, address = make_application(
        command(options), options.host, port, token, options.public_url
    )
    sys.stdout.write(f"{address}/?token={token}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        web.run_app(application, host=options.host, port=port, print=None)
    return 0


def checked_token(host: str, token: str | None) -> str:
    """Return the token to ask for (UsageError: an open address without one, or a short one)."""
    if token is None:
        if not _is_loopback(host):
            raise UsageError(
                f"--host {host} can be reached by others: choose a --token of at least "
                f"{MIN_TOKEN} characters"
            )
        return secrets.token_urlsafe(24)
    if (
        len(token) < MIN_TOKEN
        or not token.isascii()
        or not token.replace("-", "").replace("_", "").isalnum()
    ):
        raise UsageError(
            f"--token wants at least {MIN_TOKEN} letters, digits, - or _: openssl rand -hex 16"
        )
    return token


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _free(host: str, port: int) -> int:
    """Return the port, or a free one for 0."""
    if port:
        return port
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def command(options: argparse.Namespace) -> str:
    """Return the command line that each page runs, quoted for the shell that starts it."""
    parts = [sys.executable, "-m", "lossmon", "watch", *options.sources]
    for name in ("train", "eval", "log_format", "pattern"):
        value = getattr(options, name)
        if value is not None:
            parts.append(f"--{name.replace('_', '-')}={value}")
    return shlex.join(parts)


def make_application(
    command_line: str, host: str, port: int, token: str, public_url: str | None = None
) -> tuple[Any, str]:
    """Return the aiohttp application, guarded by the token, and its address."""
    import asyncio

    from textual_serve.server import Server

    shown = f"[{host}]" if ":" in host else host
    address = (public_url or f"http://{shown}:{port}").rstrip("/")
    server = Server(command_line, host=host, port=port, title="lossmon", public_url=address)
    server.console.quiet = True  # its banner would stand among our data
    # The server makes its application in a coroutine, and one that is made twice serves nothing.
    application = asyncio.run(server._make_app())
    application.middlewares.append(guard(token))
    return application, address


def guard(token: str) -> Any:
    """Return a middleware that answers only to the token, in the address or the cookie."""
    from aiohttp import web

    @web.middleware
    async def check(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        asked = request.query.get("token")
        if asked is not None and _same(asked, token):
            response = web.Response(status=303, headers={"Location": request.path})
            response.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
        elif not _same(request.cookies.get(COOKIE, ""), token) or _is_foreign(request):
            response = web.Response(status=403, text="")
        else:
            answer = await handler(request)
            if not answer.prepared:  # else it is a socket, or a file on its way
                answer.headers["Content-Security-Policy"] = _POLICY
            return answer
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    return check


def _is_foreign(request: Any) -> bool:
    """Whether another site's page asks: browsers send cookies along with sockets too."""
    origin = request.headers.get("Origin")
    return origin is not None and origin.partition("://")[2] != request.host


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())
