"""Slices in conditions: how they are written, what is asked by them, and what is said of wrong ones."""

from __future__ import annotations

import math

import pytest

from proctor.conditions import Slice, allocate, clauses, expanded, normalize, parse, question_of_text, restrict, slices
from proctor.errors import ConditionError
from proctor.language import Variable
from proctor.language.tree import Filter, Relation
from proctor.words import explain, in_words

MODES = ("fp-free", "fn-free")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("n>.8 on region='EU'", 'n > 0.8 on region == "EU"'),
        ("n > 0.8 +/- 0.05 on (region == 'EU')", 'n > 0.8 +/- 0.05 on region == "EU"'),
        ("n > 0.8 on x in [1, -2.50, 'a']", 'n > 0.8 on x in [1, -2.5, "a"]'),
        ("n > 0.8 on (age >= 18 && age ≤ 65)", "n > 0.8 on (age >= 18 and age <= 65)"),
        ("n > 0.8 on 'age group' <> 1", 'n > 0.8 on "age group" != 1'),
        ("""n > 0.8 on "in" == 'a "b"'""", """n > 0.8 on "in" == 'a "b"'"""),
        ("every region:n>.8 +/- 0.1 AND d < .1", "every region: n > 0.8 +/- 0.1 and d < 0.1"),
        ("d < 0.1 or every 'age group' : n > o", 'd < 0.1 or every "age group": n > o'),
        ("every x: n > 0.8 on (age < 30)", "every x: n > 0.8 on age < 30"),
        ("every x: n > 0.8 on (age < 30 and y == 1)", "every x: n > 0.8 on (age < 30 and y == 1)"),
        ("n > 0.8 on every == 1", "n > 0.8 on every == 1"),
        ("n > 0.8 on n == 1 and d < 0.1", "n > 0.8 on n == 1 and d < 0.1"),
        ("(n > 0.8 on x == 1 or n > o) and d < 0.1 on y < 2", "(n > 0.8 on x == 1 or n > o) and d < 0.1 on y < 2"),
    ],
)
def test_parse__canonical_text(text: str, canonical: str) -> None:
    """Every spelling has one canonical text, and that text reads as the same tree."""
    tree = parse(text)

    assert canonical == str(tree)
    assert tree == parse(canonical)
    assert canonical == str(normalize(tree))


def test_normalize__clauses_know_their_slices() -> None:
    """A clause has its slice, or none; a slice that is named twice is one."""
    formula = normalize(parse('n > 0.8 on x == 1 and o > 0.5 and d < 0.1 on x == 1 and n > o on x == "1"'))

    assert ["x == 1", "None", "x == 1", 'x == "1"'] == [str(clause.slice) for clause in clauses(formula)]
    assert ["x == 1", 'x == "1"'] == [str(slice_) for slice_ in slices(formula)]
    assert "n > 0.8 on x == 1" == str(restrict(formula, {Variable.N}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('error(n) < 0.1 on x == "a"', "0.9 < n +/- 0.02 on x in ['a']"),
        ("n > 0.9 on x == 1", 'n > 0.9 on x == " 1.0"'),
        ("n > 0.9 on x in [1, 2]", "n > 0.9 on x in [2, 1, 2]"),
        ("n > 0.9 on (x == 1 and y < 2)", "n > 0.9 on (y < 2.0 and x == 1)"),
    ],
)
def test_question__is_the_same(one: str, other: str) -> None:
    """What makes no other slice makes no other question."""
    assert question_of_text(one) == question_of_text(other)


def test_question__is_another_on_another_slice() -> None:
    """Column, relation and constants each make another question, and so does having no slice at all."""
    texts = [
        "",
        *(f" on {each}" for each in ("x == 1", "y == 1", "x == 2", "x != 1", "x <= 1", "x < 1", "x in [1, 2]")),
    ]

    assert len(texts) == len({question_of_text(f"n > 0.9{text}") for text in texts})


