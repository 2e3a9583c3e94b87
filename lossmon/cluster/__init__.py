"""Sweeps that outgrow one machine: the same reading, spread over a Dask cluster.

::

    client (where the command runs)              workers
    shares.py   directories → shares  ───────►   work.py   Monitor.read_all of each share,
    gather.py   results as they come  ◄───────             a digest and a finished piece a run
    once.py     the same run in two shares → one
    report/     pieces → one report

A *share* is what one worker reads at a time: a directory, some files of one,
or one object of a store. It is chosen by names alone and so that all files of
one run are in one share; everything that looks into bytes happens on workers,
by the code that reads on one machine. What comes back is small whatever the
length of the logs: a `Digest` (what comparing needs) and the run's part of the
report, rendered there. A share that fails is an error in the report, as a log
that cannot be read is on one machine; the others go on.

What differs from one machine: runs are called by their paths below the
sources (a worker does not know the others' names), and an HTML report has no
chart of all runs. Logs of one training in different shares are one run
(`once.py`), but in reports that are written as results come (`jsonl`, `csv`).

The cluster must exist; nothing is started here. Its workers need lossmon of
the same version (with the extra `remote` for stores, whose credentials are
theirs), and see the files under the same paths. **A Dask cluster is trusted
code**: whoever can reach its scheduler can run anything on its workers, and
what they send back is unpickled here. Name only a scheduler that is yours;
`tls://` and Dask's own configuration say how it is protected.

`distributed` is imported in `gather.py` alone (the extra `cluster`).
"""

from lossmon.cluster.gather import Gathered, Told, gather
from lossmon.cluster.once import once
from lossmon.cluster.shares import Share, Spread, spread
from lossmon.cluster.work import Job, Outcome, read_shares

__all__ = [
    "Gathered",
    "Job",
    "Outcome",
    "Share",
    "Spread",
    "Told",
    "gather",
    "once",
    "read_shares",
    "spread",
]
