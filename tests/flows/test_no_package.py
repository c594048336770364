"""An axis that gives something else for a package: it is asked again before that is believed."""

import itertools

import pytest
from flows_world import LETTER, Cut, CutOff, a_sheet, an_odd_world

from edge_node.config import Unreadable
from edge_node.domain.breaker import AxisDown

PDF = LETTER.read_bytes()
OK = {"fault": "not-json"}
HALF = {"fault": "half-package"}
BUSY = {"fault": "unknown-code", "code": "20"}
PAGE = {"fault": "html"}
GONE = {"fault": "error", "http": 503}


@pytest.fixture(scope="module")
def odd_world(tmp_path_factory):
    """Run a sandbox for this file alone, because its faults strike everybody."""
    with an_odd_world(tmp_path_factory.mktemp("odd"), size=60) as world:
        yield world


@pytest.fixture
def world(odd_world):
    world, faults = odd_world
    yield world
    faults.clear()
    world.close()


@pytest.fixture
def answers(odd_world):
    """Say what the next fetches are answered, one after the other."""
    _, faults = odd_world

    def be(*rules):
        # Of rules that stand beside each other those that harm packages would strike at once.
        runs = [(rule, len([*run])) for rule, run in itertools.groupby(rules)]
        faults.set(*({**rule, "calls": ["downloadEdoc"], "times": n} for rule, n in runs))

    return be


@pytest.fixture
def words():
    """Return what the axis hears of what it handed out."""
    return []


def a_desk_with_a_letter(world, words, letters=1, **sections):
    sender, desk = world.desk(), world.desk(**sections)
    for number in range(1, letters + 1):
        sheet = a_sheet("cv.pdf", to=desk.code, number=str(number))
        sender.drop(str(number), {"cv.pdf": PDF}, **sheet)
    sender.turn()
    listen(desk, words)
    return sender, desk


def listen(desk, words):
    """Note what the axis hears from a desk."""
    acknowledge = desk.flows["acknowledge"]
    acknowledge.axis = Heard(acknowledge.axis, words)


class Heard:
    """An axis whose acknowledgements are noted."""

    def __init__(self, axis, words):
        """Be that axis."""
        self._axis, self._words = axis, words

    def acknowledge(self, axis_id, word):
        """Note it, then tell it."""
        self._words.append(word)
        self._axis.acknowledge(axis_id, word)


def look(desk, times=1):
    for _ in range(times):
        desk.turn()
        desk.later(minutes=1)


def doubted(desk):
    """Return how often the axis gave no package for each item, as the queue has it."""
    return list(desk.queue.marks.counts("no package for ").values())


def handed_on(world, sender):
    """Return the package of a sender's one document as the axis hands it on."""
    (row,) = world.rows("select doc_id from sends where sender = ?", sender.code)
    return (world.settings.folder / "forwarded" / f"{row['doc_id']}.edxml").read_bytes()


