"""How an instance is set up: laid, finished, started, looked at; and what is said meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from edge_node.adapters.disk import disk_errors
from edge_node.adapters.exchange import IDENTITY_FILE
from edge_node.adapters.instances import SECRET, Instance, Sheet, instances, laid, lent, make_room
from edge_node.adapters.local_users import join_group
from edge_node.adapters.programs import ProgramFailed
from edge_node.adapters.systemctl import Service, is_booted
from edge_node.catalogue import here
from edge_node.cli.columns import print_after, print_facts
from edge_node.cli.differing import differing
from edge_node.config.starting import starter, with_key
from edge_node.domain.errors import ConfigError, NotAllowed
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_node.adapters.local_users import Owner
    from edge_node.cli.questions import Given
    from edge_node.config import Config
    from edge_node.config.answers import Answers
    from edge_node.domain.message import Message

_KEY: Final = "seal"  # what the key is called in commands and in its history
_OURS: Final = "edge-node: "  # before what a command of ours complains of
_MAKING: Final = 120.0  # seconds; a share may be slow


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """
    Sets up instances below ``etc`` for the node's user ``owner``.

    ``command`` starts this program; ``wanted`` tells whether the service is to be started.
    """

    etc: Path
    owner: Owner
    command: tuple[str, ...]
    wanted: bool

    def called(self, name: str) -> Instance:
        """Return the instance of a name, whether or not it is there."""
        return Instance(name=name, etc=self.etc)

    def all(self) -> list[Instance]:
        """Return those that are there."""
        return instances(self.etc)

    # -- laying --------------------------------------------------------------------------------

    def preview(self, instance: Instance, given: Given) -> None:
        """Show what is going to be done, before it is."""
        answers = given.answers
        data, exchange = _folders(instance, answers)
        typer.echo("")
        print_facts(
            [
                (here("instance"), instance.name),
                (here("agency"), f"{answers.agency.code}  {answers.agency.name}"),
                (here("axis"), answers.axis.url),
                (here("configuration"), str(instance.config_file)),
                (here("exchange folder"), str(exchange)),
                (here("own folder"), str(data)),
                (here("document software"), answers.software_user or ""),
                (here("key"), str(answers.certificate.pkcs12 or "")),
            ]
        )

    def lay(self, instance: Instance, given: Given) -> None:
        """Write the files of an instance and finish it; where that fails, nothing of it stays."""
        self._demand_own_folders(instance, given.answers)
        self._demand_own_queue(instance, given.answers)
        sheets = [each for each in self._sheets(instance, given) if not self._is_so(each)]
        with laid(instance, sheets, group=self.owner.group):
            made = self._make_folders(instance, anew=True)
        for sheet in sheets:
            _told(here("written: {path}"), path=sheet.path)
        for folder in made:
            _told(here("made: {path}"), path=folder)
        self.finish(instance, software_user=given.answers.software_user, changed=bool(sheets))

    def _demand_own_folders(self, instance: Instance, answers: Answers) -> None:
        """Make sure that no other instance has these folders; NotAllowed."""
        for path in _folders(instance, answers):
            why = self.taken(instance.name, path)
            if why is not None:
                raise NotAllowed(
                    why,
                    hint=say(
                        "give each agency folders of its own, below /srv/edge-node/{name} for"
                        " example",
                        name=instance.name,
                    ),
                )

    @staticmethod
    def _demand_own_queue(instance: Instance, answers: Answers) -> None:
        """Make sure that the queue of another agency is not taken over by force; NotAllowed."""
        if not instance.is_there:
            return
        try:
            config = _config(instance)
        except ConfigError:  # nobody can tell any more; it is what is being mended
            return
        data, _ = _folders(instance, answers)
        with disk_errors(data):
            same = data.resolve() == config.folders.data.resolve()
        if same:
            _demand_same_agency(instance, config, answers)

    def taken(self, name: str, path: Path) -> Message | None:
        """Say whose folder it is, lies in or is around, or that the service does not see it."""
        if self.called(name).hides(path):
            return say(
                "the service does not see {path}: /home, /root and /tmp are shut to it",
                path=path,
            )
        for other in self.all():
            if other.name == name:
                continue
            try:
                folders = _config(other).folders
            except ConfigError:  # its own node says so
                continue
            for theirs in (folders.data, folders.exchange):
                if path == theirs:
                    return say(
                        "{path} is a folder of the instance {name}", path=path, name=other.name
                    )
                if _overlap(path, theirs):
                    return say(
                        "{path} and {folder} of the instance {name} lie in one another",
                        path=path,
                        folder=theirs,
                        name=other.name,
                    )
        return None

    def _sheets(self, instance: Instance, given: Given) -> Iterator[Sheet]:
        """Yield the files; the configuration last, because where it is all are."""
        root, ours = os.geteuid(), self.owner
        folder, answers = instance.folder, given.answers
        secret = given.secret + b"\n"
        yield Sheet(
            path=instance.secret_file, content=secret, mode=0o600, user=root, group=os.getegid()
        )
        own = {"mode": 0o600, "user": ours.user, "group": ours.group}
        key, password, ca_file = folder / "seal.p12", None, None
        if given.pkcs12 is not None:
            yield Sheet(path=key, content=given.pkcs12, **own)
            if given.password is not None:
                password = folder / "seal-password"
                yield Sheet(path=password, content=given.password + b"\n", **own)
        shown = {"mode": 0o640, "user": root, "group": ours.group}
        if answers.axis.ca_file is not None:
            ca_file = folder / "axis-ca.pem"
            yield Sheet(path=ca_file, content=answers.axis.ca_file.read_bytes(), **shown)
        data, exchange = _folders(instance, answers)
        text = starter(
            code=answers.agency.code,
            name=answers.agency.name,
            url=answers.axis.url,
            secret_file=f"credential:{SECRET}",
            data=data,
            exchange=exchange,
            system_id=answers.axis.system_id,
            ca_file=ca_file,
        )
        if given.pkcs12 is not None:
            text += with_key(_KEY, key, password, answers.certificate.stamp_server)
        config = Sheet(path=instance.config_file, content=text.encode(), **shown)
        if instance.is_there and not self._is_so(config):
            mark = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
            before = instance.config_file.read_bytes()
            yield Sheet(path=instance.copies_config(mark), content=before, **shown)
        yield config

    @staticmethod
    def _is_so(sheet: Sheet) -> bool:
        """Tell whether the file says that already, and to nobody else."""
        with disk_errors(sheet.path):
            if not sheet.path.exists():
                return False
            seen = sheet.path.stat()
            return (
                sheet.path.read_bytes() == sheet.content
                and seen.st_mode & 0o777 == sheet.mode
                and seen.st_uid == sheet.user
            )

    # -- finishing -----------------------------------------------------------------------------

    def compare(self, instance: Instance, answers: Answers, secret: bytes | None) -> None:
        """
        Say what the answers want otherwise than what is there.

        ``secret`` is the one of the answers, None where they bring none along this time.
        """
        config = _config(instance)
        _demand_same_agency(instance, config, answers)
        if keys := ", ".join(differing(answers, config)):
            words = here("left as it is, though the answers differ in: {keys} (see --force)")
            print_after("! ", words.format(keys=keys), err=True)
        if secret is not None and not _holds(instance.secret_file, secret):
            words = here("the secret in {path} is another: replace it there, and restart {unit}")
            place = {"path": instance.secret_file, "unit": instance.unit or instance.name}
            print_after("! ", words.format(**place), err=True)

    def finish(
        self, instance: Instance, *, software_user: str | None = None, changed: bool = False
    ) -> None:
        """Do what is not done yet, start the service, have the doctor look, say what is next."""
        config = _config(instance)
        if not changed:
            _told(here("there already: {path}"), path=instance.config_file)
        for folder in self._make_folders(instance):
            _told(here("made: {path}"), path=folder)
        if software_user and join_group(software_user, self.owner):
            _told(
                here("{user} is in the group of {owner} now: restart the document software"),
                user=software_user,
                owner=self.owner.name,
            )
        problem = self._serve(instance, config, changed=changed)
        self._examine(instance)
        self._say_next(instance, config)
        if problem is not None:
            raise problem

    def _make_folders(self, instance: Instance, *, anew: bool = False) -> tuple[Path, ...]:
        """
        Have the node's own user make its folders, unless they are there; return those made.

        ``anew``: the configuration is new, and whether they are its agency's is to be seen.
        """
        folders = _config(instance).folders
        with disk_errors(folders.data):
            there = folders.queue.exists() and (folders.exchange / IDENTITY_FILE).exists()
            absent = tuple(it for it in (folders.data, folders.exchange) if not it.exists())
        if there and not anew:
            return ()
        with ExitStack() as undo:
            make_room(folders.data, self.owner, undo)
            if not folders.exchange.is_relative_to(folders.data):
                make_room(folders.exchange, self.owner, undo, shared=True)
            asked = (*self.command, "-c", str(instance.config_file), "init")
            try:
                self.owner.runs(asked, within=_MAKING, folder=Path("/"))
            except ProgramFailed as error:
                raise _not_made(error, self.owner) from error
            undo.pop_all()
        return absent

    def _serve(self, instance: Instance, config: Config, *, changed: bool) -> ProgramFailed | None:
        """Enable and start the service; return what kept it from getting ready."""
        if not (self.wanted and instance.unit and is_booted()):
            return None
        service = Service(unit=instance.unit)
        places = (config.folders.data, config.folders.exchange)
        anew = service.allow(instance.elsewhere(places)) or changed
        if not service.is_enabled:
            service.enable()
            _told(here("enabled: {unit}"), unit=instance.unit)
        if service.is_active and not anew:
            _told(here("at work already: {unit}"), unit=instance.unit)
            return None
        try:
            service.start(anew=anew)
        except ProgramFailed as error:
            return error
        _told(here("started, and ready: {unit}"), unit=instance.unit)
        return None

    def _examine(self, instance: Instance) -> None:
        """Have the doctor look, with the secret at hand as the service has it."""
        typer.echo("")
        typer.echo(here("What the doctor finds:"))
        sys.stdout.flush()
        with lent(instance, self.owner) as folder:
            subprocess.run(  # noqa: S603 - this very program
                [*self.command, "-c", str(instance.config_file), "doctor"],
                stdin=subprocess.DEVNULL,
                env=os.environ | {"CREDENTIALS_DIRECTORY": str(folder)},
                check=False,
            )

    def _say_next(self, instance: Instance, config: Config) -> None:
        program = shutil.which("edge-node") or str(Path(sys.prefix) / "bin" / "edge-node")
        program = "edge-node" if program == "/usr/bin/edge-node" else program
        asking = f"{program} -c {instance.config_file}"
        as_owner = asking if self.owner.is_me else f"runuser -u {self.owner.name} -- {asking}"
        if not instance.unit:
            third = f"{as_owner} run"
        elif self.wanted and is_booted():
            third = f"journalctl -f -u {instance.unit}"
        else:
            third = f"systemctl enable --now {instance.unit}"
        typer.echo("")
        _told(
            here("Documents are dropped into {path}. Next:"),
            path=config.folders.exchange / "outbox",
        )
        for command in (f"{as_owner} status", f"{as_owner} list", third):
            typer.echo(f"  {command}")  # in one piece, to be copied


def _config(instance: Instance) -> Config:
    from edge_node.config import load  # noqa: PLC0415 - it loads the parser

    return load(instance.config_file)


def _folders(instance: Instance, answers: Answers) -> tuple[Path, Path]:
    """Return the node's own folder and the one it shares."""
    wanted = answers.folders
    return wanted.data or instance.state / "data", wanted.exchange or instance.state / "exchange"


