"""Where the log goes by what the configuration says."""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress

import pytest
from journald_stand import a_journal, heard, listening
from system_world import until

from edge_node.adapters.journald import Journald
from edge_node.cli.logs import _Entries, set_up_log
from edge_node.config import LogFormat, load
from edge_node.domain.errors import ConfigError

REQUIRED = """\
agency: {code: H37.02, name: A}
axis: {url: https://ltvb.example.gov.vn, secret_file: secret}
folders: {data: data}
"""


def configured(folder, text):
    path = folder / "config.yaml"
    path.write_text(REQUIRED + text, encoding="utf-8")
    return load(path)


@pytest.fixture
def _put_back():
    """Leave logging as it was."""
    root, ours = logging.getLogger(), logging.getLogger("edge_node")
    before = root.handlers[:], root.level, ours.level, sys.excepthook, threading.excepthook
    yield
    logging.captureWarnings(capture=False)
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])
    sys.excepthook, threading.excepthook = before[3:]


def test_nothing_is_forwarded_where_nothing_is_said(tmp_path):
    """And the format is the one that fits."""
    log = configured(tmp_path, "").log
    assert (log.syslog.host, log.syslog.port, log.format) == (None, 6514, LogFormat.AUTO)


def test_a_server_is_named_as_its_certificate_has_it(tmp_path):
    """A name or an address; certificates lie where the file says."""
    written = "log: {syslog: {host: Syslog.Example.VN, ca_file: ca.pem}}\n"
    syslog = configured(tmp_path, written).log.syslog
    assert (syslog.host, syslog.ca_file) == ("syslog.example.vn", tmp_path / "ca.pem")
    assert configured(tmp_path, "log: {syslog: {host: '[::1]'}}\n").log.syslog.host == "::1"


@pytest.mark.parametrize("written", ["tcp://server", "server:514", "-x", "'a b'", "''"])
def test_what_is_no_name_of_a_machine_is_refused(tmp_path, written):
    """An address with a port or a scheme belongs elsewhere."""
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, f"log: {{syslog: {{host: {written}}}}}\n")
    assert "log.syslog.host" in str(caught.value.problems[0])


@pytest.mark.usefixtures("_put_back")
@pytest.mark.parametrize(
    ("form", "stream", "fields"),
    [
        ("auto", "ours", True),
        ("auto", "another", False),  # stderr was led elsewhere
        ("auto", "", False),
        ("journal", "", True),
        ("text", "ours", False),
        ("json", "ours", False),
    ],
)
def test_under_systemd_the_log_has_fields(tmp_path, capfd, form, stream, fields):
    """Where stderr is the journal's it is told in its own protocol, unless a form is asked for."""
    status = os.fstat(2)
    mine = f"{status.st_dev}:{status.st_ino}"
    environ = {"ours": {"JOURNAL_STREAM": mine}, "another": {"JOURNAL_STREAM": "1:2"}, "": {}}
    config = configured(tmp_path, f"log: {{format: {form}}}\n")
    with a_journal() as (path, entries):
        set_up_log(config, environ=environ[stream], journal=path)
        logging.getLogger("edge_node.flows.push").info("sent to the axis", extra={"item": "o1"})
        if fields:
            until(lambda: entries)
    said = capfd.readouterr().err
    assert [each.get("EDGE_NODE_ITEM") for each in entries] == ["o1"] * fields
    assert ("sent to the axis" in said) is not fields


@pytest.mark.usefixtures("_put_back")
def test_a_journal_that_goes_away_costs_no_line(tmp_path, capfd):
    """What it does not take is on stderr."""
    config = configured(tmp_path, "log: {format: journal}\n")
    with a_journal() as (path, _):
        set_up_log(config, environ={}, journal=path)
    logging.getLogger("edge_node").info("stopped")
    assert "stopped" in capfd.readouterr().err


@pytest.mark.usefixtures("_put_back")
def test_a_journal_that_hangs_is_told_how_much_it_missed(tmp_path, capfd):
    """Nobody waits for it with every line, and none goes where the journal reads as well."""
    ours = logging.getLogger("edge_node")
    set_up_log(configured(tmp_path, ""), environ={})
    with listening() as (path, theirs):
        journal, stderr = Journald(path, patience=0.05), logging.getLogger().handlers[0]
        logging.getLogger().handlers[:] = [_Entries(journal, "H37.02", otherwise=stderr)]
        for _ in range(600):
            ours.info("sent to the axis")
        read = list(waiting(theirs))
        ours.info("stopped")
        assert heard(theirs)["EDGE_NODE_EVENT"] == "stopped"
        assert heard(theirs)["EDGE_NODE_LOST"] == str(600 - len(read))
    assert "sent to the axis" not in capfd.readouterr().err


def waiting(theirs):
    """Yield what was written and not yet read."""
    theirs.settimeout(0)
    with suppress(BlockingIOError):
        while True:
            yield heard(theirs)


@pytest.mark.usefixtures("_put_back")
def test_the_end_of_the_process_by_a_mistake_is_a_line_like_any_other(tmp_path, capfd):
    """Where it happened, and no value that was at hand."""
    set_up_log(configured(tmp_path, ""), environ={})
    planted = "TRÍCH-YẾU"
    try:
        {}[planted]
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    said = capfd.readouterr().err
    assert "critical logs: the node has died of a mistake of its own" in said
    assert "test_config_log.py" in said
    assert planted not in said
