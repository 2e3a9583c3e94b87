"""For all tests: hypothesis never fails one for being slow; timing is what benchmarks measure.

On CI the examples are the same in every run: a gate that stops a change should stop it again.
Elsewhere they are new each time, and what they find becomes a test of its own.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "unhurried",
    deadline=None,
    derandomize=os.environ.get("CI", "").lower() == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")
