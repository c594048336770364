"""What a signature is drawn with, found where the configuration says."""

from __future__ import annotations

import pytest

from edge_node.adapters.stationery import FONTS, Stationery
from edge_node.config import LookSection
from edge_node.domain.errors import Outage
from edge_node.domain.looks import UNSEEN, Showing
from edge_node.domain.signing import LookKind
from edge_node.notary.pdf.looks import LARGEST_SEAL, PictureUnfit, Sight

SEAL = Showing(kind=LookKind.SEAL)
TEXT = Showing(kind=LookKind.TEXT, lines=("12/QĐ-UBND",))


@pytest.fixture
def stationery(tmp_path):
    (tmp_path / "seal.png").write_bytes(b"a picture")
    (tmp_path / "times.ttf").write_bytes(b"a font")
    section = LookSection(
        kind=LookKind.SEAL,
        seal=tmp_path / "seal.png",
        width=36.0,
        height=36.0,
        font=tmp_path / "times.ttf",
    )
    return Stationery.of(section)


def test_a_seal_comes_with_its_picture_and_size(stationery):
    """And without the font, which nobody needs for it."""
    assert stationery.sight(SEAL) == Sight(
        showing=SEAL, seal=b"a picture", width=36.0, height=36.0
    )


def test_a_text_comes_with_its_font(stationery):
    """And without the seal."""
    assert stationery.sight(TEXT) == Sight(showing=TEXT, font=b"a font")


def test_what_does_not_show_needs_nothing():
    """Nothing is read for it."""
    assert Stationery().sight(None) is None
    assert Stationery().sight(UNSEEN) is None


def test_a_seal_that_is_replaced_counts_from_then_on(stationery):
    """The next signature has the new one, without a restart."""
    stationery.sight(SEAL)
    stationery.seal.write_bytes(b"a new picture")

    assert stationery.sight(SEAL).seal == b"a new picture"


def test_without_a_font_one_of_the_times_kind_is_found():
    """That of fonts-liberation2, which the package's own tests have installed."""
    found = next(one for one in FONTS if one.exists())

    assert Stationery().sight(TEXT).font == found.read_bytes()


def test_without_a_seal_it_is_said_where_to_name_one():
    """Signing waits, and no document is parked for it."""
    with pytest.raises(PictureUnfit, match="no image of the seal") as told:
        Stationery().sight(SEAL)

    assert isinstance(told.value, Outage)
    assert "signing.look.seal" in str(told.value.hint)


@pytest.mark.parametrize("kind", ["missing", "folder", "too large"])
def test_a_file_that_cannot_be_used_is_named(tmp_path, kind):
    """With the path and the reason."""
    path = tmp_path / "seal.png"
    if kind == "folder":
        path.mkdir()
    elif kind == "too large":
        with path.open("wb") as file:
            file.truncate(LARGEST_SEAL + 1)

    with pytest.raises(PictureUnfit) as told:
        Stationery(seal=path).sight(SEAL)

    reason = {"missing": "No such file", "folder": "no file", "too large": "8 MB"}[kind]
    assert str(path) in str(told.value)
    assert reason in str(told.value)
