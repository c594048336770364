"""
A command is killed at every step of it, and given again: `resend`, `release`, `adopt`.

The daemon lives meanwhile; what a person would see to a letter with is in `person`.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torture.faulty import Tended
from torture.person import aside, command, is_paused, resend
from torture.plan import steps_of
from torture.processes import patiently

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torture.bench import Agency, Bench
    from torture.software import Letter
    from torture.storm import Run

_COMES_PAST = 6.0  # seconds
_ASKED_WITHIN = 8.0  # seconds, of what waits while sending is paused
_WIDE, _NARROW = '"attachment": "700KB"', '"attachment": "1KB"'


@dataclass(kw_only=True)
class ResendKilled(Tended):
    """SIGKILL at every step of the command `resend`, and the command again."""

    name: ClassVar[str] = "SIGKILL at every step of `resend`"

    def strike(self, bench: Bench) -> Run | None:
        """Have a letter refused, and kill the command that sends it again."""
        letter = bench.software.refused_first()
        refused = patiently(
            lambda: "refused" in letter.marks, within=_COMES_PAST, look=bench.software.look
        )
        where = self.dice.choice(steps_of("resend"))
        if not refused or not resend(bench.sender, letter, strike=where):
            return None
        return self.ran("person", where, letter)


@dataclass(kw_only=True)
class ReleaseKilled(Tended):
    """SIGKILL at every step of the command `release`, and the command again."""

    name: ClassVar[str] = "SIGKILL at every step of `release`"

    def strike(self, bench: Bench) -> Run | None:
        """Have a letter set aside as too large; kill the command once that is put right."""
        letter = set_aside(bench)
        found = aside(bench.receiver, bench.deliveries(letter))
        where = self.dice.choice(steps_of("release"))
        if not found or not command(bench.receiver, "release", found[0], strike=where):
            return None
        return self.ran("person", where, letter)

    def over(self, bench: Bench, letter: Letter) -> bool:
        """Give the command again where it did nothing."""
        if letter.final_at is None:
            for item in aside(bench.receiver, bench.deliveries(letter)):
                command(bench.receiver, "release", item)
        return letter.final_at is not None


@dataclass(kw_only=True)
class AdoptKilled(Tended):
    """SIGKILL at every step of the command `adopt`, and the command again."""

    name: ClassVar[str] = "SIGKILL at every step of `adopt`"

    def strike(self, bench: Bench) -> Run | None:
        """Take a node its witness, and kill the command that lets it send again."""
        node = self.dice.choice(tuple(bench.agencies))
        agency = bench.agencies[node]
        letter = paused(bench, agency)
        where = self.dice.choice(steps_of("adopt"))
        struck = patiently(
            lambda: command(agency, "adopt", strike=where),
            within=_ASKED_WITHIN,
            look=bench.software.look,
        )
        if not struck:
            patiently(lambda: self.over(bench, letter), within=20, look=bench.software.look)
            return None
        return self.ran("person", f"{node} {where}", letter)

    def over(self, bench: Bench, letter: Letter) -> bool:
        """Give the command again where it did nothing."""
        for agency in bench.agencies.values():
            if is_paused(agency):
                command(agency, "adopt")
        return super().over(bench, letter)


def paused(bench: Bench, agency: Agency) -> Letter:
    """Drop a letter into a node that has lost its witness: it sends nothing."""
    agency.lives.end(signal.SIGTERM)
    (agency.witness / "sends").unlink()
    letter = bench.software.letter()
    agency.lives.begin()
    patiently(lambda: is_paused(agency), within=_COMES_PAST, look=bench.software.look)
    return letter


def set_aside(bench: Bench) -> Letter:
    """Drop a letter that is set aside at its receiver, for a limit that is widened again then."""
    with _narrow(bench.receiver):
        letter = bench.software.letter()
        patiently(
            lambda: aside(bench.receiver, bench.deliveries(letter)),
            within=_COMES_PAST,
            look=bench.software.look,
        )
    return letter


@contextmanager
def _narrow(agency: Agency) -> Iterator[None]:
    """Have a node take nothing of any size, as long as the block lasts."""
    usual = agency.config.read_text(encoding="utf-8")
    assert _WIDE in usual
    for text in (usual.replace(_WIDE, _NARROW), usual):
        agency.lives.end(signal.SIGTERM)
        agency.config.write_text(text, encoding="utf-8")
        agency.lives.begin()
        if text is not usual:
            yield
