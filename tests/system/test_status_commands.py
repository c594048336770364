"""A person says what becomes of a document: set-status, refuse, and what is shown of it."""

from __future__ import annotations

import getpass
import json

import pytest


@pytest.fixture
def letter(office, other):
    """Give the id of a document from another agency in the inbox."""
    other.drop(12, office)
    assert other.command("once").returncode == 0
    assert office.command("once").returncode == 0
    (item,) = office.told("list", "--in")
    assert (item["status"], item["meaning"]) == ("01", "Đã đến")
    return item["id"]


def shown(office, item):
    (found,) = office.told("show", item)
    return found


def test_a_status_given_by_hand_arrives_and_is_shown_here(office, other, letter):
    """With the register's entry, in lists and in the story, by the name of whoever gave it."""
    entry = ("--arrival", "345", "--arrival-date", "2026-11-21", "--unit", "Văn thư")
    at = "2026-11-21T09:00:00+07:00"
    answer = office.command("set-status", letter[:5], "03", *entry, "--note", "Vào sổ", "--at", at)
    assert answer.stdout == f"queued for {other.code}: 03 (Đã tiếp nhận)\n"

    found = shown(office, letter)
    assert (found["status"], found["meaning"], found["status_at"]) == ("03", "Đã tiếp nhận", at)
    assert (found["arrival_number"], found["arrival_date"], found["arrival_unit"]) == (
        "345",
        "2026-11-21",
        "Văn thư",
    )
    sheet = office.command("show", letter).stdout
    assert "03 (Đã tiếp nhận), 2026-11-21 09:00:00" in sheet
    assert "345, 2026-11-21, Văn thư" in sheet
    assert "delivered 03" in office.command("list", "--in").stdout
    story = office.command("log", letter).stdout
    assert f"our status  03 Đã tiếp nhận  {other.code}  by {getpass.getuser()}: Vào sổ" in story
    assert "in our register  arrival number 345, 2026-11-21, Văn thư" in story
    assert [line["status"] for line in office.told("log", letter) if line["event"] == "given"] == [
        "01",
        "03",
    ]

    assert office.command("once").returncode == 0
    assert other.command("once").returncode == 0
    (sent,) = other.told("list", "--out")
    (fate,) = sent["fates"]
    assert (fate["status"], fate["meaning"]) == ("03", "Đã tiếp nhận")
    assert "status  03 Đã tiếp nhận" in other.command("log", sent["id"]).stdout


@pytest.mark.parametrize(
    ("language", "words"), [("en", "given already"), ("vi", "02 (Từ chối tiếp nhận)")]
)
def test_a_status_out_of_turn_names_those_that_are_allowed(office, letter, language, words):
    """Exit 1, nothing queued, the allowed ones with their words."""
    assert office.command("set-status", letter, "06").returncode == 0
    again = ("set-status", letter, "06", "--note", "xong")
    answer = office.command(*again, EDGE_NODE_LANG=language)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert words in answer.stderr
    assert "--force" in answer.stderr
    assert shown(office, letter)["status"] == "06"


def test_the_same_status_twice_is_already_so_and_told_once(office, letter):
    """Exit 0 and nothing queued; a number beside it is not lost unseen but refused."""
    first = office.command("set-status", letter, "03", "--json")
    assert json.loads(first.stdout) == {"id": letter, "status": "03", "queued": True}
    before = office.told("log", letter)
    again = office.command("set-status", letter, "03")
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith("already so, ")
    again = office.command("set-status", letter, "03", "--json")
    assert json.loads(again.stdout)["queued"] is False
    assert office.command("set-status", letter, "03", "--arrival", "7").returncode == 1
    assert office.told("log", letter) == before


def test_what_is_wrong_with_a_status_is_named_like_in_a_file(office, letter):
    """Every problem, by the key it has there."""
    answer = office.command("set-status", letter, "02", "--at", "soon", "--unit", "x")
    assert answer.returncode == 1
    for word in ("reason_code", "note", "at: expected a time", "arrival.number"):
        assert word in answer.stderr
    assert "77" in office.command("set-status", letter, "77").stderr


def test_a_document_is_refused_with_a_reason_and_once(office, other, letter):
    """Its sender hears both; after 03 only by force."""
    because = ("--reason-code", "NOT_COMPETENT", "--note", "Không thuộc thẩm quyền")
    assert office.command("set-status", letter, "03").returncode == 0
    late = office.command("refuse", letter, *because)
    assert late.returncode == 1
    assert "only a person can mean that" in late.stderr
    done = office.command("refuse", letter, *because, "--force", "--json")
    assert json.loads(done.stdout) == {"id": letter, "status": "02", "queued": True}
    assert office.command("refuse", letter, *because, "--force").returncode == 1

    assert office.command("once").returncode == 0
    assert other.command("once").returncode == 0
    receipts = (other.exchange / "receipts").glob("*status-02*")
    (told,) = (json.loads(path.read_bytes()) for path in receipts)
    assert (told["reason_code"], told["note"]) == ("NOT_COMPETENT", "Không thuộc thẩm quyền")


def test_a_refusal_without_its_reason_is_no_command(office, letter):
    """Both are asked for by the command line itself."""
    answer = office.command("refuse", letter, "--note", "x")
    assert answer.returncode == 2
    assert "--reason-code" in answer.stderr


def test_what_is_in_quarantine_is_refused_and_not_delivered_afterwards(office, other):
    """Only by force it still can be."""
    office.configure(door={"incoming": {"unsigned": "quarantine", "indeterminate": "quarantine"}})
    other.drop(13, office)
    other.command("once")
    office.command("once")
    (item,) = office.told("list", "--state", "quarantined")
    wrong = office.command("set-status", item["id"], "03")
    assert "in quarantine" in wrong.stderr
    because = ("--reason-code", "SIGNATURE_MISSING", "--note", "Chưa ký")
    assert office.command("refuse", item["id"], *because).returncode == 0
    assert shown(office, item["id"])["state"] == "returned"

    assert office.command("release", item["id"]).returncode == 1
    assert office.command("once").returncode == 0
    assert office.inbox() == []
    assert other.command("once").returncode == 0
    assert [what for _, what, _ in other.receipts() if what.isdigit()] == ["02"]


def test_of_what_goes_out_its_receivers_speak(office, other):
    """A hint says where one's own to speak of are."""
    other.drop(14, office)
    assert other.command("once").returncode == 0
    (item,) = other.told("list", "--out")
    answer = other.command("set-status", item["id"], "03")
    assert answer.returncode == 1
    assert "`edge-node list --in`" in answer.stderr
