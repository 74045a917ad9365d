"""The grammar of conditions, read when the first one is: most commands import the conditions, few parse one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark


@cache
def grammar() -> Lark:
    """The parser that lark makes of `grammar.lark`."""
    from lark import Lark

    # The basic lexer builds in half the time of the contextual one, and no two words of the language collide.
    return Lark.open(
        "grammar.lark",
        rel_to=__file__,
        parser="lalr",
        lexer="basic",
        start=["condition", "mistake"],
        propagate_positions=True,
        maybe_placeholders=True,
    )
