"""Commands about archives of the whole node: backup, restore."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from edge_node.catalogue import here
from edge_node.cli.acting import Why, actor_at, operator
from edge_node.cli.inspect import AsJson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.cli.seat import Seat
    from edge_node.node.archiving import Made
    from edge_node.node.restoring import Restored, Restoring
    from edge_node.node.unpacking import Rehearsed

_MB: Final = 1 << 20


def register(app: typer.Typer) -> None:
    """Hang the commands of this room into the root command."""
    app.command(help=here("Make an archive of the whole node, encrypted, while it works."))(backup)
    app.command("backup-due", hidden=True)(backup_due)
    app.command(help=here("Put a node back from an archive, or rehearse that."))(restore)


def backup(
    ctx: typer.Context,
    *,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help=here("Where it is to lie; without it `backup.archives.folder`."),
        ),
    ] = None,
    new_key: Annotated[
        Path | None,
        typer.Option(
            "--new-key",
            metavar="FILE",
            help=here("Make no archive, but a pair of keys: the private one into FILE."),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an archive: queue, packages, journal, evidence, configuration, keys."""
    if new_key is not None:
        _new_key(new_key, as_json=as_json)
        return
    from edge_node.node.archiving import Archiving  # noqa: PLC0415 - it loads the queue

    seat: Seat = ctx.obj
    actor_at(seat)  # refuses who may only look
    made = Archiving(seat.node, seat.config_file).make(to and to.absolute())
    if as_json:
        typer.echo(json.dumps(_made(made), ensure_ascii=False))
        return
    typer.echo(
        here("{path}: {count} files, {size}").format(
            path=made.path, count=made.members, size=_size(made.size)
        )
    )
    typer.echo(f"SHA-256: {made.sha256}")
    if not made.encrypted:
        typer.echo(here("not encrypted: keys and secrets are not in it"))
    for line in _left_out(made.left_out):
        typer.echo(line)
    words = here("rehearse it where the private key is: edge-node restore --check {path}")
    typer.echo(words.format(path=made.path))


def backup_due(ctx: typer.Context) -> None:
    """Make an archive on behalf of a node at work, where one is due."""
    from edge_node.adapters.alone import give_way  # noqa: PLC0415 - only here
    from edge_node.node.archiving import Archiving  # noqa: PLC0415 - it loads the queue

    give_way()
    seat: Seat = ctx.obj
    archiving = Archiving(seat.node, seat.config_file)
    if archiving.due(seat.node.clock()):
        typer.echo(str(archiving.make().path))
    archiving.carry()


def restore(
    ctx: typer.Context,
    archive: Annotated[Path, typer.Argument(metavar="ARCHIVE", help=here("The archive."))],
    *,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help=here("Only rehearse: unpack it into a folder that goes again, and look."),
        ),
    ] = False,
    key: Annotated[
        Path | None,
        typer.Option("--key", "-k", metavar="FILE", help=here("The file of the private key.")),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--in",
            metavar="DIR",
            help=here("Where to unpack for --check; without it where temporary files lie."),
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help=here("Move data that is there aside, and put it back.")),
    ] = False,
    why: Why = "",
    as_json: AsJson = False,
) -> None:
    """Put queue, packages and journal back, and the configuration where there is none."""
    from edge_node.cli.paths import demand_there  # noqa: PLC0415 - only here
    from edge_node.node.restoring import Restoring  # noqa: PLC0415 - it loads the queue
    from edge_node.node.unpacking import Unpacking  # noqa: PLC0415 - likewise

    seat: Seat = ctx.obj
    for path in (archive, *([key] if key else [])):
        demand_there(path)
    restoring = Restoring(Unpacking(archive=archive, identity=key))
    if check:
        _rehearse(restoring, into, as_json=as_json)
        return
    from edge_node.domain.actor import Actor  # noqa: PLC0415 - only here

    done = restoring.restore(
        seat.config_file, force=force, actor=Actor(name=operator(), why=why.strip())
    )
    if as_json:
        typer.echo(json.dumps(_restored(done), ensure_ascii=False))
        return
    for line in _lines(done, seat.config_file):
        typer.echo(line)


