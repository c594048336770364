"""The demo: the main job with everything real, and an audit that can fail."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator
from system_world import edge_node

from edge_node.demo.audit import audit
from edge_node.demo.copies import Original
from edge_node.demo.scenes import ALTERED, MINISTRY, Letter
from edge_node.protocol.handoff import schema
from edge_node.sandbox.store import DATABASE

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = "H99.01,2026/11/21,1/VP"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Run the demo once, in a folder that stays."""
    folder = tmp_path_factory.mktemp("demo") / "stage"
    return folder, edge_node("demo", "--json", "--dir", folder, within=120)


def test_the_demo_loses_nothing_and_doubles_nothing(played):
    """One JSON object on stdout and nothing else; the play itself goes to stderr."""
    _, answer = played
    assert answer.returncode == 0, answer.stderr
    [line] = answer.stdout.splitlines()
    balance = json.loads(line)
    assert list(balance) == [
        "sent", "delivered", "receipts", "refused", "recalled", "lost", "duplicated",
        "signed", "valid", "altered", "caught", "seconds",
    ]  # fmt: skip
    delivered, recalled = balance["delivered"], balance["recalled"]
    assert balance["receipts"] == {
        "01": delivered + recalled, "03": delivered, "06": delivered, "15": recalled,
    }  # fmt: skip
    assert (balance["lost"], balance["duplicated"]) == (0, 0)
    assert balance["sent"] == delivered + balance["refused"] + recalled + balance["lost"] > 0
    assert balance["refused"] == 1 + balance["caught"]
    assert 0 < balance["seconds"] < 120
    assert "H99.02.03" in answer.stderr


def test_the_demo_signs_what_it_sends(played):
    """Every file dropped apart from ready packages arrives signed, stamped and VALID."""
    folder, answer = played
    balance = json.loads(answer.stdout)
    assert balance["signed"] == balance["valid"] == 9
    verdicts = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in folder.glob("H99.02*/exchange/inbox/*_H99.01_101-*/verification.json")
    ]
    signatures = [
        signature
        for verdict in verdicts
        for attachment in verdict["attachments"]
        for signature in attachment["signatures"]
    ]
    assert len(signatures) == 6
    assert {one["verdict"] for one in signatures} == {"VALID"}
    assert {one["signer"] for one in signatures} == {MINISTRY[1]}
    assert all(one["stamped_at"] for one in signatures)


def test_the_demo_catches_what_was_altered_after_signing(played):
    """One is refused before it leaves, one kept from the receiver's software; both with why."""
    folder, answer = played
    balance = json.loads(answer.stdout)
    assert (balance["altered"], balance["caught"]) == (2, 2)
    [refused] = folder.glob("H99.02/exchange/failed/*/*/*/*/error.txt")
    assert ALTERED in refused.read_text(encoding="utf-8-sig")
    assert not list(folder.glob("H99.01/exchange/inbox/*_15-UBND-SY"))
    listed = edge_node(
        "-c", folder / "H99.01" / "config.yaml", "list", "--in", "--state", "quarantined", "--json"
    )
    [aside] = map(json.loads, listed.stdout.splitlines())
    assert aside["sender"] == "H99.02.03"
    assert aside["reason"]


def test_the_demo_has_a_document_given_back(played):
    """Its receiver has nothing of it but the request and what it was called."""
    folder, answer = played
    assert json.loads(answer.stdout)["recalled"] == 1
    [sent] = folder.glob("H99.01/exchange/sent/*/*/*/34-GM-VP/status.json")
    [fate] = json.loads(sent.read_text(encoding="utf-8"))["receivers"]
    assert (fate["code"], fate["state"], fate["status"]) == ("H99.02", "recalled", "15")
    config = folder / "H99.02" / "config.yaml"
    listed = edge_node("-c", config, "list", "--in", "--state", "recalled", "--json")
    [given_back] = map(json.loads, listed.stdout.splitlines())
    assert given_back["document_id"].endswith(",34/GM-VP")
    assert not list(folder.glob("H99.02/exchange/inbox/*_34-GM-VP"))
    assert list(folder.glob("H99.02/exchange/inbox/*_104-BND-VP/document.json"))


