"""What the entries say, folded: lives, baselines, recorded answers (theory.md §4.3, §5)."""

import dataclasses
import math

import pytest

from proctor.budget import Adaptive, Adaptivity, Contract, Guaranteed, Mode
from proctor.errors import LedgerCorrupt, LedgerTooNew
from proctor.ledger.entries import GENESIS, Draft, seal
from proctor.ledger.history import Question
from proctor.ledger.lives import lives
from proctor.ledger.records import (
    Adopted,
    Basis,
    Corrected,
    Evaluated,
    Extended,
    Feedback,
    Notified,
    Origin,
    Pending,
    Registered,
    Retired,
    Stage,
    Verdict,
    from_body,
    to_body,
)
from proctor.ledger.submissions import Submission

EXAM = "e" * 64
ORIGIN = Origin("gate", "0.1.0", "c1", "ada")
CONDITION = "n - o > 0.02 +/- 0.01"


def model(name: str, commit: str | None = None) -> Submission:
    return Submission(name * 8, f"{name}.csv", commit)


def registered(**overrides) -> Registered:
    contract = overrides.pop("contract", Contract(0.999))
    return dataclasses.replace(
        Registered(
            testset=EXAM,
            n_examples=2_000,
            contract=contract,
            inputs="open",
            sketch={"k": 4},
            columns=("x",),
            labels="commitment:1",
            origin=ORIGIN,
        ),
        **overrides,
    )


def evaluated(candidate: Submission, outcome: str, baseline: Submission | None = None, **overrides) -> Evaluated:
    return dataclasses.replace(
        Evaluated(
            testset=EXAM,
            condition=CONDITION,
            candidate=candidate,
            baseline=baseline,
            stakes=Adaptive(),
            log_level=-8.5,
            bound="exact",
            outcome=Verdict(outcome),
            basis=Basis.JUDGED,
            private="commitment:2",
            origin=ORIGIN,
        ),
        **overrides,
    )


def chain(*records):
    entries, previous = [], GENESIS
    for number, record in enumerate(records, 1):
        entry = seal(Draft(record.kind, to_body(record), "2026-11-23T21:43:00Z"), number, previous)
        entries.append(entry)
        previous = entry.hash
    return entries


def life(*records):
    return lives(chain(registered(), *records))[EXAM]


ask = Question(condition=CONDITION, candidate=model("b"), baseline=model("a"), gate="gate")


@pytest.mark.parametrize(
    "record",
    [
        registered(anchor=model("a", "c0"), predecessor="p" * 64),
        registered(contract=Contract(0.99, Mode.FN_FREE, Adaptivity.FULL, 7)),
        Adopted(EXAM, CONDITION, model("a"), ORIGIN),
        evaluated(model("b"), "pass", model("a"), feedback=Feedback("unknown", math.log(0.5))),
        evaluated(model("b"), "fail", stakes=Guaranteed(9, 2), sandbox="landlock", pending=3),
        Pending(
            testset=EXAM,
            condition=CONDITION,
            candidate=model("b"),
            baseline=None,
            stakes=Adaptive(),
            log_level=-9.0,
            bound="exact",
            origin=ORIGIN,
        ),
        Corrected(EXAM, 3, "commitment:3", "commitment:4", ORIGIN),
        Retired(EXAM, "spent", ORIGIN, {"2": Verdict.PASS}),
        Notified(EXAM, "webhook", "spent", ORIGIN, Stage.BEGUN),
        Extended(testset=EXAM, version="v", n_added=1, n_examples=2, labels="c", reason="r", sketch={}, origin=ORIGIN),
    ],
    ids=lambda record: record.kind,
)
def test_to_body__round_trip(record):
    """Every record is read back from its body as it was written."""
    assert record == from_body(record.kind, chain(record)[0].body)


def test_from_body__unknown_kind_or_field():
    """What a later version wrote is refused, not misread."""
    body = to_body(Adopted(EXAM, CONDITION, model("a"), ORIGIN))

    with pytest.raises(LedgerTooNew, match="'prophecy'"):
        from_body("prophecy", body)
    with pytest.raises(LedgerTooNew, match="'color'"):
        from_body("adoption", {**body, "color": "red"})
    with pytest.raises(LedgerCorrupt, match="entry 7"):
        from_body("adoption", {"testset": EXAM}, 7)


