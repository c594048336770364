"""What the web page shows, and what people do there."""

import re
import shutil
from contextlib import closing
from datetime import timedelta

import pytest
from web_world import LETTERS, NAME, NONSENSE, a_visitor, an_office

from edge_node.adapters.history import History
from edge_node.adapters.queue import Queue
from edge_node.adapters.traffic import Traffic
from edge_node.domain.lifecycle import Receiving
from edge_node.node.halting import send_anew

PAGES = ("/", "/documents", "/deadlines", "/papers", "/agencies", "/doctor")


@pytest.fixture(scope="module")
def office(everybody):
    """Give one office for those who only look."""
    return an_office(everybody)


@pytest.fixture
def visitor(office):
    """Give somebody who is in."""
    with a_visitor(office.desk()) as visitor:
        visitor.enter()
        yield visitor


@pytest.fixture
def clerk(world):
    """Give an office of one's own, and somebody who acts there."""
    office = an_office(world)
    with a_visitor(office.desk()) as clerk:
        clerk.enter()
        clerk.office = office
        yield clerk


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_speaks_the_language_a_browser_asks_for(office, visitor, language):
    """Or the one somebody chose, from then on."""
    paths = (*PAGES, f"/documents/{office.items['101']}", f"/documents/{office.items['55']}")
    for path in paths:
        page = visitor.get(path, **{"Accept-Language": f"{language};q=0.9, fr"})
        assert page.status_code == 200, path
        assert f'<html lang="{language}">' in page.text, path
    visitor.get(f"/?lang={language}")
    assert f'<html lang="{language}">' in visitor.get("/", **{"Accept-Language": "fr"}).text


def test_the_overview_tells_how_the_node_fares(visitor):
    """That it is stopped, what stands where, today's documents, and what is to be done."""
    page = visitor.get("/", **{"Accept-Language": "en"}).text
    assert "The node is stopped" in page
    assert re.search(r'figure bad">1</span> refused', page)
    assert "handed over: <strong>3</strong>" in page
    assert "received: <strong>1</strong>" in page
    assert "103/UBND-VP" in page


def test_a_paused_node_is_not_let_go_before_the_axis_was_asked(clerk):
    """Whoever adopts a copy too early sends twice: the page says what is still to be asked."""
    clerk.office.ours.node.sends.pause(now=clerk.office.ours.now)
    page = clerk.get("/", **{"Accept-Language": "en"}).text
    assert "Sending is paused since" in page
    assert "f 1 that wait the axis has still to be asked" in page
    assert "edge-node adopt" not in page


def test_states_are_counted_no_further_than_asked(office):
    """A table of a million rows is never counted whole."""
    traffic = Traffic(office.ours.queue.file)
    assert traffic.standing(most=1000)["out"]["refused"] == 1
    assert traffic.standing(most=0)["out"]["refused"] == 0
    start = office.ours.now - timedelta(hours=2)
    day = traffic.day(start, start + timedelta(days=1))
    assert (day.sent[2], sum(day.sent), sum(day.received)) == (3, 3, 1)


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ("", {"101", "102", "103", "55"}),
        ("q=lut+bao", {"55"}),
        ("q=L%E1%BB%A5t+b%C3%A3o", {"55"}),
        ("q=dao+tao", {"101"}),
        ("q=102", {"102"}),
        ("way=in", {"55"}),
        ("way=out&state=refused", {"102"}),
        ("q=nothing+like+that", set()),
        ("way=sideways&state=odd&until=yesterday", {"101", "102", "103", "55"}),
    ],
)
def test_documents_are_found_with_and_without_marks(visitor, asked, numbers):
    """By words of the subject, a number, a direction, a state; what makes no sense is ignored."""
    page = visitor.get(f"/documents?{asked}").text
    assert set(re.findall(r">(\d+)/UBND-VP</a>", page)) == numbers


def test_older_documents_are_a_link_away(office, visitor):
    """A list goes on where the one before ended."""
    before = int(office.ours.now.timestamp() * 1000) - 1
    assert "/UBND-VP" not in visitor.get(f"/documents?until={before}").text


def test_one_document_is_told_in_full(office, visitor):
    """How it stands, the story, what happened, its particulars."""
    page = visitor.get(f"/documents/{office.items['101']}", **{"Accept-Language": "en"}).text
    subject, receiver = "V/v kế hoạch đào tạo năm 2027", office.theirs.code
    for words in (subject, receiver, "delivered", "attempt 1: accepted"):
        assert words in page
    assert '<ol class="tale">' in page
    came = visitor.get(f"/documents/{office.items['55']}").text
    assert "van-ban.pdf" in came  # its verdict


