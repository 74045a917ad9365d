"""Tests of `proctor.text`."""

from __future__ import annotations

import pytest

from proctor.text import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain ü", "plain ü"), ("a\tb\nc\u00a0d", "a b c d"), ("\x1b[31m\x07", "?[31m?"), ("\u202eabc\x00", "?abc?")],
)
def test_printable(text, shown):
    """White space is a blank, and what could drive a terminal or turn the line around is a mark."""
    assert shown == printable(text)
