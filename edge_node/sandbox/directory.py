"""
The calls about the directory of agencies: its three lists, entering a unit and striking one.

Each answers with the fields its reply holds beyond `status`, `ErrorCode` and `ErrorDesc`, or
raises Refused. Ids are row numbers as text; nobody outside may read a meaning into them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BadAgencyCode, agency_code
from edge_node.domain.message import say
from edge_node.sandbox.params import shown
from edge_node.sandbox.refusals import Code, Refused

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from edge_node.sandbox.params import Params
    from edge_node.sandbox.store import Store

Fields = dict[str, object]

_QD20: Final = re.compile(r"[A-Z]\d{2}(\.[A-Z0-9]{1,3})*")
_ENTRY: Final = ("id", "pcode", "code", "name", "mail", "mobile", "fax")


class Directory:
    """The directory of one sandbox."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Work on the store, by the axis's clock."""
        self._store = store
        self._now = now

    def agencies(self, _caller: str, _params: Params) -> Fields:
        """List the active units, each with its code of the other generation where known."""
        return {"data": [_agency(row) for row in self._store.directory() if not row["deleted"]]}

    def agencies_qd20(self, _caller: str, params: Params) -> Fields:
        """List the active units of one level that have a code of QD 20/2020; H37 is level 1."""
        level = params.need("level")
        if not level.isdecimal():
            raise Refused(Code.BAD_REQUEST, say("level is not a number"))
        return {
            "data": [
                _agency_qd20(row)
                for row in self._store.directory(parts=int(level))
                if not row["deleted"] and _QD20.fullmatch(row["code"])
            ]
        }

    def units(self, _caller: str, _params: Params) -> Fields:
        """List every unit ever known, struck ones too, with the version of its entry."""
        return {"data": [_unit(row) for row in self._store.directory()]}

    def register(self, caller: str, _params: Params, body: bytes) -> Fields:
        """Enter a unit below the caller; it can be sent to, but has no secret to call with."""
        entry = _entry(body)
        if entry["pcode"] != caller:
            raise Refused(Code.WRONG_SENDER, say("pcode is not the agency that calls"))
        code, name, mail = entry["code"], entry["name"], entry["mail"]
        now = self._now()
        if not self._store.register(code=code, name=name, mail=mail, parent=caller, now=now):
            raise Refused(Code.BAD_REQUEST, say("{code} is taken", code=code))
        return {}

    def delete(self, caller: str, params: Params) -> Fields:
        """Strike a unit that the caller registered."""
        code = params.need("AgencyCode")
        if not self._store.delete(code, by=caller, now=self._now()):
            message = say(
                "{code} is not a unit that {caller} registered", code=code, caller=caller
            )
            raise Refused(Code.BAD_REQUEST, message)
        return {}


def _entered(row: sqlite3.Row) -> Fields:
    """Return what all three lists say of a unit."""
    return {"id": str(row["id"]), "code": row["code"], "name": row["name"], "mail": row["mail"]}


def _agency(row: sqlite3.Row) -> Fields:
    return _entered(row) | {"pid": str(row["parent_id"]), "oldCode": row["old_code"]}


def _agency_qd20(row: sqlite3.Row) -> Fields:
    return _entered(row) | {"code102": row["old_code"]}


def _unit(row: sqlite3.Row) -> Fields:
    return _entered(row) | {
        "pid": str(row["parent_id"]),
        "version": str(row["version"]),
        "centerCode": "",
        "deleted": bool(row["deleted"]),
        "modifyDate": shown(row["modified"]),
        "isAgency": True,
    }


def _entry(body: bytes) -> dict[str, str]:
    """Read the body of registerAgency: all the fields, as texts; Refused."""
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(Code.BAD_REQUEST, say("the body is not JSON")) from None
    texts = isinstance(entry, dict) and all(isinstance(value, str) for value in entry.values())
    if not texts or set(entry) != set(_ENTRY):
        fields = ", ".join(_ENTRY)
        raise Refused(Code.BAD_REQUEST, say("expected the texts {fields}", fields=fields))
    try:
        agency_code(entry["code"])
    except BadAgencyCode as error:
        raise Refused(Code.BAD_REQUEST, error.message) from error
    return dict(entry)
