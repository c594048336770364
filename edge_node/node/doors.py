"""What documents pass on their way out and in, joined with the parts it works on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_node.flows.dropped import Dropped
    from edge_node.flows.secrecy import OnArrival, OnLeaving
    from edge_node.flows.signing import Signatures
    from edge_node.node.desks import Looking
    from edge_node.node.parts import Parts


def dropped(parts: Parts) -> Dropped:
    """Return how drops are read."""
    from edge_node.flows.bare import order_for  # noqa: PLC0415 - only for work
    from edge_node.flows.dropped import Dropped  # noqa: PLC0415
    from edge_node.protocol.handoff import OrderSettings  # noqa: PLC0415

    config = parts.config
    settings = OrderSettings(
        document_types=config.package.document_types,
        abbreviations=config.package.abbreviations,
        type_detail=config.package.type_detail,
        steering=config.package.steering_type,
        place=config.package.place,
    )
    return Dropped(
        agency=config.agency.organization,
        codes=parts.codes,
        order=settings,
        bare=partial(
            order_for,
            rules=config.intake.rules,
            sender=config.agency.organization,
            settings=settings,
        ),
        limits=parts.limits,
    )


def signatures(parts: Parts, looking: Looking) -> Signatures:
    """Return what is done about signatures before a document leaves."""
    from edge_node.adapters.signed_copies import SignedCopies  # noqa: PLC0415 - only for work
    from edge_node.flows.leaving import WayOut  # noqa: PLC0415
    from edge_node.flows.signing import Rules, Signatures  # noqa: PLC0415

    signing, door = parts.config.signing, parts.config.door.outgoing
    way_out = WayOut(
        examines=looking,
        invalid=door.invalid,
        indeterminate=door.indeterminate,
        unsigned=signing.unsigned,
        clock=parts.monotonic,
    )
    rules = Rules(
        documents=signing.documents,
        operator=signing.operator,
        basis=signing.basis,
        level=signing.level,
        look=signing.look.kind,
    )
    return Signatures(
        rules=rules, way_out=way_out, signs=parts.sealing(looking), copies=SignedCopies
    )


def secrecy(parts: Parts, looking: Looking) -> OnLeaving:
    """Return what keeps a drop with a grade of secrecy on it where it was dropped."""
    from edge_node.config import Unchecked  # noqa: PLC0415 - only for work
    from edge_node.flows.secrecy import OnLeaving  # noqa: PLC0415

    refuses = parts.config.intake.secrecy_unchecked is Unchecked.REFUSE
    return OnLeaving(grades=looking, limits=parts.limits, refuses_unseen=refuses)


def secret_content(parts: Parts, looking: Looking) -> OnArrival:
    """Return what objects to documents that came with a grade of secrecy on them."""
    from edge_node.flows.secrecy import OnArrival  # noqa: PLC0415 - only for work

    action = parts.config.door.incoming.secret
    return OnArrival(grades=looking, action=action, limits=parts.limits)
