"""Conditions that read columns of their own: a class, a score and a judge's score in one file, on one budget."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from proctor import gatefile, service
from proctor.cli.explain import explain
from proctor.errors import ContractError, DataError, GateFileError, Misuse
from proctor.gate import in_turn
from proctor.gate.check import How
from proctor.gate.session import Session, Stance
from proctor.ledger.checkpoint import checkpoint_of
from proctor.ledger.lives import lives
from proctor.ledger.records import Accepted, Adopted, Evaluated, from_body, to_body
from proctor.ledger.submissions import Submission
from proctor.preflight import inspect
from proctor.release import Release, Verdict
from proctor.runtime import Runtime
from proctor.surfaces.handing import with_candidate

N = 1_500
RNG = np.random.default_rng(20_261_129)
IS_FRAUD = RNG.random(N) < 0.5
LABEL = np.where(IS_FRAUD, "fraud", "fine")
SHARP, BLUNT = (
    np.clip(np.where(IS_FRAUD, *at) + 0.1 * RNG.standard_normal(N), 0, 1) for at in ((0.8, 0.2), (0.6, 0.4))
)
JUDGED = np.clip(0.8 + 0.05 * RNG.standard_normal(N), 0, 1)

RECALL = 'recall(n, "fraud") > 0.6 +/- 0.1'
RANKING = {"condition": 'auc(n, "fraud") > 0.8 +/- 0.1', "prediction": "score"}
LIKED = {"condition": "mean(n) - mean(o) > -0.1 +/- 0.1", "prediction": "judge"}
SHARPER = {"condition": 'auc(n, "fraud") - auc(o, "fraud") > -0.1 +/- 0.1', "prediction": "score"}
ALL = {"recall": RECALL, "ranking": RANKING, "liked": LIKED}


def said(n_wrong: int) -> np.ndarray:
    """Classes, of which the first few are wrong."""
    values = LABEL.copy()
    values[:n_wrong] = np.where(IS_FRAUD[:n_wrong], "fine", "fraud")
    return values


class Project:
    """Labels, files of predictions with several columns, and a gate file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.table("labels.csv", label=LABEL)
        self.model("old.csv", n_wrong=60).model("new.csv", n_wrong=30)

    def table(self, name: str, **columns: Any) -> Project:
        with (self.root / name).open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["id", *columns])
            rows.writerows([f"e{row}", *cells] for row, cells in enumerate(zip(*columns.values(), strict=True)))
        return self

    def model(self, name: str, n_wrong: int, score: np.ndarray = SHARP, judge: np.ndarray = JUDGED) -> Project:
        return self.table(name, **{"class": said(n_wrong)}, score=score, judge=judge)

    def gate(self, new: str = "new.csv", conditions: Any = None, **keys: Any) -> gatefile.Gate:
        content = {
            "conditions": conditions or ALL,
            "power": 0.5,
            "steps": 12,
            "testset": {"labels": "labels.csv"},
            "candidate": {"predictions": new, "prediction": "class"},
            **keys,
        }
        (self.root / "proctor.yml").write_text(yaml.safe_dump(content, sort_keys=False))
        return gatefile.load(self.root)

    def check(self, new: str = "new.csv", conditions: Any = None, **keys: Any) -> Release:
        return in_turn.check(self.gate(new, conditions, **keys), Runtime({}), How())

    def session(self) -> Session:
        return Session(gate=gatefile.load(self.root), runtime=Runtime({}), stance=Stance.OWNER)

    def records(self, kind: type) -> list[Any]:
        entries = self.session().ledger.read()
        return [found for each in entries if isinstance(found := from_body(each.kind, each.body, each.number), kind)]

    def accepted(self) -> Submission:
        session = self.session()
        found = session.life(session.books()).accepted("proctor")
        assert found is not None
        return found.record.candidate


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def started(project: Project) -> Project:
    """A project whose old model was accepted as the first one."""
    project.check("old.csv")
    return project


def verdicts(release: Release) -> dict[str, str | None]:
    return {each.name: each.release.verdict.value if each.release else None for each in release.answers}


