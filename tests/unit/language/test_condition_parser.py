"""Reading conditions: the language, its precedence, its canonical text, and the table of typical mistakes."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from itertools import product

import pytest

from proctor.conditions import Comparison, parse
from proctor.errors import ConditionError
from proctor.language.habits import WORDS_INSTEAD
from proctor.language.mistakes import MISTAKES
from proctor.language.tree import Add, AllOf, AnyOf, Comparator, Multiply, Name, Negative, Number, Subtract, Variable

N, O, A, D = (Name(variable) for variable in Variable)  # noqa: E741 # the language's own letters
BROKEN = [pytest.param(mistake, example, id=example) for mistake in MISTAKES for example in mistake.examples]

ADVICE = sorted(
    code
    for code in {code for mistake in MISTAKES for code in re.findall(r"`([^`]* [<>] [^`]*)`", mistake.advice)}
    if not code.startswith(("n / o", "not"))  # the mistakes themselves, quoted
)


def number(text: str) -> Number:
    return Number(Decimal(text))


def is_answered(text: str) -> bool:
    """A tree, or an error that says what to do."""
    try:
        return bool(str(parse(text)))
    except ConditionError as error:
        return bool(error.hint)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("n - o > 0.02 +/- 0.01", "n - o > 0.02 +/- 0.01"),
        (r"n - 1.1 * o > 0.01 +/- 0.01 /\ d < 0.1 +/- 0.01", "n - 1.1 * o > 0.01 +/- 0.01 and d < 0.1 +/- 0.01"),
        ("n - o > 0.018 +/- 0.022", "n - o > 0.018 +/- 0.022"),
        ("n > 0.8 +/- 0.05", "n > 0.8 +/- 0.05"),
        ("o * 1.1 > n", "o * 1.1 > n"),
        ("n>=.8±.05", "n >= 0.8 +/- 0.05"),
        ("n ≥ 0.8 && d ≤ 0.1", "n >= 0.8 and d <= 0.1"),
        (r"n > 0.8 \/ d < 0.1", "n > 0.8 or d < 0.1"),
        ("n > 0.8 || d < 0.1 OR n > o", "n > 0.8 or d < 0.1 or n > o"),
        ("n > 0.8 AND d < 0.1 ∧ n > o", "n > 0.8 and d < 0.1 and n > o"),
        ("n − o > −1e-2 +/− 1E-2", "n - o > -0.01 +/- 0.01"),
        ("0.01 + n > o + 0.03 - 0.1", "0.01 + n > o + 0.03 - 0.1"),
        ("((n - o)) > (0.02)", "n - o > 0.02"),
        ("(n > 0.8)", "n > 0.8"),
        ("+n > +0.8 +/- +0.1", "n > 0.8 +/- 0.1"),
        ("n > 1e-20", "n > 1e-20"),
        ("n\n  > 0.80000", "n > 0.8"),
        ("n-(o-a)>0", "n - (o - a) > 0"),
        ("2*(n-o)>0.02", "2 * (n - o) > 0.02"),
    ],
)
def test_parse__canonical_text(text: str, canonical: str) -> None:
    """Every spelling is accepted, has one canonical text, and that text reads as the same tree."""
    tree = parse(text)

    assert canonical == str(tree)
    assert tree == parse(canonical)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("n - o - a > 0", Subtract(Subtract(N, O), A)),
        ("n - (o - a) > 0", Subtract(N, Subtract(O, A))),
        ("n - o + a > 0", Add(Subtract(N, O), A)),
        ("n - 1.1 * o > 0", Subtract(N, Multiply(number("1.1"), O))),
        ("o * 1.1 * 2 > 0", Multiply(Multiply(O, number("1.1")), number("2"))),
        ("-2 * n > 0", Negative(Multiply(number("2"), N))),
        ("n * -2 > 0", Multiply(N, Negative(number("2")))),
        ("-n + o > 0", Add(Negative(N), O)),
    ],
)
def test_parse__sums_associate_to_the_left(text: str, left: object) -> None:
    """`-` is left-associative, `*` binds tighter, and a leading sign takes the first product (defect 12)."""
    tree = parse(text)

    assert isinstance(tree, Comparison)
    assert left == tree.left


def test_parse__or_binds_looser_than_and() -> None:
    """Without parentheses AND is read first, on either side of OR."""
    one, two, three = (Comparison(name, Comparator.ABOVE, number("0.5")) for name in (N, O, D))

    assert AnyOf((one, AllOf((two, three)))) == parse("n > 0.5 or o > 0.5 and d > 0.5")
    assert AnyOf((AllOf((one, two)), three)) == parse("n > 0.5 and o > 0.5 or d > 0.5")
    assert AllOf((AnyOf((one, two)), three)) == parse("(n > 0.5 or o > 0.5) and d > 0.5")


def test_parse__positions_are_no_part_of_equality() -> None:
    """Two spellings of one condition are equal and have equal hashes."""
    assert parse("n>0.8") == parse("  n  >  .80")
    assert hash(parse("n>0.8")) == hash(parse("  n  >  .80"))


@pytest.mark.parametrize(("mistake", "example"), BROKEN)
def test_parse__teaches_typical_mistakes(mistake: object, example: str) -> None:
    """Every broken example of the table gets the message of its own row, a caret, and advice."""
    with pytest.raises(ConditionError) as caught:
        parse(example)

    first, line, caret = caught.value.message.split("\n")
    expected = re.sub(r"\\{\w+\\}", ".*", re.escape(mistake.message))  # type: ignore[attr-defined] # a row
    assert re.fullmatch(expected, first)
    assert line.strip() == example.strip()
    assert set(caret.strip()) == {"^"}
    assert caught.value.hint


def test_mistakes__table_is_large_and_has_no_twins() -> None:
    """At least twenty rows, and no example stands in two of them."""
    examples = [example for mistake in MISTAKES for example in mistake.examples]

    assert len(MISTAKES) >= 20
    assert len(examples) == len(set(examples))


@pytest.mark.parametrize("advice", ADVICE)
def test_mistakes__advice_can_be_followed(advice: str) -> None:
    """Every whole condition that an advice recommends is a condition."""
    parse(advice)


@pytest.mark.parametrize(
    ("text", "word", "suggestion"),
    [
        ("accuracy > 0.9", "accuracy", "`n`"),
        ("n - old > 0", "old", "`o`"),
        ("new > 0.8 and d < 0.1", "new", "`n`"),
        ("n - baselin > 0", "baselin", "`o`"),
        ("N > 0.8", "N", "`n`"),
        ("disagreements < 0.1", "disagreements", "`d`"),
        ("new_accuracy > 0.8", "new_accuracy", "`n`"),
        ("n > 0.8 an d < 0.1", "an", "`and`"),
        ("improvement > 0.02", "improvement", "`n - o`"),
        ("f1_new > 0.8", "f1_new", "`f1(n)`"),
        ("champion_recall > 0.8", "champion_recall", "`recall(o)`"),
    ],
)
def test_parse__unknown_name_with_suggestion(text: str, word: str, suggestion: str) -> None:
    """An unknown name is quoted, pointed at, and answered with the nearest name of the language."""
    with pytest.raises(ConditionError) as caught:
        parse(text)

    first, line, caret = caught.value.message.split("\n")
    assert first == f"unknown name `{word}`"
    assert line[caret.index("^") : caret.rindex("^") + 1] == word
    assert suggestion in caught.value.hint


def test_parse__unknown_name_without_suggestion() -> None:
    """A name that is like nothing gets the list of all names."""
    with pytest.raises(ConditionError, match="unknown name `xyzzy`") as caught:
        parse("xyzzy > 1")

    assert "n is the accuracy of the new model" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("n > 90%", "write 0.9 for 90 %"),
        ("n - o > -1.5 %", "write 0.015 for 1.5 %"),
        ("n > 0.8 +/- 3%", "write 0.03 for 3 %"),
        ("n - o > 5 ‰", "write 0.005 for 5 ‰"),
        ("n - o > 2 points", "write 0.02 for 2 points"),
        ("n - o > 2 percentage points", "write 0.02 for 2 points"),
        ("n - o > 25 bp", "write 0.0025 for 25 bp"),
        ("n > %", "write 0.02 for 2 %"),
    ],
)
def test_parse__units_are_answered_with_the_number(text: str, share: str) -> None:
    """A number with a unit is answered with the one that is meant."""
    with pytest.raises(ConditionError) as caught:
        parse(text)

    assert caught.value.hint.endswith(f"{share}.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n > inf", "`inf` is not a number"),
        ("n > NaN", "`NaN` is not a number"),
        ("n - o > 2 points", "`points` is not used here"),
        ("f1 > 0.8", "unknown name `f1`"),
        ("n on spam > 0.8", "a slice stands behind a comparison"),
        ("n > 1e400", "`1e400` is too large"),
        ("n > 1e-400", "`1e-400` is too large, too small"),
        ("n > 1e99999999999", "too large"),
        ("n > 0." + "1" * 400, "too long a number"),
        ("(" * 200 + "n" + ")" * 200, "there is no comparison"),
        (" + ".join(["n"] * 150) + " > 0", "nested more than 100 deep"),
        ("n" * 20_000, "20,000 characters long"),
        ("(n > 0.8) and (0.1)", "cannot stand here|there is no comparison|parenthes"),
    ],
)
def test_parse__other_refusals(text: str, message: str) -> None:
    """What cannot be read for other reasons is refused by name, never by a traceback."""
    with pytest.raises(ConditionError, match=message):
        parse(text)


def test_parse__points_into_the_right_line() -> None:
    """In a condition over several lines only the broken one is shown; control characters never reach the terminal."""
    with pytest.raises(ConditionError) as caught:
        parse("n > 0.8\n\tand \x1b[31m d = 0.1")

    assert "n > 0.8" not in caught.value.message
    assert "\x1b" not in caught.value.message
    assert caught.value.message.endswith(" and ?[31m d = 0.1\n" + " " * 9 + "^")


def test_parse__crops_long_lines() -> None:
    """A very long line is cropped around the spot, and the caret still stands under it."""
    with pytest.raises(ConditionError) as caught:
        parse(" and ".join(["n > 0.8"] * 40) + " and n = 0.8 and " + " and ".join(["n > 0.8"] * 40))

    _, line, caret = caught.value.message.split("\n")
    assert len(line) < 140
    assert line[caret.index("^")] == "="


def test_parse__any_word_anywhere_is_a_condition_error_or_a_condition() -> None:
    """All short sequences of words either parse or raise a ConditionError with a hint."""
    words = ["n", "0.1", ">", "+/-", "-", "*", "(", ")", "and", "or", "=", "%", "acc"]

    assert [] == [text for three in product(words, repeat=3) if not is_answered(text := f"n > {' '.join(three)}")]


def test_words_instead__lead_to_the_language() -> None:
    """Every replacement that is suggested is itself understood."""
    for replacement in WORDS_INSTEAD.values():
        parse(f"{replacement} > 0")


def test_import__is_light() -> None:
    """Importing the conditions loads neither lark nor numpy; parsing loads lark and still no numpy."""
    code = (
        "import sys, proctor.conditions as c; light = {'lark', 'numpy'} & set(sys.modules);"
        "c.parse('n > 0.8'); print(sorted(light), 'numpy' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[] False"
