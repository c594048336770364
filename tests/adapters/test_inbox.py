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
from edge_node.domain.errors import FolderMissing
from edge_node.domain.item import ItemId

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
    """While it is prepared and kept the inbox shows nothing; then all files are there."""
    with inbox.preparing(ONE) as prepared:
        (prepared / "doc.pdf").write_bytes(ONE.encode())
        assert visible(inbox) == []
        name = inbox.keep(ONE, prepared, NAME, papers(ONE))
        assert (name, visible(inbox)) == (NAME, [])

    inbox.show(ONE, name)

    folder = inbox.exchange.inbox / NAME
    assert contents(folder) == {"doc.pdf": b"i-1", **papers(ONE)}
    assert list(inbox.exchange.inbox.iterdir()) == [folder]


def test_the_group_of_the_software_may_take_it(inbox):
    """Folder 2770 and files 0660, whatever the umask of the node and of the decoder."""
    before = os.umask(0o077)
    try:
        folder = handed_over(inbox, ONE)
    finally:
        os.umask(before)

    assert folder.stat().st_mode & 0o7777 == 0o2770
    assert {file.stat().st_mode & 0o7777 for file in folder.iterdir()} == {0o660}


def test_two_documents_of_one_name_lie_side_by_side(inbox):
    """The same sender, number and second: the other one's name carries a mark of its own."""
    first = handed_over(inbox, ONE)
    second = handed_over(inbox, TWO)

    assert second.name.startswith(NAME + "-")
    assert contents(first)["doc.pdf"] == b"i-1"
    assert contents(second)["doc.pdf"] == b"i-2"


def test_the_mark_fits_into_the_longest_name(inbox):
    """A name of 80 characters gives way to the mark."""
    name = inbox.folder_name(AT, "H53", "7", "Đ" * 200)
    assert len(name) == 80
    folders = {handed_over(inbox, item, name) for item in (ONE, TWO)}

    assert len(folders) == 2
    assert {len(found) for found in visible(inbox)} == {80}


def test_what_is_shown_already_is_left_as_it_is(inbox):
    """Cut off after the rename, the second call finds nothing hidden and touches nothing."""
    first = handed_over(inbox, ONE)
    (first / "note.txt").write_text("the software was here")

    inbox.show(ONE, NAME)

    assert (first / "note.txt").exists()
    assert list(inbox.exchange.inbox.iterdir()) == [first]


def test_what_was_shown_and_taken_does_not_come_again(inbox):
    """Cut off after the rename, and the software was quick: it has the document."""
    handed_over(inbox, ONE).rename(inbox.exchange.root / "outbox" / "elsewhere")

    inbox.show(ONE, NAME)

    assert list(inbox.exchange.inbox.iterdir()) == []
    assert inbox.is_taken(NAME)


def test_what_was_kept_is_shown_by_whoever_comes_next(inbox):
    """Cut off before the rename, the folder is whole and waits out of sight, sweep or no sweep."""
    kept(inbox, ONE)
    inbox.sweep()

    inbox.show(ONE, NAME)

    assert contents(inbox.exchange.inbox / NAME) == {"doc.pdf": b"i-1", **papers(ONE)}


def test_what_was_kept_and_not_entered_is_made_anew(inbox):
    """Nobody knows what it is to be called: the next try begins at the beginning."""
    kept(inbox, ONE)

    with inbox.preparing(ONE) as prepared:
        assert list(prepared.iterdir()) == []
        assert list(inbox.exchange.inbox.iterdir()) == [prepared]


def test_two_that_prepare_one_item_do_not_share_a_folder(inbox):
    """Whoever was thought to be gone and is not writes into nobody else's files."""
    with inbox.preparing(ONE) as one, inbox.preparing(ONE) as other:
        assert one != other
        inbox.sweep()  # which touches neither: both are at work
        assert (one.is_dir(), other.is_dir()) == (True, True)


