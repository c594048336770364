"""The order a bare file stands for: a rule of the configuration reads it out of its name."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from edge_node.domain.document import (
    BadAgencyCode,
    Document,
    DocumentType,
    Organization,
    agency_code,
    conventional_document_id,
)
from edge_node.domain.errors import DropRefused
from edge_node.domain.message import say
from edge_node.domain.order import NamedFile, Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_node.config import IntakeRule
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.message import Message
    from edge_node.protocol.handoff import OrderSettings


def order_for(
    name: str,
    *,
    rules: Sequence[IntakeRule],
    sender: Organization,
    settings: OrderSettings,
) -> Order:
    """
    Return what to send for a bare file of this name, by the first rule that matches it.

    Raises DropRefused where the rule matches and what it finds cannot be a number, a date or a
    receiver; no rule matching is the same error, since the outbox only takes what one matches.
    """
    composed = unicodedata.normalize("NFC", name)
    for rule in rules:
        found = rule.match.fullmatch(composed)
        if found:
            return _order(composed, rule, found.groupdict(default=""), sender, settings)
    raise DropRefused(
        say("no rule of the configuration matches {file}", file=name),
        hint=say("add a document.json, or a rule to intake.rules"),
    )


def _order(
    name: str,
    rule: IntakeRule,
    groups: dict[str, str],
    sender: Organization,
    settings: OrderSettings,
) -> Order:
    problems: list[Message] = []
    day = _day(rule, groups, problems)
    receivers = _receivers(rule, groups, problems)
    number, notation = groups.get("number", ""), groups.get("notation", "")
    if not number:
        problems.append(say("{file}: expected a number in the name, found none", file=name))
    if problems or day is None:
        raise DropRefused(
            say("the name of {file} does not say all that is needed", file=name),
            problems,
            hint=say("rename the file, or correct the rule in intake.rules"),
        )
    subject = rule.subject.format(number=number, notation=notation, name=PurePath(name).stem)
    document = Document(
        document_id=conventional_document_id(sender.code, day, number, notation),
        sender=sender,
        receivers=tuple(Organization(code=code) for code in receivers),
        number=number,
        notation=notation,
        type=DocumentType(
            name=rule.type,
            type=settings.document_types.get(rule.type),
            detail=settings.type_detail,
        ),
        subject=subject,
        promulgated=day,
        place=rule.place or settings.place,
        priority=rule.priority,
        steering=settings.steering,
    )
    return Order(document=document, files=(NamedFile(file=name, role="main"),))


def _day(rule: IntakeRule, groups: dict[str, str], problems: list[Message]) -> date | None:
    try:
        if "day" in groups and "month" in groups:
            return date(int(groups["year"]), int(groups["month"]), int(groups["day"]))
        return datetime.strptime(groups["day"], rule.date_format).date()  # noqa: DTZ007 - a day
    except (KeyError, ValueError):
        problems.append(
            say("expected a date in the name, found {found!r}", found=groups.get("day", ""))
        )
        return None


def _receivers(
    rule: IntakeRule, groups: dict[str, str], problems: list[Message]
) -> list[AgencyCode]:
    named = [code for code in re.split(r"[,;+ ]+", groups.get("to", "")) if code]
    codes = list(rule.to)
    for text in named:
        try:
            codes.append(agency_code(text))
        except BadAgencyCode as error:
            problems.append(error.message)
    if not codes:
        problems.append(say("expected a receiver in the name or in the rule, found none"))
    return list(dict.fromkeys(codes))
