"""The views: overview, focus, panes, compare, metrics, help."""