def test_what_a_crash_left_half_decoded_is_swept_at_the_next_start(inbox):
    """Half a file of the first try is not part of the second, and fills no disk."""
    left = inbox.exchange.inbox / ".room.0123abcd.part"
    left.mkdir()
    (left / "half.pdf").write_bytes(b"%PDF")

    inbox.sweep()

    assert list(inbox.exchange.inbox.iterdir()) == []


def test_an_inbox_that_is_not_mounted_has_not_been_shown_everything(inbox):
    """What is hidden nowhere was handed over, but only where we can see."""
    kept(inbox, ONE)
    identity = inbox.exchange.root / ".edge-node"
    inbox.exchange.inbox.rename(inbox.exchange.root / "away")
    identity.rename(identity.with_name("elsewhere"))
    inbox.exchange.inbox.mkdir()

    with pytest.raises(FolderMissing):
        inbox.show(ONE, NAME)


def test_an_attachment_never_takes_the_place_of_our_papers(inbox):
    """A stranger's document.json is refused instead of being taken for ours."""
    with inbox.preparing(ONE) as prepared:
        (prepared / "document.json").write_bytes(b"{}")
        with pytest.raises(durable.NameTaken):
            inbox.keep(ONE, prepared, NAME, papers(ONE))

    assert list(inbox.exchange.inbox.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_left_alone(inbox):
    """Whatever else goes by the name stays what it is."""
    (inbox.exchange.inbox / NAME).write_text("not ours")

    folder = handed_over(inbox, ONE)

    assert (inbox.exchange.inbox / NAME).read_text() == "not ours"
    assert contents(folder)["doc.pdf"] == b"i-1"


def test_a_name_that_was_taken_meanwhile_is_not_overwritten(inbox):
    """Between the entry and the rename somebody put something there: both stay."""
    kept(inbox, ONE)
    (inbox.exchange.inbox / NAME).write_text("not ours")

    with pytest.raises(durable.NameTaken):
        inbox.show(ONE, NAME)

    (inbox.exchange.inbox / NAME).unlink()
    inbox.show(ONE, NAME)
    assert contents(inbox.exchange.inbox / NAME)["doc.pdf"] == b"i-1"


def test_a_document_is_taken_when_it_is_gone_or_marked(inbox):
    """The software moves the folder, deletes it, or writes `.taken` into it."""
    one, two = handed_over(inbox, ONE), handed_over(inbox, TWO)
    assert not inbox.is_taken(one.name)
    assert not inbox.is_taken(two.name)

    one.rename(inbox.exchange.root / "outbox" / "elsewhere")
    (two / ".taken").touch()

    assert inbox.is_taken(one.name)
    assert inbox.is_taken(two.name)


def test_an_inbox_that_is_not_there_is_not_all_taken(inbox):
    """An unmounted share says nothing about what the software took."""
    folder = handed_over(inbox, ONE)
    inbox.exchange.root.rename(inbox.exchange.root.with_name("unmounted"))

    with pytest.raises(FolderMissing):
        inbox.is_taken(folder.name)
    with pytest.raises(FolderMissing):
        inbox.check()
    with pytest.raises(FolderMissing), inbox.preparing(ONE):
        pass


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", ""])
def test_only_safe_names_are_written(inbox, name):
    """The name comes from `folder_name`; anything else is a mistake of the caller."""
    with pytest.raises(ValueError, match="not a safe name"):
        kept(inbox, ONE, name)


def kept(inbox, item, name=NAME):
    with inbox.preparing(item) as prepared:
        (prepared / "doc.pdf").write_bytes(item.encode())
        return inbox.keep(item, prepared, name, papers(item))


def handed_over(inbox, item, name=NAME):
    name = kept(inbox, item, name)
    inbox.show(item, name)
    return inbox.exchange.inbox / name


def papers(item):
    return {
        "document.json": json.dumps({"schema": 1, "id": item}).encode(),
        "verification.json": b'{"schema": 1}',
    }


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def visible(inbox):
    return [path.name for path in inbox.exchange.inbox.iterdir() if path.name[0] != "."]
