"""The order of Vietnamese words, whatever locale the machine has."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_node.domain.collation import collation_key

VIETNAMESE = (
    "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
)

LISTS = {
    "provinces": "An Giang, Bắc Ninh, Cà Mau, Cao Bằng, Cần Thơ, Đà Nẵng, Đắk Lắk, Điện Biên,"
    " Đồng Nai, Đồng Tháp, Gia Lai, Hà Nội, Hà Tĩnh, Hải Phòng, Huế, Hưng Yên, Khánh Hòa,"
    " Lai Châu, Lạng Sơn, Lào Cai, Lâm Đồng, Nghệ An, Ninh Bình, Phú Thọ, Quảng Ngãi,"
    " Quảng Ninh, Quảng Trị, Sơn La, Tây Ninh, Thái Nguyên, Thanh Hóa, Tuyên Quang, Vĩnh Long",
    "tones": "ma, mà, mả, mã, má, mạ",
    "marked letters": "can, căn, cân, cen, cên, con, côn, cơn, cun, cưn",
    "d and đ": "da, dạ, dung, đa, đá, đung, e",
    "letters before tones": "bạ, ba cô, bà cô, bác",
    "case last": "ubnd, Ubnd, UBND, ubnx",
    "numbers of documents": "1, 2, 9, 10, 10a, 100, A1",
    "numbers as numbers": "Phường 1, Phường 2, Phường 10, Phường 100, Phường An Lạc",
    "notations": "CT-UBND, QĐ-BNV, QĐ-UBND, QQ-UBND, UBND, UBND-TH, UBND-VP",
    "spaces, signs, numbers, letters": "a b, a-b, a/b, a1, aa",
    "letters the alphabet lacks": "e, f, g, i, j, k, v, w, x, y, z",
}


def mix(words):
    return [*words[1::2][::-1], *words[::2]]


@pytest.mark.parametrize("words", LISTS.values(), ids=LISTS)
def test_known_lists_come_out_in_their_order(words):
    """As a dictionary of Vietnamese has them, and however they were mixed before."""
    expected = words.split(", ")
    mixed = mix(expected)

    assert sorted(mixed, key=collation_key) == expected
    decomposed = [unicodedata.normalize("NFD", word) for word in mixed]
    found = sorted(decomposed, key=collation_key)
    assert [unicodedata.normalize("NFC", word) for word in found] == expected


def test_every_letter_has_its_place():
    """All 89 of them, capitals right after their small letter."""
    letters = [each for letter in VIETNAMESE for each in (letter, letter.upper())]
    assert len(VIETNAMESE) == 89
    assert sorted(mix(letters), key=collation_key) == letters


def test_letters_come_before_tones_and_tones_before_case():
    """A tone decides only between words of the same letters, case between words of the same."""
    assert collation_key("bà") < collation_key("bac")
    assert collation_key("Ba") < collation_key("bà") < collation_key("Bà")
    assert collation_key("bà cô") > collation_key("ba cộ")  # the first tone decides


TEXTS = st.text(st.sampled_from(VIETNAMESE + VIETNAMESE.upper() + " -/.0123456789\u0301\u0302ñ日"))


@given(TEXTS | st.text(), TEXTS | st.text())
@example("01", "1")
@example("\u1ea5", "a\u0302\u0301")
def test_it_is_a_total_order(one, other):
    """Of two texts one comes first, always the same one; only equal texts have equal keys."""
    first, second = collation_key(one), collation_key(other)
    assert (first < second) + (second < first) + (one == other) == 1
    assert (first == second) is (one == other)


@given(st.lists(TEXTS))
def test_how_they_lay_before_makes_no_difference(texts):
    """Sorting is the same for every order of the same texts."""
    assert sorted(texts, key=collation_key) == sorted(mix(texts), key=collation_key)


@given(TEXTS)
def test_how_a_text_is_composed_only_tells_equal_ones_apart(text):
    """NFC and NFD of a text stand beside each other."""
    composed = collation_key(unicodedata.normalize("NFC", text))
    assert collation_key(unicodedata.normalize("NFD", text))[:3] == composed[:3]


@given(st.integers(0, 10**20), st.integers(0, 10**20))
def test_numbers_in_a_text_count_as_numbers(one, other):
    """However many digits they have."""
    keys = [collation_key(f"Phường {number}") for number in (one, other)]
    assert (keys[0] < keys[1]) is (one < other)
