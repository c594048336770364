"""The story of a path: which rule left a drop in the outbox, and what a file elsewhere is."""

from __future__ import annotations

import json
import os
import pwd
import re
from datetime import timedelta
from pathlib import Path

import needs
import pytest
from explaining import both, commands, explained, facts
from flows_world import DAY, LETTER, a_sheet, as_json
from writers import writing_to

import edge_node
from edge_node.domain.errors import UnknownItem
from edge_node.node.explaining.outbox_cures import ANSWERS
from edge_node.node.explaining.writing import UNFINISHED

PDF = LETTER.read_bytes()
HOUR = 3600.0
INTAKE = {"quiet": timedelta(seconds=2), "bare_grace": timedelta(minutes=10)}


@pytest.fixture
def desk(world):
    """Set up an agency whose drops have to look the same for two seconds."""
    return world.desk(intake=INTAKE)


def waits(desk, path, *, ahead=5.0):
    """Return what is told of a path that was left in the outbox, in English; both are whole."""
    tale = explained(desk, path, ahead=ahead)
    assert Path(tale.path) == path
    return tale, both(tale)[0]


def user_name():
    return pwd.getpwuid(os.getuid()).pw_name


def lay(desk, name, content=b""):
    path = desk.outbox / name
    path.write_bytes(content)
    return path


# ── in the outbox ────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_yet_quiet_is_waited_for(desk):
    """Two seconds have to go by in which nothing changes."""
    path = desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to="H01.1"))
    tale, english = waits(desk, path, ahead=0.0)
    assert facts(tale) == ["waits", "growth"]
    assert "is still changing" in english
    assert "last written to" in english
    assert "nothing of it has changed for 2 seconds" in english
    assert "nothing of it has changed for a second" not in english


def test_what_is_complete_says_so_and_what_keeps_the_node(desk):
    """It is taken within a minute; or the node is stopped, or has nothing to sign with."""
    path = desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to="H01.1"))
    tale, english = waits(desk, path)
    assert facts(tale) == ["ready", "its-turn"]
    assert "it is taken in within a minute" in english
    assert facts(explained(desk, path / "cv.pdf", ahead=5.0)) == ["ready", "its-turn"]

    stopped = explained(desk, path, ahead=5.0, running=False)
    assert facts(stopped) == ["ready", "node-stopped"]
    assert commands(stopped) == ["edge-node run"]
    desk.turn("intake")
    assert desk.ledger.outbound(limit=1) == []  # nothing was taken by looking


@pytest.mark.parametrize("name", [".ẩn.pdf", "~$12.docx", "12.pdf.tmp", "12.pdf.crdownload"])
def test_a_name_that_is_passed_over_says_why(desk, name):
    """Hidden, a program's own, or unfinished; what is finished only wants its name."""
    path = lay(desk, name, PDF)
    tale, english = waits(desk, path, ahead=HOUR)
    assert facts(tale) == ["name-ignored", "unchanged"]
    assert f"nobody takes {name}" in english
    if name.startswith("12"):
        assert commands(tale) == [f"mv {path} {desk.outbox / '12.pdf'}"]


def test_a_file_no_sidecar_names_and_no_rule_knows(desk):
    """A sheet beside it, or a rule in the configuration."""
    path = lay(desk, "vb den.pdf", PDF)
    tale, english = waits(desk, path, ahead=HOUR)
    assert "no sidecar names it, and no rule of the configuration knows its name" in english
    assert "lay a file vb den.json beside it" in english
    assert commands(tale) == ["edge-node schema document", "edge-node config"]
    assert "by itself this will hardly mend" in english


def test_a_bare_file_whose_time_has_not_come(desk):
    """A sidecar may still come for it."""
    path = lay(desk, "12-UBND_2026-11-21_H01.1.pdf", PDF)
    _, english = waits(desk, path)
    assert "a sidecar may still come for it" in english


