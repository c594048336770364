"""The exchange folder by SFTP, by OpenSSH's own sshd as docs/shares.md sets it up."""

from __future__ import annotations

import json
import struct
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from dropping import a_sheet, contents
from share_world import PAGES, a_server, at_work, commands_of, size_of, told_to_the_node
from system_world import PDF, Office, an_axis, an_office, until

if TYPE_CHECKING:
    from pathlib import Path

USER = "sftp-xa-mau"
OPENSSH = (("sshd", "openssh-server"), ("sftp", "openssh-client"))
# SFTP version 3 (draft-ietf-secsh-filexfer-02): what a packet asks, and what is answered.
INIT, OPEN, CLOSE, WRITE = 1, 3, 4, 6
VERSION, STATUS, HANDLE = 2, 101, 102
TO_WRITE = 0x02 | 0x08 | 0x10  # write, create, cut to nothing


@dataclass
class Site:
    """An office whose software comes in by SFTP, and what it comes in with."""

    office: Office
    server: object
    key: Path
    numbers: object

    @property
    def outbox(self):
        """Where drops lie on the server."""
        return self.office.exchange / "outbox"

    def number(self):
        """Return a number no document has yet."""
        return str(next(self.numbers))

    def ssh(self, program, *arguments, key=True):
        """Return the command line of a program of OpenSSH that reaches the server."""
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"]
        options += ["LogLevel=ERROR", "IdentitiesOnly=yes"]
        chosen = [f"-o{option}" for option in options] + ([f"-i{self.key}"] if key else [])
        return self.server.into(program, *chosen, *arguments)

    def does(self, *commands):
        """Do this in one session of `sftp`, to the first thing that goes wrong; code and words."""
        ran = subprocess.run(
            self.ssh("sftp", "-b-", f"{USER}@127.0.0.1"),
            input="".join(f"{command}\n" for command in commands),
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        return ran.returncode, ran.stdout

    def succeeds(self, *commands):
        """Do this; the server minds none of it."""
        code, said = self.does(*commands)
        assert code == 0, said
        return said

    def lay(self, folder, number, *files):
        """Write a sheet and files, on the software's own disk; return the folder."""
        place = folder / number
        place.mkdir()
        (place / "document.json").write_bytes(
            a_sheet(*files, number=number, to=[self.office.code])
        )
        for name in files:
            (place / name).write_bytes(PDF)
        return place

    def sends(self, name):
        """Wait until a drop of that name was sent."""
        until(lambda: name in self.office.lies_in("sent"))

    def takes_a_later_one(self, folder):
        """Drop another document, whole, and wait until it is sent: all drops were looked at."""
        number = self.number()
        place = self.lay(folder, number, "a.pdf")
        self.succeeds(*dropping(place, number))
        self.sends(number)

    def explains(self, path):
        """Return what explain says of something in the outbox: facts, and the words."""
        (told,) = self.office.told("explain", path)
        return {each["fact"] for each in told["sentences"]}, json.dumps(told["sentences"])

    @contextmanager
    def writing(self, path):
        """Open a file for writing by SFTP and keep it open; give what writes and closes."""
        with subprocess.Popen(
            self.ssh("ssh", "-s", f"{USER}@127.0.0.1", "sftp"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            try:
                upload = Upload(process)
                upload.begin(path)
                yield upload
            finally:
                process.kill()


@dataclass
class Upload:
    """One file that is written by SFTP, packet by packet."""

    process: subprocess.Popen
    handle: bytes = b""
    size: int = 0

    def begin(self, path):
        """Say what is spoken, and open the file."""
        assert self._asks(struct.pack(">BI", INIT, 3))[0] == VERSION
        name = path.encode()
        asked = struct.pack(">BII", OPEN, 1, len(name)) + name + struct.pack(">II", TO_WRITE, 0)
        answer = self._asks(asked)
        assert answer[0] == HANDLE, answer
        self.handle = answer[5:]  # a string, its length before it

    def write(self, data):
        """Write on; returns once the server has it."""
        asked = struct.pack(">BI", WRITE, 1) + self.handle
        self._is_well(asked + struct.pack(">QI", self.size, len(data)) + data)
        self.size += len(data)

    def close(self):
        """Close the file."""
        self._is_well(struct.pack(">BI", CLOSE, 1) + self.handle)

    def _is_well(self, packet):
        kind, _, code = struct.unpack(">BII", self._asks(packet)[:9])
        assert (kind, code) == (STATUS, 0)

    def _asks(self, packet):
        self.process.stdin.write(struct.pack(">I", len(packet)) + packet)
        self.process.stdin.flush()
        (length,) = struct.unpack(">I", self.process.stdout.read(4))
        return self.process.stdout.read(length)


def dropping(place, number, ending=""):
    """Return what drops a folder: built under a name with a dot, renamed when it is whole."""
    puts = [f'put "{path}" "outbox/.{number}/{path.name}{ending}"' for path in place.iterdir()]
    return [f"mkdir outbox/.{number}", *puts, f"rename outbox/.{number} outbox/{number}"]


@pytest.fixture(scope="module")
def axis(tmp_path_factory):
    with an_axis(tmp_path_factory.mktemp("axis"), agencies=4) as axis:
        yield axis


@contextmanager
def a_site(axis, home, *capabilities):
    """Set a server up by the commands of the page, and a node that works beside it."""
    office = an_office(home, axis, intake={"quiet": "100ms", "scan_every": "1h"})
    with a_server(office, *OPENSSH) as server:
        key = home / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        typed = commands_of(PAGES[0], "SFTP")
        server.types(typed, input=key.with_suffix(".pub").read_text())
        with at_work(office, *capabilities):
            yield Site(office, server, key, iter(range(100, 1000)))


@pytest.fixture(scope="module")
def site(axis, tmp_path_factory):
    with a_site(axis, tmp_path_factory.mktemp("office")) as site:
        yield site


def test_the_software_sees_its_exchange_folder_and_nothing_else(site):
    """It comes in where it works, and above that there is only the way to it."""
    assert set(site.succeeds("ls -1").splitlines()[1:]) >= {"outbox", "inbox", "receipts"}
    assert site.succeeds("ls -1a /").split()[-1] == "/exchange"
    for command in ("ls /etc", "get /etc/passwd", "mkdir /new", "put /etc/hostname /x"):
        assert site.does(command)[0] == 1


def test_nobody_gets_a_shell_a_port_or_in_without_the_key(site):
    """What is asked for besides files is refused by the server."""
    (home := site.key.parent / "nothing").write_text("")
    for asked in (
        site.ssh("ssh", f"{USER}@127.0.0.1", "id"),
        site.ssh("ssh", "-W", "127.0.0.1:22", f"{USER}@127.0.0.1"),
        site.ssh("ssh", f"-i{home}", "-s", f"{USER}@127.0.0.1", "sftp", key=False),
    ):
        ran = subprocess.run(
            asked, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
        assert (ran.returncode != 0, b"uid=" in ran.stdout) == (True, False)


def test_the_rules_for_it_bind_nobody_else(site):
    """What follows in sshd's own configuration stays outside of the group that is shut in."""
    code, said = site.server.does("sshd", "-T", "-C", "user=root,host=x,addr=127.0.0.1")
    assert code == 0
    assert {"chrootdirectory none", "forcecommand none", "permittty yes"} <= set(said.splitlines())


@pytest.mark.parametrize("ending", ["", ".filepart"])
def test_a_folder_is_taken_once_it_is_renamed(site, tmp_path, ending):
    """Its group may move it, because the library asked for mode 0777 and the rest is masked."""
    number = site.number()
    place = site.lay(tmp_path, number, "Công văn đến, số 12.pdf")
    *built, renamed = dropping(place, number, ending)
    back = [
        f'rename "outbox/.{number}/{path.name}{ending}" "outbox/.{number}/{path.name}"'
        for path in place.iterdir()
        if ending
    ]
    site.succeeds(*built, *back)
    made = site.outbox / f".{number}"
    assert (made.stat().st_mode & 0o770, made.stat().st_gid) == (0o770, 64000)
    site.takes_a_later_one(tmp_path)
    assert made.is_dir()
    site.succeeds(renamed)
    site.sends(number)


def test_a_file_under_a_passing_name_is_taken_when_it_is_renamed(site, tmp_path):
    """As WinSCP uploads: X.filepart, then X."""
    number = site.number()
    place = site.lay(tmp_path, number, f"{number}.pdf")
    sheet, ending = f"{number}.json", ".filepart"
    site.succeeds(
        f"put {place}/document.json outbox/{sheet}{ending}",
        f"put {place}/{number}.pdf outbox/{number}.pdf{ending}",
        f"rename outbox/{sheet}{ending} outbox/{sheet}",
    )
    site.takes_a_later_one(tmp_path)
    assert {f"{sheet}", f"{number}.pdf{ending}"} <= set(contents(site.outbox))
    site.succeeds(f"rename outbox/{number}.pdf{ending} outbox/{number}.pdf")
    site.sends(number)


def test_a_folder_the_node_may_not_move_says_so(site, tmp_path):
    """`put -r` makes folders as they are at home; `chmod 770` mends it, as the page says."""
    number = site.number()
    place = site.lay(tmp_path, number, "a.pdf")
    place.chmod(0o755)
    site.succeeds(f"put -r {place} outbox/")
    site.takes_a_later_one(tmp_path)
    assert (site.outbox / number).is_dir()
    (told,) = told_to_the_node(site.office, "explain", site.outbox / number)
    assert f"the node may not take {number}: it belongs to" in json.dumps(told["sentences"])
    site.succeeds(f"chmod 770 outbox/{number}")
    site.takes_a_later_one(tmp_path)  # a change of rights is not heard, what comes after it is
    site.sends(number)


def test_a_client_that_is_cut_off_leaves_what_is_not_taken(site, tmp_path):
    """Half a file says so by its own end; sent again under its name, it is whole."""
    number = site.number()
    place = site.lay(tmp_path, number, f"{number}.pdf")
    site.succeeds(f"put {place}/document.json outbox/{number}.json")
    with site.writing(f"outbox/{number}.pdf") as upload:
        upload.write(PDF[:20])
    site.takes_a_later_one(tmp_path)
    assert size_of(site.outbox / f"{number}.pdf") == 20
    _, words = site.explains(site.outbox / f"{number}.json")
    assert "it is cut off: the end mark of a PDF is missing" in words
    site.succeeds(f"put {place}/{number}.pdf outbox/{number}.pdf")
    site.sends(number)


def test_a_node_that_may_ask_waits_for_a_file_that_is_open(axis, tmp_path):
    """With CAP_LEASE, as the page gives it: however whole the file looks."""
    with a_site(axis, tmp_path, "lease") as site:
        number = site.number()
        place = site.lay(tmp_path, number, f"{number}.pdf")
        site.succeeds(f"put {place}/document.json outbox/{number}.json")
        path = site.outbox / f"{number}.pdf"
        with site.writing(f"outbox/{number}.pdf") as upload:
            upload.write(PDF)
            site.takes_a_later_one(tmp_path)
            assert size_of(path) == len(PDF)
            facts, words = site.explains(site.outbox / f"{number}.json")
            assert "open-in" in facts
            assert "the program sshd" in words
            upload.write(PDF)
            upload.close()
            site.sends(number)
        (sent,) = site.office.exchange.glob(f"sent/*/*/*/{number}/{number}.pdf")
        assert sent.read_bytes() == PDF + PDF


@pytest.mark.parametrize("way", ["delete", "mark"])
def test_a_client_takes_a_document(site, tmp_path, way):
    """It reads, removes or marks what arrived, and reads and removes receipts."""
    number = site.number()
    site.succeeds(*dropping(site.lay(tmp_path, number, "van-ban.pdf"), number))
    inbox = site.office.exchange / "inbox"
    folder = until(lambda: list(inbox.glob(f"[!.]*_{number}-UBND-VP*")))[0]
    here = f"inbox/{folder.name}"
    site.succeeds(f'get "{here}/van-ban.pdf" "{tmp_path}/got"')
    assert (tmp_path / "got").read_bytes() == PDF
    if way == "mark":
        (tmp_path / "mark").write_text("")
        site.succeeds(
            f'put "{tmp_path}/mark" "{here}/.taken.tmp"',
            f'rename "{here}/.taken.tmp" "{here}/.taken"',
        )
    else:
        site.succeeds(f"rm {here}/*", f"rmdir {here}")
    until(lambda: site.office.told("list", "--in", "--state", "taken", "--text", number))

    receipts = site.office.exchange / "receipts"
    receipt = until(lambda: sorted(receipts.glob("*.json")))[0].name
    site.succeeds(f'get "receipts/{receipt}" "{tmp_path}/receipt"', f'rm "receipts/{receipt}"')
    assert not (receipts / receipt).exists()
    sent = next(site.office.exchange.glob("sent/*/*/*/*")).relative_to(site.office.exchange)
    for command in (f'rename "{sent}" "outbox/.back"', "rename outbox out", "rm .edge-node"):
        assert site.does(command)[0] == 1, command
