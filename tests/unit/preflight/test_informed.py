"""Stakes made of development data, in this process: what they cost, what they learn, and what is refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from proctor import service
from proctor.budget.guard import STAKE_UNITS
from proctor.cli import testset as commands
from proctor.cli.preflight import preflight
from proctor.errors import DataError, Misuse
from proctor.gate.session import Session, Stance
from proctor.ledger import Entry
from proctor.ledger.records import Evaluated
from proctor.preflight.informed import forecaster_of
from proctor.runtime import Runtime

N_TEST, N_DEVELOPMENT = 2_000, 1_500
PREDICTED = {"labels": "dev-labels.csv", "candidate": "dev-good.csv", "baseline": "dev-old.csv"}


class Team:
    """A gate on predictions that come as files, with development data beside the test set."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said: list[str] = []
        rng = np.random.default_rng(20_261_128)
        self.truth = {"test": rng.integers(0, 10, N_TEST), "dev": rng.integers(0, 10, N_DEVELOPMENT)}
        for name, values in self.truth.items():
            self.table(f"{name}-labels.csv", "label", name, values)
        self.model("old", 0.2).model("good", 0.1).model("bad", 0.3)

    def table(self, file: str, column: str, of: str, values: np.ndarray) -> None:
        with (self.root / file).open("w", newline="") as stream:
            csv.writer(stream).writerows([("id", column), *((f"{of}-{i:x}a", v) for i, v in enumerate(values))])

    def model(self, name: str, wrong: float) -> Team:
        """Predictions of a model that is wrong on the first share of each set."""
        for of, truth in self.truth.items():
            values = truth.copy()
            values[: int(wrong * len(values))] += 1
            self.table(f"{of}-{name}.csv", "prediction", of, values % 10)
        return self

    def gate(self, candidate: str, **overrides: Any) -> Team:
        content = {
            "condition": "n - o > 0 +/- 0.05",
            "disagreement": 0.4,
            "power": 0.5,
            "stakes": "informed",
            "testset": {"labels": "test-labels.csv"},
            "candidate": {"predictions": f"test-{candidate}.csv"},
            "baseline": {"predictions": "test-old.csv"},
            "development": {
                "labels": "dev-labels.csv",
                "candidate": f"dev-{candidate}.csv",
                "baseline": "dev-old.csv",
            },
            **overrides,
        }
        kept = {key: value for key, value in content.items() if value is not None}
        (self.root / "proctor.yml").write_text(yaml.safe_dump(kept, sort_keys=False))
        return self

    def check(self, **how: Any) -> Any:
        runtime = Runtime({"PROCTOR_COMMIT": "c" * 40}, remark=self.said.append)
        return service.check(service.load_gate(str(self.root)), runtime, **how)

    def entries(self) -> Sequence[Entry]:
        session = Session(gate=service.load_gate(str(self.root)), runtime=Runtime({}), stance=Stance.READER)
        return session.ledger.read()

    def evaluations(self) -> Sequence[Evaluated]:
        session = Session(gate=service.load_gate(str(self.root)), runtime=Runtime({}), stance=Stance.READER)
        books = session.books()
        return [taken.record for taken in books.life.verdicts] if books.life else []


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def test_informed__an_expected_pass_is_cheap_and_an_expected_fail_nearly_free(team: Team) -> None:
    """The good model costs less than a bit, where the adaptive code takes over two; the bad one next to nothing."""
    passed = team.gate("good").check()
    failed = team.gate("bad").check()

    assert ("pass", "fail") == (passed.verdict, failed.verdict)
    assert passed.budget.leakage_bits < 1
    assert failed.budget.leakage_bits - passed.budget.leakage_bits < 0.1
    assert passed.expected > 0.8 > 0.2 > failed.expected
    assert passed.stake > 0.8 > 0.1 > failed.stake
    assert "expected to pass:" in passed.notes[0]
    assert "by 1,500 development examples; staked: " in passed.notes[0]


def test_informed__the_stake_is_in_the_ledger_before_and_is_replayed(team: Team) -> None:
    """A recorded question gets the recorded answer, with its stake, whatever development data say now."""
    first = team.gate("good").check()
    team.table("dev-good.csv", "prediction", "dev", (team.truth["dev"] + 1) % 10)
    again = team.check()

    [record] = team.evaluations()
    assert record.pending == 2
    assert (record.stake / STAKE_UNITS, record.forecast.chance) == pytest.approx(
        (first.stake, first.expected), abs=1e-5
    )
    assert (again.replayed, again.stake, again.expected) == (True, first.stake, first.expected)


