import json
import os
import stat
import subprocess
import sys

import needs
import pytest
from confined import without_privileges

from edge_node.adapters.exchange import Exchange
from edge_node.domain.document import AgencyCode
from edge_node.domain.errors import FolderMissing, NotAllowed

HERE, ELSEWHERE = AgencyCode("H37.02"), AgencyCode("H37.03")


@pytest.fixture
def exchange(tmp_path):
    exchange = Exchange(tmp_path / "exchange")
    exchange.create(HERE)
    return exchange


def mode(path):
    """Return a folder's mode with its special bits."""
    return oct(stat.S_IMODE(path.stat().st_mode))


def test_every_folder_is_made_with_the_rights_its_use_asks_for(exchange):
    """Where the software writes or takes away its group may; where it only reads it may not."""
    for shared in (exchange.outbox, exchange.inbox, exchange.receipts, exchange.statuses):
        assert mode(shared) == "0o2770"
    for ours in (
        exchange.root,
        exchange.queued,
        exchange.sent,
        exchange.failed,
        exchange.statuses_done,
        exchange.statuses_failed,
    ):
        assert mode(ours) == "0o2750"


def test_what_the_software_drops_can_be_moved_by_the_node_whatever_the_umask(exchange):
    """The default ACL, not the software's umask, decides what the group may do."""
    body = "import os, sys; os.umask(0o077); os.mkdir(sys.argv[1])"
    subprocess.run([sys.executable, "-c", body, exchange.outbox / "12"], check=True)

    assert mode(exchange.outbox / "12") == "0o2770"


def test_making_it_again_changes_nothing(exchange):
    """Neither the identity nor the rights an administrator gave."""
    exchange.inbox.chmod(0o2755)
    before = exchange.check(HERE)

    assert exchange.create(HERE) == before
    assert mode(exchange.inbox) == "0o2755"


def test_two_folders_are_told_apart_by_their_ids(exchange, tmp_path):
    """One made later for the same agency is another one."""
    assert Exchange(tmp_path / "other").create(HERE).id != exchange.check(HERE).id


def test_an_unmounted_share_is_not_an_empty_exchange_folder(exchange):
    """Without the identity file nothing is touched, though the folders are there."""
    (exchange.root / ".edge-node").unlink()

    with pytest.raises(FolderMissing, match="identity file") as caught:
        exchange.check(HERE)
    assert "mounted" in str(caught.value.hint)


def test_a_missing_root_or_folder_is_named(exchange, tmp_path):
    """So that somebody can make it again."""
    with pytest.raises(FolderMissing, match="nowhere"):
        Exchange(tmp_path / "nowhere").check(HERE)
    exchange.receipts.rmdir()
    with pytest.raises(FolderMissing, match="receipts is not there"):
        exchange.check(HERE)


def test_the_folder_of_another_agency_is_refused(exchange):
    """The wrong share is mounted, or the wrong path configured."""
    with pytest.raises(FolderMissing, match=r"the exchange folder of H37\.02, not of H37\.03"):
        exchange.check(ELSEWHERE)
    with pytest.raises(NotAllowed, match=r"the exchange folder of H37\.02"):
        exchange.create(ELSEWHERE)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"agency": "H37.02"}', "\0\0\0"])
def test_a_damaged_identity_file_is_no_identity(exchange, text):
    """Zeros after a power cut do not pass for the node's own words."""
    (exchange.root / ".edge-node").write_text(text)

    with pytest.raises(FolderMissing, match="does not hold what the node wrote"):
        exchange.check(HERE)


def test_the_identity_file_says_whose_it_is(exchange):
    """In a form of its own version."""
    told = json.loads((exchange.root / ".edge-node").read_bytes())
    assert told == {"schema": 1, "agency": "H37.02", "id": exchange.check(HERE).id}


def test_a_folder_that_may_not_be_read_is_missing(exchange):
    """The reason is told: it is the rights, not the mount."""
    needs.root()
    os.chown(exchange.root, 4321, 4321)
    exchange.root.chmod(0o700)
    body = (
        "from edge_node.adapters.exchange import Exchange\n"
        "try: Exchange(Path(sys.argv[1])).check('H37.02')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )

    assert "Permission denied" in without_privileges(body, exchange.root)
