"""
The stage of the demo: a test axis and the nodes as processes of their own, in one folder.

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

from edge_node.config import load, starter
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.node import Node
from edge_node.sandbox.settings import init_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

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
class Actor:
    """One agency: its running node, and the folder its document software works with."""

    code: str
    name: str
    exchange: Path
    log: Path
    pid: int


@contextmanager
def staged(folder: Path, agencies: Sequence[tuple[str, str]]) -> Iterator[Mapping[str, Actor]]:
    """Start the axis and a node for each agency; stop them all when the block ends."""
    with ExitStack() as running:
        axis = running.enter_context(an_axis(folder / "axis", agencies))
        yield {
            code: running.enter_context(
                a_node(folder / code, axis, code, name, revise=lambda text: text + _HURRY % _RULE)
            )
            for code, name in agencies
        }


@contextmanager
def an_axis(
    folder: Path, agencies: Sequence[tuple[str, str]], options: Options | None = None
) -> Iterator[Axis]:
    """Run a new test axis for these agencies until the block ends; its words are in `X.log`."""
    init_sandbox(folder, agencies, options=options)
    with _process(_log_of(folder), "sandbox", str(folder), "--port", "0") as process:
        yield Axis(folder=folder, url=_address(process), pid=process.pid)


@contextmanager
def a_node(
    home: Path,
    axis: Axis,
    code: str,
    name: str,
    *,
    revise: Callable[[str], str] = lambda text: text,
) -> Iterator[Actor]:
    """Run a new node until the block ends; ``revise`` may change its configuration's text."""
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
    config_file.write_text(revise(text), encoding="utf-8")
    node = Node(config=load(config_file))
    node.set_up()
    node.close()
    log = _log_of(home)
    with _process(log, "-c", str(config_file), "run") as process:
        exchange = node.exchange.root
        yield Actor(code=code, name=name, exchange=exchange, log=log, pid=process.pid)


def _log_of(home: Path) -> Path:
    return home.with_name(f"{home.name}.log")


@contextmanager
def _process(log: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `edge-node` with these arguments; the test axis is heard on its standard output."""
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
            process.terminate()
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
