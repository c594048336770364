import json
import shutil
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_node.adapters.exchange import Exchange
from edge_node.adapters.filing import Filing
from edge_node.domain.document import AgencyCode
from edge_node.domain.errors import FolderMissing
from edge_node.domain.item import ItemId

ONE, TWO = ItemId("o-1"), ItemId("o-2")
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)
LONGEST = "ộ" * 85  # 255 bytes


@pytest.fixture
def filing(tmp_path):
    return a_filing(tmp_path)


def test_a_drop_taken_in_waits_in_queued(filing):
    """The drop leaves the claim untouched, and lies in queued/ with a status.json beside it."""
    a_claim(filing, ONE, "12-UBND")

    folder = filing.to_queued(ONE, "", "12-UBND", status(ONE))

    assert folder == "queued/12-UBND"
    assert contents(filing, folder) == {"doc.pdf": b"o-1", "status.json": status(ONE)}
    assert not (filing.claims / ONE).exists()


def test_what_the_axis_accepted_lies_under_its_day_and_stays_there(filing):
    """A later status of a document sent on Friday changes its status.json, not its day."""
    queued = a_queued(filing, ONE, "12-UBND")

    sent = filing.to_sent(ONE, queued, "12-UBND", FRIDAY, status(ONE, "accepted"))
    later = filing.to_sent(ONE, sent, "12-UBND", MONDAY, status(ONE, "delivered"))

    assert sent == later == "sent/2026/11/20/12-UBND"
    assert contents(filing, sent)["status.json"] == status(ONE, "delivered")
    assert not (filing.exchange.queued / "12-UBND").exists()


def test_what_failed_lies_under_its_day_with_the_reason(filing):
    """A drop that was refused before it was ever queued has error papers and no status.json."""
    a_claim(filing, ONE, "12-UBND")

    folder = filing.to_failed(ONE, "", "12-UBND", FRIDAY, papers("no receiver"), None)

    assert folder == "failed/2026/11/20/12-UBND"
    assert contents(filing, folder) == {"doc.pdf": b"o-1", **papers("no receiver")}


def test_a_resent_drop_goes_back_without_its_error_papers(filing):
    """What a person put back in the queue does not say any more that it failed."""
    queued = a_queued(filing, ONE, "12-UBND")
    failed = filing.to_failed(ONE, queued, "12-UBND", FRIDAY, papers("no"), status(ONE, "dead"))

    back = filing.to_queued(ONE, failed, "12-UBND", status(ONE, "queued"))

    assert back == "queued/12-UBND"
    assert contents(filing, back) == {"doc.pdf": b"o-1", "status.json": status(ONE, "queued")}


def test_late_good_news_moves_a_failed_drop_to_sent(filing):
    """Given up on Friday, delivered on Monday: it lies under sent/ and holds no error."""
    queued = a_queued(filing, ONE, "12-UBND")
    failed = filing.to_failed(ONE, queued, "12-UBND", FRIDAY, papers("no"), status(ONE, "dead"))

    sent = filing.to_sent(ONE, failed, "12-UBND", MONDAY, status(ONE, "delivered"))

    assert sent == "sent/2026/11/23/12-UBND"
    assert set(contents(filing, sent)) == {"doc.pdf", "status.json"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("12-UBND", id="plain"),
        pytest.param("v1.2", id="dotted"),
        pytest.param("a (2)", id="numbered"),
        pytest.param("\u202etxt.قرار", id="right to left"),
        pytest.param(LONGEST, id="255 bytes"),
        pytest.param("c\udcf4ng v\udcb5n", id="not UTF-8"),
    ],
)
def test_two_drops_of_one_name_never_overwrite_each_other(filing, name):
    """The second gets a number, whatever the name is made of, and both are found again by it."""
    queued = [a_queued(filing, item, name) for item in (ONE, TWO)]
    sent = [
        filing.to_sent(item, folder, name, FRIDAY, status(item))
        for item, folder in zip((ONE, TWO), queued, strict=True)
    ]

    assert sent[0] == f"sent/2026/11/20/{name}"
    assert sent[1].endswith((" (2)", " (3)"))
    assert [contents(filing, folder)["doc.pdf"] for folder in sent] == [b"o-1", b"o-2"]
    assert filing.to_sent(TWO, queued[1], name, MONDAY, status(TWO)) == sent[1]


