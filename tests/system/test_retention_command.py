"""What people type to see what would go, and to have it go."""

from __future__ import annotations

import getpass
import json


def test_without_periods_it_says_that_everything_is_kept(office):
    """As it comes; and as JSON that names no kind."""
    answer = office.command("retention")
    assert answer.returncode == 0, answer.stderr
    assert "no period is set" in answer.stdout
    assert json.loads(office.command("retention", "--json").stdout)["kinds"] == []


def test_it_shows_first_and_removes_with_yes_and_says_who_and_why(office):
    """A drop that was refused long ago: counted, then gone, then in the journal."""
    office.configure(url="http://127.0.0.1:9", retention={"failed": "365d"})
    (office.exchange / "outbox" / "hong").mkdir()
    (office.exchange / "outbox" / "hong" / "document.json").write_text("{}")
    office.command("once")
    (day,) = (office.exchange / "failed").glob("*/*/*")
    old = office.exchange / "failed/2019/01/02"
    old.mkdir(parents=True)
    for drop in day.iterdir():
        drop.rename(old / drop.name)

    shown = office.command("retention")
    assert "refused or given up" in shown.stdout
    assert "2019-01-02" in shown.stdout
    assert "nothing was changed" in shown.stdout
    assert (old / "hong").is_dir()
    (share,) = json.loads(office.command("retention", "--json").stdout)["kinds"]
    assert (share["kind"], share["count"], share["days"]) == ("failed", 1, 365)
    assert share["bytes"] > 0

    done = office.command("retention", "--yes", "--why", "Quyết định 12")
    assert done.returncode == 0, done.stderr
    assert not old.parent.parent.exists()
    story = [
        json.loads(line)
        for line in office.command("log", "retention", "--json").stdout.splitlines()
    ]
    assert [(each["event"], each["actor"], each["why"]) for each in story] == [
        ("payload removed", getpass.getuser(), "Quyết định 12")
    ]
    (share,) = json.loads(office.command("retention", "--json").stdout)["kinds"]
    assert share["count"] == 0
