"""What a ledger said up to one entry, kept in short: a look from there on sees what a whole reading sees."""

import dataclasses
import math
import random

import pytest

from proctor.budget import Adaptive, Adaptivity, Contract, Guaranteed, Mode, Step, fold
from proctor.ledger.checkpoint import VERDICTS, checkpoint_of, from_text, to_text
from proctor.ledger.lives import lives, step_of
from proctor.ledger.records import Feedback, Notified, Pending, Retired, Verdict

from .test_history import CONDITION, EXAM, ORIGIN, chain, evaluated, extended, model, registered

OTHER = "f" * 64
CONTRACTS = {
    "adaptive": Contract(0.999),
    "fn-free": Contract(0.99, Mode.FN_FREE),
    "none": Contract(0.9, Mode.FP_FREE, Adaptivity.NONE, 1_000),
    "full": Contract(0.9, Mode.FP_FREE, Adaptivity.FULL, 1_000),
    "firstChange": Contract(0.9, Mode.FP_FREE, Adaptivity.FIRST_CHANGE, 1_000),
}


def evaluations(contract: Contract, count: int, seed: int, stakes) -> list:
    """As many evaluations as the account takes, some with feedback."""
    chance = random.Random(seed)
    found, account = [], fold(contract, [])
    for i in range(count):
        outcome = "withheld" if contract.adaptivity is Adaptivity.NONE else chance.choice(["pass", "fail", "fail"])
        said = Feedback("unknown", math.log(0.9)) if chance.random() < 0.1 else None
        can_stake = contract.adaptivity is Adaptivity.RECYCLING and i > 100
        stake = chance.randrange(1, 900_000) if can_stake and chance.random() < 0.1 else None
        record = evaluated(model(f"{i:08x}"), outcome, stakes=stakes(chance), feedback=said, stake=stake)
        after = account.after(step_of(record, contract.mode))
        if after.is_spent:
            record = dataclasses.replace(record, outcome=Verdict.FAIL if outcome == "pass" else Verdict.PASS)
            after = account.after(step_of(record, contract.mode))
        if after.is_spent:
            break
        found.append(record)
        account = after
    return found


def plain(chance: random.Random):
    return Adaptive()


def replanned(chance: random.Random):
    return chance.choice([Adaptive(), Adaptive(), Adaptive(64, 5), Guaranteed(400, 30)])


def whole_ledger(contract: Contract, seed: int, stakes=plain) -> list:
    """Two test sets that take turns."""
    mine = evaluations(contract, 260, seed, stakes)
    theirs = [dataclasses.replace(each, testset=OTHER) for each in evaluations(CONTRACTS["adaptive"], 40, seed, plain)]
    records = [registered(contract=contract), registered(testset=OTHER, contract=CONTRACTS["adaptive"])]
    chance = random.Random(seed)
    while mine or theirs:
        records.append((mine if mine and (not theirs or chance.random() < 0.8) else theirs).pop(0))
    return chain(*records)


def same(ours, whole) -> bool:
    """Whether two lives show the same; folded in other portions, logarithms may differ in their last digits."""

    def account(life):
        of = life.account
        return (of.evaluations, of.proofs, of.stakes, of.code, of.contract)

    def shown(life):
        return [(taken.entry, each.evaluations, round(each.leakage_bits, 6)) for taken, each in life.last_verdicts(50)]

    return (
        account(ours) == account(whole)
        and ours.account.log_budget == pytest.approx(whole.account.log_budget, rel=1e-11)
        and ours.account.log_code == pytest.approx(whole.account.log_code, rel=1e-11, abs=1e-11)
        and shown(ours) == shown(whole)
        and [ours.step_of(taken) for taken in ours.verdicts[-50:]]
        == [whole.step_of(taken) for taken in whole.verdicts[-50:]]
        and (ours.registered, ours.retired, ours.open_pending) == (whole.registered, whole.retired, whole.open_pending)
    )


def resumed(entries: list, cuts: list[int]):
    """The lives as of the last entry, read in portions, each from the checkpoint of the one before."""
    found, at = lives(entries[: cuts[0]]), cuts[0]
    for cut in [*cuts[1:], len(entries)]:
        kept = from_text(to_text(checkpoint_of(found, entries[at - 1]), "1.0"), "1.0")
        assert kept is not None
        assert kept.last == entries[at - 1]
        found, at = lives([*kept.entries, *entries[at:cut]], kept.accounts), cut
    return found


