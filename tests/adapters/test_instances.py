"""The files, the user and the service of an instance, as they are on a machine."""

from __future__ import annotations

import os
import pwd
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path

import needs
import pytest
from confined import Interrupted
from disk_image import disk_image

from edge_node.adapters.instances import (
    ETC,
    Instance,
    Sheet,
    give_folder,
    instances,
    laid,
    lent,
    make_room,
    put,
)
from edge_node.adapters.local_users import join_group, owner_called
from edge_node.adapters.programs import ProgramFailed, run_program
from edge_node.adapters.systemctl import Service
from edge_node.adapters.unfinished import hidden
from edge_node.cli.instance_setup import Setup
from edge_node.cli.setting_up import _owner
from edge_node.domain.errors import EdgeNodeError, NotAllowed

US = os.getegid()


def sheet(path, text, mode=0o600):
    return Sheet(path=path, content=text.encode(), mode=mode, user=os.geteuid(), group=US)


@pytest.fixture
def instance(tmp_path):
    return Instance(name="xa-mau", etc=tmp_path / "etc")


def test_files_are_laid_together_or_taken_back(instance):
    """New ones go away with their folders, older ones are as they were."""
    files = [sheet(instance.secret_file, "secret"), sheet(instance.config_file, "code: x", 0o640)]
    with pytest.raises(Interrupted), laid(instance, files, group=US):
        raise Interrupted
    assert not instance.etc.exists()

    with laid(instance, files, group=US):
        pass
    assert instances(instance.etc) == [instance]
    others = [sheet(instance.config_file, "code: y"), sheet(instance.folder / "seal.p12", "key")]
    with pytest.raises(Interrupted), laid(instance, others, group=US):
        raise Interrupted
    assert sorted(path.name for path in instance.folder.iterdir()) == [
        "axis-secret",
        "config.yaml",
    ]
    assert instance.config_file.read_text() == "code: x"
    assert stat.S_IMODE(instance.config_file.stat().st_mode) == 0o640


def test_what_one_that_was_killed_had_begun_is_swept(instance):
    """It may hold the secret, under a hidden name."""
    instance.folder.mkdir(parents=True)
    begun = hidden(instance.secret_file, "part")
    begun.write_text("secret")
    with laid(instance, [], group=US):
        assert not begun.exists()


def test_the_secret_is_lent_as_systemd_does(instance):
    """To the node's user alone, and for as long as somebody looks."""
    owner = owner_called(pwd.getpwuid(os.geteuid()).pw_name)
    with laid(instance, [sheet(instance.secret_file, "secret")], group=US):
        pass
    with lent(instance, owner) as folder:
        secret = folder / "axis-secret"
        assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == ("secret", 0o400)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_only_the_usual_places_need_no_leave(instance):
    """The service may write below the folders that bear its name, and nowhere else."""
    usual = [Path("/var/lib/edge-node/xa-mau/data"), Path("/srv/edge-node/xa-mau/exchange")]
    others = (Path("/mnt/share"), Path("/srv/edge-node/xa-khac/exchange"))
    assert instance.elsewhere([*usual, *others]) == others
    assert (instance.unit, Instance(name="xa-mau").unit) == ("", "edge-node@xa-mau")


@pytest.fixture
def nobody():
    needs.root()
    return owner_called("nobody")


@pytest.fixture
def open_to_all():
    """Give a folder everybody may pass through."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def owned(folder):
    """Return whose each folder below is, and who may enter, by its name."""
    seen = {path.name: path.stat() for path in folder.rglob("*")}
    return {
        name: (each.st_uid, each.st_gid, stat.S_IMODE(each.st_mode)) for name, each in seen.items()
    }


def test_a_program_runs_as_the_nodes_user(nobody, open_to_all):
    """With that user's groups, and the umask of the service."""
    told = nobody.runs(("id", "-u"), within=60, folder=Path("/"))
    assert int(told) == nobody.user
    assert nobody.runs(("id", "-G"), within=60, folder=Path("/")).split() == [str(nobody.group)]
    asked = ("sh", "-c", f"umask; touch {open_to_all}/x")
    with pytest.raises(ProgramFailed, match="Permission denied"):
        nobody.runs(asked, within=60, folder=Path("/"))
    assert nobody.runs((*asked[:2], "umask"), within=60, folder=Path("/")).strip() == "0027"


