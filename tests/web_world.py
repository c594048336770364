"""
An agency with documents both ways, and its web page, on a port of this machine.

    office = an_office(world)                          two agencies that wrote to each other
    with a_visitor(office.desk()) as visitor: ...      somebody at the page; visitor.enter()
    with served(office.desk()) as url: ...             the same page, for a browser
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import yaml
from flows_world import LETTER, OurNode, a_sheet

from edge_node.adapters.listening import address, listening
from edge_node.config import starter
from edge_node.config.metrics import Port
from edge_node.web.desk import Desk
from edge_node.web.serving import server_of
from edge_node.web.token import Token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "so-long-a-token-that-nobody-guesses-it"
NAME = "Nguyễn Thị Hoa"
NONSENSE = b"<edXML>nothing an axis would have accepted</edXML>"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
LETTERS = {"van-ban.pdf": LETTER.read_bytes()}


async def at_once() -> None:
    """Let whoever showed a wrong token not wait: tests are no guessers."""


@dataclass
class Office:
    """Our agency, the one it writes to, and what lies there by id."""

    ours: Any
    theirs: Any
    items: dict[str, str] = field(default_factory=dict)

    def desk(self, **changes: Any) -> Desk:
        """Open the page of our agency, with a node of its own on the same folders."""
        ours = self.ours
        node = OurNode(config=ours.config, clock=lambda: ours.now)
        known = {"token": Token(TOKEN.encode()), "pause": at_once}
        return Desk(node=node, config_file=self.config_file, **known | changes)

    def leave_waiting(self, number: str) -> None:
        """Have a document taken in which nobody has sent yet."""
        sheet = a_sheet(*LETTERS, to=self.theirs.code, number=number, subject="V/v góp ý dự thảo")
        self.ours.drop(number, LETTERS, **sheet)
        self.ours.turn("intake")
        self.items[number] = self.ours.ledger.outbound(limit=1)[0].id

    def states(self, number: str) -> list[str]:
        """Return how a document of that number stands at its receivers."""
        return [str(fate.state) for fate in self.ours.ledger.find(self.items[number]).fates]

    @property
    def config_file(self) -> Path:
        """A configuration such as ours, for those who read one."""
        return self.ours.config.folders.data / "config.yaml"


def an_office(world: Any, **sections: Any) -> Office:
    """Set up two agencies: one document delivered, one refused, one waiting, and one that came."""
    office = Office(world.desk(**sections), world.desk())
    ours, theirs = office.ours, office.theirs
    _write_config(office)
    letters = LETTERS
    sent = a_sheet(*letters, to=theirs.code, number="101", subject="V/v kế hoạch đào tạo năm 2027")
    ours.drop("101", letters, **sent)
    ours.turn()
    theirs.turn()
    came = a_sheet(
        *letters, to=ours.code, number="55", subject="V/v báo cáo công tác phòng chống lụt bão"
    )
    theirs.drop("55", letters, **came)
    theirs.turn()
    ours.turn()
    unknown = a_sheet(*letters, to="H01.1", number="102", subject="V/v mời họp")
    ours.drop("102", letters, **unknown)
    ours.turn()
    office.leave_waiting("103")
    for item in (*ours.ledger.outbound(limit=9), *ours.ledger.inbound(limit=9)):
        office.items[item.code.partition("/")[0]] = item.id
    return office


def _write_config(office: Office) -> None:
    settings = office.ours.config
    text = starter(
        code=settings.agency.code,
        name=settings.agency.name,
        url=settings.axis.url,
        secret_file=settings.axis.secret_file,
        data=settings.folders.data,
        exchange=settings.folders.exchange,
    )
    web = yaml.safe_dump({"web": {"enabled": True}, "directory": {"lists": []}})
    office.config_file.write_text(f"{text}\n{web}")


@dataclass
class Visitor:
    """Somebody with a browser that runs no script."""

    client: httpx.Client
    desk: Desk
    url: str

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a page."""
        return self.client.get(path, headers=headers)

    def post(self, path: str, *, origin: str | None = None, **form: Any) -> httpx.Response:
        """Send a form as it is, from a page of ours where nothing else is said."""
        origin = self.url if origin is None else origin
        return self.client.post(path, data=form, headers={"Origin": origin} if origin else {})

    def enter(self, *, token: str = TOKEN, name: str = NAME, **more: Any) -> httpx.Response:
        """Show a token."""
        return self.post("/enter", token=token, name=name, **more)

    def csrf(self, path: str = "/doctor") -> str:
        """Return the mark in the forms of a page."""
        return _CSRF.search(self.get(path).text)[1]

    def act(self, item: str, act: str, **form: Any) -> httpx.Response:
        """Do something to a document, by the form of its page."""
        return self.post(f"/documents/{item}/{act}", csrf=self.csrf(), **form)


@contextmanager
def a_visitor(desk: Desk) -> Iterator[Visitor]:
    """Give somebody at the page who is not in yet."""
    with (
        served(desk) as address,
        httpx.Client(base_url=address, follow_redirects=False, timeout=30) as client,
    ):
        yield Visitor(client, desk, address.rstrip("/"))


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """Serve the page on a port for as long as the block lasts; give its address."""
    ready = threading.Event()
    place = Port("127.0.0.1", 0)
    with listening(place, key="web.listen") as socket:
        server = server_of(desk, ready.set)
        thread = threading.Thread(target=partial(server.run, sockets=[socket]), name="web")
        thread.start()
        try:
            assert ready.wait(30)
            yield address(place, socket)
        finally:
            server.should_exit = True
            thread.join()