def test_question__without_a_slice_is_what_it_was() -> None:
    """Questions in old ledgers are recognized by the very text that they had."""
    assert "(1 d < 1/10 and 1 n -1 o > 1/50)" == question_of_text("n - o > 0.02 +/- 0.01 and d < 0.1")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("n > 0.8 on region == EU", "`EU` is text without quotation marks", 'Write `"EU"`.'),
        ('n > 0.8 on age < "x"', "`<` compares numbers", "`==`, `!=` or `in`"),
        ("n > 0.8 on x == 1 and age < 30", "unknown name `age`", "stand in parentheses"),
        ('n > 0.8 on x == 1 and lang == "de"', "joined in parentheses", "stand in parentheses"),
        ('n > 0.8 on x == 1 /\\ lang in ["de"]', "joined in parentheses", "stand in parentheses"),
        ("n > 0.8 on x == 1 and n = 0.8", "`=` does not compare", "Write `>` or `<`"),
        ('n > 0.8 where region == "EU"', "`where` opens no slice", "stands behind its comparison"),
        ("every region n > 0.8", "`every` opens no slice", "`every region: n > 0.8`"),
        ("n > 0.8 for each region", "`for` opens no slice", "`every region: n > 0.8`"),
        ("n > 0.8 on x == 'a\x1b[2J'", "nothing that cannot be printed", "Leave it out."),
        ('n > 0.8 on "`x`" == 1', "no backticks", "Leave it out."),
        ('f1(n, "\u202e") > 0.8', "nothing that cannot be printed", "Leave it out."),
        ("n > 0.8 on x == 1e999", "too large", "0 to 1"),
    ],
)
def test_parse__wrong_slices_are_answered(text: str, message: str, hint: str) -> None:
    """Each mistake is named, with what to write instead."""
    with pytest.raises(ConditionError) as caught:
        parse(text)

    assert message in caught.value.message.split("\n")[0]
    assert hint in caught.value.hint


def test_words__say_which_examples() -> None:
    """A clause on a slice says on which examples, in plain words."""
    text = 'n > 0.8 on (region in ["EU", "UK"] and age >= 18) and d < 0.1'

    assert (
        "new is right on more than 80 % of examples where region is one of EU, UK and age is at least 18, "
        "and at most 10 % of predictions change"
    ) == in_words(normalize(parse(text)))
    assert "is judged on the examples of that slice alone" in " ".join(explain(text).asks)


def groups_of(asked: Slice) -> tuple[Slice, ...]:
    """Three regions, and one age."""
    values = ("EU", "UK", "US") if asked.every == "region" else ("old",)
    return tuple(Slice((*asked.filters, Filter(asked.every or "", Relation.EQUAL, (value,)))) for value in values)


def test_expanded__has_a_clause_for_each_value() -> None:
    """In place of the clause about every value, numbered anew, and read from its text as from any other."""
    formula = expanded(normalize(parse("every region: n > 0.8 on x < 2 and d < 0.1 and every age: n > o")), groups_of)

    assert [
        'n > 0.8 on (x < 2 and region == "EU")',
        'n > 0.8 on (x < 2 and region == "UK")',
        'n > 0.8 on (x < 2 and region == "US")',
        "d < 0.1",
        'n > o on age == "old"',
    ] == [clause.text for clause in clauses(formula)]
    assert formula == normalize(parse(str(formula)))


def test_expanded__each_value_at_the_full_level_where_all_must_hold() -> None:
    """In fp-free the level is handed on whole (theory.md §2); in fn-free, and beside an OR, it is divided."""
    formula = normalize(parse("every region: n > 0.8"))
    shares = {mode: [each.log_share for each in allocate(expanded(formula, groups_of), mode)] for mode in MODES}
    assert {"fp-free": [0.0] * 3, "fn-free": [-math.log(3)] * 3} == shares
    either = allocate(expanded(normalize(parse("d < 0.1 or every region: n > 0.8")), groups_of), "fp-free")
    assert [-math.log(2)] * 4 == [each.log_share for each in either]


def test_words__say_every() -> None:
    """Plain words, and what becomes of values with few examples."""
    formula = normalize(parse("every region: n > 0.8 on age < 30"))
    told = "for every region, new is right on more than 80 % of examples where age is below 30"
    assert told == in_words(formula)
    asks = explain("every region: n > 0.8", "fp-free").asks
    assert any("a clause for each value that region has" in line for line in asks)
    assert 'every "region"' in question_of_text("every region: n > 0.8")
    assert question_of_text("every region: n > 0.8") != question_of_text("every area: n > 0.8")
