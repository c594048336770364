from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.names import distinct, safe_name

NAMES = st.text() | st.text(alphabet='ab. ~/\\:*CONul1\u202e\u200b\u0301\ud800"', max_size=40)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("12-UBND-VP.pdf", "12-UBND-VP.pdf"),
        ("Công văn số 12.docx", "Công văn số 12.docx"),
        (unicodedata.normalize("NFD", "Công văn.pdf"), "Công văn.pdf"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\an\Desktop\cv.pdf", "cv.pdf"),
        ("/etc/", "unnamed"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ('a<b>c:d"e|f?g*.pdf', "a_b_c_d_e_f_g_.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u2066b\u2069\u200b\ufeff\u00ad.pdf", "ab.pdf"),
        ("a\u3164\u115f\ufe0f.pdf", "a.pdf"),
        ("một\thai\u00a0ba\u3000bốn.pdf", "một hai ba bốn.pdf"),
        ("a\x00\x1b\x7f\x85.pdf", "a .pdf"),
        ("a\ud800\uffff.pdf", "a.pdf"),
        ("cv.pdf. . .", "cv.pdf"),
        (".hidden.pdf", "hidden.pdf"),
        ("~$cv.docx", "$cv.docx"),
        ("CON", "_CON"),
        ("nul.pdf", "_nul.pdf"),
        ("com1 .tar.gz", "_com1 .tar.gz"),
        ("LPT¹.txt", "_LPT¹.txt"),
        ("CONTRACT.pdf", "CONTRACT.pdf"),
    ],
)
def test_a_name_stays_as_near_to_its_own_as_is_safe(given_, expected):
    """What two systems cannot write or a person cannot see goes; everything else stays."""
    assert safe_name(given_) == expected


def test_a_long_name_is_cut_and_keeps_its_extension_and_a_hash():
    """Two names that differ only beyond the cut stay two names."""
    first, second = (safe_name("a" * 200 + tail + ".pdf") for tail in "xy")

    assert len(first) == 120
    assert first.startswith("aaaa")
    assert first.endswith(".pdf")
    assert first != second


def test_a_name_of_wide_letters_is_cut_by_its_bytes():
    """A hundred Vietnamese letters fit 120 characters and may still not fit 255 bytes."""
    name = safe_name("ế" * 110 + ".pdf")

    assert len(name.encode()) <= 255
    assert name.endswith(".pdf")


def test_an_ending_nobody_would_call_an_extension_is_cut_too():
    """What follows the last dot of a sentence is part of the sentence."""
    assert len(safe_name("a." + "b" * 300)) == 120


@given(NAMES, st.integers(32, 160))
def test_a_safe_name_is_safe(name, limit):
    """Whatever it was called: short enough, visible, in one piece, never hidden or reserved."""
    safe = safe_name(name, limit=limit)

    assert 0 < len(safe) <= limit
    assert len(safe.encode()) <= 255
    assert not set(safe) & set('<>:"/\\|?*')
    assert not {unicodedata.category(char) for char in safe} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert unicodedata.is_normalized("NFC", safe)
    assert safe[0] not in ".~ "
    assert safe[-1] not in ". "
    assert safe.split(".")[0].rstrip().upper() not in {"CON", "NUL", "COM1", "LPT1"}


@given(NAMES, st.integers(32, 160))
def test_a_safe_name_is_its_own_safe_name(name, limit):
    """Making a name safe twice is making it safe once."""
    safe = safe_name(name, limit=limit)

    assert safe_name(safe, limit=limit) == safe


def test_equal_names_are_numbered():
    """The first keeps its name; Windows takes A.PDF for a.pdf."""
    assert distinct(["a.pdf", "A.PDF", "a.pdf", "b"]) == ["a.pdf", "A (2).PDF", "a (3).pdf", "b"]


def test_names_that_are_taken_are_left_free():
    """What will be written beside the files keeps its own name."""
    assert distinct(["document.json"], taken=["Document.json"]) == ["document (2).json"]


@given(st.lists(NAMES, max_size=12))
def test_distinct_names_are_distinct_and_safe(names):
    """No two of them meet on a disk without case, and none is less safe for its number."""
    result = distinct(safe_name(name) for name in names)

    assert len({name.casefold() for name in result}) == len(names)
    assert [safe_name(name) for name in result] == result
    assert distinct(result) == result
