import json
import os
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_node.adapters import durable
from edge_node.adapters.exchange import Exchange
from edge_node.adapters.inbox import Inbox
from edge_node.domain.document import AgencyCode
from edge_node.domain.envelope import ItemId
from edge_node.domain.errors import FolderMissing

ONE, TWO = ItemId("i-1"), ItemId("i-2")
AT = datetime(2026, 11, 21, 7, 3, 5, tzinfo=UTC)
NAME = "20261121-140305_H53_7816-VPCP-TTĐT"
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=120)


@pytest.fixture
def inbox(tmp_path):
    exchange = Exchange(tmp_path / "exchange")
    exchange.create(AgencyCode("H37.02"))
    return Inbox(exchange, AgencyCode("H37.02"))


def test_a_folder_is_named_by_when_from_whom_and_what():
    """The time is Vietnam's, a slash in the notation becomes a dash."""
    inbox = Inbox(Exchange(None), AgencyCode("H37.02"))

    assert (
        inbox.folder_name(AT, "H53", "7816", "VPCP/TTĐT") == "20261121-140305_H53_7816-VPCP-TTĐT"
    )
    assert inbox.folder_name(AT, "H53", "", "") == "20261121-140305_H53"


@given(sender=WORDS, number=WORDS, notation=WORDS)
@example(sender="../../etc", number="CON", notation="a:b*c?")
@example(sender="H53", number="\u202e12", notation="قرار" * 30)
def test_a_folder_name_is_safe_everywhere(sender, number, notation):
    """Whatever the axis says, a name is one name, visible, and short enough for Windows."""
    name = Inbox(Exchange(None), AgencyCode("H37.02")).folder_name(AT, sender, number, notation)

    assert name.startswith("20261121-140305")
    assert len(name) <= 80
    assert len(name.encode()) <= 255
    assert not set(name) & set('<>:"/\\|?*\u202e\n\0')
    assert not name.endswith((".", " "))


def test_long_names_that_differ_only_at_the_end_stay_different(inbox):
    """Where a name had to be cut, a hash tells it from another that was cut."""
    names = {inbox.folder_name(AT, "H53", "7", "UBND-" * 30 + end) for end in "AB"}

    assert len(names) == 2


def test_a_document_comes_into_sight_whole(inbox):
    """While it is prepared the inbox shows nothing; then all files are there, none hidden."""
    prepared = a_prepared(inbox, ONE)
    assert visible(inbox) == []

    folder = inbox.hand_over(prepared, NAME, papers(ONE))

    assert folder == inbox.exchange.inbox / NAME
    assert contents(folder) == {"doc.pdf": b"i-1", **papers(ONE)}
    assert list(inbox.exchange.inbox.iterdir()) == [folder]


def test_the_group_of_the_software_may_take_it(inbox):
    """Folder 2770 and files 0660, whatever the umask of the node and of the decoder."""
    before = os.umask(0o077)
    try:
        folder = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))
    finally:
        os.umask(before)

    assert folder.stat().st_mode & 0o7777 == 0o2770
    assert {file.stat().st_mode & 0o7777 for file in folder.iterdir()} == {0o660}


def test_two_documents_of_one_name_lie_side_by_side(inbox):
    """The same sender, number and second: the other one's name carries a mark of its own."""
    first = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))
    second = inbox.hand_over(a_prepared(inbox, TWO), NAME, papers(TWO))

    assert second.name.startswith(NAME + "-")
    assert contents(first)["doc.pdf"] == b"i-1"
    assert contents(second)["doc.pdf"] == b"i-2"
    assert inbox.find(ONE, NAME) == first
    assert inbox.find(TWO, NAME) == second


def test_the_mark_fits_into_the_longest_name(inbox):
    """A name of 80 characters gives way to the mark, and is still found."""
    name = inbox.folder_name(AT, "H53", "7", "Đ" * 200)
    assert len(name) == 80
    for item in (ONE, TWO):
        inbox.hand_over(a_prepared(inbox, item), name, papers(item))

    assert {len(found) for found in visible(inbox)} == {80}
    assert inbox.find(TWO, name) != inbox.find(ONE, name)


def test_a_hand_over_that_is_repeated_shows_the_document_once(inbox):
    """Cut off after the rename, the second call finds the first one's folder and keeps it."""
    first = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))
    (first / "note.txt").write_text("the software was here")

    again = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))

    assert again == first
    assert (first / "note.txt").exists()
    assert list(inbox.exchange.inbox.iterdir()) == [first]


