"""What people do to documents at the page: offered where it is allowed, and refused in words."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import pytest
from web_world import NAME, NONSENSE, a_visitor, an_office

from edge_node.adapters.history import History
from edge_node.domain.item import ItemId
from edge_node.domain.lifecycle import Receiving
from edge_node.node.halting import send_anew
from edge_node.web.offers import FINAL

ACTS = (
    *("release", "resend", "anew", "hold", "cancel", "expire", "recall", "requeue"),
    *("set-status", "refuse"),
)
FILLED = {"why": "thử", "reason": "thử", "status": "03", "reason_code": "OTHER", "note": "thử"}
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(scope="module")
def quoting(everybody):
    """Give what has the page say a sentence with these words of somebody's."""
    with a_visitor(an_office(everybody).desk()) as visitor:
        visitor.enter()
        yield lambda words: visitor.get(f"/documents/{quote(words)}", **ENGLISH).text


def offered(clerk, item):
    """Return the acts a page has a form for."""
    page = clerk.get(f"/documents/{item}").text
    return set(re.findall(rf'action="/documents/{item}/([a-z-]+)"', page))


def last_act(clerk, item):
    """Return the last thing that happened to a document, and who did it why."""
    last = History(clerk.office.ours.queue.file).of(item)[-1]
    return last.event, last.actor, last.why


def happened(clerk, item):
    """Return how much has happened to a document."""
    return len(History(clerk.office.ours.queue.file).of(item))


def told(clerk, item):
    """Return the page of a document in English."""
    return clerk.get(f"/documents/{item}", **ENGLISH).text


def set_aside(clerk):
    """Have something come that is no document, and return its id."""
    clerk.world.put(clerk.office.ours.code, NONSENSE)
    clerk.office.ours.turn()
    [aside] = clerk.office.ours.quarantined()
    return aside.id


def leave_for_a_while(clerk):
    """Have the axis not answer, so that a waiting document is tried later."""
    with clerk.office.ours.queue.file.transaction() as transaction:
        due = int((clerk.office.ours.now + timedelta(hours=1)).timestamp() * 1000)
        transaction.execute("update work set due = :due where lane = 'push'", {"due": due})


# ── what is offered ──────────────────────────────────────────────────────────────────────────


def test_only_what_is_allowed_now_is_offered(clerk):
    """By how the document stands at its receivers, or here."""
    items, theirs = clerk.office.items, clerk.office.theirs.code
    assert offered(clerk, items["101"]) == {"recall"}  # delivered
    assert offered(clerk, items["102"]) == {"resend", "anew", "cancel", "recall"}  # refused
    assert offered(clerk, items["103"]) == {"hold", "cancel", "expire", "recall"}  # queued
    assert offered(clerk, items["55"]) == {"set-status", "refuse"}  # in the inbox
    clerk.act(items["103"], "hold", to=theirs)
    assert offered(clerk, items["103"]) == {"release", "cancel", "expire", "recall"}  # kept back
    clerk.act(items["103"], "cancel", to=theirs, sure="1")
    assert offered(clerk, items["103"]) == set()  # withdrawn
    clerk.act(items["101"], "recall", to=theirs, reason="x", sure="1")
    assert offered(clerk, items["101"]) == set()  # asked back, and not answered


def test_what_is_not_offered_is_refused(clerk):
    """With the reason on the page and nothing done: what may be done is not hidden either."""
    items, theirs = clerk.office.items | {"aside": set_aside(clerk)}, clerk.office.theirs.code
    for number, item in items.items():
        before = happened(clerk, item)
        for act in set(ACTS) - offered(clerk, item) - {"requeue"}:  # what is due may be rung for
            to = "H01.1" if number == "102" else theirs
            answer = clerk.act(item, act, to=to, sure="1", **FILLED)
            assert (answer.status_code, 'role="alert"' in answer.text) == (409, True), act
        assert happened(clerk, item) == before


