"""The exchange folder as a Samba share, by Debian's own smbd as docs/shares.md sets it up."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass

import pytest
from dropping import a_sheet, contents
from share_world import (
    PAGES,
    PASSWORD,
    Client,
    a_server,
    at_work,
    commands_of,
    grows_to,
    size_of,
)
from system_world import PDF, Office, an_axis, an_office, until

PIECE = 8 << 20  # what smbclient reads before it writes
SAMBA = (("smbd", "samba"), ("smbclient", "smbclient"))


@dataclass
class Share:
    """An office whose software is on another machine, and one it writes to."""

    office: Office
    other: Office
    server: object
    client: Client
    typed: str  # what the commands of the page answered
    numbers: object

    @property
    def outbox(self):
        """Where drops lie on the server."""
        return self.office.exchange / "outbox"

    def number(self):
        """Return a number no document has yet."""
        return str(next(self.numbers))

    def sheet(self, number, *files, folder, **changes):
        """Upload no sheet yet, but lay it on the client's disk; return where."""
        path = folder / f"{number}.json"
        path.write_bytes(a_sheet(*files, number=number, to=[self.other.code], **changes))
        return path

    def takes_a_later_one(self, folder):
        """Drop another document, whole, and wait until it is sent: all drops were looked at."""
        number = self.number()
        sheet = self.sheet(number, f"{number}.pdf", folder=folder)
        self.client.puts(PDF, f"outbox/{number}.pdf", folder)
        self.client.succeeds(f'put "{sheet}" "outbox/{number}.json"')
        self.sends(number)

    def sends(self, name):
        """Wait until a drop of that name was sent."""
        until(lambda: name in self.office.lies_in("sent"))

    def explains(self, path):
        """Return what explain says of something in the outbox: facts, and the words."""
        (told,) = self.office.told("explain", path)
        return {each["fact"] for each in told["sentences"]}, json.dumps(told["sentences"])


@pytest.fixture(scope="module")
def axis(tmp_path_factory):
    with an_axis(tmp_path_factory.mktemp("axis"), agencies=8) as axis:
        yield axis


@pytest.fixture(scope="module")
def share(axis, tmp_path_factory):
    """Set a server up by the commands of the page, and a node that works beside it."""
    home = tmp_path_factory.mktemp("offices")
    # Looked at by the clock once an hour: what is taken here was heard of (inotify).
    office = an_office(home, axis, intake={"quiet": "100ms", "scan_every": "1h"})
    other = an_office(home, axis)
    with a_server(office, *SAMBA) as server:
        typed = server.types(commands_of(PAGES[0], "Samba"), env={"PASSWD": PASSWORD})
        with at_work(office), other.running():
            numbers = iter(range(100, 1000))
            yield Share(office, other, server, Client(server), typed, numbers)


def test_the_commands_of_the_page_make_the_share(share):
    """Samba knows every line of the share, the first client is let in, and writes."""
    assert not {"Unknown", "WARNING", "ERROR"} & set(share.typed.replace(":", " ").split())
    assert "NT_STATUS" not in share.typed
    listed = share.typed.rpartition("-c ls")[2]
    assert all(f"  {name} " in listed for name in ("outbox", "inbox", "receipts", "sent"))


def test_both_pages_have_the_same_commands():
    """A Vietnamese reader types what an English one types."""
    for section in ("Samba", "SFTP"):
        english, vietnamese = (commands_of(page, section) for page in PAGES)
        assert english == vietnamese != ""


def test_nobody_comes_in_unnamed_unsigned_or_with_an_old_protocol(share):
    """Nor by an account of this server that is not the share's."""
    share.server.types("useradd --system stranger; smbpasswd -a stranger")
    address = "//127.0.0.1/xa-mau"
    user = f"--user=qlvb-xa-mau%{PASSWORD}"
    for wire in (
        ("--no-pass", "--user=%"),
        ("--max-protocol=NT1", "--option=client min protocol=NT1", user),
        ("--max-protocol=SMB2_02", user),
        (f"--user=stranger%{PASSWORD}",),
    ):
        code, said = share.server.does("smbclient", *wire, address, "-c", "ls")
        assert (code, "outbox" in said) == (1, False), said
    code, said = share.server.does("smbclient", user, "//127.0.0.1/edge-node", "-c", "ls")
    assert "NT_STATUS_BAD_NETWORK_NAME" in said
    signed = share.server.does("testparm", "-s", "--parameter-name=server signing")[1]
    assert signed.splitlines()[-1] == "required"


