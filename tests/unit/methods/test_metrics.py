"""Metrics that conditions call: each reads as the expression that it stands for, and wrong calls are answered."""

from __future__ import annotations

import pytest

from proctor.conditions import measured_by, normalize, parse, question_of_text
from proctor.errors import ConditionError
from proctor.methods import METRICS
from proctor.methods.unjudged import UNJUDGED, Unjudged
from proctor.words import explain

SAME = {
    "n > 0.9": ("error(n) < 0.1", "accuracy(n) > 0.9", "1 - error(n) > 0.9", "-error(n) > -0.1", "0.1 > error(n)"),
    "o > 0.9": ("error(o) < 0.1", "accuracy(o) > 0.9"),
    "n - o > 0.01": ("error(n) < error(o) - 0.01", "error(o) - error(n) > 0.01", "accuracy(n) - accuracy(o) > 0.01"),
    "n - a > -0.02 +/- 0.01": ("error(n) - error(a) < 0.02 +/- 0.01",),
    "n - 1.1 * o > -0.2": ("error(n) - 1.1 * error(o) < 0.1",),
}


@pytest.mark.parametrize(("text", "other"), [(text, other) for text, others in SAME.items() for other in others])
def test_metrics__ask_the_same_question(text: str, other: str) -> None:
    """A metric that is linear in the accuracies is no other question than they are, to the digit."""
    assert question_of_text(text) == question_of_text(other)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_metrics__have_room_in_the_table(metric) -> None:
    """Each stands under its own name, and no name that people try leads to two of them."""
    assert metric is METRICS[metric.name]
    assert not [
        other for other in METRICS.values() if other is not metric and {*metric.also} & {other.name, *other.also}
    ]


@pytest.mark.parametrize(
    "text", ["error(n) < 0.1", 'f1(n, "spam", beta=2, by=group) > 0.8', "-accuracy(n) > 1 * error(o)"]
)
def test_call__text_reads_as_the_same_tree(text: str) -> None:
    """A call is written as it is read, whatever it is called: which metrics there are is no part of the language."""
    assert text == str(parse(text))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            'f2(n, "spam") > 0.8',
            "there is no metric `f2`",
            "Did you mean `fbeta`? Known are",
        ),
        ("my_cost(n) < 0.1", "there is no metric `my_cost`", "`mean(n) > 0.7` asks for its mean"),
        ("errr(n) < 0.1", "there is no metric `errr`", "Did you mean `error`?"),
        ("acc(n) > 0.9", "there is no metric `acc`", "Did you mean `accuracy`?"),
        ("Error(n) < 0.1", "there is no metric `Error`", "Did you mean `error`?"),
        ("n(2) > 1", "`n` is a number by itself", "Write `n` alone"),
        ("error(d) < 0.1", "`d` is no model", "`error(n)`"),
        ("error(new) < 0.1", "`new` is no model", "`error(n)`"),
        ("error(n, o) < 0.1", "`error(n, o)` needs one model", "Write `error(n)`"),
        ("error(n, by=group) < 0.1", "`error(n, by=group)` needs one model", "Write `error(n)`"),
        ('error("n") < 0.1', "needs one model", "Write `error(n)`"),
    ],
)
def test_call__wrong_ones_are_answered(text: str, message: str, hint: str) -> None:
    """Unknown names get the nearest one and the list; wrong arguments what to write; both point at the call."""
    with pytest.raises(ConditionError) as caught:
        normalize(parse(text))

    first, _, caret = caught.value.message.split("\n")
    assert message in first
    assert caret.strip().startswith("^")
    assert hint in caught.value.hint


@pytest.mark.parametrize("each", UNJUDGED, ids=lambda each: each.names[0])
def test_unjudged__are_answered_with_what_can_be_asked(each: Unjudged) -> None:
    """Every name says why no test judges it, and each condition that is shown instead can be asked."""
    for name in each.names:
        with pytest.raises(ConditionError) as caught:
            normalize(parse(f'{name}(n, "spam") > 0.5'))
        assert each.reason in caught.value.message
        assert each.instead == caught.value.hint
    shown = [text for text in each.instead.split("`")[1::2] if "(" in text or ">" in text]
    assert shown
    for text in shown:
        normalize(parse(text))


def test_unjudged__are_no_metrics() -> None:
    """No name that is refused is judged, or leads to one that is."""
    names = [name for each in UNJUDGED for name in each.names]
    assert len({*names}) == len(names)
    assert not {*names} & {other for metric in METRICS.values() for other in (metric.name, *metric.also)}


@pytest.mark.parametrize(
    ("text", "message"),
    [("f(n, by=group, 2) > 0", "`2` stands behind an option"), ("f(n, beta=1, beta=2) > 0", "`beta` is given twice")],
)
def test_call__options_come_last_and_once(text: str, message: str) -> None:
    """Options have an order of their own: last, and each once."""
    with pytest.raises(ConditionError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"), [("n", 0.9), ("error(n)", 0.1), ("2 * n", 1.8), ("1 - 2 * error(n)", 0.8), ("0.5 + n", 1.4)]
)
def test_measured_by__gives_the_value_as_written(text: str, value: float) -> None:
    """What is estimated is the accuracy; what is told is the expression."""
    assert value == pytest.approx(measured_by(text).value(0.9))


def test_explain__says_it_in_plain_words() -> None:
    """An error rate is told as the share of examples that are right, and the clause stays as written."""
    found = explain("error(n) < 0.1 +/- 0.02")

    assert "new is right on more than 90 % of examples" in found.asks[0]
    assert "`error(n) < 0.1 +/- 0.02`" in " ".join(found.asks)
