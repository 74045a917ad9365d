"""
One spelling for each class and each id, whatever program wrote the file.

White space, the composition of accents and the spelling of true and false change with the tool that saves a table.
Two spellings that mean the same class would otherwise be two classes, and a model would be wrong (or the old one, in
the new one's favor) for nothing but its writer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u2060"))  # byte-order mark, space and joiner of no width
_TRUTHS = {"true": str(True), "false": str(False)}
_LONGEST_NUMBER = 20
"""Digits of 2**63 and a sign; Python refuses to read numbers of thousands of digits."""


def class_name(text: str) -> str:
    """
    The one spelling of a class: composed accents, single blanks, nothing invisible, ``True`` and ``False``.

    Example:
        >>> class_name("  ice\\u00a0cream\\n"), class_name("TRUE")
        ('ice cream', 'True')
    """
    plain = text if text.isascii() else unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    plain = " ".join(plain.split())
    return _TRUTHS.get(plain.lower(), plain)


def class_in(text: str) -> int | str:
    """The class that *text*, spelled as `class_name` does, names: a whole number, or itself."""
    meaning = written_class(text)
    return meaning if isinstance(meaning, int) else text


def written_class(text: str) -> int | str | float | None:
    """The same where numbers are written as text: ``None`` for an empty cell, a float for what is no class."""
    if not text:
        return None
    # "007" and "1_000" are names, not numbers; "1.0" is what other tools write for 1.
    if not text.removeprefix("-")[:1].isdecimal() or "_" in text or not text.isascii() or _is_padded(text):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if text.removeprefix("-").isdecimal():
        return int(text) if len(text) <= _LONGEST_NUMBER else number
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _is_padded(text: str) -> bool:
    digits = text.removeprefix("-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdecimal()


def is_nan(name: object) -> bool:
    """True for the text by which many programs mark a value that is not there."""
    return isinstance(name, str) and name.lower() in {"nan", "+nan", "-nan"}


def can_be_kept(text: str) -> bool:
    """False for halves of characters, and for what NumPy would drop at the end of a text."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


def example_ids(texts: Iterable[str]) -> list[str]:
    """
    The one spelling of each id: composed accents, one kind of line end, no blanks around it.

    That is how the identity of examples reads text, so no fingerprint depends on it.
    """
    return [text if text.isascii() and "\r" not in text else _composed(text) for text in map(str.strip, texts)]


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()


def shown(name: str, most: int = 40) -> str:
    """A *name* for a message, cut short; with escaped code points where something in it cannot be seen."""
    short = name[:most]
    return short if short.isprintable() else ascii(short)


def look(name: str) -> str:
    """A key that names share if a person could take one for the other: case, width, blanks, zeros before a number."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKC", name).casefold()
        if not letter.isspace() and unicodedata.category(letter) not in {"Cf", "Cc"}
    )
    number = plain.removesuffix(".0").lstrip("0")
    return number if number.isdecimal() else plain