def test_a_folder_is_taken_once_it_is_renamed(share, tmp_path):
    """Built under a name with a dot, it lies as long as it likes; the rename is the drop."""
    number = share.number()
    sheet = share.sheet(number, "van-ban.pdf", folder=tmp_path)
    share.client.succeeds(
        f'mkdir "outbox/.{number}"', f'put "{sheet}" "outbox/.{number}/document.json"'
    )
    share.takes_a_later_one(tmp_path)
    assert (share.outbox / f".{number}").is_dir()

    share.client.puts(PDF, f"outbox/.{number}/van-ban.pdf", tmp_path)
    share.client.succeeds(f'rename "outbox/.{number}" "outbox/{number}"')
    share.sends(number)


def test_a_file_that_is_renamed_is_complete(share, tmp_path):
    """WinSCP and others write X.filepart, X.tmp or X.part and rename it."""
    for ending in ("tmp", "part", "filepart"):
        number = share.number()
        sheet = share.sheet(number, f"{number}.pdf", folder=tmp_path)
        share.client.puts(PDF, f"outbox/{number}.pdf.{ending}", tmp_path)
        share.client.succeeds(
            f'put "{sheet}" "outbox/{number}.json.{ending}"',
            f'rename "outbox/{number}.json.{ending}" "outbox/{number}.json"',
            f'rename "outbox/{number}.pdf.{ending}" "outbox/{number}.pdf"',
        )
        share.sends(number)


def test_what_a_client_makes_belongs_to_the_node(share, tmp_path):
    """With the rights the hand-off asks for, so that nothing is ever not ours to move."""
    share.client.puts(PDF, "outbox/.mine.pdf", tmp_path)
    share.client.succeeds("mkdir outbox/.mine", "mkdir outbox/.mine/within")
    around = share.outbox.stat()
    for name, mode in ((".mine.pdf", 0o100660), (".mine", 0o42770), (".mine/within", 0o42770)):
        made = (share.outbox / name).stat()
        assert (made.st_uid, made.st_gid) == (around.st_uid, around.st_gid)
        assert oct(made.st_mode) == oct(mode)
    share.client.succeeds("deltree outbox/.mine", "del outbox/.mine.pdf")


def test_a_file_the_client_keeps_open_is_not_taken(share, tmp_path):
    """However whole it looks and however long nothing is written; then it is, at once."""
    number = share.number()
    sheet = share.sheet(number, f"{number}.pdf", folder=tmp_path)
    share.client.succeeds(f'put "{sheet}" "outbox/{number}.json"')
    path = share.outbox / f"{number}.pdf"
    with share.client.uploading(f"outbox/{number}.pdf") as upload:
        upload.stdin.write(PDF.ljust(PIECE - len(PDF), b"\n") + PDF)
        upload.stdin.flush()
        grows_to(path, PIECE)
        share.takes_a_later_one(tmp_path)
        assert (size_of(path), (share.outbox / f"{number}.json").is_file()) == (PIECE, True)

        facts, words = share.explains(share.outbox / f"{number}.json")
        assert "open-in" in facts
        assert "the program smbd (process " in words

        upload.stdin.write(PDF)
        upload.stdin.close()
        assert upload.wait(60) == 0
    share.sends(number)
    (sent,) = share.office.exchange.glob(f"sent/*/*/*/{number}/{number}.pdf")
    assert sent.stat().st_size == PIECE + len(PDF)


def test_a_slow_upload_is_taken_when_it_is_through(share, tmp_path):
    """Piece after piece, with rests longer than the node waits for quiet."""
    number = share.number()
    sheet = share.sheet(number, "lon.pdf", folder=tmp_path)
    share.client.succeeds(
        f'mkdir "outbox/{number}"', f'put "{sheet}" "outbox/{number}/document.json"'
    )
    path = share.outbox / number / "lon.pdf"
    with share.client.uploading(f"outbox/{number}/lon.pdf") as upload:
        for piece in (1, 2):
            upload.stdin.write(PDF.ljust(PIECE, b"\n"))
            upload.stdin.flush()
            grows_to(path, piece * PIECE)
            share.takes_a_later_one(tmp_path)
            assert path.is_file()
        upload.stdin.write(PDF)
        upload.stdin.close()
        assert upload.wait(60) == 0
    share.sends(number)


