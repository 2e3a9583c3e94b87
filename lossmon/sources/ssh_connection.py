"""`SshConnection`: a shell on another host, over the system's own ssh.

The user's configuration, agent, jump hosts and shared connections are all
ssh's business. On the far side a plain `sh` is asked small questions through
its standard input; `tail`, `head` and `stat` (or `date` and `ls`) answer. Each answer ends
with a word that nobody can have written into a log before.

`LOSSMON_SSH` names another ssh command, as `GIT_SSH_COMMAND` does.
"""

from __future__ import annotations

import os
import re
import secrets
import select
import shlex
import subprocess
import time
from typing import Final

from lossmon.errors import SourceError
from lossmon.model import clean_text

CONNECT_SECONDS: Final = 30.0
"""A jump host, a slow login and a busy machine have to fit in here."""
ANSWER_SECONDS: Final = 30.0
"""A line silent for so long is broken: ssh itself may not notice for hours."""
_STDERR_KEPT: Final = 4096
_SLACK: Final = 65536


class SshConnection:
    """One ssh process, started at the first question and again after it broke.

    Used from one thread, but for `interrupt`.
    """

    def __init__(self, host: str, user: str = "", port: int | None = None) -> None:
        self.label = f"{user}@{host}" if user else host
        command = shlex.split(os.environ.get("LOSSMON_SSH", "")) or ["ssh"]
        # BatchMode: a question for a password would wait on a terminal that is ours.
        self._argv = [*command, "-T", "-o", "BatchMode=yes"]
        if port is not None:
            self._argv += ["-p", str(port)]
        if user:
            self._argv += ["-l", user]
        self._argv += ["--", host, "exec sh"]
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._stderr = b""

    def ask(self, script: str, limit: int, seconds: float = ANSWER_SECONDS) -> bytes:
        """Run a few lines of `sh` there, return what they print (at most `limit` bytes).

        SourceError if the connection cannot be made or breaks, or the answer
        takes longer than `seconds`; the next call tries anew.
        """
        if self._process is None or self._process.poll() is not None:
            self._connect()
        return self._question(script, limit, seconds)

    def _connect(self) -> None:
        self.close()
        try:
            self._process = subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C on our terminal is not for ssh
            )
        except OSError as error:
            raise SourceError(f"{self.label}: {self._argv[0]}: {error.strerror}") from error
        self._buffer = self._stderr = b""
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
        # What a login script prints ends up before the first mark, and is dropped.
        self._question(_PRELUDE, _SLACK, CONNECT_SECONDS)

    def _question(self, script: str, limit: int, seconds: float) -> bytes:
        assert self._process is not None
        assert self._process.stdin is not None
        mark = secrets.token_hex(16)
        # The mark is put together there, so that an echo of the question is no answer.
        text = f"{script}\nprintf '%s%s\\n' {mark[:16]} {mark[16:]}\n"
        try:
            self._process.stdin.write(text.encode("utf-8", "surrogateescape"))
            self._process.stdin.flush()
        except OSError:
            self._drain_stderr(0.5)
            raise self._broken("the connection is closed") from None
        return self._answer(mark.encode() + b"\n", limit, time.monotonic() + seconds)

    def _answer(self, mark: bytes, limit: int, deadline: float) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        out, err = self._process.stdout.fileno(), self._process.stderr.fileno()
        searched = 0
        poll = select.poll()
        poll.register(out, select.POLLIN)
        poll.register(err, select.POLLIN)
        while True:
            end = self._buffer.find(mark, searched)
            if end >= 0:
                answer, self._buffer = self._buffer[:end], self._buffer[end + len(mark) :]
                return answer
            searched = max(0, len(self._buffer) - len(mark))
            if len(self._buffer) > limit + _SLACK:
                raise self._broken("answers with more than was asked for")
            pause = deadline - time.monotonic()
            if pause <= 0:
                raise self._broken("no answer")
            for ready, _ in poll.poll(pause * 1000):
                data = _read(ready)
                if data is None:
                    continue
                if ready == err:
                    self._stderr = (self._stderr + data)[-_STDERR_KEPT:]
                    if not data:
                        poll.unregister(err)
                elif data:
                    self._buffer += data
                else:
                    self._drain_stderr(0.5)
                    raise self._broken("the connection was closed")

    def _drain_stderr(self, seconds: float) -> None:
        """Take ssh's last words, which say why it ended."""
        assert self._process is not None
        assert self._process.stderr is not None
        err = self._process.stderr.fileno()
        poll = select.poll()
        poll.register(err, select.POLLIN)
        deadline = time.monotonic() + seconds
        while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            data = _read(err)
            if not data:
                return
            self._stderr = (self._stderr + data)[-_STDERR_KEPT:]

    def _broken(self, what: str) -> SourceError:
        words = self._stderr.decode("utf-8", "replace").strip()
        lines = [line.strip() for line in re.split(r"[\r\n]+", words) if line.strip()]
        self.close()
        reason = clean_text(lines[-1], 300) if lines else what
        return SourceError(f"{self.label}: {reason}; trying again")

    @property
    def process_id(self) -> int | None:
        """The ssh process (None while there is none)."""
        return None if self._process is None else self._process.pid

    def interrupt(self) -> None:
        """Make a question that is under way on another thread fail, if there is one."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """End the ssh process; the next question starts another one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # what was still to be sent has no reader any more
                    continue


# Which `stat` there is: GNU and busybox, BSD and macOS, or none. Then `date` tells the time (before
# `ls` looks, so that what is written meanwhile is newer than that), if it can of a file.
_PRELUDE: Final = """\
LC_ALL=C; export LC_ALL
if stat -L -c %i / >/dev/null 2>&1; then look() { stat -L -c '%i %s %Y %y' "$@"; }
elif stat -L -f %i / >/dev/null 2>&1; then look() { stat -L -f '%i %z %m %Fm' "$@"; }
else
  when() { echo -; }
  case $(date -r / +%s 2>/dev/null) in ''|*[!0-9]*);; *) when() { date -r "$1" '+%s %s.%N'; };; esac
  look() {
    for q in "$@"; do
      w=$(when "$q")
      ls -Lind "$q" | while read -r i p l u g s t; do echo "$i $s ${w:--} $t"; done
    done
  }
fi
place() {
  if [ -h "$1" ]; then readlink -f "$1"
  else d=$(cd "${1%/*}/" && pwd -P) && printf '%s\n' "${d%/}/${1##*/}"; fi
}"""


def _read(descriptor: int) -> bytes | None:
    try:
        return os.read(descriptor, _SLACK)
    except BlockingIOError:
        return None
    except OSError:
        return b""
