"""The directory of agencies: how it is brought up to date, and what it then knows."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest
from builders import T0
from directories import DAY, agencies, fill

from edge_node.adapters.directory import Directory
from edge_node.adapters.steps import Phase, Step, listening
from edge_node.domain.directory import AgencyList, DirectoryUnusable, ImplausibleLoss, Known
from edge_node.domain.envelope import Agency

PROVINCE, DEPARTMENT = "H37", "H37.13"
LISTED = agencies(1000)


@pytest.fixture
def directory(tmp_path):
    with closing(Directory(tmp_path / "directory.db")) as directory:
        yield directory


@pytest.fixture
def filled(directory):
    fill(directory, LISTED)
    return directory


def without(*codes):
    return [agency for agency in LISTED if agency.code not in codes]


def changed(code, **fields):
    return [replace(each, **fields) if each.code == code else each for each in LISTED]


def test_a_unit_is_known_with_all_that_was_said_of_it(filled):
    """Name, both codes, whose it is, its mail, and since when it is listed."""
    unit = filled.unit(DEPARTMENT)
    assert (unit.name, unit.other_code) == ("Sở Y tế tỉnh Lạng Sơn", "000.00.13.H37")
    assert (unit.parent, unit.mail) == (PROVINCE, "h37-13@example.gov.vn")
    assert (unit.first_seen, unit.last_seen, unit.gone) == (T0, T0, None)
    assert filled.name(DEPARTMENT) == unit.name
    assert (filled.count(), filled.synced()) == (1000, T0)


def test_either_code_finds_it_and_nobody_elses(filled):
    """The older code is the same unit; a code nobody has is nobody."""
    assert filled.unit("000.00.13.H37") == filled.unit(DEPARTMENT)
    assert (filled.unit("000.00.13.H99"), filled.name("H99.99")) == (None, "")


def test_a_directory_that_was_never_read_knows_nobody(directory):
    """That is no error: it says that it was never read."""
    assert (directory.unit(PROVINCE), directory.count(), directory.synced()) == (None, 0, None)
    assert directory.search("lạng sơn") == []


def test_only_what_changed_is_written(filled):
    """The same list again writes nothing; one name, one unit."""
    assert fill(filled, LISTED, now=T0 + DAY).changed == 0
    reading = fill(filled, changed(DEPARTMENT, name="Sở Y tế"), now=T0 + 2 * DAY)
    assert (reading.units, reading.changed, reading.gone) == (1000, 1, 0)
    assert filled.name(DEPARTMENT) == "Sở Y tế"
    assert [unit.code for unit in filled.search("sở y tế", limit=1)] == [DEPARTMENT]


def test_what_a_whole_list_lacks_is_gone_and_not_forgotten(filled):
    """Since when, and when it was last seen; coming back is as if nothing had been."""
    assert fill(filled, without(DEPARTMENT), now=T0 + DAY).gone == 1
    unit = filled.unit(DEPARTMENT)
    assert (unit.gone, unit.last_seen, unit.first_seen) == (T0 + DAY, T0, T0)
    assert (unit.name, unit.parent) == ("Sở Y tế tỉnh Lạng Sơn", PROVINCE)
    assert filled.count() == 999
    fill(filled, LISTED, now=T0 + 2 * DAY)
    unit = filled.unit(DEPARTMENT)
    assert (unit.gone, unit.first_seen, unit.last_seen) == (None, T0, T0 + 2 * DAY)


def test_a_list_cut_off_anywhere_takes_nothing_away(directory):
    """What came is news, what did not come is as it was, and the list was not read whole."""
    whole = agencies(3000)
    fill(directory, whole)
    reader = directory.update.read(AgencyList.AGENCIES, now=T0 + DAY)
    for agency in whole[:2100]:
        reader.take(replace(agency, name="Tên mới"))
    assert directory.name(PROVINCE) == "Tên mới"
    assert (directory.count(), directory.synced()) == (3000, T0)
    assert directory.unit(whole[-1].code).gone is None


def test_a_power_cut_at_any_commit_leaves_a_directory(filled):
    """Whichever transaction is lost, all units are there, and the next sync mends it."""

    class Cut(Exception):
        pass

    fresh = [replace(each, name=each.name + " (mới)") for each in LISTED]
    for survived in range(2):
        commits = iter(range(survived))

        def cut(step, phase, _, commits=commits):
            if (step, phase) == (Step.COMMIT, Phase.BEFORE) and next(commits, None) is None:
                raise Cut

        with pytest.raises(Cut), listening(cut):
            fill(filled, fresh, now=T0 + DAY)
        assert filled.count() == 1000
        assert filled.unit(DEPARTMENT).gone is None
    assert fill(filled, fresh, now=T0 + DAY).units == 1000
    assert filled.name(DEPARTMENT).endswith("(mới)")


@pytest.mark.parametrize("left", [0, 1, 790])
def test_a_list_that_lost_a_fifth_is_not_believed(filled, left):
    """Least of all an empty one; the directory stays as it was."""
    with pytest.raises(ImplausibleLoss, match=rf"lacks {1000 - left} of 1000") as caught:
        fill(filled, LISTED[:left], now=T0 + DAY)
    assert "--accept-loss" in str(caught.value.hint)
    assert (filled.count(), filled.synced()) == (1000, T0)
    assert filled.unit(LISTED[-1].code).gone is None


def test_a_loss_is_not_believed_though_another_list_vouches_for_them(filled):
    """A broken list stays broken where the next one is not: it is as it was, and read again."""
    fill(filled, LISTED, which=AgencyList.UNITS)
    with pytest.raises(ImplausibleLoss):
        fill(filled, LISTED[:700], now=T0 + DAY)
    assert filled.standing()[AgencyList.AGENCIES].synced == T0
    assert fill(filled, LISTED, now=T0 + DAY).changed == 0


def test_a_person_may_believe_it_all_the_same(filled):
    """Then what it lacks is gone."""
    reading = fill(filled, LISTED[:700], now=T0 + DAY, accept_loss=True)
    assert (reading.gone, filled.count()) == (300, 700)


def test_units_that_are_struck_all_at_once_are_a_loss_too(filled):
    """A list may say `deleted` of each instead of leaving them out."""
    struck = [replace(each, deleted=True) for each in LISTED]
    with pytest.raises(ImplausibleLoss):
        fill(filled, struck, now=T0 + DAY)
    assert filled.count() == 1000


def test_a_unit_that_is_struck_is_gone(filled):
    """Whether it was there before or is heard of for the first time."""
    former = Agency(code="H37.77", name="Sở Cũ", deleted=True)
    fill(filled, [*changed(DEPARTMENT, deleted=True), former], now=T0 + DAY)
    assert filled.unit(DEPARTMENT).gone == T0 + DAY
    assert (filled.unit("H37.77").gone, filled.name("H37.77")) == (T0 + DAY, "Sở Cũ")
    assert fill(filled, [*changed(DEPARTMENT, deleted=True), former], now=T0 + DAY).changed == 0


def test_lists_complete_each_other(directory):
    """What one does not say another may; a unit is there as long as one of them has it."""
    one = Agency(code="H37", name="Tỉnh Lạng Sơn", id="7")
    with_version = Agency(code="H37", name="", id="7", version="12", modified=date(2026, 11, 1))
    other = Agency(code="H38", name="Tỉnh Lào Cai")
    fill(directory, [one, other])
    fill(directory, [with_version], which=AgencyList.UNITS, now=T0 + DAY)
    unit = directory.unit("H37")
    assert (unit.name, unit.version, unit.modified) == ("Tỉnh Lạng Sơn", "12", date(2026, 11, 1))
    fill(directory, [other], now=T0 + 2 * DAY)
    assert directory.unit("H37").gone is None
    fill(directory, [other], which=AgencyList.UNITS, now=T0 + 3 * DAY)
    assert directory.unit("H37").gone == T0 + 3 * DAY


def test_a_list_that_is_read_no_more_vouches_for_nobody(directory):
    """After a week only the lists that are still read say who is there."""
    fill(directory, [Agency(code="H37", name="Lạng Sơn")], which=AgencyList.QD20)
    fill(directory, [Agency(code="H38", name="Lào Cai")], now=T0 + 8 * DAY)
    assert directory.unit("H37").gone == T0 + 8 * DAY
    assert directory.unit("H38").gone is None


def test_a_unit_under_both_codes_is_counted_once(directory):
    """Some axes list the older and the newer code as two units."""
    new = Agency(code="H37.13", name="Sở Y tế", other_code="000.00.13.H37")
    old = Agency(code="000.00.13.H37", name="Sở Y tế", other_code="H37.13")
    fill(directory, [new, old])
    assert directory.count() == 1


def test_what_people_know_outlasts_every_sync(filled):
    """Their word comes before the axis's; taken back, the axis's counts again."""
    known = Known(code=DEPARTMENT, name="Sở Y tế (mới)", successor=PROVINCE, aliases=("SYT.LS",))
    filled.update.know([known])
    fill(filled, changed(DEPARTMENT, name="Sở Y"), now=T0 + DAY)
    unit = filled.unit("SYT.LS")
    assert (unit.code, unit.name, unit.successor) == (DEPARTMENT, "Sở Y tế (mới)", PROVINCE)
    assert unit.mail == "h37-13@example.gov.vn"
    filled.update.know([Known(code=DEPARTMENT)])
    unit = filled.unit(DEPARTMENT)
    assert (unit.name, unit.successor, unit.aliases) == ("Sở Y", "", ())


def test_a_unit_that_is_gone_keeps_its_name_when_people_say_who_took_over(filled):
    """That is what successors are for: the axis does not name the old unit any more."""
    fill(filled, without(DEPARTMENT), now=T0 + DAY)
    filled.update.know([Known(code=DEPARTMENT, successor="H37.14")])
    unit = filled.unit(DEPARTMENT)
    assert (unit.name, unit.successor) == ("Sở Y tế tỉnh Lạng Sơn", "H37.14")
    assert unit.gone == T0 + DAY


def test_only_people_know_it(filled):
    """A unit no list has is there because they say so, and no sync takes it away."""
    filled.update.know([Known(code="KT.01", name="Khu kinh tế")])
    fill(filled, LISTED, now=T0 + DAY)
    unit = filled.unit("KT.01")
    assert (unit.name, unit.first_seen, unit.gone) == ("Khu kinh tế", None, None)
    filled.update.know([Known(code="KT.01")])
    assert (filled.unit("KT.01"), filled.search("khu kinh te")) == (None, [])


def test_an_agency_goes_by_all_its_codes(filled):
    """Older, newer and what people added; from each of them to all."""
    filled.update.know([Known(code=DEPARTMENT, aliases=("SYT",))])
    codes = frozenset({DEPARTMENT, "000.00.13.H37", "SYT"})
    assert {filled.same_agency(code) for code in codes} == {codes}
    assert filled.same_agency("H99") == {"H99"}


def test_a_code_that_many_give_as_theirs_joins_nobody(directory):
    """By one careless entry no agency may speak for another."""
    careless = [Agency(code=f"H37.0{n}", name="Sở", other_code="H37") for n in (1, 2)]
    denied = Agency(code="H38.01", name="Sở", other_code="H38")
    head = Agency(code="H38", name="Tỉnh", other_code="000.00.00.H38")
    fill(directory, [*careless, Agency(code="H37", name="Tỉnh"), denied, head])
    assert directory.same_agency("H37") == {"H37"}
    assert directory.same_agency("H37.01") == {"H37.01"}
    assert directory.same_agency("H38.01") == {"H38.01"}
    assert directory.same_agency("H38") == {"H38", "000.00.00.H38"}


def test_readers_go_on_while_a_list_is_read(filled):
    """Another thread sees the directory between two chunks, and in the middle of one."""
    seen = []

    def look():
        seen.append(filled.name(DEPARTMENT))
        filled.close()

    with filled._file.transaction() as db:
        db.execute("update units set name = 'x' where code = ?", (DEPARTMENT,))
        reader = threading.Thread(target=look)
        reader.start()
        reader.join(60)
        db.execute("update units set name = 'Sở Y tế tỉnh Lạng Sơn' where code = ?", (DEPARTMENT,))
    assert seen == ["Sở Y tế tỉnh Lạng Sơn"]


def test_damage_that_no_encoding_reads_is_damage_all_the_same(filled):
    """What SQLite has to say of it is no text either; whoever asks need not wait for it."""
    path = filled._file.path
    with closing(sqlite3.connect(path)) as db:
        db.execute("pragma writable_schema = on")
        db.execute("update sqlite_master set name = cast(x'87' as text), sql = 'create'"
                   " where name = 'names_idx'")  # fmt: skip
        db.commit()
    with closing(Directory(path)) as damaged:
        for ask in (lambda: damaged.unit("H37"), damaged.standing, lambda: damaged.search("ub")):
            with pytest.raises(DirectoryUnusable, match=r"directory\.db"):
                ask()


def test_a_damaged_day_is_damage(filled):
    """A unit whose day is none is not told as if it were sound."""
    with filled._file.transaction() as db:
        db.execute("update units set modified = '2026-13-77' where code = ?", (DEPARTMENT,))
    with pytest.raises(DirectoryUnusable):
        filled.unit(DEPARTMENT)


def test_a_damaged_file_is_named_with_the_cure(tmp_path):
    """It can be fetched again, so it may be removed."""
    (tmp_path / "directory.db").write_bytes(b"no database at all, and long enough" * 200)
    with pytest.raises(DirectoryUnusable, match=r"directory\.db") as caught:
        Directory(tmp_path / "directory.db").unit("H37")
    assert "remove it" in str(caught.value.hint)
