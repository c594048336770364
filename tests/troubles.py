"""
Builds every broken situation for real, asks what is wrong, and writes docs/troubleshooting.md.

    python tests/troubles.py            all of them (root; some minutes)
    python tests/troubles.py NAME…      these alone; the others stay on the page as they are

A situation is named well where the command says its cause and its cure on one screen of 24 lines
of 80 columns, in both languages. `tests/system/test_troubles.py` asks the quick ones.
"""

from __future__ import annotations

import re
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import troubles_axis
import troubles_drops
import troubles_keys
import troubles_machine
from drawing import ROOT, frame
from pki import Pki
from troubles_stage import COLUMNS, LINES, TROUBLES, staged

__all__ = ["examined", "troubles_axis", "troubles_drops", "troubles_keys", "troubles_machine"]

PAGE = ROOT / "docs" / "troubleshooting.md"
LANGUAGES = ("en", "vi")
TITLED = re.compile(r"^### (.*)\n\n((?:(?!###).*\n)*)", re.MULTILINE)
# What differs from one run to the next says nothing to whoever reads the page.
CHANGING = (
    (re.compile(r"127\.0\.0\.1:\d{4,5}"), "127.0.0.1:8080"),
    (re.compile(r"(\b(?:process|tiến trình|kill)|-p) \d+"), r"\1 1234"),
    (re.compile(r"(?<=\d\d:\d\d):\d\d\b"), ":00"),
    (re.compile(r"\b([ois])(?=\w*\d)[2-9a-hjkmnp-z]{9}\b"), r"\g<1>2w7rk4mqx"),
    (re.compile(r"\b\d+\.\d s(?= (?:a stamp|mỗi))"), "6.2 s"),
    (re.compile(r"\b\d{3,4} (days ago|ngày trước)"), r"1057 \1"),
    (re.compile(r"\b\d+ (seconds|giây)(?=[.,])"), r"5 \1"),
    (re.compile(r"(today|yesterday|tomorrow|hôm nay|hôm qua|ngày mai) \d\d:\d\d"), r"\1 08:15"),
    (re.compile(r"(?:yesterday|tomorrow) 08:15"), "today 08:15"),
    (re.compile(r"(?:hôm qua|ngày mai) 08:15"), "hôm nay 08:15"),
    (re.compile(r"(since|từ) \d\d:\d\d(?=:)"), r"\1 08:15"),
    (re.compile(r"\b\d{5,7} (to|lên) \d{5,7} byte"), r"204800 \1 225280 byte"),
    (re.compile(r"20\d\d-\d\d-\d\d(?=, (?:còn )?5 )"), "2026-11-25"),
    (re.compile(r"/\S*/edge-pki-\w{8}"), "/etc/edge-node"),
)
# A day of these that is neither a document's nor a certificate's for good is told by its moment.
MOMENT = re.compile(r"(20[23]\d-\d\d-\d\d)(\s+)(\d\d:\d\d)")


@dataclass(frozen=True, kw_only=True)
class Screen:
    """What a command said of a situation in one language, and what of it names it."""

    lines: list[str]
    why: str
    cure: str


def examined(trouble, folder, pki):
    """Build a situation and ask; return each question with its screens by language."""
    with ExitStack() as stack:
        return [
            (asked, {language: screen(trouble, asked, language) for language in LANGUAGES})
            for asked in stack.enter_context(staged(trouble, folder, pki))
        ]


def screen(trouble, asked, language):
    """Ask in a language; AssertionError where the answer is no help."""
    values = asked.told(language)
    why, cure = (asked.named or trouble.named)(values)
    assert cure, f"{trouble.name}: no cure"
    lines = asked.shown(language)
    whole = flat(lines)
    assert flat([why]) in whole, f"{trouble.name}: {why!r} is not on the screen"
    assert flat([cure]) in whole, f"{trouble.name}: {cure!r} is not on the screen"
    assert len(lines) <= LINES, f"{trouble.name}: {len(lines)} lines"
    # What is to be typed stands on one line, however long: it is copied from there.
    typed = {each["command"] for value in values for each in value.get("cures", ())}
    wide = [line for line in lines if len(line) > COLUMNS and line.strip() not in typed]
    assert not wide, f"{trouble.name}: too wide: {wide}"
    return Screen(lines=lines, why=why, cure=cure)


def flat(lines):
    """Return lines without what breaks them, and what differs from one moment to the next."""
    return re.sub(r"\s+|\d+", "", "".join(lines)).lower()


def settled(lines, folder):
    """Return lines as the page shows them: the same in every run."""
    text = "\n".join(lines).replace(str(folder), "/srv/edge-node")
    for changing, instead in CHANGING:
        text = changing.sub(instead, text)
    moments = sorted({(day, time) for day, _, time in MOMENT.findall(text)})
    hours = {moment: 8 + 2 * number for number, moment in enumerate(moments)}
    return MOMENT.sub(lambda at: f"2026-11-20{at[2]}{hours[at[1], at[3]]:02}:15", text)


def section(answers, folder):
    """Return what the page shows below the title of a situation: a language after the other."""
    parts = []
    for language in LANGUAGES:
        for asked, screens in answers:
            typed = " ".join(("edge-node", *map(str, asked.arguments)))
            said = settled([f"$ {typed}", *screens[language].lines], folder)
            parts += ["```text", said, "```", ""]
    return "\n".join(parts)


def title(trouble):
    return f"{trouble.titles['en']} / {trouble.titles['vi']}"


def drawn(page, made):
    """Return the page with these situations anew; the others stay as they are."""
    known = dict(TITLED.findall(frame("situations").search(page)[2])) | made
    titles = [title(each) for each in TROUBLES.values()]
    shown = (f"### {each}\n\n{known[each].strip()}\n" for each in titles if each in known)
    drawing = "\n".join(shown)
    return frame("situations").sub(lambda at: f"{at[1]}{drawing}{at[3]}", page)


def main(names):
    failed = []
    with ExitStack() as stack:
        pki = infrastructure(stack)
        for trouble in [TROUBLES[name] for name in names or TROUBLES]:
            with tempfile.TemporaryDirectory(prefix="edge-", dir="/tmp") as folder:
                try:
                    answers = examined(trouble, Path(folder), pki)
                except AssertionError as error:
                    failed.append(trouble.name)
                    shown(f"✗ {error}")
                    continue
                shown(f"✓ {trouble.name}")
                made = {title(trouble): section(answers, folder)}
                PAGE.write_text(drawn(PAGE.read_text("utf-8"), made), "utf-8")
    return bool(failed)


def shown(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def infrastructure(stack):
    """Return what makes the authorities of the tests once they are asked for."""

    @cache
    def made():
        pki = Pki(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-pki-")))
        stack.callback(pki.close)
        return pki

    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
