"""Why a package travels, as `document.json` says it: new, recall, update or replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.document import (
    Business,
    BusinessKind,
    ReceiverAction,
    ReceiverChange,
    Replacement,
)
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_node.domain.document import AgencyCode
    from edge_node.protocol.handoff.fields import Section, Value

KEYS_OF: Final[Mapping[BusinessKind, tuple[str, ...]]] = {
    BusinessKind.NEW: (),
    BusinessKind.RECALL: ("document_id", "reason"),
    BusinessKind.UPDATE: ("document_id", "reason", "changes"),
    BusinessKind.REPLACE: ("reason", "replaces"),
}
MOST_ID: Final = 200


def read_business(value: Value, *, paper: bool) -> Business:
    """Return what the package wants; a file that does not say brings something new."""
    section = value.section("kind", "document_id", "reason", "changes", "replaces")
    if section is None:
        return Business(paper=paper)
    word = section.need("kind").choice([str(kind) for kind in BusinessKind])
    if not word:
        return Business(paper=paper)
    kind = BusinessKind(word)
    _note_misplaced(section, kind)
    metadata, changes = _read_changes(section.get("changes"))
    return Business(
        kind=kind,
        paper=paper,
        reason=_needed(section, "reason", kind is BusinessKind.RECALL).text(),
        document_id=_needed(section, "document_id", "document_id" in KEYS_OF[kind]).text(
            most=MOST_ID
        ),
        metadata_changes=metadata,
        receiver_changes=changes,
        replaces=_read_replaces(section.get("replaces"), kind),
    )


def read_codes(value: Value) -> tuple[AgencyCode, ...]:
    """Return a list of agency codes that holds each of them once."""
    codes: list[AgencyCode] = []
    seen: set[str] = set()
    for entry in value.items():
        codes.append(entry.code())
        note_repeated(entry, codes[-1], seen)
    return tuple(codes)


def note_repeated(value: Value, code: AgencyCode, seen: set[str]) -> None:
    """Note an agency that was named before: some hubs refuse a package that names one twice."""
    key = code.casefold()
    if key and key in seen:
        value.wrong(say("each agency once"), say("{code} again", code=code))
    seen.add(key)


def _needed(section: Section, key: str, needed: bool) -> Value:  # noqa: FBT001 - read in one place
    return section.need(key) if needed else section.get(key)


def _note_misplaced(section: Section, kind: BusinessKind) -> None:
    for key in ("document_id", "reason", "changes", "replaces"):
        value = section.get(key)
        if key not in KEYS_OF[kind] and value.raw is not None:
            value.wrong(say("nothing for the kind {kind}", kind=str(kind)), say("this key"))


def _read_changes(value: Value) -> tuple[bool, tuple[ReceiverChange, ...]]:
    section = value.section("metadata", "receivers")
    if section is None:
        return False, ()
    changes: list[ReceiverChange] = []
    seen: set[str] = set()
    for entry in section.get("receivers").items():
        change = _read_change(entry, seen)
        if change:
            changes.append(change)
    return section.get("metadata").flag(), tuple(changes)


def _read_change(entry: Value, seen: set[str]) -> ReceiverChange | None:
    section = entry.section("code", "action")
    if section is None:
        return None
    code = section.need("code").code()
    note_repeated(section.need("code"), code, seen)
    action = section.need("action").choice([str(action) for action in ReceiverAction])
    return ReceiverChange(code=code, action=ReceiverAction(action)) if action else None


def _read_replaces(value: Value, kind: BusinessKind) -> tuple[Replacement, ...]:
    needed = say("at least one document to replace") if kind is BusinessKind.REPLACE else None
    sections = (
        entry.section("document_id", "receivers") for entry in value.items(at_least_one=needed)
    )
    return tuple(
        Replacement(
            document_id=section.need("document_id").text(most=MOST_ID),
            receivers=read_codes(section.get("receivers")),
        )
        for section in sections
        if section
    )
