"""A gate that is opened once: what is opened when, in whose part, and where private figures go."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from proctor import gatefile, owner
from proctor.errors import ContractError, KeyFault, LedgerCorrupt, LedgerMoved, Misuse
from proctor.gate.books import Reading, read
from proctor.gate.session import Session, Stance
from proctor.ledger import GENESIS, Ledger
from proctor.ledger.records import Evaluated, Retired
from proctor.runtime import Runtime
from proctor.testset.sealing import open_record

from .project import LABELS, Project

FIGURES = {"outcome": "pass", "wins": 120}


# --- opened when it is asked for -------------------------------------------------------------------------------------


def test_session__opens_nothing_by_itself(project: Project) -> None:
    """Whoever asks for the ledger alone needs neither labels nor models; nothing is written."""
    for name in ("labels.csv", "new.csv", "old.csv"):
        (project.root / name).unlink()

    assert [] == list(project.session().ledger.read())
    assert ["proctor.yml"] == [path.name for path in project.root.iterdir() if path.is_file()]


def test_session__reads_the_ledger_once_for_all_that_is_opened(project: Project) -> None:
    """Test set, settings and marks are found in one reading."""
    project.check()
    count: list[Ledger] = []

    def reads(ledger: Ledger) -> Reading:
        count.append(ledger)
        return read(ledger)

    session = project.session(Stance.JUDGE, reads=reads)

    assert session.testset is session.testset
    assert session.opening.lives.keys() == {session.testset.fingerprint}
    assert 1 == len(count)


def test_session__is_closed_by_whoever_opened_it(project: Project) -> None:
    """The end of a session gives back the ledger, whose log is in the file then; an unused one has nothing to close."""
    project.check()
    log = project.root / ".proctor/ledger.db-wal"

    with project.session() as session:
        before = len(list(session.ledger.read()))
        assert log.exists()

    assert not log.exists()
    assert before == len(list(session.ledger.read()))
    with project.session() as unused:
        pass
    assert "ledger" not in vars(unused)


def test_session__labels_are_not_opened_for_the_test_set(project: Project) -> None:
    """Where examples are known by their features the file of labels need not be here."""
    project.features().check()
    known = project.session().testset.fingerprint
    (project.root / "labels.csv").unlink()

    assert known == project.session(Stance.READER, opens_labels=False).testset.fingerprint


def test_session__commit_that_is_named_comes_first(project: Project) -> None:
    """A named commit is the one that is judged, else the one of the environment; both are in what is recorded."""
    assert "d" * 40 == project.session(named_commit="d" * 40).origin.commit
    assert ("c" * 40, "ada") == (project.session().origin.commit, project.session().origin.actor)


# --- in whose part ---------------------------------------------------------------------------------------------------


def test_stance__judge_leaves_to_the_owner_what_is_the_owners(project: Project) -> None:
    """A gate file that changes it opens for its owner and for a reader, and not for a candidate."""
    project.check()
    project.gate(sandbox="none")

    with pytest.raises(ContractError, match="`sandbox` is 'none'"):
        _ = project.session(Stance.JUDGE).testset
    assert 400 == project.session(Stance.OWNER).testset.n_examples
    assert 400 == project.session(Stance.READER).testset.n_examples


@pytest.mark.parametrize("stance", Stance)
def test_stance__books_that_were_cut_back_open_for_nobody(project: Project, stance: Stance) -> None:
    """Except for the owner who says that they are meant."""
    project.check()
    (project.root / ".proctor/ledger.db").unlink()

    with pytest.raises(LedgerCorrupt, match="cut back"):
        _ = project.session(stance).testset
    if stance is not Stance.JUDGE:
        assert 400 == project.session(stance, takes_any_books=True).testset.n_examples


def test_stance__sealed_test_set_without_its_key(project: Project) -> None:
    """A reader finds it by its registration; its owner needs the key; its labels open for nobody."""
    project.sealed().check()
    known = project.session().testset.fingerprint
    del project.environ["PROCTOR_KEY"]

    assert known == project.session(Stance.READER).testset.fingerprint
    for stance in Stance:
        with pytest.raises(KeyFault):
            _ = project.session(stance).labels


def test_stance__sealed_test_set_with_its_key(project: Project) -> None:
    """With the key its labels are those that were sealed."""
    session = project.sealed().session()

    assert np.array_equal(LABELS, session.labels.values.astype(int))


# --- books -----------------------------------------------------------------------------------------------------------


def test_life__of_a_test_set_that_is_not_registered(project: Project) -> None:
    """Who asks for a life that has not begun is told how it begins."""
    session = project.session()

    with pytest.raises(Misuse, match="is not in the books") as refused:
        session.life(session.books())
    assert "registered at its first check" in refused.value.hint


def test_books__as_of_a_reading(project: Project) -> None:
    """Books as of an earlier reading do not know what came later; books that are asked for now do."""
    project.check()
    session = project.session()
    assert session.testset.n_examples == 400
    earlier = session.opening
    project.check(asks_anew=True)

    assert 1 == session.books(earlier).account(session.gate).evaluations
    assert 2 == session.books().account(session.gate).evaluations


def test_decide__again_from_the_new_books(project: Project) -> None:
    """An act that finds the ledger moved is done again, on the books as they are then."""
    project.check()
    session = Session(
        gate=gatefile.load(project.root),
        runtime=Runtime(dict(project.environ), pause=lambda _: None),
        stance=Stance.OWNER,
    )
    heads: list[str] = []

    def act(books):
        heads.append(books.head)
        if len(heads) == 1:
            project.check(asks_anew=True)
        return session.append(Retired(session.testset.fingerprint, "over", session.origin), books.head)

    assert session.decide(act).number == len(project.entries())
    assert 2 == len(set(heads))


def test_append__behind_another_head_is_refused(project: Project) -> None:
    """What was decided on other books is not recorded."""
    project.check()
    session, before = project.session(), project.entries()

    with pytest.raises(LedgerMoved):
        session.append(Retired(session.testset.fingerprint, "over", session.origin), GENESIS)

    assert before == project.entries()


def test_append__keeps_the_folder_out_of_git(project: Project) -> None:
    """Whoever adds everything to the repository adds nothing that the gate keeps."""
    project.check()

    assert "*" in (project.root / ".proctor/.gitignore").read_text().splitlines()


# --- private figures -------------------------------------------------------------------------------------------------


def test_owner_record__is_written_where_somebody_waits_for_it(project: Project) -> None:
    """A judge writes it where outcomes are withheld, or where it was named; its owner always knows where it is."""
    owners = project.root / ".proctor/owner.jsonl"

    assert None is project.session(Stance.JUDGE).owner_record
    assert owners == project.session(Stance.OWNER).owner_record
    assert Path("mine.jsonl") == project.session(Stance.JUDGE, named_record=Path("mine.jsonl")).owner_record
    project.gate(adaptivity="none", steps=3)
    assert owners == project.session(Stance.JUDGE).owner_record


def test_owner_record__is_not_needed_with_a_key(project: Project) -> None:
    """With the owner's key the figures stand in the ledger, sealed."""
    session = (
        project.sealed().gate(testset={"labels": "labels.csv.sealed"}, adaptivity="none", steps=3).session(Stance.JUDGE)
    )

    assert None is session.owner_record
    assert session.keeps_figures


