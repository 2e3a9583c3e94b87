"""The servers that commands are run against."""

from __future__ import annotations

from tests.servers import s3, ssh_server

__all__ = ["s3", "ssh_server"]
