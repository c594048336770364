"""
The keys the agency signs with: each certificate read, in force, ours, for signing, trusted here.

A key in files is opened in a child, which tells whether it is its certificate's. A token is looked
at from outside and told no PIN: whether its key signs, `edge-node cert check` tries. Authorities
are not asked either.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.anchors import Anchors
from edge_node.adapters.key_fitness import remedy
from edge_node.adapters.key_sight import look_at_key, look_at_token
from edge_node.adapters.notary import Opener
from edge_node.adapters.own_certificates import OwnCertificates
from edge_node.adapters.own_keys import REFUSED, Role, password_of
from edge_node.adapters.refused_pins import RefusedPins
from edge_node.adapters.signing_key import OnToken
from edge_node.checks.check import Check
from edge_node.checks.days import validity
from edge_node.checks.finding import (
    Finding,
    Health,
    bad,
    broken_by,
    good,
    unknown,
    warn,
)
from edge_node.domain.belonging import Belonging, belonging
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.domain.signature import Sub, Verdict
from edge_node.notary.trust import Checking, Trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_node.adapters.own_keys import OwnKey
    from edge_node.checks.check import Situation
    from edge_node.notary.trust import Appraisal

_CREDENTIAL: Final = "credential:"
_PLACE: Final = "CREDENTIALS_DIRECTORY"
_TIMES: Final = frozenset({Sub.EXPIRED, Sub.NOT_YET_VALID})  # `signing.certificate` says these


def _look(situation: Situation) -> Iterator[Finding]:
    from edge_node.node.trusting import own_keys, own_places  # noqa: PLC0415 - it loads httpx

    config = situation.config
    if not config.signing.keys:
        yield good("signing", say("no key to sign with is configured"))
        return
    try:
        roles = own_keys(config).generations()
        known = OwnCertificates(config.folders.data).known()
    except EdgeNodeError as error:
        yield broken_by("signing", error)
        return
    opener = Opener()
    with closing(opener):
        for key in own_places(config):
            looking = _OneKey(key, roles.role(key.name), situation, opener, known)
            yield from looking.findings()


@dataclass(frozen=True, slots=True)
class _OneKey:
    """One key while it is looked at."""

    key: OwnKey
    role: Role
    situation: Situation
    opener: Opener
    known: Mapping[str, str]

    def findings(self) -> Iterator[Finding]:
        if isinstance(self.key.place, OnToken):
            yield from self._token(self.key.place)
        try:
            sight = look_at_key(self.key, self.known, self.situation.environ)
        except EdgeNodeError as error:
            yield self._weighed(self._not_opened(error))
            return
        if sight.opened:
            why = say("the key {name} opens and is its certificate's", name=self.key.name)
            yield good("signing.key", why, about=self.key.name)
        pinned = Anchors(self.situation.config.trusted).pinned()
        trust = Trust(
            roots=pinned.roots,
            intermediates=pinned.intermediates,
            checking=Checking.NEVER,
            legacy_sha1=self.situation.config.trust.legacy_sha1,
            minimum_rsa=self.situation.config.trust.minimum_rsa,
        )
        read = self.opener.appraise(sight.certificate, sight.chain, trust, now=self.situation.now)
        yield from self._certificate(read)

    def _not_opened(self, error: EdgeNodeError) -> Finding:
        """Say why, where it is not only that systemd hands its password to the service alone."""
        name, password = self.key.name, self.key.password_file
        if not password.startswith(_CREDENTIAL) or self.situation.environ.get(_PLACE):
            return broken_by("signing.key", error, about=name)
        return unknown(
            "signing.key",
            say("the password of the key {name} is known to the service only", name=name),
            say(
                "have systemd hand it to the doctor, too: systemd-run --pipe --wait"
                " -p User=edge-node -p LoadCredential={credential}:FILE edge-node -c … doctor",
                credential=password.removeprefix(_CREDENTIAL),
            ),
            about=name,
        )

    def _token(self, place: OnToken) -> Iterator[Finding]:
        name = self.key.name
        try:
            seen = look_at_token(self.key)
        except EdgeNodeError:
            return  # the look at the key says the same
        token = seen.label or seen.serial
        if seen.locked or seen.last_try:
            why = (
                say("the token {token} is locked after too many wrong PINs", token=token)
                if seen.locked
                else say("the token {token} has one try of its PIN left", token=token)
            )
            cure = (
                say("have its issuer unlock it")
                if seen.locked
                else say("log in once by the token's own program, with the right PIN")
            )
            yield self._weighed(bad("signing.token", why, cure, about=name))
        else:
            yield good("signing.token", say("the token {token} is there", token=token), about=name)
        yield from self._pin(place)

    def _pin(self, place: OnToken) -> Iterator[Finding]:
        """Say that a PIN is known to be refused; none is told for that."""
        refused = RefusedPins(self.situation.config.folders.data / REFUSED)
        try:
            again = refused.refuses(place, password_of(self.key, self.situation.environ))
        except EdgeNodeError:
            return  # where the secret lies is looked into by itself
        if again:
            yield self._weighed(
                bad(
                    "signing.pin",
                    say("the PIN of the key {name} was refused by its token", name=self.key.name),
                    say(
                        "write the right one into {path}: it is told once",
                        path=self.key.password_file,
                    ),
                    about=self.key.name,
                )
            )

    def _certificate(self, read: Appraisal) -> Iterator[Finding]:
        name, judgement = self.key.name, read.judgement
        whose = say("the certificate of the key {name}", name=name)
        facts = judgement.signer
        if facts is None:
            yield self._weighed(bad("signing.certificate", judgement.why, None, about=name))
            return
        yield self._weighed(
            validity(
                "signing.certificate",
                whose=whose,
                begins=facts.not_before,
                ends=facts.not_after,
                now=self.situation.now,
                cure=say(
                    "have a new one issued, name its key in signing.keys, then:"
                    " edge-node cert stage NAME"
                ),
                about=name,
            )
        )
        yield from self._owner(read)
        if judgement.verdict is not Verdict.VALID and judgement.sub not in _TIMES:
            usage = judgement.sub is Sub.SIG_CONSTRAINTS_FAILURE
            check = "signing.usage" if usage else "signing.trust"
            cure = (
                say("have a certificate issued that is for signing documents")
                if usage
                else remedy(judgement.sub)
            )
            yield self._weighed(bad(check, judgement.why, cure, about=name))
        elif judgement.verdict is Verdict.VALID:
            why = say(
                "{whose} is for signing, and leads to a root that is trusted here", whose=whose
            )
            yield good("signing.trust", why, about=name)

    def _owner(self, read: Appraisal) -> Iterator[Finding]:
        agency = self.situation.config.agency
        whose = belonging(read.numbers, (agency.code, *agency.aliases))
        numbers = ", ".join(read.numbers)
        if whose is Belonging.OURS:
            yield good(
                "signing.agency",
                say("it names this agency: {numbers}", numbers=numbers),
                about=self.key.name,
            )
        elif whose is Belonging.ANOTHERS:
            yield warn(
                "signing.agency",
                say(
                    "it names another agency: {numbers}, and not {code}",
                    numbers=numbers,
                    code=agency.code,
                ),
                say("see whose key it is; agency.aliases lists older and newer codes"),
                about=self.key.name,
            )

    def _weighed(self, finding: Finding) -> Finding:
        """Return a finding as it weighs for a key that signs, or one that does not now."""
        if self.role is Role.ACTIVE or finding.health is Health.GOOD:
            return finding
        if self.role is Role.FORMER:  # it is natural for these to run out
            return good(finding.check, finding.why, about=finding.about, **finding.measured)
        if finding.health is Health.BAD:
            return warn(
                finding.check, finding.why, finding.cure, about=finding.about, **finding.measured
            )
        return finding


CHECK: Final = Check(id="signing", rank=70, look=_look, within=timedelta(seconds=60))
