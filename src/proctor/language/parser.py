"""
Text to syntax tree, and a lesson where the text is broken.

The only module that knows lark, and it loads lark at the first call: most commands import the conditions,
few parse one. What a tree means is none of its business (:mod:`.clauses`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

from proctor.errors import ConditionError
from proctor.language.grammar import grammar
from proctor.language.lessons import lesson, unknown
from proctor.language.place import Place
from proctor.language.tree import (
    Add,
    AllOf,
    AnyOf,
    Argument,
    Call,
    Comparator,
    Comparison,
    Condition,
    Expression,
    Filter,
    Multiply,
    Name,
    Negative,
    Number,
    Relation,
    Slice,
    Subtract,
    Text,
    Variable,
    Word,
)

if TYPE_CHECKING:
    from lark import Token, Tree

    Branch = Tree[Token]

LONGEST = 10_000
"""Most characters of a condition; nobody reads a longer one."""

DEEPEST = 100
"""Deepest nesting of a condition."""

_LARGEST_EXPONENT = 300
_LETTERS = frozenset(variable.value for variable in Variable)
_OPERATIONS: dict[str, type[Add | Subtract | Multiply]] = {"add": Add, "subtract": Subtract, "multiply": Multiply}
_RELATIONS = {
    "=": Relation.EQUAL,
    "!==": Relation.NOT_EQUAL,
    "<>": Relation.NOT_EQUAL,
    "≠": Relation.NOT_EQUAL,
    "≥": Relation.AT_LEAST,
    "≤": Relation.AT_MOST,
}
_COMPARATORS = {"≥": Comparator.AT_LEAST, "≤": Comparator.AT_MOST}


def parse(text: str) -> Condition:
    r"""
    Read a condition.

    Args:
        text: The condition as a person writes it, such as ``n - o > 0.02 +/- 0.01 and d < 0.1``.

    Returns:
        The syntax tree; ``parse(str(tree)) == tree``.

    Raises:
        ConditionError: If *text* is not a condition, with a caret under the spot and what to write instead.

    Example:
        >>> str(parse(r"(n-o) > 2e-2 ± .010 /\ d<=0.1"))
        'n - o > 0.02 +/- 0.01 and d <= 0.1'
    """
    from lark import UnexpectedToken

    if len(text) > LONGEST:
        raise ConditionError(f"the condition is {len(text):,} characters long", f"Write at most {LONGEST:,}.")
    try:
        branch = grammar().parse(text, start="condition")
    except UnexpectedToken as failure:
        raise lesson(text, failure) from None
    if _depth(branch) > DEEPEST:
        raise ConditionError(f"the condition is nested more than {DEEPEST} deep", "Write it as a shorter sum.")
    return _condition(branch, text)


def _depth(branch: Branch) -> int:
    from lark import Tree

    level, depth = [branch], 0
    while level:
        level = [child for parent in level for child in parent.children if isinstance(child, Tree)]
        depth += 1
    return depth


# --- from lark's tree to ours ----------------------------------------------------------------------------------------


def _condition(branch: Branch, text: str) -> Condition:
    match branch.data:
        case "any_of":
            return AnyOf(tuple(_condition(part, text) for part in _branches(branch)))
        case "all_of":
            return AllOf(tuple(_condition(part, text) for part in _branches(branch)))
        case _:
            return _comparison(branch, text)


def _comparison(branch: Branch, text: str) -> Comparison:
    every: str | None = None
    if branch.data == "every":
        column, *branch.children = branch.children
        every = _column(cast("Branch", column), text)
    left, comparator, right, tolerance, slice_ = cast(
        "tuple[Branch, Token, Branch, Branch | None, Branch | None]", branch.children
    )
    return Comparison(
        _expression(left, text),
        _COMPARATORS.get(str(comparator)) or Comparator(str(comparator)),
        _expression(right, text),
        None if tolerance is None else _tolerance(tolerance, text),
        None if slice_ is None and every is None else _slice(slice_, every, text),
        place=_place(branch, text),
    )


def _tolerance(branch: Branch, text: str) -> Decimal:
    size = _decimal(cast("Token", branch.children[0]), _place(branch, text))
    return -size if branch.data == "negative_tolerance" else size


def _slice(branch: Branch | None, every: str | None, text: str) -> Slice:
    if branch is None:
        return Slice((), every)
    return Slice(tuple(_filter(part, text) for part in _branches(branch)), every, place=_place(branch, text))


def _column(branch: Branch, text: str) -> str:
    token = cast("Token", branch.children[0])
    return _unquoted(token, _place(branch, text)) if branch.data == "text" else str(token)


def _filter(branch: Branch, text: str) -> Filter:
    place = _place(branch, text)
    if branch.data == "membership":
        column, *given = _branches(branch)
        relation = Relation.ONE_OF
    else:
        column, sign, *given = cast("tuple[Branch, Token, Branch]", branch.children)
        relation = _RELATIONS.get(str(sign)) or Relation(str(sign))
    constants = tuple(_constant(part, text) for part in given)
    if relation.is_of_numbers and not isinstance(constants[0], Decimal):
        raise place.error(f"`{relation}` compares numbers", "Text is compared by `==`, `!=` or `in`.")
    return Filter(_column(column, text), relation, constants, place=place)


def _constant(branch: Branch, text: str) -> str | Decimal:
    place, token = _place(branch, text), cast("Token", branch.children[0])
    match branch.data:
        case "word":
            raise place.error(f"`{token}` is text without quotation marks", f'Write `"{token}"`.')
        case "text":
            return _unquoted(token, place)
        case sign:
            return -_decimal(token, place) if sign == "negative" else _decimal(token, place)


def _expression(branch: Branch, text: str) -> Expression:
    place = _place(branch, text)
    match branch.data:
        case "number":
            return Number(_decimal(cast("Token", branch.children[0]), place), place=place)
        case "name":
            return Name(_variable(str(branch.children[0]), place), place=place)
        case "call":
            return _call(branch, text)
        case "negative":
            return Negative(_expression(_branches(branch)[0], text), place=place)
        case _:
            left, right = (_expression(side, text) for side in _branches(branch))
            return _OPERATIONS[branch.data](left, right, place=place)


def _call(branch: Branch, text: str) -> Call:
    name, given = cast("tuple[Token, Branch]", branch.children)
    arguments: list[Argument] = []
    options: dict[str, Argument] = {}
    for part in _branches(given):
        place = _place(part, text)
        if part.data != "option":
            if options:
                raise place.error(
                    f"`{place.quoted}` stands behind an option", "Write what has a name last: `by=group`."
                )
            arguments.append(_argument(part, text))
            continue
        key, _, value = cast("tuple[Token, Token, Branch]", part.children)
        if key in options:
            raise place.error(f"`{key}` is given twice", "Give it once.")
        options[str(key)] = _argument(value, text)
    return Call(str(name), tuple(arguments), tuple(options.items()), place=_place(branch, text))


def _argument(branch: Branch, text: str) -> Argument:
    place, token = _place(branch, text), cast("Token", branch.children[0])
    match branch.data:
        case "number":
            return Number(_decimal(token, place), place=place)
        case "negative_number":
            return Number(-_decimal(token, place), place=place)
        case "text":
            return Text(_unquoted(token, place), place=place)
        case _:
            return Name(Variable(token), place=place) if token in _LETTERS else Word(str(token), place=place)


def _unquoted(token: Token, place: Place) -> str:
    """Text between quotation marks; it is shown to others, and may not steer a terminal or end a quotation of ours."""
    text = str(token[1:-1])
    if text.isprintable() and "`" not in text:
        return text
    raise place.error("text in a condition has no backticks and nothing that cannot be printed", "Leave it out.")


def _branches(branch: Branch) -> list[Branch]:
    return cast("list[Branch]", branch.children)


def _place(branch: Branch, text: str) -> Place:
    return Place(text, branch.meta.start_pos, branch.meta.end_pos)


def _decimal(token: Token, place: Place) -> Decimal:
    mantissa, _, exponent = token.lower().partition("e")
    # The exponent is looked at first: an exact fraction of 1e999999999 would fill the memory.
    if len(exponent) > len("-0300") or abs(int(exponent or 0)) > _LARGEST_EXPONENT or len(mantissa) > _LARGEST_EXPONENT:
        raise place.error(f"`{token}` is too large, too small or too long a number", "Accuracies run from 0 to 1.")
    return Decimal(str(token))


def _variable(word: str, place: Place) -> Variable:
    if word in _LETTERS:
        return Variable(word)
    raise unknown(word, place)
