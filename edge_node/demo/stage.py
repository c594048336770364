"""
The stage of the demo: a test axis, an authority and the nodes as processes of their own.

Every part is the real one, started by the command a person would type.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.adapters.anchors import Anchors, certificates_in, chosen
from edge_node.config import load, starter
from edge_node.config.starting import quoted
from edge_node.demo.authority import ROOT_FILE, STAMPS_PATH, key_file, password_file
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.node import Node
from edge_node.sandbox.settings import init_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from edge_node.config import Config
    from edge_node.domain.message import Message
    from edge_node.sandbox.settings import Options

# Quicker than anybody needs, so that nobody waits for a demo.
_HURRY: Final = """
intake: {quiet: 200ms, scan_every: 1s, bare_grace: 500ms, rules: [%s]}
package: {document_types: {Giấy mời: 25}}
pull: {every: 500ms}
report: {every: 1s}
log: {level: info}
"""
_RULE: Final = (
    r"{match: '(?P<number>\d+)-(?P<notation>[\w-]+)_(?P<day>[\d-]+)_(?P<to>[\w.]+)\.pdf', "
    r"type: 'Giấy mời', subject: '{name}', place: 'Hà Nội'}"
)
# What is dropped is signed and time-stamped; the authority is on this very machine.
_SIGNING: Final = """
trust: {{private: [127.0.0.1/32]}}
stamps: {{servers: [{{url: {stamps}}}]}}
signing:
  documents: if-unsigned
  level: B-LT
  operator: "Văn thư (thử nghiệm)"
  basis: "Quy chế văn thư (thử nghiệm)"
  keys: [{{name: seal, pkcs12: {key}, password_file: {password}}}]
"""
# An agency that looks at nothing it sends.
_CARELESS: Final = """
door: {outgoing: {invalid: deliver}}
"""
_PATIENCE: Final = 30.0


class StageFailed(EdgeNodeError):
    """A process of the demo did not start, or ended on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A running test axis."""

    folder: Path
    url: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A running certificate and time-stamp authority, and what it handed out."""

    folder: Path
    url: str
    fingerprint: str  # of its root, as it says itself

    def settings(self, code: str) -> str:
        """Return what an agency's configuration says of it: YAML."""
        return _SIGNING.format(
            stamps=quoted(self.url + STAMPS_PATH),
            key=quoted(str(key_file(self.folder, code))),
            password=quoted(str(password_file(self.folder, code))),
        )

    def pin(self, config: Config) -> None:
        """Have a node believe it, as `edge-node trust add` does."""
        found = certificates_in((self.folder / ROOT_FILE).read_bytes())
        Anchors(config.trusted).add(chosen(found, self.fingerprint))


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One agency: its running node, and the folder its document software works with."""

    code: str
    name: str
    exchange: Path
    queue: Path
    log: Path
    pid: int


@contextmanager
def staged(
    folder: Path, agencies: Sequence[tuple[str, str]], *, careless: Collection[str] = ()
) -> Iterator[Mapping[str, Actor]]:
    """
    Start the axis, the authority and a node for each agency; stop them all when the block ends.

    The ``careless`` agencies let out whatever is dropped.
    """
    with ExitStack() as running:
        axis = running.enter_context(an_axis(folder / "axis", agencies))
        authority = running.enter_context(an_authority(folder / "authority", agencies))
        actors = {}
        for code, name in agencies:
            more = _HURRY % _RULE + (_CARELESS if code in careless else "")
            node = a_node(
                folder / code,
                axis,
                code,
                name,
                authority=authority,
                revise=_adding(more),
            )
            actors[code] = running.enter_context(node)
        yield actors


def _adding(more: str) -> Callable[[str], str]:
    return lambda text: text + more


@contextmanager
def an_axis(
    folder: Path, agencies: Sequence[tuple[str, str]], options: Options | None = None
) -> Iterator[Axis]:
    """Run a new test axis for these agencies until the block ends; its words are in `X.log`."""
    init_sandbox(folder, agencies, options=options)
    command = ("edge_node", "sandbox", str(folder), "--port", "0")
    with _process(_log_of(folder), *command, heard=True) as process:
        url, *_ = _announced(process, say("the test axis did not start"), _log_of(folder))
        yield Axis(folder=folder, url=url, pid=process.pid)


@contextmanager
def an_authority(folder: Path, agencies: Sequence[tuple[str, str]]) -> Iterator[Authority]:
    """Run a new authority that certifies these agencies until the block ends."""
    command = ("edge_node.demo.authority", str(folder), *map("=".join, agencies))
    with _process(_log_of(folder), *command, heard=True) as process:
        url, fingerprint = _announced(
            process, say("the certificate authority did not start"), _log_of(folder)
        )
        yield Authority(folder=folder, url=url, fingerprint=fingerprint)


@contextmanager
def a_node(
    home: Path,
    axis: Axis,
    code: str,
    name: str,
    *,
    authority: Authority | None = None,
    revise: Callable[[str], str] = lambda text: text,
) -> Iterator[Actor]:
    """
    Run a new node until the block ends; ``revise`` may change its configuration's text.

    With an ``authority`` it believes that one and signs with the key it got from it.
    """
    home.mkdir(parents=True)
    config_file = home / "config.yaml"
    text = starter(
        code=code,
        name=name,
        url=axis.url,
        secret_file=str(axis.folder / "secrets" / code),
        data=home / "data",
        exchange=home / "exchange",
    )
    signing = authority.settings(code) if authority else ""
    config_file.write_text(revise(text + signing), encoding="utf-8")
    node = Node(config=load(config_file))
    node.set_up()
    node.close()
    if authority:
        authority.pin(node.config)
    log = _log_of(home)
    with _process(log, "edge_node", "-c", str(config_file), "run") as process:
        yield Actor(
            code=code,
            name=name,
            exchange=node.exchange.root,
            queue=node.config.folders.queue,
            log=log,
            pid=process.pid,
        )


def _log_of(home: Path) -> Path:
    return home.with_name(f"{home.name}.log")


@contextmanager
def _process(
    log: Path, module: str, *arguments: str, heard: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """Run one of our modules as a program; ``heard`` is one that announces itself."""
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if heard else output,
            stderr=output,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


def _announced(process: subprocess.Popen[str], failure: Message, log: Path) -> list[str]:
    """Return the words of the one line a server says: its address, and what goes with it."""
    line = process.stdout.readline() if process.stdout else ""
    if not re.match(r"http://127\.0\.0\.1:\d+", line):
        raise StageFailed(failure, hint=say("its words are in {log}", log=log.name))
    return line.split()
