"""The life of a document at one receiver: every status after every other, for both roles."""

from __future__ import annotations

import itertools

import pytest
from builders import HOUR, T0, an_organization
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.called_events import named_doer
from edge_node.domain.message import say
from edge_node.domain.order import Arrival
from edge_node.domain.receipt import MEANINGS, ReasonCode, Status
from edge_node.domain.standing import (
    LIFE,
    NOTHING,
    UNKNOWN,
    Cell,
    Given,
    OutOfTurn,
    Role,
    Standing,
    takes_over,
)

STEPS = ("01", "03", "04", "05", "06")
CODES = (*Status, UNKNOWN)
OURS = (NOTHING, "01", "02", "03", "04", "05", "06", "15")  # how a document can stand with us
THEIRS = (NOTHING, *CODES)


def far(code):
    """Return how far along the way a step is."""
    return STEPS.index(code) if code in STEPS else -1


def to_be_given(standing, status):
    """Say in other words what may be given: the rules one by one, the strongest first."""
    rules = (
        (status in {"15", "16"}, Cell.ANSWER),
        (standing == "15", Cell.OVER),
        (status in {"13", UNKNOWN}, Cell.NEVER),
        (status == standing and status not in {"04", "05"}, Cell.SAID),
        (status == "02" and standing in {NOTHING, "01"}, Cell.GIVEN),
        (status == "02", Cell.FORCED),
        (standing == "02" and status == "03", Cell.FORCED),
        (standing == "02", Cell.BACK),
        (far(status) >= far(standing), Cell.GIVEN),
        (True, Cell.BACK),
    )
    return next(cell for applies, cell in rules if applies)


def to_be_heard(standing, status):
    """Say in other words what a status does that is heard."""
    rules = (
        (standing in {NOTHING, UNKNOWN}, Cell.TAKES),  # anything is more than nothing
        (status == UNKNOWN, Cell.STAYS),
        (status == standing, Cell.LATER),
        (status == "13", Cell.STAYS),  # no receiver takes back what is ours
        (standing == "13", Cell.TAKES),
        (standing in {"15", "16"}, Cell.LATER),
        (status in {"02", "15", "16"}, Cell.TAKES),
        (standing == "02", Cell.LATER),
        (far(status) > far(standing), Cell.TAKES),
        (True, Cell.STAYS),
    )
    return next(cell for applies, cell in rules if applies)


@pytest.mark.parametrize("status", CODES)
@pytest.mark.parametrize("standing", OURS)
def test_what_may_be_given_after_what(standing, status):
    """The strict half of the table, cell by cell."""
    assert LIFE[Role.RECEIVER, standing, status] is to_be_given(standing, status)


@pytest.mark.parametrize("status", CODES)
@pytest.mark.parametrize("standing", THEIRS)
def test_what_is_heard_after_what(standing, status):
    """The lenient half, cell by cell."""
    assert LIFE[Role.SENDER, standing, status] is to_be_heard(standing, status)


def test_the_table_has_no_other_cells():
    """Nothing was written into it that the grid above does not look at."""
    ours = {(Role.RECEIVER, *cell) for cell in itertools.product(OURS, CODES)}
    theirs = {(Role.SENDER, *cell) for cell in itertools.product(THEIRS, CODES)}
    assert set(LIFE) == ours | theirs


# ── what we give ─────────────────────────────────────────────────────────────────────────────────


def stands(status, *, asked=False):
    return Standing(status=status, said={status} if status else set(), asked=asked)


def refusal(standing, status, *, force=False):
    with pytest.raises(OutOfTurn) as refused:
        standing.demand(status, force=force)
    return str(refused.value), str(refused.value.hint)


def test_a_refused_status_names_the_allowed_ones_with_their_words():
    """And those only a person may give."""
    message, hint = refusal(stands("05"), "03")
    assert "03 (Đã tiếp nhận)" in message
    assert "05 (Đang xử lý)" in message
    assert "05 (Đang xử lý), 06 (Hoàn thành)" in hint
    assert hint.endswith("`edge-node set-status --force`: 02 (Từ chối tiếp nhận)")


def test_force_helps_where_only_a_person_can_mean_it():
    """A late refusal, and taking one back; nothing else."""
    for standing, status in itertools.product(OURS, CODES):
        cell = stands(standing).cell(status)
        if cell is Cell.FORCED:
            stands(standing).demand(status, force=True)
            refusal(stands(standing), status)
        elif cell is not Cell.GIVEN:
            refusal(stands(standing), status, force=True)
    assert stands("02").cell("03") is stands("06").cell("02") is Cell.FORCED


