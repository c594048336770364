"""What `deadlines` lists and `status` warns of, on a screen and for software."""

from __future__ import annotations

import socket
from datetime import date, datetime, timedelta

import pytest
from rich.cells import cell_len
from system_world import an_office, edge_node, on_a_terminal, until

QUICK = {"every": "1s", "urgent_within": "1s"}


@pytest.fixture
def away(tmp_path, axis):
    """Give an agency whose axis is away, and that looks at its deadlines every second."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return an_office(tmp_path, axis, url=f"http://127.0.0.1:{port}", deadlines=QUICK)


def dispatches(office):
    return [line for line in office.told("deadlines") if line["what"] == "dispatch"]


def test_what_is_open_is_listed_the_most_pressing_first(away, other):
    """Whether or not a node is at work; in JSON with what people need not see."""
    away.drop(12, other, due="2099-01-01")
    away.drop(13, other, priority="khẩn")
    away.command("once")

    urgent, usual = dispatches(away)
    assert (urgent["number"], urgent["agency"], urgent["state"]) == (
        "13/UBND-VP",
        other.code,
        "queued",
    )
    assert urgent["by"] < usual["by"]
    by, since = (datetime.fromisoformat(usual[key]) for key in ("by", "since"))
    assert by.utcoffset() == timedelta(hours=7)
    assert (by.hour, by.minute) == (11, 30)
    assert by >= since
    assert urgent["due"] is usual["due"] is None
    [document] = [line for line in away.told("list") if line["code"] == "13/UBND-VP"]
    assert urgent["id"] == document["id"]
    assert away.told("deadlines", "--late")[:1] == [
        line for line in away.told("deadlines") if line["stage"] == "late"
    ]


def test_the_list_fits_a_screen_in_both_languages(away, other):
    """Long codes and numbers are cut, the moment and the id are not."""
    away.drop(12, other, notation="QĐ-UBND-" + "DÀI" * 8)
    away.command("once")
    [line] = dispatches(away)

    for language in ("en", "vi"):
        shown = on_a_terminal("-c", away.config, "deadlines", EDGE_NODE_LANG=language)
        assert len(shown) == 2
        assert max(map(cell_len, shown)) <= 80
        assert line["id"] in shown[1]
        assert line["by"][:16].replace("T", " ") in shown[1]


def test_what_is_late_is_in_the_attention_and_told_to_the_software(away, other):
    """A line for each kind, with how many and since when; the daemon says it once."""
    with away.running() as node:
        away.drop(12, other, priority="hỏa tốc")
        away.drop(13, other, priority="khẩn")
        node.says("taken in", times=2)
        until(lambda: [told for _, told, _ in away.receipts() if told == "late"][1:])

        [standing] = away.told("status")
        [alarm] = [each for each in standing["alarms"] if each["what"] == "dispatch late"]
        assert alarm["count"] == 2
        assert datetime.fromisoformat(alarm["since"]).tzinfo is not None
        shown = on_a_terminal("-c", away.config, "status", columns=80)
        assert max(map(cell_len, shown)) <= 80
        sentence = " ".join(" ".join(shown).split())
        assert "documents that were not sent in time: 2, the first since" in sentence
        assert "edge-node deadlines --late" in sentence
    assert len([told for _, told, _ in away.receipts() if told == "late"]) == 2


def test_nothing_open_is_said_in_a_word(office):
    """On stderr, so that a pipe gets nothing."""
    office.command("once")

    answer = office.command("deadlines")
    assert (answer.returncode, answer.stdout) == (0, "")
    assert "nothing is open" in answer.stderr
    assert office.told("deadlines") == []


def test_due_dates_are_listed_as_far_ahead_as_one_asks(office, other):
    """What came in is ours to finish, what went out is theirs; both by the same day."""
    due = date.today() + timedelta(days=40)  # noqa: DTZ011 - a day, give or take one
    office.drop(12, other, due=due.isoformat())
    office.command("once")
    other.command("once")
    other.command("once")

    assert [line for line in other.told("deadlines") if line["what"] == "due"] == []
    [ours] = [line for line in other.told("deadlines", "--days", "60") if line["what"] == "due"]
    assert (ours["due"], ours["agency"]) == (due.isoformat(), office.code)
    [theirs] = [
        line for line in office.told("deadlines", "--days", "60") if line["what"] == "reply"
    ]
    assert (theirs["due"], theirs["agency"]) == (due.isoformat(), other.code)


def test_a_calendar_with_a_mistake_is_named_with_its_line(office):
    """No node works by a calendar it cannot read."""
    calendar = office.home / "calendar.yaml"
    calendar.write_text('days_off:\n  2027-02-30: "Tết"\n', encoding="utf-8")
    office.configure(calendar={"file": str(calendar)})

    for command in ("deadlines", "once"):
        answer = office.command(command)
        assert answer.returncode == 1
        assert f"{calendar}:2: expected a day such as 2027-02-11" in answer.stderr
        assert "hint: write a line a day" in answer.stderr


def test_before_a_node_is_set_up_nothing_can_be_listed(tmp_path, office):
    """The hint says what to do."""
    text = office.config.read_text().replace(str(office.home / "data"), str(tmp_path / "none"))
    (tmp_path / "other.yaml").write_text(text)

    answer = edge_node("-c", tmp_path / "other.yaml", "deadlines")

    assert answer.returncode == 1
    assert "no node has worked in" in answer.stderr
