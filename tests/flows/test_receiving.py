"""What arrives: durable before it is acknowledged, delivered once, and told of afterwards."""

from dataclasses import replace

import pytest
from builders import MINUTE, T0
from flows_world import LETTER, a_sheet, in_vietnamese, names
from packages import a_document, b64, holding, written

from edge_node.domain.envelope import MessageType
from edge_node.domain.errors import AxisBusy, AxisUnreachable, FolderMissing
from edge_node.domain.message import say

PDF = LETTER.read_bytes()
GOOD = holding(("cv.pdf", b64(PDF)))


def a_letter(desk, to, number="12"):
    desk.drop(number, {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=to, number=number))
    desk.turn()


def incoming(desk):
    return desk.ledger.inbound(limit=99)


def raw_of(desk):
    """Return the raw packages that lie in the spool."""
    packages = desk.config.folders.spool / "packages"
    return sorted(path.read_bytes() for path in packages.rglob("*") if path.is_file())


def test_the_axis_is_told_done_only_when_raw_bytes_and_row_are_durable(world, gate):
    """When updateStatus reaches the axis the package is in the spool, its row committed."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    a_letter(sender, receiver.code)
    found = []

    def watch(call, _headers):
        if call == "updateStatus":
            # In the gate's thread, and so on a connection of its own: what it sees is committed.
            rows = list(receiver.queue.file.rows("select state, digest, size from incoming"))
            receiver.queue.close()
            found.append([(row["state"], row["size"]) for row in rows])
            found.append([len(raw) for raw in raw_of(receiver)])

    gate.watch = watch
    receiver.turn("pull", "acknowledge")

    rows, raw = found
    assert rows == [("received", raw[0])]
    assert raw[0] > len(PDF)
    assert receiver.inbox == []
    assert incoming(receiver)[0].state == "acknowledged"


def test_a_crash_before_the_word_that_we_have_it_loses_nothing_and_doubles_nothing(world, gate):
    """Offered again after the restart, the item is acknowledged and delivered once."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    a_letter(sender, receiver.code)
    receiver.turn("pull")
    receiver.restart()
    receiver.turn()

    assert len(receiver.inbox) == 1
    assert gate.calls.count("downloadEdoc") == 1
    assert world.standing(receiver.code) == ["done"]


def test_an_item_offered_again_before_it_was_acknowledged_is_not_fetched_again(world, gate):
    """The axis was busy when it was to be told: it still offers what we have already."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    a_letter(sender, receiver.code)
    gate.busy.add("updateStatus")
    for _ in range(2):
        receiver.turn("pull", "acknowledge")
    assert [item.state for item in incoming(receiver)] == ["received"]

    gate.busy.clear()
    receiver.later(hours=1)
    receiver.turn()
    assert gate.calls.count("downloadEdoc") == 1
    assert len(receiver.inbox) == 1
    assert world.standing(receiver.code) == ["done"]


def test_an_item_offered_again_after_it_was_delivered_is_only_acknowledged_again(world, gate):
    """The axis forgot that it was told: we have it already, which is no failure."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    a_letter(sender, receiver.code)
    receiver.turn()
    world.forget(receiver.code)
    receiver.turn("pull")
    receiver.turn("acknowledge")

    assert gate.calls.count("downloadEdoc") == 1
    assert gate.calls.count("updateStatus") == 2
    assert world.standing(receiver.code) == ["done"]
    assert [item.state for item in incoming(receiver)] == ["delivered"]
    assert len(receiver.inbox) == 1
    assert world.statuses(receiver.code) == ["01"]


def test_an_axis_that_offers_everything_in_both_lists_delivers_once(world):
    """One that takes no notice of the kind that is asked for shows each item twice."""
    sender, receiver = world.desk(), world.desk()
    a_letter(sender, receiver.code)
    pull = receiver.flows["pull"]
    pull.axis = TwoLists(pull.axis)
    receiver.turn()

    assert len(receiver.inbox) == 1


class TwoLists:
    """An axis that lists documents whatever it is asked for; the sandbox tells them apart."""

    def __init__(self, axis):
        """Be that axis, but for its list."""
        self._axis = axis
        self.fetch = axis.fetch

    def list_received(self, _message, **window):
        """List documents."""
        return self._axis.list_received(MessageType.DOCUMENT, **window)


