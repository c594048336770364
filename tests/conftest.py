"""What every storey shares: hypothesis profiles, the queue in a file, certificates to test by."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from edge_node.adapters.queue import Queue

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deterministic", max_examples=100, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))


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
