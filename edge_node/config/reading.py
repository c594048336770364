"""
Reads the configuration file: refuses it with all its problems, or returns one frozen Config.

Every problem names the file, the line and the key, says what was expected and what was found, and
never shows what might be a secret. Whether the folders and files named are there is not looked at.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from edge_node.config.kinds import Kind, Unfit
from edge_node.config.rules import Breach, breaches
from edge_node.config.sections import Config
from edge_node.config.shapes import Many, Section, Table
from edge_node.config.sheet import Items, NotPlain, Pairs, Scalar
from edge_node.domain.errors import ConfigError
from edge_node.domain.message import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from dataclasses import Field

    from edge_node.config.shapes import Shape
    from edge_node.config.sheet import Tree
    from edge_node.domain.message import Message

LARGEST: Final = 256 * 1024  # the example with all its comments has a tenth of it
_SHOWN: Final = 40  # letters of a value that is refused

_T = TypeVar("_T")


def load(path: Path) -> Config:
    """Return the configuration the file describes; ConfigError with every problem it has."""
    reading = _Reading(str(path), path.absolute().parent)
    reading.section(Config, _tree_of(path), "", 1)
    reading.derive()
    reading.compare()
    reading.demand_sound()
    return reading.built(Config, "")


def load_sheet(
    path: Path, of: type[_T], breaches_of: Callable[[Mapping[str, object]], Iterator[Breach]]
) -> _T:
    """Return what another file of ours describes, by a class of keys; ConfigError likewise."""
    reading = _Reading(str(path), path.absolute().parent)
    reading.section(of, _tree_of(path), "", 1)
    reading.compare(breaches_of)
    reading.demand_sound()
    return reading.built(of, "")


def _tree_of(path: Path) -> Tree | None:
    from edge_node.config.plain_yaml import tree_of  # noqa: PLC0415 - it loads the parser

    file = str(path)
    text = _text_of(path)
    try:
        return tree_of(text)
    except NotPlain as error:
        found = say("{file}:{line}: {reason}", file=file, line=error.line, reason=error.reason)
        raise ConfigError(
            say("{file} cannot be read as YAML", file=file),
            [found],
            hint=say("indent with spaces, and put quotes around a value that has a : or # in it"),
        ) from error


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        found = say("{file}: {reason}", file=str(path), reason=error.strerror or str(error))
        raise ConfigError(
            say("cannot read the configuration {file}", file=str(path)),
            [found],
            hint=say("name another: edge-node --config FILE; `edge-node init DIR` writes one"),
        ) from error
    if len(raw) > LARGEST:
        raise ConfigError(
            say("{file} is too large to be a configuration", file=str(path)),
            [say("{file}: more than {most} KB", file=str(path), most=LARGEST // 1024)],
        )
    try:
        return raw.decode("utf-8-sig")  # Notepad begins its files with a BOM
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            say("{file} is not written in UTF-8", file=str(path)),
            [say("{file}:{line}: a character that is not UTF-8", file=str(path), line=line)],
            hint=say("save it as UTF-8 in the editor"),
        ) from error


@dataclass(slots=True)
class _Reading:
    """What has been read of one file so far: values and lines by full key, and the problems."""

    file: str
    folder: Path
    values: dict[str, object] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[int, Message]] = field(default_factory=list)

    def section(self, of: type[Any], tree: Tree | None, prefix: str, line: int) -> bool:
        """Read the keys of one section; False when what stands there is none."""
        if tree is not None and not isinstance(tree, Pairs) and not _is_nothing(tree):
            self._unfit(prefix.rstrip("."), line, say("keys with values"), _form(tree))
            return False
        pairs = tree.pairs if isinstance(tree, Pairs) else ()
        given = dict(self._keys(of, pairs, prefix))
        for entry in fields(of):
            key = prefix + entry.name
            at, value = given.get(entry.name, (line, None))
            if entry.name in given:
                self.lines[key] = at
            self._entry(entry, key, at, value)
        return True

    def _keys(
        self, of: type[Any], pairs: tuple[tuple[Tree, Tree], ...], prefix: str
    ) -> Iterator[tuple[str, tuple[int, Tree]]]:
        known = {entry.name for entry in fields(of)}
        for name, line, value in self._named(pairs, prefix):
            if name in known:
                yield name, (line, value)
                continue
            near = _nearest(name, known, prefix)
            if near:
                self._problem(
                    line,
                    say(
                        "no such key {key}, the nearest is {near}",
                        key=_short(prefix + name),
                        near=near,
                    ),
                )
            else:
                self._problem(line, say("no such key {key}", key=_short(prefix + name)))

    def _named(
        self, pairs: tuple[tuple[Tree, Tree], ...], prefix: str
    ) -> Iterator[tuple[str, int, Tree]]:
        """Yield name, line and value of what stands there once; the rest are problems."""
        seen: dict[str, int] = {}
        for key, value in pairs:
            if not isinstance(key, Scalar):
                self._problem(key.line, say("expected a key, found {found}", found=_form(key)))
            elif key.text in seen:
                self._problem(
                    key.line,
                    say(
                        "{key} stands here a second time, after line {first}",
                        key=_short(prefix + key.text),
                        first=seen[key.text],
                    ),
                )
            else:
                seen[key.text] = key.line
                yield key.text, key.line, value

    def _entry(self, entry: Field[Any], key: str, line: int, tree: Tree | None) -> None:
        shape: Shape = entry.metadata["shape"]
        if isinstance(shape, Section):
            self.section(shape.of, tree, f"{key}.", line)
        elif tree is not None and not _is_nothing(tree):
            value = self._value(shape, key, line, tree)
            if value is not None:
                self.values[key] = value
        elif entry.default is not MISSING:
            self.values[key] = entry.default
        elif entry.default_factory is not MISSING:
            self.values[key] = entry.default_factory()
        elif not entry.metadata["derived"]:
            words = shape.expected if isinstance(shape, Kind) else say("a list")
            self._problem(
                line, say("{key}: missing, expected {expected}", key=key, expected=words)
            )

    def _value(self, shape: Shape, key: str, line: int, tree: Tree) -> object | None:
        """Return one value; None, and a problem, when it cannot be what it should."""
        if isinstance(shape, Many):
            return self._list(shape, key, line, tree)
        if isinstance(shape, Table):
            return self._table(shape, key, line, tree)
        if isinstance(shape, Section):
            whole = self.section(shape.of, tree, f"{key}.", line)
            return self._assembled(shape.of, key) if whole else None
        return self._scalar(shape, key, line, tree)

    def _scalar(self, kind: Kind, key: str, line: int, tree: Tree) -> object | None:
        if not isinstance(tree, Scalar):
            self._unfit(key, line, kind.expected, _form(tree))
            return None
        try:
            return kind.read(tree, self.folder)
        except Unfit as error:
            found = repr(_short(kind.show(tree.text)))
            self._unfit(key, line, error.expected or kind.expected, found)
            return None

    def _list(self, many: Many, key: str, line: int, tree: Tree) -> tuple[object, ...] | None:
        if not isinstance(tree, Items):
            self._unfit(key, line, say("a list"), _form(tree))
            return None
        items: list[object] = []
        for place, item in enumerate(tree.items):
            name = f"{key}[{place}]"
            self.lines[name] = item.line
            value = self._value(many.of, name, item.line, item)
            if value is not None:
                self.values[name] = value
                items.append(value)
        return tuple(items) if len(items) == len(tree.items) else None

    def _assembled(self, of: type[Any], key: str) -> object | None:
        whole = all(f"{key}.{entry.name}" in self.values for entry in fields(of))
        return self.built(of, f"{key}.") if whole else None

    def _table(self, table: Table, key: str, line: int, tree: Tree) -> Mapping[str, object] | None:
        if not isinstance(tree, Pairs):
            self._unfit(key, line, say("names with values"), _form(tree))
            return None
        rows = dict(table.over)
        for name, at, found in self._named(tree.pairs, f"{key}."):
            row = f"{key}.{_short(name)}"
            label = self._scalar(table.key, row, at, Scalar(name, "str", at))
            value = self._scalar(table.value, row, at, found)
            if isinstance(label, str) and value is not None:
                rows[label] = value
        return MappingProxyType(rows)

    def derive(self) -> None:
        """Fill in what follows from other keys where it was left out."""
        if (code := self.values.get("agency.code")) is not None:
            self.values.setdefault("axis.system_id", code)
        if (data := self.values.get("folders.data")) is not None:
            assert isinstance(data, Path)  # noqa: S101 - its kind is a path
            self.values.setdefault("folders.exchange", data / "exchange")
            self.values.setdefault("folders.backups", data / "backups")
            self.values.setdefault("folders.witness", data.with_name(f"{data.name}.witness"))

    def demand_sound(self) -> None:
        """ConfigError with every problem there is."""
        if self.problems:
            raise ConfigError(
                say("{file} cannot be used as it is", file=self.file),
                [problem for _, problem in sorted(self.problems, key=lambda found: found[0])],
                hint=say("config.example.yaml explains every key"),
            )

    def compare(self, of: Callable[[Mapping[str, object]], Iterator[Breach]] = breaches) -> None:
        """Look at what must hold between keys."""
        for breach in of(self.values):
            key = next((key for key in breach.keys if key in self.lines), breach.keys[0])
            words = say("{key}: {rule}", key=breach.keys[0], rule=breach.words)
            self._problem(self.lines.get(key, 1), words)

    def built(self, of: Callable[..., _T], prefix: str) -> _T:
        """Return the section with the values that have been read for it."""
        parts: dict[str, object] = {}
        for entry in fields(of):  # type: ignore[arg-type] # every section is a dataclass
            shape: Shape = entry.metadata["shape"]
            key = prefix + entry.name
            parts[entry.name] = (
                self.built(shape.of, f"{key}.") if isinstance(shape, Section) else self.values[key]
            )
        return of(**parts)

    def _unfit(self, key: str, line: int, expected: Message, found: Message | str) -> None:
        if not key:  # the file as a whole
            self._problem(
                line, say("expected {expected}, found {found}", expected=expected, found=found)
            )
            return
        self._problem(
            line,
            say(
                "{key}: expected {expected}, found {found}",
                key=key,
                expected=expected,
                found=found,
            ),
        )

    def _problem(self, line: int, words: Message) -> None:
        said = say("{file}:{line}: {problem}", file=self.file, line=line, problem=words)
        self.problems.append((line, said))


def _is_nothing(tree: Tree) -> bool:
    """Tell whether a key stands there without a value: as good as left out."""
    return isinstance(tree, Scalar) and tree.form == "null"


def _form(tree: Tree) -> Message:
    """Say what something is that may not even be shown."""
    if isinstance(tree, Items):
        return say("a list")
    if isinstance(tree, Pairs):
        return say("keys with values")
    return say("nothing") if _is_nothing(tree) else say("a single value")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _nearest(name: str, known: set[str], prefix: str) -> str:
    """Return the full key that was probably meant: a like one here, or the same one elsewhere."""
    if near := get_close_matches(name, sorted(known), 1):
        return prefix + near[0]
    for entry in fields(Config):
        shape: Shape = entry.metadata["shape"]
        if isinstance(shape, Section) and name in {inner.name for inner in fields(shape.of)}:
            return f"{entry.name}.{name}"
    return ""
