"""
Reads what draws a page: operators and what they are given (ISO 32000-2, 7.8.2).

Unlike pyHanko's own reader it knows inline images and the quoting operators, which real pages
have. What the operators mean is `edge_node.notary.pdf.painted`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN: Final = re.compile(
    rb"""
    (?P<blank>[\s\0]+|%[^\r\n]*)
    |(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?=[\s\0()<>\[\]{}/%]|$))
    |(?P<name>/[^\s\0()<>\[\]{}/%]*)
    |(?P<string>\()
    |(?P<hex><[0-9A-Fa-f\s]*>)
    |(?P<mark><<|>>|[\[\]{}])
    |(?P<word>[^\s\0()<>\[\]{}/%]+)
    """,
    re.VERBOSE,
)
BRACKET: Final = re.compile(rb"[()\\]")
ESCAPED: Final = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
CONTROLS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
IMAGE_END: Final = re.compile(rb"[\s\0]EI(?=[\s\0]|$)")

Operand = float | bytes | str | list["Operand"]


class Undrawable(ValueError):
    """The operators of a page cannot be read."""


def operators(content: bytes) -> Iterator[tuple[str, list[Operand]]]:
    """
    Yield each operator with its operands: numbers, strings as bytes, names without their slash.

    An inline image is one operator, `EI`. Dictionaries come as lists. Raises `Undrawable`.
    """
    stack: list[list[Operand]] = [[]]
    at, size = 0, len(content)
    while at < size:
        found = TOKEN.match(content, at)
        if found is None:
            raise Undrawable(at)
        at = found.end()
        kind, text = found.lastgroup, found.group()
        if kind == "blank":
            continue
        if kind == "word":
            word = text.decode("latin-1")
            if word == "ID":
                at = _behind_image(content, at)
                word = "EI"
            elif word in {"true", "false", "null"}:
                stack[-1].append(word)
                continue
            yield word, stack[0]
            stack = [[]]
        elif kind == "mark":
            _nest(stack, text)
        elif kind == "string":
            text, at = _string(content, at)
            stack[-1].append(text)
        else:
            stack[-1].append(_value(kind, text))


def _value(kind: str | None, text: bytes) -> Operand:
    if kind == "number":
        return float(text)
    if kind == "name":
        return re.sub(rb"#([0-9A-Fa-f]{2})", _byte, text[1:]).decode("latin-1")
    digits = b"".join(text[1:-1].split())
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])


def _nest(stack: list[list[Operand]], mark: bytes) -> None:
    if mark in {b"[", b"<<", b"{"}:
        stack.append([])
    elif len(stack) > 1:
        inner = stack.pop()
        stack[-1].append(inner)


def _string(content: bytes, start: int) -> tuple[bytes, int]:
    """Return a literal string that begins behind its bracket, and where it ends."""
    depth, at = 1, start
    while depth:
        found = BRACKET.search(content, at)
        if found is None:
            raise Undrawable(start)
        at = found.end()
        if found.group() == b"\\":
            at += 1
        else:
            depth += 1 if found.group() == b"(" else -1
    return ESCAPED.sub(_unescaped, content[start : at - 1]), at


def _unescaped(found: re.Match[bytes]) -> bytes:
    text = found[1]
    if text.isdigit():
        return bytes([int(text, 8) & 0xFF])
    if text in {b"\r\n", b"\n", b"\r"}:
        return b""
    return CONTROLS.get(text, text)


def _behind_image(content: bytes, start: int) -> int:
    found = IMAGE_END.search(content, start)
    if found is None:
        raise Undrawable(start)
    return found.end()