def test_what_was_sent_anew_is_not_offered_again(clerk):
    """Neither under its own DocumentId nor under a third; nor to be withdrawn by mistake."""
    item, ours = clerk.office.items["102"], clerk.office.ours
    send_anew(ours.node).send(item, [], now=ours.now)
    assert not {"resend", "anew"} & offered(clerk, item)


def test_what_was_begun_to_be_sent_anew_is_nobodys_to_begin(clerk):
    """Between its link and its row, where a crash may leave it: nothing is offered meanwhile."""
    item, ours = clerk.office.items["102"], clerk.office.ours
    halting, new = ours.queue.halting, ItemId("o23456789a")
    halting.begin_anew(item, new, ("H01.1",), lies=lambda _: True, now=ours.now)
    assert not {"resend", "anew"} & offered(clerk, item)


def test_a_try_can_be_brought_forward_only_where_one_is_ahead(clerk):
    """What is due goes by itself."""
    assert "requeue" not in offered(clerk, clerk.office.items["103"])
    leave_for_a_while(clerk)
    assert "requeue" in offered(clerk, clerk.office.items["103"])


# ── what is done ─────────────────────────────────────────────────────────────────────────────


def test_a_document_is_kept_back_and_let_go(clerk):
    """Each under the clerk's name, with the reason they gave."""
    item, theirs = clerk.office.items["103"], clerk.office.theirs.code
    assert clerk.act(item, "hold", to=theirs, why="chờ phụ lục").status_code == 303
    assert last_act(clerk, item) == ("held", NAME, "chờ phụ lục")
    assert "Let it leave" in told(clerk, item)
    assert clerk.act(item, "release", to=theirs, why="đã có phụ lục").status_code == 303
    assert last_act(clerk, item) == ("queued", NAME, "đã có phụ lục")
    assert f"Let go for {theirs}." in told(clerk, item)
    clerk.office.ours.turn()
    assert clerk.office.states("103") == ["accepted"]


def test_what_nobody_keeps_back_is_not_let_go_by_that_name(clerk):
    """What was refused is sent again: the page says so, and by what."""
    answer = clerk.act(clerk.office.items["102"], "release", to="H01.1")
    assert answer.status_code == 409
    assert clerk.office.states("102") == ["refused"]


def test_a_waiting_document_is_withdrawn(clerk):
    """For good: it never leaves."""
    item, theirs = clerk.office.items["103"], clerk.office.theirs.code
    assert clerk.act(item, "cancel", to=theirs, why="sai nơi nhận", sure="1").status_code == 303
    assert last_act(clerk, item) == ("recalled", NAME, "sai nơi nhận")
    assert f"Withdrawn for {theirs}." in told(clerk, item)
    clerk.office.ours.turn()
    assert clerk.office.states("103") == ["recalled"]


def test_a_waiting_document_is_given_up_and_sent_after_all(clerk):
    """That can be taken back, so nobody is asked whether they mean it."""
    item, theirs = clerk.office.items["103"], clerk.office.theirs.code
    assert clerk.act(item, "expire", to=theirs, why="quá hạn").status_code == 303
    assert last_act(clerk, item) == ("dead", NAME, "quá hạn")
    assert f"Given up for {theirs}." in told(clerk, item)
    assert clerk.act(item, "resend", to=theirs).status_code == 303
    assert clerk.office.states("103") == ["queued"]


def test_the_next_try_is_made_now(clerk):
    """By the clerk's wish, which the journal keeps."""
    item = clerk.office.items["103"]
    leave_for_a_while(clerk)
    clerk.office.ours.turn()
    assert clerk.office.states("103") == ["queued"]
    assert clerk.act(item, "requeue", why="trục đã chạy lại").status_code == 303
    assert last_act(clerk, item) == ("requeued", NAME, "trục đã chạy lại")
    clerk.office.ours.turn()
    assert clerk.office.states("103") == ["accepted"]