def test_informed__a_declared_stake_goes_first(team: Team) -> None:
    """Whoever names a stake has it; development data are not asked."""
    release = team.gate("good").check(stake=0.5)

    assert (0.5, None) == (release.stake, release.expected)


def test_informed__learns_from_outcomes_how_far_development_flatters(team: Team) -> None:
    """After fails where passes were promised, the expert that takes two points off is believed more than before."""
    team.gate("good").check()
    life = Session(gate=service.load_gate(str(team.root)), runtime=Runtime({}), stance=Stance.READER)
    taught, untaught = forecaster_of(life.books().life, N_TEST), forecaster_of(None, N_TEST)

    assert (1, 1) == (taught.evaluations, taught.proofs)
    assert taught.weights != untaught.weights
    assert sum(taught.weights) == pytest.approx(1)


def test_informed__without_data_is_adaptive_and_says_so(team: Team) -> None:
    """No development data: the adaptive code decides, nothing is declared, and a remark says what is lost."""
    release = team.gate("good", development=None).check()

    assert release.stake is None
    assert release.budget.leakage_bits > 2
    assert 1 == len(team.said)
    assert "without development data is `adaptive`" in team.said[0]


def test_informed__without_the_baseline_there_is_adaptive(team: Team) -> None:
    """Where nobody knows what the baseline predicts on development data, nothing is declared."""
    files = {"labels": "dev-labels.csv", "candidate": "dev-good.csv"}
    release = team.gate("good", development=files).check()

    assert release.stake is None
    assert "not known" in team.said[0]


def test_informed__other_conditions_stake_what_a_preflight_says(team: Team) -> None:
    """Of a formula of several clauses the chance is simulated."""
    release = team.gate("good", condition="n - o > 0 +/- 0.05 /\\ n > 0.7 +/- 0.05").check()

    assert "pass" == release.verdict
    assert release.expected > 0.9
    [record] = team.evaluations()
    assert record.forecast.wins is None


def test_informed__slices_are_not_forecast(team: Team) -> None:
    """On a slice the development data are not asked: the adaptive code decides, and a remark says so."""
    for of, truth in team.truth.items():
        team.table(f"{of}-features.csv", "half", of, np.arange(len(truth)) % 2)
    files = {"labels": "test-labels.csv", "features": "test-features.csv"}
    for condition in ("n - o > 0 +/- 0.05 on half == 1", "n > 0.7 +/- 0.05 on half == 0 and n > 0.6 +/- 0.05"):
        release = team.gate("good", condition=condition, testset=files).check()
        assert ("pass", None) == (release.verdict, release.stake)

    assert 2 == len(team.said)
    assert "slices is not forecast" in team.said[0]


@pytest.mark.parametrize(
    ("files", "fault", "says"),
    [
        ({"labels": "test-labels.csv"}, Misuse, "the test set's own file"),
        ({"labels": "copy.csv", "candidate": "test-good.csv", "baseline": "test-old.csv"}, Misuse, "in common"),
        (PREDICTED | {"labels": "others.csv"}, DataError, "none of the classes"),
        ({"labels": "../elsewhere.csv", "candidate": "dev-good.csv"}, Misuse, "out of the project"),
        (PREDICTED | {"labels": "blank.csv"}, DataError, "blank.csv' hold no label"),
        (PREDICTED | {"candidate": "test-good.csv"}, DataError, "ids? .* of the development set"),
        (PREDICTED | {"labels": "few.csv"}, DataError, "that the development set does not have"),
        (PREDICTED | {"labels": "few.csv", "features": "dev-x.csv"}, DataError, "that the development set does not"),
        ({"labels": "missing.csv", "candidate": "dev-good.csv"}, DataError, "missing.csv"),
    ],
)  # fmt: skip
def test_informed__bad_development_data_spend_nothing(
    team: Team, files: dict[str, str], fault: type, says: str
) -> None:
    """Each is named, and neither the ledger nor the budget has changed."""
    (team.root / "copy.csv").write_text((team.root / "test-labels.csv").read_text())
    team.table("others.csv", "label", "dev", team.truth["dev"] + 100)
    team.table("blank.csv", "label", "dev", np.full(N_DEVELOPMENT, ""))
    team.table("few.csv", "label", "dev", team.truth["dev"][:9])
    team.table("dev-x.csv", "x", "dev", np.arange(8))
    team.gate("good", development=files)

    with pytest.raises(fault, match=says):
        team.check()

    assert [] == team.evaluations()


