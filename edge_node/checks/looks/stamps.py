"""The time-stamp servers: each is asked for a stamp, all at once, and how long that took."""

from __future__ import annotations

import hashlib
import secrets
import time
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_node.checks.asking import side_by_side
from edge_node.checks.check import Check
from edge_node.checks.finding import bad, good, unknown, warn
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.preparing import Stamped
    from edge_node.adapters.stamping import Authority
    from edge_node.checks.check import Situation
    from edge_node.checks.finding import Finding
    from edge_node.config import Config, StampServer

_PATIENCE: Final = timedelta(seconds=15)  # whoever takes longer holds up every document as long
_SLOW: Final = 5.0  # seconds


def _look(situation: Situation) -> Iterator[Finding]:
    from edge_node.node.trusting import stamper  # noqa: PLC0415 - it loads httpx

    config = situation.config
    if not config.stamps.servers:
        yield good("stamps", say("no time-stamp server is configured"))
        return
    known = {each.url: each for each in stamper(config).authorities}
    open_ = [each for each in config.stamps.servers if _opens(each, situation)]
    for server in config.stamps.servers:
        if server not in open_:
            yield _not_asked(server)
    ask = partial(_asked, config=config)
    for _, finding in side_by_side(ask, [known[each.url] for each in open_]):
        yield finding


def _opens(server: StampServer, situation: Situation) -> bool:
    handed_over = server.password_file.startswith("credential:")
    return not handed_over or bool(situation.environ.get("CREDENTIALS_DIRECTORY"))


def _not_asked(server: StampServer) -> Finding:
    return unknown(
        "stamps.server",
        say(
            "the password of {url} is known to the service only: it was not asked", url=server.url
        ),
        say("what it says to the service stands in the log: journalctl -u 'edge-node*'"),
        about=server.url,
    )


def _asked(authority: Authority, config: Config) -> Finding:
    from edge_node.adapters.preparing import Preparer  # noqa: PLC0415 - it loads httpx
    from edge_node.adapters.stamping import Stamper  # noqa: PLC0415 - the same

    within = min(config.stamps.timeout, _PATIENCE)
    hashed = config.stamps.hash.value
    digest = hashlib.new(hashed, secrets.token_bytes(32)).digest()
    answered = list[float]()  # not our own children's time: the server's alone
    with closing(Preparer()) as preparer:
        question = preparer.question("digest", digest, hashed=hashed, policy=config.stamps.policy)

        def read(answer: bytes) -> Stamped:
            answered.append(time.monotonic())
            return preparer.answer(question, answer)

        begun = time.monotonic()
        try:
            Stamper(authorities=(authority,), timeout=within, tries=1).stamp(
                question.request, read
            )
        except EdgeNodeError as error:
            cure = error.hint or say("ask who runs it; another may stand in stamps.servers")
            return bad("stamps.server", error.message, cure, about=authority.url)
    return _timed(authority.url, answered[-1] - begun)


def _timed(url: str, took: float) -> Finding:
    seconds = round(took, 1)
    if took < _SLOW:
        why = say("the time-stamp server {url} stamps, in {seconds} s", url=url, seconds=seconds)
        return good("stamps.server", why, about=url, seconds=seconds)
    return warn(
        "stamps.server",
        say("the time-stamp server {url} is slow: {seconds} s a stamp", url=url, seconds=seconds),
        say("name a quicker one before it in stamps.servers, or ask who runs it"),
        about=url,
        seconds=seconds,
    )


CHECK: Final = Check(id="stamps", rank=75, look=_look, within=timedelta(seconds=30), outward=True)
