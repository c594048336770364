"""The business statuses agencies tell each other (QD 28/2018), and the reasons for a refusal."""

from __future__ import annotations

import re
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Status(StrEnum):
    """The nine codes; others are kept raw and shown as they came."""

    ARRIVED = "01"
    REFUSED = "02"
    REGISTERED = "03"
    ASSIGNED = "04"
    IN_PROGRESS = "05"
    FINISHED = "06"
    RECALL_ASKED = "13"
    CHANGE_AGREED = "15"
    CHANGE_REFUSED = "16"


# The regulation's own words: what a register, a receipt and a clerk's screen show.
MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Status.ARRIVED: "Đã đến",
        Status.REFUSED: "Từ chối tiếp nhận",
        Status.REGISTERED: "Đã tiếp nhận",
        Status.ASSIGNED: "Phân công",
        Status.IN_PROGRESS: "Đang xử lý",
        Status.FINISHED: "Hoàn thành",
        Status.RECALL_ASKED: "Lấy lại",
        Status.CHANGE_AGREED: "Đồng ý cập nhật, lấy lại",
        Status.CHANGE_REFUSED: "Từ chối cập nhật, lấy lại",
    }
)


class ReasonCode(StrEnum):
    """Why a document is returned with status 02."""

    WRONG_RECIPIENT = "WRONG_RECIPIENT"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    SIGNATURE_MISSING = "SIGNATURE_MISSING"
    INTEGRITY_FAILED = "INTEGRITY_FAILED"
    CERT_EXPIRED_OR_REVOKED = "CERT_EXPIRED_OR_REVOKED"
    UNREADABLE = "UNREADABLE"
    INCOMPLETE = "INCOMPLETE"
    FORMAT_RULES = "FORMAT_RULES"
    DUPLICATE = "DUPLICATE"
    SECRET_CONTENT = "SECRET_CONTENT"  # noqa: S105 - a reason, not a password
    NOT_COMPETENT = "NOT_COMPETENT"
    OTHER = "OTHER"


_REASON_HEAD: Final = re.compile(r"\[([A-Z_]+)\]\s*")


def description_of(note: str, reason: ReasonCode | None) -> str:
    """Return the Description a status carries: the reason code travels at its head, `[CODE] …`."""
    return f"[{reason}] {note}" if reason else note


def reason_in(description: str) -> tuple[ReasonCode | None, str]:
    """Return the reason code at the head of a Description, if it is one of ours, and the rest."""
    head = _REASON_HEAD.match(description)
    if head and head[1] in ReasonCode.__members__:
        return ReasonCode(head[1]), description[head.end() :]
    return None, description