@pytest.mark.parametrize("status", ["15", "16"])
def test_an_answer_needs_a_question(status):
    """Whatever was said of the document before: who asks again is told again."""
    for standing in OURS:
        refusal(stands(standing), status, force=True)
        stands(standing, asked=True).demand(status, force=False)


def test_after_an_agreed_recall_nothing_more_is_said():
    """But for an answer to another request."""
    for status in CODES:
        refusal(stands("15"), status, force=True)
    for status in set(CODES) - {"15", "16"}:
        refusal(stands("15", asked=True), status, force=True)
    assert "recall was agreed to" in refusal(stands("15"), "15")[0]
    assert refusal(stands("15"), "03")[1] == "nothing more can be said of this document"


def test_only_an_agreed_recall_is_a_standing_of_its_own():
    """Whoever refuses a recall, or agrees to an update, works on where he was."""
    assert stands("05").after("16", recalled=False) == "05"
    assert stands("05").after("15", recalled=False) == "05"
    assert stands("05").after("15", recalled=True) == "15"
    assert stands("05").after("06", recalled=False) == "06"


def test_what_the_axis_would_not_take_may_be_said_again():
    """The document stands there, and nobody has heard it."""
    Standing(status="03", said={"01"}).demand("03", force=False)
    refusal(Standing(status="03", said={"01", "03"}), "03")
    Standing(status="15", said={"01"}).demand("15", force=False)


@pytest.mark.parametrize("status", ["01", "02"])
def test_01_and_02_are_said_once_whatever_was_forced_in_between(status):
    """02, then 03 by force, then 02 again: its sender was told already."""
    standing = Standing(status="03", said={"01", "02", "03"})
    refusal(standing, status, force=True)


def test_a_status_carries_its_reason_its_words_and_the_registers_entry():
    """In that order: the code is read back from the head."""
    given_ = Given(
        sender=an_organization(),
        status="02",
        at=T0,
        who="software",
        note="Gửi nhầm",
        reason=ReasonCode.WRONG_RECIPIENT,
        arrival=Arrival(number="345", unit="Văn thư"),
    )
    assert given_.description == "[WRONG_RECIPIENT] Gửi nhầm; Số đến: 345, Văn thư"


# ── what we hear ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("earlier", "later"), list(itertools.combinations(STEPS, 2)))
def test_a_step_never_leads_back(earlier, later):
    """What was said first may arrive last, whatever the clocks of the two sides show."""
    for at in (T0 - HOUR, T0, T0 + HOUR):
        assert takes_over(later, at, standing=earlier, since=T0)
        assert not takes_over(earlier, at, standing=later, since=T0)


@pytest.mark.parametrize("standing", ["", *STEPS])
def test_a_late_refusal_wins_visibly(standing):
    """However far the document had come, whatever the clocks show."""
    assert takes_over("02", T0 - HOUR, standing=standing, since=T0)


@pytest.mark.parametrize("word", ["02", "15", "16"])
def test_after_such_an_answer_only_a_later_step_counts(word):
    """An 03 said before the return does not undo it; one said after it does."""
    assert not takes_over("03", T0 - HOUR, standing=word, since=T0)
    assert takes_over("03", T0 + HOUR, standing=word, since=T0)


@pytest.mark.parametrize("code", ["77", "1", "??", "Đã đọc"])
def test_an_unknown_code_hides_nothing_that_is_known(code):
    """It is shown where nothing is known, and gives way to anything that is."""
    assert takes_over(code, T0, standing="", since=T0)
    assert takes_over(code, T0, standing="78", since=T0)
    assert takes_over("01", T0 - HOUR, standing=code, since=T0)
    for known in Status:
        assert not takes_over(code, T0 + HOUR, standing=known, since=T0)


@given(st.permutations(STEPS))
def test_whatever_the_order_the_last_step_stands(steps):
    """The steps of one document arrive as they like."""
    standing = ""
    for step in steps:
        if takes_over(step, T0, standing=standing, since=T0):
            standing = step
    assert standing == Status.FINISHED


@given(st.lists(st.one_of(st.sampled_from([*MEANINGS]), st.text(max_size=3))))
def test_nothing_a_peer_says_is_an_error(said):
    """In any order, any number of times, in any words."""
    standing = NOTHING
    for status in said:
        if takes_over(status, T0, standing=standing, since=T0):
            standing = status
    assert (standing in said) or standing == NOTHING


@pytest.mark.parametrize(
    ("who", "told"),
    [("node", "the node"), ("software", "the document software"), ("lan", "lan")],
)
def test_who_gave_a_status_is_told_as_people_call_it(who, told):
    """What the journal keeps is a word of ours; a person goes by the name of the account."""
    assert str(named_doer(say("by {who}: {note}", who=who, note="x"))) == f"by {told}: x"
