"""What people type to look at the queue and to act on it, and what each command loads."""

from __future__ import annotations

import getpass
import json
import re
import signal
import subprocess
import sys

import pytest
from system_world import EDGE_NODE, an_office, environment, on_a_terminal

from edge_node.cli.glance import folders_of, queue_of
from edge_node.cli.rooms import ROOMS, commands_of
from edge_node.config import load

HEAVY = {
    *("httpx", "pyhanko", "lxml", "reportlab", "apscheduler", "watchdog", "asn1crypto"),
    *("cryptography", "sqlite_utils", "pydantic", "yaml", "rich", "starlette", "xlsxwriter"),
}


# What only those need who write, and a key of the configuration but for two.
SPARED = {
    *("edge_node.config", "edge_node.node", "edge_node.adapters.durable", "edge_node.cli.render"),
    *("edge_node.adapters.envelopes", "edge_node.adapters.history"),
    *("edge_node.domain.document", "edge_node.domain.journal", "secrets", "hashlib"),
}


def drop(office, other, *numbers):
    for number in numbers:
        office.drop(number, other)
    return [each["id"] for each in waiting(office)]


def waiting(office):
    """Take in what was dropped without an axis: it waits here."""
    office.command("once")
    return office.told("list", "--out")


@pytest.fixture
def away(office, other):
    """Have three documents wait while the axis is away."""
    office.command("once")
    text = office.config.read_text("utf-8")
    (line,) = [line for line in text.splitlines() if line.strip().startswith("url:")]
    office.config.write_text(text.replace(line, '  url: "http://127.0.0.1:9"'), "utf-8")
    return drop(office, other, 21, 22, 23)


def told(answer):
    return [json.loads(line) for line in answer.stdout.splitlines()]


def state_of(office, item):
    return told(office.command("show", item, "--json"))[0]["fates"][0]["state"]


def test_each_room_hangs_up_what_the_table_says():
    """A command is found without loading the others."""
    assert {room: set(names) for room, names in ROOMS.items()} == {
        room: set(commands_of(room)) for room in ROOMS
    }


def test_reading_loads_nothing_heavy(office, away):
    """A person who looks waits for Python and the queue, for nothing else."""
    for command in (["list"], ["show", away[0]], ["log", away[0]], ["ages"], ["next"]):
        assert packages(loaded_by(office, command)) & HEAVY == set(), command


def test_who_lists_as_json_loads_nothing_that_writes_nor_the_configuration(office, away):
    """A million documents are found in milliseconds: what is loaded is what one waits for."""
    found = ["--partner", "H01.1", "--state", "queued", "--newer", "1d", "--text", "x"]
    for command in (["list"], ["list", *found], ["show", away[0]], ["ages"], ["next"]):
        assert loaded_by(office, [*command, "--json"]) & SPARED == set(), command


def test_who_explains_loads_the_configuration_and_nothing_heavier(office, away):
    """What waits is told by how the node is set up."""
    loaded = loaded_by(office, ["explain", away[0]])
    assert packages(loaded) & HEAVY == {"yaml"}
    assert "edge_node.node.parts" not in loaded


def packages(modules):
    return {name.partition(".")[0] for name in modules}


def loaded_by(office, command):
    looked = subprocess.run(
        [sys.executable, "-X", "importtime", *EDGE_NODE[1:], "-c", office.config, *command],
        capture_output=True,
        text=True,
        env=environment(),
        check=True,
    )
    assert looked.returncode == 0
    return {line.rpartition("|")[2].strip() for line in looked.stderr.splitlines()}


def test_a_glance_at_the_configuration_sees_where_the_queue_lies(office):
    """As those who read all of it do; what is not plain is left to them."""
    assert queue_of(office.config) == load(office.config).folders.queue
    folders = load(office.config).folders
    assert folders_of(office.config) == (folders.data, folders.exchange)
    odd = office.config.with_name("odd.yaml")
    text = office.config.read_text("utf-8")
    for old, new in (("data:", "data: &there"), ("folders:", "folders: # x\n  data: /a\n#")):
        odd.write_text(text.replace(old, new, 1), "utf-8")
        assert queue_of(odd) in {None, load_or_none(odd)}
    odd.write_text(text.replace("exchange:", "exchange: shared #", 1), "utf-8")
    assert folders_of(odd) is None


def load_or_none(file):
    try:
        return load(file).folders.queue
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a glance may not see more
        return None


def test_documents_are_found_by_what_is_known_of_them(office, other, away):
    """Words without their marks, the partner, the state, the age; and none where none fits."""

    def found(*filters):
        return {each["id"] for each in office.told("list", *filters)}

    every = set(away)
    subject = told(office.command("show", away[0], "--json"))[0]["subject"]
    assert found("--text", subject.upper()) >= {away[0]}
    assert found("--partner", other.code.lower()) == every
    assert found("--state", "queued", "--newer", "1h") == every
    assert (
        found("--older", "1h") == found("--partner", "H01.9") == found("--urgency", "3") == set()
    )
    number = told(office.command("show", away[1], "--json"))[0]["code"]
    assert found("--text", number) == {away[1]}
    assert office.command("list", "--older", "soon").returncode == 1


