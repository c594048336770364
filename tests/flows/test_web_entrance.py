"""Who is let into the web page, and whose clicks count."""

import asyncio
import http.client
import select
import socket
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from web_world import NAME, TOKEN, Visitor, a_visitor, an_office

from edge_node.adapters import durable
from edge_node.config import load
from edge_node.domain.errors import ConfigError, NotAllowed
from edge_node.web.desk import PAGES as PAGES_AT_ONCE
from edge_node.web.entrance import cookie_name
from edge_node.web.sessions import KEPT
from edge_node.web.token import read_token

PAGES = ("/", "/documents", "/deadlines", "/papers", "/agencies", "/doctor")


@pytest.fixture(scope="module")
def office(everybody):
    """Give one office for all: nothing is done to its documents here."""
    return an_office(everybody)


@pytest.fixture
def visitor(office):
    with a_visitor(office.desk()) as visitor:
        yield visitor


@contextmanager
def a_stranger(visitor):
    """Give another browser at the same page."""
    with httpx.Client(base_url=visitor.url, follow_redirects=False, timeout=30) as client:
        yield Visitor(client, visitor.desk, visitor.url)


def test_nobody_sees_a_page_without_coming_in(office, visitor):
    """Each page sends a stranger to the entrance, and tells nothing."""
    for path in (*PAGES, f"/documents/{office.items['101']}", "/papers/report?period=2026-11"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.text) == (303, ""), path
        assert answer.headers["location"].startswith("/enter"), path


def test_a_part_of_a_page_asked_for_by_script_leads_to_the_entrance_too(visitor):
    """Whoever was let out meanwhile sees the entrance, and no half page."""
    answer = visitor.get("/", **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/enter")


def test_whoever_knows_the_token_comes_in_under_a_name(visitor):
    """The cookie cannot be read by a script, nor sent from elsewhere; the page says who is in."""
    answer = visitor.enter(back="/documents")
    assert (answer.status_code, answer.headers["location"]) == (303, "/documents")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert NAME in visitor.get("/documents").text


@pytest.mark.parametrize(
    "shown", [{"token": ""}, {"token": TOKEN[:-1]}, {"token": TOKEN + "x"}, {"token": "ụ"}]
)
def test_whoever_does_not_know_the_token_stays_out(visitor, shown):
    """An attempt without the token, or with another, sets no cookie."""
    answer = visitor.enter(**shown)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert visitor.get("/").status_code == 303


def test_whoever_gives_no_name_stays_out(visitor):
    """The journal would not know who acted."""
    assert visitor.enter(name=" \u200b ").status_code == 422
    assert visitor.get("/").status_code == 303


def test_the_way_back_is_a_page_of_ours(visitor):
    """Nobody is sent on to another site by a link to our entrance."""
    for back in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil",
        "/documents?x=1",
        "/a/../b",
    ):
        assert visitor.enter(back=back).headers["location"] == "/"


def test_wrong_tokens_of_a_stranger_keep_nobody_out(visitor, caplog):
    """Neither who is in already nor who comes with the right one; the log hears of it once."""
    visitor.enter()
    with a_stranger(visitor) as stranger:
        for _ in range(20):
            assert stranger.enter(token="wrong").status_code == 403
        assert visitor.get("/").status_code == 200
        assert stranger.enter().status_code == 303
    said = [each.message for each in caplog.records if "did not know" in each.message]
    assert len(said) == 1


def test_after_a_while_a_stranger_is_news_again(office, visitor, caplog):
    """One line an incident, and an incident is over after five minutes."""
    for minutes in (0, 4, 2):
        office.ours.later(minutes=minutes)
        visitor.enter(token="wrong")
    said = [each for each in caplog.records if "did not know" in each.message]
    assert len(said) == 2


def test_a_wrong_token_is_answered_late_and_the_right_one_at_once(office):
    """Whoever guesses waits, and nobody else does: no page is made by a thread that waits."""
    over = threading.Event()

    async def until_over():
        await asyncio.to_thread(over.wait)

    with a_visitor(office.desk(pause=until_over)) as visitor, a_stranger(visitor) as stranger:
        visitor.enter()
        stranger.client.timeout = httpx.Timeout(30, read=0.1)
        for _ in range(PAGES_AT_ONCE + 1):
            with pytest.raises(httpx.ReadTimeout):
                stranger.enter(token="wrong")
        assert visitor.get("/").status_code == 200
        assert visitor.enter().status_code == 303
        over.set()


