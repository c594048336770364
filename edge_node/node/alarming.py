"""
The alarms of one node, as configured: who looks, what is told, and how it is sent.

The node itself only looks. What is to be told is sent by a child of it, which alone reads the
URLs and loads what speaks to them.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from edge_node.adapters.incidents import Incidents
from edge_node.adapters.marks import Marks
from edge_node.adapters.tellings import Tellings
from edge_node.config.alarm_rules import alarm_rules
from edge_node.domain.alarms import AT_ONCE, Letter, QuietHours
from edge_node.flows.alarming import DIGEST, Alarming
from edge_node.node.terms import working_days

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from edge_node.adapters.addresses_file import Address
    from edge_node.adapters.alone import Alone
    from edge_node.adapters.backup import Backup
    from edge_node.adapters.measuring import Left
    from edge_node.domain.alarms import Rule
    from edge_node.domain.message import Message
    from edge_node.domain.trial import Ending
    from edge_node.node.parts import Parts

log = logging.getLogger(__name__)

# The word by which the node asks a child of itself to send what is due.
SEND: Final = "send-alarms"
_LONGEST: Final = timedelta(minutes=10)
_PAST: Final = 10_000  # incidents of a day; whoever has more has other worries


@dataclass
class NodeAlarms:
    """What is wrong with one node, and whom it tells."""

    parts: Parts
    flows: Callable[[], Mapping[str, datetime]] = dict  # when each last met no obstacle
    # What may hang is read apart by a node at work; None: it does not answer.
    left: Callable[[], Mapping[str, Left] | None] | None = None
    copies: Callable[[], Sequence[Backup] | None] | None = None

    @cached_property
    def rules(self) -> Sequence[Rule]:
        """What is watched; ConfigError with everything that is wrong with the file of rules."""
        return alarm_rules(self.parts.config.alarms.rules)

    @property
    def incidents(self) -> Incidents:
        """The table of incidents."""
        return Incidents(self.parts.queue.file)

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    @cached_property
    def alarming(self) -> Alarming:
        """Who looks; ConfigError where the rules, or the calendar, cannot be used."""
        from edge_node.adapters.watching import Places, Watching  # noqa: PLC0415 - only to look

        config, section = self.parts.config, self.parts.config.alarms
        file, canary = self.parts.queue.file, config.canary
        archives = config.backup.archives
        places = Places(
            left=self.left or self.left_now,
            keys=tuple(key.name for key in config.signing.keys),
            copies=self.copies or self.parts.backups.all,
            backup_every=config.backup.every,
            directory=self.parts.directory if config.directory.lists else None,
            stale_after=config.directory.stale_after,
            canary_within=canary.expect_within if canary.every else None,
            archive_every=archives.every if archives.folder else None,
            carried_by=str(archives.carry.by or ""),
        )
        marks = Marks(file)
        return Alarming(
            incidents=self.incidents,
            look=Watching(file=file, places=places, flows=self.flows).look,
            rules=self.rules,
            quiet=QuietHours(
                calendar=working_days(config),
                begin=section.quiet_from,
                end=section.quiet_until,
                days_off=section.quiet_days_off,
            ),
            calm=section.calm,
            keep=section.keep,
            tells=section.urls_file is not None,
            digest_at=section.digest_at,
            digests=section.digest,
            last_digest=lambda: marks.get(DIGEST) or "",
            summary=self.summary,
        )

    def left_now(self) -> Mapping[str, Left]:
        """Return what is left on the disks; on a share that is away this may never return."""
        from edge_node.adapters.measuring import left_on  # noqa: PLC0415 - only to look

        folders = self.parts.config.folders
        return left_on({"data": folders.data, "exchange": folders.exchange})

    def summary(self, now: datetime, last: str) -> Sequence[Message]:
        """Return the lines of a digest as of now, of the days since the ``last`` one."""
        from edge_node.adapters.day_numbers import day_numbers  # noqa: PLC0415 - once a day
        from edge_node.node.notice_words import digest, since  # noqa: PLC0415 - likewise

        start, end = since(last, now)
        once = Counter(
            each.rule
            for each in self.incidents.past(_PAST)
            if each.watch in AT_ONCE and each.raised is not None and start <= each.raised < end
        )
        numbers = day_numbers(self.parts.queue.file, start, end)
        return digest(self.incidents.raised(), once, numbers, (start, end))

    # ── telling ──────────────────────────────────────────────────────────────────────────────

    def addresses(self) -> tuple[Address, ...]:
        """Return whom the file names; none without one; raises what `read_addresses` does."""
        from edge_node.adapters.addresses_file import read_addresses  # noqa: PLC0415 - to send

        spec = self.parts.config.alarms.urls_file
        return () if spec is None else read_addresses(spec)

    def have_sent(self, child: Alone) -> Ending:
        """Have a child send what is due."""
        return child.work(SEND, within=_LONGEST)

    def send(self) -> bool:
        """Tell everybody what is due, each address by itself; False where one was not reached."""
        tellings, now = Tellings(self.parts.queue.file), self.parts.clock()
        addresses = self.addresses()
        tellings.spread(addresses, now=now)
        by_name = {each.name: each for each in addresses}
        went_well = True
        for name in tellings.addresses(now):
            went_well = self._send_to(by_name.get(name), name, tellings) and went_well
        return went_well

    def _send_to(self, address: Address | None, name: str, tellings: Tellings) -> bool:
        from edge_node.adapters.apprising import tell  # noqa: PLC0415 - half a second
        from edge_node.domain.message import say  # noqa: PLC0415 - beside it
        from edge_node.node.notice_words import letter  # noqa: PLC0415 - likewise

        section, now = self.parts.config.alarms, self.parts.clock()
        due = tellings.due(name, now)
        tellings.begin(name, due, now=now)
        reason: Message | None = say("it is not in the file any more")
        if address is not None:
            words = letter(due, agency=self.parts.config.agency.code, tell=self.parts.tell)
            reason = tell(address, words, timeout=section.timeout)
        if reason is None:
            tellings.told(name, due, now=self.parts.clock())
            log.info("told", extra={"address": name, "notices": len(due)})
            return True
        gave_up = tellings.failed(name, due, now=self.parts.clock(), give_up=section.give_up)
        first = all(each.attempt == 0 for each in due)
        seen = {"address": name, "notices": len(due), "error": str(reason)}
        if first or gave_up:
            log.warning("nobody was told: given up" if gave_up else "nobody was told", extra=seen)
        return False

    def test(self, names: Sequence[str]) -> Iterator[tuple[str, Message | None]]:
        """Tell everybody, or these channels, that it is a test; yield what came of each."""
        from edge_node.adapters.addresses_file import meant  # noqa: PLC0415 - only here
        from edge_node.adapters.apprising import tell  # noqa: PLC0415 - half a second
        from edge_node.domain.message import say  # noqa: PLC0415 - beside it

        said, agency = self.parts.tell, self.parts.config.agency.code
        words = Letter(
            title=said(say("edge-node {agency}: a test", agency=agency)),
            body=said(say("whoever reads this is told when something is wrong")),
        )
        for address in meant(self.addresses(), names):
            if not names or address.channel in names:
                timeout = self.parts.config.alarms.timeout
                yield address.name, tell(address, words, timeout=timeout)