def half(package):
    return package[: len(package) // 2]


def raw_of(desk):
    packages = desk.config.folders.spool / "packages"
    return [path.read_bytes() for path in packages.rglob("*") if path.is_file()]


@pytest.mark.parametrize("rule", [OK, HALF], ids=["OK", "half a package"])
@pytest.mark.parametrize("times", [1, 2])
def test_what_was_no_package_once_or_twice_is_fetched_again_and_delivered(
    world, answers, words, rule, times
):
    """Nothing of the bad answers stays; the axis hears `done` once and never `fail`."""
    sender, desk = a_desk_with_a_letter(world, words)
    answers(*[rule] * times)
    look(desk)
    assert (words, doubted(desk), raw_of(desk), desk.ledger.inbound(limit=9)) == ([], [1], [], [])
    assert list((desk.config.folders.spool / "tmp").iterdir()) == []

    look(desk, 5)
    assert len(desk.inbox) == 1
    assert words == ["done"]
    assert raw_of(desk) == [handed_on(world, sender)]
    assert doubted(desk) == []


@pytest.mark.parametrize("unreadable", list(Unreadable))
@pytest.mark.parametrize("rule", [OK, HALF], ids=["OK", "half a package"])
def test_what_is_no_package_three_times_running_is_believed(
    world, answers, words, rule, unreadable
):
    """It is kept as it came, set aside with the reason, and told of as the policy wants it."""
    sender, desk = a_desk_with_a_letter(world, words, pull={"unreadable": unreadable})
    answers(*[rule] * 3)
    look(desk, 3)
    assert (words, doubted(desk)) == ([], [2])  # passed over at the third look

    look(desk, 3)
    (item,) = desk.quarantined()
    assert item.reason is not None
    assert raw_of(desk) == [b"OK\n" if rule is OK else half(handed_on(world, sender))]
    assert words == (["done", "fail"] if unreadable is Unreadable.FAIL else ["done"])
    assert desk.inbox == []
    assert doubted(desk) == []


def test_how_often_it_was_no_package_outlives_the_node(world, answers, words):
    """Restarted twice, it takes one answer more, and not before a rest: no crash hurries it."""
    _, desk = a_desk_with_a_letter(world, words)
    answers(*[OK] * 3)
    for times in (1, 2):
        desk.turn()
        assert doubted(desk) == [times]
        desk.restart()
        listen(desk, words)
    for _ in range(3):
        desk.turn()
        assert doubted(desk) == [2]
        desk.restart()
        listen(desk, words)
    assert (words, desk.quarantined()) == ([], [])

    look(desk, 2)
    assert len(desk.quarantined()) == 1
    assert words == ["done", "fail"]


def test_a_good_answer_after_restarts_is_delivered(world, answers, words):
    """Two bad answers, each with a restart behind it, do no harm to the third, which is good."""
    _, desk = a_desk_with_a_letter(world, words)
    answers(OK, OK)
    for _ in range(2):
        desk.turn()
        desk.restart()
    listen(desk, words)
    look(desk, 2)
    assert len(desk.inbox) == 1
    assert words == ["done"]
    look(desk)
    assert doubted(desk) == []


@pytest.mark.parametrize("other", [BUSY, PAGE, GONE], ids=["busy", "page", "gone"])
def test_only_answers_in_a_row_count(world, answers, words, other):
    """An axis that says something else in between is in trouble, and not to be believed yet."""
    _, desk = a_desk_with_a_letter(world, words)
    answers(OK, OK, other, OK, OK)
    seen = []
    for _ in range(40):
        look(desk)
        seen += doubted(desk)
    assert max(seen) == 2
    assert len(desk.inbox) == 1
    assert words == ["done"]


def test_while_the_axis_is_down_nothing_is_counted(world, answers, words):
    """Five such answers in a row are no item's doing: the axis is down, and no other is asked."""
    _, desk = a_desk_with_a_letter(world, words, letters=8)
    answers(*[OK] * 8)
    with pytest.raises(AxisDown):
        desk.turn("pull")
    assert doubted(desk) == [1] * 5


def test_a_power_cut_between_the_last_count_and_the_row_loses_nothing(world, answers, words):
    """A good answer afterwards is delivered, and nothing is left of the doubt."""
    _, desk = a_desk_with_a_letter(world, words)
    answers(OK, OK, OK)
    look(desk, 3)
    pull = desk.flows["pull"]
    pull.queue = CutOff(pull.queue, "add", after=False)
    with pytest.raises(Cut):
        desk.turn("pull")
    assert doubted(desk) == [3]
    desk.restart()
    listen(desk, words)
    look(desk, 8)
    assert len(desk.inbox) == 1
    assert words == ["done"]
    assert doubted(desk) == []


def test_what_is_off_the_list_after_a_bad_answer_is_found_by_looking_back(world, answers, words):
    """The axis counts as done what it gave nobody; an hour later it is asked with dates."""
    _, desk = a_desk_with_a_letter(world, words)
    answers({"fault": "acknowledge-on-read"}, OK | {"after": True})
    look(desk)
    assert world.standing(desk.code) == ["done"]
    assert desk.inbox == []
    desk.later(hours=1)
    look(desk)
    assert len(desk.inbox) == 1
    assert words == ["done"]


def test_a_status_that_is_none_is_fetched_again(world, answers):
    """The word of a receiver is as easily lost."""
    sender, receiver = world.desk(), world.desk()
    sender.drop("1", {"cv.pdf": PDF}, **a_sheet("cv.pdf", to=receiver.code, number="1"))
    sender.turn()
    receiver.turn()
    answers(OK)
    look(sender)
    assert "01" not in sender.told()
    look(sender, 2)
    assert "01" in sender.told()
    assert sender.quarantined() == []
