"""Callbacks for training frameworks; a module imports its framework, this package none."""