def test_those_who_wait_for_a_wrong_token_do_not_take_every_connection(office):
    """As many as have room are kept waiting; one more hears so at once."""
    over = threading.Event()

    async def until_over():
        await asyncio.to_thread(over.wait)

    with a_visitor(office.desk(pause=until_over)) as visitor, ExitStack() as strangers:
        body = "name=A&token=wrong"
        head = "POST /enter HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
        kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        asked = f"{head}{kind}{len(body)}\r\n\r\n{body}".encode()
        place = (urlsplit(visitor.url).hostname, urlsplit(visitor.url).port)
        sockets = [socket.create_connection(place, 10) for _ in range(KEPT + 1)]
        for each in sockets:
            strangers.enter_context(each)
            each.sendall(asked)
        strangers.callback(over.set)
        [heard] = select.select(sockets, [], [], 10)[0]
        assert heard.recv(100).startswith(b"HTTP/1.1 403")
        assert visitor.get("/enter").status_code == 200


def test_a_token_that_could_be_guessed_is_not_used(world):
    """Nothing else holds a guesser off, so that a short one lets the page not even start."""
    office = an_office(world)
    path = office.ours.config.folders.data / "web-token"
    for secret, usable in (("x" * 19, False), ("x" * 20, True)):
        durable.write(path, secret.encode() + b"\n", mode=0o600)
        if usable:
            assert read_token(office.ours.config).matches(secret)
        else:
            with pytest.raises(NotAllowed, match="too short"):
                read_token(office.ours.config)


def test_whoever_is_idle_is_let_out(office, visitor):
    """Half an hour without a click; whoever clicks stays in, for twelve hours at most."""
    visitor.enter()
    office.ours.later(minutes=29)
    assert visitor.get("/").status_code == 200
    office.ours.later(minutes=31)
    assert visitor.get("/").status_code == 303
    visitor.enter()
    for _ in range(26):
        office.ours.later(minutes=28)
        visitor.get("/")
    assert visitor.get("/").status_code == 303


def test_a_cookie_nobody_was_given_lets_nobody_in(visitor):
    """Names of sessions are random; one made up means nothing, and coming in makes a new one."""
    visitor.client.cookies.set(cookie_name(visitor.desk), "x")
    assert visitor.get("/").status_code == 303
    assert "set-cookie" in visitor.enter().headers


def test_leaving_ends_the_session(visitor):
    """The old cookie lets nobody in again."""
    visitor.enter()
    kept = dict(visitor.client.cookies)
    assert visitor.post("/leave", csrf=visitor.csrf()).headers["location"] == "/enter"
    visitor.client.cookies.update(kept)
    assert visitor.get("/").status_code == 303


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "https://[", "http://127.0.0.1:1"]
)
def test_a_click_on_another_page_does_nothing(office, visitor, origin):
    """A foreign Origin, or none at all, is refused before anything is looked at."""
    visitor.enter()
    form = {"csrf": visitor.csrf(), "to": "H01.1", "why": ""}
    answer = visitor.post(f"/documents/{office.items['102']}/resend", origin=origin, **form)
    assert answer.status_code == 403
    assert [fate.state for fate in office.ours.ledger.find(office.items["102"]).fates] == [
        "refused"
    ]


@pytest.mark.parametrize("csrf", ["", "x", "ụ"])
def test_a_form_that_was_not_made_for_this_person_does_nothing(office, visitor, csrf):
    """The mark in each form is that of the session."""
    visitor.enter()
    answer = visitor.post(f"/documents/{office.items['102']}/resend", csrf=csrf, to="H01.1")
    assert answer.status_code == 403
    assert [fate.state for fate in office.ours.ledger.find(office.items["102"]).fates] == [
        "refused"
    ]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "10.0.0.1", "a b"])
def test_a_browser_that_was_led_here_under_another_name_is_refused(visitor, host):
    """DNS rebinding: the name in `Host` is neither this machine's nor one of web.hosts."""
    for path in ("/", "/enter", "/static/style.css"):
        assert visitor.get(path, Host=host).status_code in {400, 421}


