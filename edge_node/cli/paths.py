"""Paths as a person wrote them on the command line."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from edge_node.adapters.disk import FileGone, shown
from edge_node.catalogue import here
from edge_node.domain.errors import NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterable

_Form = TypeVar("_Form", bound=StrEnum)

STDOUT: Final = Path("-")
Force = Annotated[bool, typer.Option("--force", help=here("Overwrite what is there."))]


def demand_there(path: Path) -> None:
    """Refuse a path behind which there is nothing: it was mistyped rather than lost; FileGone."""
    try:
        path.lstat()
    except FileNotFoundError as error:
        raise FileGone(
            say("{path} is not there", path=shown(path)), hint=say("check the path")
        ) from error
    except OSError:
        return  # whoever opens it says what stands against that


def demand_free(path: Path, *, force: bool) -> None:
    """Make sure that nothing is overwritten unasked, and nothing but a file at all; NotAllowed."""
    if path.exists() and not path.is_file():
        raise NotAllowed(
            say("{path} is there, and no file", path=str(path)),
            hint=say("--output PATH writes elsewhere, --output - to stdout"),
        )
    if not force and path.exists():
        raise NotAllowed(
            say("{path} is there already", path=str(path)),
            hint=say("--force overwrites it, --output PATH writes elsewhere"),
        )


def meant_by(output: Path | None, forms: Iterable[_Form]) -> _Form | None:
    """Return which form a name asks for by its ending; None without one, NotAllowed for others."""
    if output is None or not output.suffix or output.is_dir():
        return None
    known = {f".{form}": form for form in forms}
    form = known.get(output.suffix.lower())
    if form is None:
        raise NotAllowed(
            say("nothing is written as {ending}: {path}", ending=output.suffix, path=str(output)),
            hint=say(
                "--format FORMAT, or a name that ends in {endings}", endings=", ".join(known)
            ),
        )
    return form


def demand_text(form: StrEnum, texts: Iterable[StrEnum]) -> None:
    """Make sure that stdout gets a form it can show, one of ``texts``; NotAllowed."""
    known = tuple(texts)
    if form not in known:
        raise NotAllowed(
            say("{format} is not written to stdout", format=form.value),
            hint=say("--output FILE, or: --format {format}", format=known[0].value),
        )
