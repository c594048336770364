"""
Says which words must not be in the project, and finds them.

    python tests/vocabulary.py FILE…

Two kinds: names the field spells in one way only, which are easily misspelt, and names of modules
and classes that say nothing of what is in them. `Bussiness` is right inside a package: the
standard spells it so.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# Wrong spellings, each with the right one.
MISSPELT = {
    r"ed(Xml|XMl|xML|XmL)": "edXML, or edxml in a name",
    r"\b[Bb]us+ines(?!s)": "business (Bussiness only as the element of a package)",
    r"\b[Bb]usines+s{2,}": "business",
    r"[Rr]eciev": "receive",
    r"[Rr]eciept": "receipt",
    r"[Ee]nvellope|[Ee]nveloppe": "envelope",
    r"[Qq]uarrantin|[Qq]uarentin": "quarantine",
    r"[Ss]ignitur": "signature",
    r"\b[Aa]cknowledgment": "acknowledgement",
    r"\b[Aa]dress": "address",
    r"\b[Aa]gengy|[Aa]gencys\b": "agency, agencies",
    r"[Vv]ietnames\b": "Vietnamese",
}
SILENT = "manager|handler|helper|util|utils|common|misc|stuff"
CLASSES = re.compile(rf"^\s*class _?\w*?({SILENT})s?\b", re.IGNORECASE)
MODULES = re.compile(rf"(^|_)({SILENT})s?(_|$)", re.IGNORECASE)
HERE = Path(__file__).resolve()


def wrong_words(path, text):
    """Yield every word of a file that must not be there, as `path:line: what instead`."""
    ours = path.suffix == ".py" and "tests" not in path.parts  # a test names others' things, too
    if path.suffix == ".py" and MODULES.search(path.stem):
        yield f"{path}: the name says nothing; name the module for what is in it"
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, right in MISSPELT.items():
            if found := re.search(pattern, line):
                yield f"{path}:{number}: {found[0]!r}: write {right}"
        if ours and CLASSES.match(line):
            yield f"{path}:{number}: the class's name says nothing; name it for what it is"


def main(names):
    wrong = []
    for path in map(Path, names):
        if path.resolve() == HERE:
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # no text: a PDF, a catalogue
        wrong += wrong_words(path, text)
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
