"""The script of ease.ml/ci, read as it stands (defects 1 to 3 and 11 of its public code)."""

from __future__ import annotations

import pytest

from proctor import gatefile
from proctor.budget import Adaptivity, Contract, Mode
from proctor.errors import GateFileError
from proctor.planning import Bound

SCRIPT = """\
ml:
  - script     : ./test_model.py
  - condition  : n - o > 0.02 +/- 0.01
  - reliability: 0.9999
  - mode       : fp-free
  - adaptivity : full
  - steps      : 32
"""


def test_loads_any__script_as_printed():
    """The script that the paper prints is read to its own numbers, with our exact tests."""
    script = gatefile.loads_any(SCRIPT, "ease.yml")

    assert isinstance(script, gatefile.PaperScript)
    assert Contract(0.9999, Mode.FP_FREE, Adaptivity.FULL, 32) == script.contract
    assert ("n - o > 0.02 +/- 0.01", "./test_model.py") == (script.condition, script.script)
    assert (Bound.EXACT, "ease") == (script.bound, script.name)


@pytest.mark.parametrize(
    ("written", "adaptivity", "recipient"),
    [
        ("none -> someone@example.com", Adaptivity.NONE, "someone@example.com"),
        ("firstChange", Adaptivity.FIRST_CHANGE, None),
        ("full", Adaptivity.FULL, None),
    ],
)
def test_loads_any__three_forms_of_adaptivity(written, adaptivity, recipient):
    """All three forms are told apart; none of them silently means no examples at all (defect 1)."""
    script = gatefile.loads_any(SCRIPT.replace(": full", f": {written}"))

    assert (adaptivity, recipient, 32) == (script.adaptivity, script.recipient, script.contract.steps)


def test_loads_any__mode_is_not_ignored():
    """`mode` and the tolerance are carried on (defect 2)."""
    script = gatefile.loads_any(SCRIPT.replace("fp-free", "fn-free"))

    assert Mode.FN_FREE is script.contract.mode
    assert "0.01" in str(script.formula)


def test_loads_any__inside_travis_yml(tmp_path):
    """In `.travis.yml` only the section is looked at; aliases and tags elsewhere are no concern of ours."""
    travis = "language: python\nenv: &e {A: 1}\njobs: [*e, !!set {a}]\non: push\n" + SCRIPT
    (tmp_path / ".travis.yml").write_text(travis)

    script = gatefile.load_any(tmp_path / ".travis.yml")

    assert "n - o > 0.02 +/- 0.01" == script.condition


def test_loads_any__disagreement_is_ours():
    """The share of changed predictions, which the paper knows from elsewhere, may stand in its section."""
    script = gatefile.loads_any(SCRIPT + "  - disagreement: 0.1\n")

    assert 0.1 == script.disagreement


def test_with_files__is_a_gate():
    """Told what to judge, a script becomes a gate with the same contract."""
    script = gatefile.loads_any(SCRIPT)
    assert isinstance(script, gatefile.PaperScript)

    gate = script.with_files(
        gatefile.TestSetSource(labels="y.csv"), gatefile.PredictionsFile("new.csv"), gatefile.PredictionsFile("old.csv")
    )

    assert script.contract == gate.contract
    assert script.formula == gate.formula
    assert gatefile.PredictionsFile("old.csv") == gate.baseline


def test_loads__script_is_no_gate():
    """Where a whole gate is needed, the message names the options that complete a script."""
    with pytest.raises(GateFileError, match="--labels"):
        gatefile.loads(SCRIPT)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reliability: 0.9999", "reliability: 99.99", "ml.yml:4:18: .*write 0.9999"),
        ("reliability:", "rely_ability:", "ml.yml:4:5: unknown key `rely_ability`; did you mean `reliability`"),
        ("mode       : fp-free", "steps: 3", "ml.yml:7:5: `steps` is given twice \\(first in line 5\\)"),
        ("full", "recycling", "`firstChange`, `full`, or `none -> ADDRESS`, not `recycling`"),
        ("  - steps      : 32\n", "", "`steps` is missing"),
        ("n - o > 0.02 +/- 0.01", "__import__('os').system('id')", "ml.yml:3:18: `condition`"),
        ("- mode       : fp-free", "- fp-free", "ml.yml:5:5: expected `key: value`"),
        ("fp-free", "!!python/name:os.system x", "ml.yml:5:18: the tag"),
    ],
)
def test_loads_any__refuses(old, new, message):
    """A script is read as strictly as a gate file; nothing in it is ever evaluated (defect 11)."""
    with pytest.raises(GateFileError, match=message):
        gatefile.loads_any(SCRIPT.replace(old, new), "ml.yml")


def test_loads_any__section_must_be_a_list():
    """An `ml:` that is one word is no script."""
    with pytest.raises(GateFileError, match="list of one-key maps"):
        gatefile.loads_any("ml: yes\n")
