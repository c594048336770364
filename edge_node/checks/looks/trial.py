"""
A trial signature with each key: only where somebody asks for it, because a token is told its PIN.

The PIN is told once, and not at all where the token is known to have refused it. What was seen of
a token's certificate is remembered, as at each opening.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge_node.adapters.notary import Opener
from edge_node.adapters.signing_key import OnToken
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, broken_by, good
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from edge_node.adapters.key_fitness import KeyFitness
    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding


def _look(situation: Situation) -> Iterator[Finding]:
    from edge_node.node.trusting import (  # noqa: PLC0415 - it loads httpx
        key_fitness,
        own_keys,
        own_places,
    )

    config = situation.config
    on_tokens = [key.name for key in own_places(config) if isinstance(key.place, OnToken)]
    if not situation.login:
        if on_tokens:
            why = say("no token was told its PIN; to sign a trial: edge-node doctor --login")
            yield good("signing.trial", why)
        return
    with closing(own_keys(config)) as keys, closing(Opener()) as opener:
        fitness = key_fitness(config, keys, opener.appraise)
        for key in own_places(config):
            yield _tried(fitness, key.name, situation.now)


def _tried(fitness: KeyFitness, name: str, now: datetime) -> Finding:
    try:
        fits = fitness.signs(name, now=now)
    except EdgeNodeError as error:
        return broken_by("signing.trial", error, about=name)
    if fits:
        why = say("the key {name} signed a trial, and it fits its certificate", name=name)
        return good("signing.trial", why, about=name)
    return bad(
        "signing.trial",
        say("the trial signature of {name} does not fit its certificate", name=name),
        say("the key is another one than the certificate's; ask who issued them"),
        about=name,
    )


CHECK: Final = Check(id="signing.trial", rank=72, look=_look, within=timedelta(seconds=60))