def test_lives__account_is_a_fold_over_released_outcomes():
    """Budget and counts come from the entries alone; an adoption costs nothing."""
    found = life(
        Adopted(EXAM, CONDITION, model("a"), ORIGIN), evaluated(model("b"), "fail"), evaluated(model("c"), "pass")
    )

    assert (2, 1) == (found.account.evaluations, found.account.proofs)
    assert math.log(0.001 * (4 / 5) * (1 / 6)) == pytest.approx(found.account.log_budget)
    assert [0, 1, 2] == [found.step_of(taken) for taken in found.verdicts]


def test_lives__fn_free_counts_fails():
    """In fn-free the outcome that must prove itself is FAIL."""
    contract = Contract(0.999, Mode.FN_FREE)

    found = lives(chain(registered(contract=contract), evaluated(model("b"), "fail")))[EXAM]

    assert found.account.proofs == 1


@pytest.mark.parametrize("records", [[evaluated(model("b"), "pass")], [registered(), registered()]])
def test_lives__impossible_ledgers(records):
    """A step of an unregistered test set, or a second registration, is corruption."""
    with pytest.raises(LedgerCorrupt):
        lives(chain(*records))


def test_accepted__is_the_last_pass_never_the_last_evaluated():
    """easeml defect 5: 85, 70 (fail), 75 must not pass against 70."""
    found = life(evaluated(model("a"), "pass"), evaluated(model("b"), "fail"))

    assert model("a") == found.accepted("gate").record.candidate


def test_accepted__under_none_every_evaluated_commit():
    """Under none the baseline must not depend on outcomes (theory.md §4)."""
    contract = Contract(0.999, Mode.FP_FREE, Adaptivity.NONE, 9)
    entries = chain(registered(contract=contract), evaluated(model("a"), "withheld"), evaluated(model("b"), "withheld"))

    assert model("b") == lives(entries)[EXAM].accepted("gate").record.candidate


def test_accepted__of_one_gate_only():
    """Two gates on one test set have baselines of their own."""
    other = dataclasses.replace(ORIGIN, gate="other")
    found = life(evaluated(model("a"), "pass"), evaluated(model("b"), "pass", origin=other))

    assert model("a") == found.accepted("gate").record.candidate
    assert model("b") == found.accepted("other").record.candidate


def test_anchor__first_accepted_where_none_was_registered():
    """The anchor is the baseline of the day of registration, else the first accepted model."""
    adopted = Adopted(EXAM, CONDITION, model("a"), ORIGIN)

    assert model("a") == life(adopted, evaluated(model("b"), "pass")).anchor("gate")
    entries = chain(registered(anchor=model("z")), adopted)
    assert model("z") == lives(entries)[EXAM].anchor("gate")
    assert life().anchor("gate") is None


def test_recorded_answer__same_question():
    """The same condition, candidate and baseline get the recorded answer."""
    found = life(evaluated(model("b"), "fail", model("a")))

    assert found.verdicts[0] == found.recorded_answer(ask)


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(ask, condition="n > 0.5"),
        dataclasses.replace(ask, candidate=model("c")),
        dataclasses.replace(ask, baseline=model("c")),
        dataclasses.replace(ask, baseline=None),
    ],
)
def test_recorded_answer__another_question(other):
    """Any other condition, candidate or baseline is a new question."""
    assert life(evaluated(model("b"), "fail", model("a"))).recorded_answer(other) is None


def test_recorded_answer__candidate_is_the_accepted_baseline():
    """The accepted model asked again against itself: its PASS is repeated."""
    found = life(evaluated(model("b"), "pass", model("a")))

    assert found.verdicts[0] == found.recorded_answer(dataclasses.replace(ask, baseline=model("b")))


def test_recorded_answer__rerun_of_a_commit_whatever_the_baseline_has_become():
    """A CI job run again for an old commit gets what it got."""
    found = life(
        evaluated(model("b", "c1"), "fail", model("a")),
        evaluated(model("c", "c2"), "pass", model("a")),
    )

    again = Question(condition=CONDITION, candidate=model("b", "c1"), baseline=model("c", "c2"), gate="gate")
    assert found.verdicts[0] == found.recorded_answer(again)
    another_file = Question(condition=CONDITION, candidate=model("b", "c1"), baseline=model("c"), gate="gate")
    assert found.recorded_answer(another_file) is None
    assert found.recorded_answer(dataclasses.replace(again, candidate=model("b", "c9"))) is None


