"""
Commands about the journal: journal verify, export, head.

They read and change nothing, beside a node at work. An export is verified without this program by
`tools/verify_journal.py`, which lies in every evidence file as well.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.inspect import AsJson
from edge_node.cli.paths import STDOUT, Force, demand_free
from edge_node.domain.errors import EdgeNodeError, NotAllowed
from edge_node.domain.journal import Kind
from edge_node.domain.message import say
from edge_node.domain.time import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.adapters.journal import Journal, Verified
    from edge_node.adapters.journal_file import Written
    from edge_node.cli.seat import Seat
    from edge_node.domain.journal import Fault, Head, KeptHead
    from edge_node.domain.message import Message

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_DAYS: Final = ["%Y-%m-%d", "%d/%m/%Y"]

commands = typer.Typer(
    help=here("Verify and export the journal of all that happened."),
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class JournalBroken(EdgeNodeError):
    """The journal does not hold: something in it was changed from outside."""


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    commands.command(help=here("Reckon the whole chain anew and compare it with every head."))(
        verify
    )
    commands.command(help=here("Write the journal as JSON lines that others can verify."))(export)
    commands.command(help=here("Show how far the journal reaches, and the last head of a day."))(
        head
    )
    app.add_typer(commands, name="journal")


def verify(
    ctx: typer.Context,
    *,
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="ID:CHAIN",
            help=here("Compare with a head somebody kept elsewhere, in syslog (may be repeated)."),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Walk through the journal; exit 1 at the first thing that is wrong."""
    seat: Seat = ctx.obj
    outside = [*map(_kept_head, head or ()), *_beside_the_witness(seat)]
    found = _journal(seat).verify(outside=outside, tell=_progress)
    _progress_ends()
    if as_json:
        typer.echo(json.dumps(_values(found)))
        if found.fault is not None:
            raise typer.Exit(1)
        return
    if found.restored:
        from edge_node.cli import restored  # noqa: PLC0415 - hardly ever

        for each in found.restored:
            typer.echo(restored.sentence(each), err=found.fault is not None)
    if found.fault is not None:
        raise JournalBroken(
            _words(found.fault),
            hint=say(
                "what came before holds; set the file aside, and compare with a backup and with"
                " what syslog has of the heads; a backup that was put back unseen looks like this,"
                " too"
            ),
        )
    words = here("the journal holds: {count} events, {heads} heads, {stamped} with a time-stamp")
    typer.echo(words.format(count=found.count, heads=found.heads, stamped=found.stamped))
    if outside:
        words = here("heads kept outside of it: {count}, of this journal: {kept}")
        typer.echo(words.format(count=len(outside), kept=found.kept))
    typer.echo(f"{found.head.id}:{found.head.chain.hex()}")


def export(
    ctx: typer.Context,
    *,
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            metavar="DATE",
            formats=_DAYS,
            help=here("First day: 2026-11-01, 01/11/2026."),
        ),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", metavar="DATE", formats=_DAYS, help=here("Last day.")),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help=here("A file; without it, stdout.")),
    ] = STDOUT,
    force: Force = False,
) -> None:
    """Write the journal, or some days of it."""
    from edge_node.adapters.durable import writing  # noqa: PLC0415 - only to write
    from edge_node.adapters.journal_file import JournalFile  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    journal = _journal(seat)
    after = journal.before(first.date()) if first else 0
    until = journal.before((last + timedelta(days=1)).date()) if last else None
    if until is not None and until < after:
        raise NotAllowed(
            say("the first day lies behind the last one"), hint=say("exchange --from and --to")
        )
    file = JournalFile(journal=journal, agency=seat.config.agency.code, made=seat.node.clock())
    if output == STDOUT:
        file.export(sys.stdout.buffer, after=after, last=until)
        return
    demand_free(output, force=force)
    with writing(output) as out:
        written = file.export(out, after=after, last=until, tell=_progress)
    _progress_ends()
    _say_written(output, written)