def test_cut_off_before_the_move_it_is_moved_when_repeated(filing):
    """A status.json that was already written into the claim is replaced, and kept once."""
    a_claim(filing, ONE, "12-UBND")
    the_claim(filing, ONE, "12-UBND").joinpath("status.json").write_bytes(status(ONE, "older"))

    folder = filing.to_queued(ONE, "", "12-UBND", status(ONE))

    assert contents(filing, folder) == {"doc.pdf": b"o-1", "status.json": status(ONE)}


def test_cut_off_after_the_error_papers_the_reason_stands_once(filing):
    """Refused again for the same reason after a restart, only the time on the paper changes."""
    a_claim(filing, ONE, "12-UBND")
    for name, paper in papers("no receiver", at="08:00").items():
        the_claim(filing, ONE, "12-UBND").joinpath(name).write_bytes(paper)

    again = papers("no receiver", at="08:01")
    folder = filing.to_failed(ONE, "", "12-UBND", FRIDAY, again, None)

    assert contents(filing, folder) == {"doc.pdf": b"o-1", **again}


def test_cut_off_after_the_move_it_is_found_by_its_item(filing):
    """The queue knows the old place only; beside it a stranger of the same name is left alone."""
    for item in (TWO, ONE):
        a_queued(filing, item, "12-UBND")
    queued = "queued/12-UBND (2)"
    filing.to_sent(TWO, "queued/12-UBND", "12-UBND", FRIDAY, status(TWO))
    filing.to_sent(ONE, queued, "12-UBND", FRIDAY, status(ONE, "accepted"))

    again = filing.to_sent(ONE, queued, "12-UBND", MONDAY, status(ONE, "delivered"))

    assert again == "sent/2026/11/20/12-UBND (2)"
    assert contents(filing, again)["status.json"] == status(ONE, "delivered")
    assert contents(filing, "sent/2026/11/20/12-UBND")["status.json"] == status(TWO)


def test_cut_off_after_leaving_the_claim_it_is_found_in_queued(filing):
    """The claim is gone and nobody noted where to: the second call says where."""
    first = a_queued(filing, ONE, "12-UBND")

    assert filing.to_queued(ONE, "", "12-UBND", status(ONE, "later")) == first
    assert contents(filing, first)["status.json"] == status(ONE, "later")


def test_cut_off_half_way_through_a_resend_it_goes_back_when_repeated(filing):
    """The error papers were gone and the status new, but the folder had not moved yet."""
    queued = a_queued(filing, ONE, "12-UBND")
    failed = filing.to_failed(ONE, queued, "12-UBND", FRIDAY, papers("no"), status(ONE, "dead"))
    here = filing.exchange.root / failed
    (here / "error.json").unlink()
    (here / "status.json").write_bytes(status(ONE, "queued"))

    back = filing.to_queued(ONE, failed, "12-UBND", status(ONE, "queued"))

    assert contents(filing, back) == {"doc.pdf": b"o-1", "status.json": status(ONE, "queued")}


def test_a_place_that_was_left_and_taken_by_another_is_not_mistaken(filing):
    """Where the first lay a second lies now: its status.json stays its own."""
    first = a_queued(filing, ONE, "12-UBND")
    sent = filing.to_sent(ONE, first, "12-UBND", FRIDAY, status(ONE))
    assert a_queued(filing, TWO, "12-UBND") == first

    assert filing.to_sent(ONE, first, "12-UBND", FRIDAY, status(ONE)) == sent
    assert contents(filing, first)["status.json"] == status(TWO)


def test_papers_that_came_with_the_drop_are_kept(filing):
    """A clerk who drops a failed folder again brings its old papers: none is overwritten."""
    a_claim(filing, ONE, "12-UBND")
    old = {"status.json": status(TWO, "dead"), **papers("an older reason")}
    for name, paper in old.items():
        the_claim(filing, ONE, "12-UBND").joinpath(name).write_bytes(paper)

    folder = filing.to_failed(ONE, "", "12-UBND", FRIDAY, papers("a newer reason"), status(ONE))

    found = contents(filing, folder)
    assert found.items() >= {"status.json": status(ONE), **papers("a newer reason")}.items()
    for name, paper in old.items():
        stem, ending = name.split(".")
        assert found[f"{stem} (2).{ending}"] == paper


def test_a_folder_in_the_way_of_a_paper_is_kept_too(filing):
    """Even a folder called status.json only steps aside."""
    a_claim(filing, ONE, "12-UBND")
    the_claim(filing, ONE, "12-UBND").joinpath("status.json").mkdir()

    folder = filing.to_queued(ONE, "", "12-UBND", status(ONE))

    assert contents(filing, folder)["status.json"] == status(ONE)
    assert (filing.exchange.root / folder / "status (2).json").is_dir()


