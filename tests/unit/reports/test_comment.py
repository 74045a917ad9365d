"""The pull-request comment."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from proctor.release import Basis, Verdict
from proctor.reports import comment
from proctor.reports.comment import Links, Problem
from reports.samples import HOSTILE, make_budget, make_release


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []
        self.comments = []
        self.prose = ""
        self.in_code = False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.in_code = tag == "code"

    def handle_endtag(self, tag):
        self.in_code = False

    def handle_data(self, data):
        self.prose += "" if self.in_code else data

    def handle_comment(self, data):
        self.comments.append(data)


def html(markdown):
    seen = Tags()
    seen.feed(MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(markdown))
    return seen


def test_render__leads_with_the_verdict():
    """The first visible line is the verdict with its meaning; condition, budget and advice follow."""
    lines = comment.render(make_release()).splitlines()

    assert comment.marker("proctor.yml") == lines[0]
    assert lines[1].startswith("### ✅ PASS: New is better than old by more than 1 point")
    text = "\n".join(lines)
    assert "Sure to 99.9 % for the whole life of this test set (inputs open" in text
    assert "`▓▓▓▓▓▓░░░░` 60 % used · 7.7 bits" in text
    assert "**What to do next.** The candidate may become the new baseline." in text


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("basis", Basis)
def test_render__every_verdict_and_basis(verdict, basis):
    """Every combination has its comment."""
    assert verdict.upper() in comment.render(make_release(verdict=verdict, basis=basis)).splitlines()[1]


def test_render__spent_set_has_no_gauge_left():
    """A spent set says what is needed."""
    text = comment.render(make_release(budget=make_budget(next_level_log=None)))

    assert "100 % used" in text
    assert "Register a fresh test set" in text


def test_render__unknown_end_has_no_gauge():
    """Where the end of the test set is not known no share is invented."""
    assert "% used" not in comment.render(make_release(budget=make_budget(bits_left=None)))


@pytest.mark.parametrize("field", ["gate", "condition", "meaning", "candidate", "commit", "feedback", "ledger_head"])
def test_render__hostile_text_is_only_text(field):
    """Whatever holds HTML, Markdown, a mention or a marker makes the elements that a harmless text makes."""
    harmless = html(comment.render(make_release(**{field: "harmless"})))

    hostile = html(comment.render(make_release(**{field: HOSTILE})))

    assert harmless.tags == hostile.tags
    assert 1 == len(hostile.comments)
    assert "@everyone" not in hostile.prose


def test_render__notes_are_only_text():
    """Notes cannot leave their list."""
    seen = html(comment.render(make_release(notes=(HOSTILE, "plain"))))

    assert 2 == seen.tags.count("li")
    assert not {"script", "img", "a"} & set(seen.tags)


def test_render__stays_within_the_limit():
    """However long the texts are, GitHub takes the comment, and its marker is whole."""
    long = "|`<@" * 30_000
    release = make_release(
        gate=long[:300], condition=long, meaning=long, candidate=long, feedback=long, notes=(long,) * 50
    )

    text = comment.render(release)

    assert len(text) <= comment.LONGEST
    assert comment.carries(text, release.gate)


@pytest.mark.parametrize("gate", ["proctor.yml", "a -->b", "--", "ü/ö.yml", HOSTILE, "x\ny", "\udc80"])
def test_marker__one_line_that_no_name_leaves(gate):
    """A marker is one HTML comment, and only its own gate's."""
    text = comment.marker(gate)

    assert re.fullmatch(r"<!-- proctor:gate=[A-Za-z0-9%/._~]* -->", text)
    assert comment.carries(f"{text}\r\nbody", gate)
    assert not comment.carries(f"{text}\nbody", f"{gate}2")


def test_carries__a_quotation_is_no_comment_of_ours():
    """Somebody who quotes the comment, or hides the marker further down, is not found."""
    text = comment.marker("g")

    assert not comment.carries(f"> {text}\n> PASS", "g")
    assert not comment.carries(f"hello\n{text}", "g")


def test_render__links_are_web_addresses():
    """Only plain web addresses become links."""
    good = comment.render(make_release(), Links("https://ci.example/1", "http://store/#/1", "https://b.example/b.svg"))
    bad = comment.render(make_release(), Links("javascript:alert(1)", "https://x/>) evil", "data:image/svg+xml,x"))

    assert {"a", "img"} <= set(html(good).tags)
    assert not {"a", "img"} & set(html(bad).tags)


@pytest.mark.parametrize(
    ("code", "words"), [(4, "a fresh test set is needed"), (3, "labels are missing"), (5, "could")]
)
def test_render_problem__says_what_to_do(code, words):
    """Without a verdict the comment says why and what next, as text only."""
    text = comment.render_problem(Problem("g", code, HOSTILE, "Do this."), Links("https://ci.example/1"))

    assert words in text.splitlines()[1]
    assert "**What to do next.** Do this." in text
    assert {"script", "img"}.isdisjoint(html(text).tags)
