"""Commands that set a node up: init."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.domain.document import agency_code
from edge_node.domain.errors import ConfigError, NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.cli.seat import Seat


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Write a configuration and make the folders."))(init)


def init(
    ctx: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="DIR",
            help=here(
                "Where a new configuration is to lie; without it, one that is there is used."
            ),
        ),
    ] = None,
    *,
    code: Annotated[str, typer.Option(metavar="CODE", help=here("The agency's code."))] = "H99.01",
    name: Annotated[str, typer.Option(help=here("The agency's name."))] = "Đơn vị thử nghiệm",
    axis: Annotated[str, typer.Option(metavar="URL", help=here("The address of the axis."))] = (
        "http://127.0.0.1:8080"
    ),
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help=here("The file with the axis's secret; without it one is made for trying out."),
        ),
    ] = None,
    exchange: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help=here("The folder shared with the document software.")),
    ] = None,
) -> None:
    """Write DIR/config.yaml with what is given, and make every folder it names."""
    seat: Seat = ctx.obj
    if folder is None:
        _make_folders(seat.config_file)
        return
    from edge_node.config import starter  # noqa: PLC0415 - only here

    folder = folder.absolute()
    target = _new_config(folder)
    text = starter(
        code=agency_code(code),
        name=name,
        url=axis,
        secret_file=str(secret_file.absolute() if secret_file else folder / "secret"),
        data=folder / "data",
        exchange=exchange.absolute() if exchange else folder / "exchange",
    )
    folder.mkdir(parents=True, exist_ok=True)
    if secret_file is None and not (folder / "secret").exists():
        _private(folder / "secret", secrets.token_hex(32))
    _private(target, text)
    try:
        _make_folders(target)
    except ConfigError:
        target.unlink()  # so that the same command, corrected, can be given again
        raise


def _new_config(folder: Path) -> Path:
    """Return where the new configuration is to lie; NotAllowed where there is one."""
    target = folder / "config.yaml"
    if target.exists():
        raise NotAllowed(
            say("{path} exists already", path=str(target)),
            hint=say(
                "to make the folders it names: edge-node --config {path} init", path=str(target)
            ),
        )
    return target


def _make_folders(config_file: Path) -> None:
    from edge_node.config import load  # noqa: PLC0415 - only here
    from edge_node.node import Node  # noqa: PLC0415

    node = Node(config=load(config_file))
    node.set_up()
    node.close()
    typer.echo(here("configuration: {path}").format(path=config_file))
    typer.echo(here("exchange folder: {path}").format(path=node.exchange.root))
    typer.echo(here("next: edge-node --config {path} run").format(path=config_file))


def _private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