def test_status__says_what_each_reads_and_what_is_said_at_best(project: Project) -> None:
    """Conditions go by their columns; how many examples count for a metric of one class, no account can say."""
    gate = project.gate(conditions={**ALL, "liked": {**LIKED, "enforce": False}})

    notes = service.status(gate, Runtime({})).notes

    assert any(
        "`recall` (reads `class`), `ranking` (reads `score`), `liked` (reads `judge`, informs only)" in note
        for note in notes
    )
    at_best = [note for note in notes if "at best" in note]
    assert 1 == len(at_best)
    assert 'recall(n, "fraud")' in at_best[0]
    assert "mean" not in at_best[0]


def test_check__asks_each_of_its_column(started: Project) -> None:
    """A class, a score and a judge's score are judged in one gate, and the candidate becomes the baseline whole."""
    release = started.check()

    assert {"recall": "pass", "ranking": "pass", "liked": "pass"} == verdicts(release)
    assert (Verdict.PASS, 3) == (release.verdict, release.budget.evaluations)
    parts = {record.part: record.candidate for record in started.records(Evaluated)}
    assert {"class", "score", "judge"} == set(parts["liked"].columns or {})
    assert [parts[name].columns[of] for name, of in (("recall", "class"), ("liked", "judge"))] == [
        parts["recall"].digest,
        parts["liked"].digest,
    ]
    assert ("new.csv", parts["recall"].whole) == (started.accepted().source, started.accepted())
    assert started.records(Adopted)[0].candidate.columns is not None


