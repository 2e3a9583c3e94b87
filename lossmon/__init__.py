"""lossmon reads training losses live and says what they mean, and how sure it is.

The same without a terminal: `read(source)` gives runs with verdicts,
`Analyzer` judges points as they come. Importing this loads neither textual,
plotext, watchdog nor pandas.
"""

from __future__ import annotations

__version__ = "0.1.0"