def test_a_folder_people_took_away_hinders_nobody(filing):
    """What was archived by hand is not looked for forever; its old place stays entered."""
    queued = a_queued(filing, ONE, "12-UBND")
    sent = filing.to_sent(ONE, queued, "12-UBND", FRIDAY, status(ONE))
    (filing.exchange.root / sent).rename(filing.exchange.root / "outbox" / "archive")

    assert filing.to_sent(ONE, sent, "12-UBND", MONDAY, status(ONE, "delivered")) == sent
    assert not (filing.exchange.root / sent).exists()


def test_what_people_took_away_is_not_looked_for_again_at_each_status(filing):
    """It was looked for once, through all the days; only its own place is still looked at."""
    queued = a_queued(filing, ONE, "12-UBND")
    sent = filing.to_sent(ONE, queued, "12-UBND", FRIDAY, status(ONE))
    place = filing.exchange.root / sent
    away = place.rename(filing.exchange.root / "outbox" / "archive")
    filing.to_sent(ONE, sent, "12-UBND", MONDAY, status(ONE, "delivered"))

    elsewhere = place.parents[1] / "01" / "12-UBND"
    elsewhere.parent.mkdir()
    away.rename(elsewhere)
    assert filing.to_sent(ONE, sent, "12-UBND", MONDAY, status(ONE, "later")) == sent
    assert (elsewhere / "status.json").read_bytes() == status(ONE)

    elsewhere.rename(place)
    assert filing.to_sent(ONE, sent, "12-UBND", MONDAY, status(ONE, "later")) == sent
    assert contents(filing, sent)["status.json"] == status(ONE, "later")


def test_a_file_in_the_place_of_a_drop_is_not_the_drop(filing):
    """People packed the folder into an archive of its name."""
    sent = filing.to_sent(ONE, a_queued(filing, ONE, "12-UBND"), "12-UBND", FRIDAY, status(ONE))
    place = filing.exchange.root / sent
    shutil.rmtree(place)
    place.write_bytes(b"PK")

    assert filing.to_sent(ONE, sent, "12-UBND", MONDAY, status(ONE, "delivered")) == sent
    assert place.read_bytes() == b"PK"


def test_a_status_json_people_removed_is_written_again(filing):
    """The folder is where it was entered, so it is ours though it does not say so."""
    queued = a_queued(filing, ONE, "12-UBND")
    (filing.exchange.root / queued / "status.json").unlink()

    assert filing.to_queued(ONE, queued, "12-UBND", status(ONE, "unsure")) == queued
    assert contents(filing, queued)["status.json"] == status(ONE, "unsure")


def test_nothing_is_made_where_the_share_is_gone(filing):
    """Where sent/ is missing the drop stays where it is, and no folder is made in its stead."""
    queued = a_queued(filing, ONE, "12-UBND")
    filing.exchange.sent.rmdir()

    with pytest.raises(FolderMissing):
        filing.to_sent(ONE, queued, "12-UBND", FRIDAY, status(ONE))

    assert (filing.exchange.root / queued / "doc.pdf").read_bytes() == b"o-1"
    assert not filing.exchange.sent.exists()


def test_a_claim_stays_claimed_while_the_share_is_gone(filing):
    """It is an outage, not a drop that is gone: the next try finds it."""
    a_claim(filing, ONE, "12-UBND")
    filing.exchange.queued.rmdir()

    with pytest.raises(FolderMissing):
        filing.to_queued(ONE, "", "12-UBND", status(ONE))

    assert (the_claim(filing, ONE, "12-UBND") / "doc.pdf").exists()


def test_a_copy_from_another_mount_that_was_cut_off_is_not_filed_twice(filing):
    """Copied whole and not yet removed, the original goes when the call is repeated."""
    a_claim(filing, ONE, "12-UBND")
    copy = filing.exchange.queued / "12-UBND"
    shutil.copytree(the_claim(filing, ONE, "12-UBND"), copy)
    (copy / "status.json").write_bytes(status(ONE, "older"))

    assert filing.to_queued(ONE, "", "12-UBND", status(ONE)) == "queued/12-UBND"
    assert contents(filing, "queued/12-UBND")["status.json"] == status(ONE)
    assert list(filing.exchange.queued.iterdir()) == [copy]
    assert not (filing.claims / ONE).exists()