def test_a_sidecar_without_its_file(desk):
    """Which name it misses, and that it is refused after a while; likewise in a folder."""
    path = lay(desk, "12.json", as_json(a_sheet("cv.pdf", to="H01.1")))
    tale, english = waits(desk, path)
    assert "cv.pdf, named in 12.json, is missing; it is refused when nothing has" in english
    assert "put cv.pdf there by exactly that name" in english
    assert commands(tale) == [f"ls -l {desk.outbox}"]
    bundle = desk.drop_raw("13", {"document.json": as_json(a_sheet("cv.pdf", to="H01.1"))})
    assert "cv.pdf, named in document.json, is missing" in waits(desk, bundle)[1]
    _, late = waits(desk, path, ahead=HOUR)
    assert "it cannot be sent as it is, and is put into failed/" in late


def test_a_file_waits_with_the_sheet_that_names_it(desk):
    """Whoever asks about the file is told of the sheet."""
    lay(desk, "12.json", as_json(a_sheet("cv.pdf", "pl.pdf", to="H01.1")))
    tale, english = waits(desk, lay(desk, "cv.pdf", PDF))
    assert facts(tale)[0] == "goes-with"
    assert "it belongs to 12.json, and waits with it" in english
    assert "pl.pdf, named in 12.json, is missing" in english


def test_a_folder_without_a_sheet(desk):
    """Nobody knows yet what it is."""
    path = desk.drop_raw("12", {"cv.pdf": PDF})
    tale, english = waits(desk, path, ahead=HOUR)
    assert "the folder holds no document.json yet" in english
    assert commands(tale) == ["edge-node schema document"]


def test_a_file_a_program_has_open_for_an_hour_names_the_program(desk):
    """Who has it open, by which process; nobody else knows when it is done."""
    path = lay(desk, "12.edxml", b"<x:edXML></x:edXML>")
    with path.open("ab"):
        tale, english = waits(desk, path, ahead=HOUR)
        assert "12.edxml is open for writing in another program" in english
        assert f"(process {os.getpid()}, account {user_name()}) has 12.edxml open" in english
        assert "there are 19 bytes in 12.edxml, last written to 60 minutes ago" in english
        assert ", for 60 minutes" in english
    assert facts(tale) == ["waits", "open-in", "growth", "lies-since"]
    assert commands(tale) == [f"ps -f -p {os.getpid()}", f"kill {os.getpid()}"]


def test_a_file_that_is_open_beside_its_sheet_names_the_program(desk):
    """The sheet waits for it: asked about the sheet, the file is the one to tell of."""
    sheet = lay(desk, "12.json", as_json(a_sheet("cv.pdf", to="H01.1")))
    with lay(desk, "cv.pdf", PDF).open("ab"):
        tale, english = waits(desk, sheet)
    assert facts(tale) == ["waits", "open-in", "growth"]
    assert f"(process {os.getpid()}, account {user_name()}) has cv.pdf open" in english
    assert f"there are {len(PDF)} bytes in cv.pdf" in english


def test_a_file_in_a_drop_that_grows_says_by_whom_and_how_far(desk):
    """Then and now, and no word of nothing having changed."""
    drop = desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to="H01.1"))
    file = drop / "cv.pdf"
    with writing_to(file) as writer:
        tale, english = waits(desk, drop, ahead=0.0)
    assert facts(tale) == ["waits", "open-in", "growth"]
    assert re.search(r"cv\.pdf grew from \d+ to \d+ bytes", english)
    assert f"process {writer.pid}" in english
    assert "nothing of it has changed for" not in english.replace("changed for 2 seconds", "")


def test_a_drop_the_node_may_not_read(desk):
    """Told by the account of the node, though root asks; and how its group gets at it."""
    needs.root()
    os.chown(desk.config.folders.data, 65534, 65534)
    path = desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to="H01.1"))
    path.chmod(0o700)
    tale, english = waits(desk, path)
    assert "the node may not take 12: it belongs to root with mode 0700" in english
    assert commands(tale)[0].endswith(f"{path} && chmod -R g+rwX {path}")


