"""
What a sandbox is made of: its agencies with their secrets, and how the axis behaves.

A sandbox is a folder; `sandbox.yaml` in it is written by `init_sandbox` and read by
`read_settings`. Secrets live in files of their own beside it and are never shown. What has
happened in the sandbox is the store's affair.
"""

from __future__ import annotations

import re
import secrets
import stat
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from edge_node.domain.document import AgencyCode, BadAgencyCode, agency_code
from edge_node.domain.errors import ConfigError
from edge_node.domain.message import say
from edge_node.domain.time import VIETNAM, in_vietnam
from edge_node.sandbox.tree import TreeReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edge_node.domain.message import Message

SETTINGS_FILE: Final = "sandbox.yaml"
_MB: Final = 1024 * 1024
_Kind = TypeVar("_Kind", bound=StrEnum)


class Reencode(StrEnum):
    """Whether attachments come out in another encoding than they went in with."""

    NEVER = "never"
    ALWAYS = "always"
    SOMETIMES = "sometimes"  # by SHA-256 of the package's docId and the attachment's name


class HashFile(StrEnum):
    """Which spelling of `hash-file` is taken: the Java SDK's, the padded one, or both."""

    EITHER = "either"
    SDK = "sdk"
    PADDED = "padded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    How the axis behaves; ``max_package`` in bytes, ``clock`` None for the machine's own.

    ``directory`` units of a made-up country stand in its lists beside the agencies themselves.
    """

    reencode: Reencode = Reencode.SOMETIMES
    hash_file: HashFile = HashFile.EITHER
    max_package: int = 100 * _MB
    clock: datetime | None = None
    directory: int = 0

    def now(self) -> datetime:
        """Return the axis's time, in Vietnam: the machine's, or the moment the clock stands at."""
        return in_vietnam(self.clock) if self.clock else datetime.now(VIETNAM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One agency that may call the sandbox."""

    code: AgencyCode
    name: str
    secret_file: Path
    secret: bytes = field(repr=False)
    old_code: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One sandbox, ready to be served."""

    folder: Path
    members: Mapping[str, Member]
    options: Options = Options()


def init_sandbox(
    folder: Path, agencies: Sequence[tuple[str, str]], *, options: Options | None = None
) -> Settings:
    """
    Make a sandbox in ``folder`` for agencies given as (code, name), each with a fresh secret.

    Raises ConfigError where there is a sandbox already, since that would change its secrets, and
    for agencies it could not serve.
    """
    import yaml  # noqa: PLC0415 - only those who make or read a sandbox pay for it

    target = folder / SETTINGS_FILE
    if target.exists():
        raise ConfigError(
            say("there is a sandbox in {folder} already", folder=str(folder)),
            hint=say("choose another folder, or serve the one that is there"),
        )
    problems = _problems_of_codes([code for code, _ in agencies])
    if problems:
        raise ConfigError(say("these agencies cannot make a sandbox"), problems)
    (folder / "secrets").mkdir(parents=True, exist_ok=True, mode=0o700)
    for code, _ in agencies:
        _write_secret(folder / "secrets" / code)
    chosen = options or Options()
    text = yaml.safe_dump(
        {
            "agencies": [
                {"code": code, "name": name, "secret_file": f"secrets/{code}"}
                for code, name in agencies
            ],
            "options": {
                "reencode": str(chosen.reencode),
                "hash_file": str(chosen.hash_file),
                "max_package": chosen.max_package,
                "clock": chosen.clock.isoformat() if chosen.clock else "system",
                "directory": chosen.directory,
            },
        },
        allow_unicode=True,
        sort_keys=False,
    )
    target.write_text(text, encoding="utf-8")
    return read_settings(folder)


def read_settings(folder: Path) -> Settings:
    """Read `sandbox.yaml` of ``folder``; ConfigError names all that is wrong with it."""
    import yaml  # noqa: PLC0415 - only those who make or read a sandbox pay for it

    source = folder / SETTINGS_FILE
    try:
        tree = yaml.safe_load(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            say("there is no sandbox in {folder}", folder=str(folder)),
            hint=say("make one first: it needs a file named sandbox.yaml"),
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            say("cannot read {path}: {error}", path=str(source), error=str(error))
        ) from error
    reader = _Reader(folder)
    settings = reader.settings(tree)
    if reader.problems:
        raise ConfigError(say("{path} cannot be used", path=str(source)), reader.problems)
    return settings


def _problems_of_codes(codes: Sequence[str]) -> list[Message]:
    """Return what is wrong with a list of codes: none at all, no code, or one given twice."""
    problems = [] if codes else [say("agencies: expected at least one")]
    for place, code in enumerate(codes):
        try:
            agency_code(code)
        except BadAgencyCode as error:
            problems.append(error.message)
        if code in codes[:place]:
            problems.append(say("agencies: {code} is there twice", code=code))
    return problems


def _write_secret(path: Path) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(secrets.token_urlsafe(32), encoding="ascii")


class _Reader(TreeReader):
    """Reads the tree of a settings file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def settings(self, tree: object) -> Settings:
        top = self.mapping("sandbox.yaml", tree, known=("agencies", "options"))
        rows = top.get("agencies")
        if not isinstance(rows, list):
            self.problems.append(say("agencies: expected a list"))
            rows = []
        members = [self._member(f"agencies[{place}]", row) for place, row in enumerate(rows)]
        self.problems += _problems_of_codes([member.code for member in members])
        return Settings(
            folder=self.folder,
            members={member.code: member for member in members},
            options=self._options(top.get("options") or {}),
        )

    def _member(self, place: str, row: object) -> Member:
        known = ("code", "name", "secret_file", "old_code", "parent")
        entry = self.mapping(place, row, known=known)
        texts = {key: self.text(f"{place}.{key}", entry.get(key, "")) for key in known}
        path = self.folder / texts["secret_file"]
        return Member(
            code=AgencyCode(texts["code"]),
            name=texts["name"],
            secret_file=path,
            secret=self._secret(f"{place}.secret_file", path),
            old_code=texts["old_code"],
            parent=texts["parent"],
        )

    def _secret(self, place: str, path: Path) -> bytes:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            secret = path.read_bytes().strip()
        except OSError as error:
            self.wrong(place, say("a file that can be read"), error.strerror or str(error))
            return b""
        if mode & 0o077:
            self.wrong(place, say("a file only its owner may read (0600)"), f"{mode:04o}")
        if not secret:
            self.wrong(place, say("a secret"), "an empty file")
        return secret

    def _options(self, tree: object) -> Options:
        known = ("reencode", "hash_file", "max_package", "clock", "directory")
        entry = self.mapping("options", tree, known=known)
        default = Options()
        return Options(
            reencode=self._one_of(entry, "reencode", Reencode, default.reencode),
            hash_file=self._one_of(entry, "hash_file", HashFile, default.hash_file),
            max_package=self._size(entry.get("max_package", default.max_package)),
            clock=self._moment(entry.get("clock", "system")),
            directory=self._count(entry.get("directory", default.directory)),
        )

    def _one_of(
        self, entry: Mapping[str, object], key: str, kinds: type[_Kind], default: _Kind
    ) -> _Kind:
        value = entry.get(key, default)
        if value in list(kinds):
            return kinds(str(value))
        expected = say("one of {kinds}", kinds=", ".join(kinds))
        self.wrong(f"options.{key}", expected, value)
        return default

    def _count(self, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.wrong("options.directory", say("how many units, or 0"), value)
        return 0

    def _size(self, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        if isinstance(value, str) and (match := re.fullmatch(r"(\d+) ?MB", value.strip())):
            return int(match[1]) * _MB
        self.wrong("options.max_package", say("bytes, or a text like 100 MB"), value)
        return 0

    def _moment(self, value: object) -> datetime | None:
        if value == "system":
            return None
        if isinstance(value, datetime):  # YAML reads an unquoted stamp by itself
            return in_vietnam(value)
        try:
            return in_vietnam(datetime.fromisoformat(str(value)))
        except ValueError:
            self.wrong("options.clock", say("`system` or a moment in ISO 8601"), value)
            return None
