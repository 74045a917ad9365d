"""Predictions that a program has in memory: tables, series and mappings are written as what they are."""

from __future__ import annotations

import pytest
from gate.project import LABELS, Project

from proctor import gatefile
from proctor.errors import DataError, Misuse
from proctor.surfaces.handing import with_candidate

IDS = [f"e{number}" for number in range(len(LABELS))]


def written(project: Project, candidate: object) -> list[str]:
    """Lines of the file that a candidate is written to."""
    with_candidate(gatefile.load(project.root), candidate)  # type: ignore[arg-type]  # a table is one, too
    return (project.root / "new.csv").read_text().splitlines()


@pytest.fixture
def pandas():
    """The package, if it is installed."""
    return pytest.importorskip("pandas")


def test_table__its_columns(project: Project, pandas) -> None:
    """Of a table, the two columns are taken that the gate file names, in whatever order and beside others."""
    table = pandas.DataFrame({"score": 0.5, "prediction": LABELS, "id": IDS})

    assert written(project, table) == written(project, dict(zip(IDS, LABELS, strict=True)))
    assert written(project, table) == written(project, table.set_index("id")["prediction"])


def test_table__without_a_column(project: Project, pandas) -> None:
    """What is missing is named with what is there, and ids that are the index with the way to make them a column."""
    before = (project.root / "new.csv").read_bytes()

    with pytest.raises(Misuse, match="no column 'id'; it has 'prediction'") as caught:
        written(project, pandas.DataFrame({"prediction": LABELS}, index=IDS))
    assert ".rename_axis('id').reset_index()" in caught.value.hint
    assert before == (project.root / "new.csv").read_bytes()


def test_table__ids_that_are_others(project: Project, pandas) -> None:
    """Whole numbers in the place of ids are ids of other examples, and both are shown."""
    written(project, pandas.DataFrame({"id": range(len(LABELS)), "prediction": LABELS}))

    with pytest.raises(DataError, match=r"ids \(0, 1, 2, …\), and none of the 400 ids \(e0, e1, e2, …\)"):
        project.check()
