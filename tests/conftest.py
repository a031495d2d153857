"""What holds for all tests: a slow machine is no failure."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("hypothesis"):
    from hypothesis import settings

    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")
