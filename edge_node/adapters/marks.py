"""
What the node remembers of itself, by name: moments it has reached, words about its own past.

What a name means is the affair of whoever puts it; here a value is a text and nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge_node.adapters.database import QueueFile, Transaction

_GET: Final = "select value from marks where name = :name"
_COUNTS: Final = """
select name, value from marks where name > :prefix and name < :behind
"""
_REMOVE: Final = "delete from marks where name = :name"
_PUT: Final = """
insert into marks (name, value) values (:name, :value)
    on conflict (name) do update set value = excluded.value
"""
_ONE_MORE: Final = """
insert into marks (name, value) values (:name, '1')
    on conflict (name) do update set value = cast(cast(value as integer) + 1 as text)
returning value
"""

_LAST: Final = chr(0x10FFFF)  # sorts behind every other letter


def count_up(transaction: Transaction, name: str) -> int:
    """Add one to the count kept under that name, in the caller's transaction; return it."""
    row = transaction.row(_ONE_MORE, {"name": name})
    assert row is not None  # noqa: S101 - an insert that returns always has a row
    return int(row["value"])


def put_in(transaction: Transaction, name: str, value: str) -> None:
    """Keep the value under that name, in the caller's transaction."""
    transaction.execute(_PUT, {"name": name, "value": value})


class Marks:
    """Named values, each alone."""

    def __init__(self, file: QueueFile) -> None:
        """Work on the table in ``file``."""
        self._file = file

    def get(self, name: str) -> str | None:
        """Return the value of that name; None where nobody has put one."""
        row = self._file.row(_GET, {"name": name})
        return None if row is None else str(row["value"])

    def put(self, name: str, value: str, *, within: Transaction | None = None) -> None:
        """
        Keep the value under that name, durably, in place of what was there.

        Without a transaction to be part of, ``within``, it is one of its own.
        """
        values = {"name": name, "value": value}
        if within is not None:
            within.execute(_PUT, values)
            return
        with self._file.transaction() as transaction:
            transaction.execute(_PUT, values)

    def remove(self, *names: str, within: Transaction | None = None) -> None:
        """Forget what goes by these names, in a transaction of its own or ``within`` one."""
        if within is None:
            with self._file.transaction() as transaction:
                self.remove(*names, within=transaction)
            return
        for name in names:
            within.execute(_REMOVE, {"name": name})

    def count(self, name: str) -> int:
        """Add one to the count kept under that name, durably; return it."""
        with self._file.transaction() as transaction:
            return count_up(transaction, name)

    def counts(self, prefix: str) -> dict[str, int]:
        """Return the counts kept under names that begin so, by what follows there."""
        values = {"prefix": prefix, "behind": f"{prefix}{_LAST}"}
        rows = self._file.rows(_COUNTS, values)
        return {row["name"].removeprefix(prefix): int(row["value"]) for row in rows}
