"""`edge-node backup` and `restore`, as they are typed, beside a daemon and without one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import needs
import pytest
from system_world import edge_node, until

from edge_node.config import load

NOBODY = 65534


@pytest.fixture
def key(tmp_path):
    """Make a pair of keys by the command; give the file of the private one, and the public one."""
    answer = edge_node("backup", "--new-key", tmp_path / "key", "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    told = json.loads(answer.stdout)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    return tmp_path / "key", told["recipient"]


@pytest.fixture
def archived(office, key, tmp_path):
    """Give an agency that keeps archives."""
    archives = {"folder": str(tmp_path / "archives"), "recipients": [key[1]]}
    office.configure(backup={"archives": archives})
    return office


def archives(tmp_path):
    return sorted((tmp_path / "archives").glob("*.tar.age"))


def sent(office):
    """Return the ids of what it sent."""
    return sorted(line["id"] for line in office.told("list", "--out", "--state", "accepted"))


def test_the_main_line_from_a_key_to_a_node_on_another_machine(archived, other, key, tmp_path):
    """Made beside a daemon at work, rehearsed, put back where nothing is, and let go on."""
    with archived.running() as node:
        archived.drop(1, other)
        until(lambda: archived.lies_in("sent"))
        answer = archived.command("backup")
        node.says("running")
    assert (answer.returncode, answer.stderr) == (0, "")
    [archive] = archives(tmp_path)
    assert answer.stdout.startswith(f"{archive}: ")
    assert f"restore --check {archive}" in answer.stdout

    rehearsed = archived.command("restore", "--check", archive, "--key", key[0])
    assert (rehearsed.returncode, rehearsed.stderr) == (0, "")
    lines = rehearsed.stdout.splitlines()
    assert lines[0].startswith(f"archive of {archived.code}, made ")
    assert lines[-1] == "it can be restored; nothing was changed here"

    before = sent(archived)
    shutil.rmtree(archived.home / "data")
    shutil.rmtree(archived.home / "data.witness")
    archived.config.unlink()
    answer = archived.command("restore", archive, "--key", key[0], "--why", "máy mới")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert f"the configuration was put back: {archived.config}" in answer.stdout
    assert answer.stdout.splitlines()[-1] == f"  edge-node -c {archived.config} adopt"
    assert sent(archived) == before
    status = archived.command("status").stdout
    assert "adopt" in status
    with archived.running() as node:
        node.says("running")
        archived.drop(2, other)
        until(lambda: len(archived.lies_in("queued")) == 1)
        until(lambda: archived.command("adopt").returncode == 0)
        until(lambda: len(archived.lies_in("sent")) == 2)
    assert archived.command("journal", "verify").returncode == 0


def test_the_daemon_makes_one_when_it_is_due(office, key, tmp_path):
    """By a child, in the background; older ones go."""
    folder = tmp_path / "archives"
    office.configure(
        backup={
            "archives": {"folder": str(folder), "recipients": [key[1]], "every": "1s", "keep": 2}
        }
    )
    with office.running() as node:
        node.says("archive made", times=3)
        until(lambda: len(archives(tmp_path)) == 2)
    answer = office.command("restore", "--check", archives(tmp_path)[-1], "--key", key[0])
    assert answer.returncode == 0


def handed_over(office, key, tmp_path):
    """Have the secret handed over as systemd does; return the environment of a service."""
    folder = tmp_path / "credentials"
    folder.mkdir(mode=0o700)
    shutil.copy(office.secret, folder / "axis-secret")
    (folder / "axis-secret").chmod(0o400)
    office.secret = "credential:axis-secret"
    archives = {"folder": str(tmp_path / "archives"), "recipients": [key[1]], "every": "1s"}
    office.configure(backup={"archives": archives})
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def put_back_secret(key, tmp_path, archive):
    """Put an archive back on another machine; return the secret that lies there then."""
    new = tmp_path / "new" / "config.yaml"
    new.parent.mkdir()
    answer = edge_node("-c", new, "restore", archive, "--key", key[0])
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "not in it" not in answer.stdout
    assert (new.parent / "axis-secret").stat().st_mode & 0o777 == 0o600
    return (new.parent / "axis-secret").read_bytes()


def test_the_archive_of_a_service_holds_the_secret_systemd_hands_over(office, key, tmp_path):
    """The child that makes it finds it where the service does; put back, it lies for systemd."""
    secret = office.secret.read_bytes()
    with office.running(**handed_over(office, key, tmp_path)) as node:
        node.says("archive made")
    moved(office, tmp_path)
    assert put_back_secret(key, tmp_path, archives(tmp_path)[0]) == secret


def test_by_hand_whoever_may_read_the_secret_has_it_in_the_archive(office, key, tmp_path):
    """Beside the configuration, where the unit takes it from; others are told it is not in."""
    secret = office.secret.read_bytes()
    handed_over(office, key, tmp_path)
    answer = office.command("backup")
    assert "not in it, keep it elsewhere: credential:axis-secret" in answer.stdout
    (office.home / "axis-secret").write_bytes(secret)
    answer = office.command("backup")
    assert (answer.returncode, "not in it" in answer.stdout) == (0, False)
    moved(office, tmp_path)
    assert put_back_secret(key, tmp_path, archives(tmp_path)[-1]) == secret


def moved(office, tmp_path):
    """Let the old machine be gone: the archive names its folders."""
    (tmp_path / "old").mkdir()
    for path in list(office.home.iterdir()):
        path.rename(tmp_path / "old" / path.name)


def test_an_archive_root_makes_is_the_nodes(archived, tmp_path):
    """With the folder it lies in: otherwise the node could make and remove none there."""
    needs.root()
    os.chown(tmp_path, NOBODY, NOBODY)
    assert archived.command("backup").returncode == 0
    [archive] = archives(tmp_path)
    assert {archive.stat().st_uid, archive.parent.stat().st_uid} == {NOBODY}


def test_that_none_can_be_made_is_said_and_stops_nothing(office, other, tmp_path):
    """Nobody may write there: the log says so, and documents leave as ever."""
    (tmp_path / "file").write_text("x")
    office.configure(
        backup={
            "archives": {
                "folder": str(tmp_path / "file" / "x"),
                "unencrypted": True,
                "every": "1s",
            }
        }
    )
    with office.running() as node:
        node.says("no archive could be made")
        office.drop(1, other)
        until(lambda: office.lies_in("sent"))


def test_without_a_public_key_none_is_made(office, tmp_path):
    """Unless the configuration says that it may be open; then nothing secret is in it."""
    answer = office.command("backup", "--to", tmp_path / "archives")
    assert answer.returncode == 1
    assert "there is no public key to encrypt archives to" in answer.stderr
    assert "--new-key FILE" in answer.stderr

    office.configure(backup={"archives": {"unencrypted": True}})
    secret = load(office.config).axis.secret_file
    answer = office.command("backup", "--to", tmp_path / "archives", "--json")
    told = json.loads(answer.stdout)
    assert (told["encrypted"], told["left_out"]) == (False, [secret])
    assert Path(secret).read_bytes().strip() not in Path(told["path"]).read_bytes()
    assert office.command("restore", "--check", told["path"]).returncode == 0


def test_what_is_wrong_with_an_archive_is_named(archived, key, tmp_path):
    """No key, another's key, one that is cut off, and a file that is none: each its own words."""
    assert archived.command("backup").returncode == 0
    [archive] = archives(tmp_path)
    edge_node("backup", "--new-key", tmp_path / "other-key")
    cut = tmp_path / "cut.tar.age"
    cut.write_bytes(archive.read_bytes()[:-100])

    def words(*arguments):
        answer = edge_node("restore", "--check", *arguments)
        assert answer.returncode == 1
        return answer.stderr

    assert "is encrypted" in words(archive)
    assert "this key does not open the archive" in words(archive, "-k", tmp_path / "other-key")
    assert "cut off" in words(cut, "-k", key[0])
    assert "no archive of edge-node" in words(archived.config)
    assert "is not there" in words(tmp_path / "nothing")


