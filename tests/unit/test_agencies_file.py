"""What people know of agencies, read from the file they keep."""

from __future__ import annotations

import json

import pytest

from edge_node.domain.directory import Known
from edge_node.protocol.agencies_file import AgenciesFileWrong, read_agencies_file

SHEET = """code,name,other_code,parent,mail,successor,aliases
H37.05,"Sở Thông tin, Truyền thông",000.00.05.H37,H37,a@b.vn,H37.06,STTTT; 000.00.55.H37

H37.06,,,,,,
"""
READ = [
    Known(
        code="H37.05",
        name="Sở Thông tin, Truyền thông",
        other_code="000.00.05.H37",
        parent="H37",
        mail="a@b.vn",
        successor="H37.06",
        aliases=("STTTT", "000.00.55.H37"),
    ),
    Known(code="H37.06"),
]


def problems(content, name="agencies.csv"):
    with pytest.raises(AgenciesFileWrong) as caught:
        read_agencies_file(content.encode(), name)
    return list(map(str, caught.value.problems))


@pytest.mark.parametrize(
    "content",
    [
        SHEET.encode(),
        SHEET.encode("utf-8-sig").replace(b"\n", b"\r\n"),
        SHEET.replace("; ", " ").replace(",", ";").replace("tin;", "tin,").encode(),
    ],
)
def test_a_sheet_is_read_as_spreadsheets_write_it(content):
    """With a byte order mark, with semicolons, with empty lines."""
    assert read_agencies_file(content, "agencies.csv") == READ


def test_json_says_the_same():
    """A list of objects, what is not known left out."""
    entries = [
        {
            "code": "H37.05",
            "name": "Sở Thông tin, Truyền thông",
            "other_code": "000.00.05.H37",
            "parent": "H37",
            "mail": "a@b.vn",
            "successor": "H37.06",
            "aliases": ["STTTT", "000.00.55.H37"],
        },
        {"code": "H37.06", "name": None},
    ]
    assert read_agencies_file(json.dumps(entries).encode(), "a.JSON") == READ


def test_columns_may_be_few_and_in_any_order():
    """The code is all there must be."""
    assert read_agencies_file(b"Successor,CODE\nH37.06,H37.05\n", "a.csv") == [
        Known(code="H37.05", successor="H37.06")
    ]


def test_everything_wrong_is_told_by_line_and_column():
    """So that it can be found in a sheet of a thousand lines."""
    content = "code,name,successor\nH37.05,Sở,H37 06\n,Không mã,\nH37.07,a,b,c\nH37.05,Hai,\n"
    assert problems(content) == [
        (
            "line 2, column 3 (successor): expected an agency code such as H37.02 or"
            " 000.00.13.H53, found 'H37 06'"
        ),
        "line 3, column 1 (code): expected a code, found ''",
        "line 4, column 4: expected 3 columns, found 'c'",
        "line 5, column 1 (code): expected each code once, it stands in 2 already, found 'H37.05'",
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "line 1: expected a header, found nothing"),
        ("name,mail\na,b\n", "line 1: no column is called code"),
        ('code,name\nH37,"open\n', "line 2: unexpected end of data"),
    ],
)
def test_a_sheet_without_a_head_or_an_end_is_refused(content, told):
    """Nothing of it is taken over."""
    assert told in problems(content)


def test_an_unknown_column_is_named_with_the_known_ones():
    """A slip in a heading must not lose a column."""
    (told,) = problems("code,tên\nH37,a\n")
    assert told.startswith("line 1, column 2: expected one of code, name")


def test_a_unit_does_not_take_over_from_itself():
    """Nor is it its own parent or alias."""
    assert len(problems("code,successor\nH37,H37\n")) == 1
    assert len(problems("code,aliases\nH37,H37\n")) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[{", "line 1, column 3: not JSON"),
        ('{"code": "H37"}', "line 1: expected a list of objects"),
        ('["H37"]', "entry 1: expected an object"),
        ('[{"code": 7}]', "entry 1, code: expected a text, found '7'"),
        ('[{"code": "H37", "parent": "?"}]', "entry 1, parent: expected an agency code such as"),
    ],
)
def test_wrong_json_is_told_by_its_entry(content, told):
    """The entries are counted from one."""
    assert any(problem.startswith(told) for problem in problems(content, "a.json"))


def test_a_file_in_another_coding_is_told_by_its_line():
    """What an old program wrote in TCVN3 would be names nobody can read."""
    with pytest.raises(AgenciesFileWrong) as caught:
        read_agencies_file("code,name\nH37,Tỉnh\n".encode("utf-16-le"), "a.csv")
    assert caught.value.problems
    with pytest.raises(AgenciesFileWrong) as caught:
        read_agencies_file(b"code,name\nH37,T\xd8nh\n", "a.csv")
    assert str(caught.value.problems[0]) == "line 2: not UTF-8"
