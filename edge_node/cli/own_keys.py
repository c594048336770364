"""What is known of the agency's keys, told to a person and as values."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge_node.adapters.own_keys import Role
from edge_node.catalogue import here
from edge_node.cli.columns import print_facts
from edge_node.cli.values import fields_of, told
from edge_node.cli.written import below, day
from edge_node.domain.belonging import Belonging
from edge_node.domain.message import say
from edge_node.domain.signature import Revocation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_node.adapters.key_fitness import KeyReport
    from edge_node.domain.message import Message

_ROLES: Final[Mapping[Role, Message]] = MappingProxyType(
    {
        Role.ACTIVE: say("signs now"),
        Role.STAGED: say("next to sign"),
        Role.FORMER: say("signed before"),
        Role.SPARE: say("not used"),
    }
)
_OF_A_CHECK: Final = ("chain", "revocation", "warnings")


def report_values(report: KeyReport) -> dict[str, object]:
    """Return what a key says of itself as plain values."""
    values = fields_of(report)
    return {name: value for name, value in values.items() if name not in _OF_A_CHECK}


def check_values(report: KeyReport) -> dict[str, object]:
    """Return what a check of a key came to as plain values."""
    return fields_of(report) | {"fit": report.fit}


def report_sheet(report: KeyReport, codes: tuple[str, ...]) -> None:
    """Print what a key says of itself."""
    print_facts(_report(report, codes))


def check_sheet(report: KeyReport, codes: tuple[str, ...]) -> None:
    """Print what a check of a key came to: whether it is fit, and sentence by sentence why."""
    verdict = say("fit to sign") if report.fit else say("not fit to sign")
    print_facts(
        [
            (here("key"), f"{report.name} ({told(_ROLES[report.role])})"),
            (here("verdict"), told(verdict)),
            *below(here("why"), _reasons(report)),
            *below(here("hint"), _hints(report)),
            *below(here("known"), _known(report, codes)),
            *below(here("warning"), _warnings(report, codes)),
        ]
    )


def _report(report: KeyReport, codes: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield here("key"), report.name
    yield here("role"), told(_ROLES[report.role])
    known = report.certificate
    if known is not None:
        yield here("certificate of"), known.subject
        yield here("issuer"), known.issuer
        yield here("serial"), known.serial
        yield here("valid from"), day(known.not_before)
        yield here("valid until"), f"{day(known.not_after)} ({told(_left(report.days))})"
        yield here("algorithm"), report.algorithm
        yield here("agency"), told(_agency(report, codes))
    yield from below(here("trouble"), (fault.why for fault in report.faults))
    yield from below(here("hint"), _hints(report))


def _reasons(report: KeyReport) -> Iterator[Message]:
    if report.fit:
        yield say("it opens, its trial signature fits, and its certificate is good")
    for fault in report.faults:
        yield fault.why


def _hints(report: KeyReport) -> Iterator[Message]:
    for fault in report.faults:
        if fault.hint is not None:
            yield fault.hint


def _known(report: KeyReport, codes: tuple[str, ...]) -> Iterator[Message]:
    """Say what was found out on the way, as far as it went."""
    known = report.certificate
    if known is None:
        return
    yield say(
        "the certificate was issued for {subject} by {issuer}",
        subject=known.subject,
        issuer=known.issuer,
    )
    if report.chain:
        above = " < ".join(one.subject for one in report.chain)
        yield say("it leads to a root that is trusted here: {chain}", chain=above)
    if report.revocation is Revocation.GOOD:
        yield say("its authority says that it has not been revoked")
    yield say(
        "it is valid from {begin} until {date} ({left})",
        begin=day(known.not_before),
        date=day(known.not_after),
        left=_left(report.days),
    )
    yield say("its key makes signatures by {algorithm}", algorithm=report.algorithm)
    if report.belonging is not Belonging.ANOTHERS:
        yield _agency(report, codes)


def _warnings(report: KeyReport, codes: tuple[str, ...]) -> Iterator[Message]:
    yield from report.warnings
    if report.belonging is Belonging.ANOTHERS:
        yield _agency(report, codes)


def _agency(report: KeyReport, codes: tuple[str, ...]) -> Message:
    numbers = ", ".join(report.numbers)
    if report.belonging is Belonging.OURS:
        return say("it names this agency: {numbers}", numbers=numbers)
    if report.belonging is Belonging.ANOTHERS:
        return say(
            "it names another agency: {numbers}, and not {code}", numbers=numbers, code=codes[0]
        )
    if numbers:
        return say("it names no code of an agency, only {numbers}", numbers=numbers)
    return say("it names no code of an agency")


def _left(days: int) -> Message:
    if days < 0:
        return say("ran out {days} days ago", days=-days)
    return say("{days} days left", days=days)
