from datetime import timedelta

import pytest
from dropping import PAPERS, QUIET, TIMEOUT, contents, lay, why

from edge_node.adapters.drops import OutboxSettings
from edge_node.adapters.exchange import Exchange
from edge_node.adapters.status_folder import StatusFolder
from edge_node.domain.document import AgencyCode
from edge_node.domain.errors import FolderMissing

STATUS = b'{"schema": 1, "id": "i-1", "status": "03"}'


@pytest.fixture
def exchange(tmp_path):
    exchange = Exchange(tmp_path / "exchange")
    exchange.create(AgencyCode("H37.02"))
    return exchange


@pytest.fixture
def folder(exchange):
    quiet, timeout = timedelta(seconds=QUIET), timedelta(seconds=TIMEOUT)
    return StatusFolder(exchange, OutboxSettings(quiet=quiet, settle_timeout=timeout))


def ready(folder, now):
    return list(folder.scan(now).ready)


def test_a_status_is_taken_once_it_has_settled(exchange, folder):
    """By the same rules as a drop: unchanged, and nobody writes to it."""
    lay(exchange.statuses, {"1.json": STATUS, "2.yaml": b"id: i-1\nstatus: '03'\n"})
    assert ready(folder, 0.0) == []
    assert folder.scan(1.0).next_look == QUIET

    with (exchange.statuses / "1.json").open("ab"):
        assert ready(folder, QUIET) == [exchange.statuses / "2.yaml"]
    assert ready(folder, QUIET) == [exchange.statuses / "1.json", exchange.statuses / "2.yaml"]


def test_half_a_status_waits_and_is_then_handed_on_to_be_refused(exchange, folder):
    """Whoever reads it says what is wrong."""
    lay(exchange.statuses, {"1.json": STATUS[:20]})
    folder.scan(0.0)

    assert "cut off or broken" in why(folder.scan(QUIET))["1.json"]
    assert ready(folder, TIMEOUT) == [exchange.statuses / "1.json"]


def test_what_is_no_status_is_named_and_stays(exchange, folder):
    """Other files, links; the folders of what was filed are passed over."""
    lay(exchange.statuses, {"a.pdf": b"x", ".hidden.json": STATUS, "a.json.part": STATUS})
    (exchange.statuses / "link.json").symlink_to("/etc/passwd")

    assert why(folder.scan(0.0)) == {
        "a.pdf": "a status is a .json or .yaml file",
        "link.json": "it is a symbolic link; links are never followed",
    }


def test_taken_files_of_one_name_lie_side_by_side(exchange, folder):
    """The software may use one name again and again."""
    for number in range(3):
        lay(exchange.statuses, {"1.json": b"%d" % number})
        folder.done(exchange.statuses / "1.json")

    filed = {path.name: path.read_bytes() for path in exchange.statuses_done.iterdir()}
    assert filed == {"1.json": b"0", "1.2.json": b"1", "1.3.json": b"2"}
    assert ready(folder, 0.0) == []


def test_a_refused_file_has_its_reason_beside_it(exchange, folder):
    """Each refusal of the same name its own."""
    for number in range(2):
        lay(exchange.statuses, {"1.json": STATUS})
        folder.failed(exchange.statuses / "1.json", PAPERS | {"error.txt": b"%d" % number})

    failed = exchange.statuses_failed
    assert contents(failed) == [
        "1.2.error.json",
        "1.2.error.txt",
        "1.2.json",
        "1.error.json",
        "1.error.txt",
        "1.json",
    ]
    assert (failed / "1.2.error.txt").read_bytes() == b"1"


def test_one_name_with_two_endings_does_not_share_a_reason(exchange, folder):
    """The papers of the one would be written over those of the other."""
    lay(exchange.statuses, {"1.json": STATUS, "1.yaml": STATUS})

    folder.failed(exchange.statuses / "1.json", PAPERS)
    target = folder.failed(exchange.statuses / "1.yaml", PAPERS)

    assert target.name == "1.2.yaml"
    assert len(contents(exchange.statuses_failed)) == 6


def test_a_file_is_known_again_after_a_crash_and_told_from_a_later_one(exchange, folder):
    """The same words dropped again are a new message."""
    path = exchange.statuses / "1.json"
    path.write_bytes(STATUS)
    body, source = folder.read(path)
    assert (body, source) == folder.read(path)

    folder.done(path)
    path.write_bytes(STATUS)
    assert folder.read(path)[1] != source


def test_a_missing_folder_is_an_outage(exchange, folder):
    """Not an empty one."""
    exchange.statuses_done.rmdir()
    exchange.statuses_failed.rmdir()
    exchange.statuses.rmdir()

    with pytest.raises(FolderMissing, match="statuses is not there"):
        ready(folder, 0.0)