def test_check__is_free_when_it_is_asked_again(started: Project) -> None:
    """Each answer is recorded, whatever the order of the rows and of the columns that nobody reads."""
    first = started.check()
    order = RNG.permutation(N)
    with (started.root / "new.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["judge", "note", "id", "score", "class"])
        rows.writerows([JUDGED[i], "x", f"e{i}", SHARP[i], said(30)[i]] for i in order)

    again = started.check()

    assert again.replayed
    assert verdicts(first) == verdicts(again)
    assert 3 == len(started.records(Evaluated))


def test_check__another_column_is_another_question(started: Project) -> None:
    """Whoever names another column, or writes another one, is judged on it and pays; the other answers stay."""
    conditions = {"liked": {"condition": "mean(n) > 0.5 +/- 0.1", "prediction": "judge"}}
    passed = started.check(conditions=conditions)
    swapped = started.check(conditions={"liked": conditions["liked"] | {"prediction": "score"}})
    before = len(started.records(Evaluated))
    started.model("new.csv", n_wrong=30, judge=0.5 * JUDGED)

    written = started.check(conditions=conditions)

    assert [Verdict.PASS, Verdict.FAIL] == [passed.verdict, swapped.verdict]
    assert (Verdict.FAIL, False, before + 1) == (written.verdict, written.replayed, len(started.records(Evaluated)))


def test_check__a_new_column_beside_an_accepted_one_is_judged(started: Project) -> None:
    """Who has the accepted classes and a bad score gets no pass for the classes alone, and is no baseline."""
    started.check()
    started.model("third.csv", n_wrong=30, score=1 - SHARP)

    release = started.check("third.csv")

    assert {"recall": "pass", "ranking": "fail", "liked": None} == verdicts(release)
    assert "new.csv" == started.accepted().source


def test_check__the_baseline_is_what_passed_as_a_whole(started: Project) -> None:
    """Of answers that are all recorded, for two others, the candidate is the baseline, and neither of those."""
    good = {"ranking": RANKING, "recall": 'recall(n, "fraud") > 0.9 +/- 0.05'}
    started.model("a.csv", n_wrong=30).model("b.csv", n_wrong=900, score=BLUNT).model("c.csv", n_wrong=30, score=BLUNT)
    assert [Verdict.PASS, Verdict.FAIL] == [started.check(name, good).verdict for name in ("a.csv", "b.csv")]

    started.check("c.csv", good)

    entries = tuple(started.session().ledger.read())
    kept = checkpoint_of(lives(entries), entries[-1])
    found = next(iter(lives(kept.entries, kept.accounts).values())).accepted("proctor")
    assert started.accepted() == (found.record.candidate if found else None)
    assert "c.csv" == started.accepted().source == started.records(Accepted)[-1].candidate.source
    assert started.session().runner.store.has((started.accepted().on("score") or started.accepted()).digest)


def test_check__the_first_model_is_new_in_every_column(project: Project) -> None:
    """The adoption of one file is no answer about another that has the same classes."""
    project.check("old.csv")
    project.model("other.csv", n_wrong=60, score=1 - SHARP)

    release = project.check("other.csv")

    assert {"recall": "pass", "ranking": "fail", "liked": None} == verdicts(release)


def test_check__compares_with_the_column_that_was_kept(started: Project) -> None:
    """A score that became worse is found out though the accepted file is gone."""
    started.check()
    (started.root / "old.csv").unlink()
    started.model("new.csv", n_wrong=30, score=BLUNT, judge=JUDGED - 0.3)

    release = started.check(conditions={"recall": RECALL, "liked": LIKED})

    assert {"recall": "pass", "liked": "fail"} == verdicts(release)


def test_check__a_column_of_which_nothing_is_known_is_refused(project: Project) -> None:
    """A model that was accepted for its classes alone is no baseline of a score; n alone can be asked, for once."""
    project.check("old.csv", {"recall": RECALL})

    with pytest.raises(DataError, match=r"nothing is known of what the earlier model 'old\.csv' has in the column"):
        project.check(conditions={"recall": RECALL, "sharper": SHARPER})
    release = project.check(conditions={"recall": RECALL, "ranking": RANKING})

    assert {"recall": "pass", "ranking": "pass"} == verdicts(release)
    assert Verdict.PASS is project.check(conditions={"sharper": SHARPER}).verdict


def test_check__one_column_after_several(started: Project) -> None:
    """A gate that goes back to one column finds it in the accepted model."""
    started.check()

    release = started.check("new.csv", {"steady": "d < 0.2 +/- 0.1", "better": {"condition": "n > 0.8 +/- 0.1"}})

    assert "pass" == verdicts(release)["better"]


def test_check__a_file_as_baseline(project: Project) -> None:
    """The columns have one name on both sides, but for the one that `prediction` names on each."""
    project.table("old.csv", guess=said(60), score=BLUNT, judge=JUDGED)
    baseline = {"predictions": "old.csv", "prediction": "guess"}
    conditions = {"better": "n - o > -0.1 +/- 0.1", "sharper": SHARPER, "liked": LIKED}

    release = project.check(conditions=conditions, baseline=baseline)

    assert {"better": "pass", "sharper": "pass", "liked": "pass"} == verdicts(release)


def test_check__a_strange_column_of_a_baseline_is_refused(project: Project) -> None:
    """A commit cannot put bad scores beside the accepted classes, nor an accepted column in the place of another."""
    conditions, baseline = {"sharper": SHARPER, "liked": LIKED}, {"predictions": "old.csv"}
    project.check(conditions=conditions, baseline=baseline)
    project.model("old.csv", n_wrong=60, score=BLUNT).model("third.csv", n_wrong=10)

    with pytest.raises(ContractError, match="holds other predictions than when the test set was registered"):
        project.check("third.csv", {"sharper": {**SHARPER, "condition": "mean(n) > mean(o)"}}, baseline=baseline)
    project.model("old.csv", n_wrong=60, score=JUDGED)
    with pytest.raises(ContractError, match="holds other predictions"):
        project.check("third.csv", {"sharper": {**SHARPER, "condition": "mean(n) > mean(o)"}}, baseline=baseline)


def test_check__a_missing_column_is_told_with_its_condition(project: Project) -> None:
    """Condition, file and the columns that there are; and so for what cannot be read."""
    project.table("new.csv", **{"class": said(30)}, score=said(30))

    with pytest.raises(DataError) as missing:
        project.check(conditions={"recall": RECALL, "liked": {"condition": "mean(n) > 0.5", "prediction": "judge"}})
    with pytest.raises(DataError, match="`ranking` cannot be asked: "):
        project.check(conditions={"recall": RECALL, "ranking": RANKING})

    assert "`liked` cannot be asked: 'new.csv' has no column 'judge'; it has 'id', 'class', 'score'" in str(
        missing.value
    ).replace(f"{project.root}/", "")
    assert not (project.root / ".proctor" / "ledger.db").exists() or not project.records(Evaluated)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"candidate": {"command": "p {features} {predictions}"}}, "what is run has one column of predictions"),
        ({"baseline": {"model": "models:/m/1"}}, "a saved model has one column of predictions"),
        ({"testset": {"labels": "y.csv", "engine": "duckdb"}}, "`engine` counts one column"),
        (
            {"feedback": {"estimate": {"of": "n", "from": 0, "to": 1, "step": 0.5}}},
            "`estimate` is of one column",
        ),
        ({"stakes": "informed"}, "`stakes: informed` goes with one column"),
        ({"development": {"labels": "dev.csv"}}, "`development` has one column"),
        (
            {"conditions": {"recall": RECALL, "error": {"condition": "mae(n, max=1) < 0.5", "prediction": "score"}}},
            "reads the labels otherwise",
        ),
        ({"conditions": {"recall": RECALL, "ranking": RANKING["condition"]}}, "let one name a column of its own"),
    ],
)
def test_load__what_has_one_column_is_refused(project: Project, keys: dict[str, Any], problem: str) -> None:
    """Programs, saved models, engines, estimates and development data have one; the schema says so, too."""
    with pytest.raises(GateFileError, match=problem):
        project.gate(**keys)

    content = yaml.safe_load((project.root / "proctor.yml").read_text())
    is_of_the_schema = "conditions" not in keys
    assert is_of_the_schema != Draft202012Validator(gatefile.json_schema()).is_valid(content)