def test_informed__labels_of_another_gate_are_no_development_data(team: Team) -> None:
    """A second gate in the folder has labels of its own: wins and losses on them would tell them."""
    other = {"condition": "n > 0.5", "testset": {"labels": "dev-labels.csv"}, "candidate": {"predictions": "x.csv"}}
    (team.root / "other.yml").write_text(yaml.safe_dump(other))
    team.gate("good")

    with pytest.raises(DataError, match="only the owner and the gate may read"):
        team.check()


def test_informed__the_owner_is_told_of_shared_examples_when_registering(team: Team, monkeypatch) -> None:
    """`testset register` compares, whoever may see the inputs."""
    (team.root / "copy.csv").write_text((team.root / "test-labels.csv").read_text())
    team.gate("good", development={"labels": "copy.csv", "candidate": "test-good.csv", "baseline": "test-old.csv"})
    monkeypatch.chdir(team.root)

    with pytest.raises(Misuse, match="in common"):
        commands.testset.main(["register"], standalone_mode=False)


def test_informed__another_candidate_is_not_staked_by_the_declared_ones_results(team: Team) -> None:
    """`--candidate OTHER` takes no development predictions along: they are another model's."""
    team.gate("good")
    gate = service.load_gate(str(team.root), service.Named(candidate=str(team.root / "test-bad.csv")))
    release = service.check(gate, Runtime({"PROCTOR_COMMIT": "c" * 40}, remark=team.said.append))

    assert release.stake is None
    assert "what the candidate predicts on the development data is not known" in team.said[0]


def test_informed__the_declared_candidate_by_its_path_is_the_same(team: Team) -> None:
    """Naming the gate file's own candidate and baseline changes nothing."""
    team.gate("good")
    named = service.Named(candidate=str(team.root / "test-good.csv"), baseline=str(team.root / "test-old.csv"))
    release = service.check(service.load_gate(str(team.root), named), Runtime({"PROCTOR_COMMIT": "c" * 40}))

    assert release.stake > 0.8


def test_informed__an_extension_takes_no_development_examples(team: Team, monkeypatch) -> None:
    """Rows that everybody has looked at do not come into the test set; nothing is recorded."""
    team.gate("good").check()
    lines = (team.root / "dev-labels.csv").read_text().splitlines()
    (team.root / "more.csv").write_text("\n".join([lines[0], *lines[100:400]]) + "\n")
    before = len(team.entries())
    monkeypatch.chdir(team.root)

    with pytest.raises(Misuse, match="300 examples in common"):
        commands.testset.main(["extend", "more.csv", "--reason", "those of March"], standalone_mode=False)
    assert before == len(team.entries())


def judged(team: Team, **named: str) -> Any:
    """A check with files that a command line names, in place of the gate file's."""
    files = service.Named(**{key: str(team.root / name) for key, name in named.items()})
    runtime = Runtime({"PROCTOR_COMMIT": "c" * 40}, remark=team.said.append)
    return service.check(service.load_gate(str(team.root), files), runtime)


def test_informed__another_candidate_is_staked_by_its_own_predictions(team: Team) -> None:
    """Named beside it, they make the stake that they would make in the gate file; so do the baseline's."""
    bad = judged(team.gate("good"), candidate="test-bad.csv", development_candidate="dev-bad.csv")
    team.model("oldest", 0.4)
    good = judged(team, baseline="test-oldest.csv", development_baseline="dev-oldest.csv")

    assert ("fail", "pass", []) == (bad.verdict, good.verdict, team.said)
    assert bad.expected < 0.2 < 0.8 < good.expected


def test_informed__predictions_on_no_development_data(team: Team) -> None:
    """Named without such data in the gate file they are a misuse."""
    with pytest.raises(Misuse, match="names no development data"):
        judged(team.gate("good", development=None), development_candidate="dev-good.csv")


def test_preflight__another_candidate(team: Team, monkeypatch) -> None:
    """A preflight promises nothing of it by another's predictions, stops nobody, and takes its own."""
    monkeypatch.chdir(team.gate("good").root)

    def chance(*words: str) -> str:
        result = CliRunner().invoke(preflight, ["--candidate", "test-bad.csv", *words, "--json"])
        assert 0 == result.exit_code
        return {each["name"]: each["text"] for each in json.loads(result.stdout)["findings"]}["chance"]

    assert "what the candidate predicts on the development data is not known" in chance()
    assert chance("--development-candidate", "dev-bad.csv").startswith("under 2 %")
