"""Until when things have to be done here: the calendar of the agency, and its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.domain.deadlines import Rules
from edge_node.domain.working_days import OfficeHours, WorkingDays

if TYPE_CHECKING:
    from edge_node.config import Config


def working_days(config: Config) -> WorkingDays:
    """Return the agency's calendar; ConfigError where its file cannot be used."""
    section = config.calendar
    hours = OfficeHours(
        opens=section.opens, morning_ends=section.morning_ends, closes=section.closes
    )
    if section.file is None:
        return WorkingDays(built_in=section.built_in, hours=hours)
    from edge_node.config.holiday_file import read_holidays  # noqa: PLC0415 - few offices keep one

    announced = read_holidays(section.file)
    return WorkingDays(
        off=announced.off, worked=announced.worked, built_in=section.built_in, hours=hours
    )


def rules(config: Config) -> Rules:
    """Return what terms are made of; ConfigError likewise."""
    section = config.deadlines
    return Rules(
        calendar=working_days(config),
        warn_before=section.warn_before,
        urgent_within=section.urgent_within,
        receipts_by=section.receipts_by,
        due_warning=section.due_warning,
        answer_within=config.recall.answer_within,
    )
