"""The normal form of a question: all ways to write one condition share it, no two of other meanings do."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from proctor.conditions import question_of_text
from proctor.errors import ConditionError

THRESHOLDS = st.integers(-40, 40).map(lambda hundredths: Fraction(hundredths, 200))
WEIGHTS = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -1, 0), (2, -1, 0), (1, 1, 0), (1, -1, -1), (-1, 1, 0)]
POPULATIONS = [
    (Fraction(n, 10), Fraction(o, 10), Fraction(abs(n - o) + extra, 20))
    for n in range(11)
    for o in range(11)
    for extra in (0, 3)
]


def decimal(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".") if value >= 0 else f"-{decimal(-value)}"


@st.composite
def clauses(draw) -> tuple[tuple[int, int, int], bool, Fraction]:
    """Weights of n, o and d, direction, threshold."""
    weights = draw(
        st.sampled_from([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, -1, 0), (2, -1, 0), (1, 1, 0), (1, -1, -1), (-1, 1, 0)])
    )
    return weights, draw(st.booleans()), draw(THRESHOLDS)


@st.composite
def written(draw, clause) -> str:
    """One way to write a clause: scaled, mirrored, moved to the other side, with some tolerance or none."""
    weights, above, threshold = clause
    factor = draw(st.sampled_from([1, 2, 4, 5, 10]))
    if draw(st.booleans()):  # multiplied by -1
        factor, above = -factor, not above
    sides = ([], [])
    for weight, name in zip(weights, "nod", strict=True):
        if weight:
            side = draw(st.integers(0, 1))
            scaled = weight * factor * (1 if side == 0 else -1)
            sides[side].append(f"{scaled} * {name}")
    constant = threshold * factor
    if draw(st.booleans()) and sides[0]:
        sides[1].append(decimal(constant))
    else:
        sides[0].append(decimal(-constant))
    left, right = (" + ".join(side) or "0" for side in sides)
    if draw(st.booleans()):
        left, right, above = right, left, not above
    tolerance = draw(st.sampled_from(["", " +/- 0.01", " +/- 0.02"]))
    return f"{left} {'>' if above else '<'} {right}{tolerance}"


def meaning(clause) -> tuple[bool, ...]:
    """Whether the clause is true, for every population on a grid."""
    (n, o, d), above, threshold = clause
    values = (n * x + o * y + d * z for x, y, z in POPULATIONS)
    return tuple(value > threshold if above else value < threshold for value in values)


def form_of(text: str) -> str | None:
    try:
        return question_of_text(text)
    except ConditionError:  # never true, always true, or a tolerance that covers everything
        return None


@given(st.data(), clauses())
def test_question__is_the_same_in_every_spelling(data, clause):
    """Scaling, mirroring, moving terms and the tolerance change nothing."""
    forms = {form_of(data.draw(written(clause))) for _ in range(2)} - {None}

    assert len(forms) <= 1


@given(st.data(), clauses(), clauses())
def test_question__tells_other_meanings_apart(data, one, other):
    """Conditions that some population tells apart never share a form."""
    forms = [form_of(data.draw(written(clause))) for clause in (one, other)]
    if None in forms or meaning(one) == meaning(other):
        return

    assert forms[0] != forms[1]


@given(st.data(), st.lists(clauses(), min_size=2, max_size=3), st.sampled_from(["and", "or"]))
def test_question__order_repetition_and_parentheses_do_not_count(data, parts, word):
    """AND and OR are sets: any order, any grouping, any repetition is the same question."""
    texts = [data.draw(written(clause)) for clause in parts]
    if None in map(form_of, texts):
        return
    turned = data.draw(st.permutations([*texts, texts[0]]))
    grouped = f"({f' {word} '.join(turned[:2])}) {word} {f' {word} '.join(f'({text})' for text in turned[2:])}"

    assert question_of_text(f" {word} ".join(texts)) == question_of_text(grouped)
