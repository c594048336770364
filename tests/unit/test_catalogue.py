"""People read the node's sentences in their own language."""

import ast
import io
from gettext import GNUTranslations
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import edge_node
from edge_node import catalogue
from edge_node.catalogue import Language, here, language_of, tell
from edge_node.domain.message import Message, say

PACKAGE = Path(edge_node.__file__).parent
FOLDER = PACKAGE / "locale" / "vi" / "LC_MESSAGES"
SOURCES = sorted(PACKAGE.rglob("*.py"))


def calls(*names):
    """Yield where, and the call, of everything in the package that is called by such a name."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and called(node.func) in names and node.args:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", node


def called(function):
    return getattr(function, "id", getattr(function, "attr", ""))


def sentences():
    """Return every literal sentence of the package with one place where it is said."""
    return {
        node.args[0].value: where
        for where, node in calls("say", "here", "_")
        if isinstance(node.args[0], ast.Constant)
    }


def places(template):
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def vietnamese():
    with (FOLDER / "edge_node.po").open("rb") as file:
        return read_po(file, locale="vi", domain="edge_node")


@pytest.fixture
def broken(monkeypatch):
    """Let the reader's catalogue hold translations with mistakes in their places."""

    class Broken(GNUTranslations):
        def gettext(self, message):
            return {"{file} is full": "{tep} đầy", "{n} of {m}": "{n!x} {", "so": "thế"}[message]

    monkeypatch.setattr(catalogue, "_catalogue", lambda _: Broken())


def test_a_sentence_is_told_in_vietnamese():
    """What stands in its places is told in the same language."""
    inner = say("a size such as 500KB, 50MB or 1GB")
    told = tell(say("{key}: missing, expected {expected}", key="k", expected=inner), Language.VI)

    assert told == "k: thiếu, cần có dung lượng như 500KB, 50MB hoặc 1GB"


def test_english_is_the_sentence_as_written():
    """English needs no catalogue."""
    message = say("{file} is full of {what}", file="disk", what=say("holes"))

    assert tell(message, Language.EN) == "disk is full of holes"


def test_a_sentence_nobody_translated_is_told_in_english():
    """Better in English than not at all."""
    assert tell(say("brand new {thing}", thing="x"), Language.VI) == "brand new x"


def test_braces_in_a_value_are_left_alone():
    """Only the sentence has places; what a stranger wrote is not a template."""
    assert tell(say("new: {name}", name="{file} {0}"), Language.VI) == "new: {file} {0}"


@pytest.mark.usefixtures("broken")
def test_a_broken_translation_never_stops_the_sentence():
    """A place that the sentence does not have, or half a brace, falls back to English."""
    assert tell(say("{file} is full", file="a"), Language.VI) == "a is full"
    assert tell(say("{n} of {m}", n=1, m=2), Language.VI) == "1 of 2"
    assert tell(say("so"), Language.VI) == "thế"


def test_the_empty_text_is_not_the_header_of_the_catalogue():
    """A catalogue keeps its own particulars under the empty text."""
    assert tell(Message(""), Language.VI) == ""


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, Language.EN),
        ({"LANG": "C.UTF-8"}, Language.EN),
        ({"LANG": "vi_VN.UTF-8"}, Language.VI),
        ({"LANG": "vi_VN", "LC_MESSAGES": "en_GB"}, Language.EN),
        ({"LANG": "en_GB", "LC_ALL": "vi"}, Language.VI),
        ({"LANG": "vi_VN", "LC_ALL": ""}, Language.VI),
        ({"LANG": "fr_FR"}, Language.EN),
        ({"LANG": "vi_VN", "EDGE_NODE_LANG": "en"}, Language.EN),
        ({"LANG": "C", "EDGE_NODE_LANG": "vi"}, Language.VI),
        ({"LANG": "vi_VN", "EDGE_NODE_LANG": "xx"}, Language.VI),
        ({"LANG": "vie"}, Language.EN),
    ],
)
def test_the_environment_says_who_is_reading(environ, language):
    """Our own variable first, then those of POSIX in their order; English for anybody else."""
    assert language_of(environ) is language


def test_help_is_in_the_language_of_the_environment(monkeypatch):
    """Plain texts of the command line follow the same rule."""
    monkeypatch.setenv("EDGE_NODE_LANG", "vi")
    assert here("a list") == "một danh sách"
    monkeypatch.setenv("EDGE_NODE_LANG", "en")
    assert here("a list") == "a list"


def test_a_sentence_is_a_literal():
    """What is put together at run time is in no catalogue: they are gathered from the source."""
    loose = [where for where, call in calls("say") if not isinstance(call.args[0], ast.Constant)]

    assert loose == []


def test_a_sentence_is_given_exactly_what_it_names():
    """A place without its value raises in the middle of reporting something worse."""
    wrong = [
        f"{where}: {call.args[0].value}"
        for where, call in calls("say")
        if isinstance(call.args[0], ast.Constant)
        and all(keyword.arg for keyword in call.keywords)
        and places(call.args[0].value) != {keyword.arg for keyword in call.keywords}
        and call.keywords
    ]

    assert wrong == []


def test_every_sentence_is_in_the_catalogue():
    """After the last sentence was written `make catalogues` was run, and each is translated."""
    translated = vietnamese()
    untold = {
        text: where
        for text, where in sentences().items()
        if text and (text not in translated or not translated[text].string)
    }

    assert untold == {}


def test_no_translation_is_a_guess():
    """What the tools matched by likeness a person has read."""
    assert [entry.id for entry in vietnamese() if entry.fuzzy and entry.id] == []


def test_a_translation_names_the_same_places():
    """Nothing is left out in Vietnamese, and nothing invented."""
    assert [
        entry.id
        for entry in vietnamese()
        if entry.id and entry.string and places(entry.string) != places(entry.id)
    ] == []


def test_the_compiled_catalogue_is_the_written_one():
    """The .mo in the tree is what the .po compiles to."""
    compiled = io.BytesIO()
    write_mo(compiled, vietnamese())

    assert (FOLDER / "edge_node.mo").read_bytes() == compiled.getvalue()
