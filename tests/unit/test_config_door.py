"""What the configuration says of the door."""

import pytest

from edge_node.config import DoorSection, IncomingSection, OutgoingSection, load
from edge_node.domain.errors import ConfigError
from edge_node.domain.signing import DoorAction

REQUIRED = """\
agency: {code: H37.02, name: A}
axis: {url: https://ltvb.example.gov.vn, secret_file: secret}
folders: {data: data}
"""
DELIVER, WARN, QUARANTINE, REFUSE = DoorAction


def read(folder, text):
    path = folder / "config.yaml"
    path.write_text(REQUIRED + text, encoding="utf-8")
    return load(path).door


def test_where_nothing_is_said_only_what_is_wrong_is_kept(tmp_path):
    """Everything else is handed over, and what nobody can tell with a warning."""
    assert read(tmp_path, "") == DoorSection()
    assert DoorSection().incoming == IncomingSection(
        invalid=QUARANTINE, indeterminate=WARN, unsigned=DELIVER
    )
    assert DoorSection().outgoing == OutgoingSection(invalid=REFUSE, indeterminate=WARN)


def test_what_is_not_for_us_or_damaged_is_kept_or_returned(tmp_path):
    """There is nothing to hand over: the two milder actions are none."""
    assert IncomingSection().wrong_recipient is IncomingSection().damaged is QUARANTINE
    text = "door: {incoming: {wrong_recipient: refuse, damaged: refuse}}"
    assert read(tmp_path, text).incoming == IncomingSection(wrong_recipient=REFUSE, damaged=REFUSE)
    for action in (DELIVER, WARN):
        with pytest.raises(ConfigError) as wrong:
            read(tmp_path, f"door: {{incoming: {{damaged: {action}}}}}")
        assert "quarantine, refuse" in str(wrong.value.problems[0])


def test_each_finding_has_its_action(tmp_path):
    """What is left out is as it comes."""
    text = "door: {incoming: {invalid: refuse, unsigned: warn}, outgoing: {invalid: deliver}}"

    assert read(tmp_path, text) == DoorSection(
        incoming=IncomingSection(invalid=REFUSE, unsigned=WARN),
        outgoing=OutgoingSection(invalid=DELIVER),
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            "door: {incoming: {invalid: keep}}",
            "invalid: expected one of deliver, warn, quarantine, refuse, found 'keep'",
        ),
        (
            "door: {outgoing: {invalid: quarantine}}",
            "door.outgoing.invalid: expected one of deliver, warn, refuse, found 'quarantine'",
        ),
        ("door: {outgoing: {unsigned: warn}}", "no such key door.outgoing.unsigned"),
        ("door: warn", "door: expected keys with values, found a single value"),
    ],
)
def test_what_no_door_does_is_refused(tmp_path, line, found):
    """Nothing that is to go out is kept for later: it goes, or it is mended."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, line)

    assert any(found in str(problem) for problem in caught.value.problems)
