"""One sandbox for all tests of the storey: every test takes agencies nobody has used yet."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flows_world import a_world
from gate import a_gate

MEMORY = Path("/dev/shm")  # noqa: S108 - only ever a folder of our own in it
ENOUGH = 4 << 30  # bytes; all agencies of a session need less than a quarter of it


@pytest.fixture(scope="session")
def home():
    """
    Give a folder for the agencies, in memory where there is enough of it.

    Each test waits for a hundred and more fsyncs, and none of them can tell what a disk makes of
    one: the power is cut by exceptions here.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH
    with tempfile.TemporaryDirectory(prefix="flows-", dir=MEMORY if roomy else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def everybody(home):
    with a_world(home) as world:
        yield world


@pytest.fixture
def world(everybody):
    yield everybody
    everybody.close()


@pytest.fixture
def gate(world):
    with a_gate(world.url) as gate:
        yield gate


@pytest.fixture
def office(world, pki, gate):
    """Give what sets up an agency that believes in the infrastructure, by the rules given."""
    from door_world import an_office  # imported here: as with the infrastructure itself

    return lambda **rules: an_office(world, pki, gate, rules)


@pytest.fixture
def arrives(world):
    """Give what has a document come in with attachments (name, content), up to the door."""
    from door_world import bring  # likewise

    return lambda desk, *files, change=lambda package: package: bring(world, desk, files, change)


@pytest.fixture(scope="module")
def letters(pki):
    """Make letters that are signed well, badly, by a stranger, and not at all."""
    from office import a_docx  # imported here: few tests want what signs
    from signed_pdfs import a_pdf, sign

    at = datetime.now(UTC)
    seen = sign(a_pdf(), pki, "person", level="B-T", at=at)
    return {
        "signed": seen,
        "broken": seen.replace(b"/Producer", b"/Produced", 1),
        "strange": sign(a_pdf(), pki, "stranger", at=at),
        "plain": a_pdf(),
        "annex": a_docx(),
    }


@pytest.fixture
def receiver(world):
    return world.desk()


@pytest.fixture
def agency(world, pki):
    """Give agencies that sign by a policy, on somebody's word where nothing else is said."""
    from signing_world import BY, an_agency

    def agency(policy, **signing):
        return an_agency(world, pki, signing={"documents": policy, **BY, **signing})

    return agency


@pytest.fixture
def clerk(world):
    """Give an office of one's own, and somebody who is in at its page."""
    from web_world import a_visitor, an_office  # likewise: few tests want what serves pages

    office = an_office(world)
    with a_visitor(office.desk()) as clerk:
        clerk.enter()
        clerk.office = office
        clerk.world = world
        yield clerk
