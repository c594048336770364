"""
Commands about whom to believe: trust add, list, show, remove.

An authority is believed because a person compared its fingerprint with the one it publishes;
nothing here takes that decision for anybody.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from edge_node.adapters.anchors import Anchor, Anchors
    from edge_node.cli.seat import Seat

AFingerprint = Annotated[
    str,
    typer.Argument(
        metavar="FINGERPRINT",
        help=here("SHA-256 as `edge-node trust list` shows it, or its beginning."),
    ),
]

commands = typer.Typer(
    help=here("Show and change whose certificates are believed."),
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    commands.command(help=here("Believe an authority from now on."))(add)
    commands.command("list", help=here("List the authorities that are believed."))(list_)
    commands.command(help=here("Show one authority's certificate."))(show)
    commands.command(help=here("Believe an authority no longer."))(remove)
    app.add_typer(commands, name="trust")


def add(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=here("The certificate of an authority, PEM or DER.")),
    ],
    *,
    fingerprint: Annotated[
        str,
        typer.Option(
            metavar="SHA256",
            help=here("The fingerprint the authority publishes; without it you are asked."),
        ),
    ] = "",
) -> None:
    """Pin the certificate of an authority, once its fingerprint has been confirmed."""
    from edge_node.adapters.anchors import (  # noqa: PLC0415 - only here
        LARGEST,
        certificates_in,
        chosen,
        demand_authority,
    )
    from edge_node.adapters.durable import disk_errors  # noqa: PLC0415
    from edge_node.cli.paths import demand_there  # noqa: PLC0415

    demand_there(file)
    with disk_errors(file), file.open("rb") as opened:
        content = opened.read(LARGEST)
    anchor = chosen(certificates_in(content), fingerprint)
    seat: Seat = ctx.obj
    demand_authority(anchor, now=seat.node.clock())
    _sheet(anchor)
    if not fingerprint:
        _confirm(anchor)
    added = _anchors(seat).add(anchor)
    typer.echo(here("believed from now on") if added else here("believed already"))


def list_(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List everybody who is believed, roots first."""
    from edge_node.cli.columns import print_table  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    found = _anchors(seat).all()
    if as_json:
        for anchor in found:
            typer.echo(json.dumps(_values(anchor), ensure_ascii=False))
    elif found:
        head = [here("FINGERPRINT"), here("KIND"), here("UNTIL"), here("SUBJECT")]
        print_table([head, *map(_row, found)], flexible={3: 12})
    else:
        typer.echo(here("nobody is believed yet: edge-node trust add FILE"), err=True)


def show(ctx: typer.Context, fingerprint: AFingerprint, *, as_json: AsJson = False) -> None:
    """Show one certificate in full, as text and as PEM."""
    from asn1crypto import pem  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    found = _anchors(seat).find(fingerprint)
    armored = pem.armor("CERTIFICATE", found.der).decode("ascii")
    if as_json:
        typer.echo(json.dumps(_values(found) | {"pem": armored}, ensure_ascii=False))
        return
    _sheet(found)
    typer.echo("")
    typer.echo(armored, nl=False)


def remove(ctx: typer.Context, fingerprint: AFingerprint) -> None:
    """Take a certificate out; what was judged by it keeps its verdict."""
    from edge_node.cli.columns import plain  # noqa: PLC0415 - only here

    seat: Seat = ctx.obj
    gone = _anchors(seat).remove(fingerprint)
    typer.echo(here("believed no longer: {subject}").format(subject=plain(gone.facts.subject)))


def _anchors(seat: Seat) -> Anchors:
    from edge_node.adapters.anchors import Anchors  # noqa: PLC0415 - only for these commands

    return Anchors(seat.config.trusted)


def _confirm(anchor: Anchor) -> None:
    """Have a person say that the fingerprint is the one the authority publishes; NotAllowed."""
    if sys.stdin.isatty() and _says_yes():
        return
    raise NotAllowed(
        say("nobody confirmed the fingerprint: nothing was changed"),
        hint=say(
            "compare it with the one the authority publishes, then: --fingerprint {fingerprint}",
            fingerprint=anchor.facts.fingerprint,
        ),
    )


def _says_yes() -> bool:
    from edge_node.cli.questions import agreed  # noqa: PLC0415 - only where somebody is asked

    asked = here("Is this the fingerprint the authority publishes?")
    try:
        return agreed(asked, usual=False)
    except typer.Abort:  # Ctrl-C, Ctrl-D
        return False


def _kind(anchor: Anchor) -> str:
    return here("root") if anchor.root else here("intermediate")


def _row(anchor: Anchor) -> list[str]:
    from edge_node.cli.written import day  # noqa: PLC0415 - only here

    until = day(anchor.facts.not_after)
    return [anchor.facts.fingerprint[:16], _kind(anchor), until, anchor.facts.subject]


def _sheet(anchor: Anchor) -> None:
    from edge_node.cli.columns import print_facts  # noqa: PLC0415 - only here
    from edge_node.cli.written import day  # noqa: PLC0415

    facts = anchor.facts
    digits = facts.fingerprint.upper()
    print_facts(
        [
            (here("certificate of"), facts.subject),
            (here("issuer"), facts.issuer),
            (here("kind of certificate"), _kind(anchor)),
            (here("serial"), facts.serial),
            (here("valid from"), day(facts.not_before)),
            (here("valid until"), day(facts.not_after)),
            # In groups, as authorities print it and people compare it.
            ("SHA-256", " ".join(digits[at : at + 8] for at in range(0, len(digits), 8))),
            ("SHA-1", facts.thumbprint),  # by which Windows shows it
        ]
    )


def _values(anchor: Anchor) -> dict[str, object]:
    from edge_node.cli.values import fields_of  # noqa: PLC0415 - it loads the queue

    return fields_of(anchor.facts) | {"root": anchor.root}
