"""
Single fields of a header, read forgivingly: what cannot be read becomes nothing and a warning.

Text comes back exactly as it was written. Identifiers, codes, numbers and dates lose the white
space around them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import AgencyCode, BadAgencyCode, agency_code
from edge_node.domain.message import Message, say
from edge_node.protocol.edxml.layout import day_in, moment_in

if TYPE_CHECKING:
    from datetime import date, datetime

    from edge_node.protocol.edxml.tree import Element

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_FLAGS: Final = {"1": True, "true": True, "0": False, "false": False}
_SHOWN: Final = 60  # characters of what could not be read that a warning quotes
_MANY: Final = 200  # warnings; beyond them nobody reads on


class Fields:
    """Reads fields and gathers what was odd about them in ``warnings``."""

    def __init__(self) -> None:
        """Start without warnings."""
        self.warnings: list[Message] = []

    def warn(self, warning: Message) -> None:
        """Note something odd."""
        if len(self.warnings) < _MANY:
            self.warnings.append(warning)

    def only(self, parent: Element, name: str) -> Element:
        """Return the first child of that name, with a warning when there are more."""
        count = len(parent.all(name))
        if count > 1:
            self.warn(
                say("{field} is there {count} times; the first counts", field=name, count=count)
            )
        return parent.first(name)

    def text(self, parent: Element, name: str) -> str:
        """Return a child's text exactly as it was written."""
        return self.only(parent, name).text

    def id(self, parent: Element, name: str) -> str:
        """Return a child's text without the white space around it."""
        return self.text(parent, name).strip()

    def number(self, parent: Element, name: str) -> int | None:
        """Return a child's number; None when it has none."""
        text = self.id(parent, name)
        if _NUMBER.fullmatch(text):
            return int(text)
        if parent.has(name):
            self.warn(say("{field} is not a number: {text!r}", field=name, text=text[:_SHOWN]))
        return None

    def flag(self, parent: Element, name: str) -> bool | None:
        """Return a child's yes or no, which is 1 or 0, true or false; None when it has none."""
        text = self.id(parent, name)
        flag = _FLAGS.get(text.lower())
        if flag is None and text:
            self.warn(
                say("{field} is neither yes nor no: {text!r}", field=name, text=text[:_SHOWN])
            )
        return flag

    def day(self, parent: Element, name: str) -> date | None:
        """Return a child's date; None when it has none that exists."""
        text = self.id(parent, name)
        day = day_in(text)
        if day is None and text:
            self.warn(say("{field} is not a date: {text!r}", field=name, text=text[:_SHOWN]))
        return day

    def moment(self, parent: Element, name: str) -> datetime | None:
        """Return a child's date and time; None when it has none that exists."""
        text = self.id(parent, name)
        moment = moment_in(text)
        if moment is None and text:
            self.warn(say("{field} is not a time: {text!r}", field=name, text=text[:_SHOWN]))
        return moment

    def agency(self, element: Element, parent: str) -> AgencyCode:
        """Return the code an element holds, raw and with a warning when it cannot be one."""
        text = element.text.strip()
        try:
            return agency_code(text)
        except BadAgencyCode:
            self.warn(
                say("{field} is not an agency's code: {text!r}", field=parent, text=text[:_SHOWN])
            )
            return AgencyCode(text)
