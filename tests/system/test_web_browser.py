"""The web page in a real browser: every page, every act, both languages, by everybody."""

from pathlib import Path

import needs
import pytest
from flows_world import a_world
from web_world import NAME, NONSENSE, TOKEN, an_office, served

from edge_node.adapters.incidents import Incidents
from edge_node.domain.alarms import Rule, Sighting, Watched
from edge_node.domain.halting import Halt
from edge_node.domain.incidents import Change, Turn
from edge_node.domain.message import say
from edge_node.node.halting import halt_order

AXE = Path(__file__).parents[1] / "data" / "axe" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
PHONE = {"width": 380, "height": 800}
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def chromium():
    needs.program("chromium", "chromium")
    from playwright.sync_api import sync_playwright

    # (As root, in a container, Chromium runs without its own fence only.)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("web"), size=40) as world:
        yield world


@pytest.fixture(scope="module")
def office(world):
    """Give an office with documents in every state the page has an act for."""
    office = an_office(world)
    world.put(office.ours.code, NONSENSE)
    office.ours.turn()
    [aside] = office.ours.quarantined()
    office.items["aside"] = aside.id
    office.leave_waiting("104")
    now, node = office.ours.now, office.ours.node
    halt_order(node).halt(office.items["104"], Halt.HOLD, (), now=now)
    node.sends.pause(now=now)
    rule = Rule(name="refused", watch=Watched.REFUSED)
    sighting = Sighting(about=office.items["102"], words=say("{id} is not sent", id="102"))
    change = Change(turn=Turn.RAISED, rule=rule, sighting=sighting)
    Incidents(office.ours.queue.file).enter([change], now=now, due=None, marks={})
    return office


@pytest.fixture(scope="module")
def url(office):
    with served(office.desk()) as url:
        yield url


def paths(office):
    """Return every page there is."""
    documents = (f"documents/{item}" for item in office.items.values())
    advised = f"documents/{office.items['102']}?do=anew"
    return (
        "",
        "documents",
        "documents?q=nothing",
        "deadlines",
        "deadlines?late=1",
        "papers",
        "agencies",
        "agencies?q=don",
        "doctor",
        "nowhere",
        advised,
        *documents,
    )


def opened(chromium, url, **context):
    """Return a page of somebody who is in, and what the browser complained of."""
    page = chromium.new_context(**{"viewport": DESKTOP, "locale": "en"} | context).new_page()
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{url}enter")
    page.fill("#name", NAME)
    page.fill("#token", TOKEN)
    page.click("main button")
    page.wait_for_url(url)
    return page, complaints