def test_a_rehearsal_leaves_nothing_behind(archived, key, tmp_path):
    """Not in the folder it is done in, nor in that of the node."""
    archived.command("backup")
    [archive] = archives(tmp_path)
    (tmp_path / "room").mkdir()
    before = sorted(archived.home.rglob("*"))
    answer = edge_node("restore", "--check", archive, "-k", key[0], "--in", tmp_path / "room")
    assert (answer.returncode, list((tmp_path / "room").iterdir())) == (0, [])
    assert sorted(archived.home.rglob("*")) == before


def test_where_a_node_works_or_data_lies_nothing_is_put_back(archived, key, tmp_path):
    """Data is only moved aside where somebody says so, and no node is at work there."""
    archived.command("backup")
    [archive] = archives(tmp_path)
    with archived.running() as node:
        node.says("running")
        answer = archived.command("restore", archive, "-k", key[0], "--force")
        assert (answer.returncode, "another edge-node works on" in answer.stderr) == (1, True)
    answer = archived.command("restore", archive, "-k", key[0])
    assert (answer.returncode, "--force" in answer.stderr) == (1, True)
    answer = archived.command("restore", archive, "-k", key[0], "--force", "--json")
    assert answer.returncode == 0
    aside = json.loads(answer.stdout)["aside"]
    assert aside == str(archived.home / "data" / "before-restore-1")


def test_doctor_tells_how_it_stands_with_archives(archived, tmp_path):
    """Where none is made, where none lies yet, and where all is well."""

    def found():
        told = archived.command("doctor", "--json", "--offline").stdout.splitlines()
        lines = [json.loads(line) for line in told]
        return {line["check"]: line["state"] for line in lines if line["check"][:6] == "backup"}

    assert found() == {"backup.archives": "warn", "backup.recipients": "good"}
    archived.command("backup")
    assert found() == {"backup.archives": "good", "backup.recipients": "good"}
    archived.configure(backup={"archives": {"folder": str(tmp_path / "archives")}})
    assert found() == {"backup.archives": "good", "backup.recipients": "bad"}
    archived.configure(backup={})
    assert found() == {"backup.archives": "warn"}


def test_doctor_tells_what_keeps_archives_from_being_carried(archived, tmp_path):
    """Not yet, hindered, carried, and no program to carry: the archive is made in any case."""
    needs.program("rclone", "rclone")
    far = tmp_path / "far"
    far.write_text("in the way")
    carry = {"by": "rclone", "to": str(far)}
    archived.configure(
        backup={"archives": archived.sections["backup"]["archives"] | {"carry": carry}}
    )

    def found(**environ):
        told = archived.command("doctor", "--json", "--offline", **environ).stdout.splitlines()
        [line] = [line for line in map(json.loads, told) if line["check"] == "backup.carried"]
        return line["state"], line["why"]

    assert found() == ("warn", "no archive was carried elsewhere yet")
    answer = archived.command("backup-due")
    assert (answer.returncode, "rclone failed: " in answer.stderr) == (1, True)
    [archive] = archives(tmp_path)
    state, why = found()
    assert (state, "not carried elsewhere by rclone: " in why, str(far) in why) == (
        "warn",
        True,
        False,
    )
    far.unlink()
    assert archived.command("backup-due").returncode == 0
    assert (far / archive.name).read_bytes() == archive.read_bytes()
    assert found()[0] == "good"
    assert found(PATH="/nowhere") == ("bad", "rclone is not on this machine")
