"""The pages an IT officer works by: the same in both languages, and typed as they stand."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest
import yaml

from edge_node.config import Config

ROOT = Path(__file__).parents[2]
NAMES = (
    *("install", "operate", "configure", "backup", "upgrade", "shares"),
    *("alarms", "monitoring", "security"),
)
BY_HAND = [f"docs/{name}{language}.md" for name in NAMES for language in ("", ".vi")]
BY_HAND += [f"docs/{name}.md" for name in ("signatures", "sandbox", "troubleshooting")]
PAGES = sorted(
    str(path.relative_to(ROOT)) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
)
# What is typed one after the other, or wants a person or another machine; what is run; is shown.
TYPED, RUN, SHOWN = ("sh", "console"), ("python",), ("yaml", "ini", "text")


@cache
def read(page):
    return (ROOT / page).read_text("utf-8")


def blocks(page):
    """Return the kind and the content of every fenced block of a page, in order."""
    return re.findall(r"^```([^\n]*)\n(.*?)^```$", read(page), re.DOTALL | re.MULTILINE)


def prose(page):
    """Return a page without its blocks."""
    return re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)


def meant(kind, block):
    """Return what a block says, without comments; of output, only that it is there."""
    if kind == "yaml":
        return yaml.safe_load(block)
    if kind == "text":
        return None
    return [re.sub(r"\s+# .*$", "", line) for line in block.splitlines()]


def shape(page):
    """Return the levels of the headings, and how wide each row of a table is."""
    lines = prose(page).splitlines()
    return [
        line.split()[0] if line.startswith("#") else line.replace("\\|", "").count("|")
        for line in lines
        if line.startswith(("#", "|"))
    ]


def anchors(page):
    """Return what a link may name on a page: its headings, as they are written into addresses."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", NAMES)
def test_both_pages_have_the_same_commands(name):
    """Whoever reads Vietnamese types what an English reader types, in the same order."""
    english, vietnamese = (
        [(kind, meant(kind, block)) for kind, block in blocks(f"docs/{name}{language}.md")]
        for language in ("", ".vi")
    )
    assert english
    assert english == vietnamese


@pytest.mark.parametrize("name", NAMES)
def test_both_pages_have_the_same_sections_and_tables(name):
    """And is told as much."""
    assert shape(f"docs/{name}.md") == shape(f"docs/{name}.vi.md")


@pytest.mark.parametrize("page", BY_HAND)
def test_every_block_says_what_it_is(page):
    """What is typed can be told from what is shown, by people and by a script."""
    assert [kind for kind, _ in blocks(page) if kind not in (*TYPED, *RUN, *SHOWN)] == []
    assert re.findall(r"^    .*$", prose(page), re.MULTILINE) == []


# What a reader fills in within what is typed one after the other; and what is written so.
FILLED_IN, WRITTEN_SO = {"ADDRESS"}, {"END", "PUT", "DELETE", "UBND"}


@pytest.mark.parametrize("page", BY_HAND)
def test_what_is_typed_is_understood_by_a_shell(page):
    """Block by block; and what is typed one after the other has nothing left to be filled in."""
    for kind, block in blocks(page):
        if kind not in TYPED:
            continue
        checked = subprocess.run(
            ["bash", "-n"], input=block, text=True, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stderr) == (0, ""), block
        open_words = set(
            re.findall(r"(?<![\w$.-])[A-Z]{2,}(?![\w=.-])", "\n".join(meant(kind, block)))
        )
        assert kind == "console" or open_words <= FILLED_IN | WRITTEN_SO, block


@pytest.mark.parametrize("page", ["docs/install.md", "docs/install.vi.md"])
def test_there_is_room_for_figures(page):
    """Once, and a script fills it."""
    marks = re.findall(r"^<!-- (figures(?:-end)?) -->$", read(page), re.MULTILINE)

    assert marks == ["figures", "figures-end"]


@pytest.mark.parametrize("page", ["docs/configure.md", "docs/configure.vi.md"])
def test_every_section_of_the_configuration_is_told_of(page):
    """In one line each, in the order of the example."""
    example = re.findall(r"^([a-z]+):", read("config.example.yaml"), re.MULTILINE)

    assert re.findall(r"^\| `([a-z]+)` \|", read(page), re.MULTILINE) == example
    assert set(example) == {field.name for field in fields(Config)} - {"file"}


@pytest.mark.parametrize("page", PAGES)
def test_a_link_leads_to_its_heading(page):
    """A section that was renamed or moved takes its links along."""
    lost = []
    for target, anchor in re.findall(r"\]\(([^)#:]*\.md)?#([^)]+)\)", read(page)):
        file = (ROOT / page).parent / target if target else ROOT / page
        if anchor not in anchors(file.resolve().relative_to(ROOT)):
            lost.append(f"{target}#{anchor}")

    assert lost == []
