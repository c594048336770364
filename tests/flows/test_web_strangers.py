"""What strangers try at the web page: odd addresses, silence, signs that turn a line around."""

import http.client
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest
from flows_world import a_sheet
from web_world import LETTERS, NAME, Visitor, a_visitor, an_office

from edge_node.adapters.history import History
from edge_node.adapters.lock import locked
from edge_node.web import serving

TURNING = "\u202egpj.nab-nav\u2066"

HALF_A_FORM = (
    b"POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nname="
)


@pytest.fixture(scope="module")
def office(everybody):
    """Give one office for all who only look."""
    return an_office(everybody)


@pytest.fixture
def visitor(office):
    """Give somebody who is in."""
    with a_visitor(office.desk()) as visitor:
        visitor.enter()
        yield visitor


def raw(visitor, path):
    """Ask for a path as it is written, which a browser would put right; return the page."""
    parts = urlsplit(visitor.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", "127.0.0.1")
    connection.endheaders()
    text = connection.getresponse().read().decode()
    connection.close()
    return text


@pytest.mark.parametrize("path", ["//evil.example/a", "http://evil.example/", "/%2Fevil.example"])
def test_no_link_of_ours_leads_where_the_address_says(visitor, path):
    """The page that is not there has a link to itself in the other language."""
    page = raw(visitor, path)
    assert 'href="/?lang=en"' in page
    assert "evil" not in page


def test_a_refused_act_leads_back_to_its_document(office, visitor):
    """By the link to the other language, too: an act is no page to look at."""
    item = office.items["102"]
    page = visitor.act(item, "resend").text
    assert f'href="/documents/{item}?lang=' in page


def test_whoever_was_let_out_over_a_form_comes_back_to_its_document(office, visitor):
    """By way of the entrance, and not to a line of text."""
    item = office.items["102"]
    visitor.client.cookies.clear()
    answer = visitor.post(f"/documents/{item}/resend", csrf="x", to="H01.1")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/enter?back=/documents/{item}"
    assert visitor.enter(back=f"/documents/{item}").headers["location"] == f"/documents/{item}"


def test_a_page_that_looks_anew_by_itself_keeps_nobody_in(office, visitor):
    """A screen nobody sits at is let out after half an hour, however often it asks."""
    page = visitor.get("/").text
    assert page.count('hx-trigger="every') == page.count('hx-headers=\'{"X-By-Itself": "1"}\'')
    for _ in range(2):
        office.ours.later(minutes=20)
        answer = visitor.get("/", **{"HX-Request": "true", "X-By-Itself": "1"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/enter")


def test_coming_in_anew_ends_what_was_before(visitor):
    """One browser is one person."""
    before = httpx.Client(base_url=visitor.url, cookies=dict(visitor.client.cookies))
    assert before.get("/").status_code == 200
    visitor.enter(name="Lan")
    assert before.get("/").status_code == 303
    before.close()


def test_signs_that_turn_a_line_around_are_shown_as_signs(office, visitor):
    """A stranger's subject changes no line it stands in, in a list and on its own page."""
    ours, theirs = office.ours, office.theirs
    theirs.drop("77", LETTERS, **a_sheet(*LETTERS, to=ours.code, number="77", subject=TURNING))
    theirs.turn()
    ours.turn()
    [came] = [each for each in ours.ledger.inbound(limit=9) if each.code.startswith("77/")]
    for path in ("/documents?q=77", f"/documents/{came.id}"):
        page = visitor.get(path).text
        assert "\ufffdgpj.nab-nav\ufffd" in page
        assert not {"\u202e", "\u2066"} & set(page)


def test_the_journal_keeps_a_reason_as_one_line(world):
    """No sign for terminals or for turning lines around gets into it by the page."""
    office = an_office(world)
    with a_visitor(office.desk()) as clerk:
        clerk.enter()
        item = office.items["102"]
        clerk.act(item, "resend", to="H01.1", why="they are\x1b[31m\u202e\n there ")
        assert History(office.ours.queue.file).of(item)[-1].why == "they are[31m there"


def test_a_proxy_writes_names_in_utf_8(world):
    """As all of them do, though headers were latin once."""
    office = an_office(world, web={"listen": "unix:/run/x.sock", "user_header": "x-remote-user"})
    with a_visitor(office.desk(token=None)) as visitor:
        page = visitor.client.get("/doctor", headers={b"X-Remote-User": NAME.encode()})
        assert NAME in page.text
        page = visitor.client.get("/doctor", headers={b"X-Remote-User": b"Jos\xe9"})
        assert "José" in page.text


def test_two_names_in_one_request_are_none(world):
    """A proxy that adds its header behind a stranger's has told nobody who asks."""
    office = an_office(world, web={"listen": "unix:/run/x.sock", "user_header": "x-remote-user"})
    with a_visitor(office.desk(token=None)) as visitor:
        both = [("X-Remote-User", "giam-doc"), ("X-Remote-User", "lan")]
        assert visitor.client.get("/", headers=both).status_code == 403


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
        HALF_A_FORM,
        b"GET /static/icon.svg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HTTP/1.1\r\nHost: ",
    ],
)
def test_whoever_does_not_say_what_they_want_loses_their_place(
    office, monkeypatch, caplog, written
):
    """Silence, half a head, half a form, half a second question: no place, no page of the log."""
    monkeypatch.setattr(serving, "PATIENCE", 0.2)
    with a_visitor(office.desk()) as visitor:
        parts = urlsplit(visitor.url)
        begun = time.monotonic()
        silent = [socket.create_connection((parts.hostname, parts.port), 10) for _ in range(3)]
        for each in silent:
            each.sendall(written)
        for each in silent:
            while each.recv(65536):
                pass
            each.close()
        assert time.monotonic() - begun < 10
        assert visitor.get("/enter").status_code == 200
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == []


def test_an_office_of_browsers_finds_room(office):
    """A dozen people, six idle connections each, as browsers keep them."""
    with a_visitor(office.desk()) as visitor:
        parts = urlsplit(visitor.url)
        held = [http.client.HTTPConnection(parts.hostname, parts.port) for _ in range(72)]
        for each in held:
            each.request("GET", "/static/icon.svg")
            answer = each.getresponse()
            answer.read()
            assert answer.status == 200
        for each in held:
            each.close()


def test_a_mark_of_somebody_else_does_nothing(office, visitor):
    """Each session has its own, though both people are in."""
    with httpx.Client(base_url=visitor.url) as client:
        other = Visitor(client, visitor.desk, visitor.url)
        other.enter(name="Lan")
        item = office.items["102"]
        answer = visitor.post(f"/documents/{item}/resend", csrf=other.csrf(), to="H01.1")
    assert answer.status_code == 403
    assert office.states("102") == ["refused"]


def test_page_1_of_a_file_that_is_no_document_says_so_in_its_place(office, visitor):
    """A picture with words, which no browser shows as broken; another document's is untouched."""
    [path] = office.ours.config.folders.exchange.glob("sent/**/101/van-ban.pdf")
    kept = path.read_bytes()
    path.write_bytes(b"%PDF-1.4 and nothing else")
    answer = visitor.get(f"/documents/{office.items['101']}/page-1.png")
    path.write_bytes(kept)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "image/svg+xml")
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_was_refused_is_not_all_well(office, visitor):
    """The overview names it where people look first, whether or not anything else is wrong."""
    with locked(office.ours.config.folders.data):
        page = visitor.get("/", **{"Accept-Language": "en"}).text
    assert '<p><a href="/documents?way=out&amp;state=refused">Outgoing: refused</a></p>' in page
    assert "all is well" not in page
