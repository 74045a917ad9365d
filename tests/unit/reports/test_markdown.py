"""Releases and states as Markdown."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from proctor.release import Verdict
from proctor.reports import markdown

from .samples import HOSTILE, make_release, make_status


def html(text: str) -> str:
    return MarkdownIt("commonmark").enable("table").render(text)


@pytest.mark.parametrize("verdict", list(Verdict))
def test_render_release__heading_is_the_verdict(verdict):
    """The heading is the verdict and its meaning; the books are a table."""
    page = html(markdown.render_release(make_release(verdict=verdict)))

    assert f"{verdict.value.upper()}: New is better than old" in page.partition("</h3>")[0]
    assert "<table>" in page
    assert "9 evaluations, 2 passes so far" in page


def test_render_release__hostile_text_stays_text():
    """No name, note or condition can become markup, a link, a mention or a comment."""
    release = make_release(meaning=HOSTILE, condition=HOSTILE, notes=(HOSTILE,), feedback=HOSTILE)

    page = html(markdown.render_release(release))

    for tag in ("<script", "<img", "<!--", "<h1", "<a "):
        assert tag not in page
    assert "@everyone" not in page.replace("<code>", "\0").partition("\0")[0]


@pytest.mark.parametrize("text", ["see http://e.example/x", "at https://e.example", "www.e.example", "ftp://e.example"])
def test_escape__addresses_are_no_links(text):
    """GitHub makes links of bare addresses; ours are told not to be, and still read as they stand."""
    escaped = markdown.escape(text)

    assert "://" not in escaped.replace("\\://", "")
    assert "www." not in escaped
    assert f"<p>{text}</p>\n" == html(escaped)


def test_prose__backticks_make_code_and_nothing_else():
    """Our own hints read well, and what they quote of others stays text, inside of backticks as well."""
    page = html(markdown.prose("See `proctor plan`; there is no 'a|b*c*' in `<img src=x> ![](y) | @all`."))

    assert "<code>proctor plan</code>" in page
    assert "'a|b*c*'" in page
    assert "<code>&lt;img src=x&gt; ![](y) \\| @all</code>" in page


def test_render_status__is_a_table():
    """Condition, state, and what is left."""
    page = html(markdown.render_status(make_status()))

    assert "<strong>condition</strong>" in page
    assert "in use, 5,000 examples" in page


@pytest.mark.parametrize("text", ["`", "``", "a`b", "a``b`c", "|", "`|`", " x ", "plain"])
def test_code__no_content_breaks_out(text):
    """Inline code shows exactly its text, whatever backticks are in it."""
    page = html(f"| a |\n|---|\n| {markdown.code(text)} |")

    assert f"<code>{' '.join(text.split())}</code>" in page
