"""One sandbox for all tests of the storey: every test takes agencies nobody has used yet."""

import pytest
from flows_world import a_world
from gate import a_gate


@pytest.fixture(scope="session")
def everybody(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture
def world(everybody):
    yield everybody
    everybody.close()


@pytest.fixture
def gate(world):
    with a_gate(world.url) as gate:
        yield gate
