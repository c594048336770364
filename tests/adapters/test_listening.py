"""A socket's file: whose it is before anybody can open it, and what is in its place."""

import os
import socket
import stat

import pytest
from confined import another_group, without_privileges

from edge_node.adapters.listening import listening
from edge_node.config.metrics import SocketFile
from edge_node.domain.errors import NotAllowed


def test_a_socket_is_of_the_group_that_was_named(tmp_path):
    """So that a proxy opens it without being in the group that reads the data."""
    place, group = SocketFile(tmp_path / "web.sock"), another_group()
    with listening(place, key="web.listen", group=group.gr_name):
        found = place.path.stat()
        assert (found.st_gid, stat.S_IMODE(found.st_mode)) == (group.gr_gid, 0o660)
    assert not place.path.exists()


def test_a_socket_without_a_group_keeps_that_of_its_user(tmp_path):
    """As everything its user makes."""
    place = SocketFile(tmp_path / "web.sock")
    with listening(place, key="web.listen"):
        assert place.path.stat().st_gid == os.getegid()


def test_a_group_that_is_not_there_is_named_with_its_cure(tmp_path):
    """And nothing is left in the place."""
    place = SocketFile(tmp_path / "web.sock")
    with pytest.raises(NotAllowed, match="no group nobody-has-this") as refused:
        listening(place, key="web.listen", group="nobody-has-this").__enter__()
    assert "groupadd --system nobody-has-this" in str(refused.value.hint)
    assert not place.path.exists()


GIVE = """
from edge_node.adapters.listening import listening
from edge_node.config.metrics import SocketFile
from edge_node.domain.errors import NotAllowed
place = SocketFile(Path(sys.argv[1]))
try:
    listening(place, key="web.listen", group=sys.argv[2]).__enter__()
except NotAllowed as error:
    print(error, error.hint, place.path.exists(), sep="|")
"""


def test_a_group_its_user_is_not_in_is_refused(tmp_path):
    """Nobody serves a socket its proxy cannot open; it does not stay behind either."""
    group = another_group().gr_name
    told = without_privileges(GIVE, tmp_path / "web.sock", group).split("|")
    assert told[0].endswith(f"web.sock cannot be given to the group {group}")
    assert told[1:] == ["put the user this runs as into it, and start it again", "False"]


def test_the_place_of_another_who_listens_is_left_to_him(tmp_path):
    """A socket nobody serves any more is taken; a file that is none never."""
    place = SocketFile(tmp_path / "web.sock")
    with (
        listening(place, key="web.listen"),
        pytest.raises(NotAllowed, match="somebody else serves"),
    ):
        listening(place, key="web.listen").__enter__()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place.path))
    with listening(place, key="web.listen"):
        assert stat.S_ISSOCK(place.path.stat().st_mode)
    place.path.write_text("notes")
    with pytest.raises(NotAllowed, match="is no socket"):
        listening(place, key="web.listen").__enter__()