def test_the_nodes_user_gets_room_where_folders_are_wanted(nobody, open_to_all):
    """A folder of its own to make them in; where that is another's, the folder itself."""
    make_room(open_to_all / "state" / "data", nobody, ExitStack())
    make_room(open_to_all / "share", nobody, ExitStack(), shared=True)
    ours = (nobody.user, nobody.group)
    assert owned(open_to_all) == {"state": (*ours, 0o751), "share": (*ours, 0o2750)}
    make_room(open_to_all / "share", nobody, ExitStack())  # what is there stays as it is
    assert stat.S_IMODE((open_to_all / "share").stat().st_mode) == 0o2750


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o000])
def test_folders_on_the_way_there_are_roots_whatever_the_umask(nobody, open_to_all, umask):
    """One that lets nobody pass would keep the node's user from its own folder, now and later."""
    before = os.umask(umask)
    try:
        make_room(open_to_all / "srv" / "edge-node" / "xa-mau" / "data", nobody, ExitStack())
    finally:
        os.umask(before)
    assert owned(open_to_all) == {
        "srv": (0, 0, 0o755),
        "edge-node": (0, 0, 0o755),
        "xa-mau": (nobody.user, nobody.group, 0o751),
    }


def test_room_that_was_made_for_nothing_is_taken_back(nobody, open_to_all):
    """As far as nothing was put in it, by whomever; what was there before stays."""
    (open_to_all / "srv").mkdir()
    with ExitStack() as undo:
        make_room(open_to_all / "srv" / "a" / "b" / "data", nobody, undo)
        make_room(open_to_all / "srv" / "a" / "share", nobody, undo, shared=True)
        (open_to_all / "srv" / "a" / "b" / "data").mkdir()  # as the user begins with
    assert list((open_to_all / "srv").iterdir()) == []

    with ExitStack() as undo:
        make_room(open_to_all / "srv" / "a" / "b" / "data", nobody, undo)
        (open_to_all / "srv" / "a" / "theirs").touch()
    assert [path.name for path in (open_to_all / "srv" / "a").iterdir()] == ["theirs"]


def test_a_disk_mounted_for_the_node_becomes_its_users(nobody, open_to_all):
    """As mkfs leaves it; one that somebody has put something on stays as it is."""
    with disk_image(open_to_all / "disk"):
        make_room(open_to_all / "disk" / "data", nobody, ExitStack())
        seen = (open_to_all / "disk").stat()
        assert (seen.st_uid, stat.S_IMODE(seen.st_mode)) == (nobody.user, 0o751)
    with disk_image(open_to_all / "used"):
        (open_to_all / "used" / "theirs").touch()
        make_room(open_to_all / "used" / "data", nobody, ExitStack())
        assert (open_to_all / "used").stat().st_uid == 0


def test_what_a_link_leads_to_is_not_given_away(nobody, open_to_all):
    """Where the folder around it is the software's, its user may exchange what root has made."""
    (open_to_all / "etc").mkdir(mode=0o700)
    (open_to_all / "exchange").symlink_to(open_to_all / "etc")
    ours = {"user": nobody.user, "group": nobody.group}
    with pytest.raises(EdgeNodeError, match="exchange"):
        give_folder(open_to_all / "exchange", mode=0o2750, **ours)
    seen = (open_to_all / "etc").stat()
    assert (seen.st_uid, stat.S_IMODE(seen.st_mode)) == (0, 0o700)
    give_folder(open_to_all / "etc", mode=0o2750, **ours)
    seen = (open_to_all / "etc").stat()
    assert (seen.st_uid, stat.S_IMODE(seen.st_mode)) == (nobody.user, 0o2750)