def test_a_list_that_cannot_be_had_is_asked_for_again_without_a_bell(world, gate):
    """The lane pauses on a busy axis, and lists again when the pause is over."""
    sender, receiver = world.desk(), world.desk(url=gate.url)
    a_letter(sender, receiver.code)
    gate.busy.add("getReceivedEdocList")
    pull = receiver.flows["pull"]
    pull.wake()
    with pytest.raises(AxisBusy):
        pull.turn(T0)

    gate.busy.clear()
    assert pull.turn(T0 + MINUTE)
    assert len(incoming(receiver)) == 1


def test_one_item_that_cannot_be_fetched_does_not_block_the_others(world):
    """The axis refuses the first of two; the second arrives, the first is tried again later."""
    sender, receiver = world.desk(), world.desk()
    a_letter(sender, receiver.code, "1")
    a_letter(sender, receiver.code, "2")
    (first, _) = world.rows("select * from deliveries where receiver = ?", receiver.code)
    package = world.rows("select doc_id from sends where id = ?", first["send"])[0]["doc_id"]
    raw = world.settings.folder / "packages" / f"{package}.edxml"
    hidden = raw.rename(raw.with_suffix(".away"))
    receiver.turn()
    assert [letter["number"] for letter in receiver.letters()] == ["2"]

    hidden.rename(raw)
    receiver.turn()
    assert sorted(letter["number"] for letter in receiver.letters()) == ["1", "2"]


def test_what_cannot_be_fetched_is_tried_ever_more_rarely_and_warned_of_once(world, gate, caplog):
    """At the next look, then after 2, 4, 8 … 64 looks: it costs neither the line nor the log."""
    desk = world.desk(url=gate.url)
    delivery = world.put(desk.code, GOOD.replace(b"H99.2<", desk.code.encode() + b"<"))
    gate.busy.add("downloadEdoc")
    tried = []
    for look in range(200):
        before = gate.calls.count("downloadEdoc")
        desk.turn("pull")
        if gate.calls.count("downloadEdoc") > before:
            tried.append(look)
    assert tried == [0, 1, 3, 7, 15, 31, 63, 127, 191]
    (warned,) = [record for record in caplog.records if record.message == "cannot fetch"]
    assert (warned.levelname, warned.axis_id) == ("WARNING", delivery)

    gate.busy.clear()
    for _ in range(64):
        desk.turn()
    assert len(desk.inbox) == 1


def test_an_item_that_went_away_and_came_back_is_tried_at_once(world, gate):
    """What the axis does not list any more is forgotten, its failures with it."""
    desk = world.desk(url=gate.url)
    desk.turn("pull")  # nothing of this is found by looking back
    world.put(desk.code, GOOD.replace(b"H99.2<", desk.code.encode() + b"<"))
    gate.busy.add("downloadEdoc")
    for _ in range(5):
        desk.turn("pull")
    assert gate.calls.count("downloadEdoc") == 3

    gate.said["getReceivedEdocList"] = {"status": "OK", "ErrorCode": "0", "data": []}
    desk.turn("pull")
    gate.said.clear()
    gate.busy.clear()
    desk.turn()
    assert len(desk.inbox) == 1


def test_a_document_without_attachments_is_delivered_with_a_warning(world):
    """Nothing in the standard asks for one; a person sees what is missing."""
    receiver = world.desk()
    world.put(receiver.code, written(a_document(receivers=(receiver.config.agency.organization,))))
    receiver.turn()

    (letter,) = receiver.letters()
    assert letter["attachments"] == []
    assert letter["warnings"] == [in_vietnamese(say("the document has no attachments"))]
    assert names(receiver.inbox[0]) == ["document.json", "verification.json"]


def test_a_recall_without_attachments_is_no_cause_for_a_warning(world):
    """A recall needs none."""
    sender, receiver = world.desk(), world.desk()
    recall = {"kind": "recall", "document_id": "x", "reason": "Sai nơi nhận"}
    sender.drop("r", {}, **a_sheet(to=receiver.code, business=recall))
    sender.turn()
    receiver.turn()

    (letter,) = receiver.letters()
    assert (letter["business"]["kind"], letter["business"]["reason"]) == ("recall", "Sai nơi nhận")
    assert letter["warnings"] == []


