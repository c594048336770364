"""The test axis every system test talks to, and agencies on it."""

from __future__ import annotations

import pytest
from system_world import an_axis, an_office


@pytest.fixture(scope="session")
def axis(tmp_path_factory):
    with an_axis(tmp_path_factory.mktemp("axis")) as axis:
        yield axis


@pytest.fixture
def office(tmp_path, axis):
    return an_office(tmp_path, axis)


@pytest.fixture
def other(tmp_path, axis):
    return an_office(tmp_path, axis)
