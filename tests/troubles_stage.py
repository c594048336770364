"""
What a broken situation is made of: an office, a test axis, and the screen that has to name it.

    @trouble("axis-down", en="The axis is down", vi="Trục không chạy", check="axis.connection")
    def axis_down(stage):
        yield Asked(office=stage.office(url="http://127.0.0.1:9"))

A situation builds what is broken, for real, and yields what is asked about it; `troubles.py` asks
in both languages, and writes docs/troubleshooting.md. It may yield several questions, each of
which has to be answered with the cause and the cure. Time is what the machine shows.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from system_world import Office, environment, running, serving, until

from edge_node.adapters.anchors import Anchors, certificates_in
from edge_node.config import load
from edge_node.node import Node
from edge_node.sandbox.settings import Options, init_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

US, PEER = "H37.02", "H37.09"
LINES, COLUMNS = 24, 80
LETTER = Path(__file__).parent / "data/documents/pdf-1.7-qpdf-linearized.pdf"
# Quick where nobody wants to wait, and no list of agencies that nobody asked for.
QUICK = {
    "intake": {"quiet": "100ms", "scan_every": "1s", "bare_grace": "100ms"},
    "pull": {"every": "200ms"},
    "report": {"every": "1s"},
    "directory": {"lists": []},
}
TROUBLES: dict[str, Trouble] = {}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    What is asked about a situation: a command of an office.

    ``named`` finds cause and cure among what it says with --json; the situation's own where None.
    """

    office: Office
    arguments: tuple[str, ...] = ("doctor",)
    named: Callable[[list[dict]], tuple[str, str]] | None = None
    bound: bool = False  # by the rights of files, as root otherwise is not

    def shown(self, language):
        """Return the lines that a screen of 80 columns shows."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environ = environment(EDGE_NODE_LANG=language, COLUMNS=str(COLUMNS))
        with subprocess.Popen(
            self._command(), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environ
        ):
            os.close(theirs)
            shown = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        return shown.decode().replace("\r\n", "\n").splitlines()

    def told(self, language):
        """Return what it says with --json, a value a line."""
        answer = subprocess.run(
            self._command("--json"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            env=environment(EDGE_NODE_LANG=language),
            check=False,
        )
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def _command(self, *more):
        told = ["-c", self.office.config, *self.arguments, *more]
        asked = ["-m", "edge_node", *map(str, told)]
        binding = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if self.bound else []
        return [*binding, sys.executable, *asked]


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A broken situation in the words of whoever has it, and where it has to be named."""

    name: str
    titles: dict[str, str]
    build: Callable[[Stage], Iterator[Asked | tuple[Asked, ...]]]
    named: Callable[[list[dict]], tuple[str, str]]  # cause and cure, among what --json says
    quick: bool


def trouble(name, *, en, vi, check="", named=None, quick=False):
    """
    Enter what builds a situation under its name.

    ``check`` is the finding of the doctor's that has to name it; ``named`` finds it elsewhere.
    ``quick`` ones are built in every run of the tests.
    """

    def entered(build):
        TROUBLES[name] = Trouble(
            name=name,
            titles={"en": en, "vi": vi},
            build=build,
            named=named or partial(finding, check),
            quick=quick,
        )
        return build

    return entered


def finding(check, values):
    """Return what the doctor says under an id, where that is not in order."""
    amiss = [each for each in values if each["check"] == check and each["state"] != "good"]
    assert amiss, f"{check} does not say so"
    return amiss[0]["why"], amiss[0]["cure"]


def explained(fact, values):
    """Return the sentence of `explain` on a fact, and the first cure."""
    (tale,) = values
    said = [each["words"] for each in tale["sentences"] if each["fact"] == fact]
    assert said, f"{fact} is not among {[each['fact'] for each in tale['sentences']]}"
    return said[0], tale["cures"][0]["words"]


def linted(values):
    """Return the first problem that `lint` has with a drop, and its cure."""
    (drop,) = values
    assert drop["problems"], "lint has no problem"
    return drop["problems"][0]["what"], drop["problems"][0]["hint"]


def dropped(office, number, code=PEER):
    """Drop a document for an agency; return where it lies."""
    office.drop(number, SimpleNamespace(code=code), file=LETTER.read_bytes())
    return office.exchange / "outbox" / f"{number}-UBND-VP"


class Stage:
    """Where one situation is built; what it starts ends with it."""

    def __init__(self, folder, pki, ending):
        """Build below ``folder``; ``pki`` is asked for where somebody signs."""
        self.folder = folder
        self._pki = pki
        self.ending = ending

    @property
    def pki(self):
        """Authorities, time-stamps and keys on this machine."""
        return self._pki()

    @cached_property
    def axis(self):
        """The address of a test axis that is in order."""
        return self.an_axis()

    def an_axis(self, *, faults="", **options):
        """Serve a test axis; ``faults`` is what it does wrong, as YAML."""
        folder = self.folder / "axis"
        agencies = [(US, "Sở Mẫu"), (PEER, "Phòng Mẫu")]
        init_sandbox(folder, agencies, options=Options(**options))
        if not faults:
            return self.ending.enter_context(serving(folder))
        rules = self.folder / "faults.yaml"
        rules.write_text(faults)
        return self.ending.enter_context(faulty(folder, rules))

    def secret(self, code=US):
        """Return where the secret of an agency on the axis lies."""
        return self.folder / "axis/secrets" / code

    def office(self, *, url=None, code=US, system_id="", home="xa-mau", **sections):
        """
        Set up an office in order; its node believes the authorities, and nobody is at work.

        ``system_id`` is who it is to the axis where that is not its code.
        """
        url = url or self.axis
        secret = self.folder / f"{home}-secret"
        if not secret.exists():
            kept = self.secret(system_id or code)
            secret.write_bytes(kept.read_bytes() if kept.exists() else b"SECRET\n")
            secret.chmod(0o600)
        office = Office(self.folder / home, code, QUICK | sections)
        office.home.mkdir(parents=True, exist_ok=True)
        office.secret = secret
        office.configure(url=url)
        if system_id:
            told = office.config.read_text()
            named = told.replace("secret_file:", f"system_id: {system_id}\n  secret_file:", 1)
            office.config.write_text(named)
        self.set_up(office)
        return office

    def set_up(self, office):
        """Make the folders of an office, and have it believe the authorities."""
        config = load(office.config)
        node = Node(config=config)
        node.set_up()
        node.close()
        config.folders.data.chmod(0o700)
        for root in (*self.pki.roots, *self.pki.intermediates):
            Anchors(config.trusted).add(*certificates_in(root))

    def at_work(self, office):
        """Run the daemon of an office until the situation is over."""
        node = self.ending.enter_context(office.running())
        node.says("info running: running")
        return node


@contextmanager
def faulty(folder, rules):
    """Serve a test axis that does wrong what the rules say; give its address."""
    arguments = ("sandbox", folder, "--port", 0, "--faults", rules)
    with running(folder / "axis.log", *arguments) as server:
        yield until(lambda: re.search(r"http://127\.0\.0\.1:\d+", server.words))[0]


@contextmanager
def staged(each, folder, pki):
    """Build one situation; give all that is asked about it, and clear it away in the end."""
    with ExitStack() as ending:
        building = each.build(Stage(folder, pki, ending))
        ending.callback(building.close)
        asked = next(building)
        yield asked if isinstance(asked, tuple) else (asked,)


def _read(terminal):
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux says EIO once the other side has closed it
        return b""
