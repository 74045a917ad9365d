"""What git tells a pre-push hook."""

from __future__ import annotations

import pytest

from proctor.cli.hook import pushed_commits

ZERO = "0" * 40
NEW = "1f" * 20


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([f"refs/heads/main {NEW} refs/heads/main {ZERO}\n"], [NEW]),
        ([f"(delete) {ZERO} refs/heads/main {NEW}\n"], []),
        ([f"(delete) {ZERO} refs/heads/a {NEW}", f"HEAD {NEW} refs/heads/b {NEW}"], [NEW]),
        ([f"refs/heads/main {'2a' * 32} refs/heads/main {'0' * 64}"], ["2a" * 32]),
        (["", "not git's words"], []),
    ],
    ids=["first push", "deletion", "both", "sha256", "nonsense"],
)
def test_pushed_commits(lines, expected):
    """Everything that will be there afterwards is named, deletions are not."""
    assert tuple(expected) == pushed_commits(lines)
