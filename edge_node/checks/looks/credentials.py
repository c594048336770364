"""
What the axis says to a call that only reads: whether it knows us, and our code.

The call counts what waits (`countReceiveEdoc`): nothing is fetched, listed or acknowledged by it.
Where the axis cannot be met at all, the look at the axis has said so.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_node.checks.asking import rows_of
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, broken_by, good, unknown
from edge_node.domain.breaker import NoConnection
from edge_node.domain.directory import AgencyList
from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import AxisDenied, AxisUnreachable, EdgeNodeError, NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.axis import VxpAxis
    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding
    from edge_node.domain.envelope import Agency
    from edge_node.domain.message import Message
    from edge_node.node.parts import Parts

_WITHIN: Final = timedelta(seconds=10)
_PLACE: Final = "CREDENTIALS_DIRECTORY"
_READ: Final = "select 1 from lists where synced is not null and units > 0 limit 1"
_UNIT: Final = (
    "select 1 from units where code = :code and gone is null",
    """
    select 1 from units
     where other_code = :code collate nocase and other_code = :code and other_code <> ''
       and gone is null limit 1
    """,
)


class _Listed(Exception):
    """Our own code was on the list."""


def _look(situation: Situation) -> Iterator[Finding]:
    section = situation.config.axis
    host = urlsplit(section.url).netloc
    if section.secret_file.startswith("credential:") and not situation.environ.get(_PLACE):
        yield unknown(
            "axis.credentials",
            say("the secret of the axis is known to the service only: it was not tried"),
            say("what the axis says to the service: edge-node status"),
        )
        return
    try:
        parts = _parts(situation)
    except NotAllowed:
        return  # the look at the secrets says why
    (axis,) = parts.axes
    try:
        waiting = axis.count(MessageType.DOCUMENT)
    except NoConnection:
        return  # the look at the axis says why
    except AxisDenied as error:
        yield _denied(error, parts.clock_watch.hint, situation)
    except AxisUnreachable as error:
        yield broken_by("axis.address", error, about=host)
    except EdgeNodeError as error:
        later = say("if it stays so, ask who runs the axis; documents wait here safely")
        yield bad("axis.answer", error.message, error.hint or later, about=host)
    else:
        why = say("the axis knows {name}, and its secret is right", name=section.system_id)
        yield good("axis.credentials", why, waiting=waiting)
        yield from _code(axis, situation)
    finally:
        axis.close()


def _parts(situation: Situation) -> Parts:
    from edge_node.node.parts import Parts  # noqa: PLC0415 - it loads the queue

    config = situation.config
    soon = min(config.axis.total_timeout, _WITHIN)
    parts = Parts(config=replace(config, axis=replace(config.axis, total_timeout=soon)))
    parts.axis()
    return parts


def _denied(error: AxisDenied, clock: Message | None, situation: Situation) -> Finding:
    section = situation.config.axis
    cure = clock or say(
        "put the secret the axis gave {name} into {file}; is axis.system_id right?",
        name=section.system_id,
        file=_place_of_secret(situation),
    )
    return bad("axis.credentials", error.message, cure, about=section.system_id)


def _place_of_secret(situation: Situation) -> str:
    """Return the file a person is to mend: where `setup` lays it, systemd hands out a copy."""
    spec = situation.config.axis.secret_file
    if spec.startswith("credential:") and situation.config_file is not None:
        laid = situation.config_file.parent / spec.removeprefix("credential:")
        with suppress(OSError):  # nobody who only looks may get there
            if laid.exists():
                return str(laid)
    return spec


def _code(axis: VxpAxis, situation: Situation) -> Iterator[Finding]:
    """Say whether the axis lists our own code: nobody could send anything there otherwise."""
    config = situation.config
    code = config.agency.code
    known = _known(situation, {code, *config.agency.aliases})
    if known is None and AgencyList.AGENCIES in config.directory.lists:
        known = _listed(axis, {code, *config.agency.aliases})
    if known is None:
        return  # no list was ever read, and none can be: the look at the directory says so
    if known:
        yield good("axis.code", say("the axis lists this agency: {code}", code=code), about=code)
        return
    yield bad(
        "axis.code",
        say("the axis knows no agency of the code {code}: nobody can send there", code=code),
        say(
            "see whether agency.code is right; if it is, have the agency registered with the"
            " axis: edge-node agencies search NAME shows what it lists"
        ),
        about=code,
    )


def _known(situation: Situation, codes: set[str]) -> bool | None:
    """Tell whether one of the codes stands in the directory; None where that was never read."""
    path = situation.config.folders.directory
    if not rows_of(path, _READ):
        return None
    return any(rows_of(path, sql, {"code": code}) for code in codes for sql in _UNIT)


def _listed(axis: VxpAxis, codes: set[str]) -> bool | None:
    def compare(unit: Agency) -> None:
        if unit.code in codes or unit.other_code in codes:
            raise _Listed

    try:
        axis.list_agencies(AgencyList.AGENCIES, compare)
    except _Listed:
        return True
    except EdgeNodeError:
        return None
    return False


CHECK: Final = Check(
    id="axis.credentials", rank=22, look=_look, within=timedelta(seconds=25), outward=True
)
