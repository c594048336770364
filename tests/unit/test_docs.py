"""The words people read say what the code does: documents that cannot rot unnoticed."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path

import drawing
import pytest
import vocabulary
import yaml
from jsonschema import Draft202012Validator

from edge_node.adapters import exchange
from edge_node.domain.document import AgencyCode, Organization
from edge_node.domain.envelope import Lane
from edge_node.domain.lifecycle import Receiving, Sending
from edge_node.domain.receipt import ReasonCode
from edge_node.protocol.handoff import (
    SCHEMA_NAMES,
    OrderSettings,
    read_order,
    read_status_order,
    schema,
)

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.vi.md")
HANDOFFS = ("docs/handoff.md", "docs/handoff.vi.md")
PAGES = sorted(
    str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
)
TEXTS = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".sh", ".po", ".service", ".json"}
DECISIONS = sorted(path.name for path in (ROOT / "docs/adr").glob("0*.md"))

US = Organization(code=AgencyCode("H37.01"))
PLAIN = {"number": "1", "notation": "X", "date": "2026-11-21", "type": "Công văn"}
PLAIN |= {"subject": "x", "to": ["H37.02"], "attachments": ["x.pdf"]}


def read(page):
    return (ROOT / page).read_text("utf-8")


def lines(pattern, text):
    """Return what a pattern finds, in which ^ and $ are the ends of a line."""
    return re.findall(pattern, text, re.MULTILINE)


def blocks(text):
    """Return the kind and the content of every fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def code_in(text):
    """Return what stands in code spans and blocks, where a command is meant as it is written."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    indented = lines(r"^    .*$", text)
    return "\n".join([*spans, *indented, *(block for _, block in blocks(text))])


def examples(page):
    """Return every JSON value a page shows, in blocks and in files its commands write."""
    text = read(page)
    shown = [block for kind, block in blocks(text) if kind == "json"]
    shown += re.findall(r"<<'END'\n(.*?)^END$", text, re.DOTALL | re.MULTILINE)
    return [json.loads(example) for example in shown]


def accept(example):
    """Give an example to the code that reads or publishes its form; it raises what it minds."""
    if "kind" in example:
        order = PLAIN | {"business": example}
        if example["kind"] == "recall":
            del order["attachments"]
        accept(order)
    elif "number" in example:
        raw = json.dumps(example).encode()
        read_order(raw, file_name="document.json", sender=US, settings=OrderSettings())
        Draft202012Validator(schema("document")).validate(example)
    elif "event" in example or "from" in example:
        Draft202012Validator(schema("receipt")).validate(example)
    else:
        read_status_order(json.dumps(example).encode(), file_name="status.json")
        Draft202012Validator(schema("status")).validate(example)


# -- the READMEs -------------------------------------------------------------------------------


@pytest.mark.parametrize("page", READMES)
def test_a_readme_draws_what_the_code_says(page):
    """States and commands are drawn from the code; `python tests/drawing.py` draws them anew."""
    text = read(page)

    assert drawing.redrawn(text, drawing.READMES[page]) == text
    assert all(
        len(drawing.frame(mark).findall(text)) == 1 for mark in ("states", "incoming", "commands")
    )


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_table_of_commands_is_what_help_says(language):
    """Each command's line in the README is the first thing its `--help` says."""
    told = drawing.command_help(language)

    for name, line in told["line"].items():
        usage, said = told["said"][name].split("\n\n")[:2]
        assert name in usage
        assert said.strip() == line


@pytest.mark.parametrize("page", READMES)
def test_a_readme_explains_every_state(page):
    """Whoever meets a word in `edge-node list` finds it in the README."""
    rows = lines(r"^\| `(\w+)` \|", read(page))

    assert sorted(rows) == sorted([*map(str, Sending), *map(str, Receiving)])


def test_both_readmes_have_the_same_sections_and_commands():
    """A Vietnamese reader is told as much as an English one; only words and pictures differ."""
    english, vietnamese = (read(page) for page in READMES)

    def shape(text):
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        return [line.split()[0] for line in prose.splitlines() if line.startswith("#")]

    def rows(text):
        return [line.count("|") for line in text.splitlines() if line.startswith("|")]

    def commands(text):
        return [(kind, "" if kind == "text" else block) for kind, block in blocks(text)]

    assert shape(english) == shape(vietnamese)
    assert rows(english) == rows(vietnamese)
    assert commands(english) == commands(vietnamese)