def violations(page):
    """Return what axe finds wrong; it is given to the page past its policy, as a tool is."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_every_page(chromium, office, url, language, scheme):
    """No violation of axe's rules, every act unfolded; nothing breaks the policy."""
    page, complaints = opened(chromium, url, locale=language, color_scheme=scheme)
    for path in paths(office):
        page.goto(url + path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.get_attribute("html", "lang") == language
        assert violations(page) == [], path
    assert [each for each in complaints if "404" not in each] == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_entrance_can_be_used_by_everybody_too(chromium, url, scheme):
    """The form, and the form with what was wrong."""
    page = chromium.new_context(color_scheme=scheme).new_page()
    page.goto(f"{url}enter")
    assert violations(page) == []
    page.fill("#name", NAME)
    page.fill("#token", "wrong")
    page.click("main button")
    assert page.is_visible("[role=alert]")
    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_fits_a_phone(chromium, office, url, language):
    """Nothing has to be pushed aside at 380 pixels; wide tables scroll by themselves."""
    page, _ = opened(chromium, url, locale=language, viewport=PHONE, has_touch=True)
    for path in paths(office):
        page.goto(url + path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
    page.context.close()


def test_nothing_is_asked_of_anybody_else(chromium, office, url):
    """All a page needs comes from the page itself."""
    page, _ = opened(chromium, url)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for path in paths(office):
        page.goto(url + path)
    assert asked
    assert {each for each in asked if not each.startswith(url)} == set()
    page.context.close()


def test_the_list_follows_what_is_typed(chromium, url):
    """Words without marks find the document, without a click, and the address can be kept."""
    page, complaints = opened(chromium, url)
    page.goto(f"{url}documents")
    page.type("#q", "lut bao")
    page.wait_for_url("**q=lut*bao*")
    page.wait_for_function("document.querySelectorAll('#found tbody tr').length === 1")
    assert "55/UBND-VP" in page.inner_text("#found")
    assert complaints == []
    page.context.close()


def test_the_keyboard_is_enough(chromium, office, url):
    """The first key leads to the content; an act is unfolded and its fields reached by keys."""
    page, _ = opened(chromium, url)
    page.goto(f"{url}documents/{office.items['102']}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#act-resend > summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "to"
    page.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_pages_can_be_read_and_searched_without_script(chromium, url, script):
    """By plain forms and links; with script the same form does the same."""
    page, _ = opened(chromium, url, java_script_enabled=script)
    page.click("text=Documents")
    page.fill("#q", "dao tao")
    page.press("#q", "Enter")
    page.wait_for_url("**q=dao*")
    page.click("text=101/UBND-VP")
    assert "V/v kế hoạch đào tạo" in page.inner_text("main")
    page.context.close()


def act(page, url, item, name, told, *, sure=False, **fields):
    """Unfold an act on the page of a document, fill it in, and do it."""
    page.goto(f"{url}documents/{item}")
    page.click(f"#act-{name} > summary")
    for field, value in fields.items():
        page.fill(f"#act-{name} [name={field}]", value)
    if sure:
        page.click(f"#act-{name} button")  # which the browser keeps back
        assert page.is_visible(f"#act-{name} [name=sure]:invalid")
        page.check(f"#act-{name} [name=sure]")
    page.click(f"#act-{name} button")
    page.wait_for_selector("[role=status]")
    assert told in page.inner_text("[role=status]")


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("script", [True, False])
def test_every_act_is_done_by_a_click(chromium, world, language, script):
    """Each act there is, in both languages, with script and without."""
    office = an_office(world)
    world.put(office.ours.code, NONSENSE)
    office.ours.turn()
    [aside] = office.ours.quarantined()
    office.leave_waiting("104")
    with served(office.desk()) as url:
        page, complaints = opened(chromium, url, locale=language, java_script_enabled=script)
        items, theirs = office.items, office.theirs.code
        act(page, url, items["104"], "hold", theirs, why="chờ phụ lục")
        act(page, url, items["104"], "release", theirs, why="đã có phụ lục")
        act(page, url, items["104"], "expire", theirs, why="quá hạn")
        act(page, url, items["104"], "resend", theirs, why="gửi lại")
        try_later(office)
        act(page, url, items["104"], "requeue", "", why="trục đã chạy")
        act(page, url, items["104"], "cancel", theirs, why="sai nơi nhận", sure=True)
        act(page, url, items["102"], "anew", "H01.1", why="số cũ bị từ chối", sure=True)
        act(page, url, items["101"], "recall", theirs, reason="sai phụ lục", sure=True)
        act(page, url, items["55"], "set-status", "03", note="đã vào sổ", arrival_number="7")
        page.goto(f"{url}documents/{items['55']}")
        page.click("#act-refuse > summary")
        page.select_option("#refuse-code", "WRONG_RECIPIENT")
        page.fill("#refuse-note", "không đúng nơi nhận")
        page.check("#refuse-force")
        page.check("#refuse-sure")
        page.click("#act-refuse button")
        page.wait_for_selector("[role=status]")
        act(page, url, aside.id, "release", "")
        assert complaints == []
        page.click("text=/^(Leave|Đăng xuất)$/")
        page.wait_for_selector("#token")
    assert office.states("102") == ["refused"]
    assert office.states("104") == ["recalled"]
    assert office.ours.ledger.find(items["55"]).status == "02"


def try_later(office):
    """Have what waits be tried in an hour."""
    with office.ours.queue.file.transaction() as transaction:
        transaction.execute("update work set due = due + 3600000 where lane = 'push'", {})


@pytest.mark.parametrize("script", [True, False])
def test_advice_is_followed_by_a_click(chromium, office, url, script):
    """The button beside it unfolds the act it advises, with script and without."""
    page, _ = opened(chromium, url, java_script_enabled=script)
    page.goto(f"{url}documents/{office.items['102']}")
    assert not page.is_visible("#act-resend button")
    page.click(".ways .go[href*=resend]")
    page.wait_for_url("**do=resend**")
    assert page.is_visible("#act-resend button")
    assert page.is_checked("#act-resend [name=to]")
    page.context.close()


def test_the_doctor_is_asked_and_answers(chromium, url):
    """The page shows that somebody looks, and by itself what was found."""
    page, _ = opened(chromium, url)
    page.goto(f"{url}doctor")
    page.click("main button")
    page.wait_for_selector(".findings li", timeout=60_000)
    page.wait_for_selector("main button", timeout=60_000)
    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize("form", ["#register-form", "#report-form"])
def test_a_paper_is_downloaded_by_a_click(chromium, url, form):
    """With the values that stand in the form."""
    page, _ = opened(chromium, url)
    page.goto(f"{url}papers")
    with page.expect_download() as download:
        page.click(f"form:has({form}) button")
    assert download.value.suggested_filename.endswith(".xlsx")
    page.context.close()
