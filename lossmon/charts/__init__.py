"""Pure functions: series, viewport and size in, styled rows out. plotext is met here alone."""
