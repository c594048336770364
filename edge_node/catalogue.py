"""
Sentences in the reader's language: Vietnamese from `edge_node/locale`, or English as written.

A sentence without a translation is said in English, and so is one whose translation names a place
the sentence does not have: what a person needs to know is never lost to a slip in a catalogue.
What is said, and to whom, is decided elsewhere.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_node.domain.language import Language
from edge_node.domain.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from gettext import NullTranslations

__all__ = ["Language", "here", "language_of", "tell"]

_FOLDER: Final = Path(__file__).parent / "locale"
_BROKEN: Final = (KeyError, IndexError, ValueError, AttributeError, TypeError)

# The order POSIX gives them; ours comes first, for a service whose locale is the machine's.
_POSIX: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


def tell(message: Message, language: Language) -> str:
    """Return the sentence in that language, with what stands in its places told likewise."""
    if not message.values:
        return _translated(message.template, language)
    values = {
        name: tell(value, language) if isinstance(value, Message) else value
        for name, value in message.values.items()
    }
    try:
        return _translated(message.template, language).format_map(values)
    except _BROKEN:  # the translation's fault: the English sentence and its values belong together
        return message.template.format_map(values)


def here(text: str) -> str:
    """Return a plain text, such as the help of a command, in the language of the environment."""
    return _translated(text, language_of(os.environ))


def language_of(environ: Mapping[str, str]) -> Language:
    """Return the language an environment asks for: EDGE_NODE_LANG, then the usual variables."""
    own = _language(environ.get("EDGE_NODE_LANG", ""))
    if own is not None:
        return own
    asked = next((environ[name] for name in _POSIX if environ.get(name)), "")
    return _language(asked) or Language.EN


def _language(locale: str) -> Language | None:
    code = locale.partition(".")[0].partition("_")[0].partition("-")[0].lower()
    return next((language for language in Language if language == code), None)


def _translated(text: str, language: Language) -> str:
    if language is Language.EN or not text:  # the empty text is the key of a catalogue's header
        return text
    return _catalogue(language).gettext(text)


@cache
def _catalogue(language: Language) -> NullTranslations:
    from gettext import translation  # noqa: PLC0415 - English readers never need it

    return translation("edge_node", _FOLDER, languages=[language], fallback=True)
