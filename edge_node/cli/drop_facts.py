"""What was read from a drop, field by field, told to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_node.catalogue import here
from edge_node.cli.requesting import kind_word
from edge_node.cli.values import told
from edge_node.cli.verdicts import heading
from edge_node.domain.message import say
from edge_node.protocol.handoff.words import PRIORITY_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.domain.document import Document
    from edge_node.domain.order import Order
    from edge_node.flows.foretelling import Foretold, Reached
    from edge_node.flows.leaving import Leaving

_KB = 1 << 10


def document_facts(order: Order) -> Iterator[tuple[str, str]]:
    """Yield what an order says of the document; what it does not say is empty."""
    document = order.document
    yield here("number"), document.code
    yield here("date"), _day(document.promulgated)
    yield here("type"), document.type.name
    yield here("subject"), document.subject
    yield here("document id"), document.document_id
    yield here("ref"), order.ref
    yield here("priority"), PRIORITY_WORDS.get(document.priority, str(document.priority))
    yield here("place"), document.place
    yield here("due"), _day(document.due)
    yield here("pages"), str(document.pages or "")
    yield here("copies"), str(document.copies or "")
    yield here("places"), "; ".join(document.places)
    yield from _people(document)
    yield (
        here("replies to"),
        "; ".join(each.code or each.document_id for each in document.reply_to),
    )
    yield from _business(document)
    yield here("resend"), told(say("yes, though it was sent before")) if order.resend else ""
    if order.signing is not None:
        named = (order.signing.operator, order.signing.basis, order.signing.policy or "")
        yield here("ordered by"), ", ".join(str(each) for each in named if each)
    yield here("from"), _named(document.sender.code, document.sender.name)


def receiver_facts(foretold: Foretold) -> Iterator[tuple[str, str]]:
    """Yield each receiver, by the name the directory has where the drop gives none."""
    title = here("to")
    for each in foretold.receivers:
        yield title, _receiver(each)
        title = " "


def attachment_facts(foretold: Foretold) -> Iterator[tuple[str, str]]:
    """Yield each file: what it is, how large, and what the signatures in it are worth."""
    title = here("attachment")
    for each in foretold.files:
        yield title, ", ".join(filter(None, _file(each, foretold)))
        title = " "


def _file(file: Leaving, foretold: Foretold) -> Iterator[str]:
    foreseen = foretold.signatures
    yield file.named.file
    yield file.named.role
    yield file.kind.value
    yield _size(file.stored.size)
    yield file.named.description
    verdict = foreseen.verdicts.get(file.named.file) if foreseen else None
    if verdict is not None:
        yield heading(verdict)


def _people(document: Document) -> Iterator[tuple[str, str]]:
    signer, staff = document.signer, document.staff
    if signer is not None:
        signed = (signer.competence, signer.position, signer.name)
        yield here("signer"), ", ".join(filter(None, signed))
    if staff is not None:
        named = (staff.name, staff.department, staff.email, staff.phone)
        yield here("staff"), ", ".join(filter(None, named))


def _business(document: Document) -> Iterator[tuple[str, str]]:
    business = document.business
    older = [business.document_id, *(each.document_id for each in business.replaces)]
    about = ", ".join(filter(None, older))
    kind = kind_word(business.kind)
    yield here("business"), ": ".join(filter(None, (kind, about)))
    yield here("reason"), business.reason
    changes = (f"{each.action.value} {each.code}" for each in business.receiver_changes)
    yield here("changes"), ", ".join(changes)
    yield here("paper"), told(say("a paper copy follows")) if business.paper else ""


def _receiver(reached: Reached) -> str:
    organization, unit = reached.organization, reached.unit
    return _named(organization.code, organization.name or (unit.name if unit else ""))


def _named(code: str, name: str) -> str:
    return f"{code}  {name}".rstrip()


def _day(day: object) -> str:
    return str(day) if day is not None else ""


def _size(size: int) -> str:
    if size < _KB:
        return told(say("{size} bytes", size=size))
    if size < _KB * _KB:
        return f"{size / _KB:.0f} KB"
    return f"{size / _KB / _KB:.1f} MB"
