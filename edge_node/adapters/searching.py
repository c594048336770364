"""
Finding the documents somebody asks for, newest first, by the index that leaves the fewest.

Each way to begin (words, reason, partner, state, newest) is one statement of its own; what else
was asked for is tested row by row. Where most documents are in a state, or went to a partner, that
is no beginning: of these an index of moments is walked through. Words are looked for as in the
directory of agencies: whole where something has them whole, else as a beginning.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_node.adapters.database import stamp
from edge_node.adapters.schema_search import URGENT
from edge_node.domain.wanted import words_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_node.adapters.database import QueueFile, Row
    from edge_node.domain.wanted import Wanted

_ENDLESS: Final = 1 << 60
_MOST_WORDS: Final = 30
# So many documents are looked at one by one rather than asking the index of words.
_FEW: Final = 200
_MANY: Final = 2000
# A walk through so many entries of an index, with a look at the document of each, is soon done.
_WALKED: Final = 50_000

_HAS_WORD: Final = "select 1 from words where words match :word limit 1"
_SO_MANY: Final = """
select count(*) as n from (select 1 from words where words match :words limit :limit)
"""
# From one reason to the next, a seek each: many documents share one.
_SAID_OUT: Final = """
with recursive said (reason) as (
    select min(reason) from fates where reason <> ''
     union all
    select (select min(reason) from fates where reason <> '' and reason > said.reason)
      from said where reason is not null
)
select reason from said where reason is not null
"""
_SAID_IN: Final = """
with recursive said (reason) as (
    select min(reason) from incoming where reason <> ''
     union all
    select (select min(reason) from incoming where reason <> '' and reason > said.reason)
      from said where reason is not null
)
select reason from said where reason is not null
"""

# (A plus keeps SQLite from another index than the one a statement begins with.)
_OUT_TESTS: Final = """
   +d.created between :since and :until
   and ((:state = '' and :partner = '' and :reasons = '')
        or exists (select 1 from fates as f
                    where f.item = d.id
                      and (:state = '' or f.state = :state)
                      and (:partner = '' or f.receiver = :partner)
                      and (:reasons = ''
                           or f.reason in (select value from json_each(:reasons)))))
   and (:urgency is null
        or :urgency = coalesce((select urgency from particulars where item = d.id), 0))
"""
_IN_TESTS: Final = """
   +d.created between :since and :until and +d.message in ('edoc', :also)
   and (:state = '' or +d.state = :state) and (:partner = '' or +d.sender = :partner)
   and (:reasons = '' or +d.reason in (select value from json_each(:reasons)))
   and (:urgency is null
        or :urgency = coalesce((select urgency from particulars where item = d.id), 0))
"""
_OUT_BY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "newest": """
select d.* from documents as d indexed by documents_created
 where d.created >= :since and d.created <= :until and true
 order by d.created desc limit :limit
""",
        "words": """
select d.* from words cross join wording on wording.id = words.rowid
  cross join documents as d on d.id = wording.item
 where words match :words and true
 order by words.rowid desc limit :limit
""",
        "state": """
select * from (
    select distinct d.* from fates as at_it cross join documents as d on d.id = at_it.item
     where at_it.state = :state and true
     order by at_it.at desc limit :limit
) order by created desc
""",
        "partner": """
select * from (
    select d.* from fates as at_it indexed by fates_partner
      cross join documents as d on d.id = at_it.item
     where at_it.receiver = :partner and (:state = '' or at_it.state = :state) and true
     order by at_it.at desc limit :limit
) order by created desc
""",
        "reasons": """
select d.* from documents as d
 where d.id in (select item from fates
                 where reason <> '' and reason in (select value from json_each(:reasons)))
   and true
 order by d.created desc limit :limit
""",
    }
)
_IN_BY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "newest": """
select d.* from incoming as d indexed by incoming_created
 where d.message = 'edoc' and d.created >= :since and d.created <= :until and true
 order by d.created desc limit :limit
""",
        "words": """
select d.* from words cross join wording on wording.id = words.rowid
  cross join incoming as d on d.id = wording.item
 where words match :words and true
 order by words.rowid desc limit :limit
""",
        "state": """
select d.* from incoming as d indexed by incoming_state
 where d.message in ('edoc', :also) and d.state = :state and d.created >= :since
   and d.created <= :until and true
 order by d.created desc limit :limit
""",
        "partner": """
select d.* from incoming as d indexed by incoming_partner
 where d.message = 'edoc' and d.sender = :partner and d.created >= :since
   and d.created <= :until and (:state = '' or d.state = :state) and true
 order by d.created desc limit :limit
""",
        "reasons": """
select d.* from incoming as d indexed by incoming_reason
 where d.reason <> '' and d.reason in (select value from json_each(:reasons)) and true
 order by d.created desc limit :limit
""",
    }
)
# How many documents each way would leave, counted no further than to what is soon walked through.
_OUT_LEAVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "state": """
select count(*) as n from (select 1 from fates where state = :state limit :limit)
""",
        "partner": """
select count(*) as n from (select 1 from fates where receiver = :partner limit :limit)
""",
    }
)
_IN_LEAVES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "state": """
select count(*) as n
  from (select 1 from incoming
         where message in ('edoc', :also) and state = :state limit :limit)
""",
        "partner": """