def test_preflight__looks_at_each_column(project: Project) -> None:
    """Nothing is spent, and a column that does not fit is found."""
    project.gate()
    assert "1,500 predictions, well formed, one for each example" in finding(project)

    project.table("new.csv", **{"class": said(30)}, score=SHARP, judge=np.full(N, 7.0))

    assert "`liked` cannot be asked" in finding(project)


def finding(project: Project) -> str:
    found = inspect(gatefile.load(project.root), Runtime({}))
    return next(each.text for each in found.findings if each.name == "candidate")


def test_keep__hands_over_a_table(started: Project) -> None:
    """A table of pandas or polars is written with every column that a condition reads."""
    columns = {"id": [f"e{row}" for row in range(N)], "class": said(30), "score": SHARP, "judge": JUDGED, "note": LABEL}
    gate = started.gate("handed.csv")

    release = service.check(with_candidate(gate, Table(columns)), Runtime({}))

    assert (Verdict.PASS, "handed.csv") == (release.verdict, started.accepted().source)
    with pytest.raises(Misuse, match="the conditions read the columns 'class', 'score', 'judge', and one"):
        with_candidate(gate, list(said(30)))


class Table(dict[str, Any]):
    """The part of a data frame that is looked at."""

    @property
    def columns(self) -> list[str]:
        return list(self)


def test_explain__tells_all_conditions(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.gate()
    monkeypatch.chdir(project.root)

    told = CliRunner().invoke(explain, []).output

    assert "recall of new for class fraud is above 60 %, and the AUC of new" in " ".join(told.split())


def test_to_body__says_nothing_of_columns_where_there_is_one() -> None:
    """Entries of gates with one column are what they always were, and old ones are read."""
    submission = Submission("0" * 64, "new.csv")
    record = Accepted("t" * 64, submission, (3, 4), origin=project_origin())

    body = to_body(record)

    assert {"digest", "source", "commit"} == set(body["candidate"])
    assert record == from_body(Accepted.kind, body)
    assert submission.whole == submission


def project_origin() -> Any:
    from proctor.ledger.records import Origin

    return Origin("proctor", "1")
