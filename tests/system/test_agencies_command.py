"""The commands about the directory of agencies, and the daemon that keeps it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from system_world import Axis as RunningAxis
from system_world import an_office, edge_node, on_a_terminal, serving, until

from edge_node.adapters.directory import Directory
from edge_node.sandbox.settings import Options, init_sandbox

HEAVY = {"httpx", "sqlite_utils", "pyhanko", "lxml", "apscheduler", "watchdog"}
CODES = [f"H98.{number:02}" for number in range(1, 20)]
LISTS = {"lists": ["agencies", "units"]}


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    """Run an axis with a thousand units beside its agencies."""
    folder = tmp_path_factory.mktemp("country")
    init_sandbox(
        folder, [(code, f"Đơn vị {code}") for code in CODES], options=Options(directory=1000)
    )
    with serving(folder) as url:
        yield RunningAxis(folder, url, list(CODES))


@pytest.fixture
def office(tmp_path, country):
    return an_office(tmp_path, country, directory=LISTS)


@pytest.fixture
def synced(office):
    assert office.command("agencies", "sync").returncode == 0
    return office


def strike(axis, which):
    """Have the axis leave these units out of its lists, and no others."""
    with closing(sqlite3.connect(axis.folder / "sandbox.db", timeout=30)) as db, db:
        db.execute(f"update agencies set deleted = {which}")  # noqa: S608 - a test's own


def test_a_sync_says_what_each_list_brought(office):
    """How many units there are and how much of that is news, list by list."""
    answer = office.command("agencies", "sync")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.splitlines() == [
        "agencies: 1019 units, 1019 changed, 0 gone",
        "units: 1019 units, 1019 changed, 0 gone",
    ]
    again = office.command("agencies", "sync").stdout.splitlines()
    assert again == [f"{name}: 1019 units, 0 changed, 0 gone" for name in ("agencies", "units")]


def test_a_list_that_lost_much_is_believed_only_on_a_persons_word(synced, country):
    """Exit 1 says that somebody has to look."""
    strike(country, "registered_by = 'census' and id % 3 = 0")
    try:
        refused = synced.command("agencies", "sync")
        accepted = synced.command("agencies", "sync", "--accept-loss")
    finally:
        strike(country, "0")
    assert refused.returncode == 1
    assert "agencies: not read" in refused.stderr
    assert "--accept-loss" in refused.stderr
    assert accepted.returncode == 0
    assert " gone" in accepted.stdout


def test_the_accented_name_is_found_by_plain_letters(synced):
    """As typed by somebody in a hurry, quoted or not, best first."""
    for words in (["uy ban nhan dan tinh lang son"], ["uy", "ban", "nhan", "dan", "lang", "son"]):
        first, *_ = synced.told("agencies", "search", *words)
        assert (first["code"], first["name"]) == ("H37", "Ủy ban nhân dân tỉnh Lạng Sơn")
    assert len(synced.told("agencies", "search", "lang", "son", "--limit", "3")) == 3


def test_the_table_fits_a_terminal(synced):
    """Eighty columns, long names cut, who took over beside what is gone."""
    sheet = synced.home / "known.csv"
    sheet.write_text("code,successor\nH37.04,H37.05\n")
    assert synced.command("agencies", "import", sheet).stdout == "taken over: 1\n"
    lines = on_a_terminal("-c", synced.config, "agencies", "search", "lang son")
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["CODE", "OTHER", "CODE", "NAME", "NOTE"]
    (merged,) = [line for line in lines if line.startswith("H37.04 ")]
    assert merged.endswith("now H37.05")


def test_one_agency_is_shown_with_all_that_is_known(synced):
    """By either code; the units it belongs to and that took over with their names."""
    sheet = synced.home / "known.json"
    known = {"code": "H37.13", "successor": "H37.12", "aliases": ["SYT"]}
    sheet.write_text(json.dumps([known]))
    assert synced.command("agencies", "import", sheet).returncode == 0
    shown = synced.command("agencies", "show", "000.00.13.H37").stdout
    for words in (
        "Sở Y tế tỉnh Lạng Sơn",
        "H37  Ủy ban nhân dân tỉnh Lạng Sơn",
        "H37.12  Sở Khoa học và Công nghệ tỉnh Lạng Sơn",
        "SYT",
    ):
        assert words in shown
    (values,) = synced.told("agencies", "show", "SYT")
    assert (values["code"], values["parent"], values["gone"]) == ("H37.13", "H37", None)


def test_an_unknown_code_is_an_error_that_names_the_nearest(synced):
    """Exit 1, and the hint is what to type."""
    answer = synced.command("agencies", "show", "H37.31.3")
    assert answer.returncode == 1
    assert "H37.31.3 is not in the directory of agencies" in answer.stderr
    answer = synced.command("agencies", "show", "H73.13")
    assert "the nearest is H37.13, Sở Y tế tỉnh Lạng Sơn" in answer.stderr
    answer = synced.command("agencies", "show", "unheard-of")
    assert "hint: edge-node agencies search TEXT finds it by words of its name" in answer.stderr


def test_a_file_with_mistakes_changes_nothing(synced):
    """Each is named by line and column."""
    sheet = synced.home / "known.csv"
    sheet.write_text("code,name,successor\nH37.04,Sở mới,\nH37.05,,H37 06\n")
    answer = synced.command("agencies", "import", sheet)
    assert answer.returncode == 1
    assert "line 3, column 3 (successor)" in answer.stderr
    (values,) = synced.told("agencies", "show", "H37.04")
    assert values["name"] == "Sở Kế hoạch và Đầu tư tỉnh Lạng Sơn"


def test_a_directory_that_was_never_read_says_so(office):
    """Beside the result, with the command that helps."""
    answer = office.command("agencies", "search", "lang", "son")
    assert answer.returncode == 0
    assert "never read: edge-node agencies sync" in answer.stderr


def test_without_a_node_there_is_no_directory(tmp_path):
    """The folder of the configuration is named."""
    config = tmp_path / "config.yaml"
    config.write_text(
        "agency: {code: H37, name: a}\naxis: {url: 'https://a.vn', secret_file: s}\n"
        f"folders: {{data: {tmp_path / 'none'}}}\n"
    )
    answer = edge_node("-c", config, "agencies", "search", "a")
    assert answer.returncode == 1
    assert "no node has worked in" in answer.stderr


def test_a_search_loads_neither_queue_nor_axis(synced):
    """Somebody waits for the answer at a counter."""
    answer = synced.command("agencies", "search", "H37", PYTHONPROFILEIMPORTTIME="1")
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in answer.stderr.splitlines()
    }
    assert loaded & HEAVY == set()


def test_the_daemon_reads_the_directory_by_itself(office):
    """Soon after its start, in a lane of its own, and it goes on with everything else."""
    with office.running() as node:
        node.says("directory read", times=2)
        with closing(Directory(office.home / "data" / "directory.db")) as directory:
            assert until(lambda: directory.name("H37")) == "Ủy ban nhân dân tỉnh Lạng Sơn"