def test_the_demo_registers_what_arrives(played):
    """Each agency's register has its numbers of arrival, one after the other."""
    folder, _ = played
    config = folder / "H99.02" / "config.yaml"
    today = json.loads(edge_node("-c", config, "list", "--in", "--json").stdout.splitlines()[0])
    day = today["at"][:10]
    span = ("--from", day, "--to", day)
    answer = edge_node("-c", config, "register", "incoming", *span, "-f", "csv", "-o", "-")
    numbers = [line.split(",")[1] for line in answer.stdout.splitlines()[1:]]
    assert sorted(filter(None, numbers)) == ["1", "2", "3"], answer.stderr


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("document", "sent/*/*/*/*/document.json"),
        ("standing", "sent/*/*/*/*/status.json"),
        ("error", "failed/*/*/*/*/error.json"),
        ("inbound", "inbox/*/document.json"),
        ("verification", "inbox/*/verification.json"),
        ("receipt", "receipts/*.json"),
        ("status", "statuses/done/*.json"),
    ],
)
def test_what_lies_in_the_folders_is_what_the_schemas_say(played, name, pattern):
    """Software written against `edge-node schema` reads every file the nodes wrote."""
    folder, _ = played
    files = list(folder.glob(f"H99.*/exchange/{pattern}"))
    assert files
    checks = Draft202012Validator(schema(name))
    for file in files:
        checks.validate(json.loads(file.read_text(encoding="utf-8")))


def test_the_demo_keeps_keys_to_itself(played):
    """Keys and passwords are readable to nobody else; those of the authority are nowhere."""
    folder, _ = played
    private = [path for path in (folder / "authority").iterdir() if path.name != "root.crt"]
    assert len(private) == 6
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}
    words = [path.read_text() for path in private if path.suffix == ".password"]
    logs = [path.read_text(encoding="utf-8") for path in folder.glob("*.log")]
    assert not [word for word in words for log in logs if word in log]


def test_a_demo_does_not_play_over_another(played):
    """A folder that has been played in is refused, and left as it was."""
    folder, _ = played
    again = edge_node("demo", "--json", "--dir", folder)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.splitlines()[0].startswith("edge-node: there is a sandbox in ")


@dataclass
class Played:
    """An agency whose folders hold what a demo would have left there."""

    exchange: Path
    queue: Path


def a_play(folder):
    """Lay one document that went from one agency to another, and the axis's note of it."""
    actors = {
        code: Played(folder / code, folder / code / "queue.db") for code in ("H99.01", "H99.02")
    }
    for actor in actors.values():
        for name in ("inbox", "receipts"):
            (actor.exchange / name).mkdir(parents=True)
    arrived = actors["H99.02"].exchange / "inbox" / "one"
    arrived.mkdir()
    (arrived / "document.json").write_text(json.dumps({"document_id": DOCUMENT}))
    (arrived / "verification.json").write_text("{}")
    (arrived / "a.pdf").write_bytes(b"%PDF")
    letter = Letter(
        title="one",
        style="bundle",
        sender="H99.01",
        receivers=("H99.02",),
        document_id=DOCUMENT,
        originals=(Original.of(arrived / "a.pdf"),),
    )
    axis = folder / "axis"
    axis.mkdir()
    return actors, letter, axis


def note_sends(axis, times):
    """Enter the document in the tables of a test axis so often."""
    from edge_node.sandbox.store import Store

    Store(axis).close()
    with sqlite3.connect(axis / DATABASE) as db:
        for send in range(1, times + 1):
            db.execute(
                "insert into sends values (?, ?, 'H99.01', 'edoc', ?, '1/VP', '', '', '', 4, '')",
                (send, f"s{send}", DOCUMENT),
            )
            db.execute(
                "insert into deliveries (doc_id, send, receiver, message_type, created, updated)"
                " values (?, ?, 'H99.02', 'edoc', '', '')",
                (f"d{send}", send),
            )
    db.close()


def counted(actors, letter, axis):
    result = audit(actors, [letter], axis)
    return {
        "sent": result.sent,
        "delivered": result.delivered,
        "lost": result.lost,
        "duplicated": result.duplicated,
    }


def test_the_audit_finds_a_document_that_arrived_once(tmp_path):
    """The example the others spoil."""
    actors, letter, axis = a_play(tmp_path)
    note_sends(axis, 1)
    balance = counted(actors, letter, axis)
    assert balance == {"sent": 1, "delivered": 1, "lost": 0, "duplicated": 0}


@pytest.mark.parametrize("spoilt", ["folder", "file", "bytes", "identity"])
def test_the_audit_misses_what_is_not_there(tmp_path, spoilt):
    """No folder, a folder without the file, with other bytes, or of another document: lost."""
    actors, letter, axis = a_play(tmp_path)
    note_sends(axis, 1)
    arrived = actors["H99.02"].exchange / "inbox" / "one"
    if spoilt == "folder":
        shutil.rmtree(arrived)
    elif spoilt == "file":
        (arrived / "a.pdf").unlink()
    elif spoilt == "bytes":
        (arrived / "a.pdf").write_bytes(b"%PDG")
    else:
        (arrived / "document.json").write_text(json.dumps({"document_id": "another"}))
    balance = counted(actors, letter, axis)
    assert balance == {"sent": 1, "delivered": 0, "lost": 1, "duplicated": 0}


