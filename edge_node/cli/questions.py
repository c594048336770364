"""
What `edge-node setup` asks a person at a terminal, and what it makes of each answer.

An answer that cannot be meant is said so, and asked for again; secrets are not shown while they
are typed. What becomes of the answers is not known here.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from edge_node.catalogue import here, language_of, tell
from edge_node.cli.columns import print_after, print_table
from edge_node.config import kinds
from edge_node.config.addresses import url, web_address
from edge_node.config.answers import (
    STDIN,
    AgencyAnswers,
    Answers,
    AxisAnswers,
    CertificateAnswers,
    FolderAnswers,
    NotTaken,
    full_path,
    instance,
    name_from,
    read_answer,
    user,
)
from edge_node.domain.document import agency_code, is_usual_code
from edge_node.domain.errors import EdgeNodeError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_node.adapters.directory import Directory
    from edge_node.adapters.instances import Instance
    from edge_node.config.kinds import Kind
    from edge_node.domain.directory import Unit
    from edge_node.domain.message import Message

_FOUND: Final = 15  # agencies shown at once
# What comes along unseen where an answer is pasted: a byte order mark, spaces without width.
_UNSEEN: Final = dict.fromkeys((0xFEFF, 0x200B, 0x200C, 0x200D, 0x2060))
# Both languages, whatever the question is asked in.
_YES: Final = frozenset(("y", "yes", "c", "co", "có"))
_NO: Final = frozenset(("n", "no", "k", "khong", "không"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Everything a new instance needs: the answers, and the secrets in hand."""

    answers: Answers
    secret: bytes
    pkcs12: bytes | None = None
    password: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Which agency it is; a name the axis knows the system by that is not its code."""

    code: str
    name: str = ""
    system_id: str | None = None


def ask_all(
    called: Callable[[str], Instance],
    taken: Callable[[str, Path], Message | None],
    *,
    name: str | None,
    force: bool,
) -> Given:
    """
    Ask for everything; ``called`` returns an instance by its name, ``name`` is known already.

    ``taken`` says what keeps the instance of that name from having a folder. Raises typer.Abort
    where nobody answers any more.
    """
    from edge_node.adapters.local_users import is_user  # noqa: PLC0415 - only for work

    print_after("", here("Enter takes what stands in [brackets]; Ctrl-C ends without a trace."))
    address = _asked(here("Address of the axis, with https://"), url)
    secret = _secret(here("The secret the axis gave you (not shown)"), needed=True)
    found = _agency(address, secret)
    named = _asked(here("The agency's name"), kinds.name, usual=found.name)
    name = name or _free_name(called, found.code, force=force)
    state = called(name).state
    own = name
    exchange = _asked(
        here("Folder shared with the document software"),
        full_path,
        lambda it: taken(own, it),
        usual=str(state / "exchange"),
    )
    data = _asked(
        here("The node's own folder"),
        full_path,
        lambda it: _in_sight(it, exchange) or taken(own, it),
        usual=str(state / "data"),
    )
    software = _maybe(
        here("User of the document software on this machine (Enter: none)"),
        user,
        lambda it: None if is_user(it) else say("this machine has no such user"),
    )
    key, password = _key()
    stamps = None
    if key:
        stamps = _maybe(here("Address of a time-stamp server (Enter: none)"), web_address)
    return Given(
        answers=Answers(
            agency=AgencyAnswers(code=agency_code(found.code), name=named),
            axis=AxisAnswers(url=address, secret_file=STDIN, system_id=found.system_id),
            name=name,
            folders=FolderAnswers(data=data, exchange=exchange),
            software_user=software,
            certificate=CertificateAnswers(pkcs12=key, stamp_server=stamps),
        ),
        secret=secret,
        pkcs12=key.read_bytes() if key else None,
        password=password or None,
    )


def agreed(text: str, *, usual: bool) -> bool:
    """Ask for yes or no, which Enter means is ``usual``; typer.Abort where nobody answers."""
    choice = here("[Y/n]") if usual else here("[y/N]")
    while typed := unicodedata.normalize("NFC", _typed(f"{text} {choice}")).casefold():
        if typed in _YES | _NO:
            return typed in _YES
        _mind(say("y is yes, n is no"))
    return usual


# -- one answer --------------------------------------------------------------------------------


def _asked(
    text: str,
    kind: Kind,
    objection: Callable[[Any], Message | None] = lambda _: None,
    *,
    usual: str = "",
) -> Any:  # noqa: ANN401 - what the kind reads
    while (value := _meant(_typed(text, usual), kind, objection)) is None:
        pass
    return value


def _maybe(
    text: str, kind: Kind, objection: Callable[[Any], Message | None] = lambda _: None
) -> Any:  # noqa: ANN401 - as above
    """Ask for what may be left out; None where it is."""
    while typed := _typed(text):
        if (value := _meant(typed, kind, objection)) is not None:
            return value
    return None


def _meant(typed: str, kind: Kind, objection: Callable[[Any], Message | None]) -> Any:  # noqa: ANN401 - as above
    """Return what was meant; None where nothing can be meant by it, which is said."""
    try:
        value = read_answer(kind, typed)
    except NotTaken as error:
        _mind(say("expected {expected}", expected=error.expected))
        return None
    minded = objection(value)
    if minded is not None:
        _mind(minded)
        return None
    return value


def _typed(text: str, usual: str = "") -> str:
    try:
        answer = typer.prompt(text, default=usual, show_default=bool(usual), err=True)
    except typer.Abort:
        typer.echo("", err=True)  # what is said next begins a line
        raise
    return str(answer).translate(_UNSEEN).strip()


def _secret(text: str, *, needed: bool = False) -> bytes:
    while True:
        typed = str(typer.prompt(text, default="", hide_input=True, show_default=False, err=True))
        secret = typed.translate(_UNSEEN).strip().encode("utf-8", "surrogateescape")
        if secret or not needed:
            return secret
        _mind(say("nothing was typed"))


def _key() -> tuple[Path | None, bytes]:
    """Ask for the key, until one opens by its password or none is wanted."""
    words = here("The agency's key with its certificate, .p12 or .pfx (Enter: none)")
    while key := _maybe(words, full_path, _unreadable):
        password = _secret(here("The password of that file (not shown)"))
        minded = _unopened(key, password)
        if minded is None:
            return key, password
        _mind(minded)
    return None, b""


def _unopened(key: Path, password: bytes) -> Message | None:
    """Say what keeps a key from being opened; that it is the agency's is not seen here."""
    from edge_node.notary.keys import (  # noqa: PLC0415 - only where a key is given
        KeyUnavailable,
        from_pkcs12,
    )

    try:
        from_pkcs12(key.read_bytes(), password.decode("utf-8", "replace"), name=key.name)
    except KeyUnavailable as error:
        return error.message
    return None


