"""
The stage of the demo: a test axis and the nodes as processes of their own, in one folder.

Every part is the real one, started by the command a person would type.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.config import load, starter
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.node import Node
from edge_node.sandbox.settings import init_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from edge_node.config import Config

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
_PATIENCE: Final = 15.0


class StageFailed(EdgeNodeError):
    """A process of the demo did not start, or ended on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One agency of the demo, its node's configuration and the two folders it works with."""

    code: str
    name: str
    config_file: Path
    config: Config

    @property
    def exchange(self) -> Path:
        """The folder its document software works with."""
        return self.config.folders.exchange


@contextmanager
def staged(folder: Path, agencies: Sequence[tuple[str, str]]) -> Iterator[Mapping[str, Actor]]:
    """Start the axis and a node for each agency; stop them all when the block ends."""
    with ExitStack() as running:
        sandbox = folder / "axis"
        init_sandbox(sandbox, agencies)
        axis = running.enter_context(
            _process(folder / "axis.log", "sandbox", str(sandbox), "--port", "0")
        )
        url = _address(axis)
        actors = {code: _actor(folder, sandbox, url, code, name) for code, name in agencies}
        for actor in actors.values():
            log = folder / f"{actor.code}.log"
            running.enter_context(_process(log, "-c", str(actor.config_file), "run"))
        yield actors


def _actor(folder: Path, sandbox: Path, url: str, code: str, name: str) -> Actor:
    home = folder / code
    home.mkdir()
    config_file = home / "config.yaml"
    text = starter(
        code=code,
        name=name,
        url=url,
        secret_file=str(sandbox / "secrets" / code),
        data=home / "data",
        exchange=home / "exchange",
    )
    config_file.write_text(text + _HURRY % _RULE, encoding="utf-8")
    config = load(config_file)
    node = Node(config=config)
    node.set_up()
    node.close()
    return Actor(code=code, name=name, config_file=config_file, config=config)


@contextmanager
def _process(log: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "edge_node", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if arguments[0] == "sandbox" else output,
            stderr=output,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


def _address(axis: subprocess.Popen[str]) -> str:
    line = axis.stdout.readline().strip() if axis.stdout else ""
    if not re.match(r"http://127\.0\.0\.1:\d+", line):
        raise StageFailed(
            say("the test axis did not start"), hint=say("its words are in axis.log")
        )
    return line
