"""
The answers `edge-node setup` needs, as a file gives them; every problem named at once.

    name: xa-mau
    agency: {code: H37.02.03, name: Ủy ban nhân dân xã Mẫu}
    axis: {url: "https://ltvb.example.gov.vn", secret_file: /root/axis-secret}

The secret is never among them: its key says where it is. A person at a terminal is asked for the
same, one by one, and each answer is read by the same kinds. What becomes of them is
`edge_node.cli.setting_up`'s affair.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.config import kinds
from edge_node.config.addresses import url, web_address
from edge_node.config.kinds import Kind, Unfit
from edge_node.config.shapes import Section
from edge_node.config.shapes import key as _key
from edge_node.config.sheet import Scalar
from edge_node.domain.errors import ConfigError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from edge_node.config.rules import Breach
    from edge_node.domain.document import AgencyCode
    from edge_node.domain.message import Message

# In place of the file's path: what comes in by stdin is the secret.
STDIN: Final = "stdin"
_LONGEST_NAME: Final = 40
# What `useradd` takes, and a little more: a directory service names its people otherwise.
_USER: Final = r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}\$?"


def _instance(scalar: Scalar, _: Path) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,38}[A-Za-z0-9])?", scalar.text):
        raise Unfit
    return scalar.text


def _full_path(scalar: Scalar, folder: Path) -> Path:
    read = kinds.path.read(scalar, folder)
    if not isinstance(read, Path) or not scalar.text.startswith("/") or ".." in read.parts:
        raise Unfit
    return read


def _secret_source(scalar: Scalar, folder: Path) -> str:
    if scalar.text == STDIN:
        return STDIN
    return str(kinds.path.read(scalar, folder))


def _user(scalar: Scalar, _: Path) -> str:
    if not re.fullmatch(_USER, scalar.text):
        raise Unfit
    return scalar.text


def _nothing_of(_: str) -> str:
    return "…"


instance: Final = Kind(
    say("a name of letters, digits and dashes, {most} at most", most=_LONGEST_NAME), _instance
)
full_path: Final = Kind(say("a path written out in full, from / on"), _full_path)
# Not even a refused value is shown: it may be the secret itself, written where its place belongs.
secret_source: Final = Kind(
    say("the path of the file that holds the secret, or stdin"), _secret_source, _nothing_of
)
user: Final = Kind(say("the name of a user of this machine"), _user)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyAnswers:
    """The agency."""

    code: AgencyCode = field(metadata=_key(kinds.code))
    name: str = field(metadata=_key(kinds.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisAnswers:
    """The axis, and how it knows us."""

    url: str = field(metadata=_key(url))
    # Where the secret is now: a path, or `stdin`.
    secret_file: str = field(metadata=_key(secret_source))
    # The name the axis knows this system by; None for the agency's code.
    system_id: str | None = field(default=None, metadata=_key(kinds.name))
    # Certificates to trust instead of the machine's own; None for the machine's own.
    ca_file: Path | None = field(default=None, metadata=_key(full_path))


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderAnswers:
    """Where things are to lie; None for where they lie unless somebody wants otherwise."""

    data: Path | None = field(default=None, metadata=_key(full_path))
    exchange: Path | None = field(default=None, metadata=_key(full_path))


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAnswers:
    """The key of the agency with its certificate, if it is to sign here."""

    # A .p12 or .pfx file, copied to where the node finds it.
    pkcs12: Path | None = field(default=None, metadata=_key(kinds.path))
    # Where its password is now; None for none.
    password_file: Path | None = field(default=None, metadata=_key(kinds.path))
    # Who time-stamps the signatures; None for signatures without.
    stamp_server: str | None = field(default=None, metadata=_key(web_address))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """All that is asked; whoever was asked at a terminal has the secrets in hand."""

    agency: AgencyAnswers = field(metadata=_key(Section(AgencyAnswers)))
    axis: AxisAnswers = field(metadata=_key(Section(AxisAnswers)))
    # What the instance is called, in `edge-node@NAME`; None for the code, as far as it may be.
    name: str | None = field(default=None, metadata=_key(instance))
    folders: FolderAnswers = field(default=FolderAnswers(), metadata=_key(Section(FolderAnswers)))
    # The document software's user on this machine, who gets into the node's group.
    software_user: str | None = field(default=None, metadata=_key(user))
    certificate: CertificateAnswers = field(
        default=CertificateAnswers(), metadata=_key(Section(CertificateAnswers))
    )

    @property
    def instance(self) -> str:
        """What the instance is called."""
        return self.name or name_from(self.agency.code)


def name_from(code: str) -> str:
    """Return the name an instance has unless somebody wants another: H37.02.03, h37-02-03."""
    return re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-")[:_LONGEST_NAME].strip("-")


def read_answers(
    path: Path, breaches_of: Callable[[Mapping[str, object]], Iterator[Breach]]
) -> Answers:
    """
    Return the answers a file gives; ConfigError with every problem it has.

    ``breaches_of`` yields what this machine minds about them, by the values read so far.
    """
    from edge_node.config.reading import load_sheet  # noqa: PLC0415 - it loads every key there is

    try:
        return load_sheet(path, Answers, breaches_of)
    except ConfigError as error:
        raise ConfigError(
            error.message,
            error.problems,
            hint=say("mend the file with the answers; docs/install.md shows a whole one"),
        ) from error


def read_answer(kind: Kind, text: str) -> object:
    """Return what somebody typed, as its kind reads it; `NotTaken` says what was expected."""
    try:
        return kind.read(Scalar(text, "str", 1), Path("/"))
    except Unfit as error:
        raise NotTaken(error.expected or kind.expected) from error


class NotTaken(Exception):
    """What was typed cannot be meant; ``expected`` says what could be."""

    def __init__(self, expected: Message) -> None:
        """Keep what was expected."""
        super().__init__(expected)
        self.expected = expected