def _new_key(path: Path, *, as_json: bool) -> None:
    from edge_node.adapters.age import new_key  # noqa: PLC0415 - only here
    from edge_node.adapters.disk import disk_errors  # noqa: PLC0415

    private, public = new_key()
    with disk_errors(path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
            file.write(private)
            file.flush()
            os.fsync(file.fileno())
    if as_json:
        typer.echo(json.dumps({"path": str(path), "recipient": public}))
        return
    typer.echo(here("the private key: {path}").format(path=path))
    typer.echo(here("keep it away from this machine, twice: without it no archive opens"))
    typer.echo(here("the public key, for `backup.archives.recipients`:"))
    typer.echo(public)


def _rehearse(restoring: Restoring, into: Path | None, *, as_json: bool) -> None:
    found = restoring.rehearse(into)
    if as_json:
        typer.echo(json.dumps(_found(found), ensure_ascii=False))
    else:
        for line in _report(found):
            typer.echo(line)
        if not found.problems:
            typer.echo(here("it can be restored; nothing was changed here"))
    if found.problems:
        raise typer.Exit(1)


def _lines(done: Restored, config_file: Path) -> Iterator[str]:
    yield from _report(done.found)
    yield here("put back: {path}").format(path=done.data)
    if done.aside:
        yield here("what was there before lies in {path}").format(path=done.aside)
    if done.configuration.files:
        words = here("the configuration was put back: {path}")
        yield words.format(path=done.configuration.files[0])
    for spec, path in done.configuration.elsewhere.items():
        yield here("{old} belonged elsewhere and lies in {path}").format(old=spec, path=path)
    if done.exchange:
        words = here("the exchange folder {path} is not there: copy it from the old machine")
        yield words.format(path=done.exchange)
    yield here("nothing is sent from here before `edge-node adopt`")
    command = f"edge-node -c {config_file}"
    yield here("next: see that the old machine does not run any more, and start the node; then")
    yield f"  {command} doctor"
    yield f"  {command} status"
    yield f"  {command} adopt"


def _report(found: Rehearsed) -> Iterator[str]:
    yield here("archive of {agency}, made {when} by edge-node {version}").format(
        agency=found.about.agency, when=found.about.made, version=found.about.version
    )
    yield here("{count} files, {size}, all as they were put in").format(
        count=found.members, size=_size(found.size)
    )
    if found.counts:
        yield here(
            "{documents} documents sent or to be sent ({waiting} waiting), {arrivals} received,"
            " {events} events in the journal"
        ).format(**found.counts)
    if not found.encrypted:
        yield here("not encrypted: keys and secrets are not in it")
    yield from _left_out(found.about.left_out)
    if found.problems:
        from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

        yield from map(told, found.problems)


def _left_out(specs: tuple[str, ...]) -> Iterator[str]:
    for spec in specs:
        yield here("not in it, keep it elsewhere: {path}").format(path=spec)


def _made(made: Made) -> dict[str, object]:
    return {
        "path": str(made.path),
        "size": made.size,
        "sha256": made.sha256,
        "files": made.members,
        "encrypted": made.encrypted,
        "left_out": made.left_out,
        "removed": [str(path) for path in made.removed],
    }


def _found(found: Rehearsed) -> dict[str, object]:
    from edge_node.cli.values import told  # noqa: PLC0415 - it loads the queue

    return {
        "agency": found.about.agency,
        "made": found.about.made,
        "version": found.about.version,
        "encrypted": found.encrypted,
        "files": found.members,
        "size": found.size,
        "left_out": found.about.left_out,
        **found.counts,
        "problems": [told(each) for each in found.problems],
    }


def _restored(done: Restored) -> dict[str, object]:
    return _found(done.found) | {
        "data": str(done.data),
        "aside": str(done.aside) if done.aside else None,
        "configuration": [str(path) for path in done.configuration.files],
        "elsewhere": {old: str(path) for old, path in done.configuration.elsewhere.items()},
        "exchange_missing": str(done.exchange) if done.exchange else None,
    }


def _size(size: int) -> str:
    return f"{size / _MB:.1f} MB" if size >= _MB else f"{max(1, size >> 10)} KB"