def test_what_a_stranger_wrote_is_shown_and_never_run(clerk):
    """A subject is text, whatever stands in it."""
    ours, theirs = clerk.office.ours, clerk.office.theirs
    from flows_world import a_sheet

    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    sheet = a_sheet(*LETTERS, to=ours.code, number="66", subject=evil)
    theirs.drop("66", LETTERS, **sheet)
    theirs.turn()
    ours.turn()
    page = clerk.get("/documents?q=66").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page


def test_page_1_is_drawn(office, visitor):
    """A picture of it, as PNG, drawn by the child; nothing for what is not here."""
    for number in ("101", "55"):
        answer = visitor.get(f"/documents/{office.items[number]}/page-1.png")
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")
        assert int.from_bytes(answer.content[16:20], "big") > 500
    assert visitor.get("/documents/nothing/page-1.png").status_code == 404


def test_what_is_not_drawn_is_named_and_why(clerk):
    """A second PDF, and files the page does not open; papers of ours are no attachments."""
    from flows_world import a_sheet

    ours, files = (
        clerk.office.ours,
        LETTERS | {"so-lieu.txt": b"7", "z.pdf": LETTERS["van-ban.pdf"]},
    )
    ours.drop("77", files, **a_sheet(*files, to=clerk.office.theirs.code, number="77"))
    ours.turn()
    [item] = [each.id for each in ours.ledger.outbound(limit=9) if each.code == "77/UBND-VP"]
    page = clerk.get(f"/documents/{item}", **{"Accept-Language": "en"}).text
    assert re.search(r'<p class="note">van-ban.pdf</p>', page)
    assert "other kinds of files are not opened here" in page
    assert re.findall(r"<li>([\w.-]+)</li>", page) == ["so-lieu.txt", "z.pdf"]
    alone = clerk.get(f"/documents/{clerk.office.items['101']}", **{"Accept-Language": "en"}).text
    assert "other kinds of files" not in alone


