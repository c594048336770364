"""The languages the node speaks to people: its agencies' own, and English."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A language by its ISO 639-1 code."""

    VI = "vi"
    EN = "en"
