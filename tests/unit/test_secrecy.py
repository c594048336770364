"""A grade of secrecy stands alone; the same syllables within a sentence are none."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_node.domain.secrecy import Grade, grade_in, letters_in

MAT, TOI, TUYET = Grade.MAT, Grade.TOI_MAT, Grade.TUYET_MAT
ORDER = list(Grade)


def nfd(text):
    return unicodedata.normalize("NFD", text)


FOUND = [
    (["MẬT"], MAT),
    (["TỐI MẬT"], TOI),
    (["TUYỆT MẬT"], TUYET),
    (["Mật"], MAT),
    (["mật"], MAT),
    (["tối mật"], TOI),
    (["Tuyệt Mật"], TUYET),
    ([nfd("MẬT")], MAT),
    ([nfd("tuyệt mật")], TUYET),
    (["MA\u0302\u0323T"], MAT),  # the accents in another order than Unicode's
    (["MÂ\u0323T"], MAT),
    (["MẠ\u0302T"], MAT),
    (["MÂT \u0323"], MAT),  # drawn apart, after the word
    (["M Ậ T"], MAT),
    (["M  Ậ  T"], MAT),
    (["M   Ậ   T"], MAT),
    (["T Ố I   M Ậ T"], TOI),
    (["T U Y Ệ T M Ậ T"], TUYET),
    (["  MẬT  "], MAT),
    (["MẬT."], MAT),
    (["(MẬT)"], MAT),
    (["[TỐI MẬT]"], TOI),
    (["- TUYỆT MẬT -"], TUYET),
    (["“MẬT”"], MAT),
    (["| MẬT |"], MAT),
    (["*** MẬT ***"], MAT),
    (["MẬT\u00a0"], MAT),
    (["\u200bMẬT\u00ad"], MAT),
    (["Độ mật: MẬT"], MAT),
    (["Độ mật: tối mật"], TOI),
    (["Mức độ mật: Tuyệt mật"], TUYET),
    (["ĐỘ MẬT: MẬT"], MAT),
    (["Độ mật", "mật"], MAT),  # a label and its cell
    (["Độ mật:", "", "Mật"], MAT),
    (["TỐI", "MẬT"], TOI),
    (["TUYỆT", "MẬT"], TUYET),
    (["M", "Ậ", "T"], MAT),
    (["MẬ", "T"], MAT),  # a font for plain letters, and one for the rest
    (["T", "Ố", "I", "M", "Ậ", "T"], TOI),
    (["Số: 12/BC-UBND\tMẬT"], MAT),
    (["MẬT          Hà Nội, ngày 21 tháng 11 năm 2026"], MAT),
    (["ỦY BAN NHÂN DÂN", "MẬT", "Số: 12/BC-UBND"], MAT),
    (["Kính gửi: Bộ Công an\nMẬT\nCăn cứ công văn"], MAT),
    (["V/v báo cáo tình hình", "MẬT"], MAT),  # below the subject, which has no full stop
    (["MẬT", "một việc", "", "TUYỆT MẬT"], TUYET),
    (["MẬT", "", "Tuyệt mật", "", "Tối mật", "", "Mật"], MAT),  # a report that is one itself
    (["Tuyệt mật", "", "Tối mật", "", "Mật", "", "Mật"], TUYET),
    (["Tối mật", "", "Mật"], TOI),
    (["TUYỆT MẬT", "", "TỐI MẬT", "", "MẬT"], TUYET),
    (["MËT"], MAT),  # TCVN3
    (["mËt"], MAT),
    (["tèi mËt"], TOI),
    (["TUYÖT MËT"], TUYET),
    (["MAÄT"], MAT),  # VNI
    (["TOÁI MAÄT"], TOI),
    (["TUYEÄT MAÄT"], TUYET),
    (["M AÄ T"], MAT),
    (["®é mËt: MËt"], MAT),
]

PASSING = [
    ["bảo mật"],
    ["BẢO MẬT"],
    ["bí mật"],
    ["BÍ MẬT"],
    ["bí mật nhà nước"],
    ["mật độ"],
    ["MẬT ĐỘ DÂN SỐ"],
    ["Mật độ xây dựng"],
    ["mật khẩu"],
    ["mật mã"],
    ["cơ mật"],
    ["thân mật"],
    ["mật ong"],
    ["mật thiết"],
    ["LƯU HÀNH NỘI BỘ"],
    ["KHẨN"],
    ["HỎA TỐC"],
    ["tuyệt đối bảo mật"],
    ["TUYỆT ĐỐI BÍ MẬT"],
    ["Danh mục bí mật nhà nước"],
    ["Danh mục bí mật nhà nước độ Tối mật"],
    ["QUY CHẾ BẢO VỆ BÍ MẬT NHÀ NƯỚC"],
    ["QUY CHẾ BẢO VỆ BÍ", "MẬT NHÀ NƯỚC"],
    ["QUY CHẾ BẢO VỆ BÍ", "MẬT"],
    ["CAM KẾT BẢO", "MẬT"],
    ["đề nghị các đơn vị thực hiện tốt công tác bảo", "mật"],
    ["tài liệu có chứa bí", "mật", "nhà nước"],
    ["nghiêm cấm làm lộ các tài liệu tuyệt", "mật"],
    ["các văn bản thuộc danh mục", "mật"],
    [nfd("công tác bảo"), nfd("mật")],
    ["bí     mật"],
    ["bảo\tmật"],
    ["Độ mật"],
    ["Độ mật: Thường"],
    ["Mức độ mật:"],
    ["tài liệu mật"],
    ["Hồ sơ mật số 12"],
    ["Mật 1"],
    ["MẬT/12"],
    ["mất"],
    ["MẶT"],
    ["mặt"],
    ["mát"],
    ["MẮT"],
    ["mạt"],
    ["mat"],
    ["MAT"],
    ["tuyệt"],
    ["Tối"],
    ["MẬ"],
    ["T", "M", "Ậ"],
    ["b¶o", "mËt"],
    ["BAÛO MAÄT"],
    ["MET"],
    ["Độ mật", "", "Tuyệt mật", "", "Tối mật", "", "Mật"],  # the columns of a report
    ["Số lượng\tTuyệt mật\tTối mật\tMật", "12\t0\t3\t9"],
    ["Tuyệt", "mật", "", "Tối", "mật", "", "Mật"],
    [""],
    [],
]


@pytest.mark.parametrize(("lines", "grade"), FOUND, ids=str)
def test_a_grade_that_stands_alone_is_found(lines, grade):
    """Whatever its case, its accents' form, its spacing, its encoding and what is around."""
    assert grade_in(lines) is grade


