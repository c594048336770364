"""The service unit says what systemd understands, and gives the node no more than it needs."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import needs
import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "edge-node@.service"
PAGE = UNIT.with_name("edge-node-web@.service")
PROGRAM = "/opt/edge-node/bin/edge-node"
DROP_INS = UNIT.with_name("drop-ins")
# What systemd makes of each: a node that opens USB devices itself is let do a little more.
EXPOSED = {"token-usb.conf": 17}
# Keys that Debian 12 does not know; it says so and goes on without them.
TOO_NEW = {"restart-slower.conf": "RestartSteps"}


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


@pytest.mark.parametrize("drop_in", sorted(DROP_INS.glob("*.conf")), ids=lambda path: path.name)
def test_each_drop_in_is_understood_and_lets_little_more_be_done(tmp_path, drop_in):
    """Laid over the unit its first lines name; the exposure is at most 1.5, or what is told."""
    [named] = re.findall(r"(edge-node[a-z-]*@)NAME\.service\.d/", drop_in.read_text())
    unit = tmp_path / f"{named}.service"
    unit.write_text(UNIT.with_name(unit.name).read_text().replace(PROGRAM, "/bin/true"))
    over = tmp_path / f"{unit.name}.d" / drop_in.name
    over.parent.mkdir()
    shutil.copy(drop_in, over)

    checked = systemd_analyze("verify", unit)
    too_new = TOO_NEW.get(drop_in.name)
    remarks = [line for line in checked.stderr.splitlines() if not (too_new and "Restart" in line)]
    assert (checked.returncode, remarks) == (0, [])
    most = EXPOSED.get(drop_in.name, 15)
    judged = systemd_analyze("security", "--offline=yes", f"--threshold={most}", unit)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    if drop_in.name in EXPOSED:
        strict = systemd_analyze("security", "--offline=yes", "--threshold=15", unit)
        assert strict.returncode != 0, "the drop-in is not laid over the unit"


def test_the_documentation_names_each_drop_in():
    """docs/install.md has them all, and none that is not there."""
    words = (UNIT.parents[1] / "docs" / "install.md").read_text()
    assert set(re.findall(r"drop-ins/([a-z-]+\.conf)", words)) == {
        path.name for path in DROP_INS.glob("*.conf")
    }


def test_who_was_let_through_is_let_through_after_the_next_start(tmp_path):
    """The folder of configurations is made for the group, and then left as somebody has it."""
    needs.program("systemd-tmpfiles", "systemd")
    sheet = tmp_path / "edge-node.conf"
    lines = UNIT.with_name("edge-node.tmpfiles").read_text()
    sheet.write_text(lines.replace(" /", f" {tmp_path}/").replace("root edge-node", "- -"))
    sheet.write_text(sheet.read_text().replace("root root", "- -"))
    etc = tmp_path / "etc" / "edge-node"

    def made():
        done = ["systemd-tmpfiles", "--create", sheet]
        subprocess.run(done, check=True, capture_output=True, timeout=60)
        return stat.S_IMODE(etc.stat().st_mode)

    assert made() == 0o750
    etc.chmod(0o751)  # as docs/install.md has it for those who look
    assert made() == 0o751


@pytest.mark.parametrize("unit", [UNIT, PAGE], ids=lambda unit: unit.name)
def test_systemd_hears_of_a_service_that_lives_and_ends_one_that_does_not(unit):
    """Type=notify and a watchdog; ended that way it is started anew, and nobody gives up."""
    assert settings("Type", unit) == ["notify"]
    assert settings("NotifyAccess", unit) == ["main"]
    assert settings("WatchdogSec", unit)
    assert settings("Restart", unit) == ["on-failure"]
    assert settings("StartLimitIntervalSec", unit) == ["0"]


@pytest.mark.parametrize("unit", [UNIT, PAGE], ids=lambda unit: unit.name)
def test_a_service_has_its_share_and_no_more(unit):
    """Memory, tasks, files, the processor and the disk beside others, and lines of the journal."""
    bounded = (
        "MemoryHigh",
        "MemoryMax",
        "TasksMax",
        "LimitNOFILE",
        "LimitCORE",
        "CPUWeight",
        "IOWeight",
        "LogRateLimitIntervalSec",
        "LogRateLimitBurst",
    )
    assert [key for key in bounded if len(settings(key, unit)) != 1] == []
