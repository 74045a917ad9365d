"""
Typical mistakes in conditions: what to say, and broken examples that call for it.

The table is used twice. The parser compares the state in which the user's text failed with the states in which
the examples fail, and says what the row says; the tests run every example and expect its own row.
A new message costs one row, and the row is its test.
"""

from __future__ import annotations

from typing import NamedTuple


class Mistake(NamedTuple):
    """
    One row of the table.

    Attributes:
        message: What is wrong; ``{word}`` stands for the word at which reading stopped, ``{before}`` for the one in
            front of it, and ``{share}`` for a number with a unit as it is written here.
        advice: What to write instead.
        examples: Broken conditions that end in exactly this mistake.
    """

    message: str
    advice: str
    examples: tuple[str, ...]


MISTAKES = (
    Mistake(
        "the condition is empty",
        "Write for example `n - o > 0.02 +/- 0.01`: the new model is better than the old one by more than 2 points.",
        ("", "  "),
    ),
    Mistake(
        "`{word}` does not compare: no model has exactly a given accuracy",
        "Write `>` or `<`, for example `n - o > 0.02`.",
        ("n = 0.8", "n - o == 0.02", "n - 0.1 = 0", "(n - o) = 0.02", "n is 0.8"),
    ),
    Mistake(
        "`{word}` cannot be shown: two models never have exactly the same accuracy",
        "Write `n > o or n < o` for either direction, or the one direction that you mean.",
        ("n != o", "n <> o", "n - o ≠ 0"),
    ),
    Mistake(
        "`{word}` is not a comparison",
        "The equals sign comes second: write `>=` or `<=`.",
        ("n => 0.8", "d =< 0.1", "n - 0.1 => 0.8"),
    ),
    Mistake(
        "the number of the tolerance is missing",
        "Write a plain number behind it, as in `n > 0.8 +/- 0.05`, or leave the tolerance out.",
        ("n > 0.8 +/-", "n - o > 0 +/- and d < 0.1", "(n > 0.8 +/-)", "n > 0.8 +/- -", "n > 0.8 +/- or d < 0.1"),
    ),
    Mistake(
        "a tolerance is a plain number, not a formula",
        "Work it out and write the number, as in `n > 0.8 +/- 0.05`.",
        ("n > 0.8 +/- d", "n > 0.8 +/- (0.05)", "n > 0.8 +/- 0.05 * 2", "n > 0.8 +/- 0.05 - 0.01", "n > 0 +/- 0.1 + 1"),
    ),
    Mistake(
        "the tolerance stands at the end of a comparison, once",
        "Write it once, behind the threshold: `n - o > 0.02 +/- 0.01`.",
        ("n +/- 0.01 > 0.8", "0.8 +/- 0.01 < n", "n > 0.8 +/- 0.01 +/- 0.02", "(n - o) +/- 0.01 > 0"),
    ),
    Mistake(
        "the tolerance stands behind a comparison, not behind parentheses that hold one",
        "Move it inside the parentheses, to the clause that it belongs to.",
        ("(n > 0.8) +/- 0.05",),
    ),
    Mistake(
        "`{word}` is neither a sum nor a tolerance",
        "Write the tolerance as `+/-` or `±`, a difference as `n - o`.",
        ("n > 0.8 +- 0.05", "n > 0.8 -/+ 0.05", "n > 0.8 +/ 0.05", "n +- o > 0"),
    ),
    Mistake(
        "two signs in a row",
        "Write the tolerance as `+/-`, a difference as `n - o`; a second sign needs parentheses.",
        (
            "n > 0.8 + - 0.05",
            "n - + o > 0",
            "n - - o > 0",
            "- - n > 0.1",
            "n > - + 0.1",
            "n + + o > 1",
            "n * - - 2 > 1",
        ),
    ),
    Mistake(
        "a parenthesis is not closed",
        "Write one `)` for every `(`.",
        (
            "(n > 0.8",
            "(n - o > 0.02 +/- 0.01",
            "((n > 0.8)",
            "(n > 0.8 and d < 0.1",
            "(n > 0.8 or d < 0.1",
            "n > 2 * (o - 0.1",
        ),
    ),
    Mistake(
        "a parenthesis is closed that was not opened",
        "Write one `(` for every `)`.",
        ("n > 0.8)", "(n > 0.8))", "n > 0.8 +/- 0.05)", "n > 0.8 and d < 0.1)", "n > o)", "n > (o))"),
    ),
    Mistake(
        "the parentheses hold nothing",
        "Put a comparison or a sum between them, or leave them out.",
        ("()", "n > ()", "n > 0.8 and ()", "2 * () > 1", "n + () > 1", "-() > 1"),
    ),
    Mistake(
        "per cent are not used here",
        "Accuracies run from 0 to 1: write {share}.",
        ("n - o > 2%", "n > 80 %", "n > 0.8 +/- 2%", "d < 10% and n > 0.8"),
    ),
    Mistake(
        "a comma cannot stand here",
        "Numbers have a decimal point (write 0.02); clauses are joined by `and`.",
        ("n > 0,02", "n > 0.8, d < 0.1", "n > 0.8 +/- 0,05", "(n > 0.8), d < 0.1"),
    ),
    Mistake(
        "`{word}` is not a number",
        "Numbers look like 0.02, .5, 3 or 1e-3.",
        ("n > 1.2.3", "n > 1e", "n > 0.8 +/- 1e-", "1_000 * n > 1", "n > 0x10"),
    ),
    Mistake(
        "a comparison has two sides, not three",
        "Join two comparisons by `and`: `n > 0.5 and n < 0.9`.",
        ("0 < n < 1", "0 < n - o < 0.1", "0.1 < 2 * n <= 1", "0 < (n - o) < 1", "n > 0.8 +/- 0.1 > 0.2"),
    ),
    Mistake(
        "two comparisons need a word between them",
        "Write `and` or `or` (also `/\\` and `\\/`) between clauses.",
        (
            "n > 0.8 d < 0.1",
            "n - o > 0.02 +/- 0.01 d < 0.1",
            "(n > 0.8) (d < 0.1)",
            "(n > 0.8) d < 0.1",
            "n > o d < 0.1",
            "n > 0.8 +/- 0.1 (d < 0.1)",
            "n > 0.8 and d < 0.1 (n > o)",
            "n > (0.8) d < 0.1",
            "(n > 0.8) 0.1 > d",
        ),
    ),
    Mistake(
        "two values stand side by side",
        "Write the operation: `2 * n` for a multiple, `n - o` for a difference.",
        (
            "2 n > 1",
            "n 2 > 1",
            "n o > 0.1",
            "2(n - o) > 0.1",
            "(n - o) 2 > 0.1",
            "(n - o) (n - a) > 0",
            "(n - o) d > 0.1",
            "n > 0.5 0.8",
            "n > o 0.8",
            "n > 0.8 +/- 0.1 0.2",
        ),
    ),
    Mistake(
        "there is no comparison",
        "Say what the value is compared with: `n - o > 0`.",
        (
            "n",
            "n - o",
            "0.8",
            "n and d < 0.1",
            "(n - o)",
            "(n - o) and d < 0.1",
            "2 * n",
            "n - o or n > 0.8",
            "every region: n",
            "0.8 and n > 1",
        ),
    ),
    Mistake(
        "something is missing behind `{before}`",
        "Write a number or one of n, o, a, d there.",
        (
            "n >",
            "n - > 0.1",
            "n * > 0.1",
            "n > and d < 0.1",
            "n > or d < 0.1",
            "n > +/- 0.1",
            "n -",
            "n > 0.8 +",
            "n > - ",
            "2 *",
            "(n - ) > 0.2",
            "(n > )",
            "n + and d < 0.1",
            "n > 2 * +/- 0.1",
            "(n > 0.8 - )",
            "n - * o > 1",
            "n * * o > 1",
            "n > * 2",
            "n > - and d < 0.1",
            "n > >",
            "n + > 1",
        ),
    ),
    Mistake(
        "something is missing in front of `{word}`",
        "Write a number or one of n, o, a, d there.",
        ("> 0.8", "* n > 0.8", "+/- 0.1", "d < 0.1 and > 0.8", "(> 0.8)", "d < 0.1 or * 2 > 1"),
    ),
    Mistake(
        "a clause is missing behind `{before}`",
        "Write a comparison there, or take the word away.",
        (
            "n > 0.8 and",
            "n > 0.8 or",
            "n > 0.8 and and d < 0.1",
            "n > 0.8 or or d < 0.1",
            "(n > 0.8 or )",
            "n > 0.8 and or d < 1",
        ),
    ),
    Mistake(
        "a clause is missing in front of `{word}`",
        "Write a comparison there, or take the word away.",
        ("and n > 0.8", "or n > 0.8", "(and n > 0.8)"),
    ),
    Mistake(
        "`and` and `or` join comparisons, not numbers",
        "Write every comparison in full: `n > 0.8 and o > 0.8`.",
        ("(n and o) > 0.8", "(n or o) > 0.8"),
    ),
    Mistake(
        "parentheses that hold a comparison have no value",
        "Compare sums only, and join comparisons by `and` or `or`.",
        ("(n > 0.8) > 0.1", "(n > 0.8) * 2 > 0.1", "(n > 0.8) - 0.1 > 0", "(n > 0.8) + 0.1 > 0", "n - (o > 0.1)"),
    ),
    Mistake(
        "there is no `not`",
        "Turn the comparison round: instead of `not n < 0.8` write `n > 0.8`.",
        ("not n > 0.8", "d < 0.1 and not (n > 0.8)", "!(n > 0.8)", "n > 0.8 and ! d > 0.1"),
    ),
    Mistake(
        "a single `|` means nothing here",
        "Write `or` (also `||` and `\\/`); for an absolute value two clauses: `n - o < 0.02 and n - o > -0.02`.",
        ("n > 0.8 | d < 0.1", "|n - o| < 0.02", "n > 0.8 +/- 0.1 | d < 0.1"),
    ),
    Mistake(
        "there are no absolute values",
        "Write both sides: `n - o < 0.02 and n - o > -0.02`.",
        ("abs(n - o) < 0.02", "d < 0.1 and abs(n - o) < 0.1"),
    ),
    Mistake(
        "a single `&` means nothing here",
        "Write `and` (also `&&` and `/\\`).",
        ("n > 0.8 & d < 0.1", "n > 0.8 +/- 0.1 & d < 0.1"),
    ),
    Mistake(
        "a single `\\` means nothing here",
        "Write `and` (also `/\\`) or `or` (also `\\/`).",
        ("n > 0.8 \\ d < 0.1", "n > 0.8 +/- 0.1 \\ d < 0.1"),
    ),
    Mistake(
        "there is no division",
        "Multiply instead: for `n / o > 1.02` write `n - 1.02 * o > 0`, for `n / 2` write `0.5 * n`.",
        ("n / o > 1.02", "n / 2 > 0.4", "(n - o) / o > 0.02", "n > 1/3"),
    ),
    Mistake(
        "there are no powers",
        "Conditions are linear: numbers times n, o, a and d, added up.",
        ("n ** 2 > 0.5", "n ^ 2 > 0.5", "n > 0.5 ^ 2", "(n - o) ^ 2 > 0.1"),
    ),
    Mistake(
        "`{word}` is not used for products",
        "Write `*`: `n - 1.1 * o > 0`.",
        ("n - 1.1 × o > 0", "2 · n > 1", "o × 1.1 > 1"),
    ),
    Mistake(
        "a metric is of one model, not of a sum",
        "Write the sum outside: `error(n) - error(o) < 0.01`.",
        ("error(n - o) < 0.1", "error(n + o) < 1", "error(2 * n) < 1"),
    ),
    Mistake(
        "a metric is named without parentheses inside of another call",
        'Write for example `gap(recall, n, "spam", by=region) < 0.05`.',
        ('gap(recall(n, "spam"), by=region) < 0.05', "gap(accuracy(n), by=region) < 0.05", "error(error(n)) < 0.1"),
    ),
    Mistake(
        "a metric stands in front of its model",
        'Write for example `f1(n, "spam") > 0.8`, with the model in parentheses.',
        ("n.f1 > 0.8", "n > o.f1", "n - o.f1 > 0", 'f1(n, "spam").mean > 0.8'),
    ),
    Mistake(
        "a metric needs its model",
        "Name it in the parentheses: `error(n) < 0.1`.",
        ("error() < 0.1", "error(n,) < 0.1", "error(, n) < 0.1"),
    ),
    Mistake(
        "`{word}` opens no slice",
        'A slice stands behind its comparison: `n > 0.8 on lang == "de"`.',
        ("n[lang=de] > 0.8", "n@spam > 0.8", "n {de} > 0.8", "n > 0.8 [de]", "n:de > 0.8"),
    ),
    Mistake(
        "`every` opens a clause",
        "Write for example `every region: n > 0.8`, with nothing in front, or `and` between clauses.",
        ("for every region: n > 0.8", "n > 0.8 every region: d < 0.1", "n > 0.8 on every region: d < 0.1"),
    ),
    Mistake(
        "a slice stands behind a comparison",
        'Write for example `n > 0.8 on lang == "de"`.',
        ('n on lang == "de" > 0.8', "n - o on x == 1 > 0", "on x == 1 n > 0.8", "n > on x == 1"),
    ),
    Mistake(
        "a slice compares a column with a constant",
        'Write for example `n > 0.8 on lang == "de"`, or `on lang in ["de", "fr"]`.',
        (
            "n > 0.8 on",
            "n > 0.8 on lang",
            "n > 0.8 on lang ==",
            "n > 0.8 on (lang) == 1",
            "n > 0.8 on == 1",
            "n > 0.8 on x is 1",
        ),
    ),
    Mistake(
        "the name of a column with other signs than letters, digits and `_` stands in quotation marks",
        'Write for example `n > 0.8 on "age-group" == "old"`.',
        ("n > 0.8 on age-group == 1", "n > 0.8 on region.x == 1", "n > 0.8 on (x == 1 and age-group == 1)"),
    ),
    Mistake(
        "a quotation mark is not closed",
        'Write for example `n > 0.8 on lang == "de"`.',
        ('n > 0.8 on lang == "de', "n > 0.8 on lang in ['de]", 'n > 0.8 on "lang == 1'),
    ),
    Mistake(
        "`in` is followed by a list",
        'Write constants in brackets: `n > 0.8 on lang in ["de", "fr"]`.',
        ('n > 0.8 on lang in "de"', 'n > 0.8 on lang in ("de", "fr")', "n > 0.8 on lang in 1", "n > 0.8 on lang in"),
    ),
    Mistake(
        "the tolerance stands in front of the slice",
        'Write for example `n > 0.8 +/- 0.05 on lang == "de"`.',
        ('n > 0.8 on lang == "de" +/- 0.05', "n > 0.8 on x in [1] +/- 0.05", "n > 0.8 on (x == 1) +/- 0.05"),
    ),
    Mistake(
        "the filters of a slice are joined by `and`",
        "For one slice or another write two clauses.",
        ("n > 0.8 on (x == 1 or y == 2)", "n > 0.8 on (x == 1, y == 2)"),
    ),
    Mistake(
        "quotation marks are not used here",
        "Names are bare words (n, o, a, d) and numbers bare numbers: `n > 0.8`.",
        ('"n" > 0.8', "n > '0.8'", "n > 0.8 'x'", "`n > 0.8`"),
    ),
    Mistake(
        "clauses are not joined by `;`",
        "Write `and` between them.",
        ("n > 0.8; d < 0.1", "n > 0.8;", "n > 0.8 +/- 0.1; d < 0.1"),
    ),
    Mistake(
        "`{word}` is not part of the language of conditions",
        "Write numbers, n, o, a, d, `+ - *`, `>` or `<`, `+/-`, `and`, `or` and parentheses.",
        ("$n > 0.8", "n > 0.8 # strict", "n ? 0.8", "n > €"),
    ),
)
