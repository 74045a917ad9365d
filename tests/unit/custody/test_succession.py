"""Registering on purpose: what is completed, what is refused, and who comes first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gate.project import LABELS

from proctor.custody import succession
from proctor.custody.chronicle import chronicle, lines
from proctor.custody.corrections import correct
from proctor.custody.lineage import Lineage
from proctor.custody.retirement import retire
from proctor.custody.succession import Wish, register
from proctor.errors import DataError, LedgerMoved, Misuse, TestSetRetired
from proctor.gate.registry import Registry


def lives(project):
    return project.session().books().lives


def renewed(project, name):
    """A gate file for fresh examples, with predictions of the present model on them."""
    ids = [f"{name}{i}" for i in range(len(LABELS))]
    labels = np.random.default_rng(list(name.encode())).permutation(LABELS)
    for file, column, values in (("labels", "label", labels), ("present", "prediction", (labels + 1) % 10)):
        rows = "".join(f"{key},{value}\n" for key, value in zip(ids, values.tolist(), strict=True))
        (project.root / f"{name}-{file}.csv").write_text(f"id,{column}\n{rows}")
    return project.gate(baseline=None, testset={"labels": f"{name}-labels.csv"})


def test_register__baseline_of_the_gate_file_is_the_anchor_and_not_adopted(project):
    """A baseline that the gate file names stays named there; naming it twice is refused."""
    with pytest.raises(Misuse, match="names the baseline already"):
        register(project.session(), Wish(follows=False, baseline=project.root / "old.csv"))

    done = register(project.session(), Wish(follows=False))

    assert "old.csv" == done.life.registered.record.anchor.source
    assert () == done.life.verdicts
    with pytest.raises(Misuse, match="registered already"):
        register(project.session(), Wish(follows=False))


def test_register__interrupted_act_is_completed(project):
    """A process that died between registering and adopting leaves a set that the same command completes."""
    project.gate(baseline=None)
    wish = Wish(follows=False, baseline=project.root / "old.csv")
    session = project.session()
    baseline, _ = succession._present(session, None, wish.baseline)
    succession._enter(session, session.books(), Lineage(()), wish, baseline)

    done = register(project.session(), wish)

    assert done.completed
    assert done.life.accepted(project.session().gate.name).record.candidate.source.endswith("old.csv")
    assert 2 == len(project.session().ledger.read())


def test_renew__after_the_first_candidate_of_another_job_was_accepted(project):
    """If a check comes between registering and adopting, its candidate is the baseline, and stays it."""
    project.gate(baseline=None)
    wish = Wish(follows=False, baseline=project.root / "old.csv")
    session = project.session()
    baseline, _ = succession._present(session, None, wish.baseline)
    succession._enter(session, session.books(), Lineage(()), wish, baseline)
    project.check()

    session.decide(lambda books: succession._adopt(session, books, baseline))

    (taken,) = project.session().life(project.session().books()).verdicts
    assert "new.csv" == taken.record.candidate.source


def test_renew__one_successor(project):
    """Of two that would follow the same set one does; the other is told to follow that one."""
    register(project.gate(baseline=None).session(), Wish(follows=False, baseline=project.root / "old.csv"))
    first = next(iter(lives(project)))
    for name in ("two", "three"):
        renewed(project, name)
        wish = Wish(follows=True, predecessor=first, baseline=project.root / f"{name}-present.csv")
        if name == "two":
            second = register(project.session(), wish).life.registered.record
        else:
            with pytest.raises(Misuse, match=f"has a successor already: {second.testset[:12]}"):
                register(project.session(), wish)

    third = register(project.session(), Wish(follows=True, baseline=project.root / "three-present.csv"))

    assert (first, second.testset) == tuple(life.registered.record.testset for life in third.lineage.sets[:2])
    assert 3 == len(third.lineage.sets)


def test_renew__accepted_program_that_is_gone(project):
    """A program that was accepted, is no longer what lies here and has no known commit cannot be measured again."""
    project.environ["PROCTOR_COMMIT"] = ""
    features = "id,x\n" + "".join(f"e{i},{label}\n" for i, label in enumerate(LABELS.tolist()))
    (project.root / "features.csv").write_text(features)
    (project.root / "model.sh").write_text('sed \'s/^id,x/id,prediction/\' "$1" > "$2"\n')
    program = {"command": "sh model.sh {features} {predictions}", "files": ["model.sh"]}
    project.gate(baseline=None, candidate=program, testset={"labels": "labels.csv", "features": "features.csv"})
    project.check()
    (project.root / "model.sh").write_text("exit 1\n")
    renewed(project, "two")
    (project.root / "two-features.csv").write_text(features.replace("\ne", "\ntwo").replace(",", ",1"))
    files = {"labels": "two-labels.csv", "features": "two-features.csv"}
    project.gate(baseline=None, candidate=program, testset=files)

    with pytest.raises(Misuse, match="not what lies here, and its commit is not known"):
        register(project.session(), Wish(follows=True))

    assert 1 == len(lives(project))


def test_decide__starts_again_when_the_books_have_moved(project):
    """An act that finds the ledger moved is decided again from the new books, and gives up in the end."""
    session, seen = project.session(), []

    def act(books):
        seen.append(books.head)
        if len(seen) < 3:
            raise LedgerMoved
        return "done"

    assert "done" == session.decide(act)
    assert 3 == len(seen)


def test_correct__after_retirement(project):
    """The labels of a retired set stand as they are."""
    register(project.session(), Wish(follows=False))
    retire(project.session(), "enough")
    project.labels(np.roll(LABELS, 1))

    with pytest.raises(TestSetRetired, match="is retired"):
        correct(project.session(), project.root / "labels.csv", "")


def test_correct__label_left_out(project):
    """A corrected file without a label that was there is refused, and says how many."""
    register(project.session(), Wish(follows=False))
    project.labels(LABELS)
    file = project.root / "labels.csv"
    file.write_text(file.read_text().rpartition(",")[0] + ",\n")

    with pytest.raises(Misuse, match="1 example had a label and has none"):
        correct(project.session(), file, "")


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "\x1b[2J", "x" * 201])
def test_retire__reason_is_one_line(project, reason):
    """The reason is public and is shown on terminals: one printable line, or nothing is recorded."""
    register(project.session(), Wish(follows=False))

    with pytest.raises(Misuse, match="one line"):
        retire(project.session(), reason)
    assert 1 == len(project.session().ledger.read())


def test_correct__machine_that_died_after_the_entry(project, monkeypatch):
    """The register that the entry speaks of is there however early the machine died, and is settled by the next act."""
    register(project.session(), Wish(follows=False))
    labels = LABELS.copy()
    labels[5] = (labels[5] + 1) % 10
    project.labels(labels)
    with monkeypatch.context() as patch:
        patch.setattr(Registry, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            correct(project.session(), project.root / "labels.csv", "")

    session = project.session()
    life = session.life(session.books())
    assert life.labels == session.registry.held(life, session.testset.hashes, session.testset.read_labels).commitment
    assert 1 == len(life.corrections)


def balanced(project, name, prefix, n_rows=400):
    """Features of which one is balanced by design, and the other is the date: no row is in two tables."""
    rows = (f"{prefix}{i},{i % 16},day {prefix}{i % 9}\n" for i in range(n_rows))
    (project.root / name).write_text(f"id,store,day\n{''.join(rows)}")


def test_renew__column_that_is_balanced_by_design(project):
    """The column is named, with what its owner says then; faults of the files are said before that."""
    balanced(project, "features.csv", "e")
    project.gate(baseline=None, testset={"labels": "labels.csv", "features": "features.csv"}).check()
    renewed(project, "two")
    project.gate(baseline=None, testset={"labels": "two-labels.csv", "features": "two-features.csv"})
    wish = Wish(follows=True, baseline=project.root / "two-present.csv")
    balanced(project, "two-features.csv", "two", 390)
    with pytest.raises(DataError, match="labels examples that the test set does not have: 10 examples"):
        register(project.session(), wish)
    balanced(project, "two-features.csv", "two")

    with pytest.raises(
        DataError, match=r"column 'store' has .* about as often as in test .*: this looks like a copy"
    ) as caught:
        register(project.session(), wish)

    assert "`proctor testset renew --another-set REASON`" in caught.value.hint
    done = register(project.session(), replace(wish, another="25 of each"))
    assert "25 of each" == done.life.registered.record.another
    about = chronicle(project.session().books().lives, done.life.registered.record.testset)
    assert "25 of each" == about["testset"]["another"]
    assert "another    set than it looks like: 25 of each" in lines(about)
