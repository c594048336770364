"""
Whether anybody answers what has become of our certificates: OCSP, CRLs, certificates of issuers.

They are asked for real, of the key that signs. What they answer is kept nowhere: a look changes
nothing, and the node asks by itself when it signs.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.adapters.key_fitness import remedy
from edge_node.adapters.key_sight import look_at_key
from edge_node.adapters.notary import Opener
from edge_node.adapters.own_certificates import OwnCertificates
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good, warn
from edge_node.config import Revocations
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say
from edge_node.domain.signature import Sub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.appraising import Weighed
    from edge_node.adapters.key_sight import KeySight
    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding

_PATIENCE: Final = timedelta(seconds=8)  # for one question


def _look(situation: Situation) -> Iterator[Finding]:
    config = situation.config
    if not config.signing.keys:
        yield good("revocation", say("no certificate of ours has to be asked about"))
        return
    if config.trust.revocation is Revocations.NEVER:
        yield good("revocation", say("nobody is asked about revocations: trust.revocation: never"))
        return
    found = _sight(situation)
    if found is None:
        return  # the look at the keys says why
    name, sight = found
    yield from _told(name, _weighed(sight, situation), situation)


def _sight(situation: Situation) -> tuple[str, KeySight] | None:
    from edge_node.node.trusting import own_keys, own_places  # noqa: PLC0415 - it loads httpx

    try:
        active = own_keys(situation.config).generations().active
        known = OwnCertificates(situation.config.folders.data).known()
        key = next(key for key in own_places(situation.config) if key.name == active)
        return active, look_at_key(key, known, situation.environ)
    except EdgeNodeError:
        return None


def _weighed(sight: KeySight, situation: Situation) -> Weighed:
    from edge_node.adapters.statements import Statements  # noqa: PLC0415 - it loads httpx
    from edge_node.node.trusting import appraiser  # noqa: PLC0415 - the same

    config = situation.config
    soon = replace(config.trust, timeout=min(config.trust.timeout, _PATIENCE))
    with closing(Opener()) as opener, tempfile.TemporaryDirectory() as folder:
        asking = appraiser(replace(config, trust=soon), opener.appraise)
        fetcher = replace(asking.fetcher, statements=Statements(Path(folder)))
        return replace(asking, fetcher=fetcher).weigh(
            sight.certificate, sight.chain, now=situation.now
        )


def _told(name: str, weighed: Weighed, situation: Situation) -> Iterator[Finding]:
    judgement = weighed.appraisal.judgement
    if judgement.sub is Sub.REVOKED:
        yield bad("revocation.revoked", judgement.why, remedy(Sub.REVOKED), about=name)
    needed = situation.config.trust.revocation is Revocations.REQUIRED
    weigh = bad if needed else warn
    hints = chain(weighed.hints, repeat(say("check the network, the firewall and trust.hosts")))
    for note, hint in zip(weighed.notes, hints, strict=False):
        why = say("whether {name} was revoked cannot be asked: {why}", name=name, why=note)
        yield weigh("revocation.reach", why, hint, about=name)
    if not weighed.notes and judgement.sub is not Sub.REVOKED:
        why = say("whoever is asked about the certificate of {name} answers", name=name)
        yield good("revocation.reach", why, about=name, answers=len(weighed.evidence))


CHECK: Final = Check(
    id="revocation", rank=78, look=_look, within=timedelta(seconds=60), outward=True
)
