"""Ray on this machine, for tests: two cores, loopback only, nothing that phones home.

Tests that import this are skipped where there is no Ray, as for a Python that it has no wheels for yet.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TESTS = str(Path(__file__).parents[1])
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # nodes are at 127.0.0.1, on Linux too
os.environ["PYTHONPATH"] = os.pathsep.join([TESTS, *filter(None, [os.environ.get("PYTHONPATH")])])  # in its processes
ray = pytest.importorskip("ray")


@contextmanager
def local_ray() -> Iterator[None]:
    """Starts and ends it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(
            "local", num_cpus=2, include_dashboard=False, log_to_driver=False,
            logging_level=logging.ERROR, object_store_memory=100 * 2**20,
        )  # fmt: skip
    try:
        yield
    finally:
        ray.shutdown()