@pytest.mark.parametrize("lines", PASSING, ids=str)
def test_false_friends_pass(lines):
    """Words with the syllable in them, and lines that go on from the one before."""
    assert grade_in(lines) is None


@pytest.mark.parametrize(
    ("lines", "grade"),
    [
        (["MẬT"], MAT),
        (["MAT"], MAT),
        (["MẶT"], MAT),
        (["MẠT"], MAT),
        (["| MÂT |"], MAT),
        (["l MẬT"], MAT),
        (["TÓI MẠT"], TOI),
        (["TUYÊT MẬT ]"], TUYET),
        (["M A T"], MAT),
        (["Độ mật: Mật"], MAT),
        (["mật"], None),  # the end of a sentence as often as not
        (["Mặt"], None),
        (["MẶT TRƯỚC"], None),
        (["BẢO MẬT"], None),
        (["CAM KẾT BẢO", "MẬT"], None),
        (["MẠT CƯA"], None),
        (["MA TÚY"], None),
    ],
    ids=str,
)
def test_of_what_a_machine_read_only_the_accents_are_forgiven(lines, grade):
    """Its capitals are a grade with any accents; what it has in small letters is none."""
    assert grade_in(lines, blurred=True) is grade


SPACES = st.sampled_from(["", " ", "\u00a0", "  "])
AROUND = st.text("-_|[](){}<>.,:;*•“”\"'«»~=+ ", max_size=6)
WORDS = st.sampled_from(["căn", "cứ", "nghị", "định", "số", "về", "việc", "nhân", "dân", "khẩn"])


@given(
    grade=st.sampled_from(Grade),
    form=st.sampled_from(["NFC", "NFD"]),
    case=st.sampled_from([str.upper, str.lower, str.title]),
    before=AROUND,
    after=AROUND,
    space=SPACES,
)
def test_no_form_hides_a_grade(grade, form, case, before, after, space):
    """Upper or lower, composed or not, spaced or not, in whatever frame of punctuation."""
    word = space.join(unicodedata.normalize(form, case(grade.value)))
    assert grade_in([before + word + after]) is grade


@given(grade=st.sampled_from(Grade), before=st.lists(WORDS), after=st.lists(WORDS))
def test_a_grade_among_other_words_is_a_word(grade, before, after):
    """In a sentence it only speaks of secrets."""
    alone = not before and not after
    line = " ".join([*before, grade.value, *after])
    assert grade_in([line]) is (grade if alone else None)


@given(st.lists(st.text(max_size=30), max_size=30), st.booleans())
def test_whatever_the_lines_are_there_is_an_answer(lines, blurred):
    """Nothing that a file can hold comes in the way."""
    assert grade_in(lines, blurred=blurred) in {None, *Grade}


@given(st.lists(st.sampled_from(["MẬT", "TỐI MẬT", "TUYỆT MẬT", "Số: 12", ""]), max_size=8))
def test_of_several_the_gravest_counts(lines):
    """A document has the grade of the gravest thing in it."""
    found = [Grade(line.lower()) for line in lines if line.lower() in set(Grade)]
    assert grade_in(lines) is max(found, key=ORDER.index, default=None)


def test_letters_are_counted_in_any_script():
    """Figures and marks are none."""
    assert letters_in("Số: 12/BC-Đ, 中") == 6
