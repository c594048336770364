"""What a log says of an error: folders of the machine, and no names of documents."""

from __future__ import annotations

import pytest

from edge_node.adapters.disk import AccessDenied
from edge_node.domain.discretion import told_in_log
from edge_node.domain.message import say

REASON = "Permission denied"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/srv/node/exchange/outbox", "/srv/node/exchange/outbox"),
        ("/srv/node/data/queue.db", "/srv/node/data/queue.db"),
        ("/srv/x/outbox/Kỷ luật ông A", "/srv/x/outbox/…"),
        ("/srv/x/outbox/12/Kỷ luật\nông A.pdf", "/srv/x/outbox/…"),
        ("/srv/x/sent/2026/11/21/Kỷ luật/cv.pdf", "/srv/x/sent/…"),
        ("/srv/x/inbox/outbox/a.pdf", "/srv/x/inbox/…"),
        ("/srv/spool/claims/o12/Kỷ luật/cv.pdf", "/srv/spool/claims/o12/…"),
    ],
)
def test_a_path_ends_at_the_room_in_which_people_give_names(path, told):
    """What lies in it is called after what it is about."""
    words = say("the node may not touch {path}: {reason}", path=path, reason=REASON)
    error = AccessDenied(words, hint=say("see {path}", path=path))
    assert told_in_log(error) == {
        "error": f"the node may not touch {told}: {REASON}",
        "hint": f"see {told}",
    }


def test_an_error_within_an_error_keeps_no_name_either():
    """And one without a hint has none."""
    inner = say("{path} is not there", path="/x/failed/Kỷ luật")
    error = AccessDenied(say("it cannot be done: {error}", error=inner))
    assert told_in_log(error) == {
        "error": "it cannot be done: /x/failed/… is not there",
        "hint": "",
    }