def test_a_name_of_a_proxy_is_known_and_its_cookie_goes_by_tls_only(world):
    """What web.hosts names is ours, too; a proxy speaks TLS."""
    office = an_office(world, web={"hosts": ("van-ban.example",)})
    with a_visitor(office.desk()) as visitor:
        sent = {"Host": "van-ban.example", "Origin": "https://van-ban.example"}
        answer = visitor.client.post("/enter", data={"token": TOKEN, "name": "A"}, headers=sent)
        assert answer.status_code == 303
        assert "secure" in answer.headers["set-cookie"].lower()


def test_whom_a_proxy_names_is_in_under_that_name(world):
    """No token is asked for; without a name nobody is in, and another name is another session."""
    office = an_office(world, web={"listen": "unix:/run/x.sock", "user_header": "x-remote-user"})
    with a_visitor(office.desk(token=None)) as visitor:
        assert visitor.get("/").status_code == 403
        assert "lan@so" in visitor.get("/doctor", **{"X-Remote-User": "lan@so"}).text
        page = visitor.get("/doctor", **{"X-Remote-User": "minh@so"}).text
        assert "minh@so" in page
        assert "lan@so" not in page


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("user_header", "X-Remote-User"),  # on a port anybody of this machine could write a name
        ("socket_group", "edge-node-web"),  # nor does a port belong to a group
    ],
)
def test_some_keys_are_for_a_socket_alone(office, tmp_path, key, value):
    """A header is believed only behind one, and only one has a group."""
    file = tmp_path / "config.yaml"
    text = office.config_file.read_text()
    file.write_text(text.replace("enabled: true", f"{key}: {value}"))
    with pytest.raises(ConfigError) as refused:
        load(file)
    assert f"web.{key}" in str(refused.value.problems[0])


@pytest.mark.parametrize(
    "path",
    [
        "/static/../guard.py",
        "/static/%2e%2e/guard.py",
        "/static/..%2fguard.py",
        "/static/%2Fetc%2Fpasswd",
        "/../../etc/passwd",
        "/documents/..%2f..%2fetc/page-1.png",
        "/documents/%2e%2e/page-1.png",
        "/static/style.css%00.py",
    ],
)
def test_no_path_leads_out_of_the_page(visitor, path):
    """What is named in an address never becomes a path of this machine."""
    visitor.enter()
    parts = urlsplit(visitor.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())
    connection.request("GET", path, headers={"Cookie": cookies})
    answer = connection.getresponse()
    assert answer.status in {404, 400}
    assert b"root:" not in answer.read()
    connection.close()


def test_a_browser_may_load_and_run_nothing_but_ours(visitor):
    """The policy stands on every answer, refusals among them; no page has anything inline."""
    visitor.enter()
    for path in (*PAGES, "/nothing", "/static/htmx.min.js"):
        answer = visitor.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        if path in PAGES:
            assert answer.headers["cache-control"] == "no-store"
            assert " style=" not in answer.text
            assert " onclick" not in answer.text
            assert answer.text.count("<script") == 1


def test_a_form_that_is_too_long_is_not_read(visitor):
    """Neither a book nor another kind of body."""
    assert visitor.post("/enter", token="x" * 100_000).status_code == 400
    answer = visitor.client.post("/enter", json={}, headers={"Origin": visitor.url})
    assert answer.status_code == 400


def test_sessions_are_limited_in_number(office):
    """The one that was idle for longest goes."""
    desk = office.desk()
    first = desk.sessions.begin("first", now=office.ours.now)
    for number in range(200):
        later = office.ours.now + timedelta(seconds=number + 1)
        last = desk.sessions.begin(str(number), now=later)
    assert desk.sessions.of(first.key, now=later) is None
    assert desk.sessions.of(last.key, now=later) is last
    desk.close()


def test_whoever_comes_in_often_puts_nobody_else_out(office):
    """A program that keeps no cookie, behind a proxy, is a new session with each question."""
    desk = office.desk()
    clerk = desk.sessions.begin("clerk", now=office.ours.now)
    for number in range(300):
        later = office.ours.now + timedelta(seconds=number + 1)
        desk.sessions.begin("program", now=later)
    assert desk.sessions.of(clerk.key, now=later) is clerk
    desk.close()


def test_the_page_is_off_where_nobody_switched_it_on(office):
    """What the configuration does not say is no."""
    assert load(office.config_file).web.enabled
    assert replace(office.ours.config).web.enabled is False
