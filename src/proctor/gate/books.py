"""
The books as they stand when a question is asked: the ledger read, the life of this test set found in it.

Everything here refuses before anything is spent, and nothing here looks at a label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from proctor.budget import SPENT, Account, open_account
from proctor.conditions import Clause, Formula, clauses, clusters, expanded
from proctor.errors import (
    AccountHandedOn,
    BudgetSpent,
    ContractError,
    DataError,
    EvaluationPending,
    TestSetRetired,
    ToleranceOutOfReach,
)
from proctor.frozen import dataclass, field, replace
from proctor.gate.grouping import sizes
from proctor.gate.locked import LockedTestSet, refuse_locked
from proctor.gate.needs import next_set_hint, prospect
from proctor.gate.owner_key import pair_of
from proctor.gatefile import Gate
from proctor.ledger import GENESIS, Entry, Ledger
from proctor.ledger.history import TestSetHistory
from proctor.ledger.lives import lives
from proctor.ledger.records import CHANGES, Extended, Registered, from_body
from proctor.planning import Sizes, check_possible, examples_of, is_within_reach
from proctor.reports.sentences import count, points
from proctor.testset import (
    EXAMPLES,
    Copies,
    Doubtful,
    Judgment,
    Shares,
    TestSet,
    Traits,
    judge,
    open_traits,
)

WAYS_ON = (
    "Restore the registered files; or draw fresh examples, and register them: `proctor testset renew`. If it is "
    "another test set, its owner says so: `proctor testset renew --another-set REASON`. Nothing was spent."
)


@dataclass(frozen=True)
class Reading:
    """
    Reading of the ledger, at one moment.

    Attributes:
        entries: All entries, or those that a checkpoint kept and what follows it.
        earlier: What each test set had left before them, where some are left out.
    """

    entries: Sequence[Entry]
    earlier: Mapping[str, Account] = field(default_factory=dict)

    @cached_property
    def lives(self) -> Mapping[str, TestSetHistory]:
        """The life of every test set, by fingerprint; made when asked for, as only the entries tell what a set is."""
        return lives(self.entries, self.earlier)


class LedgerView(NamedTuple):
    """
    Contents of the ledger, as of one reading of it.

    Attributes:
        head: Hash of the last entry.
        lives: The life of every test set, by fingerprint.
        life: The life of the test set that is asked; ``None`` if it is not registered yet.
        doubts: Registered sets that it may be in another form; only their labels could tell, or their owner.
        testset: The test set that is asked; ``None`` where the books are read without it.
    """

    head: str
    lives: Mapping[str, TestSetHistory]
    life: TestSetHistory | None
    doubts: tuple[TestSetHistory, ...] = ()
    testset: TestSet | None = None

    @property
    def examples(self) -> TestSet | None:
        """The test set with its examples; ``None`` where they are not here, or known by their registration alone."""
        return None if isinstance(self.testset, LockedTestSet) else self.testset

    def judged(self, formula: Formula) -> Formula:
        """The formula as it is judged on the test set; as it stands where the examples are not here."""
        return formula if self.examples is None else expanded(formula, self.examples.groups)

    def sizes(self, formula: Formula) -> Sizes:
        """Size of each slice that *formula* is about; arguments and errors as `proctor.gate.grouping.sizes`."""
        return sizes(self.life, self.examples, formula)

    def account(self, gate: Gate) -> Account:
        """The account of the test set; a fresh one if it is not registered yet."""
        return self.life.account if self.life is not None else open_account(gate.contract)


def read(ledger: Ledger) -> Reading:
    """The whole ledger; errors as `Ledger.read`."""
    return Reading(ledger.read())


def opened(
    reading: Reading, testset: TestSet, *, is_another: bool = False, takes_any_version: bool = False
) -> LedgerView:
    """
    The books as of a *reading*, opened at the life of *testset*.

    Its owner may say that it *is_another* than those that it looks like. Where somebody *takes_any_version*, its
    examples may be those that it had before they were changed.

    Raises:
        DataError: If the test set is not registered, but shares examples with one that is, or is one in another form;
            or if other examples are in use since, and these are those of before.
    """
    life = reading.lives.get(testset.fingerprint)
    if life is not None and not takes_any_version:
        refuse_outgrown(testset, life)
    doubts = _refuse_known(testset, reading.lives, is_another=is_another) if life is None else ()
    return LedgerView(reading.entries[-1].hash if reading.entries else GENESIS, reading.lives, life, doubts, testset)


def refuse_outgrown(testset: TestSet, life: TestSetHistory) -> None:
    """
    Refuse the examples that a test set had before they were changed: two versions in use would be two test sets.

    Raises:
        DataError: If they are not those in use.
    """
    if testset.version != life.version:
        act, done = ("extend", "extended") if isinstance(life.in_use, Extended) else ("drop", "reduced")
        raise DataError(
            f"these are {testset.n_examples:,} examples of test set {testset.fingerprint[:12]}, which was {done} to "
            f"{life.in_use.n_examples:,} in entry {life.changes[-1].entry.number}",
            hint=f"Put the {done} files in the place of these. Where they were being written, its owner runs the same "
            f"`proctor testset {act}` again. Nothing was spent.",
        )


def known_as(entries: Sequence[Entry], testset: TestSet) -> TestSet:
    """*testset* as the ledger knows it: columns added since registration do not make another test set of it."""
    records = [from_body(each.kind, each.body, each.number) for each in entries if each.kind == Registered.kind]
    registered = [record for record in records if isinstance(record, Registered)]
    changed = [each.body for each in entries if each.kind in CHANGES]
    names = {str(body.get("version")): str(body.get("testset")) for body in changed} | {
        record.testset: record.testset for record in registered
    }
    if testset.version in names:
        return _named_in_books(testset, names[testset.version])
    for record in registered:
        seen = testset.seen_through(record.columns) if record.columns != testset.columns else None
        if seen is not None and names.get(seen.version) == record.testset:
            return _named_in_books(seen, record.testset)
    return testset


def _named_in_books(testset: TestSet, account: str) -> TestSet:
    """The examples of a version of a registered test set, under the name of the whole."""
    return testset if testset.version == account else replace(testset, account=account)


def _refuse_known(
    testset: TestSet, found: Mapping[str, TestSetHistory], *, is_another: bool
) -> tuple[TestSetHistory, ...]:
    """Refuse a test set that is in the books in another form; gives the registered sets that it may yet be."""
    doubtful = []
    for life in found.values():
        judgments = [judge(known, testset.traits) for known in traits_in_books(life, testset)]
        if not is_another:
            _refuse_disguise(testset, life)
            for judgment in judgments:
                _refuse_another_form(testset, life, judgment)
            doubtful += [life] if any(isinstance(judgment, Doubtful) for judgment in judgments) else []
    return tuple(doubtful)


def _refuse_another_form(testset: TestSet, life: TestSetHistory, judgment: Judgment) -> None:
    match judgment:
        case Shares(common, by) if by == EXAMPLES:
            said = f"this test set has {common} of its {testset.n_examples:,} examples in common with {_named(life)}"
            raise DataError(said, hint=f"Changing or adding rows does not buy a new budget. {WAYS_ON}")
        case Shares(common):
            said = f"this test set has {common} of its {testset.n_examples:,} ids in common with {_named(life)}"
            raise DataError(said, hint=f"Other features do not make another test set. {WAYS_ON}")
        case Copies():
            said = f"{judgment} in {_named(life)}: this looks like a copy"
            raise DataError(said, hint=f"A table that is made anew does not make another test set. {WAYS_ON}")


def traits_in_books(life: TestSetHistory, testset: TestSet) -> list[Traits]:
    """
    Traits of all examples that a set ever had: of those in use, and of those before each drop.

    Of what is sealed to another key than *testset*'s there are none.
    """
    key, has_features, found = testset.files.key, bool(life.registered.record.columns), []
    for each in life.ever_used:
        form = open_traits(each.traits, key) if isinstance(each.traits, str) else each.traits
        found.append(Traits.from_json(each.n_examples, each.sketch, has_features, form))
    return found


def _named(life: TestSetHistory) -> str:
    return f"test set {life.registered.record.testset[:12]}, which is {'retired' if life.retired else 'in use'}"


def _refuse_disguise(testset: TestSet, life: TestSetHistory) -> None:
    """A gate file that names other features, or none, does not make another test set of the same labels."""
    registered, pair = life.registered.record, pair_of(testset.files.labels.path)
    is_same_file = pair is not None and registered.pair == pair
    ids = {registered.ids, *(cohort.ids for cohort in life.ever_used)} - {None}
    by_ids = testset.seen_through(()) if ids and not testset.is_numbered else None
    if is_same_file or (by_ids is not None and by_ids.version in ids):
        raise DataError(
            f"the labels are those of test set {registered.testset[:12]}, which is known by other features",
            hint=f"Name the features in `testset` as they were when it was registered. {WAYS_ON}",
        )


def refuse_another_contract(gate: Gate, life: TestSetHistory) -> None:
    """
    Refuse a gate file that contradicts what was fixed at registration, and say what may still be changed.

    Raises:
        ContractError: If reliability, mode, adaptivity, the paper's steps or the grade of the inputs differ.
    """
    registered = life.registered.record
    fixed = registered.contract
    asked = gate.contract
    differences = [
        f"{name}: {'not fixed' if now is None else now} (registered {'without' if then is None else f'with {then}'})"
        for name, then, now in (
            ("reliability", fixed.reliability, asked.reliability),
            ("mode", fixed.mode, asked.mode),
            ("adaptivity", fixed.adaptivity, asked.adaptivity),
            ("steps", fixed.steps, asked.steps),
            ("inputs", registered.inputs, str(gate.testset.inputs)),
        )
        if then != now
    ]
    if differences:
        raise ContractError(
            f"{gate.file} contradicts what was fixed when this test set was registered: {'; '.join(differences)}",
            hint="Put these keys back, or register a fresh test set. The condition, power and disagreement may change "
            "at any time, and under `adaptivity: recycling` so may stakes, steps and passes.",
        )


def refuse_outside_lineage(books: LedgerView, gate: Gate) -> None:
    """
    Refuse to register a test set in passing where one reliability holds for the whole project.

    Raises:
        ContractError: If a test set in the ledger carries such a promise (its successors have a share of their own), or
            one that *gate* used was handed what another had left.
    """
    heirs = [life for life in books.lives.values() if life.registered.record.inherits and gate.name in life.gates]
    if heirs or any(life.registered.record.project_error is not None for life in books.lives.values()):
        raise ContractError(
            "this ledger promises a reliability for the whole project, and this test set is not a part of it yet",
            hint="Register it as the successor: `proctor testset renew`; or keep other books with `ledger:`. Nothing "
            "was spent.",
        )


def refuse_pending(life: TestSetHistory) -> None:
    """Refuse to act while a candidate is being judged on sealed inputs (`EvaluationPending`)."""
    if life.open_pending is not None:
        raise EvaluationPending(
            f"entry {life.open_pending.entry.number} of the ledger is an evaluation that has begun and not ended",
            hint="Wait for it, or end it with `proctor testset abort`: a fail (in fn-free a pass), charged.",
        )


def refuse_if_over(gate: Gate, books: LedgerView) -> None:
    """
    Refuse to go on with a test set that is retired or spent.

    Raises:
        AccountHandedOn: If a successor was given what it had left.
        TestSetRetired: If the owner has retired it.
        BudgetSpent: If nothing is left of its budget.
    """
    if books.life is not None and books.life.heir is not None:
        old, new = books.life.registered.record.testset[:12], books.life.heir.record.testset[:12]
        raise AccountHandedOn(
            f"what test set {old} had left was handed on to test set {new}, in entry {books.life.heir.entry.number}; "
            "nothing new is judged on it",
            hint=f"Name the files of test set {new} in the gate file, under `testset`. Recorded answers are still "
            "given; nothing was spent.",
        )
    if books.life is not None and books.life.retired is not None:
        raise TestSetRetired(
            f"test set {books.life.registered.record.testset[:12]} was retired: "
            f"{books.life.retired.record.reason}; a fresh test set is needed",
            hint=next_set_hint(gate, books.life),
        )
    account = books.account(gate)
    if account.next_log_level(gate.stakes) == SPENT:
        raise BudgetSpent(
            f"the budget of this test set is spent after {count(account.evaluations, 'evaluations')}; "
            "a fresh test set is needed, and nothing more was spent",
            hint=next_set_hint(gate, books.life),
        )


def refuse_if_out_of_reach(
    gate: Gate, books: LedgerView, formula: Formula, n_examples: int, stake: int | None = None
) -> None:
    """
    Refuse an evaluation that could not resolve what is asked; known before any label is read, and free to say.

    Raises:
        ToleranceOutOfReach: If the tolerance is out of reach at the next level with the declared power.
        Misuse: If it would be out of the reach of any test set.
        KeyFault: If that depends on examples whose key is not here.
    """
    formula = books.judged(formula)
    sizes = books.sizes(formula)
    found, account = prospect(gate, formula, n_examples, sizes), books.account(gate)
    if books.testset is not None and not found.is_known:
        refuse_locked(books.testset)
    # Who stakes little expects a fail: that no pass could come of it then is no reason for a fresh test set.
    log_level = max(account.next_log_level(gate.stakes, each) for each in {None, stake})
    terms = found.terms.at(log_level)
    if is_within_reach(formula, terms, n_examples, sizes):
        return
    check_possible(formula, found.terms)  # no fresh test set would help
    reach = found.reach(log_level)
    reached = "nothing at all" if reach.tolerance is None else f"±{points(reach.tolerance, reach.unit)}"
    asked = "" if reach.asked is None else f", and ±{points(reach.asked, reach.unit)} is asked for"
    these = _told(clauses(formula)[reach.clause_index], n_examples, sizes)
    raise ToleranceOutOfReach(
        f"a fresh test set is needed: the next evaluation on {these} could resolve {reached}{asked}; nothing was spent",
        hint=next_set_hint(gate, books.life),
    )


def _told(clause: Clause, n_examples: int, sizes: Sizes) -> str:
    cluster = clusters(clause)
    noun = "examples" if cluster is None else "clusters"
    found = examples_of(clause, n_examples, sizes)
    whose = "" if cluster is None else f" (by `{cluster}`)"
    if clause.slice is None:
        return f"these {count(found, noun)}{whose}"
    return f"the {count(found, noun)}{whose} of the slice `{clause.slice}`"
