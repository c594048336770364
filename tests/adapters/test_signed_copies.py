"""Signed copies beside a drop: kept with their acts, told from what came along, used once."""

import json
from dataclasses import replace

import pytest
from builders import MINUTE, T0, stored

from edge_node.adapters import durable
from edge_node.adapters.filing import LARGEST_PAPER
from edge_node.adapters.signed_copies import SignedCopies
from edge_node.domain.errors import DropRefused
from edge_node.domain.signing import Act, Level

ITEM, OTHER = "o000000001", "o000000002"
SOURCE = stored(b"as it was handed over").digest
ACT = Act(
    file="12.pdf",
    key="seal-2026",
    subject="Ủy ban nhân dân",
    fingerprint="ab" * 32,
    at=T0,
    level=Level.B_T,
    stamped_by="TSA",
    stamped_at=T0 + MINUTE,
    operator="Nguyễn Văn A",
    basis="Quy chế văn thư",
)


@pytest.fixture
def drop(tmp_path):
    (tmp_path / "12.pdf").write_bytes(b"as it was handed over")
    return tmp_path


def signed(copies, name="12.pdf", content=b"signed"):
    """Sign a file as whoever signs does: a file appears, then its act is entered."""
    durable.write(copies.begin(name), content)
    return copies.keep(name, SOURCE, replace(ACT, file=name, stored=stored(content)))


def test_a_signed_copy_is_found_again_with_its_act(drop):
    """What was done before a crash is known after it, to the operator and the time-stamp."""
    kept = signed(SignedCopies(ITEM, drop))

    found = SignedCopies(ITEM, drop).prepare()
    assert found == {"12.pdf": kept}
    assert found["12.pdf"].act == ACT
    assert found["12.pdf"].source == SOURCE
    assert found["12.pdf"].stored == stored(b"signed")
    assert found["12.pdf"].path == drop / "signed" / "12.pdf"


def test_people_may_read_what_went_out(drop):
    """Once the drop is filed its group reads the copies, and nobody else does."""
    copy = signed(SignedCopies(ITEM, drop))
    assert copy.path.stat().st_mode & 0o777 == 0o640
    assert copy.path.parent.stat().st_mode & 0o777 == 0o750


def test_every_file_is_entered_beside_those_before_it(drop):
    """The second act does not make the first one forgotten."""
    copies = SignedCopies(ITEM, drop)
    signed(copies)
    signed(copies, "phụ lục.xlsx", b"also signed")
    assert set(SignedCopies(ITEM, drop).all()) == {"12.pdf", "phụ lục.xlsx"}


def test_a_copy_without_an_act_is_no_copy(drop):
    """Cut off between the signature and its entry, the file is removed and signed anew."""
    copies = SignedCopies(ITEM, drop)
    signed(copies)
    copies.begin("b.pdf").write_bytes(b"signed, and nobody entered it")

    assert set(SignedCopies(ITEM, drop).prepare()) == {"12.pdf"}
    assert not (drop / "signed" / "b.pdf").exists()


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"Signed"), lambda p: p.unlink()])
def test_a_copy_that_is_not_what_it_was_is_known(drop, harm):
    """It is neither sent nor taken for one that was never made."""
    harm(signed(SignedCopies(ITEM, drop)).path)

    assert SignedCopies(ITEM, drop).all()["12.pdf"].whole is False
    assert SignedCopies(ITEM, drop).prepare() == {}
    assert not (drop / "signed" / "12.pdf").exists()


def test_what_came_along_with_the_drop_steps_aside(drop):
    """A folder dropped again brings the copies of its earlier life; they are not sent for ours."""
    signed(SignedCopies(OTHER, drop))

    copies = SignedCopies(ITEM, drop)
    assert copies.all() == {}
    assert copies.prepare() == {}
    assert not (drop / "signed").exists()
    assert (drop / "signed (2)" / "12.pdf").read_bytes() == b"signed"