def test_pending__is_open_until_its_evaluation():
    """A pending evaluation stays open until the entry that names it."""
    pending = Pending(
        testset=EXAM,
        condition=CONDITION,
        candidate=model("b"),
        baseline=None,
        stakes=Adaptive(),
        log_level=-9.0,
        bound="exact",
        origin=ORIGIN,
    )

    assert life(pending).open_pending is not None
    assert life(pending, evaluated(model("b"), "fail", pending=2)).open_pending is None


@pytest.mark.parametrize(
    ("question", "is_awaited"),
    [
        (ask, True),
        (dataclasses.replace(ask, condition="o < n - 0.02"), True),
        (dataclasses.replace(ask, candidate=model("n"), former={model("n").digest: model("b").digest}), True),
        (dataclasses.replace(ask, condition="n - o > 0.03"), False),
        (dataclasses.replace(ask, candidate=model("c")), False),
        (dataclasses.replace(ask, gate="another"), False),
    ],
)
def test_awaits__the_question_of_the_same_gate(question, is_awaited):
    """What has begun is taken up by the gate that began it, however it writes the condition; by nobody else."""
    pending = Pending(
        testset=EXAM,
        condition=CONDITION,
        candidate=model("b"),
        baseline=model("a"),
        stakes=Adaptive(),
        log_level=-9.0,
        bound="exact",
        origin=ORIGIN,
    )

    assert is_awaited is life(pending).awaits(question)
    assert not life().awaits(question)


def test_recorded_answer__beside_a_condition_of_a_later_version():
    """An entry whose condition this version cannot read stands in nobody's way."""
    other = evaluated(model("b"), "pass", model("a"), condition="f1(n) - f1(o) > 0.02")
    asked = evaluated(model("b"), "fail", model("a"))

    assert life(other).recorded_answer(ask) is None
    assert "fail" == life(asked, other).recorded_answer(ask).record.outcome


def test_from_body__notice_of_an_earlier_version():
    """A notice without a stage was sent."""
    body = to_body(Notified(EXAM, "mail", "spent", ORIGIN))
    del body["stage"]

    assert Notified(EXAM, "mail", "spent", ORIGIN, Stage.SENT) == from_body("notice", body)


def test_notice__the_last_word_on_one_channel_and_occasion():
    """What became of a notice is what was recorded last, channel by channel and occasion by occasion."""
    found = life(
        Notified(EXAM, "mail", "spent", ORIGIN, Stage.BEGUN),
        Notified(EXAM, "webhook", "spent", ORIGIN, Stage.BEGUN),
        Notified(EXAM, "mail", "spent", ORIGIN, Stage.FAILED),
    )

    last = found.notice("mail", "spent")
    assert last is not None
    assert (4, "failed") == (last.entry.number, last.record.stage)
    assert found.notice("mail", "retired") is None


def test_outcome_of__retirement_opens_what_was_withheld():
    """A withheld outcome is what the retirement says; others are as they were released."""
    contract = Contract(0.999, Mode.FP_FREE, Adaptivity.NONE, 3)
    records = [Adopted(EXAM, CONDITION, model("a"), ORIGIN), evaluated(model("b"), "withheld")]
    before = lives(chain(registered(contract=contract), *records))[EXAM]
    after = lives(chain(registered(contract=contract), *records, Retired(EXAM, "spent", ORIGIN, {"3": Verdict.FAIL})))[
        EXAM
    ]

    assert ["pass", "withheld"] == [before.outcome_of(taken) for taken in before.verdicts]
    assert ["pass", "fail"] == [after.outcome_of(taken) for taken in after.verdicts]


HEIR = "f" * 64


def heir(**overrides) -> Registered:
    return registered(**{"testset": HEIR, "predecessor": EXAM, "inherits": True, **overrides})


def test_lives__heir_starts_with_what_the_set_before_it_had_left():
    """The balances are handed on exactly, declared stakes included; the code begins anew and the old set is closed."""
    judged = (
        evaluated(model("b"), "pass", model("a"), stake=700_000),
        evaluated(model("c"), "fail", model("b")),
    )
    found = lives(chain(registered(), *judged, heir(), evaluated(model("d"), "fail", model("b"), testset=HEIR)))

    old, new = found[EXAM], found[HEIR]
    assert (old.account.log_budget, old.account.balances) == (new.earlier.log_budget, new.earlier.balances)
    assert (0, 0.0) == (new.earlier.evaluations, new.earlier.leakage_bits)
    assert new.account.log_budget < old.account.log_budget
    assert HEIR == old.heir.record.testset


