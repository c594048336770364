"""Whatever an axis does with its lists and our word, each document arrives once."""

import pytest
from flows_world import LETTER, a_sheet, an_odd_world

PDF = LETTER.read_bytes()
NUMBERS = ["1", "2", "3"]


@pytest.fixture(scope="module")
def odd_world(tmp_path_factory):
    """Run a sandbox for this file alone, because its faults strike everybody."""
    with an_odd_world(tmp_path_factory.mktemp("odd"), size=40) as world:
        yield world


@pytest.fixture
def axis(odd_world):
    world, faults = odd_world
    yield world, faults
    faults.clear()
    world.close()


FAULTS = [
    [{"fault": "acknowledge-on-read", "calls": ["getReceivedEdocList"]}],
    [{"fault": "acknowledge-on-read", "calls": ["downloadEdoc"]}],
    [{"fault": "forget-acknowledgement", "times": 3}],
    [{"fault": "offer-after-done"}],
    [{"fault": "duplicate-listing"}, {"fault": "reorder"}],
    [{"fault": "skip-days", "items": 2, "times": 3}],
    [
        {"fault": "skip-days", "items": 1, "times": 2},
        {"fault": "acknowledge-on-read", "calls": ["getReceivedEdocList"]},
        {"fault": "reorder"},
        {"fault": "duplicate-listing"},
        {"fault": "offer-after-done"},
    ],
]


@pytest.mark.parametrize(
    "rules", FAULTS, ids=lambda rules: "+".join(rule["fault"] for rule in rules)
)
@pytest.mark.parametrize("cut", [False, True], ids=["undisturbed", "cut off"])
def test_whatever_the_axis_does_each_document_arrives_once(axis, rules, cut):
    """Also where the node is cut off between the bytes and the row, and was away for ten days."""
    world, faults = axis
    sender, receiver = world.desk(), world.desk()
    for number in NUMBERS:
        sheet = a_sheet("cv.pdf", to=receiver.code, number=number)
        sender.drop(number, {"cv.pdf": PDF}, **sheet)
    sender.turn()
    faults.set(*rules)
    if cut:
        receiver.cut_off("pull", "queue", "add")
        receiver.later(days=10)
        receiver.restart()
    for _ in range(4):
        receiver.turn()
        receiver.later(hours=1)
    assert any(one.met for one in faults.standing)
    assert sorted(letter["number"] for letter in receiver.letters()) == NUMBERS
    assert [item.state for item in receiver.ledger.inbound(limit=9)] == ["delivered"] * 3
    assert world.statuses(receiver.code) == ["01"] * 3
