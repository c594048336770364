"""The service unit says what systemd understands, and gives the node no more than it needs."""

import re
import subprocess
from pathlib import Path

import needs
import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "edge-node@.service"
PAGE = UNIT.with_name("edge-node-web@.service")
PROGRAM = "/opt/edge-node/bin/edge-node"


@pytest.fixture(params=[UNIT, PAGE], ids=lambda unit: unit.name)
def installed(tmp_path, request):
    """Give each unit with a program in it that is there on any machine."""
    unit = tmp_path / request.param.name
    unit.write_text(request.param.read_text().replace(PROGRAM, "/bin/true"))
    return unit


def systemd_analyze(*arguments):
    """Ask systemd what it thinks."""
    needs.program("systemd-analyze", "systemd")
    return subprocess.run(
        ["systemd-analyze", *arguments], check=False, capture_output=True, text=True
    )


def settings(key, unit=UNIT):
    """Return what a unit gives a key, every time it does."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


def test_systemd_has_nothing_to_remark_on_the_unit(installed):
    """Each key is one that systemd knows, down to the oldest release we run on."""
    checked = systemd_analyze("verify", installed)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_systemd_remarks_on_a_key_it_does_not_know(installed):
    """What the other test relies on: systemd only warns, and calls that a success."""
    installed.write_text(installed.read_text().replace("RestartSec=", "RestartSecs="))
    assert "RestartSecs" in systemd_analyze("verify", installed).stderr


def test_a_service_that_is_broken_into_can_do_little(installed):
    """The exposure systemd works out is at most 1.5 of 10."""
    judged = systemd_analyze("security", "--offline=yes", "--threshold=15", installed)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_folders_may_hand_down_their_group():
    """The exchange folders are set-group-id, which RestrictSUIDSGID= would keep the node from."""
    assert settings("RestrictSUIDSGID") == []


def test_the_unit_runs_the_program_where_the_documentation_installs_it():
    """Unit and docs/install.md agree about program, configuration, secret and folders."""
    words = (UNIT.parents[1] / "docs" / "install.md").read_text()
    [command] = settings("ExecStart")
    [credential] = settings("LoadCredential")
    name, secret = credential.split(":")
    [state] = settings("StateDirectory")
    assert command.startswith(f"{PROGRAM} -c /etc/edge-node/%i/config.yaml ")
    for word in (PROGRAM, "/etc/edge-node/%i/config.yaml", secret, f"/var/lib/{state}"):
        assert word.replace("%i", "xa-mau") in words
    assert f"credential:{name}" in words


def test_whoever_may_read_gets_to_what_they_may_read():
    """The folder has its mode anew at every start; others pass through, and list nothing."""
    assert settings("StateDirectoryMode") == ["0751"]


def test_the_page_is_a_service_of_its_own_on_the_same_node():
    """It runs as the same user, on the same configuration and folders, and another command."""
    for key in ("User", "Group", "StateDirectory", "StateDirectoryMode", "ReadWritePaths"):
        assert settings(key, PAGE) == settings(key)
    [command], [page] = settings("ExecStart"), settings("ExecStart", PAGE)
    assert page == command.removesuffix(" run") + " web"
