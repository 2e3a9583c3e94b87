"""The errors that lossmon raises on purpose.

::

    LossmonError                something a person can act on; never a bug of ours
    ├── UsageError              the command line or a setting is wrong            (exit 2)
    │   └── SourceNotFound      no such path, no match for a glob                 (exit 2)
    ├── SourceError             a source exists but its bytes cannot be had       (exit 4)
    └── FormatError             bytes were read, but no series came out of them   (exit 4)

A message says what happened, to which source, and what to do. Anything else
that escapes is a bug: the command line writes its trace to a file, prints one
line that names the file, and exits 70.
"""

from __future__ import annotations

__all__ = ["FormatError", "LossmonError", "SourceError", "SourceNotFound", "UsageError"]


class LossmonError(Exception):
    """Root of the tree; `exit_code` is what a command returns for it."""

    exit_code = 70


class UsageError(LossmonError):
    """An option, a setting or an argument that makes no sense."""

    exit_code = 2


class SourceNotFound(UsageError):
    """A path that does not exist, or a glob that matches nothing."""


class SourceError(LossmonError):
    """A source that is there but cannot be read (permission, broken line, dead host)."""

    exit_code = 4


class FormatError(LossmonError):
    """A source whose bytes hold no series that lossmon can read."""

    exit_code = 4