@pytest.mark.parametrize("page", READMES)
def test_a_readme_shows_the_way_to_every_key(page):
    """The example configuration has all of them."""
    assert "](config.example.yaml)" in read(page)


# -- every page --------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_a_link_leads_somewhere(page):
    """What a page points at within the project is there."""
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(page))
    inside = [target for target in targets if "://" not in target]

    lost = [target for target in inside if not (ROOT / page).parent.joinpath(target).exists()]

    assert lost == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_commands_there_are(page):
    """Nobody types a command out of a page to learn that it does not exist."""
    named = lines(
        r"(?:^ *|/|-- )edge-node(?: -c \S+| --config \S+)? ([a-z]+(?:-[a-z]+)*)\b",
        code_in(read(page)),
    )

    assert set(named) <= set(drawing.command_help("en")["line"])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_options_there_are(page):
    """Nor to learn that it takes no such option; those of groups are left to the reader."""
    said = drawing.command_help("en")["said"]
    typed = re.findall(
        r"(?:^ *|/|-- |\bnode )(?:edge-node )?(?:-c \S+ |--config \S+ )?"
        r"([a-z]+(?:-[a-z]+)*) ([^\n#|]*)",
        code_in(read(page)),
        re.MULTILINE,
    )
    wrong = [
        f"{name} {option}"
        for name, rest in typed
        if name in said and "COMMAND" not in said[name]
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest)
        if option not in said[name]
    ]

    assert wrong == []


@pytest.mark.parametrize("page", [*READMES, *HANDOFFS])
def test_every_folder_of_the_exchange_is_explained(page):
    """The table of folders has all there are, and no others."""
    first = lines(r"^\| `([a-z/]+?)/[^`|]*` \|", read(page))
    elsewhere = {name for name in exchange._MODES if f"`{name}/`" in read(page)}

    assert set(first) | elsewhere == set(exchange._MODES)


@pytest.mark.parametrize("page", [*READMES, *HANDOFFS])
def test_an_example_is_accepted_by_what_reads_it(page):
    """Whoever copies an example into a file has it taken."""
    shown = examples(page)

    assert shown
    for example in shown:
        accept(example)


def test_the_examples_are_the_same_in_both_languages():
    """The contract of the exchange folder is one."""
    english, vietnamese = (examples(page) for page in HANDOFFS)

    assert english == vietnamese


@pytest.mark.parametrize("page", HANDOFFS)
def test_every_word_of_the_contract_is_explained(page):
    """Each word of an `error.json`, each reason to return a document, once, in a table."""
    words = schema("error")["properties"]["error"]["enum"]
    first = lines(r"^\| `([\w-]+)` \|", read(page))

    assert [word for word in first if word in words] == sorted(words, key=first.index)
    assert [word for word in first if word.isupper()] == list(ReasonCode)


@pytest.mark.parametrize("page", HANDOFFS)
@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_every_key_of_the_contract_is_named(page, name):
    """Nobody has to learn of a key from a file."""
    text = schema(name)
    forms = [text, *text.get("anyOf", ()), *text.get("oneOf", ())]
    keys = {key for form in forms for key in form.get("properties", ())}
    told = set(re.findall(r"\w+", code_in(read(page))))

    assert keys
    assert keys - told == set()


# -- how it is built ---------------------------------------------------------------------------


def test_every_decision_is_in_the_index():
    """In order, each with its own title."""
    index = lines(r"^\| \[(\d{4})\]\((\S+)\) \| (.*?) \|", read("docs/adr/README.md"))

    assert [name for _, name, _ in index] == DECISIONS
    assert [number for number, _, _ in index] == [f"{n:04}" for n in range(1, len(index) + 1)]
    for number, name, title in index:
        assert read(f"docs/adr/{name}").startswith(f"# {number} {title}\n")


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_has_its_four_parts(name):
    """Context, decision, the options that lost, consequences; and whether it holds."""
    text = read(f"docs/adr/{name}")
    parts = lines(r"^## (.*)$", text)

    assert [part for part in parts if part != "Options that lost"] == [
        "Context",
        "Decision",
        "Consequences",
    ]
    assert "Options that lost" in parts or "what lost" in text
    assert re.search(r"^Status: accepted", text, re.MULTILINE)


