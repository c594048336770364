"""What every storey shares: hypothesis profiles, the queue in a file, certificates to test by."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from edge_node.adapters.queue import Queue

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deterministic", max_examples=100, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))

HERE = Path(__file__).parent
# The tests of the rules that `domain` and `protocol` are made of.
COUNTED = (HERE / "unit", HERE / "flows" / "test_changes.py", HERE / "flows" / "test_deadlines.py")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """
    Count covered lines, where they are counted at all, in the tests that are about the pure rooms.

    Counting doubles what a test costs, and the floor (`coverage_floor.py`) is under those rooms.
    """
    counting = getattr(item.config.pluginmanager.get_plugin("_cov"), "cov_controller", None)
    wanted = any(item.path.is_relative_to(place) for place in COUNTED)
    if counting is not None and counting.started != wanted:
        counting.resume() if wanted else counting.pause()
    return (yield)


@pytest.fixture
def queue(tmp_path):
    queue = Queue(tmp_path / "queue.db")
    yield queue
    queue.close()


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    """Give the test infrastructure of `tests/pki.py`: signers, stamps, OCSP, CRLs on loopback."""
    from pki import Pki  # imported here: it costs a second, and few tests want it

    pki = Pki(tmp_path_factory.mktemp("pki"))
    yield pki
    pki.close()
