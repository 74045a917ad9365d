"""The report for people."""

from __future__ import annotations

import re
from dataclasses import replace

import click
import pytest

from proctor.release import Verdict
from proctor.reports import terminal

from .samples import make_budget, make_history, make_release, make_status


def shown(release_or_status) -> str:
    render = terminal.render_release if hasattr(release_or_status, "verdict") else terminal.render_status
    return click.unstyle(render(release_or_status))


@pytest.mark.parametrize("verdict", list(Verdict))
def test_render_release__leads_with_the_verdict(verdict):
    """The first word is the verdict; the lines below it stand under its meaning."""
    lines = shown(make_release(verdict=verdict)).splitlines()

    assert lines[1].startswith(f"  {verdict.value.upper()}   new is better")
    assert lines[2].index(lines[2].strip()[0]) == lines[1].index("new is better")


def test_render_release__says_the_books():
    """Test set, leakage and ledger, as in design.md."""
    text = shown(make_release())

    for words in ("9 evaluations, 2 passes so far", "7.7 bits", "entry 10, head 7f3a9c21", "inputs open"):
        assert words in text


def test_render_release__replay_notes_and_feedback():
    """What is special of a release is said in lines of its own."""
    text = shown(make_release(replayed=True, notes=("a remark",), feedback="n - o ≈ 0.02", sandbox="bubblewrap"))

    for words in ("recorded answer, at no cost", "a remark", "feedback at its price: n - o ≈ 0.02", "bubblewrap"):
        assert words in text


def test_render_release__carries_no_number_that_is_not_in_the_release():
    """Two releases with the same public facts are the same text."""
    assert shown(make_release()) == shown(make_release())
    assert {"99.9", "9", "2", "0.9", "1", "7.7", "3", "40", "10"} >= set(
        re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", shown(make_release()).replace("7f3a9c21", ""))
    )


def test_render_status__history_is_cut_and_says_so():
    """The last twelve verdicts are shown, and how many there were before."""
    text = shown(make_status("f" * 30))

    assert "18 earlier verdicts" in text
    assert 12 == text.count("FAIL")
    assert "1 earlier verdict\n" in shown(make_status("f" * 13))
    assert "earlier" not in shown(make_status("f" * 12))


def test_render_status__conditions_that_have_changed():
    """The history names the condition of each verdict once there is more than one, and keeps to 80 columns before."""
    same = make_status("fpf")
    changed = replace(same, history=(*same.history[:-1], replace(same.history[-1], condition="n > 0.9")))

    assert 1 == shown(same).count(same.condition)
    assert 3 == shown(changed).count(same.condition)
    assert "n > 0.9" in shown(changed)
    assert max(len(line) for line in shown(same).splitlines() if "FAIL" in line) <= 80


def test_render_status__stakes_where_there_are_any():
    """What was staked stands beside the verdict; a history without stakes has no column for them."""
    rows = make_history("fp")
    staked = (rows[0], replace(rows[1], stake=0.58))

    (line,) = (line for line in shown(make_status(history=staked)).splitlines() if "PASS" in line)

    assert line.endswith("  staked 0.58")
    assert "staked" not in shown(make_status(history=rows))


def test_render_status__long_name_is_cut():
    """Of a long name the beginning is shown, and that it goes on."""
    assert "  Charles Bab…  " in shown(replace(make_status(""), history=make_history("f", actor="Charles Babbage")))


def test_render_status__withheld_shows_no_outcome():
    """Under none the history shows that there were evaluations, and no outcome."""
    text = shown(make_status("www", budget=make_budget(passes=None)))

    assert 3 == text.count("WITHHELD")
    assert "pass" not in text.replace("passes or", "").lower()


@pytest.mark.parametrize("width", [50, 60, 80])
def test_render_release__keeps_to_the_width(width):
    """On a narrow terminal every sentence goes on in the next line, under its own beginning."""
    release = make_release(notes=("a remark that takes up rather more room than most terminals have in one line",))

    narrow = click.unstyle(terminal.render_release(release, width))

    assert max(map(len, narrow.splitlines())) <= width
    assert shown(release).split() == narrow.split()


@pytest.mark.parametrize("width", [50, 60, 80])
def test_render_status__keeps_to_the_width(width):
    """On a narrow terminal the books go on in the next line, under their own text; elsewhere no line is broken."""
    narrow = click.unstyle(terminal.render_status(make_status(""), width)).splitlines()
    wide = shown(make_status("")).splitlines()

    assert max(map(len, narrow)) <= width < max(map(len, wide))
    assert "".join(wide).split() == "".join(f" {line}" for line in narrow).split()
    assert any(line.startswith(" " * 13) for line in narrow)
