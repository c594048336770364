"""Ways of asking that several checks share: the queue without a trace, and many at once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from edge_node.adapters.soundness import read_only
from edge_node.domain.errors import EdgeNodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

_Asked = TypeVar("_Asked")
_Told = TypeVar("_Told")
_NOTHING: Final[Mapping[str, object]] = {}
_BUSY: Final = 2.0  # seconds; whoever holds the file longer is found by the look into the queue


def rows_of(
    path: Path, sql: str, values: Mapping[str, object] = _NOTHING
) -> list[tuple[object, ...]] | None:
    """
    Return what a reading statement finds in a database of ours; nothing is written beside it.

    None where there is none, or it cannot be read: the look into that file says why.
    """
    if not path.exists():
        return None
    try:
        with read_only(path, busy=_BUSY) as connection:
            return connection.execute(sql, dict(values)).fetchall()
    except EdgeNodeError:
        return None


def side_by_side(
    ask: Callable[[_Asked], _Told], whom: Iterable[_Asked]
) -> Iterator[tuple[_Asked, _Told]]:
    """Ask all at once, a thread each; yield the answers in order, and raise what one raised."""
    begun = [_Asking(ask, one) for one in whom]
    for each in begun:
        each.start()
    for each in begun:
        yield each.asked, each.answer()


@dataclass(slots=True)
class _Asking(Generic[_Asked, _Told]):
    """One question under way."""

    ask: Callable[[_Asked], _Told]
    asked: _Asked
    _answers: list[_Told] = field(default_factory=list)
    _failed: BaseException | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        threading.Thread(target=self._run, name="asking", daemon=True).start()

    def answer(self) -> _Told:
        self._over.wait()
        if self._failed is not None:
            raise self._failed
        return self._answers[0]

    def _run(self) -> None:
        try:
            self._answers.append(self.ask(self.asked))
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for it
            self._failed = error
        finally:
            self._over.set()
