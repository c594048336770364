"""
Verifies every signature in a Word, Excel or PowerPoint file.

Reads a file object and nothing else; what it would still like to know is `Wanted`. Whatever a
file holds, the answer is a verdict with a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_node.domain.message import say
from edge_node.domain.signature import FileVerdict, SignatureVerdict, Sub, Verdict
from edge_node.notary.fences import FOREIGN, hush
from edge_node.notary.ooxml import relationships
from edge_node.notary.ooxml.archive import PackageUnsound
from edge_node.notary.ooxml.comparing import Contents
from edge_node.notary.ooxml.extent import ORIGIN, SIGNATURE, SIGNATURE_TYPE, extent
from edge_node.notary.ooxml.judging import Bench, judge_signature
from edge_node.notary.ooxml.package import Package, fold
from edge_node.notary.revocation import forget
from edge_node.notary.trust import Examined

if TYPE_CHECKING:
    from datetime import datetime
    from typing import BinaryIO

    from edge_node.domain.message import Message
    from edge_node.notary.ooxml.package import Part
    from edge_node.notary.trust import Trust

_BADNESS: Final = {Verdict.VALID: 0, Verdict.INDETERMINATE: 1, Verdict.INVALID: 2}
_OLD_OR_ENCRYPTED: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # a compound file (MS-CFB)
_MARK: Final = b"_xmlsignatures/"  # stands unpacked in the headers of the entries
# What every office file has: a list of its parts; encrypted, a stream (MS-OFFCRYPTO, 2.3.4.4).
_OFFICE: Final = (b"[content_types].xml", "encryptedpackage".encode("utf-16-le"))
_CHUNK: Final = 1 << 20


def verify(file: BinaryIO, trust: Trust, *, now: datetime) -> Examined:
    """
    Return the verdict on an office file and each of its signatures, in the order of its list.

    ``file`` is seekable and never read whole. Nothing is raised for its content: a signed file
    that cannot be read is INVALID, FORMAT_FAILURE; one that shows no sign of a signature, or
    that nobody could look into, INDETERMINATE, NOT_CHECKED.
    """
    hush()
    try:
        return _examined(file, trust, now)
    except PackageUnsound as error:
        return Examined(verdict=_unread(file, error.message))
    except RecursionError:
        why = say("the file is too much to look into")
        return Examined(verdict=_not_checked(why))
    except MemoryError:
        raise
    except FOREIGN:
        why = say("the file is damaged and cannot be read")
        return Examined(verdict=_unread(file, why))
    finally:
        forget()


def _examined(file: BinaryIO, trust: Trust, now: datetime) -> Examined:
    file.seek(0)
    if file.read(len(_OLD_OR_ENCRYPTED)) == _OLD_OR_ENCRYPTED:
        raise PackageUnsound(say("the file is encrypted, or of a form older than .docx"))
    package = Package.read(file)
    parts = _signatures(package)
    if not parts:
        why = say("it holds no signature")
        return Examined(verdict=FileVerdict(verdict=Verdict.INDETERMINATE, why=why))
    bench = Bench(contents=Contents(package=package, extent=extent(package)), trust=trust, now=now)
    verdicts = tuple(judge_signature(bench, part) for part in parts)
    return Examined(verdict=_together(verdicts), wanted=tuple(dict.fromkeys(bench.wanted)))


def _signatures(package: Package) -> list[Part]:
    """Return the parts that the file lists as signatures; refuse one that it does not list."""
    origins = [one for one in package.related(relationships.PACKAGE) if one.type == ORIGIN]
    listed: list[Part | None] = []
    for one in origins:
        origin = package.target(relationships.PACKAGE, one)
        related = package.related(origin.name) if origin else ()
        listed += [
            package.target(origin.name, other)
            for other in related
            if origin and other.type == SIGNATURE
        ]
    parts = [part for part in listed if part is not None]
    keys = {fold(part.name) for part in parts}
    stray = [
        part.name
        for key, part in package.parts.items()
        if part.content_type == SIGNATURE_TYPE and key not in keys
    ]
    if len(origins) > 1 or len(keys) != len(listed) or stray:
        raise PackageUnsound(
            say("the file does not list its signatures as office programs do"),
            hint=say("somebody took one out or put one in by hand: have the file sent again"),
        )
    return parts


def _together(verdicts: tuple[SignatureVerdict, ...]) -> FileVerdict:
    """Return the worst of the verdicts as that of the file."""
    worst = max(verdicts, key=lambda one: _BADNESS[one.verdict])
    return FileVerdict(
        verdict=worst.verdict, sub=worst.sub, why=worst.why, signatures=verdicts, signed=True
    )


def _unread(file: BinaryIO, why: Message) -> FileVerdict:
    """
    Return the verdict on a file that cannot be read: worse where it claims to be signed.

    One that is no office file at all (an archive, a .doc) is none that holds signatures.
    """
    if _shows(file, _MARK):
        return FileVerdict(
            verdict=Verdict.INVALID, sub=Sub.FORMAT_FAILURE, why=why, signed=True, for_good=True
        )
    return _not_checked(why, signable=_shows(file, *_OFFICE))


def _not_checked(why: Message, *, signable: bool = True) -> FileVerdict:
    return FileVerdict(
        verdict=Verdict.INDETERMINATE,
        sub=Sub.NOT_CHECKED,
        why=why,
        signable=signable,
        for_good=True,
    )


def _shows(file: BinaryIO, *marks: bytes) -> bool:
    """Tell whether any of the marks stands somewhere in a file, in letters large or small."""
    file.seek(0)
    longest = max(map(len, marks))
    before = b""
    while chunk := file.read(_CHUNK):
        seen = (before + chunk).lower()
        if any(mark in seen for mark in marks):
            return True
        before = seen[-longest:]
    return False