def test_a_refused_document_is_sent_as_a_new_one(clerk):
    """Under another DocumentId, once; the old one says which took its place, and by whom."""
    item = clerk.office.items["102"]
    answer = clerk.act(item, "anew", to="H01.1", why="trục không nhận số cũ", sure="1")
    assert answer.status_code == 303
    page = told(clerk, item)
    new = re.search(r"Queued as a new document, (o\w{9}), for H01\.1\.", page)[1]
    old, made = (clerk.office.ours.ledger.find(each) for each in (item, new))
    assert old.document_id != made.document_id
    assert last_act(clerk, item) == ("sent anew", NAME, "trục không nhận số cũ")
    assert clerk.act(item, "anew", to="H01.1", sure="1").status_code == 409


def test_what_cannot_be_taken_back_is_meant(clerk):
    """Without the tick nothing is done, whatever sent the form; the rest stays filled in."""
    acts = {"anew": "102", "cancel": "103", "recall": "101", "refuse": "55"}
    assert set(acts) == FINAL
    for act, number in acts.items():
        item, to = (
            clerk.office.items[number],
            "H01.1" if act == "anew" else clerk.office.theirs.code,
        )
        before = happened(clerk, item)
        answer = clerk.act(item, act, to=to, **FILLED)
        assert (answer.status_code, 'role="alert"' in answer.text) == (409, True)
        assert re.search(rf'id="{act}-sure" name="sure" value="1" required', answer.text)
        assert "thử" in answer.text
        assert happened(clerk, item) == before
        assert clerk.act(item, act, to=to, sure="1", **FILLED).status_code == 303


def test_agreeing_to_a_recall_is_meant(clerk):
    """Everything of the document is destroyed then; not to agree needs no tick."""
    ours, theirs, item = clerk.office.ours, clerk.office.theirs, clerk.office.items["55"]
    [sent] = [each for each in theirs.ledger.outbound(limit=9) if each.code == "55/UBND-VP"]
    theirs.node.recall_order().recall(sent.id, "gửi nhầm", (), now=theirs.now)
    theirs.turn()
    ours.turn()
    assert "set-status-sure" in told(clerk, item)
    answer = clerk.act(item, "set-status", status="15")
    assert answer.status_code == 409
    assert ours.ledger.find(item).state == Receiving.DELIVERED
    assert clerk.act(item, "set-status", status="15", sure="1").status_code == 303


def test_an_act_nobody_chose_a_receiver_for_does_nothing(clerk):
    """And the page does not tick them all again by itself."""
    item = clerk.office.items["103"]
    answer = clerk.act(item, "hold", why="x")
    assert answer.status_code == 409
    assert not re.search(r'id="hold-1"[^>]* checked', answer.text)
    assert clerk.office.states("103") == ["queued"]


def number(clerk, item):
    """Return what the forms of a page are told by from those of another."""
    return re.search(r'name="once" value="([^"]+)"', told(clerk, item))[1]


def test_a_form_that_comes_twice_is_done_once(clerk):
    """And each time the clerk reads what came of it; a page loaded anew is another wish."""
    item = clerk.office.items["55"]
    before, once = happened(clerk, item), number(clerk, item)
    for _ in range(2):
        answer = clerk.act(item, "set-status", status="04", once=once)
        assert answer.status_code == 303
        assert f"Queued for {clerk.office.theirs.code}: 04" in told(clerk, item)
    assert happened(clerk, item) == before + 1
    clerk.act(item, "set-status", status="04", note="phòng khác", once=once)
    clerk.act(item, "set-status", status="04", once=number(clerk, item))
    assert happened(clerk, item) == before + 3


def test_clicks_at_the_same_time_are_one_act(clerk):
    """The second waits for the first: no receiver is asked twice for a document."""
    item, theirs = clerk.office.items["101"], clerk.office.theirs.code
    form = {"to": theirs, "reason": "gửi nhầm", "sure": "1", "once": number(clerk, item)}
    with ThreadPoolExecutor(4) as clicks:
        answers = list(clicks.map(lambda _: clerk.act(item, "recall", **form), range(4)))
    assert {each.status_code for each in answers} == {303}
    assert len(clerk.office.ours.ledger.find(item).requests) == 1


