"""What the page about security names is there: files, modules, settings, keys, figures."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import needs
import pytest
import yaml

from edge_node.protocol.edxml.package import Limits

ROOT = Path(__file__).parents[2]
ENGLISH, VIETNAMESE = PAGES = ("docs/security.md", "docs/security.vi.md")
UNIT, WEB = (ROOT / "systemd" / name for name in ("edge-node@.service", "edge-node-web@.service"))
KEYS = yaml.safe_load((ROOT / "config.example.yaml").read_text("utf-8"))
# Named as what one writes oneself, or as what is left out.
NOT_IN_THE_UNIT = {"User=node-xa-mau", "Group=node-xa-mau", "RestrictSUIDSGID="}


def read(page):
    return (ROOT / page).read_text("utf-8")


def spans(page):
    """Return what stands in code spans of the prose."""
    prose = re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", prose)


def has(keys, name):
    """Tell whether the example configuration has a key, by its dotted name."""
    first, _, rest = name.partition(".")
    if not isinstance(keys, dict) or first not in keys:
        return False
    return not rest or has(keys[first], rest)


@pytest.mark.parametrize("page", PAGES)
def test_each_file_and_module_the_page_names_is_there(page):
    """Whoever goes through the list of controls opens them."""
    named = {
        span
        for span in [*spans(page), *re.findall(r"(?<!/)systemd/[\w./@-]+\.conf", read(page))]
        if re.match(r"(edge_node|systemd|packaging|tests|docs)/", span)
    }
    assert len(named) > 15
    assert {path for path in named if not (ROOT / path).is_file()} == set()


@pytest.mark.parametrize("page", PAGES)
def test_each_key_the_page_names_may_be_configured(page):
    """By the name it has in config.example.yaml."""
    dotted = {span for span in spans(page) if re.fullmatch(r"[a-z]+(\.[a-z_]+)+", span)}
    named = {span for span in dotted if not (ROOT / "docs" / span).exists()} - {"queue.db"}
    assert len(named) > 30
    assert {name for name in named if not has(KEYS, name)} == set()
    assert not has(KEYS, "limits.nothing")


@pytest.mark.parametrize("page", PAGES)
def test_each_setting_the_page_names_is_that_of_the_unit(page):
    """With the value that is told; what is said to be off is off."""
    told = {span for span in spans(page) if re.match(r"[A-Z]\w+=", span)} - NOT_IN_THE_UNIT
    unit = UNIT.read_text().splitlines()
    assert len(told) > 20
    assert {line for line in told if line not in unit} == set()
    assert "`RestrictSUIDSGID=`" in read(page)
    assert not any(line.startswith("RestrictSUIDSGID=") for line in unit)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("unit", [UNIT, WEB], ids=lambda unit: unit.name)
def test_the_exposure_is_what_systemd_works_out(tmp_path, page, unit):
    """Of the units as they are here."""
    needs.program("systemd-analyze", "systemd")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/edge-node/bin/edge-node", "/bin/true"))
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", copy],
        check=False,
        capture_output=True,
        text=True,
    )
    figure = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)[1]
    assert re.search(
        rf"\*\*{re.escape(figure)}\*\* (?:for|cho) `{re.escape(unit.name)}`", read(page)
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_bounds_of_a_package_are_those_of_the_code(page):
    """Those that nobody can configure."""
    bounds = Limits()
    figures = (bounds.depth, bounds.attributes, bounds.header, bounds.field)
    assert f"| {', '.join(map(str, figures))} (`edge_node/protocol/edxml/package.py`) |" in read(
        page
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_link_into_the_page_leads_to_a_heading(page):
    """As GitHub and most readers of Markdown name headings."""
    headings = re.findall(r"^#+ (.*)$", read(page), re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}
    assert {to for to in re.findall(r"\]\(#([^)]+)\)", read(page)) if to not in anchors} == set()


def test_both_languages_name_the_same():
    """Sections, rows, code and commands; only words differ."""
    shapes = []
    for page in PAGES:
        text = read(page)
        shapes.append(
            (
                re.findall(r"^#+ ", text, re.MULTILINE),
                [line.count("|") for line in text.splitlines() if line.startswith("|")],
                re.findall(r"^```\w*\n.*?^```$", text, re.DOTALL | re.MULTILINE),
                sorted(spans(page)),
            )
        )
    english, vietnamese = shapes
    assert english == vietnamese


@pytest.mark.parametrize("page", PAGES)
def test_every_group_of_controls_is_there(page):
    """The regulation is named as what the agency compares with, without numbers of articles."""
    controls = read(page).split("85/2016/NĐ-CP")[1]
    assert len(re.findall(r"^### ", controls, re.MULTILINE)) == 8
    assert "12/2022/TT-BTTTT" in controls
    assert "TCVN 11930:2017" in controls
    assert not re.search(r"(?:[Aa]rticle|[Đđ]iều) \d", read(page))
