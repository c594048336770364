"""`edge-node setup` that is ended from outside: no secret of the moment stays anywhere."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import yaml
from at_terminal import ME, person
from system_world import EDGE_NODE, environment

ENDING = [signal.SIGHUP, signal.SIGTERM]


@contextmanager
def silent_axis():
    """Give a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)
        yield server


def address(server):
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def lying(secret):
    """Return the files of the moment that hold this secret, wherever setup puts such."""
    places = {Path("/run"), Path("/var/tmp"), Path(tempfile.gettempdir())}  # noqa: S108 - looked into alone
    found = []
    for place in places:
        for path in place.glob("edge-node*/*secret"):
            with suppress(OSError):  # another test's, and gone again
                found += [path] if path.read_text().strip() == secret else []
    return found


@pytest.fixture
def secret(tmp_path):
    """Give a secret no other test has."""
    return f"secret-of-{tmp_path}"


@contextmanager
def setting_up(tmp_path, etc, answers, *before):
    file = tmp_path / "answers.yaml"
    file.write_text(yaml.safe_dump(answers, allow_unicode=True))
    command = [*before, *EDGE_NODE, "setup", "--answers", file, "--etc", etc, "--user", ME]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", ENDING)
def test_the_secret_lent_to_the_doctor_is_taken_back(tmp_path, etc, answers, secret, number):
    """The line to the machine is lost, or somebody ends it, while the doctor is at work."""
    (tmp_path / "secret").write_text(secret)
    with silent_axis() as axis:
        answers["axis"]["url"] = address(axis)
        with setting_up(tmp_path, etc, answers) as process:
            asking, _ = axis.accept()  # the doctor, who has the secret
            assert len(lying(secret)) == 1
            process.send_signal(number)
            assert process.wait(60) == 128 + number
            asking.close()
    assert lying(secret) == []


@pytest.mark.parametrize("number", ENDING)
def test_the_secret_the_directory_is_read_with_is_taken_back(etc, secret, number):
    """The same, while an agency is looked up by its name."""
    with silent_axis() as axis, person(etc) as clerk:
        clerk.answers("Address of the axis", address(axis))
        clerk.answers("The secret the axis gave you", secret)
        clerk.answers("The agency's code, or words", "xã Mẫu")
        clerk.answers("the name the axis knows this system by", "H37.02.03")
        asking, _ = axis.accept()
        assert len(lying(secret)) == 1
        os.kill(clerk.process.pid, number)
        assert clerk.ends() == 128 + number
        asking.close()
    assert lying(secret) == []
    assert not etc.exists()


def test_who_said_nohup_is_not_ended_by_a_lost_line(tmp_path, etc, answers, secret):
    """It goes on, and comes to its end."""
    (tmp_path / "secret").write_text(secret)
    with silent_axis() as axis:
        answers["axis"]["url"] = address(axis)
        with setting_up(tmp_path, etc, answers, "nohup") as process:
            asking, _ = axis.accept()
            process.send_signal(signal.SIGHUP)
            asking.close()
            axis.close()
            assert process.wait(120) == 0
    assert lying(secret) == []