@pytest.mark.parametrize("stakes", [plain, replanned])
@pytest.mark.parametrize("name", CONTRACTS)
def test_lives__from_a_checkpoint_are_those_of_the_whole_ledger(name: str, stakes):
    """Wherever the ledger is cut, once or twice, and whatever policy and stakes its account is under."""
    for seed in range(4):
        entries = whole_ledger(CONTRACTS[name], seed, stakes)
        whole = lives(entries)
        for cuts in ([2], [3], [len(entries) // 2], [len(entries)], [150, 250], [len(entries) - 1]):
            found = resumed(entries, cuts)
            assert list(found) == list(whole)
            assert all(same(found[each], whole[each]) for each in whole), (name, seed, cuts)


def test_checkpoint_of__leaves_out_what_is_never_shown_again():
    """It stays small, however long the ledger grows."""
    entries = whole_ledger(CONTRACTS["adaptive"], 1)
    kept = checkpoint_of(lives(entries), entries[-1])
    assert len(kept.entries) == 2 + VERDICTS + 40 < len(entries)


def test_lives__what_is_open_or_over_is_kept():
    """An evaluation that has begun, and a retirement with the outcomes it opened, outlast any number of verdicts."""
    none = CONTRACTS["none"]
    begun = Pending(
        testset=OTHER,
        condition=CONDITION,
        candidate=model("b"),
        baseline=None,
        stakes=Adaptive(),
        log_level=-9.0,
        bound="exact",
        origin=ORIGIN,
    )
    over = Retired(EXAM, "spent", ORIGIN, {"3": Verdict.PASS})
    told = Notified(OTHER, "webhook", "spent", ORIGIN)
    records = [
        registered(contract=none), registered(testset=OTHER), *evaluations(none, 5, 1, plain), begun, over, told, told
    ]  # fmt: skip
    entries = chain(*records)
    for cut in range(2, len(entries) + 1):
        found = resumed(entries, [cut])
        assert found[EXAM].retired == lives(entries)[EXAM].retired
        assert found[EXAM].outcome_of(found[EXAM].verdicts[0]) == "pass"
        assert found[OTHER].open_pending == lives(entries)[OTHER].open_pending is not None


def test_from_text__anything_else_is_no_checkpoint():
    """Damage, another version's file, and no file at all cost time, and are never misread."""
    entries = whole_ledger(CONTRACTS["adaptive"], 2)
    text = to_text(checkpoint_of(lives(entries), entries[-1]), "1.0")
    assert from_text(text, "1.0") is not None
    assert from_text(text, "1.1") is None
    assert from_text("", "1.0") is None
    assert from_text(text[:-1], "1.0") is None
    chance = random.Random(3)
    for _ in range(200):
        at = chance.randrange(len(text))
        assert from_text(text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :], "1.0") is None


def test_checkpoint_of__a_spent_account():
    """A budget of nothing survives the way through JSON, which knows no infinity."""
    entries = chain(registered(contract=Contract(0.9, Mode.FP_FREE, Adaptivity.FULL, 1)), evaluated(model("b"), "fail"))
    found = resumed(entries, [2])[EXAM].account
    assert found.is_spent
    assert found == fold(found.contract, [Step(False, Adaptive())])


def test_checkpoint__heirs():
    """What an heir started with is kept, though most of what its predecessor said is not."""
    mine = evaluations(CONTRACTS["adaptive"], 130, 7, plain)
    heir = registered(testset=OTHER, predecessor=EXAM, inherits=True, contract=CONTRACTS["adaptive"])
    entries = chain(registered(contract=CONTRACTS["adaptive"]), *mine, heir, *theirs_of(5))
    whole = lives(entries)

    kept = from_text(to_text(checkpoint_of(whole, entries[-1]), "1"), "1")
    seen = lives(kept.entries, kept.accounts)

    assert whole[OTHER].account == seen[OTHER].account
    assert whole[EXAM].account.log_budget == pytest.approx(seen[EXAM].account.log_budget, rel=1e-12)
    assert whole[EXAM].heir == seen[EXAM].heir


def test_checkpoint__extensions():
    """How many examples are in use is known from a checkpoint, too."""
    mine = evaluations(CONTRACTS["adaptive"], 130, 9, plain)
    entries = chain(registered(contract=CONTRACTS["adaptive"]), extended(), *mine)
    whole = lives(entries)

    kept = from_text(to_text(checkpoint_of(whole, entries[-1]), "1"), "1")

    assert 2_500 == lives(kept.entries, kept.accounts)[EXAM].in_use.n_examples


def theirs_of(count: int) -> list:
    return [dataclasses.replace(each, testset=OTHER) for each in evaluations(CONTRACTS["adaptive"], count, 8, plain)]