def test_a_private_file_is_whose_it_is_to_be(nobody, open_to_all):
    """Also in a folder of root's, where it would be root's otherwise."""
    key = open_to_all / "seal.p12"
    put(Sheet(path=key, content=b"key", mode=0o600, user=nobody.user, group=nobody.group))
    assert (key.stat().st_uid, key.stat().st_gid) == (nobody.user, nobody.group)


def test_only_root_sets_up_for_another(nobody):
    """Nothing is tried that would fail half-way."""
    os.seteuid(nobody.user)
    try:
        with pytest.raises(NotAllowed, match="only root can set up an instance"):
            _owner("edge-node")
        assert _owner("nobody").is_me
    finally:
        os.seteuid(0)


def test_who_is_in_the_group_is_not_put_into_it():
    """A second run changes nothing."""
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert not join_group(me, owner_called(me))


def test_a_program_that_fails_says_what_it_said():
    """And one that is not there, or does not end."""
    with pytest.raises(ProgramFailed, match="sh failed: no such thing"):
        run_program(("sh", "-c", "echo no such thing >&2; exit 3"))
    with pytest.raises(ProgramFailed, match="exit status 3"):
        run_program(("sh", "-c", "exit 3"))
    with pytest.raises(ProgramFailed, match="No such file"):
        run_program(("/nowhere/program",))
    with pytest.raises(ProgramFailed, match="did not end within 0 s"):
        run_program(("sleep", "60"), within=0.05)


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Stand in for systemctl where systemd does not run; give what it was asked."""
    log = tmp_path / "asked"
    stand_in = tmp_path / "bin" / "systemctl"
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\necho "$@" >>{log}\ncase $1 in is-*|start) exit 3;; esac\n')
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(stand_in.parent), prepend=os.pathsep)
    return lambda: log.read_text().splitlines() if log.exists() else []


def test_the_service_does_not_see_every_folder():
    """ProtectHome= and PrivateTmp= of its unit; one that lies elsewhere has no service."""
    served = Instance(name="xa-mau")
    for place in ("/home/qlvb/exchange", "/root/x", "/tmp/x", "/run/user/0/x"):  # noqa: S108
        assert served.hides(Path(place))
        assert not Instance(name="xa-mau", etc=Path("/srv/etc")).hides(Path(place))
    for place in ("/srv/edge-node/xa-mau/exchange", "/mnt/home/exchange", "/homes/exchange"):
        assert not served.hides(Path(place))
    work = Setup(etc=ETC, owner=owner_called("root"), command=("edge-node",), wanted=False)
    assert "the service does not see /home/x" in str(work.taken("xa-mau", Path("/home/x")))


def test_the_service_may_write_where_its_folders_lie(asked, tmp_path):
    """By a drop-in, in which nothing of a name is read as systemd's own signs; once."""
    service = Service(unit="edge-node@xa-mau", units=tmp_path)
    assert not service.allow([])
    assert service.allow([Path('/mnt/văn bản 100%/"x"')])
    text = (tmp_path / "edge-node@xa-mau.service.d" / "folders.conf").read_text()
    assert 'ReadWritePaths="/mnt/văn bản 100%%/\\"x\\""\n' in text
    assert not service.allow([Path('/mnt/văn bản 100%/"x"')])
    assert asked() == ["daemon-reload"]


def test_a_service_that_does_not_get_ready_is_an_error_with_the_way_to_its_cause(asked):
    """The journal says why."""
    service = Service(unit="edge-node@xa-mau")
    assert not service.is_active
    with pytest.raises(ProgramFailed) as failed:
        service.start()
    assert "journalctl -u edge-node@xa-mau" in str(failed.value.hint)
    assert asked() == ["is-active --quiet edge-node@xa-mau", "start edge-node@xa-mau"]