def test_what_is_no_file_or_cut_off(desk):
    """A link is never followed; half a PDF is waited for."""
    link = desk.outbox / "12.pdf"
    link.symlink_to(LETTER)
    tale, english = waits(desk, link)
    assert "it is a symbolic link; links are never followed" in english
    assert commands(tale)[0].startswith("cp --remove-destination")
    half = desk.drop("13", {"cv.pdf": PDF[:100]}, **a_sheet("cv.pdf", to="H01.1"))
    _, english = waits(desk, half)
    assert "cv.pdf is not complete: it is cut off" in english


def test_one_marked_secret_is_refused_where_it_lies(desk):
    """Before the node looked, and after; the node's own paper is told apart."""
    sheet = a_sheet("cv.pdf", to="H01.1", secrecy="mat")
    path = desk.drop("12", {"cv.pdf": PDF}, **sheet)
    assert facts(explained(desk, path, ahead=5.0))[0] == "secret"
    desk.turn("intake")
    desk.later(seconds=5)
    desk.turn("intake")
    tale, _ = waits(desk, path)
    assert facts(tale)[:2] == ["refused-there", "refused-because"]
    paper, _ = waits(desk, desk.outbox / "12.error.txt")
    assert facts(paper)[:2] == ["our-note", "refused-because"]


def test_the_outbox_itself_tells_of_all_that_waits(desk):
    """The longest first, and how many can be taken."""
    lay(desk, "a.pdf", PDF)
    desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to="H01.1"))
    tale, english = waits(desk, desk.outbox)
    assert "what can be taken in: 1; what waits for something: 1" in english
    assert f"edge-node explain {desk.outbox / 'a.pdf'}" in commands(tale)


def test_every_reason_of_the_scan_that_is_answered_is_one_it_gives():
    """A sentence that is worded anew in the scan must be worded anew here, too."""
    adapters = Path(edge_node.__file__).parent / "adapters"
    source = "".join(path.read_text("utf-8") for path in adapters.glob("*.py"))
    joined = re.sub(r'"\n\s+"', "", source)
    answered = [*ANSWERS, *UNFINISHED]
    assert [reason for reason in answered if f'"{reason}"' not in joined] == []


# ── elsewhere in the exchange folder ─────────────────────────────────────────────────────────────


def test_a_drop_that_was_refused_says_every_problem(desk):
    """By its folder in failed/, and by the name it had in the outbox; it is moved back by hand."""
    sheet = a_sheet("cv.pdf", to="khong phai ma", number="")
    path = desk.drop("12", {"cv.pdf": PDF}, **sheet)
    desk.turn("intake")
    desk.later(seconds=5)
    desk.turn("intake")
    folder = desk.exchange / f"failed/{DAY}/12"
    problems = json.loads((folder / "error.json").read_bytes())["problems"]
    for place in (path, folder, folder / "error.txt"):
        tale = explained(desk, place)
        assert facts(tale)[:2] == ["refused-drop", "refused-because"]
        english, _ = both(tale)
        assert all(" ".join(problem.split()) in english for problem in problems)
        assert commands(tale) == [f"mv {folder} {desk.outbox}/"]


def test_a_package_over_the_limit_is_refused_with_the_sizes(world):
    """The files that are too large are named, with the limit."""
    desk = world.desk(limits={"attachment": 1000})
    path = desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to="H01.1"))
    desk.turn("intake")
    english, _ = both(explained(desk, path))
    assert "1000" in english
    assert str(len(PDF)) in english