def _demand_same_agency(instance: Instance, config: Config, answers: Answers) -> None:
    """Make sure that an instance stays that of its agency; NotAllowed."""
    if answers.agency.code != config.agency.code:
        raise NotAllowed(
            say(
                "the instance {name} is that of {code}",
                name=instance.name,
                code=config.agency.code,
            ),
            hint=say("give this one a name of its own: --name NAME"),
        )


def _not_made(error: ProgramFailed, owner: Owner) -> NotAllowed:
    """Return what `init` said, as our own words; or that it could not even be started."""
    said = error.reason.splitlines() if isinstance(error.reason, str) else []
    why = [line.removeprefix(_OURS) for line in said if line.startswith(_OURS)]
    hint = say("they are made by {user}; mend it and try again", user=owner.name)
    if why and not said[-1].startswith(_OURS):
        words = said[-1].partition(": ")[2]
        hint = say("{hint}; it is {user} who makes them", hint=words, user=owner.name)
    reason = "; ".join(why) or error.message
    return NotAllowed(say("the folders cannot be made: {reason}", reason=reason), hint=hint)


def _overlap(one: Path, other: Path) -> bool:
    """Tell whether one folder is the other or lies in it, whatever links lead there."""
    with disk_errors(one):
        one, other = one.resolve(), other.resolve()
    return one.is_relative_to(other) or other.is_relative_to(one)


def _holds(path: Path, secret: bytes) -> bool:
    """Tell whether a file holds that secret; one that is lacking is the doctor's affair."""
    with disk_errors(path):
        return not path.exists() or path.read_bytes().rstrip(b"\r\n") == secret


def _told(words: str, **values: object) -> None:
    print_after("", words.format(**values))
