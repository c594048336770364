"""The examples for makers of document software, and the page that tells of them, as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import graded
import needs
import pytest
from system_world import PDF, an_office, environment, until
from typed import a_free_port, blocks, typed

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs/examples"
PAGES = ("docs/integrate.md", "docs/integrate.vi.md")
LANGUAGES = ("python", "csharp", "shell")
TITLE = 'V/v họp giao ban "quý IV", tổ 1/2 \\ khu phố ễ'
FAILED = range(1, 128)  # what a program ends with that gives up by itself
SCAN = "Phụ lục số 1 (ký ở Ủy ban) danh sách đơn vị.pdf"


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Each example as one would start it; the C# one is compiled first."""
    needs.program("mcs", "mono-mcs")
    needs.program("mono", "mono-runtime")
    needs.program("jq", "jq")
    compiled = tmp_path_factory.mktemp("csharp") / "Exchange.exe"
    compiling = ["mcs", "-warnaserror", "-r:System.Runtime.Serialization", f"-out:{compiled}"]
    subprocess.run([*compiling, EXAMPLES / "csharp/Exchange.cs"], check=True)
    return {
        "python": ["python3", EXAMPLES / "python/exchange.py"],
        "csharp": ["mono", compiled],
        "shell": [EXAMPLES / "shell/exchange.sh"],
    }


class World(NamedTuple):
    """Two offices whose nodes are running."""

    ours: object
    theirs: object


@pytest.fixture(scope="module")
def world(tmp_path_factory, axis):
    home = tmp_path_factory.mktemp("offices")
    ours, theirs = an_office(home, axis), an_office(home, axis)
    with ours.running(), theirs.running():
        yield World(ours, theirs)


@pytest.fixture(params=LANGUAGES)
def software(request, programs, tmp_path):
    """Document software in one of the languages, with a database of its own."""
    file, store = tmp_path / SCAN, tmp_path / "store"
    file.write_bytes(PDF)
    store.mkdir()
    return Software(request.param, programs[request.param], file, store)


