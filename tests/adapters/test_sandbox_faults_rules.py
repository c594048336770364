"""Rules of faults: how they are written, when they strike, and how they are set from outside."""

from __future__ import annotations

import http.client
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from sandbox_world import EDOC, Caller, a_package, a_world, eventually

from edge_node.domain.errors import ConfigError
from edge_node.protocol import vxp
from edge_node.sandbox.faults import Faults, Passing
from edge_node.sandbox.faults_control import CONTROL_PATH, TOKEN_FILE
from edge_node.sandbox.faults_rules import Fault, as_rules, read_rules, read_rules_file
from edge_node.sandbox.settings import init_sandbox

DOCS = Path(__file__).parents[2] / "docs" / "sandbox.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with a_world(tmp_path_factory.mktemp("sandbox")) as world:
        yield world


@pytest.fixture
def world(server):
    yield server
    server.faults.clear()


def control(world, verb, body=None, token=None):
    """Make a control call; return the HTTP status and what its body says."""
    token = (world.folder / TOKEN_FILE).read_text() if token is None else token
    connection = http.client.HTTPConnection(world.url.removeprefix("http://"), timeout=30)
    headers = {"Authorization": f"Bearer {token}"}
    connection.request(verb, CONTROL_PATH, body=body, headers=headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response.status, json.loads(answer) if answer else None


# How they are written


@pytest.mark.parametrize("fault", sorted(set(Fault) - {"list-late", "skip-days"}))
def test_every_fault_needs_little_more_than_its_name(fault):
    """The name, and a receiver where one is to be refused; the calls are those that make sense."""
    more = {"receiver": "H99.1"} if fault == "refuse-receiver" else {}
    (rule,) = as_rules({"faults": [{"fault": str(fault), **more}]}, source="test")
    assert rule.calls
    assert as_rules({"faults": [rule.plain()]}, source="test") == (rule,)


def test_every_fault_is_in_the_docs():
    """The table of docs/sandbox.md has a line for each."""
    text = DOCS.read_text()
    assert [fault for fault in Fault if f"| `{fault}` |" not in text] == []


def test_yaml_and_json_say_the_same():
    """A file is YAML, of which JSON is a part."""
    rows = {"faults": [{"fault": "drip", "bytes": 2, "calls": ["sendEdoc"], "caller": "H99.1"}]}
    text = "faults:\n- {fault: drip, bytes: 2, calls: [sendEdoc], caller: H99.1}\n"
    assert read_rules(text, source="y") == read_rules(json.dumps(rows), source="j")


def test_every_problem_of_the_rules_is_named(tmp_path):
    """Unknown faults, keys, calls and values are told at once, each with its place."""
    path = tmp_path / "faults.yaml"
    path.write_text(
        """
        faults:
        - {fault: gremlins}
        - drop-before
        - {fault: error, http: 200, after: perhaps, seconds: 3}
        - {fault: stall, seconds: -1, then: dance, times: 0, skip: -1, every: true}
        - {fault: drop-before, calls: [], caller: 7, message: letter}
        - {fault: forget-sent, calls: [getEdoc]}
        - {fault: drop-after, message: edoc}
        - {fault: list-late}
        - {fault: skip-days, items: 1, seconds: 1}
        - {fault: refuse-receiver, code: 99}
        - {fault: corrupt-base64, where: answer}
        - {calls: [sendEdoc]}
        - {fault: clock-skew, seconds: .inf}
        - {fault: [stall]}
        speed: 1
        """
    )
    with pytest.raises(ConfigError) as caught:
        read_rules_file(path)
    problems = "\n".join(str(problem) for problem in caught.value.problems)
    for place in (
        "faults.yaml: expected one of faults, got 'speed'",
        "faults[0].fault: expected one of drop-before",
        "faults[1]: expected keys and values",
        "faults[2].http: expected an HTTP error",
        "faults[2].after: expected true or false",
        "faults[2]: expected one of fault, calls",
        "faults[3].seconds: expected a number",
        "faults[3].then: expected one of go-on, drop",
        "faults[3].times: expected a whole number from 1",
        "faults[3].skip: expected a whole number from 0",
        "faults[3].every: expected a whole number from 1, got True",
        "faults[4].calls: expected a list of calls",
        "faults[4].caller: expected a text",
        "faults[4].message: expected one of edoc, status",
        "faults[5].calls: expected a list of calls from sendEdoc",
        "faults[6].message: expected calls that name a kind",
        "faults[7]: expected either seconds or lists",
        "faults[8]: expected either seconds or items",
        "faults[9].code: expected one of 18, 23",
        "faults[9]: expected a receiver",
        "faults[10].calls: expected [getEdoc]",
        "faults[11].fault: expected one of",
        "faults[12].seconds: expected a number",
        "faults[13].fault: expected one of",
    ):
        assert place in problems


def test_of_a_file_named_by_mistake_only_the_beginning_is_told():
    """A long text is no rule; nobody wants to read it in an error."""
    with pytest.raises(ConfigError) as caught:
        read_rules("root:x:0 " * 99, source="passwd")
    found = str(caught.value.problems[0])
    assert found.startswith("passwd: expected keys and values, got 'root:x:0 root")
    assert len(found) < 120


@pytest.mark.parametrize("text", ["", "[]", "faults: 3", "faults: [", "\x00"])
def test_what_is_no_list_of_rules_is_refused(text):
    """Nothing at all is no rules either: it would look as if some were standing."""
    with pytest.raises(ConfigError):
        read_rules(text, source="test")


def test_a_file_that_is_not_there_is_named(tmp_path):
    """By its path."""
    with pytest.raises(ConfigError, match=r"missing\.yaml"):
        read_rules_file(tmp_path / "missing.yaml")


# When they strike


CALL = Passing(call="sendEdoc", caller="H99.1", message="edoc", receivers=("H99.2",))


def struck(rule, calls=10, passing=CALL):
    """Return which of so many equal calls a rule strikes, counted from 1."""
    faults = Faults(as_rules({"faults": [{"fault": "drop-before", **rule}]}, source="test"))
    return [
        number
        for number in range(1, calls + 1)
        for one in faults.fitting(passing, Fault.DROP_BEFORE)
        if faults.hits(one, passing)
    ]


def test_skip_every_and_times_say_which_calls_are_struck():
    """Pass the first ones, then strike each n-th, and stop after so many."""
    assert struck({}, 3) == [1, 2, 3]
    assert struck({"times": 2}) == [1, 2]
    assert struck({"skip": 3, "times": 1}) == [4]
    assert struck({"every": 4}) == [1, 5, 9]
    assert struck({"skip": 1, "every": 3, "times": 2}) == [2, 5]


@pytest.mark.parametrize(
    "rule",
    [
        {"calls": ["getEdoc"]},
        {"caller": "H99.2"},
        {"receiver": "H99.1"},
        {"message": "status", "calls": ["sendEdoc"]},
    ],
)
def test_calls_that_do_not_fit_are_not_even_counted(rule):
    """Another method, caller, receiver or kind of message."""
    assert struck(rule) == []


def test_a_rule_that_two_calls_meet_at_once_strikes_one():
    """Looked up by both before either was counted, it strikes no oftener than it may."""
    faults = Faults()
    faults.set({"fault": "drop-before", "times": 1})
    (one,), (same,) = (faults.fitting(CALL, Fault.DROP_BEFORE) for _ in range(2))
    assert [faults.hits(one, CALL), faults.hits(same, CALL)] == [True, False]


def test_strikes_have_running_numbers_that_outlive_their_rules():
    """A record of what was hit, in order, however often the rules were changed meanwhile."""
    faults = Faults()
    for fault in ("drop-before", "drop-after"):
        faults.set({"fault": fault})
        for one in faults.standing:
            assert faults.hits(one, CALL, ["D1"])
        faults.clear()
    assert [(strike.number, strike.rule.fault) for strike in faults.strikes] == [
        (1, "drop-before"),
        (2, "drop-after"),
    ]
    assert faults.strikes[0].plain()["receivers"] == ["H99.2"]
    assert faults.standing == ()


# How they are set from outside


def test_rules_are_set_seen_and_cleared_by_a_control_call(world):
    """PUT replaces, GET shows how often each struck and what it hit, DELETE clears."""
    sender, receiver = world.caller(), world.caller()
    already = len(control(world, "GET")[1]["strikes"])
    body = "faults:\n- {fault: error, calls: [sendEdoc], http: 500, after: true, times: 1}\n"
    status, answer = control(world, "PUT", body.encode())
    assert status == 200
    assert [rule["struck"] for rule in answer["faults"]] == [0]
    package = a_package(sender.code, receiver.code, document_id="control")
    assert sender.call(*sender.sending(package))[0] == 500
    assert sender.call(*sender.sending(package))[0] == 200

    _, answer = control(world, "GET")
    rule = {"fault": "error", "calls": ["sendEdoc"], "http": 500, "after": True, "times": 1}
    assert answer["faults"] == [rule | {"met": 1, "struck": 1}]
    (strike,) = answer["strikes"][already:]
    assert strike == {
        "number": strike["number"],
        "fault": "error",
        "rule": rule,
        "call": "sendEdoc",
        "caller": sender.code,
        "message": "edoc",
        "receivers": [receiver.code],
        "documentId": "control",
        "docIds": [sender.sent()[0]["senderDocId"]],
    }
    status, answer = control(world, "DELETE")
    assert (status, answer["faults"]) == (200, [])
    assert world.faults.standing == ()


def test_wrong_rules_change_nothing(world):
    """Every problem is in the answer, and the rules that stood stand."""
    world.faults.set({"fault": "drip", "caller": "H99.none"})
    status, answer = control(world, "PUT", json.dumps({"faults": [{"fault": "x"}, 3]}))
    assert status == 400
    assert [line.split(":")[0] for line in answer["problems"]] == [
        "/sandbox/faults cannot be used",
        "faults[0].fault",
        "faults[1]",
    ]
    assert control(world, "PUT", b"\xff")[0] == 400
    assert control(world, "PUT", iter([b"faults: []"]))[0] == 411
    assert control(world, "PUT", b" " * 1_100_000)[0] == 413
    assert len(world.faults.standing) == 1


@pytest.mark.parametrize("verb", ["GET", "PUT", "DELETE"])
def test_only_the_token_opens_the_control_call(world, verb):
    """It lies in the sandbox's folder, for its owner's eyes only."""
    world.faults.set({"fault": "drip", "caller": "H99.none"})
    assert control(world, verb, b"faults: []", token="wrong")[0] == 401
    assert len(world.faults.standing) == 1
    assert stat.S_IMODE((world.folder / TOKEN_FILE).stat().st_mode) == 0o600
    assert control(world, "POST")[0] == 405


def test_the_control_call_is_never_struck(world):
    """Whatever the axis does wrong, it can be told to stop."""
    world.faults.set({"fault": "drop-before"}, {"fault": "clock-skew"})
    assert control(world, "DELETE")[0] == 200


def test_the_command_takes_a_file_of_rules(tmp_path):
    """`edge-node sandbox DIR --faults FILE`, and the module likewise."""
    settings = init_sandbox(tmp_path / "axis", [("H99.1", "Một"), ("H99.2", "Hai")])
    rules = tmp_path / "faults.yaml"
    rules.write_text("faults:\n- {fault: error, http: 504, times: 1}\n")
    for start in (["edge_node", "sandbox"], ["edge_node.sandbox"]):
        command = [sys.executable, "-m", *start, str(tmp_path / "axis"), "--port", "0"]
        command += ["--faults", str(rules)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                url = process.stdout.readline().strip()
                member = settings.members["H99.1"]
                caller = Caller(url=url, code=member.code, secret=member.secret)
                assert [caller.call(vxp.count(EDOC))[0] for _ in range(2)] == [504, 200]
            finally:
                process.kill()


def test_a_stall_keeps_no_server_from_ending(tmp_path):
    """Whoever waits is hung up on; the process ends at once, and quietly."""
    settings = init_sandbox(tmp_path / "axis", [("H99.1", "Một")])
    (tmp_path / "faults.yaml").write_text("faults: [{fault: stall, seconds: 300}]")
    command = [sys.executable, "-m", "edge_node.sandbox", str(tmp_path / "axis")]
    command += ["--faults", str(tmp_path / "faults.yaml")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        url = process.stdout.readline().strip()
        member = settings.members["H99.1"]
        waiting = Caller(url=url, code=member.code, secret=member.secret)
        at = SimpleNamespace(url=url, folder=tmp_path / "axis")
        with waiting.asked(vxp.count(EDOC)) as connection:
            eventually(lambda: control(at, "GET")[1]["strikes"])
            process.send_signal(signal.SIGTERM)
            with pytest.raises(http.client.RemoteDisconnected):
                connection.getresponse()
        assert (process.wait(timeout=4), process.stderr.read()) == (0, "")


def test_a_bad_file_of_rules_makes_no_sandbox(tmp_path):
    """The command ends with every problem named, before it makes or serves anything."""
    rules, folder = tmp_path / "faults.yaml", tmp_path / "axis"
    rules.write_text("faults: [{fault: gremlins}]")
    command = [sys.executable, "-m", "edge_node", "sandbox", folder, "--faults", rules]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "faults[0].fault" in ended.stderr
    assert not folder.exists()


@pytest.mark.parametrize("wrong", [["--port"], ["--port", "x"], ["--speed", "1"]])
def test_wrong_usage_of_the_module_is_said(tmp_path, wrong):
    """Exit code 2 and how it is meant."""
    command = [sys.executable, "-m", "edge_node.sandbox", tmp_path, *wrong]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr[:6]) == (2, "usage:")
