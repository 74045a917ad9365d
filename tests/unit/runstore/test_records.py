"""What a run says, as a pure function of the release."""

from __future__ import annotations

import math

import pytest
from reports.samples import make_budget, make_history, make_release

from proctor.errors import DataError
from proctor.release import Verdict
from proctor.runstore import records


def values(record, key):
    return [point.value for point in record.metrics if point.key == key]


def test_describe__public_facts():
    """Condition, contract, commit, version, verdict and ledger head are there."""
    record = records.describe(make_release())

    assert "proctor.yml · step 9 · pass" == record.name
    assert "0.999" == record.params["reliability"]
    assert "pass" == record.tags["proctor.verdict"]
    assert make_release().ledger_head == record.tags["proctor.ledger_head"]
    assert make_release().commit == record.tags["mlflow.source.git.commit"]
    assert 1_795_435_200_000 == record.at_ms


def test_describe__history_by_step():
    """Each chart has one point for each step, and stops at the released one."""
    record = records.describe(make_release(step=6, entry=7), make_history())

    assert [0, 0, 1, 1, 1, 2] == values(record, "passes")
    assert 6 == len(values(record, "log_budget"))


def test_describe__budget_is_what_the_code_leaves():
    """ln δ less the transcript's bits (theory.md §4.2)."""
    record = records.describe(make_release())

    assert pytest.approx(math.log(0.001) - 7.7 * math.log(2)) == values(record, "log_budget")[-1]


def test_describe__withheld_outcome_stays_withheld():
    """Under ``none`` neither this verdict nor a count of passes is written."""
    withheld = make_release(verdict=Verdict.WITHHELD, budget=make_budget(passes=None))

    record = records.describe(withheld, make_history("wwwwwwwww"))

    assert [] == values(record, "passes") + values(record, "passed")


def test_describe__spent_set_has_no_infinity():
    """A spent budget is said in a metric of its own; no chart gets an infinite value."""
    record = records.describe(make_release(budget=make_budget(next_level_log=None, next_tolerance=None)))

    assert [1.0] == values(record, "spent")
    assert all(math.isfinite(point.value) for point in record.metrics)


def test_describe__long_note_points_to_the_report():
    """A report longer than a tag is cut in the note; the artifact has all of it."""
    record = records.describe(make_release(), artifacts={"report.md": "x" * 9000})

    assert records.LONGEST_TAG == len(record.tags[records.NOTE])
    assert record.tags[records.NOTE].endswith("(cut here; whole text in the artifact report.md)")
    assert "x" * 9000 == record.artifacts["report.md"]


def test_json__round_trip():
    """A record that waited in a file is the record that was put there."""
    record = records.describe(make_release(gate="ü\n\u2028"), make_history(), {"report.md": "# ü"})

    assert record == records.from_json(records.to_json(record))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "metrics": [{}]}', "nonsense"])
def test_from_json__refuses(text):
    """Anything else is refused, never half read."""
    with pytest.raises(DataError):
        records.from_json(text)
