"""The pipeline: sources to runs to verdicts, on one worker thread, in time-boxed steps.

::

    Monitor            finds runs, gives each a turn, publishes snapshots
      └─ TrackedRun    one run: its parts, what is stored, what it means
           └─ Feed     one part: a tail with its parser, or a database with its cursor

The live screen, `report`, `check`, `wait` and the Python API all run on this.
Everything below works on one thread; what goes up is immutable (`Snapshot`,
`RunView`), so that no lock is shared with a screen.
"""

from lossmon.monitor.monitor import Monitor
from lossmon.monitor.snapshot import Snapshot

__all__ = ["Monitor", "Snapshot"]