@dataclass(frozen=True, slots=True)
class Software:
    """An example at work on the exchange folders of offices; what it sends, where it stores."""

    language: str
    program: list
    file: Path
    store: Path

    def does(self, office, verb, *words, status=0):
        """Have it do something; return the lines it says."""
        done = subprocess.run(
            [*self.program, office.exchange, verb, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment(LC_ALL="C.UTF-8"),
            timeout=180,
            umask=0o007 if self.language == "csharp" else 0o077,  # which .NET cannot set itself
            check=False,
        )
        wanted = range(256) if status is None else status if status is FAILED else [status]
        assert done.returncode in wanted, done.stdout + done.stderr
        return done.stdout.splitlines()

    def key(self, what):
        """Return a key no other document has."""
        return f"qlvb-{self.language}-{what}"

    def sends(self, office, what, to, *, number, subject=TITLE, files=(), **options):
        """Have it send a document; return its key."""
        order = (number, f"UBND-{self.language}", "2026-11-21", "Công văn", subject, to)
        self.does(office, "send", self.key(what), *order, *(files or [self.file]), **options)
        return self.key(what)

    def hears(self, office, key, words, *, status=0):
        """Wait until it says so of a document."""

        def said():
            """Return what is said of the document, once it is that."""
            return re.search(words, "\n".join(self.does(office, "status", key, status=None)))

        found = until(said)
        self.does(office, "status", key, status=status)
        return found


def outbox(office):
    return sorted(path.name for path in (office.exchange / "outbox").iterdir())


def in_the_inbox(office):
    return sorted((office.exchange / "inbox").glob("[!.]*"))


def arrived(software, world, what, number):
    """Send a document, wait until it lies in the other inbox, and return its folder there."""
    software.sends(world.ours, what, world.theirs.code, number=number)
    return until(lambda: in_the_inbox(world.theirs))[0]


def test_a_document_is_sent_delivered_and_received(software, world):
    """Sent by the one, seen delivered, received by the other; Vietnamese all the way."""
    ours, theirs = world
    key = software.sends(ours, "gửi", theirs.code, number="12")

    software.hears(ours, key, f"^{theirs.code} delivered 01 Đã đến$")
    (folder,) = in_the_inbox(theirs)
    identity = json.loads((folder / "document.json").read_bytes())["id"]
    said = f"{identity} new {ours.code} 12/UBND-{software.language} {TITLE}"
    assert software.does(theirs, "receive", software.store) == [said]

    stored = software.store / identity
    names = {path.name for path in stored.iterdir()}
    assert names == {software.file.name, "document.json", "verification.json"}
    assert (stored / software.file.name).read_bytes() == PDF
    assert in_the_inbox(theirs) == []
    assert software.does(theirs, "receive", software.store) == []
    until(lambda: "taken" in theirs.command("list").stdout)


def test_what_is_dropped_is_open_to_the_group_alone(software, office):
    """The node is another user: it reads and moves drops by way of the group."""
    folder = office.exchange / "outbox"
    with suppress(OSError):  # there is none, or there can be none: then the rights are as given
        os.removexattr(folder, "system.posix_acl_default")

    drop = folder / software.sends(office, "quyền", "H98.999", number="20")

    theirs = [drop, drop / "document.json", drop / software.file.name]
    assert [path.stat().st_mode & 0o777 for path in theirs] == [0o770, 0o660, 0o660]
    assert software.does(office, "status", drop.name) == ["waits in outbox"]


def test_receipts_are_told_in_order_and_go(software, world):
    """What happened to a document comes under its key, the node's words and the receiver's."""
    ours, theirs = world
    software.does(ours, "receipts")  # those of others
    folder = arrived(software, world, "biên nhận", "13")
    key = software.key("biên nhận")
    software.hears(ours, key, "delivered 01")
    until(lambda: list((ours.exchange / "receipts").glob("*_status-01.json")))

    told = software.does(ours, "receipts")

    assert [line.split(f"{key} ")[1].strip() for line in told] == [
        f"{theirs.code} queued",
        f"{theirs.code} accepted",
        f"{theirs.code} delivered",
        f"{theirs.code} 01 Đã đến Đơn vị {theirs.code}: đã đến",
    ]
    assert software.does(ours, "receipts") == []
    assert folder in in_the_inbox(theirs)
    software.does(theirs, "receive", software.store)


def test_a_receiver_there_is_not_fails_with_the_sentence_and_can_be_mended(software, world):
    """The clerk reads what is wrong; mended, the document leaves under the same key."""
    ours, theirs = world
    key = software.sends(ours, "sai nơi nhận", "H98.999", number="14")

    failed = software.hears(ours, key, "^failed, axis-refused: (.*)$", status=1)
    assert "H98.999" in failed[1]
    assert "sửa lại mã đơn vị nhận" in failed[1]

    software.sends(ours, "sai nơi nhận", theirs.code, number="14")
    software.hears(ours, key, f"^{theirs.code} delivered")
    software.does(theirs, "receive", software.store)


def test_a_drop_that_is_not_as_it_must_be_fails_with_all_that_is_wrong(software, world):
    """Refused twice, even within one second, the later refusal is told."""
    key = software.sends(world.ours, "thiếu", "H98.001", number="15", subject="")
    software.hears(world.ours, key, "^failed, drop-refused: .*subject", status=1)

    software.sends(world.ours, "thiếu", "", number="15")
    until(lambda: len(list(world.ours.exchange.glob(f"failed/*/*/*/{key}*/error.json"))) == 2)
    for paper in world.ours.exchange.glob(f"failed/*/*/*/{key}*/error.json"):
        told = json.loads(paper.read_bytes()) | {"at": "2026-11-21T14:03:05+07:00"}
        paper.write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    software.hears(world.ours, key, "^failed, drop-refused: .*; to", status=1)


def test_a_state_secret_is_told_of_where_it_lies(software, world):
    """Nothing of it was taken; the software learns it all the same, and takes it back."""
    stamped = software.file.with_name("đóng dấu.pdf")
    stamped.write_bytes(graded.a_page("MẬT"))

    key = software.sends(world.ours, "mật", "H98.001", number="16", files=[stamped])

    software.hears(world.ours, key, "^failed, secret: ", status=1)
    shutil.rmtree(world.ours.exchange / "outbox" / key)
    for paper in (world.ours.exchange / "outbox").glob(f"{key}.error.*"):
        paper.unlink()


def test_a_document_nobody_gave_is_nowhere(software, world):
    """Neither in the folders, nor under a key that only begins like one of theirs."""
    said = software.does(world.ours, "status", software.key("không có"), status=1)

    assert said == ["nowhere: being taken just now, or never given"]


def test_a_send_that_was_cut_off_shows_nothing_and_is_made_again(software, world):
    """What was left of it is cleared away; who sends once more sends no second document."""
    ours, theirs = world
    missing = software.file.with_name("không có.pdf")
    key = software.sends(
        *(ours, "ngắt", theirs.code),
        number="17",
        files=[software.file, missing],
        status=FAILED,
    )
    assert outbox(ours) == [f".{key}"]
    (ours.exchange / "outbox" / f".{key}" / "half").touch()

    software.sends(ours, "ngắt", theirs.code, number="17")
    software.hears(ours, key, "delivered")
    software.sends(ours, "ngắt", theirs.code, number="17")
    until(lambda: list(ours.exchange.glob(f"failed/*/*/*/{key}/error.json")))

    software.hears(ours, key, f"^{theirs.code} delivered")
    assert len(in_the_inbox(theirs)) == 1
    software.does(theirs, "receive", software.store)
    (drop,) = ours.exchange.glob(f"sent/*/*/*/{key}")
    assert not (drop / "half").exists()
    drop.rename(ours.home / key)  # as whoever clears up does, some day
    software.hears(ours, key, "^nowhere", status=1)


def test_receiving_that_was_cut_off_anywhere_is_made_up_for(software, world, tmp_path):
    """Half stored, stored but not removed, half removed: it is stored once and then gone."""
    folder = arrived(software, world, "nhận", "18")
    identity = json.loads((folder / "document.json").read_bytes())["id"]
    kept = shutil.copytree(folder, tmp_path / "kept")
    (software.store / f".{identity}").mkdir()
    (software.store / f".{identity}" / "half").touch()

    assert len(software.does(world.theirs, "receive", software.store)) == 1
    assert [path.name for path in software.store.iterdir()] == [identity]
    assert not (software.store / identity / "half").exists()

    shutil.copytree(kept, folder)
    assert software.does(world.theirs, "receive", software.store) == []
    folder.mkdir()
    shutil.copy(kept / "document.json", folder)
    assert software.does(world.theirs, "receive", software.store) == []
    assert in_the_inbox(world.theirs) == []
    assert (software.store / identity / software.file.name).read_bytes() == PDF


def test_what_was_read_with_errors_is_not_stored_and_stays(software, world):
    """A copy that is not what the node wrote is no copy."""
    folder = arrived(software, world, "hỏng", "19")
    (folder / software.file.name).write_bytes(PDF.replace(b"Catalog", b"catalog"))

    assert software.does(world.theirs, "receive", software.store, status=FAILED) == []

    assert in_the_inbox(world.theirs) == [folder]
    assert [path for path in software.store.iterdir() if path.name[0] != "."] == []
    (folder / software.file.name).write_bytes(PDF)
    assert len(software.does(world.theirs, "receive", software.store)) == 1


# -- the page ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_page_does_what_it_says(tmp_path, programs):
    """Every command on it, typed one after the other as it stands."""
    assert programs
    script = "".join(blocks(PAGES[0], "sh")).replace("8478", a_free_port())

    status, output = typed(script + "wait\n", tmp_path)

    assert status == 0, output
    for shown in blocks(PAGES[0], "text"):
        assert all(re.search(as_said(line), output) for line in shown.splitlines()), output


def as_said(line):
    """Return a line of a page as a pattern: ids may be others, … stands for anything."""
    pattern = re.escape(line).replace("…", ".*")
    return re.sub(r"\bi[a-z0-9]{9}\b", "i[a-z0-9]{9}", pattern)


def test_code_on_the_page_is_that_of_the_example():
    """Whoever copies it from there has what is tested here."""
    code = (EXAMPLES / "python/exchange.py").read_text("utf-8")
    shown = blocks(PAGES[0], "python")

    assert shown
    assert [block for block in shown if block not in code] == []


@pytest.mark.parametrize("kind", ["sh", "python", "text", "json"])
def test_both_pages_show_the_same(kind):
    """A Vietnamese reader is told as much as an English one."""
    assert blocks(PAGES[0], kind) == blocks(PAGES[1], kind)
