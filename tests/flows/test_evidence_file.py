"""An evidence file: opened with plain tools, checked with what lies in it, honest about gaps."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile

import pytest
from flows_world import LETTER, a_sheet
from journals import anchor, meddle

from edge_node.adapters.heads import Heads
from edge_node.node.evidence import Evidence
from edge_node.notary.stamps import ask, read

NAME = "12-UBND-VP"


@pytest.fixture
def sent(world, receiver):
    """Give both ends of a document that was sent, received, and answered with 01."""
    sender = world.desk()
    files = {"thư mời.pdf": LETTER.read_bytes()}
    sender.drop(NAME, files, **a_sheet("thư mời.pdf", to=receiver.code))
    for desk in (sender, receiver, sender):
        desk.turn()
    return sender, receiver


def gathered(desk, tmp_path):
    """Write the evidence of a desk's only document; return it with what was said of it."""
    (row,) = desk.queue.file.rows(
        "select id from documents union all select id from incoming where message = 'edoc'"
    )
    item = desk.ledger.find(row["id"])
    out = io.BytesIO()
    collected = Evidence(node=desk.node, item=item).write(out, tmp_path)
    return zipfile.ZipFile(out), collected


def unpacked(archive, place):
    place.mkdir()
    archive.extractall(place)
    return place


def english(collected):
    return [one.en for one in collected.missing]


def stamp_head(desk, pki):
    """Anchor the journal of a desk, with a real time-stamp."""
    head = anchor(desk.queue.file, now=desk.now)
    request = ask(hashlib.sha256(head.chain).digest())
    Heads(desk.queue.file).stamped(head, read(pki.stamp(request.der), request).token)
    return head


def test_everything_of_a_sent_document_is_in_it(sent, tmp_path):
    """The drop as it was, the package as it travelled, statuses, receipts, rows and papers."""
    sender, _ = sent
    archive, collected = gathered(sender, tmp_path)
    names = archive.namelist()
    assert archive.testzip() is None
    assert archive.read("original/thư mời.pdf") == LETTER.read_bytes()
    (package,) = [name for name in names if name.startswith("package/")]
    assert archive.read(package) in sender_packages(sent)
    for part in ("original/status.json", "record.json", "journal.jsonl", "verify_journal.py",
                 "summary.pdf", "summary.html", "README.txt", "manifest.json"):  # fmt: skip
        assert part in names
    assert any(name.startswith("receipts/") for name in names)
    assert any(name.startswith("statuses/received-") for name in names)
    assert json.loads(archive.read("record.json"))["attempts"][0]["outcome"] == "accepted"
    assert names[-1] == "SHA256SUMS"
    assert collected.holds


def sender_packages(sent):
    sender, _ = sent
    rows = sender.queue.file.rows("select digest from envelopes where message = 'edoc'")
    return [sender.node.spool.path(row["digest"]).read_bytes() for row in rows]


def test_everything_of_a_received_document_is_in_it(sent, tmp_path):
    """The folder of the inbox with its verdicts, the package, and the 01 that was sent."""
    _, receiver = sent
    archive, _ = gathered(receiver, tmp_path)
    names = archive.namelist()
    assert "original/verification.json" in names
    assert any(name.startswith("package/") for name in names)
    assert any(name.startswith("statuses/sent-") for name in names)


def test_it_is_checked_without_this_program(sent, tmp_path, pki):
    """By sha256sum, by the tool that lies in it, and by openssl."""
    sender, _ = sent
    head = stamp_head(sender, pki)
    archive, collected = gathered(sender, tmp_path)
    place = unpacked(archive, tmp_path / "opened")
    sums = subprocess.run(
        ["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=place, check=False
    )
    assert sums.returncode == 0
    listed = (place / "SHA256SUMS").read_text("utf-8").splitlines()
    assert len(listed) == len(archive.namelist()) - 1

    tool = [sys.executable, "-I", "-S", "verify_journal.py", "journal.jsonl"]
    kept = f"{head.event}:{head.chain.hex()}"
    said = subprocess.run(
        [*tool, "--head", kept], cwd=place, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert "with a time-stamp: 1" in said.stdout
    assert (collected.uncovered, collected.stamped) == (0, 1)

    stamped = f"heads/head-{head.event}"
    openssl = ["openssl", "ts", "-reply", "-in", f"{stamped}.tst", "-token_in", "-text"]
    shown = subprocess.run(openssl, cwd=place, capture_output=True, text=True, check=False)
    assert shown.returncode == 0
    assert (place / f"{stamped}.bin").read_bytes() == head.chain


def test_the_tool_takes_the_zip_itself(sent, tmp_path):
    """Nobody has to unpack it first."""
    from edge_node.tools import verify_journal

    sender, _ = sent
    path = tmp_path / "e.zip"
    archive, _ = gathered(sender, tmp_path)
    path.write_bytes(archive.fp.getvalue())
    assert verify_journal.main([str(path)]) == 0


def test_what_is_not_in_it_is_said(sent, tmp_path):
    """The folder the software took, the package the spool lost, heads that are not there yet."""
    _, receiver = sent
    for folder in receiver.inbox:
        shutil.rmtree(folder)
    for path in receiver.node.spool.root.glob("packages/*/*"):
        path.unlink()
    archive, collected = gathered(receiver, tmp_path)
    told = english(collected)
    assert told[0].startswith("the folder of the document is gone")
    assert told[1].startswith("verification.json is gone")
    assert told[2].startswith("the spool has no package")
    assert any(words.startswith("no head vouches for the last") for words in told)
    manifest = json.loads(archive.read("manifest.json"))
    assert [one["en"] for one in manifest["missing"]] == told
    assert "the folder of the document is gone" in archive.read("summary.html").decode()


def test_a_journal_that_does_not_hold_is_said_and_not_hidden(sent, tmp_path):
    """The file is written all the same: what is broken may be what is asked about."""
    sender, _ = sent
    meddle(sender.queue.file, "update events set note = 'x' where id = 2")
    archive, collected = gathered(sender, tmp_path)
    assert not collected.holds
    assert any(
        words.startswith("the journal does NOT hold, line 3") for words in english(collected)
    )
    assert json.loads(archive.read("manifest.json"))["journal_holds"] is False


def test_links_and_hidden_files_of_a_folder_stay_outside(sent, tmp_path):
    """A folder people may write into leads nowhere else."""
    _, receiver = sent
    (folder,) = receiver.inbox
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / ".hidden").write_text("x")
    names = gathered(receiver, tmp_path)[0].namelist()
    assert not [name for name in names if "passwd" in name or "hidden" in name]


def test_the_summary_is_one_page_in_both_languages(sent, tmp_path):
    """As PDF with its fonts embedded; text can be copied out."""
    sender, _ = sent
    archive, _ = gathered(sender, tmp_path)
    path = tmp_path / "summary.pdf"
    path.write_bytes(archive.read("summary.pdf"))
    information = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True)
    assert "Pages:           1\n" in information.stdout
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True)
    assert "Hồ sơ chứng cứ" in text.stdout
    assert "Evidence of an electronic document" in text.stdout
    flat = " ".join(text.stdout.split())
    assert "đã đến nơi / delivered" in flat
    assert "sự kiện của văn bản này, trong" in flat
    fonts = subprocess.run(["pdffonts", path], capture_output=True, text=True, check=True)
    assert "Helvetica" not in fonts.stdout