@pytest.mark.parametrize("record", [b"", b"[]", b'{"id": "o000000001"}', b'{"id": 1}', None])
def test_a_record_nobody_wrote_harms_nothing(drop, record):
    """Whatever stands there, a file without an act of ours never leaves."""
    (drop / "signed").mkdir()
    (drop / "signed" / "12.pdf").write_bytes(b"forged")
    if record is not None:
        (drop / "signed" / ".acts.json").write_bytes(record)
    assert SignedCopies(ITEM, drop).prepare() == {}
    assert not (drop / "signed" / "12.pdf").exists()


def test_a_name_in_the_record_does_not_lead_out_of_the_folder(drop):
    """People can write into the record once the drop is filed."""
    copies = SignedCopies(ITEM, drop)
    signed(copies)
    record = drop / "signed" / ".acts.json"
    values = json.loads(record.read_bytes())
    values["files"][0]["name"] = "../12.pdf"
    record.write_bytes(json.dumps(values).encode())
    assert copies.all() == {}


def test_a_link_of_that_name_is_not_followed(drop, tmp_path_factory):
    """Nor is what lies behind it removed."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    signed(SignedCopies(ITEM, elsewhere))
    (drop / "signed").symlink_to(elsewhere / "signed")

    assert SignedCopies(ITEM, drop).prepare() == {}
    assert (elsewhere / "signed" / "12.pdf").exists()


def test_no_copy_is_read_again_when_another_is_entered(drop):
    """A hundred files of some megabytes are hashed once each, by whoever signs them."""
    copies = SignedCopies(ITEM, drop)
    first = signed(copies)
    first.path.write_bytes(b"changed behind our back")
    signed(copies, "b.pdf")

    found = SignedCopies(ITEM, drop).all()
    assert found["12.pdf"].stored == stored(b"signed")
    assert [found[name].whole for name in ("12.pdf", "b.pdf")] == [False, True]


def test_what_is_entered_is_what_was_signed(drop):
    """Whatever lies there by now is not what somebody ordered and a key signed."""
    copies = SignedCopies(ITEM, drop)
    path = copies.begin("12.pdf")
    durable.write(path, b"put there by somebody else")
    kept = copies.keep("12.pdf", SOURCE, replace(ACT, stored=stored(b"signed")))

    assert kept.stored == stored(b"signed")
    assert SignedCopies(ITEM, drop).prepare() == {}


def test_a_record_of_several_megabytes_is_read(drop):
    """Thousands of attachments may be signed; none of their acts is done again, or forgotten."""
    copies = SignedCopies(ITEM, drop)
    wordy = replace(ACT, basis="Quy chế văn thư " * 40_000)
    for name in ("a.pdf", "b.pdf", "c.pdf"):
        durable.write(copies.begin(name), b"signed")
        copies.keep(name, SOURCE, replace(wordy, file=name, stored=stored(b"signed")))
    assert (drop / "signed" / ".acts.json").stat().st_size > 2_000_000
    assert set(SignedCopies(ITEM, drop).prepare()) == {"a.pdf", "b.pdf", "c.pdf"}


def test_what_could_not_be_read_again_is_not_entered(drop):
    """What was entered before it is not lost for it."""
    copies = SignedCopies(ITEM, drop)
    signed(copies)
    path = copies.begin("b.pdf")
    durable.write(path, b"signed")
    endless = replace(ACT, file="b.pdf", basis="x" * LARGEST_PAPER, stored=stored(b"signed"))
    with pytest.raises(DropRefused):
        copies.keep("b.pdf", SOURCE, endless)
    assert set(SignedCopies(ITEM, drop).all()) == {"12.pdf"}


def test_an_act_over_nothing_that_was_written_is_none(drop):
    """Whoever signs says what was written; nobody guesses from what lies there."""
    copies = SignedCopies(ITEM, drop)
    durable.write(copies.begin("12.pdf"), b"signed")
    with pytest.raises(ValueError, match=r"12\.pdf"):
        copies.keep("12.pdf", SOURCE, ACT)