def test_every_dependency_has_its_reason():
    """What is in pyproject.toml stands in the page about dependencies."""
    project = tomllib.loads(read("pyproject.toml"))["project"]
    listed = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.match(r"[\w-]+", entry)[0] for entry in listed} - {"edge-node"}
    page = read("docs/adr/0005-dependencies.md")
    told = set(re.findall(r"[\w-]+", "\n".join(lines(r"^\| ([^|]*) \|", page))))

    assert names <= told


def test_the_map_has_every_room():
    """Packages and the lanes of the queue are told of where the house is drawn."""
    text = read("docs/architecture.md")
    rooms = [path.parent.name for path in ROOT.glob("edge_node/*/__init__.py")]

    assert [room for room in rooms if f"{room}/" not in text] == []
    assert [lane for lane in Lane if f"{lane}" not in text.lower()] == []


def test_the_map_names_every_module():
    """Each in the row of its room, so that whoever looks for something knows where to begin."""
    rows = lines(r"^\| `(\w+)/`[^|]*\| (.*) \|$", read("docs/architecture.md"))
    missing = []
    for room in {room for room, _ in rows}:
        named = {
            word for each, row in rows if each == room for word in re.findall(r"`([\w*]+)", row)
        }
        stems = {path.stem for path in (ROOT / "edge_node" / room).glob("*.py")} - {
            "__init__",
            "__main__",
        }
        missing += [
            f"{room}/{stem}"
            for stem in sorted(stems)
            if not any(fnmatch(stem, name) for name in named)
        ]
    assert missing == []


def test_the_map_has_every_table(queue):
    """And no table that is not there."""
    made = queue.file.rows(
        "select name from sqlite_schema where type = 'table' and name not like '%sqlite%'"
        " and name not glob 'words_*'"  # of which FTS5 makes its index
    )
    text = read("docs/architecture.md").split("## The tables of the queue")[1].split("\n## ")[0]

    assert set(lines(r"^\| `(\w+)` \|", text)) == {row["name"] for row in made}


def test_the_verbs_are_explained():
    """CONTRIBUTING.md names every verb of make that is not for make itself."""
    verbs = lines(r"^([a-z-]+):.*## ", read("Makefile"))
    told = lines(r"^\| `make ([a-z-]+)` \|", read("CONTRIBUTING.md"))

    assert sorted(told) == sorted(set(verbs) - {"help", "setup"})


# -- words -------------------------------------------------------------------------------------


def test_words_that_must_not_be_used_are_not():
    """The same check runs before each commit."""
    rooms = (ROOT / room for room in ("edge_node", "tests", "docs", "systemd", "."))
    files = chain(*(room.glob("*" if room == ROOT / "." else "**/*") for room in rooms))
    wrong = [
        problem
        for path in files
        if path.suffix in TEXTS and path.is_file()
        if path != vocabulary.HERE and ROOT / "tests/data" not in path.parents
        for problem in vocabulary.wrong_words(path.relative_to(ROOT), path.read_text("utf-8"))
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/x.md", "an " + "ed" + "Xml package"),
        ("docs/x.md", "an " + "ed" + "XMl package"),
        ("edge_node/x.py", "kind = " + "Bus" + "sinesKind"),
        ("edge_node/x.py", "class Axis" + "Manager(Axis):"),
        ("edge_node/x.py", "class Queue" + "Helpers:"),
        ("edge_node/queue_util.py", "pass"),
        ("tests/helpers.py", "pass"),
    ],
)
def test_a_wrong_word_is_found(path, text):
    """Misspelt names of the field, and names that say nothing."""
    assert len(list(vocabulary.wrong_words(Path(path), text))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("docs/x.md", "the element Bussiness, an EdXML102 library, edXMLEnvelope"),
        ("tests/x.py", "class Handler(BaseHTTPRequestHandler):"),
        ("edge_node/x.py", "class _AtomicWriter:  # a utility of the disk"),
    ],
)
def test_a_right_word_is_left_alone(path, text):
    """The standard's own spelling, and what other people's libraries are called."""
    assert list(vocabulary.wrong_words(Path(path), text)) == []


def test_hooks_are_tools_of_this_environment():
    """Nothing is downloaded to check a commit, and no version can differ from CI's."""
    repos = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    tools = {hook["entry"].split()[0] for repo in repos for hook in repo["hooks"]}

    assert [repo["repo"] for repo in repos] == ["local"]
    assert tools == {f".venv/bin/{tool}" for tool in ("ruff", "mypy", "lint-imports", "python")}
