"""What came of a dry run, told to a person and as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edge_node.adapters.disk import shown
from edge_node.catalogue import here
from edge_node.cli import prospects
from edge_node.cli.columns import print_after, print_facts
from edge_node.cli.values import fields_of, told
from edge_node.cli.verdicts import heading
from edge_node.domain.message import say
from edge_node.domain.signing import told as act_told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.cli.prospects import Prospect
    from edge_node.node.dry_run import Rehearsed, Request


def sheet(prospect: Prospect, rehearsed: Rehearsed) -> None:
    """Print what lint tells, what was made, and each request that would be made."""
    print_facts([*prospects.facts(prospect), *_made(prospect, rehearsed)])
    for request in rehearsed.requests:
        typer.echo("")
        _request(request)
    typer.echo("")
    typer.echo(told(say("nothing was sent")))
    typer.echo(prospects.last_word([prospect]))


def values(rehearsed: Rehearsed) -> dict[str, object]:
    """Return the same as plain values, besides those of the drop."""
    acts = [fields_of(act) for act in rehearsed.acts]
    for act in acts:
        act.pop("stored", None)
    package = rehearsed.package
    return {
        "package": fields_of(package) if package else None,
        "kept": shown(rehearsed.path) if rehearsed.path else "",
        "acts": acts,
        "verdicts": {file: each.verdict.value for file, each in rehearsed.verdicts.items()},
        "requests": [fields_of(each) for each in rehearsed.requests],
        "sent": False,
    }


def _made(prospect: Prospect, rehearsed: Rehearsed) -> Iterator[tuple[str, str]]:
    for act in rehearsed.acts:
        yield here("signed"), told(act_told(act))
        verdict = rehearsed.verdicts.get(act.file)
        yield here("verified"), heading(verdict) if verdict else ""
    if rehearsed.package is not None:
        words = say(
            "{size} bytes, read back, and it says what was dropped; SHA-256 {digest}",
            size=rehearsed.package.size,
            digest=rehearsed.package.digest,
        )
        yield here("package"), told(words)
        yield here("kept"), shown(rehearsed.path) if rehearsed.path else ""
    for warning in rehearsed.warnings:
        if warning not in prospect.told.warnings:
            yield here("warning"), told(warning)


def _request(request: Request) -> None:
    print_after(f"{request.verb} ", request.url)
    for name, value in request.headers:
        print_after(f"{name}: ", value)
    typer.echo("")
    print_after(
        "",
        told(
            say(
                "body: the package itself and a line end, {size} bytes; no form fields",
                size=request.size,
            )
        ),
    )
