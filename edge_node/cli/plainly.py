"""
What is typed, as values, where that takes no library.

typer has pydantic judge every word of a command line, and pydantic takes longer to load than a
list of documents takes to be read. A plain word is a plain word: only what is not as it should be,
or is more than words and numbers, goes to the library, which says best what is wrong.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from typer._coercion import RuntimeParam, build_runtime_param  # typer is pinned to 0.29
from typer.core import TyperArgument, TyperOption

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typer._click import Context
    from typer._click.core import Parameter
    from typer.core import _TyperParameter

_LONGEST: Final = 18  # digits


@dataclass(frozen=True)
class _Plainly(RuntimeParam):
    """Takes words, numbers and paths as they are; leaves the rest to the library."""

    def _coerce_value(self, value: Any, param: _TyperParameter, ctx: Context) -> Any:  # noqa: ANN401 - as typer has it
        quick = self._as(self.annotation, value)
        if quick is not None:
            return quick
        return build_runtime_param(param.type_descriptor).coerce(value, param=param, ctx=ctx)

    def _as(self, kind: object, value: object) -> object | None:
        """Return the value where it is plainly of that kind; None where somebody has to judge."""
        if kind is str:
            return value if isinstance(value, str) else None
        if kind is int:
            return self._number(value)
        if kind is Path:
            return self._path(value)
        if kind == list[str] and isinstance(value, list | tuple):
            return list(value) if all(isinstance(each, str) for each in value) else None
        return None

    def _number(self, value: object) -> int | None:
        if (
            isinstance(value, str)
            and value.isascii()
            and value.isdigit()
            and len(value) < _LONGEST
        ):
            value = int(value)
        if not isinstance(value, int):
            return None
        least, most = self.parameter_info.min, self.parameter_info.max
        fits = (least is None or value >= least) and (most is None or value <= most)
        return value if fits else None

    def _path(self, value: object) -> Path | None:
        info = self.parameter_info
        plain = not (info.exists or info.resolve_path or info.writable) and info.dir_okay
        if isinstance(value, str) and plain and os.access(value, os.R_OK):
            return Path(value)
        return None


def take_plainly(params: Iterable[Parameter]) -> None:
    """Have the words a command is called with taken as they are, where they are plain."""
    for param in params:
        if isinstance(param, TyperArgument | TyperOption):
            described = param.type_descriptor
            param._runtime_param = _Plainly(  # noqa: SLF001 - where typer keeps it; pinned
                parameter_info=described.parameter_info, annotation=described.annotation
            )
