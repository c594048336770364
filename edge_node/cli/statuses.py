"""Commands that say what becomes of a document we received: set-status, refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.acting import Why, acting, operator
from edge_node.cli.inspect import AnId, AsJson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.adapters.ledger import Inbound
    from edge_node.cli.seat import Seat

Note = Annotated[
    str, typer.Option("--note", metavar="TEXT", help=here("What its sender is told beside it."))
]
Force = Annotated[
    bool,
    typer.Option(
        "--force", help=here("Also where the life of the document allows it to a person only.")
    ),
]


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command("set-status", help=here("Tell a document's sender how far it has come here."))(
        set_status
    )
    app.command(help=here("Return a document to its sender with a reason (status 02)."))(refuse)


def set_status(  # noqa: PLR0913 - the options of a command
    ctx: typer.Context,
    item: AnId,
    status: Annotated[
        str, typer.Argument(metavar="STATUS", help=here("01 to 06; 15 or 16 to a request."))
    ],
    *,
    note: Note = "",
    reason_code: Annotated[
        str, typer.Option(metavar="CODE", help=here("Why it is returned; 02 needs one."))
    ] = "",
    at: Annotated[
        str,
        typer.Option(metavar="TIME", help=here("When it happened; now, where nothing is said.")),
    ] = "",
    arrival: Annotated[
        str, typer.Option(metavar="NUMBER", help=here("Its number in your own register."))
    ] = "",
    arrival_date: Annotated[
        str, typer.Option(metavar="DATE", help=here("When it was entered there."))
    ] = "",
    unit: Annotated[
        str, typer.Option(metavar="NAME", help=here("Which unit entered it there."))
    ] = "",
    force: Force = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Give a status of a document that came; what its life does not allow is refused."""
    entry = {"number": arrival, "date": arrival_date, "unit": unit}
    told = {"status": status, "note": note, "reason_code": reason_code, "at": at}
    filled: dict[str, object] = {key: value for key, value in told.items() if value}
    if any(entry.values()):
        filled["arrival"] = {key: value for key, value in entry.items() if value}
    _give(ctx.obj, item, filled, force=force, why=why, as_json=as_json)


def refuse(
    ctx: typer.Context,
    item: AnId,
    *,
    reason_code: Annotated[
        str, typer.Option(metavar="CODE", help=here("Why it is returned; 02 needs one."))
    ],
    note: Note,
    force: Force = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Return a document that lies in the inbox, or in quarantine; it is told its sender once."""
    told = {"status": "02", "note": note, "reason_code": reason_code}
    _give(ctx.obj, item, told, force=force, why=why, as_json=as_json)


def _give(
    seat: Seat, item: str, told: Mapping[str, object], *, force: bool, why: str, as_json: bool
) -> None:
    from edge_node.domain.standing import AlreadySo, named  # noqa: PLC0415 - not always needed
    from edge_node.protocol.handoff import read_status_order  # noqa: PLC0415

    found = _incoming(seat, item)
    # Read like a file of statuses/: the same words are right and wrong in both.
    values = {"schema": 1, "id": found.id} | dict(told)
    order = read_status_order(
        json.dumps(values).encode(), file_name=here("what the command line says")
    )
    queued = True
    with acting(seat, why) as node:
        try:
            node.give().status(found.id, order, who=operator(), force=force, now=node.clock())
        except AlreadySo:
            if set(told) != {"status"}:  # a note or a number beside it would be lost unseen
                raise
            queued = False
    if queued:
        node.ring()
    if as_json:
        values = {"id": found.id, "status": order.status, "queued": queued}
        typer.echo(json.dumps(values, ensure_ascii=False))
        return
    words = here("queued for {agency}: {status}")
    if not queued:
        words = here("already so, {agency} has been told: {status}")
    typer.echo(words.format(agency=found.sender, status=named(order.status)))


def _incoming(seat: Seat, item: str) -> Inbound:
    from edge_node.adapters.ledger import Inbound  # noqa: PLC0415 - it loads the queue
    from edge_node.domain.errors import NotAllowed  # noqa: PLC0415
    from edge_node.domain.message import say  # noqa: PLC0415

    found = seat.ledger.find(item)
    if not isinstance(found, Inbound):
        raise NotAllowed(
            say("{id} goes out: its receivers say what becomes of it", id=found.id),
            hint=say("`edge-node list --in` shows the documents that came"),
        )
    return found