def _mind(words: Message) -> None:
    print_after("  ", tell(words, language_of(os.environ)), err=True)


def _unreadable(path: Path) -> Message | None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return say("cannot be read: {reason}", reason=error.strerror or type(error).__name__)
    return None


def _in_sight(data: Path, exchange: Path) -> Message | None:
    """Say that everybody who shares the exchange folder would be in the node's own."""
    if data.is_relative_to(exchange):
        return say("it must not lie in the folder that is shared")
    return None


def _free_name(called: Callable[[str], Instance], code: str, *, force: bool) -> str:
    def objection(name: str) -> Message | None:
        if force or not called(name).is_there:
            return None
        return say("there is an instance {name} already", name=name)

    words = here("What the instance is called (letters, digits, dashes)")
    return str(_asked(words, instance, objection, usual=name_from(code)))


# -- which agency ------------------------------------------------------------------------------


def _agency(address: str, secret: bytes) -> _Found:
    """Have a person say the agency's code, or find it by words of its name."""
    asked = here("The agency's code, or words of its name to look it up")
    typed = _typed(asked)
    while not _is_code(typed):
        if typed and (found := _searched(address, secret, typed)):
            return found
        typed = _typed(here("The agency's code"))
    return _Found(code=typed)


def _is_code(text: str) -> bool:
    """Tell a code from a word: one in its usual form, or at least with a digit or a dot in it."""
    try:
        read_answer(kinds.code, text)
    except NotTaken:
        return False
    return is_usual_code(text) or any(letter.isdigit() or letter == "." for letter in text)


def _searched(address: str, secret: bytes, words: str) -> _Found | None:
    """Look in the directory of the axis; None where that cannot be done, or nobody is found."""
    from edge_node.cli.complaint import complain  # noqa: PLC0415 - only here
    from edge_node.cli.first_look import agencies_on  # noqa: PLC0415 - it loads the node

    system = _asked(
        here("To look there: the name the axis knows this system by, given with the secret"),
        kinds.name,
    )
    print_after("", here("reading the directory of the axis; this may take a minute …"), err=True)
    try:
        with agencies_on(address, system_id=system, secret=secret) as directory:
            unit = _chosen(directory, words)
    except EdgeNodeError as error:
        complain(error)
        return None
    if unit is None:
        return None
    return _Found(
        code=unit.code, name=unit.name, system_id=None if system == unit.code else system
    )


def _chosen(directory: Directory, words: str) -> Unit | None:
    while words:
        units = [unit for unit in directory.search(words, limit=_FOUND) if not unit.gone]
        if not units:
            _mind(say("no agency has such a code or such words in its name"))
        else:
            head = ["", here("CODE"), here("NAME")]
            rows = [[str(at), unit.code, unit.name] for at, unit in enumerate(units, 1)]
            print_table([head, *rows], flexible={2: 12})
        words = _typed(here("Its number here, or other words (Enter: type the code)"))
        if words.isdecimal() and 1 <= int(words) <= len(units):
            return units[int(words) - 1]
    return None