def test_lives__successor_of_an_earlier_version_has_a_budget_of_its_own():
    """An entry that does not say that it inherits, as earlier versions wrote it, does not."""
    entry = Draft("registration", {k: v for k, v in to_body(heir()).items() if k != "inherits"}, "2026-11-23T21:43:00Z")
    first = chain(registered(), evaluated(model("b"), "pass"))
    found = lives([*first, seal(entry, 3, first[-1].hash)])

    assert math.log(0.001) == pytest.approx(found[HEIR].account.log_budget)
    assert found[EXAM].heir is None


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ((heir(), evaluated(model("b"), "pass")), "entry 3 evaluates on a test set whose account entry 2 closed"),
        (
            (
                heir(),
                Pending(
                    testset=EXAM,
                    condition=CONDITION,
                    candidate=model("b"),
                    baseline=None,
                    stakes=Adaptive(),
                    log_level=-9.0,
                    bound="exact",
                    origin=ORIGIN,
                ),
            ),
            "whose account entry 2 closed",
        ),
        ((heir(), heir(testset="d" * 64)), "handed on already"),
        (
            (
                Pending(
                    testset=EXAM,
                    condition=CONDITION,
                    candidate=model("b"),
                    baseline=None,
                    stakes=Adaptive(),
                    log_level=-9.0,
                    bound="exact",
                    origin=ORIGIN,
                ),
                heir(),
            ),
            "still spent by an evaluation that has begun",
        ),
        ((heir(predecessor="d" * 64),), "not registered before it"),
        ((heir(contract=Contract(0.99, Mode.FP_FREE, Adaptivity.FULL, 7)),), "hands on what is not there"),
    ],
)
def test_lives__account_is_not_spent_twice(records, message):
    """A ledger in which what was left is spent twice, which no gate writes, is not believed."""
    with pytest.raises(LedgerCorrupt, match=message):
        lives(chain(registered(), *records))


def extended(version: str = "v" * 64, **overrides) -> Extended:
    plain = {"n_added": 500, "n_examples": 2_500, "labels": "commitment:9", "reason": "March", "sketch": {"k": 5}}
    return Extended(testset=EXAM, version=version, origin=ORIGIN, **{**plain, **overrides})


def test_life__extension_changes_the_examples_and_not_the_account():
    """The account goes on; examples, labels and their number are those of the last extension."""
    judged = evaluated(model("b"), "pass", model("a"))
    before = life(judged)

    after = life(judged, extended(), Corrected(EXAM, 1, "commitment:10", "commitment:c", ORIGIN))

    assert before.account == after.account
    assert ("v" * 64, 2_500, "commitment:10") == (after.version, after.in_use.n_examples, after.labels)
    assert "commitment:9" == life(judged, Corrected(EXAM, 1, "commitment:10", "commitment:", ORIGIN), extended()).labels
    assert (EXAM, 2_000) == (before.version, before.in_use.n_examples)


def test_recorded_answer__of_fewer_examples_is_none():
    """A question includes the version of the test set: on another one it is new, for the same commit, too."""
    judged = evaluated(model("b", "c9"), "fail", model("a"))
    again = evaluated(model("b", "c9"), "pass", model("a"))

    assert life(judged).recorded_answer(ask) is not None
    assert life(judged, extended()).recorded_answer(ask) is None
    assert 4 == life(judged, extended(), again).recorded_answer(ask).entry.number


def test_pin_of__says_of_which_examples():
    """A model is recognized by its predictions on the examples that were in use when it was accepted."""
    judged = evaluated(model("b"), "pass", model("a"), predictions="pin")
    found = life(judged, extended())

    assert ("pin", 2_000) == (found.pin_of(model("b"))[0], found.pin_of(model("b"))[1].n_examples)
    assert 2_500 == life(extended(), judged).pin_of(model("b"))[1].n_examples


@pytest.mark.parametrize(
    "before",
    [
        Pending(
            testset=EXAM,
            condition=CONDITION,
            candidate=model("b"),
            baseline=None,
            stakes=Adaptive(),
            log_level=-9.0,
            bound="exact",
            origin=ORIGIN,
        ),
        Retired(EXAM, "spent", ORIGIN),
        heir(),
    ],
)
def test_lives__examples_that_come_too_late(before):
    """Neither during an evaluation nor after its end does a test set grow, in no ledger that a gate wrote."""
    with pytest.raises(LedgerCorrupt, match="cannot change then"):
        lives(chain(registered(), before, extended()))