def test_keeps_figures__only_where_somebody_may_read_them(project: Project) -> None:
    """Without a key and a file the figures go nowhere, and are not computed."""
    assert not project.session(Stance.JUDGE).keeps_figures
    assert project.session(Stance.JUDGE, named_record=Path("mine.jsonl")).keeps_figures


def test_conceal__commits_to_figures_that_the_owners_record_opens(project: Project) -> None:
    """What the ledger holds says nothing; with the salt of the owner's record it is what the figures give."""
    project.check(owner_record=project.root / "mine.jsonl")

    line = json.loads((project.root / "mine.jsonl").read_text())
    (evaluated,) = project.records(Evaluated)
    figures = {key: line[key] for key in line if key not in ("at", "commit", "private", "salt", "candidate")}
    assert owner.commitment(figures, bytes.fromhex(line["salt"])) == evaluated.private == line["private"]


def test_conceal__seals_to_its_place_in_the_ledger(project: Project) -> None:
    """A sealed record opens behind the entry that it was made for, and behind no other."""
    session = project.sealed().session(Stance.JUDGE)

    text = session.conceal(FIGURES, GENESIS)

    assert session.owner_key.key is not None
    assert FIGURES == open_record(text, session.owner_key.key, GENESIS)
    with pytest.raises(KeyFault):
        open_record(text, session.owner_key.key, "f" * 64)


def test_conceal__attempt_that_lost_leaves_no_line(project: Project) -> None:
    """Figures of an attempt that the ledger did not take are not in the owner's record, nor beside it."""
    record = project.root / "mine.jsonl"
    project.check(owner_record=record)
    session = project.session(named_record=record)
    (evaluated,) = project.records(Evaluated)
    text = session.conceal(FIGURES, GENESIS)

    with pytest.raises(LedgerMoved):
        session.append(Evaluated(**{**vars(evaluated), "private": text}), GENESIS)

    assert 1 == len(record.read_text().splitlines())
    assert [] == list(project.root.glob(".mine.jsonl.*"))


def test_complete__line_of_a_machine_that_died(project: Project) -> None:
    """A note whose entry is in the ledger becomes a line at the next check of the same question, once."""
    record = project.root / "mine.jsonl"
    project.check(owner_record=record)
    line = json.loads(record.read_text())
    record.unlink()
    owner.draft(record, line["private"], line)

    assert project.check(owner_record=record).replayed

    assert [line] == [json.loads(each) for each in record.read_text().splitlines()]
    assert project.check(owner_record=record).replayed
    assert 1 == len(record.read_text().splitlines())
