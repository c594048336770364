"""The words of the web page are those its templates use."""

import re
from pathlib import Path

import edge_node.web
from edge_node.domain.receipt import ReasonCode
from edge_node.domain.register import Register
from edge_node.web.words import WORDS

TEMPLATES = Path(edge_node.web.__file__).parent / "templates"
# Put together in a template from a beginning and what it is about.
BEGINNINGS = ("act_", "note_", "do_", "reason_", "register_", "health_")


def used():
    """Return the names the templates call for, and what their words begin with."""
    text = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    return set(re.findall(r"\bw\.(\w+)", text)), set(re.findall(r'w\["(\w+_)"', text))


def test_every_word_a_template_uses_is_there():
    """A page would fail over one that is not."""
    names, beginnings = used()
    assert names - set(WORDS) == set()
    assert beginnings == set(BEGINNINGS)


def test_every_word_is_used():
    """What no page says is not translated either."""
    names, _ = used()
    spoken = {"sent", "received"}  # the two rows of the chart
    left = {word for word in WORDS if not word.startswith(BEGINNINGS)} - names - spoken
    assert left == set()


def test_there_is_a_word_for_whatever_may_come():
    """Reasons, registers: as many as there are."""
    for reason in ReasonCode:
        assert f"reason_{reason.lower()}" in WORDS
    for register in Register:
        assert f"register_{register.replace('-', '_')}" in WORDS


def test_no_template_has_words_of_its_own():
    """Nor any style or script written inline."""
    for path in TEMPLATES.glob("*.html"):
        text = re.sub(r"\{[{%].*?[%}]\}", "", path.read_text(), flags=re.DOTALL)
        shown = re.sub(r"<[^>]*>", " ", text, flags=re.DOTALL)
        words = set(re.findall(r"[^\W\d_]{3,}", shown)) - {"edge", "node", "nbsp"}
        assert words == set(), path.name
        assert "style=" not in text
        assert not re.search(r"\son\w+=", text)
