"""Ways to tell someone who is not looking: bell, terminal notification, command, notifier URL.

A `Dispatcher` takes snapshots, finds what is new, and hands it to actions;
`AlertingMonitor` is a monitor whose snapshots pass one.
"""

from lossmon.alerts.dispatcher import Action, AlertingMonitor, Dispatcher
from lossmon.alerts.fresh import Alert, FreshEvents

__all__ = ["Action", "Alert", "AlertingMonitor", "Dispatcher", "FreshEvents"]
