"""
`document.json` of a drop, read into an `Order`: what to send, to whom, with which files.

Every problem of a file is found at once, with one exception: of a file marked as a state secret
nothing is told but that. Whether the named files are there is not looked at here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge_node.domain.document import (
    BusinessKind,
    Document,
    DocumentType,
    Organization,
    Priority,
    Reference,
    Signer,
    Staff,
    conventional_document_id,
)
from edge_node.domain.document_types import ABBREVIATIONS, DocumentTypes
from edge_node.domain.errors import DropRefused
from edge_node.domain.message import say
from edge_node.domain.order import Order, Signing
from edge_node.domain.signing import SigningPolicy
from edge_node.protocol.handoff.attachments import is_marked_secret, read_files
from edge_node.protocol.handoff.business import MOST_ID, note_repeated, read_business
from edge_node.protocol.handoff.fields import Notes, Section, Value, shown, whole_file
from edge_node.protocol.handoff.files import FileUnreadable, parse
from edge_node.protocol.handoff.words import PRIORITY_WORDS, priority_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edge_node.domain.message import Message

DOCUMENT_KEYS: Final = (
    *("schema", "document_id", "number", "notation", "date", "type", "subject", "to", "signer"),
    *("staff", "place", "priority", "secrecy", "due", "pages", "copies", "places", "reply_to"),
    *("business", "paper", "signing", "attachments", "resend", "ref"),
)
STAFF_KEYS: Final = ("department", "department_id", "name", "staff_id", "email", "phone")
MOST_REF: Final = 200
_PLACE: Final = 50
_NAME: Final = 200


class SecretRefused(DropRefused):
    """
    The drop is graded as a state secret, or with a grade nobody knows: it never travels.

    Nothing else is told of it, not even which other things are wrong with the file.
    """

    def __init__(self, marked: Iterable[Message] = ()) -> None:
        """Say it in the same words wherever it is found out; ``marked`` is on which file."""
        super().__init__(
            say("the document is graded secret: state secrets never travel by the axis"),
            marked,
            hint=say("take it out of the exchange folder and send it the way secrets are sent"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettings:
    """
    What the node's configuration adds to a drop.

    ``document_types`` gives the number the axis's header carries for a type's name,
    ``abbreviations`` what its notation begins with. ``place`` is where documents are issued that
    do not say it.
    """

    document_types: Mapping[str, int] = field(default_factory=dict)
    abbreviations: Mapping[str, str] = field(default_factory=lambda: ABBREVIATIONS)
    type_detail: int = 0
    steering: int | None = None
    place: str = ""

    @property
    def types(self) -> DocumentTypes:
        """The kinds of documents there are, and how each is written."""
        return DocumentTypes(numbers=self.document_types, abbreviations=self.abbreviations)


def read_order(
    data: bytes, *, file_name: str, sender: Organization, settings: OrderSettings
) -> Order:
    """
    Return the order a `document.json` (or `.yaml`) gives.

    SecretRefused when it is marked as a state secret; DropRefused names every other problem.
    """
    try:
        parsed = parse(data, file_name)
    except FileUnreadable as error:
        raise _refused([error.message], file_name) from error
    if is_marked_secret(parsed):
        raise SecretRefused
    notes = Notes()
    notes.repeated(parsed.repeated)
    top = whole_file(parsed.value, file_name, DOCUMENT_KEYS, notes)
    if top is None:
        raise _refused(notes.problems, file_name)
    order = _read(top, file_name, sender, settings)
    if notes.problems:
        raise _refused(notes.problems, file_name)
    return replace(order, warnings=tuple(notes.warnings))


def read_staff(value: Value) -> Staff | None:
    """Return who handled a document; None where nobody is named."""
    section = value.section(*STAFF_KEYS)
    if section is None:
        return None
    staff = Staff(
        department=section.get("department").text(),
        department_id=section.get("department_id").text(),
        name=section.get("name").text(),
        staff_id=section.get("staff_id").text(),
        email=section.get("email").text(usual=100),
        phone=section.get("phone").text(usual=20),
    )
    return staff if staff != Staff() else None


def _refused(problems: Iterable[Message], file_name: str) -> DropRefused:
    return DropRefused(
        say("cannot send {file} as it is", file=file_name),
        problems,
        hint=say("mend what is named and drop the document again"),
    )


def _read(top: Section, file_name: str, sender: Organization, settings: OrderSettings) -> Order:
    top.check_version()
    return Order(
        document=_identified(_read_document(top, sender, settings), top.get("document_id")),
        files=read_files(top, file_name=file_name),
        resend=top.get("resend").flag(),
        ref=top.get("ref").text(most=MOST_REF),
        signing=_read_signing(top.get("signing")),
    )


def _identified(document: Document, given: Value) -> Document:
    """Give the document the id it came with, or the one real senders would build."""
    document_id = given.text(most=MOST_ID)
    if not document_id and document.promulgated:
        document_id = conventional_document_id(
            document.sender.code, document.promulgated, document.number, document.notation
        )
    return replace(document, document_id=document_id)


def _read_document(top: Section, sender: Organization, settings: OrderSettings) -> Document:
    document = Document(
        document_id="",
        sender=sender,
        number=top.need("number").label(usual=11),
        notation=top.need("notation").text(usual=30),
        promulgated=top.need("date").day(),
        type=_read_type(top.need("type"), settings),
        subject=top.need("subject").text(usual=500),
        receivers=_read_receivers(top.get("to")),
        signer=_read_signer(top.get("signer")),
        staff=read_staff(top.get("staff")),
        place=top.get("place").text(usual=_PLACE) or settings.place,
        priority=_read_priority(top.get("priority")),
        due=top.get("due").day(),
        pages=top.get("pages").number(),
        copies=top.get("copies").number(),
        places=tuple(value.text(usual=150) for value in top.get("places").items()),
        reply_to=_read_reply_to(top.get("reply_to")),
        business=read_business(top.get("business"), paper=top.get("paper").flag()),
        steering=settings.steering,
    )
    return document if document.reply_to else replace(document, reply_to=_pointing_back(document))


def _read_receivers(value: Value) -> tuple[Organization, ...]:
    receivers: list[Organization] = []
    seen: set[str] = set()
    for entry in value.items(at_least_one=say("at least one receiver")):
        receiver = _read_receiver(entry)
        note_repeated(entry, receiver.code, seen)
        receivers.append(receiver)
    return tuple(receivers)


def _read_receiver(entry: Value) -> Organization:
    section = entry.section("code", "name") if isinstance(entry.raw, dict) else None
    if section is None:
        return Organization(code=entry.code())
    return Organization(
        code=section.need("code").code(), name=section.get("name").text(usual=_NAME)
    )


def _read_type(value: Value, settings: OrderSettings) -> DocumentType:
    name = value.text(usual=100)
    types = settings.types
    known = types.find(name)
    if known is None:
        if name:
            value.notes.warn(_unlisted(value.path, name, types.nearest(name)))
        return DocumentType(name=name)
    number = types.number(known)
    if number is None:
        return DocumentType(name=known)
    return DocumentType(name=known, type=number, detail=settings.type_detail)


def _unlisted(path: str, name: str, near: str) -> Message:
    if not near:
        return say("{path}: the node's list of types has no {name}", path=path, name=name)
    return say(
        "{path}: the node's list of types has no {name}, the nearest is {near}",
        path=path,
        name=name,
        near=near,
    )


def _read_priority(value: Value) -> int:
    if value.raw is None:
        return Priority.NORMAL
    if isinstance(value.raw, int) and not isinstance(value.raw, bool):
        return value.number(most=max(PRIORITY_WORDS)) or Priority.NORMAL
    priority = priority_of(value.raw) if isinstance(value.raw, str) else None
    if priority is None:
        words = ", ".join(PRIORITY_WORDS.values())
        value.wrong(say("one of {choices}, or 0 to 4", choices=words), shown(value.raw))
        return Priority.NORMAL
    return priority


def _read_signer(value: Value) -> Signer | None:
    section = value.section("position", "competence", "name")
    if section is None:
        return None
    signer = Signer(
        competence=section.get("competence").text(usual=100),
        position=section.get("position").text(usual=100),
        name=section.get("name").text(usual=50),
    )
    return signer if signer != Signer() else None


def _read_signing(value: Value) -> Signing | None:
    section = value.section("operator", "basis", "policy")
    if section is None:
        return None
    policy = section.get("policy").choice(tuple(map(str, SigningPolicy)))
    operator, basis = section.get("operator"), section.get("basis")
    if not (policy and operator.is_blank() and basis.is_blank()):
        # One of the drop with one of the configuration would be nobody's word.
        operator, basis = section.need("operator"), section.need("basis")
    return Signing(
        operator=operator.text(),
        basis=basis.text(),
        policy=SigningPolicy(policy) if policy else None,
    )


def _read_reply_to(value: Value) -> tuple[Reference, ...]:
    return tuple(
        reference for entry in value.items() if (reference := _read_reference(entry)) is not None
    )


def _read_reference(entry: Value) -> Reference | None:
    section = entry.section("organ", "code", "date", "document_id")
    if section is None:
        return None
    reference = Reference(
        organ=section.need("organ").code(),
        code=section.get("code").text(),
        promulgated=section.get("date").day(),
        document_id=section.get("document_id").text(most=MOST_ID),
    )
    if section.get("code").is_blank() and section.get("document_id").is_blank():
        entry.wrong(say("code or document_id"), say("neither"))
    return reference


def _pointing_back(document: Document) -> tuple[Reference, ...]:
    """Return the pointer to what is recalled or updated: some readers look for it only there."""
    if document.business.kind not in (BusinessKind.RECALL, BusinessKind.UPDATE):
        return ()
    return (Reference(organ=document.sender.code, document_id=document.business.document_id),)
