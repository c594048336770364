"""
A file of `statuses/`, read: what the agency reports about a document it received.

Whether the life of that document allows the status is not known here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.errors import StatusRefused
from edge_node.domain.message import say
from edge_node.domain.order import Arrival, StatusOrder
from edge_node.domain.receipt import ReasonCode, Status
from edge_node.protocol.handoff.business import MOST_ID
from edge_node.protocol.handoff.fields import Notes, Section, Value, whole_file
from edge_node.protocol.handoff.files import FileUnreadable, parse
from edge_node.protocol.handoff.order import read_staff

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_node.domain.message import Message

STATUS_KEYS: Final = (
    *("schema", "id", "document_id", "status", "note", "reason_code", "at", "arrival", "staff"),
)
TAKEN_NAME: Final = ".taken"
NEEDS_REASON: Final = (Status.REFUSED,)
NEEDS_NOTE: Final = (Status.REFUSED, Status.CHANGE_REFUSED)


def read_status_order(data: bytes, *, file_name: str) -> StatusOrder:
    """Return what the file reports; StatusRefused names every problem it has."""
    try:
        parsed = parse(data, file_name)
    except FileUnreadable as error:
        raise _refused([error.message], file_name) from error
    notes = Notes()
    notes.repeated(parsed.repeated)
    top = whole_file(parsed.value, file_name, STATUS_KEYS, notes)
    if top is None:
        raise _refused(notes.problems, file_name)
    order = _read(top, file_name)
    if notes.problems:
        raise _refused(notes.problems, file_name)
    return order


def read_taken(data: bytes) -> Arrival | None:
    """
    Return the register's entry in a `.taken`, None where it names none; StatusRefused.

    The form is that of a status: `{"arrival": {"number": …}}`; what else stands there is the
    software's own.
    """
    try:
        parsed = parse(data, TAKEN_NAME)
    except FileUnreadable as error:
        raise _refused([error.message], TAKEN_NAME) from error
    notes = Notes()
    value = parsed.value
    if not isinstance(value, dict):
        return None
    arrival = _read_arrival(Section(path="", values=value, notes=notes).get("arrival"))
    if notes.problems:
        raise _refused(notes.problems, TAKEN_NAME)
    return arrival


def _refused(problems: Iterable[Message], file_name: str) -> StatusRefused:
    return StatusRefused(
        say("cannot report {file} as it is", file=file_name),
        problems,
        hint=say("mend what is named and write the status again"),
    )


def _read(top: Section, file_name: str) -> StatusOrder:
    top.check_version()
    status = _read_status(top.need("status"))
    note = top.need("note") if status in NEEDS_NOTE else top.get("note")
    reason = top.need("reason_code") if status in NEEDS_REASON else top.get("reason_code")
    code = reason.choice([str(code) for code in ReasonCode])
    order = StatusOrder(
        id=top.get("id").text(most=MOST_ID),
        document_id=top.get("document_id").text(most=MOST_ID),
        status=status,
        note=note.text(),
        reason=ReasonCode(code) if code else None,
        at=top.get("at").moment(),
        arrival=_read_arrival(top.get("arrival")),
        staff=read_staff(top.get("staff")),
    )
    if top.get("id").is_blank() and top.get("document_id").is_blank():
        top.notes.problem(file_name, say("id or document_id"), say("neither"))
    return order


def _read_status(value: Value) -> str:
    """Return the code; a YAML file or a spreadsheet may have made a number of it."""
    if isinstance(value.raw, int) and not isinstance(value.raw, bool):
        return replace(value, raw=f"{value.raw:02d}").choice([str(code) for code in Status])
    return value.choice([str(code) for code in Status])


def _read_arrival(value: Value) -> Arrival | None:
    section = value.section("number", "date", "unit")
    if section is None:
        return None
    return Arrival(
        number=section.need("number").label(),
        registered=section.get("date").day(),
        unit=section.get("unit").text(),
    )
