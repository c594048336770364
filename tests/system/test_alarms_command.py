"""The node at work tells people what is wrong, and the commands about that."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from mailbox import a_mail_server

import pytest
from loopback import http_server
from system_world import an_office, until

SECRET = "s3cretpassword"
RULES = """rules:
  - {name: axis, watch: axis, severity: urgent}
  - {name: queued, watch: state, state: queued, severity: urgent}
"""


class Hook:
    """A webhook that always takes what it is sent."""

    def __init__(self, server):
        """Have answers for more than any test asks."""
        self.server = server
        for _ in range(99):
            server.will_say(b"")

    @property
    def url(self):
        """What stands in the file of addresses."""
        return f"json://user:{SECRET}@{self.server.url.removeprefix('http://')}/{SECRET}"

    @property
    def titles(self):
        """What it was told."""
        return [json.loads(request.body)["title"] for request in self.server.requests]


@pytest.fixture
def hook():
    with http_server() as server:
        yield Hook(server)


@pytest.fixture
def away(tmp_path, axis, hook):
    """Give an agency whose axis is away, and somebody it tells of that."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    urls, rules = tmp_path / "urls", tmp_path / "rules.yaml"
    urls.write_text(f"duty {hook.url}\n")
    urls.chmod(0o600)
    rules.write_text(RULES)
    alarms = {"urls_file": str(urls), "rules": str(rules), "every": "1s"}
    alarms["quiet_days_off"] = False
    return an_office(tmp_path, axis, url=f"http://127.0.0.1:{port}", alarms=alarms)


def test_a_node_at_work_tells_once_over_a_restart(away, hook, other):
    """By a child of its own, though it looks every second; what is new is told after it."""
    with away.running() as node:
        node.says("address=duty")  # the child has entered it
    away.drop(12, other)
    with away.running() as node:
        until(lambda: hook.titles[1:])
        node.says("axis unreachable", times=2)
    assert [away.code in title for title in hook.titles] == [True, True]
    assert SECRET not in away.log.read_text()

    axis, document = away.told("alarms", "list")
    assert (axis["rule"], axis["severity"], axis["over"]) == ("axis", "urgent", None)
    assert document["about"].endswith(other.code)
    assert [each["rule"] for each in away.told("alarms", "history")] == ["queued", "axis"]


def test_what_is_wrong_is_listed_in_words(away):
    with away.running():
        until(lambda: away.told("alarms", "list"))
    shown = away.command("alarms", "list").stdout
    assert "axis  urgent" in shown
    assert "the axis cannot be reached" in shown
    assert all(len(line) <= 80 for line in shown.splitlines()[:1])


def test_a_test_says_of_each_address_whether_it_was_told(away, tmp_path, hook):
    """And ends with an error where one was not; nothing of a URL is shown."""
    with a_mail_server() as mail:
        with (tmp_path / "urls").open("a") as urls:
            urls.write(
                f"post mailto://127.0.0.1:{mail.port}?from=a@b.vn&to=c@d.vn&mode=insecure\n"
            )
            urls.write(f"lost json://user:{SECRET}@127.0.0.1:9/{SECRET}\n")
        answer = away.command("alarms", "test")
        assert answer.returncode == 1
        assert answer.stdout.splitlines()[:2] == ["duty: told", "post: told"]
        assert answer.stdout.splitlines()[2].startswith("lost: not taken")
        assert "not everybody was told" in answer.stderr
        assert SECRET not in answer.stdout + answer.stderr
        assert len(mail.letters) == 1
        assert len(hook.titles) == 1

    only = away.command("alarms", "test", "duty")
    assert only.returncode == 0
    nobody = away.command("alarms", "test", "boss")
    assert "there are: duty, lost, post" in nobody.stderr


def test_rules_that_are_wrong_keep_the_node_from_starting_and_are_all_named(away, tmp_path):
    (tmp_path / "rules.yaml").write_text("rules:\n  - {name: a, watch: axes}\n  - {watch: disk}\n")
    answer = away.command("run")
    assert answer.returncode == 1
    assert "rules.yaml:2: rules[0].watch" in answer.stderr
    assert "rules.yaml:3: rules[1].name: missing" in answer.stderr


def test_whoever_only_looks_does_not_load_what_tells():
    """The idle node has neither Apprise nor what comes with it in its memory."""
    program = (
        "import sys\n"
        "import edge_node.daemon.running, edge_node.daemon.alarms, edge_node.adapters.watching\n"
        "import edge_node.node.alarming, edge_node.node.notice_words, edge_node.cli.alarms\n"
        "sys.exit(any(name.split('.')[0] in {'apprise', 'requests'} for name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
