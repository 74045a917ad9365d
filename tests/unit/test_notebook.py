"""What a release, a status and a plan show of themselves in a notebook."""

from __future__ import annotations

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
        self.cells: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.tags.add(tag)
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


def test_status__is_a_small_table() -> None:
    page = _Cells(STATUS._repr_html_())

    assert page.tags == TAGS
    assert {STATUS.gate, STATUS.condition, str(STATUS.budget.evaluations)} <= set(page.cells)


def test_plan__is_a_small_table() -> None:
    """Examples and labels lead; each clause has a row."""
    formula = proctor.normalize(proctor.parse("n - o > 0.02 +/- 0.02"))
    plan = proctor.plan(formula, Request(proctor.Contract(0.99), Adaptive(), disagreement=0.1))
    page = _Cells(plan._repr_html_())

    assert page.tags == TAGS
    assert f"{plan.examples:,} examples, about {plan.labels:,} labels" in page.cells
    assert "n - o > 0.02 +/- 0.02" in page.cells


@pytest.mark.parametrize("public", [RELEASE, STATUS], ids=["release", "status"])
def test_repr__shows_hostile_text_as_text(public: proctor.Release | proctor.Status) -> None:
    """Names and conditions that others wrote bring no tag and no control character into a notebook."""
    page = replace(public, gate=HOSTILE, condition=HOSTILE, notes=(HOSTILE,))._repr_html_()

    assert _Cells(page).tags == TAGS
    assert "&lt;script&gt;" in page
    assert page.isprintable()


def test_table__leaves_out_what_has_no_value() -> None:
    assert ["", "t", "", "zero", "0"] == _Cells(notebook.table("t", [("none", None), ("empty", ""), ("zero", 0)])).cells