def test_such_a_copy_goes_where_the_drop_belongs_by_now(filing):
    """It was accepted before the call was repeated: what lies in queued/ would lie."""
    a_claim(filing, ONE, "12-UBND")
    a_queued(filing, TWO, "12-UBND")
    copy = filing.exchange.queued / "12-UBND (2)"
    shutil.copytree(the_claim(filing, ONE, "12-UBND"), copy)
    (copy / "status.json").write_bytes(status(ONE, "older"))

    sent = filing.to_sent(ONE, "", "12-UBND", FRIDAY, status(ONE, "accepted"))
    assert sent == "sent/2026/11/20/12-UBND"
    assert [path.name for path in filing.exchange.queued.iterdir()] == ["12-UBND"]
    assert not (filing.claims / ONE).exists()


def test_a_missing_share_is_not_a_drop_people_took(filing):
    """An exchange folder that is not there says nothing about what lay in it."""
    queued = a_queued(filing, ONE, "12-UBND")
    filing.exchange.root.rename(filing.exchange.root.with_name("unmounted"))

    with pytest.raises(FolderMissing):
        filing.to_sent(ONE, queued, "12-UBND", FRIDAY, status(ONE))

    assert not filing.exchange.root.exists()


@pytest.mark.parametrize("name", ["", ".", "..", "../outbox", "/etc"])
def test_a_name_cannot_lead_elsewhere(filing, name):
    """A name is one name, not a path."""
    with pytest.raises(ValueError, match="not the name of a drop"):
        filing.to_queued(ONE, "", name, status(ONE))


def test_people_of_the_group_can_read_what_is_filed(filing):
    """Folders of days have the rights of sent/, papers can be read by its group."""
    sent = filing.to_sent(ONE, a_queued(filing, ONE, "12"), "12", FRIDAY, status(ONE))

    day = (filing.exchange.root / sent).parent
    assert day.stat().st_mode & 0o7777 == filing.exchange.sent.stat().st_mode & 0o7777
    assert (day / "12" / "status.json").stat().st_mode & 0o777 == 0o640


MOVES = st.lists(
    st.tuples(st.sampled_from(["queued", "sent", "failed"]), st.booleans()), max_size=6
)


@settings(max_examples=40, deadline=None)
@given(MOVES)
def test_a_drop_is_always_in_one_place_that_tells_the_truth(moves):
    """Whatever moves follow each other, noted or cut off before the note: one folder, no lie."""
    with tempfile.TemporaryDirectory() as root:
        filing = a_filing(Path(root))
        a_claim(filing, ONE, "12")
        a_queued(filing, TWO, "12")
        noted = filing.to_queued(ONE, "", "12", status(ONE, "queued"))
        for kind, is_noted in moves:
            place = _move(filing, kind, noted)
            noted = place if is_noted else noted
            everywhere = list(filing.exchange.root.glob("*/**/doc.pdf"))
            mine = [path.parent for path in everywhere if path.read_bytes() == b"o-1"]
            assert mine == [filing.exchange.root / place]
            assert place.startswith(kind)
            errors = {"error.json", "error.txt"} if kind == "failed" else set()
            assert set(contents(filing, place)) == {"doc.pdf", "status.json"} | errors
            assert contents(filing, place)["status.json"] == status(ONE, kind)
        assert contents(filing, "queued/12")["status.json"] == status(TWO)


def _move(filing, kind, folder):
    told = status(ONE, kind)
    if kind == "queued":
        return filing.to_queued(ONE, folder, "12", told)
    if kind == "sent":
        return filing.to_sent(ONE, folder, "12", FRIDAY, told)
    return filing.to_failed(ONE, folder, "12", FRIDAY, papers(kind), told)


def a_filing(root):
    exchange = Exchange(root / "exchange")
    exchange.create(AgencyCode("H37.02"))
    claims = root / "spool" / "claims"
    claims.mkdir(parents=True)
    return Filing(exchange, claims)


def a_claim(filing, item, name):
    folder = the_claim(filing, item, name)
    folder.mkdir(parents=True)
    (folder / "doc.pdf").write_bytes(item.encode())


def the_claim(filing, item, name):
    return filing.claims / item / name


def a_queued(filing, item, name):
    a_claim(filing, item, name)
    return filing.to_queued(item, "", name, status(item))


def status(item, state="queued"):
    return json.dumps({"schema": 1, "id": item, "state": state}).encode()


def papers(reason, *, at="08:00"):
    return {
        "error.json": json.dumps({"schema": 1, "at": at, "message": reason}).encode(),
        "error.txt": f"{reason}\n".encode(),
    }


def contents(filing, folder):
    here = filing.exchange.root / folder
    return {path.name: path.read_bytes() for path in here.iterdir() if path.is_file()}
