"""Which file of a document shows its signature how."""

from __future__ import annotations

import pytest

from edge_node.domain.looks import UNSEEN, Showing, showings
from edge_node.domain.order import NamedFile
from edge_node.domain.signing import LookKind

CODE = "12/QĐ-UBND"
SEAL = Showing(kind=LookKind.SEAL)
TEXT = Showing(kind=LookKind.TEXT, lines=(CODE,), needed=False)


@pytest.mark.parametrize(
    ("roles", "shown"),
    [
        (("main", "annex"), (SEAL, TEXT)),
        (("annex", "main"), (TEXT, SEAL)),
        (("", ""), (SEAL, TEXT)),
        (("annex", ""), (SEAL, TEXT)),
        (("",), (SEAL,)),
        ((), ()),
    ],
)
def test_the_document_gets_the_seal_and_its_annexes_the_text(roles, shown):
    """The document is what says so, and where nothing does, the first file."""
    files = [NamedFile(file=f"{one}.pdf", role=role) for one, role in enumerate(roles)]

    assert showings(LookKind.SEAL, files, CODE) == shown


def test_with_text_every_file_gets_it():
    """As on copies: number and notation, and the time below them."""
    files = [NamedFile(file="1.pdf", role="main"), NamedFile(file="2.pdf")]

    assert showings(LookKind.TEXT, files, CODE) == (TEXT, TEXT)


def test_without_a_look_no_signature_shows():
    """None of the files gets anything drawn."""
    assert showings(LookKind.NONE, [NamedFile(file="1.pdf")], CODE) == (UNSEEN,)
