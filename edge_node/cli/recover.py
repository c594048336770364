"""The command that rebuilds a queue that was lost: recover."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edge_node.catalogue import here
from edge_node.cli.acting import Why, actor_at
from edge_node.cli.inspect import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.cli.seat import Seat
    from edge_node.domain.recovery import Recovery, Remains


def register(app: typer.Typer) -> None:
    """Hang the command into the root command."""
    app.command(help=here("Rebuild a queue that is damaged or gone."))(recover)


def recover(
    ctx: typer.Context,
    *,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help=here("Do not ask the axis what it has; what may have been sent is held."),
        ),
    ] = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Set a damaged queue aside, and rebuild it from the newest backup and the waybills."""
    from edge_node.adapters.lock import locked  # noqa: PLC0415 - only for work
    from edge_node.adapters.witness import Witness  # noqa: PLC0415
    from edge_node.domain.errors import NeverWorked  # noqa: PLC0415

    seat: Seat = ctx.obj
    data = seat.config.folders.data
    if not data.is_dir():
        raise NeverWorked(data)
    with locked(data), Witness(seat.config.folders.witness).locked():
        recovery = seat.node.recover(offline=offline, actor=actor_at(seat, why))
    if as_json:
        typer.echo(json.dumps(_values(recovery)))
        return
    for line in _lines(recovery, offline=offline):
        typer.echo(line)


def _values(recovery: Recovery) -> dict[str, object]:
    values: dict[str, object] = {"recovered": recovery.fault is not None}
    remains = recovery.remains
    if recovery.fault is None or remains is None:
        return values
    return values | {
        "fault": str(recovery.fault),
        "aside": str(recovery.aside) if recovery.aside else None,
        "backup": str(remains.backup) if remains.backup else None,
        "unsound_backups": [str(path) for path in remains.unsound],
        "waybills": remains.waybills,
        "unreadable": remains.unreadable,
        "documents": remains.documents,
        "arrivals": remains.arrivals,
        "left": remains.left,
        "accepted": recovery.accepted,
        "held": recovery.held,
        "sending": recovery.sending,
    }


def _lines(recovery: Recovery, *, offline: bool) -> Iterator[str]:
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    remains = recovery.remains
    if recovery.fault is None or remains is None:
        yield here("the queue is sound: there is nothing to recover")
        return
    yield told(recovery.fault)
    if recovery.aside:
        yield here("set aside: {path}").format(path=recovery.aside)
    yield from _remains(remains)
    if recovery.accepted:
        yield here("the axis has, though that was not known here: {count}").format(
            count=recovery.accepted
        )
    if recovery.held:
        words = here("held, because nobody can tell whether they were sent: {count}")
        if offline:
            words = here("held, because the axis was not asked whether it has them: {count}")
        yield words.format(count=recovery.held)
        yield here("`edge-node list --out --state held` shows them")
    if not recovery.sending:
        yield here("nothing is sent from this queue before `edge-node adopt`")


def _remains(remains: Remains) -> Iterator[str]:
    for path in remains.unsound:
        yield here("this backup is not sound: {path}").format(path=path)
    if remains.backup:
        yield here("rebuilt from the backup {path}").format(path=remains.backup)
    else:
        yield here("rebuilt without a backup: there is none that is sound")
    yield here("waybills read: {count}").format(count=remains.waybills)
    if remains.unreadable:
        yield here("waybills that cannot be read: {count}").format(count=remains.unreadable)
    yield here("outgoing documents restored from them: {count}").format(count=remains.documents)
    yield here("incoming documents restored from them: {count}").format(count=remains.arrivals)
    if remains.left:
        yield here("incoming documents the axis is asked for again: {count}").format(
            count=remains.left
        )