def test_the_audit_counts_a_folder_that_is_there_twice(tmp_path):
    """The receiver got it twice, whatever the axis says."""
    actors, letter, axis = a_play(tmp_path)
    note_sends(axis, 1)
    inbox = actors["H99.02"].exchange / "inbox"
    shutil.copytree(inbox / "one", inbox / "two")
    balance = counted(actors, letter, axis)
    assert balance == {"sent": 1, "delivered": 1, "lost": 0, "duplicated": 1}


def test_the_audit_counts_a_double_the_receiver_hid(tmp_path):
    """The axis accepted it twice: a double, though the inbox shows it once."""
    actors, letter, axis = a_play(tmp_path)
    note_sends(axis, 2)
    balance = counted(actors, letter, axis)
    assert balance == {"sent": 1, "delivered": 1, "lost": 0, "duplicated": 1}


def test_the_audit_believes_a_refusal_only_from_the_right_agency(tmp_path):
    """A receipt about another receiver does not excuse a document that is nowhere."""
    actors, letter, axis = a_play(tmp_path)
    note_sends(axis, 0)
    shutil.rmtree(actors["H99.02"].exchange / "inbox" / "one")
    receipts = actors["H99.01"].exchange / "receipts"
    refusal = {"document_id": DOCUMENT, "event": "refused", "to": "H99.03"}
    (receipts / "1.json").write_text(json.dumps(refusal))
    assert counted(actors, letter, axis)["lost"] == 1
    (receipts / "2.json").write_text(json.dumps(refusal | {"to": "H99.02"}))
    assert counted(actors, letter, axis)["lost"] == 0


@pytest.mark.parametrize(
    ("told", "lies_there", "fate", "good"),
    [
        (True, False, "recalled", True),
        (True, True, "delivered", False),
        (False, False, "lost", False),
        (False, True, "delivered", False),
    ],
)
def test_the_audit_wants_what_was_sent_by_mistake_back(tmp_path, told, lies_there, fate, good):
    """Its sender was told, and it lies with the receiver no more."""
    actors, letter, axis = a_play(tmp_path)
    note_sends(axis, 1)
    if not lies_there:
        shutil.rmtree(actors["H99.02"].exchange / "inbox" / "one")
    if told:
        receipt = {"document_id": DOCUMENT, "event": "recalled", "to": "H99.02"}
        (actors["H99.01"].exchange / "receipts" / "1.json").write_text(json.dumps(receipt))
    result = audit(actors, [replace(letter, mistaken=True)], axis)
    assert [unit.fate for unit in result.units] == [fate]
    assert result.good is good


def keep_from_software(played):
    """Enter the document in the queue of an agency as one that is set aside."""
    with sqlite3.connect(played.queue) as db:
        db.execute("create table incoming (document_id text, state text, reason text)")
        db.execute("insert into incoming values (?, 'quarantined', '')", (DOCUMENT,))
    db.close()


def fail_at_home(played):
    """Lay the document where drops go that were never sent."""
    folder = played.exchange / "failed" / "2026" / "11" / "22" / "1-VP"
    folder.mkdir(parents=True)
    (folder / "document.json").write_text(json.dumps({"document_id": DOCUMENT}))
    (folder / "error.json").write_text("{}")


@pytest.mark.parametrize(
    ("happened", "fate"),
    [(keep_from_software, "quarantined"), (fail_at_home, "refused"), (None, "delivered")],
)
def test_the_audit_wants_what_was_altered_to_be_caught(tmp_path, happened, fate):
    """By the receiver or by the sender itself; where neither did, the demo has failed."""
    actors, letter, axis = a_play(tmp_path)
    note_sends(axis, 1)
    if happened:
        shutil.rmtree(actors["H99.02"].exchange / "inbox" / "one")
        happened(actors["H99.02" if happened is keep_from_software else "H99.01"])
    result = audit(actors, [replace(letter, altered=True)], axis)
    assert [unit.fate for unit in result.units] == [fate]
    assert result.good is (happened is not None)
    assert (result.altered, result.caught) == (1, int(result.good))


@pytest.mark.parametrize(
    ("added", "verdict", "good"),
    [
        (b" and a signature", "VALID", True),
        (b" and a signature", "INVALID", False),
        (b" and a signature", "INDETERMINATE", False),
        (b"", "VALID", False),
    ],
)
def test_the_audit_wants_signatures_that_are_valid(tmp_path, added, verdict, good):
    """Something behind the file, and the receiver's word that it is a VALID signature."""
    actors, letter, axis = a_play(tmp_path)
    note_sends(axis, 1)
    arrived = actors["H99.02"].exchange / "inbox" / "one"
    (arrived / "a.pdf").write_bytes(b"%PDF" + added)
    told = {"attachments": [{"file": "a.pdf", "verdict": verdict}]}
    (arrived / "verification.json").write_text(json.dumps(told))
    result = audit(actors, [replace(letter, signs=True)], axis)
    assert (result.delivered, result.lost) == (1, 0)
    assert result.good is good
