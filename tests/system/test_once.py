"""`edge-node once`: everything there is to do now, by one call."""

from __future__ import annotations

import socket


def test_one_call_does_everything_there_is_to_do(office, other):
    """Take in, send, pull, deliver, report and tell: a single call each, nothing left over."""
    document = office.drop(1, other)

    for node in (office, other, office):
        answer = node.command("once")
        assert answer.returncode == 0, answer.stderr

    assert other.inbox() == [document]
    told = office.receipts()
    assert [what for _, what, _ in told] == ["queued", "accepted", "delivered", "01"]
    assert {(about, agency) for about, _, agency in told} == {(document, other.code)}
    assert office.lies_in("sent") == ["1-UBND-VP"]


def test_what_was_dropped_only_just_now_is_waited_for(office, other):
    """A drop still has to lie quietly for a while; the call takes that time."""
    office.configure(intake={"quiet": "700ms"})
    office.drop(2, other)
    assert office.command("once").returncode == 0
    assert office.lies_in("sent") == ["2-UBND-VP"]


def test_with_the_axis_down_it_says_so_once_and_the_document_waits(office, other, axis):
    """Exit 1, one complaint for however many flows; what waits in queued/ goes with the next."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
    office.configure(url=nobody)
    document = office.drop(3, other)

    answer = office.command("once")

    assert answer.returncode == 1
    complaints = ("edge-node: ", "hint: ")
    assert [line for line in answer.stderr.splitlines() if line.startswith(complaints)] == [
        "edge-node: cannot reach the axis: Connection refused",
        (
            "hint: check axis.url: nobody listens at its host and port; if they are right,"
            " ask who runs the axis"
        ),
    ]
    assert office.lies_in("queued") == ["3-UBND-VP"]
    assert not any((office.exchange / "outbox").iterdir())

    office.configure(url=axis.url)
    assert office.command("once").returncode == 0
    assert other.command("once").returncode == 0
    assert other.inbox() == [document]
    assert office.lies_in("queued") == []