@pytest.mark.parametrize("form", ["xlsx", "pdf", "csv", "html"])
def test_registers_come_as_files(visitor, form):
    """With a name that says what they are, and what is in them."""
    days = "first=2026-11-01&last=2026-11-30"
    answer = visitor.get(f"/papers/register?which=outgoing&{days}&form={form}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f".{form}")
    assert len(answer.content) == int(answer.headers["content-length"])
    if form in {"csv", "html"}:
        assert "V/v kế hoạch đào tạo" in answer.text


@pytest.mark.parametrize("form", ["xlsx", "pdf", "json", "html"])
def test_reports_come_as_files(visitor, form):
    """The report of a month."""
    answer = visitor.get(f"/papers/report?period=2026-11&form={form}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f".{form}")
    assert len(answer.content) > 100


@pytest.mark.parametrize(
    "path",
    [
        "/papers/register?which=odd&first=2026-11-01&last=2026-11-30&form=csv",
        "/papers/register?which=outgoing&first=yesterday&last=2026-11-30&form=csv",
        "/papers/register?which=outgoing&first=2026-11-30&last=2026-11-01&form=csv",
        "/papers/register?which=outgoing&first=2026-11-01&last=2026-11-30&form=exe",
        "/papers/report?period=soon&form=html",
        "/papers/report?period=2026-11&form=exe",
    ],
)
def test_a_paper_that_does_not_exist_is_refused_in_words(visitor, path):
    """What was wrong, and what helps."""
    answer = visitor.get(path)
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


def test_what_is_not_there_is_said_to_be_not_there(visitor):
    """Pages, documents, acts, agencies."""
    for path in ("/nothing", "/documents/o22222222z", "/agencies/H00.0"):
        assert visitor.get(path).status_code == 404, path
    assert visitor.act("o22222222z", "resend").status_code == 404


def test_a_refused_document_is_sent_again(clerk):
    """To the receivers that were ticked, under the clerk's name and with the reason given."""
    item = clerk.office.items["102"]
    answer = clerk.act(item, "resend", to="H01.1", why="they are on the axis now")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/documents/{item}")
    assert clerk.office.states("102") == ["queued"]
    last = History(clerk.office.ours.queue.file).of(item)[-1]
    assert (last.event, last.actor, last.why) == ("queued", NAME, "they are on the axis now")
    page = clerk.get(f"/documents/{item}", **{"Accept-Language": "en"}).text
    assert "Queued again for H01.1." in page
    assert "they are on the axis now" in page
    assert "Queued again" not in clerk.get(f"/documents/{item}").text


def test_a_document_that_was_sent_anew_names_the_new_one(clerk):
    """Links and events have the words the commands have for them."""
    item, ours = clerk.office.items["102"], clerk.office.ours
    new, _ = send_anew(ours.node).send(item, [], now=ours.now)
    page = clerk.get(f"/documents/{item}", **{"Accept-Language": "en"}).text
    assert re.search(rf"was sent anew as\s.*{new}", page, re.DOTALL)


def test_a_waiting_document_is_stopped(clerk):
    """A recall of what has not left; it needs a reason and a receiver."""
    item, theirs = clerk.office.items["103"], clerk.office.theirs.code
    assert clerk.act(item, "recall", to=theirs, reason="", sure="1").status_code == 409
    assert clerk.act(item, "recall", reason="wrong annex", sure="1").status_code == 409
    answer = clerk.act(item, "recall", to=theirs, reason="wrong annex", sure="1")
    assert answer.status_code == 303
    assert clerk.office.states("103") == ["recalled"]


def test_a_document_that_came_is_given_a_status(clerk):
    """With its number in our register; its sender hears of it."""
    item = clerk.office.items["55"]
    answer = clerk.act(item, "set-status", status="03", arrival_number="912")
    assert answer.status_code == 303
    found = clerk.office.ours.ledger.find(item)
    assert (found.status, found.arrival_number) == ("03", "912")
    clerk.office.ours.turn()
    clerk.office.theirs.turn()
    assert "03" in clerk.office.theirs.told()


def test_a_document_that_came_is_refused_with_a_reason(clerk):
    """Without one it is not, and the form stays filled in with the reason above it."""
    item = clerk.office.items["55"]
    answer = clerk.act(item, "refuse", reason_code="", note="gửi nhầm", sure="1")
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert "gửi nhầm" in answer.text
    answer = clerk.act(item, "refuse", reason_code="WRONG_RECIPIENT", note="gửi nhầm", sure="1")
    assert answer.status_code == 303
    assert clerk.office.ours.ledger.find(item).status == "02"


def test_what_is_in_quarantine_is_released(clerk, world):
    """It is tried once more."""
    office = clerk.office
    world.put(office.ours.code, NONSENSE)
    office.ours.turn()
    [aside] = office.ours.quarantined()
    page = clerk.get(f"/documents/{aside.id}").text
    assert f'action="/documents/{aside.id}/release"' in page
    assert clerk.act(aside.id, "release", why="once more").status_code == 303
    assert office.ours.ledger.find(aside.id).state == Receiving.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("number", "act"),
    [
        ("101", "set-status"),
        ("101", "refuse"),
        ("101", "release"),
        ("55", "resend"),
        ("55", "recall"),
    ],
)
def test_what_is_not_for_a_document_is_refused(office, visitor, number, act):
    """An act of the other direction does nothing."""
    answer = visitor.act(office.items[number], act, to="x", reason="x", status="03")
    assert answer.status_code == 409


def test_the_doctor_looks_when_asked(visitor):
    """In a thread of its own; the page shows what was found once it is done."""
    assert visitor.post("/doctor", csrf=visitor.csrf()).status_code == 303
    visitor.desk.rounds.wait()
    page = visitor.get("/doctor", **{"Accept-Language": "en"}).text
    assert "the configuration can be used" in page.lower()


def test_a_page_does_not_go_on_with_a_queue_that_was_moved_aside(clerk):
    """`restore` and `recover` put another there: what is done in the old one would be lost."""
    queue, item = clerk.office.ours.config.folders.queue, clerk.office.items["103"]
    form = clerk.csrf()
    assert clerk.get("/documents").status_code == 200
    aside = queue.with_name("before-restore-1")
    aside.mkdir()
    for path in (queue, *queue.parent.glob("queue.db-*")):
        path.rename(aside / path.name)
        shutil.copy(aside / path.name, path)
    english = {"Accept-Language": "en"}
    for page in (clerk.get("/documents", **english), clerk.get("/", **english)):
        assert page.status_code >= 500
        assert "was moved or replaced while it was open" in page.text
        assert "systemctl restart edge-node-web@NAME" in page.text
    done = clerk.post(f"/documents/{item}/hold", csrf=form, why="x")
    assert done.status_code >= 500
    with closing(Queue(aside / "queue.db")) as old:
        assert old.file.rows("select * from events where why = 'x'") == []
