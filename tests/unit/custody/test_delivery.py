"""Notices are sent once, again after a failure, never twice; the ledger says what became of each."""

from __future__ import annotations

import pytest

from proctor.custody.delivery import Doubtful, Failed, Sent, SentBefore, send_due
from proctor.custody.retirement import retire
from proctor.custody.succession import Wish, register
from proctor.errors import Misuse
from proctor.ledger.records import Notified, Stage


@pytest.fixture
def retired(project, post_office, room):
    """A project whose test set is retired, with both receivers declared."""
    project.environ.update(post_office.environ)
    project.gate(notify={"webhook": room.url, "mail": "ada@example.com"})
    register(project.session(), Wish(follows=False))
    retire(project.session(), "a fresh one is here")
    return project


def kinds(results):
    return [type(result) for result in results]


def stages(project, medium):
    session = project.session()
    return [
        taken.record.stage for taken in session.life(session.books()).notices if taken.record.channel.startswith(medium)
    ]


def test_send_due__once(retired, post_office, room):
    """Both receivers get the notice; running it again sends nothing and says when it was sent."""
    assert [Sent, Sent] == kinds(send_due(retired.session()))
    assert [SentBefore, SentBefore] == kinds(send_due(retired.session()))

    assert (1, 1) == (len(post_office.taken), len(room.taken))
    assert "a fresh one is here" in post_office.taken[0].get_content()
    assert ["begun", "sent"] == stages(retired, "mail") == stages(retired, "webhook")


def test_send_due__what_failed_is_repeated_and_what_was_sent_is_not(retired, post_office, room):
    """A refusal by one receiver is tried again by the next run, without the other hearing it twice."""
    post_office.refusal = "451 come again"
    assert [Sent, Failed] == kinds(send_due(retired.session()))

    post_office.refusal = ""
    assert [SentBefore, Sent] == kinds(send_due(retired.session()))

    assert (1, 1) == (len(post_office.taken), len(room.taken))
    assert ["begun", "failed", "begun", "sent"] == stages(retired, "mail")


def test_send_due__what_may_have_arrived_is_not_repeated_by_itself(retired, post_office):
    """A message whose acknowledgement was lost is sent again only where the owner asks for it, with the same id."""
    post_office.hangs_up = True
    assert [Sent, Doubtful] == kinds(send_due(retired.session()))
    post_office.hangs_up = False

    assert [SentBefore, Doubtful] == kinds(send_due(retired.session()))
    assert 1 == len(post_office.taken)

    assert [SentBefore, Sent] == kinds(send_due(retired.session(), again=True))
    first, second = (message["Message-ID"] for message in post_office.taken)
    assert first == second


def test_send_due__process_that_died_in_between(retired, room):
    """What was begun and not ended may have been sent: nobody sends it again by himself."""
    notice = next(iter(send_due(retired.session()))).notice
    session = retired.session()
    other = Notified(notice.testset, "webhook 0123456789ab", "retired", session.origin, Stage.BEGUN)
    session.append(other, session.books().head)  # another receiver's does not count as ours
    assert SentBefore is kinds(send_due(retired.session()))[0]

    ours = Notified(notice.testset, notice.channels[0].name, "retired", session.origin, Stage.BEGUN)
    session.append(ours, session.books().head)

    result = send_due(retired.session())[0]
    assert isinstance(result, Doubtful)
    assert "begun at" in result.reason
    assert 1 == len(room.taken)


def test_send_due__two_jobs_at_once(retired, room):
    """While one job is sending, another finds the notice begun, and keeps still."""
    others = []
    room.on_take = lambda: others.extend(kinds(send_due(retired.session())))

    assert [Sent, SentBefore] == kinds(send_due(retired.session()))

    assert [Doubtful, Sent] == others
    assert 1 == len(room.taken)


def test_send_due__no_mail_server_known(retired, post_office):
    """A channel without its settings is named; nothing is claimed for it in the ledger."""
    del retired.environ["PROCTOR_SMTP_HOST"]

    results = send_due(retired.session())

    assert [Sent, Failed] == kinds(results)
    assert [] == stages(retired, "mail")
    assert [] == post_office.taken


def test_send_due__nobody_named(project):
    """A gate file that names no receiver is told how to name one."""
    register(project.session(), Wish(follows=False))

    with pytest.raises(Misuse, match="names nobody") as caught:
        send_due(project.session())
    assert "notify:" in caught.value.hint


def test_send_due__test_set_in_use(project, room):
    """There is nothing to say while the test set is in use."""
    project.gate(notify={"webhook": room.url})
    register(project.session(), Wish(follows=False))

    assert () == send_due(project.session())


def test_send_due__outcomes_go_to_the_address_of_none(project, post_office, room):
    """The paper's `none -> ADDRESS`: each outcome to that address, once, and to nobody else."""
    project.environ.update(post_office.environ)
    project.gate(adaptivity="none -> cy@example.com", steps=4, notify={"webhook": room.url, "mail": "ada@example.com"})
    project.check()
    project.model("new.csv", 200)
    project.check()

    assert [Sent, Sent] == kinds(send_due(project.session()))
    send_due(project.session())

    subjects = [(message["To"], message["Subject"]) for message in post_office.taken]
    assert [("cy@example.com", "PASS"), ("cy@example.com", "FAIL")] == [
        (to, subject.split(": ")[1].split()[0]) for to, subject in subjects
    ]
    assert [] == room.taken
