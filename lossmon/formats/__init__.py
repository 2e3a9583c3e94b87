"""Every log format that lossmon reads, one file each; see `base` for what a format is."""
