"""Shared by all tests: hypothesis profiles, and one thread a process for matrices."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("default", deadline=None, max_examples=25, suppress_health_check=_SLOW)
settings.register_profile("thorough", deadline=None, max_examples=3000, suppress_health_check=_SLOW)
settings.load_profile("default")

# Read when numpy is imported. Our matrices are small, and pytest-xdist takes all cores already: with
# more threads the same tests took twice as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True, scope="module")
def garbage() -> Iterator[None]:
    """An app keeps what start-up made from the search for garbage, for good: hundreds are too many."""
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nobody_visits() -> Iterator[None]:
    """An app for guests holds for its whole process; the next test is the owner's again."""
    yield
    from tui.guest import admit

    admit(None)
