"""
How an edXML package is laid out: names, constants, and the forms of dates.

What QCVN 102:2016 names and what real software writes under these names; nothing here reads or
writes a package.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import BusinessKind, ReceiverAction
from edge_node.domain.time import VIETNAM, in_vietnam

if TYPE_CHECKING:
    from collections.abc import Mapping

# Amendment 1:2022 did not change the namespace in practice: packages of 2025 still carry it.
NAMESPACE: Final = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
# Written literally: a receiver at the national level is known to refuse packages without it.
PREFIX: Final = "edXML"
ROOT: Final = "edXML"
SIGNATURES: Final = frozenset({"Signature", "DigitalSignature"})  # in namespaces of their own
CONTENT_ID_SCHEME: Final = "cid:"

# `Bussiness` and everything named after it are spelt like this on the wire.
BUSINESS_NUMBERS: Final[Mapping[BusinessKind, int]] = MappingProxyType(
    {
        BusinessKind.NEW: 0,
        BusinessKind.RECALL: 1,
        BusinessKind.UPDATE: 2,
        BusinessKind.REPLACE: 3,
    }
)
ACTION_NUMBERS: Final[Mapping[ReceiverAction, int]] = MappingProxyType(
    {ReceiverAction.REMOVE: 0, ReceiverAction.ADD: 1}
)

# What other implementers' databases and checkers hold, in characters, by parent and element (an
# empty parent: wherever the element stands). No official table is public, so these only warn.
LENGTHS: Final[Mapping[tuple[str, str], int]] = MappingProxyType(
    {
        ("", "Subject"): 500,
        ("", "Content"): 500,
        ("", "CodeNumber"): 11,
        ("", "CodeNotation"): 30,
        ("", "OrganName"): 200,
        ("", "OrganAdd"): 250,
        ("", "Email"): 100,
        ("", "Telephone"): 20,
        ("", "Fax"): 20,
        ("", "Website"): 100,
        ("PromulgationInfo", "Place"): 50,
        ("ToPlaces", "Place"): 150,
        ("", "TypeName"): 100,
        ("", "Competence"): 100,
        ("", "Position"): 100,
        ("", "FullName"): 50,
        ("", "SphereOfPromulgation"): 100,
        ("", "TyperNotation"): 10,
    }
)
NAME_LENGTH: Final = 500

_TIME = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST: Final = re.compile(rf"(\d{{4}})[/-](\d{{1,2}})[/-](\d{{1,2}}){_TIME}", re.ASCII)
_DAY_FIRST: Final = re.compile(rf"(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}}){_TIME}", re.ASCII)


def day_text(day: date) -> str:
    """Return the day as the axis writes it: 2026/11/21."""
    return f"{day.year:04}/{day.month:02}/{day.day:02}"


def moment_text(moment: datetime) -> str:
    """Return the moment on Vietnamese clocks, without a zone: 2026/11/21 14:03:05."""
    local = in_vietnam(moment)
    return f"{day_text(local)} {local:%H:%M:%S}"


def moment_in(text: str) -> datetime | None:
    """
    Return the moment a text gives, in Vietnam's time; None when it gives none.

    Beside the usual `yyyy/MM/dd[ HH:mm:ss]` packages hold `dd/MM/yyyy[ HH:mm:ss]` and ISO 8601,
    with a zone or without one; a day without a time is its midnight.
    """
    text = text.strip()
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = found.group(1, 2, 3)
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.group(1, 2, 3)
    else:
        return None
    hour, minute, second = (int(part or 0) for part in found.group(4, 5, 6))
    try:
        zone = _zone(found[7]) or VIETNAM
        moment = datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=zone)
        return moment.astimezone(VIETNAM)
    except (ValueError, OverflowError):  # 2014/02/30 has been seen; no day of ours is no day
        return None


def day_in(text: str) -> date | None:
    """Return the day a text gives, as `moment_in` reads it."""
    moment = moment_in(text)
    return moment.date() if moment else None


def _zone(text: str | None) -> timezone | None:
    if text is None or text == "Z":
        return UTC if text else None
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))