@pytest.mark.parametrize(
    ("name", "lies_as"),
    [
        ("document.json", "document (2).json"),
        ("DOCUMENT.JSON", "DOCUMENT (2).JSON"),
        ("verification.json", "verification (2).json"),
        (".taken", "taken"),
        ("CON.txt", "_CON.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..", "unnamed"),
    ],
)
def test_no_name_of_an_attachment_can_do_harm(world, name, lies_as):
    """Delivered under a safe name that is free; document.json tells the one it came with."""
    receiver = world.desk()
    package = holding((name, b64(b"what it holds"))).replace(b"H99.2", receiver.code.encode())
    world.put(receiver.code, package)
    receiver.turn()

    (folder,) = receiver.inbox
    assert (folder / lies_as).read_bytes() == b"what it holds"
    (letter,) = receiver.letters()
    (attachment,) = letter["attachments"]
    assert (attachment["file"], attachment["original"]) == (lies_as, name)
    assert names(folder) == sorted(["document.json", "verification.json", lies_as])
    receiver.turn()
    assert [item.state for item in incoming(receiver)] == ["delivered"]


def test_two_attachments_of_one_name_both_arrive(world):
    """The second is numbered; neither overwrites the other."""
    receiver = world.desk()
    package = holding(("a.txt", b64(b"one")), ("a.txt", b64(b"two")))
    world.put(receiver.code, package.replace(b"H99.2", receiver.code.encode()))
    receiver.turn()

    (folder,) = receiver.inbox
    assert (folder / "a.txt").read_bytes() == b"one"
    assert (folder / "a (2).txt").read_bytes() == b"two"


def test_what_is_not_zipped_though_it_says_so_is_delivered_as_it_came_with_a_warning(world):
    """The content type is often wrong; the vendor's client would lose the whole document."""
    receiver = world.desk()
    package = holding(("a.txt", b64(b"plain")), claim="application/zip")
    world.put(receiver.code, package.replace(b"H99.2", receiver.code.encode()))
    receiver.turn()

    assert (receiver.inbox[0] / "a.txt").read_bytes() == b"plain"
    assert receiver.letters()[0]["warnings"] == ["a.txt ghi là tệp nén nhưng không phải"]


def test_nothing_is_delivered_beneath_a_share_that_is_not_mounted(world):
    """Where the identity file is missing delivery waits, and no attempt is spent."""
    sender, receiver = world.desk(), world.desk()
    a_letter(sender, receiver.code)
    receiver.turn("pull", "acknowledge")
    identity = receiver.exchange / ".edge-node"
    away = identity.rename(identity.with_name("away"))
    with pytest.raises(FolderMissing):
        receiver.turn("deliver")
    assert receiver.inbox == []

    away.rename(identity)
    receiver.turn("deliver")
    assert len(receiver.inbox) == 1


class LeadsNowhere:
    """The axis, but the addresses of these items answer 404, as of a wrong axis.url."""

    def __init__(self, axis, *ids):
        """Lead nowhere for these ids; for all where none is named."""
        self._axis, self._ids = axis, ids

    def __getattr__(self, name):
        """Return what the axis has."""
        return getattr(self._axis, name)

    def fetch(self, axis_id, sink):
        """Fetch an item, or find no axis."""
        if axis_id in self._ids or not self._ids:
            raise AxisUnreachable(say("HTTP 404"))
        self._axis.fetch(axis_id, sink)


def test_one_item_whose_address_leads_nowhere_does_not_stop_receiving(world):
    """A 404 for one download is that item's affair, as long as the axis lists and hands out."""
    sender, receiver = world.desk(), world.desk()
    lost = world.put(receiver.code, b"gone")
    sender.drop("12", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code))
    sender.turn("intake", "push")
    pull = receiver.flows["pull"]
    receiver.flows["pull"] = replace(pull, axis=LeadsNowhere(pull.axis, lost))

    receiver.turn("pull", "acknowledge", "deliver")

    assert len(receiver.inbox) == 1


def test_where_nothing_can_be_fetched_the_flow_pauses(world):
    """Two items in a row that find no axis are an outage."""
    receiver = world.desk()
    for _ in range(3):
        world.put(receiver.code, b"x")
    pull = receiver.flows["pull"]
    receiver.flows["pull"] = replace(pull, axis=LeadsNowhere(pull.axis))
    with pytest.raises(AxisUnreachable):
        receiver.turn("pull")