def test_a_client_that_is_cut_off_leaves_what_is_not_taken(share, tmp_path):
    """Half a file says so by its own end; sent again under its name, it is whole."""
    number = share.number()
    sheet = share.sheet(number, f"{number}.pdf", folder=tmp_path)
    share.client.succeeds(f'put "{sheet}" "outbox/{number}.json"')
    path = share.outbox / f"{number}.pdf"
    with share.client.uploading(f"outbox/{number}.pdf") as upload:
        upload.stdin.write(b"%PDF-1.7\n".ljust(PIECE + 1, b"x"))
        upload.stdin.flush()
        grows_to(path, PIECE)
        upload.kill()
    until(lambda: "open-in" not in share.explains(share.outbox / f"{number}.json")[0])
    share.takes_a_later_one(tmp_path)
    assert path.is_file()
    _, words = share.explains(share.outbox / f"{number}.json")
    assert "it is cut off: the end mark of a PDF is missing" in words

    share.client.puts(PDF, f"outbox/{number}.pdf", tmp_path)
    share.sends(number)


def test_long_vietnamese_names_go_through(share, tmp_path):
    """Up to the 255 bytes a name has on the disk, composed or not; longer ones are refused."""
    number = share.number()
    long = "ế" * 83 + ".pdf"
    accented = unicodedata.normalize("NFD", "Phụ lục số 1, Đề án.pdf")
    named = unicodedata.normalize("NFC", accented)
    folder = f"{number}-" + "ữ" * 83
    assert accented != named
    assert max(len(long.encode()), len(folder.encode())) == 253
    sheet = share.sheet(number, long, named, folder=tmp_path)
    share.client.succeeds("mkdir outbox/.dài", f'put "{sheet}" "outbox/.dài/document.json"')
    for name in (long, accented):
        assert "NT_STATUS" not in share.client.puts(PDF, f"outbox/.dài/{name}", tmp_path)
    share.client.succeeds(f'rename "outbox/.dài" "outbox/{folder}"')
    share.sends(folder)
    arrived = until(lambda: list(share.other.exchange.glob(f"inbox/[!.]*/{long}")))
    assert (arrived[0].parent / named).read_bytes() == PDF

    told = share.client.puts(PDF, "outbox/" + "ế" * 85 + ".pdf", tmp_path)
    assert "NT_STATUS_OBJECT_NAME_INVALID" in told or "NT_STATUS_OBJECT" in told
    assert not list(share.outbox.glob("ếế*"))


def incoming(share, *names):
    """Have the other agency send files of these names; return the folder they arrive in."""
    number = share.number()
    building = share.other.home / number
    building.mkdir()
    for name in names:
        (building / name).write_bytes(PDF)
    sheet = a_sheet(*names, number=number, to=[share.office.code])
    (building / "document.json").write_bytes(sheet)
    building.rename(share.other.exchange / "outbox" / number)
    inbox = share.office.exchange / "inbox"
    return until(lambda: list(inbox.glob(f"[!.]*_{number}-UBND-VP*")))[0]


def until_taken(share, folder):
    """Wait until the node has noted that the software took a document."""
    number = folder.name.rpartition("_")[2].split("-")[0]
    until(lambda: share.office.told("list", "--in", "--state", "taken", "--text", number))


def test_whatever_a_stranger_calls_a_file_windows_can_open_it(share, tmp_path):
    """Names that Windows forbids arrive as names it allows; a client lists and reads them."""
    folder = incoming(share, 'Về việc: "sáp nhập" 1<2?.pdf', "CON.pdf", "kết thúc.", "a|b*c.pdf")
    listed = share.client.succeeds(f'cd "inbox/{folder.name}"', "ls")
    files = [path.name for path in folder.iterdir()]
    assert len(files) == 6
    assert all(f"  {name} " in listed for name in files)  # by their names, no short ones
    for name in files:
        share.client.succeeds(f'get "inbox/{folder.name}/{name}" "{tmp_path}/got"')
        assert (tmp_path / "got").read_bytes() == (folder / name).read_bytes()