def test_a_drop_that_repeats_another_points_at_it(world, receiver):
    """What became of the first is one command away."""
    desk = world.desk()
    for name in ("12", "12b"):
        desk.drop(name, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
        desk.turn()
    (document,) = desk.ledger.outbound(limit=9)
    tale = explained(desk, desk.outbox / "12b")
    assert f"edge-node explain {document.id}" in commands(tale)
    both(tale)


def test_a_folder_that_was_filed_is_its_document(world, receiver):
    """In sent/ or by its old name in the outbox: the document's own story, and where it lies."""
    desk = world.desk()
    desk.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    desk.turn()
    (document,) = desk.ledger.outbound(limit=9)
    for place in (desk.outbox / "12", desk.exchange / f"sent/{DAY}/12/cv.pdf"):
        tale = explained(desk, place)
        assert (tale.item, facts(tale)[0]) == (document.id, "lies-in")
    receipt = next(desk.exchange.glob("receipts/*accepted*"))
    assert explained(desk, receipt).item == document.id
    receiver.turn()
    (folder,) = receiver.inbox
    (item,) = receiver.ledger.inbound(limit=9)
    assert explained(receiver, folder).item == item.id
    assert explained(receiver, f"inbox/{folder.name}").item == item.id
    (folder / ".taken").touch()
    assert facts(explained(receiver, folder))[0] == "marked-taken"


@pytest.mark.parametrize("room", ["queued", "sent", "failed"])
def test_a_folder_of_the_exchange_says_what_it_is_for(desk, room):
    """Whoever stands before it asks first what lies there."""
    tale = explained(desk, desk.outbox.with_name(room))
    assert facts(tale) == [room]
    assert "drops" in both(tale)[0]


def test_a_folder_nobody_laid_into_the_inbox_is_nobodys(desk):
    """It is not from this node, and that is all there is to say."""
    (desk.exchange / "inbox/x").mkdir()
    assert facts(explained(desk, desk.exchange / "inbox/x")) == ["not-ours"]


def test_a_status_file_is_told_wherever_it_lies(world, receiver):
    """Waiting, refused with its problems, or taken: then it is the document's story."""
    sender = world.desk()
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn()
    receiver.turn()
    (item,) = receiver.ledger.inbound(limit=9)
    good = receiver.report("tot.json", id=item.id, status="03")
    bad = receiver.report("sai.json", id=item.id, status="77")
    text = receiver.exchange / "statuses/ghi chu.txt"
    text.write_text("x")
    assert facts(explained(receiver, good)) == ["ready"]
    assert "a status is a .json or .yaml file" in both(explained(receiver, text))[0]
    receiver.turn()
    assert explained(receiver, good).item == item.id
    tale = explained(receiver, bad)
    assert facts(tale)[:2] == ["status-refused", "refused-because"]
    both(tale)
    folder = receiver.exchange / "statuses/failed"
    assert commands(tale) == [f"mv {folder / 'sai.json'} {receiver.exchange / 'statuses'}/"]
    assert facts(explained(receiver, folder / "sai.error.txt"))[0] == "status-refused"


# ── anywhere else ────────────────────────────────────────────────────────────────────────────────


def test_a_share_that_is_not_mounted(desk):
    """The cause is the share, whatever path was asked about; what is mounted there, tells."""
    path = desk.outbox / "12"
    desk.exchange.rename(desk.exchange.with_name("away"))
    desk.exchange.mkdir()
    tale = explained(desk, path)
    assert facts(tale) == ["exchange-away", "waits"]
    english, _ = both(tale)
    assert "mount the share again: mount" in english
    assert commands(tale) == [f"findmnt --target {desk.exchange}", "edge-node doctor"]


def test_the_exchange_folder_of_another_agency(world, desk):
    """It has a node of its own, which has to be asked."""
    other = world.desk()
    tale = explained(desk, other.outbox / "12")
    assert facts(tale) == ["foreign-folder"]
    assert other.code in both(tale)[0]


def test_a_path_outside_and_a_name_nobody_knows(desk, tmp_path):
    """Where it would have to lie; what was taken in lately."""
    tale = explained(desk, tmp_path)
    assert facts(tale) == ["outside"]
    assert commands(tale) == [f"mv {tmp_path} {desk.outbox}/"]
    both(tale)
    tale = explained(desk, tmp_path / "khong co")
    assert (facts(tale), commands(tale)) == (["not-there"], ["edge-node list --out"])
    both(tale)
    tale = explained(desk, desk.outbox / "khong co")
    assert facts(tale) == ["not-there"]
    both(tale)
    with pytest.raises(UnknownItem) as error:
        explained(desk, "khongco")
    assert str(desk.outbox) in str(error.value.hint)
