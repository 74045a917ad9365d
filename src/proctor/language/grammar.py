"""
The grammar of conditions, read when the first one is: most commands import the conditions, few parse one.

After a change of grammar.lark, or for a new lark, the tables are to be made again:

    python -c "from proctor.language.grammar import write_tables; write_tables()"
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lark import Lark

GRAMMAR = Path(__file__).with_name("grammar.lark")
TABLES = Path(__file__).with_name("grammar.json")


@cache
def grammar() -> Lark:
    """
    The parser that lark makes of `grammar.lark`.

    To make it takes an eighth of a whole check, so its tables come with the package. Tables of another version of
    lark, or of another grammar, are as good as none.
    """
    from lark import Lark

    try:
        tables = json.loads(TABLES.read_bytes(), object_hook=_numbered)
    except FileNotFoundError:
        return built()
    return Lark.load(tables["parser"]) if tables["made_of"] == _origin() else built()


def built() -> Lark:
    """The same parser, made anew."""
    from lark import Lark

    # The basic lexer builds in half the time of the contextual one, and no two words of the language collide.
    return Lark.open(
        str(GRAMMAR),
        parser="lalr",
        lexer="basic",
        start=["condition", "mistake"],
        propagate_positions=True,
        maybe_placeholders=True,
    )


def write_tables() -> None:
    """Write what `grammar` reads."""
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    data, memo = built().memo_serialize([TerminalDef, Rule])
    TABLES.write_text(json.dumps({"made_of": _origin(), "parser": {"data": data, "memo": memo}}) + "\n")


def _origin() -> list[str]:
    from lark import __version__

    return [__version__, sha256(GRAMMAR.read_bytes()).hexdigest()]


def _numbered(table: dict[str, Any]) -> dict[str | int, Any]:
    # JSON knows names only, where lark numbers states and tokens.
    return {int(key) if key.isdecimal() else key: value for key, value in table.items()}
