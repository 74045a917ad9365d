"""What is said at the end of a test set: a function of the transcript, with what to do next."""

from __future__ import annotations

import numpy as np
import pytest
from gate.project import LABELS, start

from proctor.custody.notices import end_of
from proctor.custody.succession import Wish, register


def ending(project):
    session = project.session()
    books = session.books()
    return end_of(session.gate, books, session.life(books))


def test_end_of__spent(project):
    """A spent set says so, and what the next one needs."""
    project.gate(adaptivity="firstChange", steps=3)
    assert "pass" == project.check().verdict

    notice = ending(project)

    assert "spent" == notice.occasion
    assert "budget is spent; evaluations: 1" in notice.text
    assert "the next test set needs" in notice.text
    assert "proctor testset renew" in notice.text


def test_end_of__out_of_reach(project):
    """A tolerance that the next evaluation cannot resolve is an end, too."""
    register(project.session(), Wish(follows=False))
    assert ending(project) is None

    project.gate(condition="n - o > 0 +/- 0.001")

    notice = ending(project)
    assert "out of reach" == notice.occasion
    assert "could resolve" in notice.text


@pytest.mark.parametrize("flips", [1, 7])
def test_end_of__is_a_function_of_the_transcript(tmp_path, flips):
    """Two sets that differ in hidden labels and not in the transcript say the same."""
    texts = []
    for name, n_flipped in (("one", 0), ("two", flips)):
        labels = LABELS.copy()
        labels[-n_flipped or len(labels) :] = (labels[-n_flipped or len(labels) :] + 5) % 10
        twin = start(tmp_path / name).labels(labels).gate(adaptivity="firstChange", steps=3, name="spam")
        twin.check()
        texts.append(ending(twin).text.replace(str(twin.root), ""))

    assert texts[0] == texts[1]
    assert not np.array_equal(labels, LABELS)
