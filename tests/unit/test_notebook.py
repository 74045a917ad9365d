"""What a release, a status and a plan show of themselves in a notebook."""

from __future__ import annotations

import base64
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from reports.samples import HOSTILE, RELEASE, make_status

import proctor
from proctor import notebook
from proctor.budget import Adaptive
from proctor.planning import Request


class _Cells(HTMLParser):
    """The tags of a page, and the text of its cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.pictures: list[str] = []
        self.cells: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        source = (dict(attrs).get("src") or "").removeprefix("data:image/svg+xml;base64,")
        self.pictures += [base64.b64decode(source, validate=True).decode()] if tag == "img" else []
        self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.cells[-1] += data


STATUS = make_status()
TAGS = {"table", "caption", "tr", "th", "td"}


def test_release__is_a_small_table() -> None:
    """The verdict leads, and what was asked and what is left follow."""
    page = _Cells(RELEASE._repr_html_())

    assert page.tags == TAGS
    assert f"PASS: {RELEASE.meaning}" in page.cells
    assert RELEASE.condition in page.cells
    assert "±0.9 points (asked: ±1 points)" in page.cells


def test_status__is_a_small_table_and_a_chart() -> None:
    """A chart of the account is drawn from two evaluations on."""
    page = _Cells(STATUS._repr_html_())
    (drawn,) = page.pictures

    assert page.tags == {*TAGS, "img"}
    assert ">Leakage<" in drawn
    assert "</svg>" in drawn
    assert [] == _Cells(replace(STATUS, history=STATUS.history[:1])._repr_html_()).pictures
    assert {STATUS.gate, STATUS.condition, str(STATUS.budget.evaluations)} <= set(page.cells)


def test_plan__is_a_small_table_and_a_chart() -> None:
    """Examples and labels lead; each clause has a row; the life of the set is drawn."""
    formula = proctor.normalize(proctor.parse("n - o > 0.02 +/- 0.02"))
    plan = proctor.plan(formula, Request(proctor.Contract(0.99), Adaptive(), disagreement=0.1))
    page = _Cells(plan._repr_html_())

    assert page.tags == {*TAGS, "img"}
    assert ">Life of the test set<" in page.pictures[0]
    assert f"{plan.examples:,} examples, about {plan.labels:,} labels" in page.cells
    assert "n - o > 0.02 +/- 0.02" in page.cells


@pytest.mark.parametrize("public", [RELEASE, STATUS], ids=["release", "status"])
def test_repr__shows_hostile_text_as_text(public: proctor.Release | proctor.Status) -> None:
    """Names and conditions that others wrote bring no tag and no control character into a notebook."""
    page = replace(public, gate=HOSTILE, condition=HOSTILE, notes=(HOSTILE,))._repr_html_()

    assert _Cells(page).tags - {"img"} == TAGS
    assert "&lt;script&gt;" in page
    assert page.isprintable()


def test_table__leaves_out_what_has_no_value() -> None:
    assert ["", "t", "", "zero", "0"] == _Cells(notebook.table("t", [("none", None), ("empty", ""), ("zero", 0)])).cells