def head(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the end of the journal, and who vouches for how much of it."""
    seat: Seat = ctx.obj
    journal = _journal(seat)
    link, newest = journal.link(), journal.heads.newest()
    if as_json:
        values = {"event": link.id, "chain": link.chain.hex(), "head": _head_values(newest)}
        typer.echo(json.dumps(values))
        return
    typer.echo(f"{link.id}:{link.chain.hex()}")
    if newest is None:
        typer.echo(here("no head yet: the daemon enters one a day"))
        return
    how = newest.how or "-"
    words = here("last head, of {day}: {head}; said in: {how}")
    place = f"{newest.event}:{newest.chain.hex()}"
    typer.echo(words.format(day=f"{newest.day:%Y-%m-%d}", head=place, how=how))
    typer.echo(here("events since: {count}").format(count=link.id - newest.event))


def _kept_head(text: str) -> KeptHead:
    """Return a head as the log has it: `120:9f86d0…`."""
    from edge_node.domain.journal import KeptHead  # noqa: PLC0415 - only here

    event, _, chain = text.strip().lower().partition(":")
    if not (event.isdecimal() and _HASH.fullmatch(chain)):
        raise typer.BadParameter(
            here("expected ID:CHAIN, as the log has it: 120:9f86d0…"), param_hint="--head"
        )
    return KeptHead(event=int(event), chain=bytes.fromhex(chain))


def _beside_the_witness(seat: Seat) -> list[KeptHead]:
    """Return the heads kept outside of the data folder; who may not look there is told."""
    from edge_node.adapters.disk import AccessDenied  # noqa: PLC0415 - it loads the queue
    from edge_node.adapters.kept_heads import KeptHeads  # noqa: PLC0415 - likewise

    folder = seat.config.folders.witness
    try:
        return list(KeptHeads(folder).all())
    except AccessDenied:
        words = here("not compared with the heads kept in {path}: you may not look there")
        typer.echo(words.format(path=folder), err=True)
        return []


def _journal(seat: Seat) -> Journal:
    from edge_node.adapters.journal import Journal  # noqa: PLC0415 - it loads the queue

    seat.ledger  # noqa: B018 - says so where no node has worked here yet
    return Journal(seat.node.queue.file)


def _say_written(path: Path, written: Written) -> None:
    words = here("{path}: {count} events up to {head}, {heads} heads")
    count, event, heads = written.count, written.head.id, written.heads
    typer.echo(words.format(path=path, count=count, head=event, heads=heads))


def _values(found: Verified) -> dict[str, object]:
    fault = found.fault
    return {
        "holds": fault is None,
        "events": found.count,
        "head": found.head.id,
        "chain": found.head.chain.hex(),
        "heads": found.heads,
        "stamped": found.stamped,
        "kept": found.kept,
        "restored": [
            {
                "id": each.id,
                "at": iso(each.at),
                "actor": each.actor,
                "why": each.why,
                "missing": each.missing,
            }
            for each in found.restored
        ],
        "fault": None if fault is None else {"id": fault.id, "kind": fault.kind.value},
    }


def _head_values(head: Head | None) -> dict[str, object] | None:
    if head is None:
        return None
    return {
        "day": head.day.isoformat(),
        "event": head.event,
        "chain": head.chain.hex(),
        "how": head.how.split(),
        "stamped": head.is_stamped,
    }


_FAULTS: Final[Mapping[Kind, Message]] = MappingProxyType(
    {
        Kind.ALTERED: say("it was altered, or does not follow the one before it"),
        Kind.MISSING: say("it is missing, and later ones are there"),
        Kind.FOREIGN: say("the journal gives no such number"),
        Kind.CUT: say("it and all behind it were cut off"),
        Kind.REWRITTEN: say("the chain is not the one that was vouched for"),
        Kind.UNSTAMPED: say("the time-stamp there is of something else"),
    }
)


def _words(fault: Fault) -> Message:
    return say("the journal is broken at event {id}: {why}", id=fault.id, why=_FAULTS[fault.kind])


def _progress(count: int) -> None:
    """Say on a terminal how far it is by now."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{count}")


def _progress_ends() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