def test_one_is_held_at_once_and_let_go_again(office, away):
    """By the beginning of its id; the journal keeps who did it and why."""
    assert office.command("hold", away[0][:6], "--why", "chờ ý kiến").returncode == 0
    assert state_of(office, away[0]) == "held"
    assert state_of(office, away[1]) == "queued"
    assert office.command("release", away[0]).returncode == 0
    assert state_of(office, away[0]) == "queued"


def test_several_are_only_shown_until_that_is_meant(office, away):
    """Named, read from stdin, or ALL; nothing is done before `--yes`."""
    for ids in (away[:2], ["ALL", "--state", "queued"]):
        answer = office.command("cancel", *ids)
        assert (answer.returncode, "--yes" in answer.stderr) == (0, True)
    assert {state_of(office, each) for each in away} == {"queued"}

    answer = office.command("cancel", "ALL", "--state", "queued", "--yes", "--json")
    assert {each["id"] for each in told(answer)} == set(away)
    assert {state_of(office, each) for each in away} == {"recalled"}


def test_ids_are_read_from_stdin_as_a_list_shows_them(office, away):
    """The first word of each line; our own table's head is none, blank lines are nothing."""
    table = office.command("list", "--state", "queued").stdout
    assert all(each in table for each in away)
    answer = typed(office, table, "hold", "-")
    assert (answer.returncode, "--yes" in answer.stderr) == (0, True)
    assert {state_of(office, each) for each in away} == {"queued"}

    answer = typed(office, f"{away[0]} số 21\n\n{away[1][:6]}\n", "hold", "-", "--yes", "--json")
    assert answer.returncode == 0
    assert {each["id"] for each in told(answer)} == set(away[:2])
    assert [state_of(office, each) for each in away] == ["held", "held", "queued"]

    for words, code in (
        (f"ID\n{away[2]}\n", 0),
        ("", 1),
        ("ALL\n", 1),
        (f"onowhere\n{away[2]}\n", 1),
    ):
        answer = typed(office, words, "requeue", "-", "--yes")
        assert (answer.returncode, "Traceback" in answer.stderr) == (code, False), words


def typed(office, words, *arguments):
    """Run a command with these words on its stdin."""
    return subprocess.run(
        [*EDGE_NODE, "-c", office.config, *arguments],
        input=words,
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )


