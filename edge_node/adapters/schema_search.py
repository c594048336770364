"""
What documents are looked for by: the words of each, and the indexes of the lists.

`wording` has a row a document, either way, in the order they came; `words` is its index, newest
last. Triggers keep both: whatever writes a document, a restore among it, need not know of them. A
`VACUUM` may number the rows of other tables anew, never an `integer primary key`.

Diacritics are folded by the tokenizer; đ is a letter of its own to Unicode and is written d here,
as by whoever asks. What is urgent has one more word, which nobody types.
"""

from __future__ import annotations

from typing import Final

URGENT: Final = "zzurgency"  # and the number of it

_PLAIN_D: Final = "replace(replace({text}, 'đ', 'd'), 'Đ', 'D')"
_URGENCY: Final = f"""
coalesce((select ' {URGENT}' || urgency from particulars
           where item = new.id and urgency > 0), '')
"""  # noqa: S608 - our own text
_OUT: Final = _PLAIN_D.format(
    text="new.number || '/' || new.notation || ' ' || new.document_id || ' ' || new.subject"
)
_IN: Final = _PLAIN_D.format(text="new.code || ' ' || new.document_id || ' ' || new.subject")

# (No upsert: within an `insert or replace` SQLite would carry it out as a replace, and a replace
# tells no trigger of the row it removes.)
_ENTER: Final = """
begin
    update wording set plain = {text} || {urgency} where item = new.id;
    insert into wording (item, plain) select new.id, {text} || {urgency}
     where not exists (select 1 from wording where item = new.id);
end
"""

SEARCH: Final = (
    """
    create table wording (
        id integer primary key, item text not null unique, plain text not null
    ) strict
    """,
    """
    create virtual table words using fts5 (
        plain, content='wording', content_rowid='id', prefix='1 2 3', detail=none,
        tokenize='unicode61 remove_diacritics 2'
    )
    """,
    """
    create trigger wording_new after insert on wording
    begin insert into words (rowid, plain) values (new.id, new.plain); end
    """,
    """
    create trigger wording_other after update of plain on wording when old.plain <> new.plain
    begin
        insert into words (words, rowid, plain) values ('delete', old.id, old.plain);
        insert into words (rowid, plain) values (new.id, new.plain);
    end
    """,
    f"""
    create trigger documents_worded after insert on documents
    {_ENTER.format(text=_OUT, urgency=_URGENCY)}
    """,
    f"""
    create trigger incoming_worded after insert on incoming when new.message = 'edoc'
    {_ENTER.format(text=_IN, urgency=_URGENCY)}
    """,
    f"""
    create trigger incoming_reworded after update of code, document_id, subject on incoming
      when new.message = 'edoc' and (old.code, old.document_id, old.subject)
                                 <> (new.code, new.document_id, new.subject)
    {_ENTER.format(text=_IN, urgency=_URGENCY)}
    """,
    f"""
    create trigger particulars_worded after insert on particulars when new.urgency > 0
    begin
        update wording set plain = plain || ' {URGENT}' || new.urgency
         where item = new.item and instr(plain, '{URGENT}') = 0;
    end
    """,  # noqa: S608 - our own text
    "create index fates_partner on fates (receiver, at, state)",
    "create index fates_reason on fates (reason, at) where reason <> ''",
    "create index incoming_partner on incoming (sender, created, state) where message = 'edoc'",
    "create index incoming_reason on incoming (reason, created) where reason <> ''",
)