select count(*) as n
  from (select 1 from incoming where message = 'edoc' and sender = :partner limit :limit)
""",
    }
)
# What else was asked for takes the place of `and true`.
_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {way: sql.replace("and true", f"and {_OUT_TESTS}") for way, sql in _OUT_BY.items()}
)
_IN: Final[Mapping[str, str]] = MappingProxyType(
    {way: sql.replace("and true", f"and {_IN_TESTS}") for way, sql in _IN_BY.items()}
)


def outgoing(
    file: QueueFile, wanted: Wanted, *, limit: int, tell: Callable[[str], str]
) -> list[Row]:
    """Return the rows of `documents` that are wanted; ``tell`` reads a reason to whoever asks."""
    side = _Side(_OUT, _OUT_LEAVES, _SAID_OUT)
    return _found(file, side, wanted, limit=limit, tell=tell, also="edoc")


def incoming(
    file: QueueFile, wanted: Wanted, *, limit: int, tell: Callable[[str], str], also: str = "edoc"
) -> list[Row]:
    """Return the rows of `incoming` that are wanted, those of the kind ``also`` among them."""
    side = _Side(_IN, _IN_LEAVES, _SAID_IN)
    return _found(file, side, wanted, limit=limit, tell=tell, also=also)


class _Side(NamedTuple):
    """The statements of what went out, or of what came in."""

    by: Mapping[str, str]
    leaves: Mapping[str, str]
    said: str


def _found(
    file: QueueFile,
    side: _Side,
    wanted: Wanted,
    *,
    limit: int,
    tell: Callable[[str], str],
    also: str,
) -> list[Row]:
    reasons = _reasons(file, side.said, wanted.reason, tell)
    words = _match(file, wanted)
    if (wanted.reason and not reasons) or (words is None):
        return []
    values: dict[str, object] = {
        "state": wanted.state,
        "partner": wanted.partner,
        "since": stamp(wanted.since) if wanted.since else -_ENDLESS,
        "until": stamp(wanted.until) if wanted.until else _ENDLESS,
        "urgency": wanted.urgency,
        "reasons": json.dumps(reasons, ensure_ascii=False) if reasons else "",
        "words": words,
        "also": also,
        "limit": limit,
    }
    if not words:
        return file.rows(side.by[_begin(file, side, wanted, values)], values)
    if not _is_words_alone(wanted) and not _is_rare(file, words):
        # What stands in every third subject is soon met with; what else is asked for may be not.
        way = side.by[_begin(file, side, wanted, values)]
        for page in (_FEW + limit, _MANY + limit):
            rows = file.rows(way, values | {"limit": page})
            fitting = [row for row in rows if _bears(row, wanted)]
            if len(rows) < page or len(fitting) >= limit:
                return fitting[:limit]
    return file.rows(side.by["words"], values)


def _is_words_alone(wanted: Wanted) -> bool:
    others = (wanted.state, wanted.since, wanted.until, wanted.partner, wanted.reason)
    return not any(others)


def _begin(file: QueueFile, side: _Side, wanted: Wanted, values: Mapping[str, object]) -> str:
    """Return where to begin, words apart: with what leaves few, the fewest as a rule."""
    if wanted.reason:
        return "reasons"
    asked = [way for way in ("partner", "state") if getattr(wanted, way)]
    if not asked:
        return "newest"
    timed = wanted.since or wanted.until
    if len(asked) == 1 and not timed:
        return asked[0]
    few = (way for way in asked if _leaves_few(file, side.leaves[way], values))
    return next(few, "newest" if timed else asked[0])


def _leaves_few(file: QueueFile, counting: str, values: Mapping[str, object]) -> bool:
    found = file.row(counting, {**values, "limit": _WALKED})
    return found is not None and found["n"] < _WALKED


def _is_rare(file: QueueFile, words: str) -> bool:
    found = file.row(_SO_MANY, {"words": words, "limit": _MANY})
    return found is not None and found["n"] < _MANY


def _bears(row: Row, wanted: Wanted) -> bool:
    """Tell whether a document has the words, as the index would say."""
    code = row.get("code") or f"{row.get('number', '')}/{row.get('notation', '')}"
    return _has(words_in(f"{code} {row['document_id']} {row['subject']}"), words_in(wanted.text))


def _reasons(file: QueueFile, said: str, text: str, tell: Callable[[str], str]) -> list[str]:
    """Return every reason on record that has the words, in the language it is read in."""
    wanted = words_in(text)
    if not wanted:
        return []
    kept = (row["reason"] for row in file.rows(said))
    return [each for each in kept if _has(words_in(tell(each)), wanted)]


def _has(words: list[str], wanted: list[str]) -> bool:
    return all(any(word.startswith(each) for word in words) for each in wanted)


def _match(file: QueueFile, wanted: Wanted) -> str | None:
    """Return what the index of words is asked for; '' for nothing, None where none can have it."""
    words = words_in(wanted.text)[:_MOST_WORDS]
    if wanted.text and not words:
        return None
    asked = [_whole_or_beginning(file, word) for word in words]
    if wanted.urgency:
        asked.append(f'"{URGENT}{wanted.urgency}"')
    return " ".join(asked)


def _whole_or_beginning(file: QueueFile, word: str) -> str:
    whole = f'"{word}"'
    return whole if file.row(_HAS_WORD, {"word": whole}) else f"{whole}*"