def test_a_name_only_linux_can_give_is_opened_by_its_short_one(share, tmp_path):
    """Software on the server itself may have used it; nobody is shut out."""
    (share.office.exchange / "receipts" / "a:b?.txt").write_text("here")
    listed = share.client.succeeds("ls receipts/*").splitlines()
    (short,) = [line.split()[0] for line in listed if "~" in line]
    share.client.succeeds(f'get "receipts/{short}" "{tmp_path}/got"', f'del "receipts/{short}"')
    assert (tmp_path / "got").read_text() == "here"
    assert not (share.office.exchange / "receipts" / "a:b?.txt").exists()


@pytest.mark.parametrize("way", ["delete", "move", "mark"])
def test_a_client_takes_a_document(share, tmp_path, way):
    """By deleting or moving its folder, or by a mark in it; the node notes it as taken."""
    folder = incoming(share, "van-ban.pdf")
    mark = tmp_path / "mark"
    mark.write_text(json.dumps({"arrival": {"number": "345", "date": "2026-11-21"}}))
    place = f"inbox/{folder.name}"
    share.client.succeeds(
        *{
            "delete": [f'deltree "{place}"'],
            "move": [f'rename "{place}" "statuses/.{folder.name}"'],
            "mark": [
                f'put "{mark}" "{place}/.taken.tmp"',
                f'rename "{place}/.taken.tmp" "{place}/.taken"',
            ],
        }[way]
    )
    assert folder.exists() == (way == "mark")
    until_taken(share, folder)


def test_receipts_are_read_and_deleted_and_what_was_sent_stays(share, tmp_path):
    """Folders the software may only look into stay as they are, and so does the share's root."""
    share.takes_a_later_one(tmp_path)
    receipts = share.office.exchange / "receipts"
    receipt = until(lambda: sorted(receipts.glob("*.json")))[0]
    share.client.succeeds(f'get "receipts/{receipt.name}" "{tmp_path}/got"')
    assert (tmp_path / "got").read_bytes() == receipt.read_bytes()
    share.client.succeeds(f'del "receipts/{receipt.name}"')
    assert not receipt.exists()

    day = next(share.office.exchange.glob("sent/*/*/*/*")).relative_to(share.office.exchange)
    share.client.succeeds(f'get "{day}/status.json" "{tmp_path}/status"')
    for command in (
        f'rename "{day}" "outbox/.back"',
        f'deltree "{day.parent}"',
        f'rmdir "{day}"',
        'rename outbox "sent/outbox"',
        "rmdir inbox",
        "mkdir new",
    ):
        assert "NT_STATUS_" in share.client.does(command), command
    assert (share.office.exchange / day / "status.json").is_file()
    assert {"outbox", "inbox"} <= set(contents(share.office.exchange))


def test_what_windows_and_macos_leave_lying_does_not_appear(share, tmp_path):
    """They cannot be made; one that was made here keeps no folder from being deleted."""
    for name in (".edge-node", "Thumbs.db", "desktop.ini", ".DS_Store", "._12.pdf"):
        assert "NT_STATUS_" in share.client.puts(b"x", f"outbox/{name}", tmp_path), name
    assert "NT_STATUS_" in share.client.does(f'get .edge-node "{tmp_path}/got"')
    folder = incoming(share, "van-ban.pdf")
    (folder / "Thumbs.db").write_bytes(b"x")
    share.client.succeeds(f'deltree "inbox/{folder.name}"')
    assert not folder.exists()


def test_by_the_clock_alone_a_drop_through_the_share_is_found(axis, tmp_path):
    """Where nothing is heard of a folder, the scan is what finds it."""
    office = an_office(
        tmp_path,
        axis,
        intake={"quiet": "100ms", "scan_every": "1s", "watch": "polling", "poll_every": "1s"},
    )
    with a_server(office, *SAMBA) as server:
        server.types(commands_of(PAGES[1], "Samba"), env={"PASSWD": PASSWORD})
        client = Client(server)
        with at_work(office):
            sheet = tmp_path / "12.json"
            sheet.write_bytes(a_sheet("12.pdf", to=[office.code]))
            client.puts(PDF, "outbox/12.pdf", tmp_path)
            client.succeeds(f'put "{sheet}" outbox/12.json')
            until(lambda: office.lies_in("sent") == ["12"])
