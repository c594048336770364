"""The real command, the real daemon and the real test axis, each a process of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from dropping import a_sheet

from edge_node.config import load, starter
from edge_node.domain.document import agency_code, conventional_document_id
from edge_node.node import Node
from edge_node.sandbox.settings import init_sandbox

if TYPE_CHECKING:
    from pathlib import Path

EDGE_NODE = (sys.executable, "-m", "edge_node")
PDF = b"%PDF-1.7\n%\n1 0 obj <</Type/Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
DAY = date(2026, 11, 21)

# Quicker than anybody needs, so that no test waits for a schedule.
QUICK = {
    "intake": {"quiet": "100ms", "scan_every": "1s", "bare_grace": "100ms"},
    "push": {"retry_first": "500ms", "unsure_after": "300ms"},
    "pull": {"every": "200ms"},
    "report": {"every": "1s"},
    "directory": {"lists": []},
}


def until(found, *, within=60.0):
    """Return what ``found`` finds as soon as it finds anything; the one place that waits."""
    deadline = time.monotonic() + within
    while not (result := found()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {getattr(found, '__doc__', found)}")
        time.sleep(0.02)
    return result


def environment(**changes):
    """Return this process's environment without what would change how a command speaks."""
    speaking = {"LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS", "NOTIFY_SOCKET", "EDGE_NODE_CONFIG"}
    kept = {name: value for name, value in os.environ.items() if name not in speaking}
    return kept | {"EDGE_NODE_LANG": "en", "PYTHONUTF8": "1"} | changes


def edge_node(*arguments, within=180, command=EDGE_NODE, **environ):
    """Run a command to its end; its exit code, stdout and stderr are in the answer."""
    return subprocess.run(
        [*command, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=within,
        env=environment(**environ),
        check=False,
    )


def on_a_terminal(*arguments, columns=80, **environ):
    """Run a command on a terminal so wide; return the lines it shows there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        [*EDGE_NODE, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment(COLUMNS=str(columns), **environ),
    ):
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    return shown.decode().replace("\r\n", "\n").splitlines()


def _read(terminal):
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux says EIO once the other side has closed it
        return b""


@dataclass
class Running:
    """A process that goes on until it is told to stop, and the file its words go to."""

    process: subprocess.Popen
    log: Path

    @property
    def words(self):
        """Everything it has said so far."""
        return self.log.read_text()

    def says(self, text, *, times=1):
        """Wait until it has said something so often."""
        until(lambda: self.words.count(text) >= times)

    def signal(self, number):
        """Send it a signal."""
        self.process.send_signal(number)

    def ends(self, *, within):
        """Wait for its end and return its exit code."""
        return self.process.wait(within)

    def kill(self):
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running(log, *arguments, command=EDGE_NODE, **environ):
    """Start a command and let it run for as long as the block lasts."""
    with log.open("a") as output:
        process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(**environ),
        )
    try:
        yield Running(process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class Axis:
    """A running test axis, and the agencies on it that no test has used yet."""

    folder: Path
    url: str
    codes: list[str]

    def secret(self, code):
        """Return where an agency's secret lies."""
        return self.folder / "secrets" / code


@contextmanager
def an_axis(folder, *, agencies=900):
    """Make and serve a test axis with so many agencies."""
    codes = [f"H98.{number:03}" for number in range(1, agencies + 1)]
    init_sandbox(folder, [(code, f"Đơn vị {code}") for code in codes])
    with serving(folder) as url:
        yield Axis(folder, url, codes)


@contextmanager
def serving(folder, *, port=0):
    """Serve a test axis that is there; give its address."""
    log = folder / "axis.log"
    log.unlink(missing_ok=True)
    with running(log, "sandbox", folder, "--port", port) as server:
        yield until(lambda: re.search(r"http://127\.0\.0\.1:\d+", server.words))[0]


@dataclass
class Office:
    """One agency: the configuration of its node, and the folder its document software uses."""

    home: Path
    code: str
    sections: dict = field(default_factory=dict)

    @property
    def config(self):
        """The file its node is configured by."""
        return self.home / "config.yaml"

    @property
    def exchange(self):
        """The folder it shares with its node."""
        return self.home / "exchange"

    @property
    def log(self):
        """Where its daemon's words go."""
        return self.home / "node.log"

    def configure(self, *, url=None, **sections):
        """Write the configuration anew, these sections changed."""
        self.sections = self.sections | sections
        if url:
            self.url = url
        text = starter(
            code=self.code,
            name=f"Đơn vị {self.code}",
            url=self.url,
            secret_file=str(self.secret),
            data=self.home / "data",
            exchange=self.exchange,
        )
        extra = (f"{name}: {json.dumps(keys)}" for name, keys in self.sections.items())
        self.config.write_text("\n".join([text, *extra]) + "\n")

    def running(self, **environ):
        """Run its daemon for as long as a block lasts."""
        return running(self.log, "-c", self.config, "run", **environ)

    def command(self, *arguments, **options):
        """Run a command about its node."""
        return edge_node("-c", self.config, *arguments, **options)

    def told(self, *arguments):
        """Run a command about its node that answers in JSON; return what it says, line by line."""
        answer = self.command(*arguments, "--json")
        assert (answer.returncode, answer.stderr) == (0, "")
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def drop(self, number, *to, file=PDF, **changes):
        """Drop a document as software does, complete at once; return its DocumentId."""
        name = f"{number}-UBND-VP"
        building = self.home / name
        building.mkdir()
        (building / "van-ban.pdf").write_bytes(file)
        fields = {
            "number": str(number),
            "date": DAY.isoformat(),
            "to": [office.code for office in to],
        }
        (building / "document.json").write_bytes(a_sheet("van-ban.pdf", **fields | changes))
        building.rename(self.exchange / "outbox" / name)
        return conventional_document_id(agency_code(self.code), DAY, str(number), "UBND-VP")

    def inbox(self):
        """Return the DocumentIds in its inbox, one for each folder."""
        sheets = (self.exchange / "inbox").glob("[!.]*/document.json")
        return sorted(json.loads(sheet.read_bytes())["document_id"] for sheet in sheets)

    def receipts(self):
        """Return what its software has been told: document, event or status, other agency."""
        found = []
        for path in sorted((self.exchange / "receipts").glob("[!.]*.json")):
            receipt = json.loads(path.read_bytes())
            what = receipt.get("event") or receipt["status"]
            other = receipt.get("to") or receipt["from"]
            found.append((receipt["document_id"], what, other))
        return found

    def lies_in(self, folder):
        """Return the names of the drops that lie in a folder of the exchange, however deep."""
        return sorted(path.parent.name for path in self.exchange.glob(f"{folder}/**/status.json"))


def an_office(home, axis, *, url=None, **sections):
    """Set up the node of an agency that nobody has used yet."""
    code = axis.codes.pop()
    office = Office(home / code, code, QUICK | sections)
    office.home.mkdir(parents=True)
    office.secret = axis.secret(code)
    office.configure(url=url or axis.url)
    node = Node(config=load(office.config))
    node.set_up()
    node.close()
    return office