def test_what_came_of_an_act_is_told_to_who_clicked(clerk):
    """Not to an overview in another window, which asks anew by itself and shows it to nobody."""
    item, theirs = clerk.office.items["103"], clerk.office.theirs.code
    clerk.act(item, "hold", to=theirs)
    assert "Held for" not in clerk.get("/", **ENGLISH, **{"X-By-Itself": "1"}).text
    assert f"Held for {theirs}." in told(clerk, item)


def test_what_was_refused_is_tried_again_by_the_same_form(clerk):
    """Only what was done is done once."""
    item, theirs = clerk.office.items["103"], clerk.office.theirs.code
    once = number(clerk, item)
    assert clerk.act(item, "release", to=theirs, once=once).status_code == 409
    clerk.act(item, "hold", to=theirs)
    assert clerk.act(item, "release", to=theirs, once=once).status_code == 303


# ── advice leads to what does it ─────────────────────────────────────────────────────────────


def ways(page):
    """Return where the advice of a page leads, and the commands it leaves to a terminal."""
    [found] = re.findall(r'<ul class="ways">(.*?)</ul>', page, re.DOTALL)
    links = re.findall(r'<a class="go" href="([^"]+)"', found)
    return [each.replace("&amp;", "&") for each in links], re.findall(r"<code>(.*?)</code>", found)


def test_advice_leads_to_the_act_that_follows_it(clerk):
    """Only what the page cannot do is left as a command."""
    items = clerk.office.items
    links, commands = ways(told(clerk, items["102"]))
    item = items["102"]
    assert links == ["/agencies?q=H01.1", f"/documents/{item}?do=resend#act-resend"]
    assert [each.partition(" ")[0] for each in commands] == ["cp"]
    links, commands = ways(told(clerk, items["103"]))
    assert [each.partition("=")[2] for each in links] == ["hold#act-hold", "cancel#act-cancel"]
    assert commands == ["edge-node run"]
    links, commands = ways(told(clerk, items["55"]))
    assert links[0] == f"/documents/{items['55']}?do=set-status&status=03#act-set-status"
    assert commands == []


def test_a_link_to_an_act_unfolds_it_as_it_is_advised(clerk):
    """Filled in as far as the advice says, and no further: the rest is the clerk's to write."""
    item = clerk.office.items["55"]
    page = told(clerk, f"{item}?do=set-status&status=06&note=planted&sure=1")
    assert '<details class="act" id="act-set-status" open>' in page
    assert re.search(r'<option value="06" selected>', page)
    assert "planted" not in page
    assert "<details" in page
    assert 'id="act-refuse" open' not in page


def test_advice_names_what_the_page_calls_it(clerk):
    """A refusal that is worded for a terminal has the words of the page here."""
    item = clerk.office.items["101"]
    answer = clerk.act(item, "cancel", to=clerk.office.theirs.code, sure="1")
    assert "<b>Thu hồi</b>" in answer.text or "<b>Recall</b>" in answer.text
    assert "edge-node recall" not in answer.text


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("resend ID --as-new", "<b>Send as a new document</b>"),
        ("set-status --force", "<b>I mean it, although it is out of turn</b>"),
        ("show o23456789a", '<a href="/documents/o23456789a">o23456789a</a>'),
        ("list --in --state quarantined", "/documents?way=in&amp;state=quarantined"),
        ("doctor", '<a href="/doctor">Doctor</a>'),
        ("adopt", "<code>edge-node adopt</code>"),
    ],
)
def test_a_command_in_a_sentence_is_what_the_page_has_for_it(quoting, command, told):
    """A button, a tick, a page; what the page cannot do stays what it is."""
    assert told in quoting(f"`edge-node {command}`")


def test_a_sentence_that_quotes_a_stranger_stays_text(quoting):
    """Whatever it looks like: a command that is a page of ours leads there, and nowhere else."""
    assert "<code>&lt;b&gt;x</code>" in quoting("`<b>x`")
    page = quoting("`edge-node agencies search <b>`")
    assert '<a href="/agencies?q=%3Cb%3E">Agencies</a>' in page


def test_an_act_of_nobody_is_not_there(clerk):
    """Names of acts are those there are."""
    assert clerk.act(clerk.office.items["101"], "destroy").status_code == 404
