"""
A test axis and nodes as processes of their own, started by the commands a person would type.

What they are to do is the caller's affair; when the block ends they are stopped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_node.config import load, starter
from edge_node.node import Node
from edge_node.sandbox.settings import Options, Reencode, init_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PATIENCE: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A running test axis."""

    folder: Path
    url: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running node and the folder its document software works with."""

    code: str
    pid: int
    exchange: Path
    log: Path


@contextmanager
def an_axis(folder: Path, codes: Sequence[str], *, max_package: int) -> Iterator[Axis]:
    """Run a test axis for these agencies; it passes attachments on as they came."""
    options = Options(reencode=Reencode.NEVER, max_package=max_package)
    init_sandbox(folder, [(code, f"Đơn vị {code}") for code in codes], options=options)
    command = ("sandbox", str(folder), "--port", "0")
    with _process(command, folder / "axis.log", piped=True) as process:
        line = process.stdout.readline().strip() if process.stdout else ""
        if not line.startswith("http://"):
            raise RuntimeError(f"the test axis did not start: see {folder / 'axis.log'}")
        yield Axis(folder=folder, url=line, pid=process.pid)


@contextmanager
def a_node(
    home: Path, axis: Axis, code: str, *, settings: str = "", fetch: str = "downloadEdoc"
) -> Iterator[Running]:
    """Run a node; ``settings`` are sections of YAML that differ from the defaults."""
    home.mkdir(parents=True)
    text = starter(
        code=code,
        name=f"Đơn vị {code}",
        url=axis.url,
        secret_file=str(axis.folder / "secrets" / code),
        data=home / "data",
        exchange=home / "exchange",
    )
    config_file = home / "config.yaml"
    text = text.replace("axis:\n", f"axis:\n  fetch: {fetch}\n") + settings
    config_file.write_text(text, encoding="utf-8")
    config = load(config_file)
    node = Node(config=config)
    node.set_up()
    node.close()
    log = home / "node.log"
    with _process(("-c", str(config_file), "run"), log) as process:
        yield Running(code=code, pid=process.pid, exchange=config.folders.exchange, log=log)


@contextmanager
def _process(
    arguments: Sequence[str], log: Path, *, piped: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """Run `edge-node` with these arguments; a bytecode cache is welcome, a terminal is not."""
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "edge_node", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else output,
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
