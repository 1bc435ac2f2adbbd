"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# CI repeats the same examples, so that a change is judged by itself; a developer's run draws new ones.
settings.register_profile("repeatable", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("repeatable")
