"""How a line looks in each form: fields that can be searched, and nothing of what was read."""

from __future__ import annotations

import json
import logging
import re

import pytest

from edge_node.cli.log_lines import Json, Text, journal_fields, syslog_line
from edge_node.domain.errors import AxisDenied
from edge_node.domain.message import say

PLANTED = "TRÍCH-YẾU-MẬT"


def a_record(message="sent to the axis", *, level=logging.INFO, mistake=None, **fields):
    told = mistake and (None, mistake, None)
    made = logging.LogRecord("edge_node.flows.push", level, "push.py", 12, message, (), told)
    vars(made).update(fields)
    return made


def raised(make):
    """Return an exception as it is where it is caught, with the values that were at hand."""
    planted = PLANTED
    try:
        make(planted)
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    raise AssertionError


def every_form(record):
    fields = journal_fields(record, agency="H37.01")
    return {
        "text": Text(journal=False).format(record),
        "stderr of the journal": Text(journal=True).format(record),
        "json": Json().format(record),
        "journal": "\n".join(fields.values()),
        "syslog": syslog_line(record, agency="H37.01", machine="m").decode(),
    }


def test_the_journal_gets_fields_to_search_by():
    """Whose node, which document, which event; the message reads as it always did."""
    record = a_record(item="o000000001", error="", until=None)
    fields = journal_fields(record, agency="H37.01")
    assert fields["MESSAGE"] == "info push: sent to the axis item=o000000001"
    assert fields["PRIORITY"] == "6"
    assert fields["SYSLOG_IDENTIFIER"] == "edge-node"
    assert {name: each for name, each in fields.items() if name.startswith("EDGE_")} == {
        "EDGE_NODE_EVENT": "sent to the axis",
        "EDGE_NODE_FLOW": "push",
        "EDGE_NODE_ITEM": "o000000001",
        "EDGE_NODE_AGENCY": "H37.01",
    }


def test_a_field_is_called_as_the_journal_allows():
    """Capital letters, digits and underscores, and none at the beginning."""
    fields = journal_fields(a_record(item="o1", axis_id="x"), agency="H37.01")
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]{0,63}", name) for name in fields)


def test_syslog_has_the_fields_as_structured_data():
    """In the grammar of RFC 5424: quotes, brackets and backslashes are escaped."""
    record = a_record(level=logging.WARNING, error='a "quoted" ] \\ thing', item="o1")
    record.created = 1_700_000_000.5
    line = syslog_line(record, agency="H37.01", machine="may-chu").decode()
    assert line == (
        f"<28>1 2023-11-15T05:13:20.500+07:00 may-chu edge-node {record.process} push "
        '[edgeNode@32473 event="sent to the axis" flow="push"'
        r' error="a \"quoted\" \] \\ thing" item="o1" agency="H37.01"] '
        "\ufeffpush: sent to the axis "
        r'error="a \"quoted\" ] \ thing" item=o1'
    )


def test_a_line_too_long_for_syslog_is_cut_between_letters():
    """A receiver takes 8 KB; whatever is cut is still UTF-8 and still a line."""
    raw = syslog_line(a_record(error="ký " * 9000), agency="H37.01", machine="m")
    assert 8180 < len(raw) <= 8192
    assert raw.decode().startswith("<30>1 ")
    assert " push - \ufeffpush: sent to the axis" in raw.decode()


@pytest.mark.parametrize(
    "make",
    [
        lambda planted: int(planted, 10),
        lambda planted: {}[planted],
        lambda planted: open(f"/nowhere/{planted}").close(),  # noqa: PTH123
        lambda planted: planted.encode("ascii"),
        lambda planted: json.loads(f"[{planted}]"),
    ],
)
def test_a_mistake_of_ours_tells_where_and_not_what(make):
    """Neither the values at hand nor words that quote them; the file and the line are there."""
    forms = every_form(a_record("paused by something unforeseen", mistake=raised(make)))
    for form, line in forms.items():
        assert "MẬT" not in line, form
        assert "\\u1eacT" not in line, form
    for form in set(forms) - {"syslog"}:
        assert "test_log_lines.py" in forms[form]
    assert "Traceback" not in forms["syslog"]
    assert "exception=" in forms["syslog"]


def test_words_about_code_are_kept():
    """What an error of ours says, and what a wrong name in the code is; the cause is told too."""

    def ours(_):
        try:
            None.missing  # noqa: B018
        except AttributeError as error:
            raise AxisDenied(say("the axis denies us")) from error

    text = Text(journal=False).format(a_record("paused", mistake=raised(ours)))
    assert "AttributeError: 'NoneType' object has no attribute 'missing'" in text
    assert text.endswith("AxisDenied: the axis denies us")


def test_no_name_can_write_a_line_of_its_own():
    """A file called so that it looks like another line stays one word, in every form."""
    record = a_record("taken in", file="a\n2026-11-21 error forged\x9b31m\u2028b")
    for form, line in every_form(record).items():
        if form == "journal":
            continue  # a field each: the next test
        assert len(line.splitlines()) == 1, form
    told = r'file="a\n2026-11-21 error forged\u009b31m\u2028b"'
    assert Text(journal=False).format(record).endswith(told)
    fields = journal_fields(record, agency="H37.01")
    assert all("\n" not in value for value in fields.values())