def test_a_marked_name_is_found_again_after_the_plain_one_was_taken(inbox):
    """The document that stood in the way is gone by the time the call is repeated."""
    first = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))
    second = inbox.hand_over(a_prepared(inbox, TWO), NAME, papers(TWO))
    first.rename(inbox.exchange.root / "outbox" / "elsewhere")

    assert inbox.hand_over(a_prepared(inbox, TWO), NAME, papers(TWO)) == second
    assert visible(inbox) == [second.name]


def test_what_a_crash_left_half_decoded_is_made_anew(inbox):
    """Half a file of the first try is not part of the second."""
    a_prepared(inbox, ONE).joinpath("half.pdf").write_bytes(b"%PDF")

    prepared = inbox.prepare(ONE)

    assert list(prepared.iterdir()) == []


def test_cut_off_before_the_rename_nothing_was_seen(inbox):
    """Papers written, not renamed: the inbox looks empty, and the next try is complete."""
    prepared = a_prepared(inbox, ONE)
    for name, paper in papers(ONE).items():
        (prepared / name).write_bytes(paper)
    assert visible(inbox) == []

    folder = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))

    assert contents(folder) == {"doc.pdf": b"i-1", **papers(ONE)}


def test_an_attachment_never_takes_the_place_of_our_papers(inbox):
    """A stranger's document.json is refused instead of being taken for ours."""
    prepared = a_prepared(inbox, ONE)
    (prepared / "document.json").write_bytes(b"{}")

    with pytest.raises(durable.NameTaken):
        inbox.hand_over(prepared, NAME, papers(ONE))

    assert visible(inbox) == []


def test_a_file_in_the_place_of_a_folder_is_left_alone(inbox):
    """Whatever else goes by the name stays what it is."""
    (inbox.exchange.inbox / NAME).write_text("not ours")

    folder = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))

    assert (inbox.exchange.inbox / NAME).read_text() == "not ours"
    assert contents(folder)["doc.pdf"] == b"i-1"


def test_a_document_json_that_holds_nonsense_is_nobodys(inbox):
    """What the software made of a document does not stop the next one."""
    first = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))
    (first / "document.json").write_bytes(b"\xff[")

    assert inbox.find(ONE, NAME) is None
    assert inbox.hand_over(a_prepared(inbox, TWO), NAME, papers(TWO)) != first


def test_a_prepared_folder_can_be_thrown_away(inbox):
    """A package that turns out to be unreadable leaves nothing behind, however often we ask."""
    prepared = a_prepared(inbox, ONE)

    inbox.discard(prepared)
    inbox.discard(prepared)

    assert list(inbox.exchange.inbox.iterdir()) == []


def test_a_document_is_taken_when_it_is_gone_or_marked(inbox):
    """The software moves the folder, deletes it, or writes `.taken` into it."""
    one = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))
    two = inbox.hand_over(a_prepared(inbox, TWO), NAME, papers(TWO))
    assert not inbox.is_taken(one.name)
    assert not inbox.is_taken(two.name)

    one.rename(inbox.exchange.root / "outbox" / "elsewhere")
    (two / ".taken").touch()

    assert inbox.is_taken(one.name)
    assert inbox.is_taken(two.name)


def test_an_inbox_that_is_not_there_is_not_all_taken(inbox):
    """An unmounted share says nothing about what the software took."""
    folder = inbox.hand_over(a_prepared(inbox, ONE), NAME, papers(ONE))
    inbox.exchange.root.rename(inbox.exchange.root.with_name("unmounted"))

    with pytest.raises(FolderMissing):
        inbox.is_taken(folder.name)
    with pytest.raises(FolderMissing):
        inbox.check()
    with pytest.raises(FolderMissing):
        inbox.prepare(ONE)


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", ""])
def test_only_safe_names_are_written(inbox, name):
    """The name comes from `folder_name`; anything else is a mistake of the caller."""
    with pytest.raises(ValueError, match="not a safe name"):
        inbox.hand_over(a_prepared(inbox, ONE), name, papers(ONE))


def a_prepared(inbox, item):
    prepared = inbox.prepare(item)
    (prepared / "doc.pdf").write_bytes(item.encode())
    return prepared


def papers(item):
    return {
        "document.json": json.dumps({"schema": 1, "id": item}).encode(),
        "verification.json": b'{"schema": 1}',
    }


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def visible(inbox):
    return [path.name for path in inbox.exchange.inbox.iterdir() if path.name[0] != "."]