def test_a_list_is_shown_again_until_it_is_stopped(office, away):
    """Each look is at the queue as it stands then; Ctrl-C is no failure."""
    command = [*EDGE_NODE, "-c", office.config, "list", "--watch", "0.2", "--json"]
    command += ["--limit", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as watch:
        lines = (json.loads(line)["fates"][0]["state"] for line in watch.stdout)
        try:
            assert [next(lines), next(lines)] == ["queued", "queued"]
            assert office.command("hold", away[0]).returncode == 0
            assert "held" in lines
        finally:
            watch.send_signal(signal.SIGINT)
        assert watch.wait(30) == 0
    assert office.command("list", "--watch", "0").returncode == 1
    assert office.command("list", "5").returncode == 1


def test_filters_mean_the_receivers_they_fit(office, other, axis, tmp_path, away):
    """What is held back for one is not let go because another one was asked for."""
    item = away[0]
    assert office.command("hold", "ALL", "--partner", "H01.9", "--yes").returncode == 0
    assert state_of(office, item) == "queued"
    third = an_office(tmp_path, axis)
    office.drop(24, other, third)
    (both,) = [each["id"] for each in waiting(office) if each["id"] not in away]
    answer = office.command("cancel", "ALL", "--partner", third.code, "--yes", "--json")
    assert [(each["id"], each["to"]) for each in told(answer)] == [(both, [third.code])]

    assert office.command("expire", both).returncode == 0
    office.command("hold", away[1])
    answer = office.command("resend", "ALL", "--state", "dead", "--yes", "--json")
    assert [(each["id"], each["to"]) for each in told(answer)] == [(both, [other.code])]


def test_a_document_is_sent_anew_by_command_once(office, other, away):
    """Under a DocumentId of its own; given again, the command says which took its place."""
    item = away[0]
    assert office.command("resend", item, "--as-new").returncode == 1  # it may still leave
    office.command("expire", item)
    answer = office.command("resend", item, "--as-new", "--why", "trục từ chối", "--json")
    (new,) = told(answer)
    assert (new["id"], new["to"]) == (item, [other.code])
    old, young = (told(office.command("show", each, "--json"))[0] for each in (item, new["new"]))
    assert old["document_id"] != young["document_id"]
    assert (old["fates"][0]["state"], young["fates"][0]["state"]) == ("dead", "queued")
    for again in (["--as-new"], []):
        answer = office.command("resend", item, *again)
        assert (answer.returncode, new["new"] in answer.stderr) == (1, True)
    events = told(office.command("log", item, "--json"))
    (act,) = [each for each in events if each["event"] == "sent anew"]
    assert (act["actor"], act["why"]) == (getpass.getuser(), "trục từ chối")
    assert f"({act['actor']}: trục từ chối)" in office.command("log", item).stdout


def test_all_means_what_something_can_be_done_to(office, away):
    """Shown and counted before; where there is none, that is said, also with `--yes`."""
    office.command("hold", away[0])
    office.command("expire", away[1])
    shown = office.command("hold", "ALL", "--json")
    assert [each["id"] for each in told(shown)] == [away[2]]
    assert "documents: 1; nothing was done yet" in office.command("hold", "ALL").stderr
    assert [each["id"] for each in told(office.command("release", "ALL", "--json"))] == [away[0]]
    sent = office.command("resend", "ALL", "--as-new", "--json")
    assert [each["id"] for each in told(sent)] == [away[1]]

    assert office.command("hold", "ALL", "--yes").returncode == 0
    for yes in ([], ["--yes"]):
        answer = office.command("hold", "ALL", *yes)
        assert (answer.returncode, answer.stdout) == (0, "")
        assert answer.stderr == "no documents\n"


def test_all_means_what_waits_for_its_next_try(office, other, away, tmp_path, axis):
    """Of what a filter leaves only at the receivers it leaves; what has ended is not told of."""
    office.command("expire", away[0])
    office.command("hold", away[1])
    third = an_office(tmp_path, axis)
    office.drop(24, other, third)
    (both,) = {each["id"] for each in waiting(office)} - set(away)
    shown = told(office.command("requeue", "ALL", "--json"))
    assert {each["id"] for each in shown} == {away[2], both}
    answer = office.command("requeue", "ALL", "--partner", third.code, "--yes", "--json")
    assert (answer.returncode, [each["id"] for each in told(answer)]) == (0, [both])
    events = told(office.command("log", both, "--json"))
    (act,) = [each for each in events if each["event"] == "requeued"]
    assert act["agency"] == third.code
    assert office.command("requeue", "ALL", "--yes").returncode == 0


def test_a_drop_that_was_refused_is_known_by_the_id_the_log_gave_it(office, other):
    """What `log` and `explain` say of it: why, and where it lies."""
    office.drop(1, other, subject="")
    refused = office.command("once")
    (item,) = re.findall(r"drop refused.*item=\"?(o[a-z0-9]+)", refused.stderr)
    (event,) = office.told("log", item)
    assert event["event"] == "drop refused"
    assert "it lies in failed/" in event["text"]
    explained = office.command("explain", item).stdout
    assert explained.startswith("The drop ")
    assert "It was not taken in, and never left." in explained
    assert "subject" in explained


def test_what_cannot_be_done_is_told_and_keeps_nobody_from_the_rest(office, away):
    """Exit status 1, with the reason for each."""
    office.command("expire", away[0])
    answer = office.command("hold", *away[:2], "onowhere", "--yes")
    assert answer.returncode == 1
    assert away[0] in answer.stderr
    assert "no document goes by onowhere" in answer.stderr
    assert [state_of(office, each) for each in away[:2]] == ["dead", "held"]


def test_all_is_not_meant_by_accident(office, away):
    """In capitals and alone; filters go with it and with nothing else."""
    assert office.command("hold", "all", "--yes").returncode == 1
    assert office.command("hold", "ALL", away[0], "--yes").returncode == 1
    assert office.command("hold", away[0], "--state", "queued").returncode == 1
    assert {state_of(office, each) for each in away} == {"queued"}


def test_what_waits_is_counted_and_foretold(office, other, away):
    """By agency and age, and by when each is tried; both fit a terminal."""
    (line,) = told(office.command("ages", "--json"))
    assert (line["agency"], line["all"], line["ages"]["<5m"]) == (other.code, 3, 3)
    assert {each["item"] for each in told(office.command("next", "--json"))} == set(away)
    for command in ("ages", "next"):
        lines = on_a_terminal("-c", office.config, command, columns=80)
        assert len(lines) > 1
        assert max(map(len, lines)) <= 80
    assert office.command("requeue", away[0], "--why", "trục đã lại").returncode == 0


def test_an_id_is_completed_from_the_queue(office, away):
    """Its beginning is enough; the shell has a script of its own for it."""
    for shell in ("bash", "zsh", "fish"):
        assert "_EDGE_NODE_COMPLETE" in office.command("completion", shell).stdout
    asked = {"_EDGE_NODE_COMPLETE": "complete_bash", "COMP_CWORD": "2"}
    asked |= {
        "COMP_WORDS": f"edge-node show {away[0][:5]}",
        "EDGE_NODE_CONFIG": str(office.config),
    }
    code = "import sys; sys.argv[0] = 'edge-node'; from edge_node.cli.app import main; main()"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment() | asked,
        check=False,
    )
    assert away[0] in answer.stdout.split()
